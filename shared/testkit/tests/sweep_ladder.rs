//! The crash-point sweep over the ladder: asked for, planned, and each variant coded, while the film plays.

use vault_domain::asset::AssetState;
use vault_domain::conversion::{ConversionOrder, KeyFrames};
use vault_domain::deletion::{Deletion, Presence};
use vault_domain::error::Refusal;
use vault_domain::hls::PlaylistName;
use vault_domain::id::PackageId;
use vault_domain::ladder::{VariantState, planned};
use vault_domain::packaging::{Media, PackageFault, Rendition, Stream};
use vault_domain::ports::Clock as _;
use vault_domain::usecase::{
    ask_ladder, code_variant, convert_film, deliver_playlist, plan_ladder, process_upload,
};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, ORG, PACKAGE};
use vault_testkit::packager::Script;
use vault_testkit::sweep::{Answer, Scenario, answer};
use vault_testkit::workshop::Craft;

const RUN_SECONDS: u64 = 900;

/// A film that plays, of four megabits a second, and its source.
fn playing() -> Kit {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    kit.plant_ready();
    kit.cloud.with(|s| {
        for manifest in s.manifests.values_mut() {
            manifest.presentation.average_bandwidth = 4_000_000;
            manifest.presentation.peak_bandwidth = 4_500_000;
        }
    });
    kit
}

/// And its ladder is planned.
fn laddered() -> Kit {
    let kit = playing();
    kit.change_asset(|asset| asset.ladder = planned(None, &[720, 360]));
    kit
}

fn command(kit: &Kit, lines: u16, last_try: bool) -> code_variant::Command {
    code_variant::Command {
        org: ORG,
        asset: ASSET,
        package: PACKAGE,
        lines,
        deadline: kit.clock.now().plus(RUN_SECONDS),
        last_try,
    }
}

async fn coded(kit: &Kit, lines: u16, last_try: bool) -> Answer {
    let outcome = code_variant::run(&kit.convert_film(), command(kit, lines, last_try)).await;
    outcome
        .map(|outcome| format!("{outcome:?}"))
        .map_err(|retry| retry.to_string())
}

async fn planning(kit: &Kit) -> Answer {
    let command = plan_ladder::Command {
        org: ORG,
        asset: ASSET,
    };
    let outcome = plan_ladder::run(&kit.convert_film(), command).await;
    outcome
        .map(|outcome| format!("{outcome:?}"))
        .map_err(|retry| retry.to_string())
}

fn states(kit: &Kit) -> Vec<(u16, &'static str)> {
    let ladder = kit.cloud.snapshot().assets[&ASSET].ladder.clone();
    let variants = ladder.unwrap_or_default();
    let state =
        |variant: &vault_domain::ladder::Variant| (variant.id.lines, variant.state.as_str());
    variants.iter().map(state).collect()
}

fn crafted(change: impl FnOnce(&mut Craft)) -> Kit {
    let kit = laddered();
    let mut craft = Craft::default();
    change(&mut craft);
    kit.workshop.set(craft);
    kit
}

fn coding(name: &'static str, build: fn() -> Kit) -> Scenario<impl AsyncFn(&Kit, usize) -> Answer> {
    Scenario::new(name, build, async |kit: &Kit, _| {
        coded(kit, 720, false).await
    })
    .between(|kit| kit.clock.advance(RUN_SECONDS))
    .or("Nothing")
}

#[test]
fn asking_for_a_ladder_survives_every_cut() {
    Scenario::new("ask_ladder", playing, async |kit: &Kit, _| {
        let asked = ask_ladder::run(&kit.ask_ladder(), &builders::ask(), ASSET).await;
        answer(asked, |shown| format!("{:?}", shown.asset.ladder))
    })
    .hold();
}

#[test]
fn planning_a_ladder_survives_every_cut() {
    Scenario::new("plan_ladder", playing, async |kit: &Kit, _| {
        planning(kit).await
    })
    .hold();
}

