//! The crash-point sweep over announcing and completing uploads.

use vault_domain::asset::{Asset, AssetState};
use vault_domain::ports::UploadedPart;
use vault_domain::usecase::{begin_upload, finalize_upload, resume_upload};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET};
use vault_testkit::sweep::{Answer, Scenario, answer};

const PART: u64 = 400;

async fn begin(kit: &Kit, parts_of: u64, key: Option<&str>) -> Answer {
    let film = builders::film(1_000);
    let new = builders::new_multipart_asset(&film, parts_of);
    let command = begin_upload::Command {
        ask: builders::ask(),
        title: new.title,
        media_type: new.media_type,
        plan: new.plan,
        checksum: new.checksum,
        idempotency: key.map(builders::idempotency_key),
    };
    answer(begin_upload::run(&kit.begin_upload(), command).await, told)
}

/// The slot, and whether what it says is what stands in the store.
fn told(slot: begin_upload::Slot) -> String {
    let begin_upload::Slot { asset, parts } = slot;
    let sizes: Vec<u64> = parts.iter().map(|p| p.size).collect();
    let multipart = asset.multipart.as_deref();
    let for_it = parts
        .iter()
        .all(|p| multipart.is_none_or(|m| p.url.expose().contains(m)));
    format!("{} {sizes:?}, signed for it {for_it}", asset.state)
}

#[test]
fn announcing_one_put_survives_every_cut() {
    Scenario::new(
        "begin_upload, one PUT",
        || Kit::with_users(1),
        async |kit: &Kit, _| begin(kit, 1_000, Some("k")).await,
    )
    .hold();
}

#[test]
fn announcing_parts_survives_every_cut_and_leaves_one_multipart_upload() {
    Scenario::new(
        "begin_upload, parts",
        || Kit::with_users(1),
        async |kit: &Kit, _| begin(kit, PART, Some("k")).await,
    )
    .hold();
}

#[test]
fn announcing_without_a_key_leaves_at_most_empty_announcements() {
    // Left out: an announcement whose reply was lost. It holds no bytes and no multipart upload, and what it counts for
    // is given back when it is abandoned.
    Scenario::new(
        "begin_upload, no idempotency key",
        || Kit::with_users(1),
        async |kit: &Kit, _| begin(kit, 1_000, None).await,
    )
    .without(&["assets", "audit", "usage"])
    .hold();
}

#[test]
fn asking_again_for_parts_survives_every_cut() {
    Scenario::new(
        "sign_parts",
        || {
            let kit = Kit::with_users(1);
            let new = builders::new_multipart_asset(&builders::film(1_000), PART);
            kit.plant(builders::announced(new));
            kit
        },
        async |kit: &Kit, _| {
            let ask = builders::ask();
            let slot =
                begin_upload::sign_parts(&kit.begin_upload(), &ask, ASSET, &[2.into(), 3.into()])
                    .await;
            answer(slot, told)
        },
    )
    .hold();
}

async fn finalize(kit: &Kit, parts: Option<Vec<UploadedPart>>) -> Answer {
    let command = finalize_upload::Command {
        ask: builders::ask(),
        asset: ASSET,
        parts,
    };
    let outcome = finalize_upload::run(&kit.finalize_upload(), command).await;
    answer(outcome, |asset| asset.state.to_string())
}

fn one_put() -> Kit {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    kit
}

fn in_parts() -> Kit {
    let kit = Kit::with_users(1);
    kit.cloud.with(|s| s.uploads.least_part = 1);
    let film = builders::film(1_000);
    kit.plant_parts(&builders::new_multipart_asset(&film, PART), &film);
    kit
}

#[test]
fn completing_one_put_survives_every_cut() {
    Scenario::new("finalize, one PUT", one_put, async |kit: &Kit, _| {
        finalize(kit, None).await
    })
    .hold();
}

#[test]
fn completing_parts_survives_every_cut() {
    Scenario::new("finalize, parts", in_parts, async |kit: &Kit, _| {
        finalize(kit, None).await
    })
    .hold();
}

