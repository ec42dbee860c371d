//! The crash-point sweep over packaging. A repetition is a further delivery of the event, after the lease of a run
//! that died has ended.

use std::sync::Arc;

use vault_domain::asset::{Asset, AssetState};
use vault_domain::audit::Event;
use vault_domain::packaging::{Extent, PackageFault};
use vault_domain::ports::Clock as _;
use vault_domain::usecase::process_upload;
use vault_testkit::builders::{self, ASSET, ORG};
use vault_testkit::packager::Script;
use vault_testkit::sweep::{Answer, Scenario, drive};
use vault_testkit::{Fault, Kit, Mode};

const RUN_SECONDS: u64 = 900;

async fn deliver(kit: &Kit, last_try: bool) -> Answer {
    let command = process_upload::Command {
        org: ORG,
        asset: ASSET,
        deadline: kit.clock.now().plus(RUN_SECONDS),
        last_try,
        request: "req-1".to_owned(),
    };
    let outcome = process_upload::run(&kit.process_upload(), command).await;
    outcome
        .map(|outcome| format!("{outcome:?}"))
        .map_err(|retry| retry.to_string())
}

/// The film has arrived and nobody has noticed yet.
fn arrived() -> Kit {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    kit
}

fn in_state(state: AssetState) -> Kit {
    let kit = arrived();
    kit.change_asset(|asset| asset.state = state);
    kit
}

fn scripted(change: impl FnOnce(&mut Script)) -> Kit {
    let kit = in_state(AssetState::Uploaded);
    let mut script = Script::default();
    change(&mut script);
    kit.packager.set(script);
    kit
}

/// Deliveries of one event until one of them is done with it.
fn packaging(
    name: &'static str,
    build: fn() -> Kit,
) -> Scenario<impl AsyncFn(&Kit, usize) -> Answer> {
    Scenario::new(name, build, async |kit: &Kit, _| deliver(kit, false).await)
        .between(|kit| kit.clock.advance(RUN_SECONDS))
        // A delivery after the one that did the work and died before it could say so.
        .or("Nothing")
}

#[test]
fn packaging_a_film_that_just_arrived_survives_every_cut() {
    packaging("process_upload, uploading", arrived).hold();
}

#[test]
fn packaging_an_uploaded_film_survives_every_cut() {
    packaging("process_upload, uploaded", || {
        in_state(AssetState::Uploaded)
    })
    .hold();
}

#[test]
fn a_film_that_is_more_than_films_may_be_fails_and_leaves_nothing_at_every_cut() {
    packaging("process_upload, too large", || {
        scripted(|script| script.resolution = (4_321, 4_321))
    })
    .hold();
    packaging("process_upload, longer than it says", || {
        scripted(|script| {
            script.index = Some(Extent {
                seconds: 1,
                resolution: (1, 1),
            });
            script.resolution = (8_193, 1);
        })
    })
    .hold();
}

#[test]
fn packaging_a_film_of_several_sounds_survives_every_cut() {
    packaging("process_upload, two sounds", || {
        scripted(|script| (script.segments, script.sounds) = (2, 1))
    })
    .hold();
}

#[tokio::test]
async fn sounds_share_the_key_of_their_period_and_have_segments_of_their_own() {
    let kit = scripted(|script| (script.segments, script.sounds) = (7, 2));
    deliver(&kit, false).await.unwrap();
    let state = kit.cloud.snapshot();
    let manifest = state.manifests.values().next().expect("a manifest");
    let periods = manifest
        .presentation
        .segments
        .last()
        .map(|last| last.period + 1);
    assert_eq!(
        Some(manifest.keys.len()),
        periods.map(|periods| periods as usize)
    );
    assert_eq!(
        (state.keys.len(), state.segments.len()),
        (manifest.keys.len(), 3 * 7)
    );
    for (_, segments) in manifest.presentation.streams() {
        assert_eq!(segments.len(), 7);
        let mut ivs: Vec<_> = segments.iter().map(|segment| segment.iv.0).collect();
        ivs.extend(manifest.presentation.segments.iter().map(|main| main.iv.0));
        ivs.sort_unstable();
        ivs.dedup();
        assert!(ivs.len() == 7 || ivs.len() == 14, "no IV is used twice");
    }
}

#[test]
fn an_event_that_comes_again_too_soon_is_kept_for_later_at_every_cut() {
    packaging("process_upload, delivered within the lease", || {
        in_state(AssetState::Uploaded)
    })
    // A run that died holds its lease for two further deliveries: they must not take the event away.
    .between(|kit| kit.clock.advance(RUN_SECONDS * 4 / 10))
    .hold();
}

