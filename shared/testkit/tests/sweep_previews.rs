//! The crash-point sweep over previews: asked for, made while the film plays, handed out to those who may watch it.

use vault_domain::asset::{AssetState, Failure};
use vault_domain::bounds::WebOrigins;
use vault_domain::conversion::{ConversionOrder, Probe, Sound};
use vault_domain::deletion::{Deletion, Presence};
use vault_domain::error::Refusal;
use vault_domain::id::{AssetId, KeyId, PackageId};
use vault_domain::packaging::PackageFault;
use vault_domain::ports::Clock as _;
use vault_domain::preview::{self, Made, PreviewName, PreviewSet, PreviewState, preview_key};
use vault_domain::usecase::{
    ask_previews, deliver_key, deliver_preview, make_previews, process_upload,
};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, ORG, PACKAGE};
use vault_testkit::sweep::{Answer, Scenario, answer};
use vault_testkit::workshop::{Craft, jpeg};

const RUN_SECONDS: u64 = 900;

/// A film that plays, and its source.
fn playing() -> Kit {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    kit.plant_ready();
    kit
}

fn crafted(change: impl FnOnce(&mut Craft)) -> Kit {
    let kit = playing();
    let mut craft = Craft::default();
    change(&mut craft);
    kit.workshop.set(craft);
    kit
}

async fn made(kit: &Kit, last_try: bool) -> Answer {
    let command = make_previews::Command {
        org: ORG,
        asset: ASSET,
        deadline: kit.clock.now().plus(RUN_SECONDS),
        last_try,
    };
    let outcome = make_previews::run(&kit.convert_film(), command).await;
    outcome
        .map(|outcome| format!("{outcome:?}"))
        .map_err(|retry| retry.to_string())
}

async fn asked(kit: &Kit) -> Result<vault_domain::usecase::library::Tagged, Refusal> {
    let library = kit.library();
    let deps = ask_previews::Deps {
        library: &library,
        previews: &*kit.cloud,
        orders: Some(&*kit.cloud),
    };
    ask_previews::run(&deps, &builders::ask(), ASSET).await
}

fn state(kit: &Kit) -> Option<PreviewState> {
    let previews = kit.cloud.snapshot().assets[&ASSET].previews.clone();
    previews.map(|previews| previews.state)
}

fn set(kit: &Kit) -> PreviewSet {
    let set = kit.cloud.snapshot().assets[&ASSET].previewed();
    set.unwrap_or_else(|| unreachable!("they are ready"))
}

fn failure(kit: &Kit) -> String {
    match state(kit) {
        Some(PreviewState::Failed(failure)) => failure.code,
        other => format!("{other:?}"),
    }
}

/// Objects of previews that are there, of whichever run.
fn objects(kit: &Kit) -> Vec<String> {
    let state = kit.cloud.snapshot();
    let keys = state.segments.keys();
    keys.filter(|key| key.contains("/previews/"))
        .cloned()
        .collect()
}

fn making(name: &'static str, build: fn() -> Kit) -> Scenario<impl AsyncFn(&Kit, usize) -> Answer> {
    Scenario::new(name, build, async |kit: &Kit, _| made(kit, false).await)
        .between(|kit| kit.clock.advance(RUN_SECONDS))
        .or("Nothing")
}

fn deleted(kit: &Kit) {
    kit.change_asset(|asset| {
        asset.keeping.presence = Presence::Deleted(Deletion {
            at: builders::record().at,
            erase_at: builders::record().at.plus(86_400),
        });
    });
}

#[test]
fn asking_for_previews_survives_every_cut() {
    Scenario::new("ask_previews", playing, async |kit: &Kit, _| {
        answer(asked(kit).await, |shown| {
            format!("{:?}", shown.asset.previews)
        })
    })
    .hold();
}

#[test]
fn making_previews_survives_every_cut() {
    making("make_previews", playing).hold();
}

#[test]
fn previews_that_cannot_be_made_leave_nothing_at_every_cut() {
    making("make_previews, unreadable", || {
        crafted(|craft| {
            craft.outcome = Err(PackageFault::new("unreadable_film", "it is damaged"));
        })
    })
    .hold();
    making("make_previews, no pictures", || {
        crafted(|craft| craft.pictures = Some(Made::default()))
    })
    .hold();
}

#[test]
fn previews_of_what_plays_no_more_are_left_alone_at_every_cut() {
    making("make_previews, deleted", || {
        let kit = playing();
        deleted(&kit);
        kit
    })
    .hold();
    making("make_previews, withdrawn", || {
        let kit = playing();
        kit.change_asset(|asset| asset.state = AssetState::Withdrawn);
        kit
    })
    .hold();
}

