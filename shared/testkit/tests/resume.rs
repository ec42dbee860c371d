//! Uploads that are taken up again, or given up.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper of tests tells what is wrong by panicking"
)]

use futures_util::FutureExt as _;
use vault_domain::access::Visibility;
use vault_domain::asset::{Asset, AssetState, ChecksumAlgorithm, Failure};
use vault_domain::audit::Event;
use vault_domain::credential::Role;
use vault_domain::deletion::{Hold, Reason};
use vault_domain::error::Refusal;
use vault_domain::id::AssetId;
use vault_domain::packaging::PackageFault;
use vault_domain::ports::{Assets as _, Clock as _, UploadedPart, Uploads as _};
use vault_domain::quota::Usage;
use vault_domain::token::Caller;
use vault_domain::usecase::begin_upload::Wanted;
use vault_domain::usecase::resume_upload::{cancel, held};
use vault_domain::usecase::{begin_upload, finalize_upload, process_upload, sweep_assets};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, ORG};
use vault_testkit::packager::Script;

const PART: u64 = 400;

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("fakes never wait")
}

/// S3's event, as the packager hears of it.
fn deliver(kit: &Kit) -> process_upload::Outcome {
    let command = process_upload::Command {
        org: ORG,
        asset: ASSET,
        deadline: kit.clock.now().plus(900),
        last_try: false,
        request: "req-4".to_owned(),
    };
    now(process_upload::run(&kit.process_upload(), command)).unwrap()
}

/// An upload in three parts, all of which arrived.
fn begun() -> Kit {
    let kit = Kit::with_users(1);
    kit.cloud.with(|s| s.uploads.least_part = 1);
    let film = builders::film(1_000);
    kit.plant_parts(&builders::new_multipart_asset(&film, PART), &film);
    kit
}

fn asset(kit: &Kit) -> Asset {
    kit.cloud.with(|s| s.assets[&ASSET].clone())
}

fn give_up(kit: &Kit) -> Result<Asset, Refusal> {
    now(cancel(&kit.finalize_upload(), &builders::ask(), ASSET))
}

fn recorded(kit: &Kit, event: Event) -> usize {
    let all = kit.cloud.snapshot().audit;
    all.iter().filter(|record| record.event == event).count()
}