#[test]
fn packaging_after_two_dead_runs_survives_every_cut() {
    packaging("process_upload, two dead runs", || {
        let kit = in_state(AssetState::Processing);
        let sample = vault_testkit::Sample::new(2);
        let dead = [sample.package(), sample.package()];
        kit.cloud.with(|s| {
            let asset = s.assets.get_mut(&ASSET).unwrap();
            *asset = Asset {
                package: Some(dead[1]),
                runs: dead.to_vec(),
                lease_until: Some(kit.clock.now()),
                ..asset.clone()
            };
            for package in dead {
                let key = sample.wrapped_key(ASSET, package);
                s.keys.insert((ASSET, key.key), key);
                let segment = vault_domain::asset::segment_key(
                    ASSET,
                    package,
                    vault_domain::packaging::Stream::Main,
                    0,
                );
                s.segments.insert(segment, vec![0; 16]);
            }
        });
        kit
    })
    .hold();
}

#[test]
fn a_ready_film_is_left_as_it_is() {
    packaging("process_upload, ready", || {
        let kit = Kit::with_users(1);
        kit.plant_ready();
        kit
    })
    .hold();
}

#[test]
fn what_is_no_film_fails_and_its_bytes_go_at_every_cut() {
    packaging("process_upload, no film", || {
        let fault = PackageFault::new("not_a_film", "it looks like text");
        scripted(|script| script.fault = Some((1, fault)))
    })
    .hold();
}

#[test]
fn a_film_that_cannot_be_packaged_fails_and_leaves_nothing_at_every_cut() {
    packaging("process_upload, a fault after a segment", || {
        let fault = PackageFault::new("unsupported_codec", "VP9 is not supported");
        scripted(|script| script.fault = Some((5, fault)))
    })
    .hold();
}

#[test]
fn a_source_that_is_gone_fails_at_every_cut() {
    packaging("process_upload, source gone", || {
        let kit = in_state(AssetState::Uploaded);
        kit.cloud.with(|s| s.uploads.objects.clear());
        kit
    })
    .hold();
}

#[test]
fn a_lying_upload_that_the_event_finds_is_removed_at_every_cut() {
    packaging("process_upload, a lie", || {
        let kit = Kit::with_users(1);
        let new = builders::new_asset(&builders::film(1_000));
        kit.plant_arrived(new, builders::film(999));
        kit
    })
    .hold();
}

#[test]
fn a_withdrawal_during_packaging_wins_and_leaves_nothing_at_every_cut() {
    packaging("process_upload, withdrawn meanwhile", || {
        let kit = in_state(AssetState::Uploaded);
        let cloud = kit.cloud.clone();
        kit.packager.set(Script {
            watcher: Some(std::sync::Arc::new(move |step| {
                if step == 5 {
                    cloud.with(|s| {
                        s.assets.get_mut(&ASSET).unwrap().state = AssetState::Withdrawn;
                    });
                }
            })),
            ..Script::default()
        });
        kit
    })
    .hold();
}

#[test]
fn a_film_that_takes_too_long_fails_and_leaves_nothing_at_every_cut() {
    packaging("process_upload, too long", || {
        let kit = in_state(AssetState::Uploaded);
        let clock = kit.clock.clone();
        kit.packager.set(Script {
            watcher: Some(std::sync::Arc::new(move |step| {
                if step == 5 {
                    clock.advance(RUN_SECONDS);
                }
            })),
            ..Script::default()
        });
        kit
    })
    .hold();
}

/// The second delivery is the last; what comes after it is the operator's redrive from the dead-letter queue.
/// Either end is right: the film was packaged, or it failed as given up with nothing left of it.
#[test]
fn the_last_try_ends_ready_or_given_up_at_every_cut() {
    Scenario::new(
        "process_upload, last try",
        || in_state(AssetState::Uploaded),
        async |kit: &Kit, number| {
            let outcome = deliver(kit, number >= 2).await;
            outcome.map(|_| "settled".to_owned())
        },
    )
    .between(|kit| kit.clock.advance(RUN_SECONDS))
    .end(|kit| {
        let state = kit.cloud.snapshot();
        let asset = &state.assets[&ASSET];
        let lines = state.shape().lines();
        let whole = lines.iter().any(|line| line.contains("ready"))
            && lines
                .iter()
                .any(|line| line.contains("2 keys, 3 segments, manifest true"));
        let given_up = asset.failure.as_ref().is_some_and(|f| f.code == "gave_up")
            && asset.state == AssetState::Failed;
        if whole || given_up {
            vec!["ready and whole, or given up".to_owned()]
        } else {
            lines
        }
    })
    .hold();
}