#[test]
fn previews_are_ordered_with_the_film_where_films_get_them_at_every_cut() {
    Scenario::new(
        "process_upload, with previews",
        || {
            let kit = Kit::with_users(1);
            let film = builders::film(1_000);
            kit.plant_arrived(builders::new_asset(&film), film);
            kit.change_asset(|asset| asset.state = AssetState::Uploaded);
            kit
        },
        async |kit: &Kit, _| {
            let deps = process_upload::Deps {
                previews: Some(kit.cloud.clone()),
                ..kit.process_upload()
            };
            let command = process_upload::Command {
                org: ORG,
                asset: ASSET,
                deadline: kit.clock.now().plus(RUN_SECONDS),
                last_try: false,
                request: "req-1".to_owned(),
            };
            let outcome = process_upload::run(&deps, command).await;
            outcome
                .map(|outcome| format!("{outcome:?}"))
                .map_err(|retry| retry.to_string())
        },
    )
    .between(|kit| kit.clock.advance(RUN_SECONDS))
    .or("Nothing")
    .hold();
}

#[tokio::test]
async fn a_film_gets_its_previews_once_and_they_lie_sealed_under_a_key_of_their_own() {
    let kit = playing();
    assert_eq!(made(&kit, false).await, Ok("Ready".to_owned()));
    assert_eq!(made(&kit, false).await, Ok("Nothing".to_owned()));
    let set = set(&kit);
    assert_eq!((set.pictures, set.waveform), (Some(((640, 360), 1)), true));
    let names = [
        "poster.jpg",
        "storyboard-0.jpg",
        "storyboard.vtt",
        "waveform.json",
    ];
    let prefix = format!("media/{ASSET}/{}/previews/", set.run);
    let keys: Vec<_> = names.iter().map(|name| format!("{prefix}{name}")).collect();
    assert_eq!(objects(&kit), keys);
    assert!(set.run != PACKAGE, "no signature of a view covers them");
    let state = kit.cloud.snapshot();
    let key = &state.keys[&(ASSET, set.key)];
    assert_eq!(key.package, set.run);
    for key in &keys {
        let octets = &state.segments[key];
        assert!(!octets.starts_with(&[0xFF, 0xD8]) && !octets.starts_with(b"WEBVTT"));
    }
    let plans = kit.workshop.previews();
    let board = plans[0].0.pictures.unwrap();
    assert_eq!((plans.len(), board.length_ms), (1, 12_000));
    assert!(kit.workshop.is_clear() && kit.leaks().is_empty());
}

/// What a view gets of previews.
async fn fetched(
    kit: &Kit,
    ticket: &str,
    key: KeyId,
    name: PreviewName,
) -> Result<Vec<u8>, Refusal> {
    let command = deliver_preview::Command {
        ticket: ticket.to_owned(),
        key,
        name,
        visitor: builders::visitor(),
    };
    deliver_preview::run(&kit.deliver_preview(), command).await
}

#[tokio::test]
async fn whoever_may_watch_a_film_at_this_moment_gets_its_previews() {
    let kit = playing();
    made(&kit, false).await.unwrap();
    let (ticket, set) = (kit.plant_playback(), set(&kit));
    let get = async |name| fetched(&kit, ticket.expose(), set.key, name).await;
    assert_eq!(get(PreviewName::Poster).await.unwrap(), jpeg((640, 360)));
    let text = String::from_utf8(get(PreviewName::Storyboard).await.unwrap()).unwrap();
    assert!(
        text.contains("\nstoryboard-0.jpg#xywh=160,0,160,90\n"),
        "{text}"
    );
    let sheet = get(PreviewName::Sheet(0)).await.unwrap();
    assert_eq!(sheet, jpeg((1_600, 180)));
    assert!(
        get(PreviewName::Waveform)
            .await
            .unwrap()
            .starts_with(b"{\"version\":2")
    );
    let none = get(PreviewName::Sheet(1)).await;
    assert!(
        matches!(none, Err(Refusal::NotFound("preview"))),
        "{none:?}"
    );
}

