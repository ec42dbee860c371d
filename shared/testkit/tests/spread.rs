//! A view that is watched from many networks: what its keys come to, what is on record, and who is refused from then on.

#![expect(
    clippy::expect_used,
    reason = "a world that does not come about fails its test"
)]

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use proptest::prelude::*;
use vault_domain::audit::{Author, Event, Record};
use vault_domain::bounds::{Bounds, MaxStreams, Visitor};
use vault_domain::credential::Role;
use vault_domain::error::Refusal;
use vault_domain::hls::PlaylistName;
use vault_domain::member::Subject;
use vault_domain::spread::{OnSpread, SpreadRule};
use vault_domain::token::{Caller, Grant, REAUTHENTICATION_SECONDS};
use vault_domain::usecase::authorize_playback::{self, View, Visit};
use vault_domain::usecase::organisation::{set_spread, show_spread};
use vault_domain::usecase::{deliver_key, deliver_playlist, end_view, enter_view, refresh_view};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, KEY, ORG};
use vault_testkit::clock::GOLDEN_NOW;
use vault_testkit::race::{Way, together};
use vault_testkit::sweep::{Scenario, answer};

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("fakes never wait")
}

fn rule(answer: OnSpread) -> SpreadRule {
    SpreadRule::parse(answer, (4, 5), 600).expect("a rule")
}

/// A ready film, a token for ten views of it, and a rule.
fn kit(answer: OnSpread) -> Kit {
    kit_of(Some(rule(answer)), Bounds::default())
}

fn kit_of(rule: Option<SpreadRule>, bounds: Bounds) -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    kit.plant_grant(&builders::media_token(1), |grant| {
        *grant = Grant {
            max_views: 10,
            expires_at: GOLDEN_NOW.plus(30_000),
            bounds,
            ..grant.clone()
        };
    });
    kit.cloud.with(|s| {
        if let Some(rule) = rule {
            s.spread_rules.insert(ORG, rule);
        }
    });
    kit
}

fn open(kit: &Kit) -> View {
    let command = authorize_playback::Command {
        token: builders::media_token(1),
        asset: ASSET,
        source: builders::source(),
        visit: Visit::default(),
        idempotency: None,
    };
    now(authorize_playback::run(&kit.authorize_playback(), command)).expect("a view")
}

/// The address at which views are opened, and that of another.
fn places() -> [IpAddr; 2] {
    let here = builders::source().address.expect("an address");
    [here, "198.51.100.9".parse().expect("an address")]
}

fn command(view: &View, address: Option<IpAddr>) -> deliver_key::Command {
    deliver_key::Command {
        ticket: Some(view.ticket.expose().to_owned()),
        asset: ASSET,
        key: KEY,
        visitor: Visitor {
            address,
            origin: None,
        },
    }
}

fn key(kit: &Kit, view: &View, address: IpAddr) -> Result<(), Refusal> {
    let command = command(view, Some(address));
    now(deliver_key::run(&kit.deliver_key(), command)).map(drop)
}

/// Two fetch keys by turns, a key each in thirty seconds, until one is refused; how many they got of the most.
fn watch_at_once(kit: &Kit, view: &View, most: usize) -> usize {
    for turn in 0..most {
        if key(kit, view, places()[turn % 2]).is_err() {
            return turn;
        }
        kit.clock.advance(15);
    }
    most
}

fn signs(kit: &Kit) -> Vec<Record> {
    let records = kit.cloud.with(|s| s.audit.clone());
    let of = |record: &Record| record.event == Event::ViewSpread;
    records.into_iter().filter(of).collect()
}

fn is_elsewhere<T>(done: &Result<T, Refusal>) -> bool {
    matches!(done, Err(Refusal::WatchedElsewhere))
}