#[test]
fn coding_a_variant_survives_every_cut() {
    coding("code_variant", laddered).hold();
}

#[test]
fn a_variant_that_cannot_be_coded_leaves_nothing_at_every_cut() {
    coding("code_variant, unreadable", || {
        crafted(|craft| {
            craft.outcome = Err(PackageFault::new("unreadable_film", "it is damaged"));
        })
    })
    .hold();
    coding("code_variant, not aligned", || {
        let kit = laddered();
        kit.packager.set(Script {
            fault: Some((4, PackageFault::new("not_aligned", "elsewhere"))),
            ..Script::default()
        });
        kit
    })
    .hold();
}

#[test]
fn a_variant_of_what_plays_no_more_is_left_alone_at_every_cut() {
    coding("code_variant, deleted", || {
        let kit = laddered();
        kit.change_asset(|asset| {
            asset.keeping.presence = Presence::Deleted(Deletion {
                at: builders::record().at,
                erase_at: builders::record().at.plus(86_400),
            });
        });
        kit
    })
    .hold();
    coding("code_variant, withdrawn", || {
        let kit = laddered();
        kit.change_asset(|asset| asset.state = AssetState::Withdrawn);
        kit
    })
    .hold();
}

#[tokio::test]
async fn a_film_gets_its_ladder_once_and_plays_all_the_while() {
    let kit = playing();
    assert_eq!(planning(&kit).await, Ok("Ordered".to_owned()));
    let waiting = [
        (720, "waiting"),
        (540, "waiting"),
        (432, "waiting"),
        (360, "waiting"),
    ];
    assert_eq!(states(&kit), waiting);
    let order = |lines| ConversionOrder::Variant {
        org: ORG,
        asset: ASSET,
        package: PACKAGE,
        lines,
    };
    let orders = kit.cloud.snapshot().conversions;
    assert_eq!(orders, [720, 540, 432, 360].map(order));
    assert_eq!(coded(&kit, 720, false).await, Ok("Ready".to_owned()));
    assert_eq!(coded(&kit, 720, false).await, Ok("Nothing".to_owned()));
    let ticket = kit.plant_playback();
    let playlist = async |name| {
        let command = deliver_playlist::Command {
            ticket: ticket.expose().to_owned(),
            visitor: builders::visitor(),
            name,
        };
        deliver_playlist::run(&kit.deliver_playlist(), command).await
    };
    let master = playlist(PlaylistName::Master).await.unwrap();
    assert!(
        master.contains("\nvideo-720.m3u8\n") && !master.contains("video-540"),
        "{master}"
    );
    let variant = playlist(PlaylistName::Variant(720)).await.unwrap();
    let film = playlist(PlaylistName::Video).await.unwrap();
    let keys = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with("#EXT-X-KEY"));
        lines
            .map(|line| line.split(",IV=").next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        keys(&variant),
        keys(&film),
        "one key a period, whatever is watched"
    );
    assert!(variant.contains("/video-720-1-00000.ts?"));
    let other = playlist(PlaylistName::Variant(540)).await;
    assert!(matches!(other, Err(Refusal::NotFound(_))), "{other:?}");
}

/// What is told of the variant of 720 lines, and how many files there are.
fn files(kit: &Kit) -> (Option<VariantState>, usize) {
    let state = kit.cloud.snapshot();
    let mut ladder = state.assets[&ASSET].ladder.iter().flatten();
    let variant = ladder.find(|variant| variant.id.lines == 720);
    let keys = state.uploads.objects.keys();
    let files = keys.filter(|key| key.contains("/renditions/")).count();
    (variant.map(|variant| variant.state.clone()), files)
}

/// The octets of its file, of a variant that is ready.
fn octets(told: Option<VariantState>) -> Result<Option<u64>, Option<VariantState>> {
    match told {
        Some(VariantState::Ready(coded)) => Ok(coded.octets),
        other => Err(other),
    }
}

