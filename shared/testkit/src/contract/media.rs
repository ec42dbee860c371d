//! The media bucket and the distribution.

use vault_domain::asset::{media_prefix, segment_key};
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ladder::VariantId;
use vault_domain::packaging::{Media, Rendition, Stream, VideoRange};
use vault_domain::ports::{Distribution, Manifest, MediaReads, MediaWrites};

use super::Fetch;
use crate::builders::manifest;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// Segments and manifests: kept as they are, removed of one run of one asset alone.
pub async fn media_contract(
    writes: &dyn MediaWrites,
    reads: &dyn MediaReads,
    fetch: Fetch<'_>,
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let asset = AssetId::from_octets(sample.0.octets());
    let (doomed, kept) = (sample.package(), sample.package());
    for package in [doomed, kept] {
        assert_eq!(
            reads
                .manifest(asset, package, None)
                .await
                .expect("manifest"),
            None
        );
        for number in 0_u32..30 {
            let octets = vec![number.to_le_bytes()[0]; 100];
            writes
                .put_segment(asset, package, (Stream::Main, number), octets)
                .await
                .expect("put_segment");
        }
        writes
            .put_manifest(asset, package, &manifest())
            .await
            .expect("put_manifest");
        writes
            .put_manifest(asset, package, &manifest())
            .await
            .expect("again is fine");
        let read = reads
            .manifest(asset, package, None)
            .await
            .expect("manifest");
        assert_eq!(read, Some(manifest()), "all fields read back");
    }
    writes
        .put_segment(asset, kept, (Stream::Main, 3), vec![9; 50])
        .await
        .expect("a segment is replaced");
    assert_eq!(
        fetch(segment_key(asset, kept, Stream::Main, 3)).await,
        Some(vec![9; 50])
    );
    assert_eq!(
        fetch(segment_key(asset, doomed, Stream::Main, 29)).await,
        Some(vec![29; 100])
    );

    manifold(writes, reads, (asset, doomed), fetch).await;
    variants(writes, reads, (asset, doomed), fetch).await;
    writes
        .delete_package(asset, doomed)
        .await
        .expect("delete_package");
    for stream in OTHERS {
        assert_eq!(fetch(segment_key(asset, doomed, stream, 0)).await, None);
    }
    assert_eq!(
        reads.manifest(asset, doomed, None).await.expect("manifest"),
        None
    );
    for number in [0, 3, 29] {
        assert_eq!(
            fetch(segment_key(asset, doomed, Stream::Main, number)).await,
            None,
            "removed"
        );
    }
    assert_eq!(
        reads.manifest(asset, kept, None).await.expect("manifest"),
        Some(manifest())
    );
    assert_eq!(
        fetch(segment_key(asset, kept, Stream::Main, 29)).await,
        Some(vec![29; 100]),
        "another's stays"
    );
    writes
        .delete_package(asset, doomed)
        .await
        .expect("removing again is fine");
}

/// A variant lies beside the main stream, in the same package, and goes without it.
async fn variants(
    writes: &dyn MediaWrites,
    reads: &dyn MediaReads,
    (asset, package): (AssetId, PackageId),
    fetch: Fetch<'_>,
) {
    let ids = [(72, 1), (720, 1), (720, 11)];
    let ids = ids.map(|(lines, attempt)| VariantId { lines, attempt });
    for id in ids {
        let told = Manifest {
            variant: Some(id),
            ..manifest()
        };
        let put = writes.put_segment(asset, package, (Stream::Variant(id), 0), vec![1; 48]);
        put.await.expect("put_segment");
        let put = writes.put_manifest(asset, package, &told).await;
        put.expect("put_manifest");
        let read = reads.manifest(asset, package, Some(id)).await;
        assert_eq!(read.expect("manifest"), Some(told));
    }
    let gone = ids[1];
    for _ in 0..2 {
        let deleted = writes.delete_variant(asset, package, gone).await;
        deleted.expect("delete_variant, and again");
    }
    for id in ids {
        let read = reads.manifest(asset, package, Some(id)).await;
        let segment = fetch(segment_key(asset, package, Stream::Variant(id), 0)).await;
        assert_eq!(read.expect("manifest").is_some(), id != gone, "{id:?}");
        assert_eq!(segment.is_some(), id != gone, "{id:?}");
    }
    let main = fetch(segment_key(asset, package, Stream::Main, 0)).await;
    assert_eq!(main, Some(vec![0; 100]), "the film's stays");
}

/// Streams beside the main one.
const OTHERS: [Stream; 3] = [Stream::Audio(1), Stream::Audio(12), Stream::Subtitles(1)];

/// Segments of one number of several streams lie beside each other, and what is told of them is read back.
async fn manifold(
    writes: &dyn MediaWrites,
    reads: &dyn MediaReads,
    (asset, package): (AssetId, PackageId),
    fetch: Fetch<'_>,
) {
    for (own, stream) in (50..).zip(OTHERS) {
        let put = writes.put_segment(asset, package, (stream, 0), vec![own; 48]);
        put.await.expect("put_segment");
    }
    for (own, stream) in (50..).zip(OTHERS) {
        let stored = fetch(segment_key(asset, package, stream, 0)).await;
        assert_eq!(stored, Some(vec![own; 48]), "{stream:?}");
    }
    let main = fetch(segment_key(asset, package, Stream::Main, 0)).await;
    assert_eq!(main, Some(vec![0; 100]), "the main stream's is another");
    let told = several();
    let put = writes.put_manifest(asset, package, &told).await;
    put.expect("a manifest is replaced");
    let read = reads
        .manifest(asset, package, None)
        .await
        .expect("manifest");
    assert_eq!(read, Some(told), "renditions read back");
}

/// The golden manifest with two sounds and subtitles to choose from.
fn several() -> Manifest {
    let mut manifest = manifest();
    let segments = manifest.presentation.segments.clone();
    let rendition = |stream, media, language: Option<&str>| Rendition {
        stream,
        media,
        language: language.map(str::to_owned),
        segments: segments.clone(),
    };
    let sound = Media::Audio { channels: 6 };
    manifest.presentation.video_range = Some(VideoRange::Pq);
    manifest.presentation.renditions = vec![
        rendition(Stream::Audio(1), sound, Some("en")),
        rendition(Stream::Audio(2), sound, None),
        rendition(
            Stream::Subtitles(1),
            Media::Subtitles { forced: true },
            Some("pt-BR"),
        ),
    ];
    manifest
}

/// Invalidations: the same reference again is the same invalidation.
pub async fn distribution_contract(port: &dyn Distribution, seed: u64) {
    let _note = SeedNote(seed);
    let asset = AssetId::from_octets(Sample::new(seed).0.octets());
    let (reference, paths) = (
        format!("withdraw-{asset}"),
        [format!("/{}*", media_prefix(asset))],
    );
    port.invalidate(&reference, &paths)
        .await
        .expect("invalidate");
    port.invalidate(&reference, &paths)
        .await
        .expect("invalidating again is fine");
}
