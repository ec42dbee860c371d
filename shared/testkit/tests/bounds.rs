//! Bounds of a media token: what it opens, where and when, and what its views get after that.

#![expect(
    clippy::expect_used,
    reason = "a world that does not come about fails its test"
)]

use futures_util::FutureExt as _;
use vault_domain::bounds::{Bounds, DeviceSecret, MaxStreams, Viewer, Visitor, WebOrigins};
use vault_domain::delivery::Mode;
use vault_domain::error::Refusal;
use vault_domain::hls::PlaylistName;
use vault_domain::id::KeyId;
use vault_domain::network::Networks;
use vault_domain::share::FirstPlay;
use vault_domain::token::Grant;
use vault_domain::usecase::authorize_playback::{self, View, Visit};
use vault_domain::usecase::{deliver_key, deliver_playlist, end_view, enter_view};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, KEY};
use vault_testkit::clock::GOLDEN_NOW;
use vault_testkit::sweep::{Answer, Scenario, answer};

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("fakes never wait")
}

const PAGE: &str = "https://app.example.org";

/// A ready film, and the viewer's token for ten views of it, bounded.
fn kit(bounds: Bounds) -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    plant(&kit, 1, bounds);
    kit
}

fn plant(kit: &Kit, token: u8, bounds: Bounds) {
    kit.plant_grant(&builders::media_token(token), |grant| {
        *grant = Grant {
            max_views: 10,
            expires_at: GOLDEN_NOW.plus(3_000),
            bounds,
            ..grant.clone()
        };
    });
}

fn device(letter: &str) -> Option<DeviceSecret> {
    DeviceSecret::parse(&letter.repeat(43)).ok()
}

fn open_as(kit: &Kit, token: u8, visit: Visit) -> Result<View, Refusal> {
    let command = authorize_playback::Command {
        token: builders::media_token(token),
        asset: ASSET,
        source: builders::source(),
        visit,
        idempotency: None,
    };
    now(authorize_playback::run(&kit.authorize_playback(), command))
}

fn open(kit: &Kit) -> Result<View, Refusal> {
    open_as(kit, 1, Visit::default())
}

fn of_page(origin: &str) -> Visit {
    Visit {
        origin: Some(origin.to_owned()),
        ..Visit::default()
    }
}

fn key_from(kit: &Kit, view: &View, visitor: Visitor) -> Result<(), Refusal> {
    let command = deliver_key::Command {
        ticket: Some(view.ticket.expose().to_owned()),
        asset: ASSET,
        key: KEY,
        visitor,
    };
    now(deliver_key::run(&kit.deliver_key(), command)).map(drop)
}

fn key(kit: &Kit, view: &View) -> Result<(), Refusal> {
    key_from(kit, view, builders::visitor())
}

fn playlist_from(kit: &Kit, view: &View, visitor: Visitor) -> Result<(), Refusal> {
    let command = deliver_playlist::Command {
        ticket: view.ticket.expose().to_owned(),
        name: PlaylistName::Video,
        visitor,
    };
    now(deliver_playlist::run(&kit.deliver_playlist(), command)).map(drop)
}

fn views(kit: &Kit) -> u32 {
    let digest = builders::grant(&builders::media_token(1)).digest;
    kit.cloud.with(|s| s.grants[&digest.0].views)
}

#[test]
fn a_token_opens_nothing_before_it_begins() {
    let kit = kit(Bounds {
        not_before: Some(GOLDEN_NOW.plus(60)),
        ..Bounds::default()
    });
    let early = open(&kit).map(drop);
    assert!(
        matches!(
            early,
            Err(Refusal::InvalidToken {
                why: "it is not valid yet",
                ..
            })
        ),
        "{early:?}"
    );
    assert_eq!(views(&kit), 0);
    kit.clock.advance(60);
    let view = open(&kit).expect("it has begun");
    assert!(key(&kit, &view).is_ok());
}