#[tokio::test]
async fn a_refusal_before_the_read_costs_no_read_and_a_delivery_exactly_one() {
    let kit = playing();
    made(&kit, false).await.unwrap();
    let (ticket, set) = (kit.plant_playback(), set(&kit));
    let touched = || -> Vec<_> {
        let calls = kit.faults.log();
        let calls = calls.iter().filter(|call| !call.pure);
        calls.map(|call| call.name).collect()
    };
    let before = touched().len();
    for bad in ["", "forged", &format!("{}x", ticket.expose())] {
        let refused = fetched(&kit, bad, set.key, PreviewName::Poster).await;
        assert!(matches!(refused, Err(Refusal::InvalidToken { .. })));
    }
    assert_eq!(touched().len(), before);
    fetched(&kit, ticket.expose(), set.key, PreviewName::Poster)
        .await
        .unwrap();
    assert_eq!(touched()[before..], ["key_reads.bundle", "previews.get"]);
}

#[tokio::test]
async fn a_view_that_may_have_no_key_gets_no_preview_either() {
    type Spoil = (&'static str, fn(&Kit));
    let spoil: [Spoil; 6] = [
        ("revoked", |kit| {
            kit.cloud.with(|s| {
                for session in s.playbacks.values_mut() {
                    session.revoked = true;
                }
            });
        }),
        ("over", |kit| kit.clock.advance(100_000)),
        ("withdrawn", |kit| {
            kit.change_asset(|asset| asset.state = AssetState::Withdrawn);
        }),
        ("deleted", deleted),
        ("something was taken away", |kit| {
            kit.change_asset(|asset| {
                asset.views_from = asset.views_ended(builders::playback().opened_at);
            });
        }),
        ("left", |kit| kit.cloud.with(|s| s.memberships.clear())),
    ];
    for (name, spoil) in spoil {
        let kit = playing();
        made(&kit, false).await.unwrap();
        let (ticket, set) = (kit.plant_playback(), set(&kit));
        spoil(&kit);
        let refused = fetched(&kit, ticket.expose(), set.key, PreviewName::Poster).await;
        let refused = format!("{:?}", refused.expect_err(name));
        let command = deliver_key::Command {
            ticket: Some(ticket.expose().to_owned()),
            asset: ASSET,
            key: builders::KEY,
            visitor: builders::visitor(),
        };
        let key = deliver_key::run(&kit.deliver_key(), command).await;
        assert_eq!(
            refused,
            format!("{:?}", key.map(|_| ()).expect_err(name)),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_view_is_held_to_its_networks_and_pages_and_to_its_own_film() {
    let kit = playing();
    made(&kit, false).await.unwrap();
    let set = set(&kit);
    let ticket = kit.plant_playback();
    kit.cloud.with(|s| {
        for session in s.playbacks.values_mut() {
            session.bounds.origins = WebOrigins::parse("https://only.example").expect("an origin");
        }
    });
    let refused = fetched(&kit, ticket.expose(), set.key, PreviewName::Poster).await;
    assert!(matches!(refused, Err(Refusal::OtherOrigin)), "{refused:?}");
    let kit = playing();
    made(&kit, false).await.unwrap();
    let set = self::set(&kit);
    let ticket = kit.plant_playback();
    // The film's own keys open nothing here, nor do those of another film there.
    for key in [builders::KEY, KeyId::from_octets([0x77; 16])] {
        let refused = fetched(&kit, ticket.expose(), key, PreviewName::Poster).await;
        assert!(matches!(refused, Err(Refusal::NotFound("preview"))));
    }
    let other = AssetId::from_octets([0x55; 16]);
    kit.cloud.with(|s| {
        let key = s.keys.remove(&(ASSET, set.key)).expect("it is there");
        s.keys.insert((other, set.key), key);
    });
    let refused = fetched(&kit, ticket.expose(), set.key, PreviewName::Poster).await;
    assert!(matches!(refused, Err(Refusal::NotFound("preview"))));
}

#[tokio::test]
async fn the_key_of_previews_is_no_key_that_players_get() {
    let kit = playing();
    made(&kit, false).await.unwrap();
    let (ticket, set) = (kit.plant_playback(), set(&kit));
    let command = deliver_key::Command {
        ticket: Some(ticket.expose().to_owned()),
        asset: ASSET,
        key: set.key,
        visitor: builders::visitor(),
    };
    let refused = deliver_key::run(&kit.deliver_key(), command).await;
    assert!(matches!(refused, Err(Refusal::NotFound("key"))));
}

#[tokio::test]
async fn a_preview_that_was_changed_or_put_in_the_place_of_another_is_not_handed_out() {
    let kit = playing();
    made(&kit, false).await.unwrap();
    let (ticket, set) = (kit.plant_playback(), set(&kit));
    let key = |name| preview_key(ASSET, set.run, name);
    kit.cloud.with(|s| {
        let sheet = s.segments[&key(PreviewName::Sheet(0))].clone();
        s.segments.insert(key(PreviewName::Poster), sheet);
        s.segments
            .get_mut(&key(PreviewName::Waveform))
            .expect("it is there")[20] ^= 1;
    });
    for name in [PreviewName::Poster, PreviewName::Waveform] {
        let refused = fetched(&kit, ticket.expose(), set.key, name).await;
        assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{name}");
    }
}

#[tokio::test]
async fn a_film_without_sound_has_pictures_alone_and_so_has_one_whose_sound_is_damaged() {
    let kit = crafted(|craft| {
        craft.probe = Ok(Probe {
            pictures: Some((640, 480)),
            ..Probe::default()
        });
    });
    made(&kit, false).await.unwrap();
    assert!(!set(&kit).waveform && set(&kit).pictures.is_some());
    let kit = crafted(|craft| craft.damaged_sounds = true);
    made(&kit, false).await.unwrap();
    assert!(!set(&kit).waveform && set(&kit).pictures.is_some());
    let plans = kit.workshop.previews();
    assert_eq!(
        plans.iter().map(|(plan, _)| plan.sound).collect::<Vec<_>>(),
        [true, false]
    );
}

#[tokio::test]
async fn a_film_that_takes_too_long_is_read_by_its_key_frames_in_the_time_that_was_kept() {
    let kit = crafted(|craft| craft.slow = true);
    assert_eq!(made(&kit, false).await, Ok("Ready".to_owned()));
    let now = kit.clock.now();
    let tries = kit.workshop.previews();
    let tries: Vec<_> = tries
        .iter()
        .map(|(plan, until)| (plan.key_frames, plan.sound, *until))
        .collect();
    let (half, whole) = (now.plus(RUN_SECONDS / 2), now.plus(RUN_SECONDS));
    assert_eq!(tries, [(false, true, half), (true, true, whole)]);
    assert!(set(&kit).waveform && set(&kit).pictures.is_some());
}

#[tokio::test]
async fn a_long_film_is_read_by_key_frames_at_once_where_its_segments_say_that_they_are_close() {
    for (segments, seconds, converted, key_frames) in [
        (1_200, 6, false, true),
        (1_200, 6, true, false),
        (720, 10, false, false),
        (2, 6, false, false),
    ] {
        let kit = playing();
        kit.cloud.with(|s| {
            for manifest in s.manifests.values_mut() {
                manifest.converted = converted;
                let mut segment = manifest.presentation.segments[0];
                segment.ticks = seconds * 90_000;
                manifest.presentation.segments = vec![segment; segments];
            }
        });
        assert_eq!(made(&kit, false).await, Ok("Ready".to_owned()));
        let (plan, _) = kit.workshop.previews()[0];
        assert_eq!(plan.key_frames, key_frames, "{segments} of {seconds} s");
    }
}

#[tokio::test]
async fn a_sound_has_a_waveform_alone() {
    let kit = crafted(|craft| {
        craft.probe = Ok(Probe {
            sounds: vec![Sound {
                channels: 2,
                rate: 48_000,
            }],
            ..Probe::default()
        });
    });
    made(&kit, false).await.unwrap();
    assert!(set(&kit).waveform && set(&kit).pictures.is_none());
    assert_eq!(objects(&kit).len(), 1);
}

#[tokio::test]
async fn what_failed_is_made_when_it_is_asked_for_again() {
    let kit = crafted(|craft| craft.pictures = Some(Made::default()));
    assert_eq!(made(&kit, false).await, Ok("Failed".to_owned()));
    assert_eq!(failure(&kit), "previews_unreadable");
    assert!(objects(&kit).is_empty() && kit.leaks().is_empty());
    kit.workshop.set(Craft::default());
    assert_eq!(made(&kit, false).await, Ok("Nothing".to_owned()));
    let shown = asked(&kit).await.unwrap();
    let shown = shown.asset.previews.unwrap();
    assert_eq!((shown.attempt, shown.state), (1, PreviewState::Waiting));
    let order = ConversionOrder::Previews {
        org: ORG,
        asset: ASSET,
    };
    assert_eq!(kit.cloud.snapshot().conversions, [order]);
    assert_eq!(made(&kit, false).await, Ok("Ready".to_owned()));
    assert_eq!(kit.cloud.snapshot().assets[&ASSET].state, AssetState::Ready);
}

#[tokio::test]
async fn the_last_try_gives_up_with_a_reason_and_what_is_too_large_says_so() {
    let kit = playing();
    kit.faults.arm(vec![vault_testkit::Fault {
        call: 6,
        mode: vault_testkit::Mode::FailBefore,
    }]);
    assert_eq!(made(&kit, true).await, Ok("Failed".to_owned()));
    assert_eq!(failure(&kit), "gave_up");
    let kit = playing();
    let deps = vault_domain::usecase::convert_film::Deps {
        max_source: 10,
        ..kit.convert_film()
    };
    let command = make_previews::Command {
        org: ORG,
        asset: ASSET,
        deadline: kit.clock.now().plus(RUN_SECONDS),
        last_try: false,
    };
    let ended = make_previews::run(&deps, command).await;
    assert_eq!(ended.unwrap(), process_upload::Outcome::Failed);
    assert_eq!(failure(&kit), "too_large_to_preview");
}

#[tokio::test]
async fn a_second_run_waits_for_the_first_and_clears_what_it_left_once_it_is_dead() {
    let kit = playing();
    let dead = PackageId::from_octets([9; 16]);
    let until = kit.clock.now().plus(60);
    kit.change_asset(|asset| {
        asset.previews = preview::claimed(None, dead, (builders::record().at, until));
    });
    kit.cloud.with(|s| {
        let key = preview_key(ASSET, dead, PreviewName::Poster);
        s.segments.insert(key, vec![1]);
    });
    assert!(made(&kit, false).await.is_err());
    assert_eq!(objects(&kit).len(), 1);
    kit.clock.advance(60);
    assert_eq!(made(&kit, false).await, Ok("Ready".to_owned()));
    assert!(
        !objects(&kit)
            .iter()
            .any(|key| key.contains(&dead.to_string()))
    );
    assert!(kit.leaks().is_empty(), "{:?}", kit.leaks());
}

#[tokio::test]
async fn what_an_overtaken_run_wrote_late_goes_with_the_next_delivery_of_its_order() {
    let kit = playing();
    let slow = PackageId::from_octets([9; 16]);
    let until = kit.clock.now().plus(60);
    kit.change_asset(|asset| {
        asset.previews = preview::claimed(None, slow, (builders::record().at, until));
    });
    kit.clock.advance(60);
    assert_eq!(made(&kit, false).await, Ok("Ready".to_owned()));
    let kept = objects(&kit);
    // It wrote once more, and died before it could see that it had been overtaken.
    let late = KeyId::from_octets([9; 16]);
    let made_by = set(&kit);
    kit.cloud.with(|s| {
        let mut key = s.keys[&(ASSET, made_by.key)].clone();
        (key.key, key.package) = (late, slow);
        s.keys.insert((ASSET, late), key);
        let object = preview_key(ASSET, slow, PreviewName::Poster);
        s.segments.insert(object, vec![1]);
    });
    assert_eq!(made(&kit, false).await, Ok("Nothing".to_owned()));
    assert_eq!(objects(&kit), kept);
    assert!(!kit.cloud.snapshot().keys.contains_key(&(ASSET, late)));
}

#[tokio::test]
async fn a_run_whose_time_is_up_writes_nothing() {
    let kit = crafted(|craft| craft.takes = RUN_SECONDS);
    assert_eq!(made(&kit, false).await, Ok("Failed".to_owned()));
    assert_eq!(failure(&kit), "too_long_to_preview");
    let calls = kit.faults.log();
    let wrote = calls.iter().any(|call| call.name == "content_keys.put");
    assert!(!wrote && objects(&kit).is_empty() && kit.leaks().is_empty());
}

#[tokio::test]
async fn where_nothing_is_converted_or_the_film_does_not_play_previews_are_refused() {
    let kit = playing();
    let library = kit.library();
    let deps = ask_previews::Deps {
        library: &library,
        previews: &*kit.cloud,
        orders: None,
    };
    let refused = ask_previews::run(&deps, &builders::ask(), ASSET).await;
    assert!(matches!(refused, Err(Refusal::Conflict(_))), "{refused:?}");
    kit.change_asset(|asset| asset.state = AssetState::Processing);
    let refused = asked(&kit).await;
    assert!(
        matches!(refused, Err(Refusal::WrongState(_))),
        "{refused:?}"
    );
    assert!(kit.cloud.snapshot().conversions.is_empty());
}

#[test]
fn a_reason_is_one_that_nothing_else_has() {
    let failure = Failure {
        code: preview::took_too_long().code.to_owned(),
        reason: String::new(),
    };
    assert!(!failure.empties(), "the film stays as it is");
}