#[tokio::test]
async fn a_variant_is_a_file_too_where_such_are_kept_and_there_is_time_for_it() {
    let kit = laddered();
    assert_eq!(coded(&kit, 720, false).await, Ok("Ready".to_owned()));
    let (told, count) = files(&kit);
    assert_eq!((octets(told), count), (Ok(Some(2_000)), 1));
    let kit = laddered();
    let deps = convert_film::Deps {
        keep_files: false,
        ..kit.convert_film()
    };
    let ended = code_variant::run(&deps, command(&kit, 720, false)).await;
    assert_eq!(ended.unwrap(), process_upload::Outcome::Ready);
    let (told, count) = files(&kit);
    assert_eq!((octets(told), count), (Ok(None), 0));
    let kit = laddered();
    let late = code_variant::Command {
        deadline: kit.clock.now().plus(1),
        ..command(&kit, 720, false)
    };
    let ended = code_variant::run(&kit.convert_film(), late).await;
    assert_eq!(ended.unwrap(), process_upload::Outcome::Ready);
    let (told, count) = files(&kit);
    assert_eq!(
        (octets(told), count),
        (Ok(None), 0),
        "no second is left for it"
    );
}

#[tokio::test]
async fn a_sound_that_only_the_file_would_have_does_not_fail_the_variant() {
    let kit = laddered();
    kit.cloud.with(|s| {
        for manifest in s.manifests.values_mut() {
            let segments = manifest.presentation.segments.clone();
            manifest.presentation.renditions = vec![Rendition {
                stream: Stream::Audio(1),
                media: Media::Audio { channels: 2 },
                language: None,
                segments,
            }];
        }
    });
    kit.workshop.set(Craft {
        damaged_sounds: true,
        ..Craft::default()
    });
    assert_eq!(coded(&kit, 720, false).await, Ok("Ready".to_owned()));
    let (told, count) = files(&kit);
    assert_eq!((octets(told), count), (Ok(None), 0));
    let tried = kit.workshop.encodings();
    let sounds: Vec<_> = tried.iter().map(|own| own.source.sounds.len()).collect();
    assert_eq!(sounds, [1, 0]);
}

#[tokio::test]
async fn a_film_that_is_deleted_while_a_variant_is_coded_gets_none_and_nothing_stays_of_it() {
    let kit = laddered();
    let cloud = kit.cloud.clone();
    kit.packager.set(Script {
        watcher: Some(std::sync::Arc::new(move |step| {
            if step == 3 {
                cloud.with(|s| {
                    let asset = s.assets.get_mut(&ASSET).expect("the film");
                    asset.keeping.presence = Presence::Deleted(Deletion {
                        at: builders::record().at,
                        erase_at: builders::record().at.plus(86_400),
                    });
                });
            }
        })),
        ..Script::default()
    });
    assert_eq!(coded(&kit, 720, false).await, Ok("Nothing".to_owned()));
    let state = kit.cloud.snapshot();
    let of_it = |key: &String| key.contains("video-720");
    assert!(
        !state
            .segments
            .keys()
            .chain(state.manifests.keys())
            .any(of_it)
    );
    assert_eq!(planning(&kit).await, Ok("Nothing".to_owned()));
    assert!(kit.cloud.snapshot().conversions.is_empty());
}

#[tokio::test]
async fn a_variant_is_cut_where_the_film_is_and_takes_its_clock_and_sound() {
    let kit = laddered();
    assert_eq!(coded(&kit, 360, false).await, Ok("Ready".to_owned()));
    let encodings = kit.workshop.encodings();
    assert_eq!(encodings.len(), 1);
    let told = &encodings[0];
    assert_eq!((told.lines, told.most_kilobits), (360, Some(365)));
    assert_eq!(
        told.key_frames,
        KeyFrames::At(vec![540_000]),
        "but for the end"
    );
    assert!(told.as_uploaded && told.source.texts.is_empty());
    assert_eq!(told.source.sounds.len(), 1);
    assert!(kit.workshop.is_clear());
}

