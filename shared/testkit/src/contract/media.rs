//! The media bucket and the distribution.

use vault_domain::asset::{media_prefix, segment_key};
use vault_domain::id::AssetId;
use vault_domain::ports::{Distribution, MediaReads, MediaWrites};

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
            reads.manifest(asset, package).await.expect("manifest"),
            None
        );
        for number in 0_u32..30 {
            let octets = vec![number.to_le_bytes()[0]; 100];
            writes
                .put_segment(asset, package, number, octets)
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
        let read = reads.manifest(asset, package).await.expect("manifest");
        assert_eq!(read, Some(manifest()), "all fields read back");
    }
    writes
        .put_segment(asset, kept, 3, vec![9; 50])
        .await
        .expect("a segment is replaced");
    assert_eq!(fetch(segment_key(asset, kept, 3)).await, Some(vec![9; 50]));
    assert_eq!(
        fetch(segment_key(asset, doomed, 29)).await,
        Some(vec![29; 100])
    );

    writes
        .delete_package(asset, doomed)
        .await
        .expect("delete_package");
    assert_eq!(reads.manifest(asset, doomed).await.expect("manifest"), None);
    for number in [0, 3, 29] {
        assert_eq!(
            fetch(segment_key(asset, doomed, number)).await,
            None,
            "removed"
        );
    }
    assert_eq!(
        reads.manifest(asset, kept).await.expect("manifest"),
        Some(manifest())
    );
    assert_eq!(
        fetch(segment_key(asset, kept, 29)).await,
        Some(vec![29; 100]),
        "another's stays"
    );
    writes
        .delete_package(asset, doomed)
        .await
        .expect("removing again is fine");
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
