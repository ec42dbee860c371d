//! Verdicts about malware: nothing is read of a film before the one about just its file, whatever comes when; and the
//! crash-point sweep.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests tells what is wrong by panicking"
)]

use vault_domain::asset::{Asset, AssetState};
use vault_domain::audit::Event;
use vault_domain::deletion::{Duty, Hold, Reason};
use vault_domain::download::Rendition;
use vault_domain::error::Refusal;
use vault_domain::packaging::PackagingOrder;
use vault_domain::ports::Clock as _;
use vault_domain::scan::{Finding, SourceVersion, Threats, Unscanned, VERDICT_WITHIN};
use vault_domain::usecase::process_upload::{Command, Deps, Outcome, Retry};
use vault_domain::usecase::{
    authorize_download, convert_film, judge_source, process_upload, reprocess, sweep_assets,
};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, ORG};
use vault_testkit::clock::GOLDEN_NOW;
use vault_testkit::cloud::Object;
use vault_testkit::sweep::{Answer, Scenario};

const RUN_SECONDS: u64 = 900;

/// A film that has arrived, and nobody has noticed yet.
fn arrived() -> Kit {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    kit
}

fn uploaded() -> Kit {
    let kit = arrived();
    kit.change_asset(|asset| {
        asset.state = AssetState::Uploaded;
        asset.charge = asset.charge.map(vault_domain::quota::Charge::settled);
    });
    kit
}

fn gated(kit: &Kit) -> Deps {
    Deps {
        scans: Some(kit.cloud.clone()),
        ..kit.process_upload()
    }
}

fn command(kit: &Kit) -> Command {
    Command {
        org: ORG,
        asset: ASSET,
        deadline: kit.clock.now().plus(RUN_SECONDS),
        last_try: false,
        request: "req-1".to_owned(),
    }
}

async fn deliver(kit: &Kit) -> Outcome {
    process_upload::run(&gated(kit), command(kit))
        .await
        .unwrap()
}

fn object(kit: &Kit) -> Object {
    let key = asset(kit).source_key();
    kit.cloud.with(|s| s.uploads.objects[&key].clone())
}

/// The object that is there.
fn there(kit: &Kit) -> SourceVersion {
    let object = object(kit);
    SourceVersion::parse(&format!("v{}", object.version), &object.etag).unwrap()
}

/// Another object takes its place, as nothing of ours lets one.
fn overwrite(kit: &Kit, act: impl FnOnce(&mut Object)) {
    let (key, mut other) = (asset(kit).source_key(), object(kit));
    act(&mut other);
    kit.cloud.with(|s| s.uploads.objects.insert(key, other));
}

async fn told_of(kit: &Kit, about: SourceVersion, finding: Finding) -> Result<Outcome, Retry> {
    let command = judge_source::Command {
        delivery: command(kit),
        about,
        finding,
    };
    judge_source::run(&gated(kit), command).await
}

async fn told(kit: &Kit, finding: Finding) -> Outcome {
    told_of(kit, there(kit), finding).await.unwrap()
}

fn threat() -> Finding {
    Finding::Threat(Threats::of(["EICAR-Test-File"]))
}

fn asset(kit: &Kit) -> Asset {
    kit.cloud.with(|s| s.assets[&ASSET].clone())
}

fn code(kit: &Kit) -> Option<String> {
    asset(kit).failure.map(|failure| failure.code)
}

fn recorded(kit: &Kit, event: Event) -> usize {
    let is = |record: &&vault_domain::audit::Record| record.event == event;
    kit.cloud.with(|s| s.audit.iter().filter(is).count())
}

/// Was anything made of the film?
fn untouched(kit: &Kit) -> bool {
    kit.cloud.with(|s| {
        let made = s.segments.len() + s.keys.len() + s.manifests.len() + s.conversions.len();
        made == 0 && s.assets[&ASSET].runs.is_empty()
    })
}

