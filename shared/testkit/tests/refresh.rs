//! A view that is refreshed: it lives longer, its old URLs end as they were to, and nobody gets more than they may have now.

#![expect(
    clippy::expect_used,
    reason = "a world that does not come about fails its test"
)]

use futures_util::FutureExt as _;
use vault_domain::access::{AccessList, Entry, Level, Principal, Visibility};
use vault_domain::asset::AssetState;
use vault_domain::bounds::{Bounds, DeviceSecret, MaxStreams, Visitor, WebOrigins};
use vault_domain::delivery::{self, Mode};
use vault_domain::error::Refusal;
use vault_domain::hls::PlaylistName;
use vault_domain::member::Subject;
use vault_domain::network::Networks;
use vault_domain::token::Grant;
use vault_domain::usecase::authorize_playback::{self, View, Visit};
use vault_domain::usecase::{deliver_key, deliver_playlist, end_view, enter_view, refresh_view};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, KEY, REFRESH_SECONDS};
use vault_testkit::clock::GOLDEN_NOW;
use vault_testkit::sweep::{Answer, Scenario, answer};

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("fakes never wait")
}

/// A ready film, and the viewer's token for views of it, for five minutes.
fn kit(bounds: Bounds) -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    kit.plant_grant(&builders::media_token(1), |grant| {
        *grant = Grant {
            max_views: 10,
            expires_at: GOLDEN_NOW.plus(300),
            bounds,
            ..grant.clone()
        };
    });
    kit
}

fn free() -> Kit {
    kit(Bounds::default())
}

fn open_as(kit: &Kit, visit: Visit) -> Result<View, Refusal> {
    let command = authorize_playback::Command {
        token: builders::media_token(1),
        asset: ASSET,
        source: builders::source(),
        visit,
        idempotency: None,
    };
    now(authorize_playback::run(&kit.authorize_playback(), command))
}

fn open(kit: &Kit) -> View {
    open_as(kit, Visit::default()).expect("a view")
}

fn token(kit: &Kit, view: &View) -> String {
    let renewal = view.renewal(&kit.authorize_playback());
    renewal
        .expect("it may be refreshed")
        .token
        .expose()
        .to_owned()
}

fn refresh_as(kit: &Kit, token: &str, visit: Visit) -> Result<View, Refusal> {
    let command = refresh_view::Command {
        token: token.to_owned(),
        source: builders::source(),
        visit,
    };
    now(refresh_view::run(&kit.authorize_playback(), command))
}

fn refresh(kit: &Kit, token: &str) -> Result<View, Refusal> {
    refresh_as(kit, token, Visit::default())
}

fn key(kit: &Kit, view: &View) -> Result<(), Refusal> {
    let command = deliver_key::Command {
        ticket: Some(view.ticket.expose().to_owned()),
        asset: ASSET,
        key: KEY,
        visitor: builders::visitor(),
    };
    now(deliver_key::run(&kit.deliver_key(), command)).map(drop)
}

fn playlist(kit: &Kit, view: &View) -> Result<String, Refusal> {
    let command = deliver_playlist::Command {
        ticket: view.ticket.expose().to_owned(),
        name: PlaylistName::Video,
        visitor: Visitor::default(),
    };
    now(deliver_playlist::run(&kit.deliver_playlist(), command))
}

fn on_record(kit: &Kit) -> usize {
    let of_it = |s: &vault_testkit::cloud::State| {
        let named = s.audit.iter();
        named
            .filter(|r| r.event.as_str() == "view.refreshed")
            .count()
    };
    kit.cloud.with(|s| of_it(s))
}

fn views(kit: &Kit) -> u32 {
    let digest = builders::grant(&builders::media_token(1)).digest;
    kit.cloud.with(|s| s.grants[&digest.0].views)
}