#[test]
fn a_networks_bound_holds_at_the_view_at_its_playlists_and_at_each_key() {
    let here = builders::source().address.expect("an address");
    let kit = kit(Bounds {
        networks: Networks::parse(&here.to_string()).expect("a network"),
        ..Bounds::default()
    });
    let view = open(&kit).expect("from there");
    assert!(key(&kit, &view).is_ok());
    assert!(playlist_from(&kit, &view, builders::visitor()).is_ok());
    for address in [None, "198.51.100.9".parse().ok()] {
        let away = || Visitor {
            address,
            origin: None,
        };
        assert!(matches!(
            key_from(&kit, &view, away()),
            Err(Refusal::OutsideNetwork)
        ));
        assert!(matches!(
            playlist_from(&kit, &view, away()),
            Err(Refusal::OutsideNetwork)
        ));
    }
    for mode in [Mode::Cookies, Mode::Query, Mode::Path] {
        let visit = Visit {
            mode,
            ..Visit::default()
        };
        let refused = open_as(&kit, 1, visit).map(drop);
        assert!(matches!(refused, Err(Refusal::Conflict(_))), "{refused:?}");
    }
    let (deps, here) = (kit.deliver_playlist(), builders::visitor());
    let entered = now(enter_view::run(&deps, view.ticket.expose(), &here)).map(drop);
    assert!(matches!(entered, Err(Refusal::Conflict(_))));
    assert_eq!(views(&kit), 1, "what is refused spends nothing");
    kit.cloud.with(|s| {
        for grant in s.grants.values_mut() {
            grant.bounds.networks = Networks::parse("198.51.100.0/24").expect("a network");
        }
    });
    assert!(matches!(open(&kit).map(drop), Err(Refusal::OutsideNetwork)));
}

#[test]
fn a_token_of_some_pages_is_refused_on_others_and_without_one() {
    let kit = kit(Bounds {
        origins: WebOrigins::parse(PAGE).expect("an origin"),
        ..Bounds::default()
    });
    assert!(matches!(open(&kit).map(drop), Err(Refusal::OtherOrigin)));
    let other = open_as(&kit, 1, of_page("https://evil.test")).map(drop);
    assert!(matches!(other, Err(Refusal::OtherOrigin)));
    let view = open_as(&kit, 1, of_page(PAGE)).expect("its own page");
    let on = |origin: Option<&str>| Visitor {
        origin: origin.map(str::to_owned),
        ..builders::visitor()
    };
    assert!(key_from(&kit, &view, on(Some(PAGE))).is_ok());
    assert!(playlist_from(&kit, &view, on(Some(PAGE))).is_ok());
    let cookies = |visitor: &Visitor| {
        now(enter_view::run(
            &kit.deliver_playlist(),
            view.ticket.expose(),
            visitor,
        ))
        .map(drop)
    };
    assert!(cookies(&on(Some(PAGE))).is_ok());
    for origin in [None, Some("https://evil.test"), Some("null")] {
        assert!(matches!(
            key_from(&kit, &view, on(origin)),
            Err(Refusal::OtherOrigin)
        ));
        assert!(matches!(
            playlist_from(&kit, &view, on(origin)),
            Err(Refusal::OtherOrigin)
        ));
        assert!(matches!(cookies(&on(origin)), Err(Refusal::OtherOrigin)));
    }
    assert_eq!(views(&kit), 1);
}

#[test]
fn the_first_view_begins_a_window_and_the_views_in_it_play_on_after_it() {
    let kit = kit(Bounds {
        first_play: FirstPlay::parse(60).ok(),
        ..Bounds::default()
    });
    kit.clock.advance(1_000);
    let first = open(&kit).expect("the first, whenever it is");
    kit.clock.advance(59);
    open(&kit).expect("within the window");
    kit.clock.advance(1);
    let late = open(&kit).map(drop);
    assert!(
        matches!(late, Err(Refusal::Forbidden(why)) if why.contains("first view")),
        "{late:?}"
    );
    assert_eq!(views(&kit), 2);
    assert!(key(&kit, &first).is_ok());
}

#[test]
fn a_token_is_the_first_devices_for_good() {
    let kit = kit(Bounds {
        one_device: true,
        ..Bounds::default()
    });
    let on = |device| {
        let visit = Visit {
            device,
            ..Visit::default()
        };
        open_as(&kit, 1, visit).map(drop)
    };
    assert!(matches!(on(None), Err(Refusal::OtherDevice(_))));
    assert!(on(device("A")).is_ok());
    assert!(matches!(on(device("Q")), Err(Refusal::OtherDevice(_))));
    assert!(matches!(on(None), Err(Refusal::OtherDevice(_))));
    assert!(on(device("A")).is_ok());
    assert_eq!(views(&kit), 2);
    let secret = "A".repeat(43).into_bytes();
    assert!(
        kit.cloud.snapshot().held(&[secret]).is_none(),
        "its digest alone is kept"
    );
}