#[test]
fn completing_parts_that_the_client_lists_survives_every_cut() {
    Scenario::new("finalize, listed parts", in_parts, async |kit: &Kit, _| {
        let film = builders::film(1_000);
        let parts = film
            .chunks(400)
            .map(|c| vault_testkit::cloud::Object::new(c.to_vec()).etag);
        let parts = (1..).zip(parts).map(|(number, etag)| UploadedPart {
            number,
            etag,
            checksum: None,
        });
        finalize(kit, Some(parts.collect())).await
    })
    .hold();
}

async fn cancel(kit: &Kit) -> Answer {
    let ask = builders::ask();
    let asset = resume_upload::cancel(&kit.finalize_upload(), &ask, ASSET).await;
    answer(asset, |asset| asset.state.to_string())
}

#[test]
fn giving_up_survives_every_cut_and_leaves_no_bytes() {
    for (name, world) in [
        ("cancel, one PUT that arrived", one_put as fn() -> Kit),
        ("cancel, parts", in_parts),
    ] {
        Scenario::new(name, world, async |kit: &Kit, _| cancel(kit).await).hold();
    }
}

#[test]
fn giving_up_what_arrived_is_refused_and_harms_nothing_at_every_cut() {
    Scenario::new(
        "cancel, uploaded",
        || {
            let kit = one_put();
            kit.change_asset(|asset| asset.state = AssetState::Uploaded);
            kit
        },
        async |kit: &Kit, _| cancel(kit).await,
    )
    .refused("the asset is uploaded")
    .hold();
}

#[test]
fn asking_what_s3_holds_survives_every_cut() {
    Scenario::new("held", in_parts, async |kit: &Kit, _| {
        let ask = builders::ask();
        let held = resume_upload::held(&kit.finalize_upload(), &ask, ASSET, 1).await;
        answer(held, |held| format!("{} parts", held.parts.len()))
    })
    .hold();
}

#[test]
fn completing_too_early_is_refused_and_harms_nothing_at_every_cut() {
    Scenario::new(
        "finalize, a part is missing",
        || {
            let kit = in_parts();
            kit.cloud.with(|s| {
                for upload in s.uploads.multiparts.values_mut() {
                    upload.parts.remove(&2);
                }
            });
            kit
        },
        async |kit: &Kit, _| finalize(kit, None).await,
    )
    .refused("the upload is not complete: parts are missing")
    .hold();
}

#[test]
fn a_size_that_lies_is_refused_and_its_bytes_removed_at_every_cut() {
    Scenario::new(
        "finalize, another size",
        || {
            let kit = Kit::with_users(1);
            let new = builders::new_asset(&builders::film(1_000));
            kit.plant_arrived(new, builders::film(999));
            kit
        },
        async |kit: &Kit, _| finalize(kit, None).await,
    )
    .refused("the upload was refused: 999 octets arrived where 1000 were announced")
    .hold();
}

#[test]
fn a_checksum_that_lies_is_refused_and_its_bytes_removed_at_every_cut() {
    Scenario::new(
        "finalize, another checksum",
        || {
            let kit = Kit::with_users(1);
            let new = builders::new_asset(&builders::film(1_000));
            kit.plant_arrived(new, vec![0; 1_000]);
            kit
        },
        async |kit: &Kit, _| finalize(kit, None).await,
    )
    .refused(
        "the upload was refused: the checksum of what arrived is not the one that was announced",
    )
    .hold();
}

#[test]
fn asking_how_an_upload_stands_survives_every_cut() {
    Scenario::new(
        "status",
        || {
            let kit = Kit::with_users(1);
            kit.plant(Asset {
                failure: None,
                ..builders::asset(AssetState::Uploaded)
            });
            kit
        },
        async |kit: &Kit, _| {
            let ask = builders::ask();
            let asset = finalize_upload::status(&kit.finalize_upload(), &ask, ASSET).await;
            answer(asset, |asset| asset.state.to_string())
        },
    )
    .hold();
}