#[test]
fn a_film_outlives_its_first_ticket_and_its_media_token_without_a_view_more() {
    let kit = free();
    let first = open(&kit);
    let token = token(&kit, &first);
    kit.clock.advance(1_800);
    let second = refresh(&kit, &token).expect("half of its hour is left");
    assert_eq!(second.session.id, first.session.id);
    assert_eq!(second.session.expires_at, GOLDEN_NOW.plus(5_400));
    assert_ne!(second.session.signature, first.session.signature);
    kit.clock.advance(3_599);
    assert!(key(&kit, &second).is_ok());
    assert!(playlist(&kit, &second).is_ok());
    assert_eq!((views(&kit), on_record(&kit)), (1, 1));
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[test]
fn what_was_handed_out_before_a_refresh_ends_when_it_was_to_end() {
    let kit = free();
    let first = open(&kit);
    let told = playlist(&kit, &first).expect("a playlist");
    kit.clock.advance(1_800);
    refresh(&kit, &token(&kit, &first)).expect("refreshed");
    assert_eq!(
        playlist(&kit, &first).ok(),
        Some(told),
        "no signature that lives longer comes with the old ticket"
    );
    let entered = now(enter_view::run(
        &kit.deliver_playlist(),
        first.ticket.expose(),
        &Visitor::default(),
    ));
    let entered = entered.expect("cookies");
    assert_eq!(entered.seconds, 1_800);
    let own = delivery::cookies(&first.session, first.ticket.expose());
    assert!(entered.cookies == own);
    assert!(key(&kit, &first).is_ok());
    kit.clock.advance(1_800);
    for over in [key(&kit, &first), playlist(&kit, &first).map(drop)] {
        assert!(matches!(over, Err(Refusal::InvalidToken { .. })));
    }
}

#[test]
fn a_refresh_before_its_time_changes_nothing_and_tells_the_view_as_it_is() {
    let kit = free();
    let first = open(&kit);
    let token = token(&kit, &first);
    let seconds = |view: &View| {
        let renewal = view.renewal(&kit.authorize_playback());
        renewal.map(|renewal| renewal.seconds)
    };
    assert_eq!(seconds(&first), Some(1_800));
    kit.clock.advance(1_799);
    let same = refresh(&kit, &token).expect("the view");
    assert_eq!((&same.session, seconds(&same)), (&first.session, Some(1)));
    kit.clock.advance(1);
    let second = refresh(&kit, &token).expect("refreshed");
    for _ in 0..3 {
        let again = refresh(&kit, &token).expect("the same");
        assert_eq!(again.session, second.session);
        assert_eq!(seconds(&again), Some(1_800));
    }
    assert_eq!(on_record(&kit), 1);
}

#[test]
fn a_view_that_came_to_its_end_in_a_pause_goes_on() {
    let kit = free();
    let first = open(&kit);
    let token = token(&kit, &first);
    kit.clock.advance(5 * 3_600);
    assert!(key(&kit, &first).is_err());
    let second = refresh(&kit, &token).expect("within its half day");
    assert!(key(&kit, &second).is_ok());
    assert!(key(&kit, &first).is_err(), "the old ticket stays over");
}

#[test]
fn a_view_in_its_pause_is_ended_by_what_would_have_it_back() {
    let kit = free();
    let first = open(&kit);
    let token = token(&kit, &first);
    kit.clock.advance(5 * 3_600);
    let deps = kit.authorize_playback();
    let end = |by: &str| now(end_view::run(&deps, by, &builders::source()));
    assert!(end(first.ticket.expose()).is_err(), "the ticket is over");
    for _ in 0..2 {
        assert_eq!(end(&token).expect("ended"), first.session.id);
    }
    assert!(matches!(
        refresh(&kit, &token),
        Err(Refusal::InvalidToken { .. })
    ));
    kit.clock.advance(86_400);
    assert!(end(&token).is_err(), "its last moment is over");
}

#[test]
fn a_ticket_of_before_does_not_cut_the_place_of_its_view_short() {
    let kit = kit(Bounds {
        max_streams: MaxStreams::parse(1).ok(),
        ..Bounds::default()
    });
    kit.cloud.with(|s| {
        let digest = builders::grant(&builders::media_token(1)).digest;
        s.grants.get_mut(&digest.0).expect("planted").expires_at = GOLDEN_NOW.plus(9_000);
    });
    let first = open(&kit);
    let token = token(&kit, &first);
    kit.clock.advance(1_800);
    let second = refresh(&kit, &token).expect("half of its hour is left");
    // A second before the old end somebody asks by the old ticket.
    kit.clock.advance(1_799);
    assert!(key(&kit, &first).is_ok());
    kit.clock.advance(30);
    let other = open_as(&kit, Visit::default()).map(drop);
    assert!(matches!(other, Err(Refusal::TooManyStreams)), "{other:?}");
    assert!(key(&kit, &second).is_ok());
}

#[test]
fn no_view_outlives_its_last_moment_however_often_it_is_refreshed() {
    let kit = free();
    let first = open(&kit);
    let token = token(&kit, &first);
    let last = GOLDEN_NOW.plus(REFRESH_SECONDS);
    let mut view = first;
    while let Some(renewal) = view.renewal(&kit.authorize_playback()) {
        kit.clock.advance(renewal.seconds);
        view = refresh(&kit, &token).expect("the view");
        assert!(view.session.expires_at <= last);
    }
    assert_eq!(view.session.expires_at, last);
    assert_eq!(on_record(&kit), 22, "one each half hour");
    kit.clock.advance(3_600);
    for over in [key(&kit, &view), refresh(&kit, &token).map(drop)] {
        assert!(matches!(over, Err(Refusal::InvalidToken { .. })));
    }
}

#[test]
fn no_view_is_refreshed_where_none_may_be() {
    let kit = free();
    let deps = authorize_playback::Deps {
        refresh_seconds: 0,
        ..kit.authorize_playback()
    };
    let command = authorize_playback::Command {
        token: builders::media_token(1),
        asset: ASSET,
        source: builders::source(),
        visit: Visit::default(),
        idempotency: None,
    };
    let view = now(authorize_playback::run(&deps, command)).expect("a view");
    assert!(view.renewal(&deps).is_none());
    // Not even by what would have been its token.
    let claims = vault_domain::playback::Ticket {
        expires_at: GOLDEN_NOW.plus(REFRESH_SECONDS),
        ..view.session.ticket()
    };
    let forged = deps.refreshes.issue(&claims);
    assert!(refresh(&kit, forged.expose()).is_err());
}

#[test]
fn a_ticket_refreshes_nothing_and_what_refreshes_opens_nothing() {
    let kit = free();
    let view = open(&kit);
    kit.clock.advance(1_800);
    let by_ticket = refresh(&kit, view.ticket.expose());
    assert!(matches!(by_ticket, Err(Refusal::InvalidToken { .. })));
    let token = vault_domain::secret::SecretText::new(token(&kit, &view));
    let bearer = View {
        ticket: token,
        ..view
    };
    assert!(key(&kit, &bearer).is_err());
    assert!(playlist(&kit, &bearer).is_err());
    kit.faults.arm(Vec::new());
    assert!(refresh(&kit, "forged").is_err());
    assert_eq!(kit.cloud.calls(), Vec::<String>::new(), "before any I/O");
}

/// What stands in the way of a refresh, and what comes of it.
fn refused(change: impl FnOnce(&Kit, &View)) -> Refusal {
    let kit = free();
    let view = open(&kit);
    let token = token(&kit, &view);
    change(&kit, &view);
    kit.clock.advance(1_800);
    let before = kit.cloud.with(|s| s.playbacks.clone());
    let refused = refresh(&kit, &token).map(drop).expect_err("refused");
    assert_eq!(kit.cloud.with(|s| s.playbacks.clone()), before);
    assert_eq!(on_record(&kit), 0);
    refused
}

#[test]
fn a_view_that_was_ended_is_not_refreshed() {
    let over = refused(|kit, view| {
        let (deps, source) = (kit.authorize_playback(), builders::source());
        now(end_view::run(&deps, view.ticket.expose(), &source)).expect("ended");
    });
    assert!(matches!(over, Refusal::InvalidToken { .. }));
}

#[test]
fn a_view_of_a_media_token_that_was_revoked_is_not_refreshed() {
    let over = refused(|kit, view| {
        let grant = view.session.grant.0;
        kit.cloud
            .with(|s| s.grants.get_mut(&grant).expect("there").revoked = true);
    });
    assert!(matches!(over, Refusal::InvalidToken { .. }));
}

#[test]
fn a_view_of_somebody_who_lost_their_place_is_not_refreshed() {
    let over = refused(|kit, view| {
        let Subject::Person { session, .. } = view.session.subject else {
            unreachable!("a person watches");
        };
        kit.cloud
            .with(|s| s.sessions.get_mut(&session).expect("there").revoked = true);
    });
    assert!(matches!(over, Refusal::Forbidden(_)));
}

#[test]
fn a_view_of_a_film_that_was_withdrawn_or_of_which_views_were_ended_is_not_refreshed() {
    let over = refused(|kit, _| kit.change_asset(|asset| asset.state = AssetState::Withdrawn));
    assert!(matches!(over, Refusal::WrongState(AssetState::Withdrawn)));
    let over = refused(|kit, _| {
        kit.change_asset(|asset| asset.views_from = GOLDEN_NOW.plus(1));
    });
    assert!(matches!(over, Refusal::InvalidToken { .. }));
}

#[test]
fn bounds_hold_at_a_refresh_as_they_do_at_an_opening() {
    let device = |letter: &str| DeviceSecret::parse(&letter.repeat(43)).ok();
    let visit = || Visit {
        origin: Some("https://app.example.org".to_owned()),
        device: device("A"),
        mode: Mode::Urls,
    };
    let kit = kit(Bounds {
        origins: WebOrigins::parse("https://app.example.org").expect("an origin"),
        networks: Networks::parse("192.0.2.0/24").expect("a network"),
        one_device: true,
        ..Bounds::default()
    });
    let view = open_as(&kit, visit()).expect("a view");
    let token = token(&kit, &view);
    kit.clock.advance(1_800);
    let by = |visit: Visit| refresh_as(&kit, &token, visit).map(drop);
    let elsewhere = Visit {
        origin: Some("https://other.example.org".to_owned()),
        ..visit()
    };
    assert!(matches!(by(elsewhere), Err(Refusal::OtherOrigin)));
    for device in [device("B"), None] {
        let other = Visit { device, ..visit() };
        assert!(matches!(by(other), Err(Refusal::OtherDevice(_))));
    }
    let mode = Mode::Query;
    let other = Visit { mode, ..visit() };
    assert!(matches!(by(other), Err(Refusal::Conflict(_))));
    let command = refresh_view::Command {
        token: token.clone(),
        source: vault_domain::audit::Source {
            address: "198.51.100.7".parse().ok(),
            ..builders::source()
        },
        visit: visit(),
    };
    let outside = now(refresh_view::run(&kit.authorize_playback(), command)).map(drop);
    assert!(matches!(outside, Err(Refusal::OutsideNetwork)));
    by(visit()).expect("refreshed");
}

#[test]
fn a_stream_keeps_its_place_by_a_refresh_and_finds_none_that_was_given_away() {
    let kit = kit(Bounds {
        max_streams: MaxStreams::parse(1).ok(),
        ..Bounds::default()
    });
    let first = open(&kit);
    let token = token(&kit, &first);
    kit.clock.advance(100);
    let second = open(&kit);
    kit.clock.advance(1_700);
    let back = refresh(&kit, &token).map(|view| view.session.lease.map(|lease| lease.until));
    let until = GOLDEN_NOW.plus(1_800 + 90);
    assert_eq!(back.ok(), Some(Some(until)), "the second was silent");
    assert!(matches!(key(&kit, &second), Err(Refusal::TooManyStreams)));
    let again = open_as(&kit, Visit::default()).map(drop);
    assert!(matches!(
        again,
        Err(Refusal::InvalidToken { .. } | Refusal::TooManyStreams)
    ));

    let kit = self::kit(Bounds {
        max_streams: MaxStreams::parse(1).ok(),
        ..Bounds::default()
    });
    kit.cloud.with(|s| {
        let digest = builders::grant(&builders::media_token(1)).digest;
        s.grants.get_mut(&digest.0).expect("planted").expires_at = GOLDEN_NOW.plus(3_000);
    });
    let first = open(&kit);
    let token = self::token(&kit, &first);
    kit.clock.advance(1_800);
    open(&kit);
    let full = refresh(&kit, &token).map(drop);
    assert!(matches!(full, Err(Refusal::TooManyStreams)));
}

#[test]
fn a_refreshed_view_ends_no_later_than_what_let_it_in() {
    let kit = free();
    let soon = GOLDEN_NOW.plus(3_660);
    let entry = Entry {
        to: Principal::Actor(builders::viewer_subject().actor()),
        level: Level::View,
        expires_at: Some(soon),
        by: builders::caller().subject.actor(),
        at: GOLDEN_NOW,
    };
    kit.change_asset(|asset| {
        asset.access.visibility = Visibility::Restricted;
        asset.access.entries = AccessList::default()
            .with(entry, GOLDEN_NOW)
            .expect("room for one");
    });
    let view = open(&kit);
    assert_eq!(view.session.expires_at, GOLDEN_NOW.plus(3_600));
    kit.clock.advance(1_800);
    let refreshed = refresh(&kit, &token(&kit, &view)).expect("still let in");
    assert_eq!(refreshed.session.expires_at, soon);
}

fn watching() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    kit.plant_playback();
    kit
}

async fn refreshed(kit: &Kit) -> Answer {
    let command = refresh_view::Command {
        token: kit.golden_refresh().expose().to_owned(),
        source: builders::source(),
        visit: Visit::default(),
    };
    let view = refresh_view::run(&kit.authorize_playback(), command).await;
    answer(view, |view| {
        let stored = kit
            .cloud
            .with(|s| s.playbacks.get(&view.session.id).cloned());
        format!("a view, stored as told {}", stored == Some(view.session))
    })
}

#[test]
fn a_refresh_that_is_cut_off_anywhere_and_asked_for_again_takes_effect_once() {
    let world = || {
        let kit = watching();
        kit.clock.advance(1_800);
        kit
    };
    Scenario::new("refresh_view", world, async |kit: &Kit, _| {
        refreshed(kit).await
    })
    .hold();
}