#[test]
fn another_device_gets_nothing_by_the_name_of_the_firsts_request() {
    let kit = kit(Bounds {
        one_device: true,
        ..Bounds::default()
    });
    let named = |device| {
        let command = authorize_playback::Command {
            token: builders::media_token(1),
            asset: ASSET,
            source: builders::source(),
            visit: Visit {
                device,
                ..Visit::default()
            },
            idempotency: Some(builders::idempotency_key("k")),
        };
        now(authorize_playback::run(&kit.authorize_playback(), command)).map(|view| view.session.id)
    };
    let first = named(device("A")).expect("the first");
    assert_eq!(named(device("A")).ok(), Some(first));
    assert!(matches!(named(device("Q")), Err(Refusal::OtherDevice(_))));
}

fn streams(most: u32, viewer: Option<&str>) -> Bounds {
    Bounds {
        max_streams: MaxStreams::parse(most).ok(),
        viewer: viewer.and_then(|own| Viewer::parse(own).ok()),
        ..Bounds::default()
    }
}

#[test]
fn a_stream_keeps_its_place_by_its_keys_and_a_silent_one_gives_it_to_who_waits() {
    let kit = kit(streams(1, None));
    let first = open(&kit).expect("a place");
    for _ in 0..5 {
        kit.clock.advance(50);
        assert!(key(&kit, &first).is_ok());
        assert!(matches!(open(&kit).map(drop), Err(Refusal::TooManyStreams)));
    }
    // Paused, and nobody waits.
    kit.clock.advance(500);
    assert!(key(&kit, &first).is_ok());
    kit.clock.advance(90);
    let second = open(&kit).expect("the first is silent");
    assert!(matches!(key(&kit, &first), Err(Refusal::TooManyStreams)));
    assert!(key(&kit, &second).is_ok());
    assert_eq!(views(&kit), 2, "a view that finds no place is not spent");
}

#[test]
fn a_place_is_free_when_its_view_is_over() {
    let kit = kit(streams(1, None));
    let deps = || authorize_playback::Deps {
        session_seconds: 100,
        ..kit.authorize_playback()
    };
    let opened = |deps: &authorize_playback::Deps| {
        let command = authorize_playback::Command {
            token: builders::media_token(1),
            asset: ASSET,
            source: builders::source(),
            visit: Visit::default(),
            idempotency: None,
        };
        now(authorize_playback::run(deps, command))
    };
    let view = opened(&deps()).expect("a place");
    kit.clock.advance(99);
    key(&kit, &view).expect("a key");
    assert!(matches!(
        opened(&deps()).map(drop),
        Err(Refusal::TooManyStreams)
    ));
    kit.clock.advance(1);
    opened(&deps()).expect("whoever goes on watching opens the next");
}

#[test]
fn a_key_costs_one_read_until_a_third_of_the_lease_has_passed_and_one_write_then() {
    let kit = kit(streams(1, None));
    let view = open(&kit).expect("a place");
    let calls = || {
        kit.faults.arm(Vec::new());
        key(&kit, &view).expect("a key");
        kit.cloud.calls()
    };
    kit.clock.advance(29);
    assert_eq!(calls(), ["key_reads.bundle"]);
    kit.clock.advance(1);
    assert_eq!(calls(), ["key_reads.bundle", "leases.renew"]);
    assert_eq!(calls(), ["key_reads.bundle"]);
}

#[test]
fn a_refused_key_renews_nothing() {
    let kit = kit(streams(1, None));
    let view = open(&kit).expect("a place");
    kit.clock.advance(60);
    let command = deliver_key::Command {
        ticket: Some(view.ticket.expose().to_owned()),
        asset: ASSET,
        key: KeyId::from_octets([9; 16]),
        visitor: builders::visitor(),
    };
    let refused = now(deliver_key::run(&kit.deliver_key(), command)).map(drop);
    assert!(matches!(refused, Err(Refusal::NotFound("key"))));
    kit.clock.advance(30);
    open(&kit).expect("its lease is over");
}