#[test]
fn two_who_watch_one_view_are_on_record_and_play_on_where_nothing_else_was_asked_for() {
    let kit = kit_of(None, Bounds::default());
    let view = open(&kit);
    assert_eq!(watch_at_once(&kit, &view, 100), 100);
    let [sign] = &signs(&kit)[..] else {
        panic!("one sign");
    };
    assert_eq!((sign.author, sign.asset), (Author::System, Some(ASSET)));
    assert_eq!((sign.org, sign.source.address), (ORG, Some(places()[0])));
    let details: Vec<_> = sign.details.iter().collect();
    let view = view.session.id.to_string();
    let token = builders::grant(&builders::media_token(1)).digest.short();
    let wanted = [
        ("networks", "198.51.100.0/24 192.0.2.0/24"),
        ("on_spread", "signal"),
        ("returns", "6"),
        ("token", &token),
        ("view", &view),
        ("window_seconds", "600"),
    ];
    assert_eq!(details, wanted);
}

#[test]
fn the_key_that_is_the_sign_is_the_first_that_is_refused_and_nothing_follows() {
    let kit = kit(OnSpread::Revoke);
    let view = open(&kit);
    // A key at home, where the view was opened; the first away, from which on is counted; and seven changes.
    assert_eq!(watch_at_once(&kit, &view, 100), 8);
    assert_eq!(signs(&kit).len(), 1);
    for address in places() {
        assert!(is_elsewhere(&key(&kit, &view, address)));
    }
    let ticket = || view.ticket.expose().to_owned();
    let playlist = deliver_playlist::Command {
        ticket: ticket(),
        name: PlaylistName::Video,
        visitor: builders::visitor(),
    };
    let playlists = kit.deliver_playlist();
    assert!(is_elsewhere(&now(deliver_playlist::run(
        &playlists, playlist
    ))));
    let (own, deps) = (ticket(), kit.authorize_playback());
    let (visitor, source) = (builders::visitor(), builders::source());
    assert!(is_elsewhere(&now(enter_view::run(
        &playlists, &own, &visitor
    ))));
    let ended = now(end_view::run(&deps, &own, &source));
    assert!(ended.is_ok(), "it has ended already");
    let records = kit.cloud.with(|s| s.audit.clone());
    assert!(
        records
            .iter()
            .all(|record| record.event != Event::ViewEnded)
    );
    // Another view of the same token is another view.
    let next = open(&kit);
    assert!(key(&kit, &next, places()[0]).is_ok());
}

#[test]
fn a_view_that_ended_by_where_its_keys_went_is_not_refreshed() {
    let kit = kit(OnSpread::Revoke);
    let deps = authorize_playback::Deps {
        refresh_seconds: 20_000,
        ..kit.authorize_playback()
    };
    let opening = authorize_playback::Command {
        token: builders::media_token(1),
        asset: ASSET,
        source: builders::source(),
        visit: Visit::default(),
        idempotency: None,
    };
    let view = now(authorize_playback::run(&deps, opening)).expect("a view");
    let refresh = || {
        let claims = view.session.refresh().expect("it may be refreshed");
        let command = refresh_view::Command {
            token: deps.refreshes.issue(&claims).expose().to_owned(),
            source: builders::source(),
            visit: Visit::default(),
        };
        now(refresh_view::run(&deps, command))
    };
    assert!(refresh().is_ok());
    assert_eq!(watch_at_once(&kit, &view, 100), 8);
    assert!(is_elsewhere(&refresh()));
}

#[test]
fn a_telephone_that_changes_networks_plays_on() {
    let kit = kit(OnSpread::Revoke);
    let view = open(&kit);
    let [home, away] = places();
    // Out of the house and back, in an evening; and half an hour at the edge of a network, a change every two minutes.
    let evening = [home, home, away, away, away, home];
    let edge = (0..15).flat_map(|turn| [places()[turn % 2]; 4]);
    for address in evening.into_iter().chain(edge) {
        key(&kit, &view, address).expect("a key");
        kit.clock.advance(30);
    }
    assert_eq!(signs(&kit).len(), 0);
}