fn is_empty(kit: &Kit) {
    kit.cloud.with(|s| {
        assert!(s.uploads.multiparts.is_empty() && s.uploads.objects.is_empty());
        assert_eq!(s.tally(ORG).used.uploads, 0);
        assert_eq!(s.tally(ORG).used.bytes, 0);
    });
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[test]
fn what_s3_takes_long_to_put_together_stays_uploading_until_somebody_finds_it_whole() {
    for notices in ["a repeat", "S3's event"] {
        let kit = begun();
        kit.cloud.with(|s| s.uploads.is_slow = true);
        let finalize = || {
            let command = finalize_upload::Command {
                ask: builders::ask(),
                asset: ASSET,
                parts: None,
            };
            now(finalize_upload::run(&kit.finalize_upload(), command)).unwrap()
        };
        for _ in 0..2 {
            assert_eq!(finalize().state, AssetState::Uploading);
        }
        assert_eq!(recorded(&kit, Event::AssetUploaded), 0);
        kit.cloud.with(|s| s.uploads.is_slow = false);
        if notices == "a repeat" {
            assert_eq!(finalize().state, AssetState::Uploaded);
        } else {
            kit.cloud.with(|s| {
                let (id, upload) = s.uploads.multiparts.first_key_value().unwrap();
                let parts = upload.parts.iter().map(|(number, part)| UploadedPart {
                    number: *number,
                    etag: part.etag.clone(),
                    checksum: None,
                });
                let (id, parts) = (id.clone(), parts.collect::<Vec<_>>());
                s.uploads.complete(&id, &parts, None)
            });
            assert_eq!(deliver(&kit), process_upload::Outcome::Ready);
        }
        assert_eq!(recorded(&kit, Event::AssetUploaded), 1);
    }
}

#[test]
fn what_s3_holds_is_told_page_by_page() {
    let kit = begun();
    kit.cloud.with(|s| s.uploads.part_page = 2);
    let page = |after| now(held(&kit.finalize_upload(), &builders::ask(), ASSET, after)).unwrap();
    let first = page(0);
    let numbers: Vec<u32> = first.parts.iter().map(|held| held.part.number).collect();
    assert_eq!((numbers, first.next), (vec![1, 2], Some(2)));
    let last = page(2);
    assert_eq!((last.parts.len(), last.next), (1, None));
    assert_eq!(last.parts[0].size, 200);
    assert_eq!(page(3).parts, []);
    // Finalize reads them all the same.
    let command = finalize_upload::Command {
        ask: builders::ask(),
        asset: ASSET,
        parts: None,
    };
    let done = now(finalize_upload::run(&kit.finalize_upload(), command)).unwrap();
    assert_eq!(done.state, AssetState::Uploaded);
}

#[test]
fn a_single_put_holds_no_parts_and_what_was_joined_says_so() {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant(builders::announced(builders::new_asset(&film)));
    let ask = builders::ask();
    let single = now(held(&kit.finalize_upload(), &ask, ASSET, 0)).unwrap();
    assert!(single.parts.is_empty() && single.next.is_none());
    let kit = begun();
    kit.cloud.with(|s| s.uploads.multiparts.clear());
    let gone = now(held(&kit.finalize_upload(), &ask, ASSET, 0));
    assert!(matches!(gone, Err(Refusal::Conflict(_))), "{gone:?}");
    kit.change_asset(|asset| asset.state = AssetState::Uploaded);
    let late = now(held(&kit.finalize_upload(), &ask, ASSET, 0));
    assert!(matches!(
        late,
        Err(Refusal::WrongState(AssetState::Uploaded))
    ));
}

#[test]
fn what_is_given_up_counts_no_more_and_leaves_no_bytes() {
    let kit = begun();
    let ended = give_up(&kit).unwrap();
    assert_eq!(ended.state, AssetState::Failed);
    assert_eq!(asset(&kit).failure.unwrap().code, "cancelled");
    is_empty(&kit);
    assert_eq!(give_up(&kit).unwrap().state, AssetState::Failed, "again");
    assert_eq!(recorded(&kit, Event::AssetFailed), 1, "and once on record");
    let left = Usage {
        assets: 1,
        ..Usage::NONE
    };
    assert_eq!(kit.cloud.with(|s| s.tally(ORG).used), left);
    // No part is signed for it any more.
    let (deps, ask) = (kit.begin_upload(), builders::ask());
    let parts = now(begin_upload::sign_parts(&deps, &ask, ASSET, &[1.into()]));
    let failed = Refusal::WrongState(AssetState::Failed).to_string();
    assert_eq!(parts.unwrap_err().to_string(), failed);
}

#[test]
fn what_arrives_by_an_old_url_after_it_was_given_up_is_removed() {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    let new = builders::new_asset(&film);
    kit.plant(builders::announced(new.clone()));
    let url = now(kit.cloud.presign_object(&new)).unwrap();
    give_up(&kit).unwrap();
    kit.cloud.client_put(&url, film).unwrap();
    assert_eq!(deliver(&kit), process_upload::Outcome::Nothing);
    is_empty(&kit);
}

#[test]
fn what_a_cut_left_of_an_upload_given_up_is_removed_by_the_sweep() {
    let kit = begun();
    let (seen, at) = (asset(&kit), kit.clock.now());
    give_up(&kit).unwrap();
    // As if the removal had been cut off: a part is there again.
    kit.cloud.with(|s| {
        let id = s.uploads.begin(&seen.source_key());
        s.assets.get_mut(&ASSET).unwrap().multipart = Some(id);
    });
    kit.clock.advance(60);
    let command = sweep_assets::Command {
        deadline: at.plus(600),
        request: "req-6".to_owned(),
    };
    assert!(
        now(sweep_assets::run(&kit.sweep_assets(), &command))
            .unwrap()
            .finished
    );
    is_empty(&kit);
    assert!(
        kit.cloud.with(|s| s.dues.is_empty()),
        "nothing is left to do"
    );
}

#[test]
fn what_is_held_arrived_or_another_s_is_not_given_up() {
    let kit = begun();
    kit.change_asset(|asset| {
        asset.keeping.hold = Some(Hold {
            reason: Reason::parse("Case 1").unwrap(),
            at: asset.announced.created_at,
        });
    });
    assert!(matches!(give_up(&kit), Err(Refusal::LegalHold)));
    assert_eq!(asset(&kit).state, AssetState::Uploading);
    for state in [
        AssetState::Uploaded,
        AssetState::Processing,
        AssetState::Ready,
        AssetState::Failed,
    ] {
        let kit = begun();
        kit.change_asset(|asset| asset.state = state);
        let refused = give_up(&kit);
        assert!(matches!(refused, Err(Refusal::WrongState(s)) if s == state));
        assert_eq!(kit.cloud.with(|s| s.uploads.multiparts.len()), 1, "{state}");
    }
    let kit = begun();
    kit.change_asset(|asset| asset.access.visibility = Visibility::Restricted);
    let ask = builders::ask_of(Caller {
        subject: builders::viewer_subject(),
        role: Role::Viewer,
        ..builders::caller()
    });
    let refused = now(cancel(&kit.finalize_upload(), &ask, ASSET));
    assert!(matches!(refused, Err(Refusal::NotFound(_))), "{refused:?}");
    let refused = now(held(&kit.finalize_upload(), &ask, ASSET, 0));
    assert!(matches!(refused, Err(Refusal::NotFound(_))), "{refused:?}");
}

/// The client gives up while the object is on its way to being packaged: one of the two is what stands.
#[test]
fn an_upload_that_is_given_up_as_it_arrives_is_either() {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    assert_eq!(deliver(&kit), process_upload::Outcome::Ready);
    assert!(matches!(
        give_up(&kit),
        Err(Refusal::WrongState(AssetState::Ready))
    ));
    let there = now(kit.cloud.get(ASSET)).unwrap().unwrap();
    assert_eq!(there.state, AssetState::Ready);
}

/// An upload in three parts, each of which is to come with its checksum.
fn summed(kit: &Kit, kind: ChecksumAlgorithm) -> AssetId {
    kit.cloud.with(|s| s.uploads.least_part = 1);
    let new = builders::new_multipart_asset(&builders::film(1_000), PART);
    let command = begin_upload::Command {
        ask: builders::ask(),
        title: new.title,
        media_type: new.media_type,
        plan: new.plan.with_checksums(kind).unwrap(),
        checksum: None,
        idempotency: None,
    };
    let slot = now(begin_upload::run(&kit.begin_upload(), command)).unwrap();
    assert!(slot.parts.is_empty(), "nothing can be signed yet");
    slot.asset.id()
}

#[test]
fn parts_come_with_the_checksum_that_was_signed_or_not_at_all() {
    for kind in [ChecksumAlgorithm::Sha256, ChecksumAlgorithm::Crc64Nvme] {
        let kit = Kit::with_users(1);
        let id = summed(&kit, kind);
        let (film, deps, ask) = (builders::film(1_000), kit.begin_upload(), builders::ask());
        let sign = |wanted| now(begin_upload::sign_parts(&deps, &ask, id, &[wanted]));
        assert!(matches!(sign(1.into()), Err(Refusal::Malformed(_))), "none");
        let other = Wanted {
            number: 1,
            checksum: Some("AAAA".to_owned()),
        };
        assert!(matches!(sign(other), Err(Refusal::Malformed(_))), "another");
        let mut parts = Vec::new();
        for (number, octets) in (1..).zip(film.chunks(400)) {
            let checksum = Some(builders::checksum(kind, octets).value);
            let wanted = Wanted {
                number,
                checksum: checksum.clone(),
            };
            let slot = sign(wanted).unwrap();
            let mut changed = octets.to_vec();
            changed[7] ^= 1;
            assert_eq!(kit.cloud.client_put(&slot.parts[0], changed), Err(400));
            let etag = kit.cloud.client_put(&slot.parts[0], octets.to_vec());
            parts.push(UploadedPart {
                number,
                etag: etag.unwrap(),
                checksum,
            });
        }
        let finalize = |parts: &[UploadedPart]| {
            let command = finalize_upload::Command {
                ask: builders::ask(),
                asset: id,
                parts: Some(parts.to_vec()),
            };
            now(finalize_upload::run(&kit.finalize_upload(), command))
        };
        let mut forged = parts.clone();
        forged[1].checksum.clone_from(&parts[0].checksum);
        let refused = finalize(&forged);
        assert!(matches!(refused, Err(Refusal::UploadIncomplete(_))));
        assert_eq!(finalize(&parts).unwrap().state, AssetState::Uploaded);
    }
}

#[test]
fn a_checksum_that_nothing_would_be_compared_with_is_refused_and_nothing_is_completed() {
    let kit = begun();
    let held = now(held(&kit.finalize_upload(), &builders::ask(), ASSET, 0)).unwrap();
    let told = held.parts.into_iter().map(|held| UploadedPart {
        checksum: Some("AAAAAAAAAAA=".to_owned()),
        ..held.part
    });
    let command = finalize_upload::Command {
        ask: builders::ask(),
        asset: ASSET,
        parts: Some(told.collect()),
    };
    let refused = now(finalize_upload::run(&kit.finalize_upload(), command));
    assert!(matches!(refused, Err(Refusal::Malformed(_))), "{refused:?}");
    assert_eq!(asset(&kit).state, AssetState::Uploading);
    assert!(kit.cloud.with(|s| s.uploads.objects.is_empty()));
}

#[test]
fn checksums_that_s3_cannot_verify_are_refused() {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    let (sha256, crc) = (ChecksumAlgorithm::Sha256, ChecksumAlgorithm::Crc64Nvme);
    let single = builders::new_asset(&film).plan;
    assert!(single.with_checksums(sha256).is_err(), "a single PUT");
    let new = builders::new_multipart_asset(&film, PART);
    for (parts, whole, taken) in [
        (None, sha256, false),
        (Some(sha256), crc, false),
        (Some(crc), sha256, false),
        (Some(crc), crc, true),
    ] {
        let plan = parts.map_or(new.plan, |kind| new.plan.with_checksums(kind).unwrap());
        let command = begin_upload::Command {
            ask: builders::ask(),
            title: new.title.clone(),
            media_type: new.media_type.clone(),
            plan,
            checksum: Some(builders::checksum(whole, &film)),
            idempotency: None,
        };
        let begun = now(begin_upload::run(&kit.begin_upload(), command));
        assert_eq!(begun.is_ok(), taken, "{parts:?} and {whole:?}");
    }
    kit.plant_parts(&new, &film);
    let wanted = Wanted {
        number: 1,
        checksum: Some(builders::checksum(crc, &film[..400]).value),
    };
    let (deps, ask) = (kit.begin_upload(), builders::ask());
    let unasked = now(begin_upload::sign_parts(&deps, &ask, ASSET, &[wanted]));
    assert!(matches!(unasked, Err(Refusal::Malformed(_))));
}

#[test]
fn a_completion_that_another_overtakes_is_told_what_stands_wherever_it_was() {
    let mut overtaken = 0;
    for turns in 0.. {
        let kit = begun();
        kit.packager.set(Script {
            fault: Some((1, PackageFault::new(Failure::TYPE, "no film"))),
            ..Script::default()
        });
        let complete = || {
            let command = finalize_upload::Command {
                ask: builders::ask(),
                asset: ASSET,
                parts: None,
            };
            let deps = kit.finalize_upload();
            async move { finalize_upload::run(&deps, command).await }
        };
        let mut slow = Box::pin(complete());
        kit.faults.interleave(true);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let ended = (0..turns).any(|_| slow.as_mut().poll(&mut context).is_ready());
        if ended {
            break;
        }
        kit.faults.interleave(false);
        // Completed, looked at and found to be no film, whose bytes nobody keeps.
        now(complete()).unwrap();
        deliver(&kit);
        let new = asset(&kit).announced;
        assert_eq!(now(kit.cloud.head(&new)).unwrap(), None);
        // What it had read before it was overtaken, or what stands; never that its parts are missing.
        match now(slow).expect("it is complete").state {
            AssetState::Failed => overtaken += 1,
            state => assert_eq!(state, AssetState::Uploaded, "after {turns} turns"),
        }
    }
    assert!(overtaken > 5, "it was overtaken {overtaken} times");
}