#[test]
fn a_view_that_ends_gives_its_place_away_at_once_and_gets_no_key() {
    let kit = kit(streams(1, None));
    let view = open(&kit).expect("a place");
    let end = || {
        let (deps, source) = (kit.authorize_playback(), builders::source());
        now(end_view::run(&deps, view.ticket.expose(), &source))
    };
    assert_eq!(end().ok(), Some(view.session.id));
    assert_eq!(end().ok(), Some(view.session.id), "again");
    assert!(matches!(
        key(&kit, &view),
        Err(Refusal::InvalidToken { .. })
    ));
    open(&kit).expect("the place is free");
    let ends = kit.cloud.with(|s| {
        let named = s
            .audit
            .iter()
            .filter(|record| record.event.as_str() == "view.ended");
        named.count()
    });
    assert_eq!(ends, 1, "it is on record once");
    let (deps, source) = (kit.authorize_playback(), builders::source());
    let forged = now(end_view::run(&deps, "forged", &source));
    assert!(matches!(forged, Err(Refusal::InvalidToken { .. })));
}

#[test]
fn streams_are_counted_by_token_unless_their_viewer_is_named() {
    let kit = kit(streams(1, None));
    plant(&kit, 2, streams(1, None));
    open(&kit).expect("a place of the first token");
    open_as(&kit, 2, Visit::default()).expect("a place of the second");
    plant(&kit, 3, streams(1, Some("user-7")));
    plant(&kit, 4, streams(1, Some("user-7")));
    plant(&kit, 5, streams(1, Some("user-8")));
    open_as(&kit, 3, Visit::default()).expect("the viewer's one place");
    let second = open_as(&kit, 4, Visit::default()).map(drop);
    assert!(matches!(second, Err(Refusal::TooManyStreams)));
    open_as(&kit, 5, Visit::default()).expect("another viewer's");
    // The same name in another's mouth is another viewer: nobody takes the places of a stranger's.
    plant(&kit, 6, streams(1, Some("user-7")));
    kit.cloud.with(|s| {
        let digest = builders::grant(&builders::media_token(6)).digest;
        let grant = s.grants.get_mut(&digest.0).expect("planted");
        grant.subject = builders::caller().subject;
    });
    open_as(&kit, 6, Visit::default()).expect("a place of the owner's viewer");
}

fn bounded() -> Kit {
    kit(Bounds {
        first_play: FirstPlay::parse(600).ok(),
        one_device: true,
        ..streams(1, None)
    })
}

async fn open_named(kit: &Kit) -> Answer {
    let command = authorize_playback::Command {
        token: builders::media_token(1),
        asset: ASSET,
        source: builders::source(),
        visit: Visit {
            device: device("A"),
            ..Visit::default()
        },
        idempotency: Some(builders::idempotency_key("k")),
    };
    let opened = authorize_playback::run(&kit.authorize_playback(), command).await;
    answer(opened, |view| {
        let id = view.session.id;
        let placed = kit.cloud.with(|s| {
            let mut places = s.places.values();
            places.any(|places| places.0.contains_key(&id))
        });
        format!("a view, with a place {placed}")
    })
}

#[test]
fn a_bounded_view_named_by_a_key_takes_one_place_at_every_cut() {
    Scenario::new(
        "authorize_playback, bounded",
        bounded,
        async |kit: &Kit, _| open_named(kit).await,
    )
    .between(|kit| kit.clock.advance(5))
    .hold();
}

fn playing() -> Kit {
    let kit = bounded();
    now(open_named(&kit)).expect("a view");
    kit.clock.advance(60);
    kit
}

fn ticket(kit: &Kit) -> String {
    let session = kit.cloud.with(|s| s.playbacks.values().next().cloned());
    let session = session.expect("a view");
    kit.authorize_playback()
        .tickets
        .issue(&session.ticket())
        .expose()
        .to_owned()
}

#[test]
fn a_key_that_renews_a_place_survives_every_cut() {
    Scenario::new("deliver_key, a lease", playing, async |kit: &Kit, _| {
        let command = deliver_key::Command {
            ticket: Some(ticket(kit)),
            asset: ASSET,
            key: KEY,
            visitor: builders::visitor(),
        };
        let delivered = deliver_key::run(&kit.deliver_key(), command).await;
        answer(delivered, |_| "a key".to_owned())
    })
    .hold();
}

#[test]
fn the_end_of_a_view_survives_every_cut() {
    Scenario::new("end_view", playing, async |kit: &Kit, _| {
        let (deps, ticket) = (kit.authorize_playback(), ticket(kit));
        let ended = end_view::run(&deps, &ticket, &builders::source()).await;
        answer(ended, |id| format!("{id} is over"))
    })
    .hold();
}