#[test]
fn what_comes_through_the_distribution_says_nothing_of_where_it_goes() {
    let kit = kit(OnSpread::Revoke);
    let view = open(&kit);
    let before = view.session.watch.clone();
    for _ in 0..20 {
        let command = command(&view, None);
        assert!(now(deliver_key::run(&kit.deliver_key(), command)).is_ok());
    }
    let after = kit.cloud.with(|s| s.playbacks[&view.session.id].clone());
    assert_eq!(after.watch, before);
}

#[test]
fn an_organisation_that_wants_no_look_has_none() {
    let kit = kit(OnSpread::Off);
    let view = open(&kit);
    assert_eq!(view.session.watch, None);
    assert_eq!(watch_at_once(&kit, &view, 40), 40);
    assert_eq!(signs(&kit).len(), 0);
}

#[test]
fn a_view_keeps_the_rule_that_it_was_opened_under() {
    let kit = kit(OnSpread::Signal);
    let view = open(&kit);
    kit.cloud
        .with(|s| s.spread_rules.insert(ORG, rule(OnSpread::Revoke)));
    assert_eq!(watch_at_once(&kit, &view, 40), 40);
    let next = open(&kit);
    assert_eq!(watch_at_once(&kit, &next, 40), 8);
}

#[test]
fn a_stream_that_ends_by_where_its_keys_went_makes_room() {
    let bounds = Bounds {
        max_streams: MaxStreams::parse(1).ok(),
        ..Bounds::default()
    };
    let kit = kit_of(Some(rule(OnSpread::Revoke)), bounds);
    let view = open(&kit);
    assert_eq!(watch_at_once(&kit, &view, 40), 8);
    open(&kit);
}

#[test]
fn owners_and_admins_set_the_rule_and_a_change_is_on_record_once() {
    let kit = Kit::with_users(1);
    let deps = kit.organisation();
    let shown = now(show_spread(&deps, &builders::ask())).expect("a rule");
    assert_eq!(shown, SpreadRule::default());
    let wish = rule(OnSpread::Revoke);
    for _ in 0..2 {
        let set = now(set_spread(&deps, &builders::ask(), &wish)).expect("a rule");
        assert_eq!(set, wish);
    }
    let shown = now(show_spread(&deps, &builders::ask())).expect("a rule");
    assert_eq!(shown, wish);
    let records = kit.cloud.with(|s| s.audit.clone());
    let [record] = &records[..] else {
        panic!("one record: {records:?}");
    };
    assert_eq!(record.event, Event::SpreadRuleChanged);
    let said: Vec<_> = record.details.iter().collect();
    let wanted = [
        ("max_networks", "4"),
        ("max_returns", "5"),
        ("on_spread", "revoke"),
        ("window_seconds", "600"),
    ];
    assert_eq!(said, wanted);
    for role in [Role::Owner, Role::Admin, Role::Editor, Role::Viewer] {
        let kit = Kit::with_users(1);
        kit.cloud.with(|s| {
            let place = s.memberships.get_mut(&(ORG, builders::OWNER));
            place.expect("a place").role = role;
        });
        let done = now(set_spread(&kit.organisation(), &builders::ask(), &wish));
        let shown = now(show_spread(&kit.organisation(), &builders::ask()));
        if matches!(role, Role::Owner | Role::Admin) {
            assert!(done.is_ok() && shown.is_ok(), "{role:?}");
        } else {
            assert!(matches!(done, Err(Refusal::Forbidden(_))), "{role:?}");
            assert!(matches!(shown, Err(Refusal::Forbidden(_))), "{role:?}");
            assert!(kit.cloud.with(|s| s.spread_rules.is_empty()));
        }
    }
}

