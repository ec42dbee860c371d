//! Erasing for good: keys, the media bucket and the uploads bucket, of one asset and of no other.

use vault_domain::asset::{manifest_key, rendition_key, segment_key};
use vault_domain::conversion::{Encoding, Probe};
use vault_domain::id::AssetId;
use vault_domain::ladder::VariantId;
use vault_domain::ports::{
    ContentKeys, Gone, KeyErasure, MediaErasure, MediaReads, MediaWrites, RenditionFiles,
    SourceErasure, Stored, Uploads, Workshop as _,
};

use super::{Fetch, Put};
use crate::builders::{self, manifest};
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::Sample;
use crate::workshop::FakeWorkshop;

/// Calls until there is no more; how much was removed.
async fn whole(some: impl AsyncFn() -> Stored<Gone>) -> u64 {
    let mut removed = 0;
    loop {
        let gone = some().await.expect("an erasure");
        removed += gone.removed;
        if !gone.more {
            return removed;
        }
    }
}

/// Keys of every run go, those of another asset stay.
pub async fn key_erasure_contract(keys: &dyn ContentKeys, port: &dyn KeyErasure, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let (doomed, kept) = (sample.asset(), sample.asset());
    let runs = [sample.package(), sample.package()];
    for n in 0..30 {
        let key = sample.wrapped_key(doomed, runs[n % 2]);
        keys.put(&key).await.expect("put");
    }
    let other = sample.wrapped_key(kept, runs[0]);
    keys.put(&other).await.expect("put");
    assert_eq!(whole(async || port.erase_keys(doomed).await).await, 30);
    assert_eq!(
        whole(async || port.erase_keys(doomed).await).await,
        0,
        "none is left"
    );
    assert_eq!(whole(async || port.erase_keys(kept).await).await, 1);
}

/// Segments and manifests of every run go, those removed before too; those of another asset stay.
pub async fn media_erasure_contract(
    writes: &dyn MediaWrites,
    reads: &dyn MediaReads,
    (port, fetch): (&dyn MediaErasure, Fetch<'_>),
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let (doomed, kept) = (sample.asset(), sample.asset());
    let (dead, live) = (sample.package(), sample.package());
    let store = async |asset: AssetId, package| {
        for number in 0_u32..5 {
            let octets = vec![number.to_le_bytes()[0]; 100];
            let put = writes.put_segment(
                asset,
                package,
                (vault_domain::packaging::Stream::Main, number),
                octets,
            );
            put.await.expect("put_segment");
        }
        let shown = manifest();
        let put = writes.put_manifest(asset, package, &shown);
        put.await.expect("put_manifest");
    };
    for (asset, package) in [(doomed, dead), (doomed, live), (kept, live)] {
        store(asset, package).await;
    }
    writes
        .delete_package(doomed, dead)
        .await
        .expect("delete_package");
    let removed = whole(async || port.erase_media(doomed).await).await;
    assert!(
        removed >= 11,
        "versions that were removed before go too: {removed}"
    );
    assert_eq!(
        whole(async || port.erase_media(doomed).await).await,
        0,
        "none is left"
    );
    assert_eq!(
        fetch(segment_key(
            doomed,
            live,
            vault_domain::packaging::Stream::Main,
            0
        ))
        .await,
        None
    );
    assert_eq!(
        reads.manifest(doomed, live, None).await.expect("manifest"),
        None
    );
    assert!(
        fetch(segment_key(
            kept,
            live,
            vault_domain::packaging::Stream::Main,
            4
        ))
        .await
        .is_some()
    );
    assert_eq!(
        reads.manifest(kept, live, None).await.expect("manifest"),
        Some(manifest())
    );
    assert_ne!(
        manifest_key(doomed, live, None),
        manifest_key(kept, live, None)
    );
}

/// A source goes in all its versions, and an upload under way with its parts, and files of variants; those of another asset
/// stay.
pub async fn source_erasure_contract(
    (uploads, files): (&dyn Uploads, &dyn RenditionFiles),
    (port, put): (&dyn SourceErasure, Put<'_>),
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let film = builders::film(1_000);
    let (doomed, kept) = (sample.new_asset(&film), sample.new_asset(&film));
    for new in [&doomed, &kept] {
        let slot = uploads.presign_object(new).await.expect("presign_object");
        put(slot, film.clone()).await.expect("S3 takes the film");
    }
    uploads.delete(&doomed).await.expect("delete");
    let slot = uploads
        .presign_object(&doomed)
        .await
        .expect("presign_object");
    put(slot, film.clone()).await.expect("S3 takes it again");
    let begun = uploads.create_multipart(&doomed).await;
    begun.expect("create_multipart");
    let workshop = FakeWorkshop::default();
    let pictures = Probe {
        pictures: Some((64, 48)),
        ..Probe::default()
    };
    let encoding = Encoding::whole(&pictures, 6_000).expect("a film");
    let coded = workshop.encode(&encoding, GOLDEN_NOW.plus(60)).await;
    let octets = coded.expect("encode").expect("a film");
    let variant = |attempt| VariantId {
        lines: 720,
        attempt,
    };
    let package = sample.package();
    let key = |attempt| rendition_key((doomed.org, doomed.id), package, variant(attempt));
    for attempt in [1, 2] {
        let kept = files.keep(&key(attempt), &workshop, octets).await;
        kept.expect("keep");
    }
    for _ in 0..2 {
        files.discard(&key(1)).await.expect("discard");
    }
    let erase = async |new: &vault_domain::asset::NewAsset| {
        whole(async || port.erase_source(new.org, new.id).await).await
    };
    let removed = erase(&doomed).await;
    assert!(removed >= 4, "both versions, and both files: {removed}");
    assert_eq!(erase(&doomed).await, 0, "none is left");
    assert_eq!(uploads.head(&doomed).await.expect("head"), None);
    let multipart = uploads.find_multipart(&doomed).await;
    assert_eq!(multipart.expect("find_multipart"), None);
    assert!(uploads.head(&kept).await.expect("head").is_some());
}