async fn swept(kit: &Kit) -> sweep_assets::Run {
    let command = sweep_assets::Command {
        deadline: kit.clock.now().plus(600),
        request: "req-5".to_owned(),
    };
    sweep_assets::run(&kit.sweep_assets(), &command)
        .await
        .unwrap()
}

async fn reprocessed(kit: &Kit) -> Result<Asset, Refusal> {
    let deps = reprocess::Deps {
        library: &kit.library(),
        reopenings: &*kit.cloud,
        orders: &*kit.cloud,
    };
    let shown = reprocess::run(&deps, &builders::ask(), ASSET).await?;
    Ok(shown.asset)
}

#[tokio::test]
async fn a_film_waits_whole_until_it_is_cleared_and_is_packaged_then() {
    let kit = arrived();
    assert_eq!(deliver(&kit).await, Outcome::Awaited);
    assert_eq!(deliver(&kit).await, Outcome::Awaited, "told twice");
    assert_eq!(asset(&kit).state, AssetState::Uploaded);
    assert!(untouched(&kit));
    assert_eq!(told(&kit, Finding::Clean).await, Outcome::Ready);
    assert_eq!(told(&kit, Finding::Clean).await, Outcome::Nothing, "twice");
    assert_eq!(deliver(&kit).await, Outcome::Nothing);
    assert_eq!(asset(&kit).state, AssetState::Ready);
    assert_eq!(recorded(&kit, Event::AssetScanned), 1);
    kit.clock.advance(VERDICT_WITHIN);
    assert_eq!(swept(&kit).await.unheard, 0, "it came in time");
    assert!(kit.cloud.snapshot().dues.is_empty());
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn a_verdict_that_comes_before_anybody_noticed_the_film_is_enough() {
    let kit = arrived();
    assert_eq!(told(&kit, Finding::Clean).await, Outcome::Ready);
    assert!(kit.cloud.snapshot().dues.is_empty(), "nothing waited");
}

#[tokio::test]
async fn a_verdict_clears_no_lie() {
    let kit = arrived();
    overwrite(&kit, |object| {
        *object = Object::new(builders::film(1_001));
    });
    assert_eq!(told(&kit, Finding::Clean).await, Outcome::Nothing);
    assert_eq!(code(&kit).as_deref(), Some("size_mismatch"));
    // Nor is it had back by a verdict that leaves what failed to be tried again.
    let kit = arrived();
    overwrite(&kit, |object| {
        *object = Object::new(builders::film(1_001));
    });
    let unscanned = Finding::Unscanned(Unscanned::Failed);
    assert_eq!(told(&kit, unscanned).await, Outcome::Nothing);
    assert_eq!(code(&kit).as_deref(), Some("size_mismatch"));
    assert!(untouched(&kit));
}

#[tokio::test]
async fn a_verdict_about_another_object_is_about_nothing() {
    let kit = uploaded();
    let etag = object(&kit).etag;
    for about in [
        SourceVersion::parse("v2", &etag).unwrap(),
        SourceVersion::parse("v1", "other").unwrap(),
    ] {
        for finding in [
            Finding::Clean,
            threat(),
            Finding::Unscanned(Unscanned::Failed),
        ] {
            let outcome = told_of(&kit, about.clone(), finding).await.unwrap();
            assert_eq!(outcome, Outcome::Nothing, "{about:?}");
        }
    }
    assert_eq!(deliver(&kit).await, Outcome::Awaited);
    assert_eq!(
        (asset(&kit).state, asset(&kit).scan),
        (AssetState::Uploaded, None)
    );
    assert!(untouched(&kit));
    // Nor one about what is not there any more.
    let before = there(&kit);
    kit.cloud.with(|s| s.uploads.objects.clear());
    let outcome = told_of(&kit, before, Finding::Clean).await.unwrap();
    assert_eq!((outcome, asset(&kit).scan), (Outcome::Nothing, None));
}

#[tokio::test]
async fn what_takes_the_place_of_a_cleared_file_is_not_read() {
    for act in [
        (|object: &mut Object| object.version = 2) as fn(&mut Object),
        |object| object.etag = "\"other\"".to_owned(),
    ] {
        let kit = uploaded();
        // Cleared, and the run that came of it died before it had read anything.
        let about = there(&kit);
        kit.change_asset(|asset| {
            asset.scan = Some(vault_domain::scan::Scan {
                of: about,
                clean: true,
            });
        });
        overwrite(&kit, act);
        assert_eq!(deliver(&kit).await, Outcome::Failed);
        assert_eq!(code(&kit).as_deref(), Some("source_gone"));
        let made = kit.cloud.snapshot();
        assert!(made.segments.is_empty() && made.keys.is_empty());
    }
}

#[tokio::test]
async fn nothing_converts_a_film_that_waits() {
    let kit = uploaded();
    let deps = convert_film::Deps {
        process: Deps {
            conversions: None,
            ..gated(&kit)
        },
        ..kit.convert_film()
    };
    let outcome = convert_film::run(&deps, command(&kit)).await.unwrap();
    assert_eq!(outcome, Outcome::Awaited);
    assert!(untouched(&kit));
    assert_eq!(kit.cloud.with(|s| s.dues.len()), 1, "the wait has an end");
}

#[tokio::test]
async fn a_film_that_was_in_hand_when_the_scan_was_switched_on_waits_and_its_wait_ends() {
    let week = GOLDEN_NOW.plus(7 * 86_400);
    for (lease, ended) in [(None, true), (Some(GOLDEN_NOW), true), (Some(week), false)] {
        let kit = uploaded();
        kit.change_asset(|asset| {
            asset.state = AssetState::Processing;
            asset.lease_until = lease;
        });
        assert_eq!(deliver(&kit).await, Outcome::Awaited);
        kit.clock.advance(VERDICT_WITHIN);
        let told = swept(&kit).await.unheard;
        assert_eq!(told == 1, ended, "{lease:?}");
        if !ended {
            assert_eq!(asset(&kit).state, AssetState::Processing);
            kit.clock.set(week);
            assert_eq!(swept(&kit).await.unheard, 1, "it is not forgotten");
        }
        assert_eq!(asset(&kit).state, AssetState::Failed);
        kit.clock.set(GOLDEN_NOW);
    }
}

#[tokio::test]
async fn nothing_of_a_film_that_waits_is_downloaded_and_nothing_that_holds_malware_ever() {
    let ask = async |kit: &Kit, scanned: bool| {
        let mut deps = kit.authorize_download();
        deps.plan.scanned = scanned;
        let command = authorize_download::Command {
            origin: None,
            source: builders::source(),
            token: builders::media_token(3),
            asset: ASSET,
            rendition: Rendition::Original,
            idempotency: None,
        };
        let opened = authorize_download::run(&deps, command).await;
        opened.map_or_else(|refusal| refusal.to_string(), |_| "opened".to_owned())
    };
    let said = |clean| {
        move |kit: &Kit| {
            let of = there(kit);
            kit.change_asset(|asset| asset.scan = Some(vault_domain::scan::Scan { of, clean }));
        }
    };
    let (clean, threat) = (said(true), said(false));
    for state in [
        AssetState::Uploaded,
        AssetState::Processing,
        AssetState::Ready,
    ] {
        let film = || {
            let kit = uploaded();
            kit.change_asset(|asset| asset.state = state);
            kit.plant_download_grant(&builders::media_token(3), |_| ());
            kit
        };
        assert_eq!(
            ask(&film(), false).await,
            "opened",
            "{state}: nothing waits"
        );
        let kit = film();
        let waits = state != AssetState::Ready;
        assert_eq!(
            ask(&kit, true).await != "opened",
            waits,
            "{state}: it waits"
        );
        assert_eq!(kit.cloud.snapshot().downloads.is_empty(), waits);
        let kit = film();
        clean(&kit);
        assert_eq!(ask(&kit, true).await, "opened", "{state}: it is cleared");
        for scanned in [true, false] {
            let kit = film();
            threat(&kit);
            let refused = ask(&kit, scanned).await;
            assert!(refused.contains("malware"), "{state}: {refused}");
        }
    }
}

#[tokio::test]
async fn malware_fails_the_film_and_takes_its_file_and_no_later_word_brings_it_back() {
    for build in [arrived, uploaded] {
        let kit = build();
        let about = there(&kit);
        assert_eq!(told(&kit, threat()).await, Outcome::Failed);
        assert_eq!(code(&kit).as_deref(), Some("malware_found"));
        let state = kit.cloud.snapshot();
        assert!(state.uploads.objects.is_empty());
        assert_eq!(state.noncurrent.len(), 1, "S3 keeps it, for whoever looks");
        assert_eq!(state.tallies[&ORG].used.bytes, 0, "it counts no more");
        let record = state.audit.iter().find(|r| r.event == Event::AssetScanned);
        let named: Vec<_> = record.unwrap().details.iter().collect();
        assert!(named.contains(&("threats", "EICAR-Test-File")), "{named:?}");
        for late in [Finding::Clean, threat()] {
            let outcome = told_of(&kit, about.clone(), late).await.unwrap();
            assert_eq!(outcome, Outcome::Nothing, "of what is gone");
        }
        assert_eq!(deliver(&kit).await, Outcome::Nothing);
        assert!(matches!(reprocessed(&kit).await, Err(Refusal::Conflict(_))));
        assert_eq!(recorded(&kit, Event::AssetFailed), 1);
        assert!(untouched(&kit));
    }
}

#[tokio::test]
async fn malware_that_is_found_while_a_film_is_packaged_stops_it_and_its_run_leaves_nothing() {
    let kit = uploaded();
    let dead = builders::PACKAGE;
    kit.change_asset(|asset| {
        asset.state = AssetState::Processing;
        (asset.package, asset.runs) = (Some(dead), vec![dead]);
        asset.lease_until = Some(GOLDEN_NOW.plus(RUN_SECONDS));
    });
    assert_eq!(told(&kit, threat()).await, Outcome::Failed);
    assert_eq!(code(&kit).as_deref(), Some("malware_found"));
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn malware_that_is_found_late_takes_the_file_and_leaves_what_plays() {
    let kit = arrived();
    assert_eq!(told(&kit, Finding::Clean).await, Outcome::Ready);
    let segments = kit.cloud.snapshot().segments;
    assert_eq!(told(&kit, threat()).await, Outcome::Failed);
    let state = kit.cloud.snapshot();
    assert_eq!(asset(&kit).state, AssetState::Ready);
    assert!(state.uploads.objects.is_empty() && state.segments == segments);
    assert_eq!(asset(&kit).scan.map(|scan| scan.clean), Some(false));
    assert_eq!(recorded(&kit, Event::AssetScanned), 2);
}

#[tokio::test]
async fn what_was_not_scanned_fails_closed_and_may_be_tried_again_once_it_was() {
    for (why, expected) in [
        (Unscanned::Unsupported, "scan_unsupported"),
        (Unscanned::AccessDenied, "scan_access_denied"),
        (Unscanned::Failed, "scan_failed"),
    ] {
        for verdict_first in [true, false] {
            let kit = arrived();
            let unscanned = || Finding::Unscanned(why);
            assert_eq!(told(&kit, unscanned()).await, Outcome::Failed);
            assert_eq!(told(&kit, unscanned()).await, Outcome::Nothing, "twice");
            assert_eq!(code(&kit).as_deref(), Some(expected));
            assert_eq!(kit.cloud.snapshot().uploads.objects.len(), 1, "it stays");
            if verdict_first {
                assert_eq!(told(&kit, Finding::Clean).await, Outcome::Nothing);
                reprocessed(&kit).await.unwrap();
                let orders = kit.cloud.snapshot().packagings;
                let order = PackagingOrder {
                    org: ORG,
                    asset: ASSET,
                    text: None,
                };
                assert_eq!(orders, [order]);
                assert_eq!(deliver(&kit).await, Outcome::Ready);
            } else {
                reprocessed(&kit).await.unwrap();
                assert_eq!(deliver(&kit).await, Outcome::Awaited, "it waits anew");
                assert_eq!(told(&kit, Finding::Clean).await, Outcome::Ready);
            }
        }
    }
}

#[tokio::test]
async fn a_scan_that_fails_after_one_that_found_nothing_changes_nothing() {
    let kit = arrived();
    assert_eq!(told(&kit, Finding::Clean).await, Outcome::Ready);
    let kit2 = uploaded();
    let of = there(&kit2);
    kit2.change_asset(|asset| asset.scan = Some(vault_domain::scan::Scan { of, clean: true }));
    for kit in [&kit, &kit2] {
        let before = asset(kit);
        let unscanned = Finding::Unscanned(Unscanned::Failed);
        assert_eq!(told(kit, unscanned).await, Outcome::Nothing);
        assert_eq!(asset(kit), before);
    }
}

#[tokio::test]
async fn malware_in_what_the_law_holds_is_kept_and_its_film_fails() {
    let kit = arrived();
    kit.change_asset(|asset| {
        asset.keeping.hold = Some(Hold {
            reason: Reason::parse("Case 1").unwrap(),
            at: GOLDEN_NOW,
        });
    });
    let before = object(&kit);
    assert_eq!(told(&kit, threat()).await, Outcome::Failed);
    assert_eq!(code(&kit).as_deref(), Some("malware_found"));
    assert_eq!(object(&kit), before);
    // Nor by what comes late.
    assert_eq!(deliver(&kit).await, Outcome::Nothing);
    assert_eq!(object(&kit), before);
}

#[tokio::test]
async fn a_wait_ends_after_a_day_and_not_a_second_before_and_a_second_one_lasts_as_long() {
    let kit = arrived();
    deliver(&kit).await;
    kit.clock.advance(VERDICT_WITHIN - 1);
    // Told once more, it waits no longer.
    deliver(&kit).await;
    assert_eq!(swept(&kit).await.unheard, 0);
    kit.clock.advance(1);
    assert_eq!(swept(&kit).await.unheard, 1);
    assert_eq!(code(&kit).as_deref(), Some("scan_timed_out"));
    assert!(kit.cloud.snapshot().dues.is_empty());
    assert_eq!(recorded(&kit, Event::AssetFailed), 1);
    reprocessed(&kit).await.unwrap();
    deliver(&kit).await;
    kit.clock.advance(VERDICT_WITHIN - 1);
    assert_eq!(swept(&kit).await.unheard, 0);
    assert_eq!(told(&kit, Finding::Clean).await, Outcome::Ready);
}

#[tokio::test]
async fn the_end_of_a_wait_is_not_that_of_one_which_began_later() {
    let kit = arrived();
    deliver(&kit).await;
    let unscanned = Finding::Unscanned(Unscanned::Failed);
    assert_eq!(told(&kit, unscanned).await, Outcome::Failed);
    kit.clock.advance(VERDICT_WITHIN - 10);
    reprocessed(&kit).await.unwrap();
    deliver(&kit).await;
    let waits = kit.cloud.snapshot().dues;
    let duties: Vec<_> = waits.keys().map(|(_, duty)| *duty).collect();
    assert_eq!(duties, [Duty::Verdict(ASSET, 0), Duty::Verdict(ASSET, 1)]);
    kit.clock.advance(10);
    assert_eq!(swept(&kit).await.unheard, 0, "that was the first");
    assert_eq!(asset(&kit).state, AssetState::Uploaded);
    kit.clock.advance(VERDICT_WITHIN);
    assert_eq!(swept(&kit).await.unheard, 1);
}

#[tokio::test]
async fn where_nothing_is_scanned_no_film_waits_and_no_verdict_counts() {
    let kit = arrived();
    let command = judge_source::Command {
        delivery: command(&kit),
        about: there(&kit),
        finding: threat(),
    };
    let outcome = judge_source::run(&kit.process_upload(), command).await;
    assert_eq!(outcome.unwrap(), Outcome::Nothing);
    assert_eq!(kit.cloud.calls(), [""; 0], "nothing was even asked");
    let outcome = process_upload::run(&kit.process_upload(), self::command(&kit)).await;
    assert_eq!(outcome.unwrap(), Outcome::Ready);
    let calls = kit.cloud.calls();
    assert!(!calls.iter().any(|call| call.starts_with("scans.")));
}

#[tokio::test]
async fn of_another_organisations_film_no_verdict_is_taken() {
    let kit = uploaded();
    let mut foreign = command(&kit);
    foreign.org = vault_domain::id::OrgId::from_octets([9; 16]);
    let command = judge_source::Command {
        delivery: foreign,
        about: there(&kit),
        finding: Finding::Clean,
    };
    let outcome = judge_source::run(&gated(&kit), command).await.unwrap();
    assert_eq!((outcome, asset(&kit).scan), (Outcome::Nothing, None));
}

async fn verdict(kit: &Kit, finding: Finding) -> Answer {
    // Of the object that was there at first, as an event names it.
    let etag = Object::new(builders::film(1_000)).etag;
    let about = SourceVersion::parse("v1", &etag).unwrap();
    let outcome = told_of(kit, about, finding).await;
    outcome
        .map(|outcome| format!("{outcome:?}"))
        .map_err(|retry| retry.to_string())
}

#[test]
fn the_beginning_of_a_wait_survives_every_cut() {
    Scenario::new("scan, awaited", arrived, async |kit: &Kit, _| {
        let outcome = process_upload::run(&gated(kit), command(kit)).await;
        outcome
            .map(|outcome| format!("{outcome:?}"))
            .map_err(|retry| retry.to_string())
    })
    .hold();
}

#[test]
fn verdicts_of_every_kind_survive_every_cut() {
    let clean = async |kit: &Kit, _| verdict(kit, Finding::Clean).await;
    for build in [arrived, uploaded] {
        Scenario::new("scan, clean", build, clean)
            .between(|kit| kit.clock.advance(RUN_SECONDS))
            .or("Nothing")
            .hold();
        Scenario::new("scan, threat", build, async |kit: &Kit, _| {
            verdict(kit, threat()).await
        })
        .or("Nothing")
        .hold();
        Scenario::new("scan, unscanned", build, async |kit: &Kit, _| {
            verdict(kit, Finding::Unscanned(Unscanned::Failed)).await
        })
        .or("Nothing")
        .hold();
    }
}

#[test]
fn the_end_of_a_wait_survives_every_cut() {
    let build = || {
        let kit = uploaded();
        kit.cloud.with(|s| {
            let duty = Duty::Verdict(ASSET, 0);
            s.dues.insert((ORG, duty), GOLDEN_NOW);
        });
        kit
    };
    Scenario::new("scan, unheard", build, async |kit: &Kit, _| {
        let command = sweep_assets::Command {
            deadline: kit.clock.now().plus(600),
            request: "req-5".to_owned(),
        };
        match sweep_assets::run(&kit.sweep_assets(), &command).await {
            Ok(run) if run.finished => Ok("swept".to_owned()),
            Ok(_) => Err("out of time".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    })
    // What failed is tried again an hour later.
    .between(|kit| kit.clock.advance(3_600))
    .hold();
}