#[test]
fn a_change_of_the_rule_needs_a_recent_proof_and_no_key_makes_one() {
    let kit = Kit::with_users(1);
    kit.clock.advance(REAUTHENTICATION_SECONDS + 1);
    let wish = rule(OnSpread::Revoke);
    let late = now(set_spread(&kit.organisation(), &builders::ask(), &wish));
    assert!(matches!(late, Err(Refusal::ReauthenticationNeeded)));
    let of_a_key = Caller {
        subject: Subject::ApiKey(builders::CLIENT),
        ..builders::caller()
    };
    let asked = builders::ask_of(of_a_key);
    let done = now(set_spread(&kit.organisation(), &asked, &wish));
    assert!(matches!(done, Err(Refusal::Forbidden(_))));
    assert!(kit.cloud.with(|s| s.spread_rules.is_empty()));
}

/// Two watch; the next key is the sign, or its last change before it.
fn watched(turns: usize) -> impl Fn() -> Kit {
    move || {
        let kit = kit(OnSpread::Revoke);
        let view = open(&kit);
        assert_eq!(watch_at_once(&kit, &view, turns), turns);
        kit
    }
}

fn ticket(kit: &Kit) -> String {
    let session = kit.cloud.with(|s| s.playbacks.values().next().cloned());
    let ticket = session.expect("a view").ticket();
    let issued = kit.authorize_playback().tickets.issue(&ticket);
    issued.expose().to_owned()
}

async fn turn(kit: &Kit, address: IpAddr) -> vault_testkit::sweep::Answer {
    let command = deliver_key::Command {
        ticket: Some(ticket(kit)),
        asset: ASSET,
        key: KEY,
        visitor: Visitor {
            address: Some(address),
            origin: None,
        },
    };
    let delivered = deliver_key::run(&kit.deliver_key(), command).await;
    answer(delivered, |_| "a key".to_owned())
}

#[test]
fn a_key_that_goes_to_another_network_survives_every_cut_and_takes_one_call_more() {
    let swept = Scenario::new("deliver_key, moved", watched(3), async |kit: &Kit, _| {
        turn(kit, places()[1]).await
    });
    // The read, the unwrapping, which stays in the process, and the trail.
    assert_eq!(swept.hold().calls, 3);
    let stays = Scenario::new("deliver_key, stays", watched(3), async |kit: &Kit, _| {
        turn(kit, places()[0]).await
    });
    assert_eq!(stays.hold().calls, 2);
}

#[test]
fn a_sign_survives_every_cut_and_is_on_record_once() {
    Scenario::new("deliver_key, a sign", watched(8), async |kit: &Kit, _| {
        turn(kit, places()[0]).await
    })
    .refused(
        "this view was watched from many networks at once, and is ended; open another where you are, without a VPN that changes its address",
    )
    .hold();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whoever asks for keys at the same moment as others, in whatever order: at most one sign, and from then on no key.
    #[test]
    fn keys_that_are_fetched_at_once_are_one_sign_at_most(
        seed in any::<u64>(),
        rounds in prop::collection::vec(prop::collection::vec(0_u8..6, 1..5), 1..25),
    ) {
        let kit = kit(OnSpread::Revoke);
        let view = open(&kit);
        kit.faults.interleave(true);
        let deps = Arc::new(kit.deliver_key());
        for round in rounds {
            let ended = !signs(&kit).is_empty();
            let keys = round.iter().map(|number| {
                let command = command(&view, Some([192, 0, *number, 7].into()));
                let deps = deps.clone();
                let key: BoxFuture<'static, _> = Box::pin(async move {
                    deliver_key::run(&deps, command).await.map(drop)
                });
                key
            });
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let together = together(Way::Shuffled(seed), keys.collect());
            for reply in runtime.expect("a runtime").block_on(together) {
                prop_assert!(reply.is_ok() != ended || is_elsewhere(&reply));
            }
            kit.clock.advance(15);
        }
        prop_assert!(signs(&kit).len() <= 1);
    }
}