#[test]
fn an_event_of_another_organisation_or_of_nothing_does_nothing() {
    packaging("process_upload, foreign", || {
        let kit = arrived();
        kit.cloud.with(|s| {
            let mut asset = s.assets.remove(&ASSET).unwrap();
            s.tallies.clear();
            s.waiting.clear();
            asset.announced.org = vault_domain::id::OrgId::from_octets([9; 16]);
            s.plant(asset);
        });
        kit
    })
    .hold();
}

#[test]
fn a_film_of_more_segments_than_a_playlist_can_hold_fails_with_a_reason() {
    let kit = scripted(|script| {
        (script.segments, script.reads) = (vault_domain::hls::MAX_SEGMENTS + 1, 0);
    });
    let answer = futures_util::FutureExt::now_or_never(deliver(&kit, false));
    assert_eq!(answer.expect("fakes never wait"), Ok("Failed".to_owned()));
    let state = kit.cloud.snapshot();
    let failure = state.assets[&ASSET].failure.clone().expect("a reason");
    assert_eq!(failure.code, "film_too_long");
    let left = state.shape().lines();
    assert!(
        left.iter().any(|line| line.contains("failed"))
            && !left.iter().any(|line| line.contains("segments")),
        "{left:?}"
    );
}

#[test]
fn a_film_of_more_segments_in_all_than_a_manifest_can_hold_fails_with_a_reason() {
    let kit = scripted(|script| {
        (script.segments, script.sounds, script.reads) = (5_000, 9, 0);
    });
    let answer = futures_util::FutureExt::now_or_never(deliver(&kit, false));
    assert_eq!(answer.expect("fakes never wait"), Ok("Failed".to_owned()));
    let failure = kit.cloud.snapshot().assets[&ASSET].failure.clone();
    assert_eq!(failure.expect("a reason").code, "film_too_long");
}

#[tokio::test]
async fn a_record_tells_when_it_was_done_and_not_when_the_run_began() {
    let kit = in_state(AssetState::Uploaded);
    let clock = kit.clock.clone();
    let watcher = Arc::new(move |_| clock.advance(10));
    kit.packager.set(Script {
        watcher: Some(watcher),
        ..Script::default()
    });
    let began = kit.clock.now();
    deliver(&kit, false).await.unwrap();
    let (ended, records) = (kit.clock.now(), kit.cloud.snapshot().audit);
    let ready = records.iter().find(|r| r.event == Event::AssetReady);
    assert!(ended > began);
    assert_eq!(ready.map(|record| record.at), Some(ended));
}

fn told(kit: &Kit) -> Vec<u8> {
    let notes = kit.cloud.calls();
    let asset = kit.cloud.with(|s| s.assets[&ASSET].clone());
    let told = notes.iter().filter(|name| **name == "assets.progress");
    vec![asset.progress; told.count()]
}

#[test]
fn progress_is_told_a_bounded_number_of_times_and_a_write_that_fails_stops_nothing() {
    let build = || scripted(|script| (script.segments, script.reads) = (40, 3));
    let kit = build();
    assert_eq!(
        drive(&kit.faults, deliver(&kit, false)),
        Some(Ok("Ready".to_owned()))
    );
    let writes = told(&kit);
    assert!((2..20).contains(&writes.len()), "{writes:?}");
    assert_eq!(writes[0], 95, "the last that was told");
    assert_eq!(kit.cloud.with(|s| s.assets[&ASSET].packaged()), None);

    let calls = kit.faults.log();
    let progress = (1..)
        .zip(&calls)
        .filter(|(_, call)| call.name == "assets.progress");
    let faults = progress.map(|(call, _)| Fault {
        call,
        mode: Mode::FailBefore,
    });
    let other = build();
    other.faults.arm(faults.collect());
    assert_eq!(
        drive(&other.faults, deliver(&other, false)),
        Some(Ok("Ready".to_owned()))
    );
    assert_eq!(told(&other), vec![0; writes.len()]);
}

#[test]
fn a_film_that_is_taken_over_is_told_of_once() {
    let kit = in_state(AssetState::Uploaded);
    let lost = vec![Fault {
        call: 4,
        mode: Mode::DieAfter,
    }];
    kit.faults.arm(lost);
    assert_eq!(
        drive(&kit.faults, deliver(&kit, false)),
        None,
        "the run died"
    );
    kit.clock.advance(RUN_SECONDS);
    kit.faults.arm(Vec::new());
    assert_eq!(
        drive(&kit.faults, deliver(&kit, false)),
        Some(Ok("Ready".to_owned()))
    );
    let events = kit
        .cloud
        .with(|s| s.audit.iter().map(|r| r.event).collect::<Vec<_>>());
    assert_eq!(events, [Event::AssetProcessing, Event::AssetReady]);
}
