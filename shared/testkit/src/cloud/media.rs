//! Content keys, the media bucket, the distribution.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vault_domain::asset::{
    manifest_key, media_prefix, segment_key, text_manifest_key, text_prefix, variant_prefix,
};
use vault_domain::id::{AssetId, KeyId, PackageId, TextId};
use vault_domain::ladder::VariantId;
use vault_domain::packaging::Stream;
use vault_domain::playback::WrappedKey;
use vault_domain::ports::{
    ContentKeys, Distribution, Manifest, MediaReads, MediaWrites, PreviewReads, PreviewWrites,
    StoreError, Stored,
};
use vault_domain::preview::{PreviewName, preview_key};

use super::{FakeCloud, State};

#[async_trait]
impl ContentKeys for FakeCloud {
    async fn put(&self, key: &WrappedKey) -> Stored<()> {
        self.call("content_keys.put", |s| {
            s.keys.insert((key.asset, key.key), key.clone());
            Ok(())
        })
        .await
    }
    async fn key(&self, asset: AssetId, key: KeyId) -> Stored<Option<WrappedKey>> {
        self.call("content_keys.get", |s| {
            Ok(s.keys.get(&(asset, key)).cloned())
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

impl State {
    /// A versioned bucket keeps what was removed for a while.
    fn remove_segments(&mut self, prefix: &str) {
        let (gone, left) = std::mem::take(&mut self.segments)
            .into_iter()
            .partition(|(key, _)| key.starts_with(prefix));
        self.segments = left;
        let gone: BTreeMap<String, Vec<u8>> = gone;
        self.noncurrent.extend(gone);
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
            let key = manifest_key(asset, package, manifest.variant);
            s.manifests.insert(key, manifest.clone());
            Ok(())
        })
        .await
    }
    async fn delete_package(&self, asset: AssetId, package: PackageId) -> Stored<()> {
        self.call("media.delete_package", |s| {
            s.remove_segments(&format!("{}{package}/", media_prefix(asset)));
            s.manifests.remove(&manifest_key(asset, package, None));
            Ok(())
        })
        .await
    }
    async fn delete_variant(
        &self,
        asset: AssetId,
        package: PackageId,
        variant: VariantId,
    ) -> Stored<()> {
        self.call("media.delete_variant", |s| {
            let prefix = variant_prefix(variant);
            s.remove_segments(&format!("{}{package}/{prefix}", media_prefix(asset)));
            s.manifests
                .remove(&manifest_key(asset, package, Some(variant)));
            Ok(())
        })
        .await
    }
    async fn put_text(
        &self,
        asset: AssetId,
        package: PackageId,
        text: TextId,
        manifest: &Manifest,
    ) -> Stored<()> {
        self.call("media.put_text", |s| {
            let key = text_manifest_key(asset, package, text);
            s.manifests.insert(key, manifest.clone());
            Ok(())
        })
        .await
    }
    async fn delete_text(&self, asset: AssetId, package: PackageId, text: TextId) -> Stored<()> {
        self.call("media.delete_text", |s| {
            let prefix = text_prefix(text);
            s.remove_segments(&format!("{}{package}/{prefix}", media_prefix(asset)));
            s.manifests.remove(&text_manifest_key(asset, package, text));
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl MediaReads for FakeCloud {
    async fn manifest(
        &self,
        asset: AssetId,
        package: PackageId,
        variant: Option<VariantId>,
    ) -> Stored<Option<Manifest>> {
        self.call("media.manifest", |s| {
            let key = manifest_key(asset, package, variant);
            Ok(s.manifests.get(&key).cloned())
        })
        .await
    }
    async fn text(
        &self,
        asset: AssetId,
        package: PackageId,
        text: TextId,
    ) -> Stored<Option<Manifest>> {
        self.call("media.text", |s| {
            let key = text_manifest_key(asset, package, text);
            Ok(s.manifests.get(&key).cloned())
        })
        .await
    }
}

#[async_trait]
impl PreviewWrites for FakeCloud {
    async fn put_preview(
        &self,
        asset: AssetId,
        run: PackageId,
        name: PreviewName,
        sealed: Vec<u8>,
    ) -> Stored<()> {
        self.call("previews.put", |s| {
            s.segments.insert(preview_key(asset, run, name), sealed);
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl PreviewReads for FakeCloud {
    async fn preview(
        &self,
        asset: AssetId,
        run: PackageId,
        name: PreviewName,
    ) -> Stored<Option<Vec<u8>>> {
        self.call("previews.get", |s| {
            Ok(s.segments.get(&preview_key(asset, run, name)).cloned())
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