#[tokio::test]
async fn what_failed_is_tried_again_when_it_is_asked_for() {
    let kit = crafted(|craft| {
        craft.probe = Err(PackageFault::new("unreadable_film", "it is damaged"));
    });
    assert_eq!(coded(&kit, 720, false).await, Ok("Failed".to_owned()));
    assert_eq!(states(&kit), [(720, "failed"), (360, "waiting")]);
    kit.workshop.set(Craft::default());
    assert_eq!(coded(&kit, 720, false).await, Ok("Nothing".to_owned()));
    let asked = ask_ladder::run(&kit.ask_ladder(), &builders::ask(), ASSET).await;
    assert!(asked.is_ok());
    assert_eq!(states(&kit), [(720, "waiting"), (360, "waiting")]);
    assert_eq!(coded(&kit, 720, false).await, Ok("Ready".to_owned()));
    let ladder = kit.cloud.snapshot().assets[&ASSET].ladder.clone().unwrap();
    assert_eq!(ladder[0].id.attempt, 2);
    assert!(matches!(ladder[0].state, VariantState::Ready(_)));
}

#[tokio::test]
async fn the_last_try_of_a_variant_gives_up_with_a_reason_and_the_film_plays_on() {
    let kit = laddered();
    kit.faults.arm(vec![vault_testkit::Fault {
        call: 6,
        mode: vault_testkit::Mode::FailBefore,
    }]);
    assert_eq!(coded(&kit, 720, true).await, Ok("Failed".to_owned()));
    let asset = kit.cloud.snapshot().assets[&ASSET].clone();
    assert_eq!(asset.state, AssetState::Ready);
    let VariantState::Failed(failure) = &asset.ladder.unwrap()[0].state else {
        panic!("it did not fail");
    };
    assert_eq!(failure.code, "gave_up");
}

#[tokio::test]
async fn a_second_run_waits_for_the_first_and_another_packages_order_is_nobodys() {
    let kit = laddered();
    let until = kit.clock.now().plus(60);
    kit.change_asset(|asset| {
        let run = PackageId::from_octets([9; 16]);
        let lease = (builders::record().at, until);
        let ladder = asset.ladder.as_deref();
        asset.ladder = vault_domain::ladder::claimed(ladder, 720, run, lease);
    });
    assert!(coded(&kit, 720, false).await.is_err());
    let command = code_variant::Command {
        package: PackageId::from_octets([8; 16]),
        ..command(&kit, 360, false)
    };
    let outcome = code_variant::run(&kit.convert_film(), command).await;
    assert_eq!(outcome.unwrap(), process_upload::Outcome::Nothing);
    assert_eq!(states(&kit), [(720, "coding"), (360, "waiting")]);
}

#[tokio::test]
async fn where_nothing_is_converted_or_the_film_does_not_play_a_ladder_is_refused() {
    let kit = playing();
    let deps = ask_ladder::Deps {
        orders: None,
        ..kit.ask_ladder()
    };
    let refused = ask_ladder::run(&deps, &builders::ask(), ASSET).await;
    assert!(matches!(refused, Err(Refusal::Conflict(_))), "{refused:?}");
    kit.change_asset(|asset| asset.state = AssetState::Processing);
    let refused = ask_ladder::run(&kit.ask_ladder(), &builders::ask(), ASSET).await;
    assert!(
        matches!(refused, Err(Refusal::WrongState(_))),
        "{refused:?}"
    );
    assert!(kit.cloud.snapshot().conversions.is_empty());
}

#[test]
fn a_ladder_is_ordered_with_the_film_where_films_get_one_at_every_cut() {
    Scenario::new(
        "process_upload, with a ladder",
        || {
            let kit = Kit::with_users(1);
            let film = builders::film(1_000);
            kit.plant_arrived(builders::new_asset(&film), film);
            kit.change_asset(|asset| asset.state = AssetState::Uploaded);
            kit
        },
        async |kit: &Kit, _| {
            let deps = process_upload::Deps {
                ladder: Some(kit.cloud.clone()),
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
