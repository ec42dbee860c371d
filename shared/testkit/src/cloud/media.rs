//! Content keys, the media bucket, the distribution.

use async_trait::async_trait;
use vault_domain::asset::{manifest_key, segment_key};
use vault_domain::id::{AssetId, PackageId};
use vault_domain::packaging::Stream;
use vault_domain::playback::WrappedKey;
use vault_domain::ports::{
    ContentKeys, Distribution, Manifest, MediaReads, MediaWrites, StoreError, Stored,
};

use super::FakeCloud;

#[async_trait]
impl ContentKeys for FakeCloud {
    async fn put(&self, key: &WrappedKey) -> Stored<()> {
        self.call("content_keys.put", |s| {
            s.keys.insert((key.asset, key.key), key.clone());
            Ok(())
        })
        .await
    }
    async fn delete_package(&self, asset: AssetId, package: PackageId) -> Stored<()> {
        self.call("content_keys.delete_package", |s| {
            s.keys
                .retain(|_, key| key.asset != asset || key.package != package);
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl MediaWrites for FakeCloud {
    async fn put_segment(
        &self,
        asset: AssetId,
        package: PackageId,
        (stream, number): (Stream, u32),
        ciphertext: Vec<u8>,
    ) -> Stored<()> {
        self.call("media.put_segment", |s| {
            let key = segment_key(asset, package, stream, number);
            s.segments.insert(key, ciphertext);
            Ok(())
        })
        .await
    }
    async fn put_manifest(
        &self,
        asset: AssetId,
        package: PackageId,
        manifest: &Manifest,
    ) -> Stored<()> {
        self.call("media.put_manifest", |s| {
            let key = manifest_key(asset, package);
            s.manifests.insert(key, manifest.clone());
            Ok(())
        })
        .await
    }
    async fn delete_package(&self, asset: AssetId, package: PackageId) -> Stored<()> {
        self.call("media.delete_package", |s| {
            let prefix = format!("media/{asset}/{package}/");
            let gone = s
                .segments
                .iter()
                .filter(|(key, _)| key.starts_with(&prefix));
            let gone: Vec<_> = gone
                .map(|(key, octets)| (key.clone(), octets.clone()))
                .collect();
            s.noncurrent.extend(gone);
            s.segments.retain(|key, _| !key.starts_with(&prefix));
            s.manifests.remove(&manifest_key(asset, package));
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl MediaReads for FakeCloud {
    async fn manifest(&self, asset: AssetId, package: PackageId) -> Stored<Option<Manifest>> {
        self.call("media.manifest", |s| {
            Ok(s.manifests.get(&manifest_key(asset, package)).cloned())
        })
        .await
    }
}

#[async_trait]
impl Distribution for FakeCloud {
    async fn invalidate(&self, reference: &str, paths: &[String]) -> Stored<()> {
        const NAME: &str = "distribution.invalidate";
        self.call(NAME, |s| {
            let known = s.invalidations.entry(reference.to_owned());
            // CloudFront: a CallerReference with another batch is `InvalidArgument`.
            if known.or_insert_with(|| paths.to_vec()) == paths {
                Ok(())
            } else {
                Err(StoreError::new(NAME, "InvalidArgument"))
            }
        })
        .await
    }
}
