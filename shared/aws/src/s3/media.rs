//! The media bucket: encrypted segments for CloudFront, manifests for the playlist function.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use vault_domain::asset::{
    manifest_key, media_prefix, segment_key, text_manifest_key, text_prefix, variant_prefix,
};
use vault_domain::id::{AssetId, PackageId, TextId};
use vault_domain::ladder::VariantId;
use vault_domain::packaging::Stream;
use vault_domain::ports::{Manifest, MediaReads, MediaWrites, StoreError, Stored};

use super::collect;

const DELETE: &str = "media.delete_package";
/// RFC 8216 §3.2: the type of MPEG-2 Transport Stream segments.
const SEGMENT_TYPE: &str = "video/mp2t";
/// W3C WebVTT §9: the type of WebVTT segments.
const SUBTITLES_TYPE: &str = "text/vtt";
/// A segment never changes. Only the viewer's own cache may keep it, and CloudFront by the minimum of its
/// cache policy.
const SEGMENT_CACHE: &str = "private, max-age=31536000, immutable";
/// Largest manifest that is read: about 40,000 segments, three days of film.
const MAX_MANIFEST: usize = 16 << 20;

const fn content_type(stream: Stream) -> &'static str {
    match stream {
        Stream::Main | Stream::Audio(_) | Stream::Variant(_) => SEGMENT_TYPE,
        Stream::Subtitles(_) | Stream::Text(_) => SUBTITLES_TYPE,
    }
}

/// The media bucket.
#[derive(Debug, Clone)]
pub struct S3Media {
    pub(super) client: Client,
    pub(super) bucket: String,
}

impl S3Media {
    /// The media in this bucket, by a client of [`crate::Sdk::s3`].
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self {
            client,
            bucket: bucket.into(),
        }
    }

    async fn put_json(&self, key: String, manifest: &Manifest) -> Stored<()> {
        const OPERATION: &str = "media.put_manifest";
        let json = serde_json::to_vec(manifest);
        let json = json.map_err(|error| StoreError::new(OPERATION, error))?;
        let request = self.client.put_object().bucket(&self.bucket).key(key);
        let sent = request
            .content_type("application/json")
            .cache_control("no-store")
            .body(ByteStream::from(json))
            .send()
            .await;
        sent.map_err(|error| StoreError::new(OPERATION, error))?;
        Ok(())
    }

    async fn json(&self, key: String) -> Stored<Option<Manifest>> {
        const OPERATION: &str = "media.manifest";
        let request = self.client.get_object().bucket(&self.bucket);
        let sent = request.key(key).send().await;
        let output = match sent {
            Ok(output) => output,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetObjectError::is_no_such_key) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(StoreError::new(OPERATION, error)),
        };
        let length = output
            .content_length
            .and_then(|length| usize::try_from(length).ok());
        let json = collect(OPERATION, output.body, length.unwrap_or(0), MAX_MANIFEST).await?;
        let manifest = serde_json::from_slice(&json);
        manifest.map_err(|error| StoreError::new(OPERATION, error))
    }

    async fn page(&self, prefix: &str, after: Option<String>) -> Stored<ListObjectsV2Output> {
        let request = self.client.list_objects_v2().bucket(&self.bucket);
        let request = request.prefix(prefix).set_continuation_token(after);
        let sent = request.send().await;
        sent.map_err(|error| StoreError::new(DELETE, error))
    }

    /// Everything under a prefix, page by page.
    async fn delete_all(&self, prefix: &str) -> Stored<()> {
        let mut after = None;
        loop {
            let page = self.page(prefix, after).await?;
            let keys = page.contents().iter().filter_map(|object| object.key());
            let keys: Vec<String> = keys.map(str::to_owned).collect();
            if !keys.is_empty() {
                self.delete(keys).await?;
            }
            after = page.next_continuation_token;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// At most 1,000 keys, which is what one page holds.
    async fn delete(&self, keys: Vec<String>) -> Stored<()> {
        let failed = |error| StoreError::new(DELETE, error);
        let mut objects = Vec::with_capacity(keys.len());
        for key in keys {
            objects.push(
                ObjectIdentifier::builder()
                    .key(key)
                    .build()
                    .map_err(failed)?,
            );
        }
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true);
        let delete = delete.build().map_err(failed)?;
        let request = self.client.delete_objects().bucket(&self.bucket);
        let sent = request.delete(delete).send().await;
        let output = sent.map_err(|error| StoreError::new(DELETE, error))?;
        match output.errors().first() {
            None => Ok(()),
            Some(error) => {
                let code = error.code().unwrap_or("unknown");
                Err(StoreError::new(
                    DELETE,
                    format!("S3 kept an object: {code}"),
                ))
            }
        }
    }
}

#[async_trait]
impl MediaWrites for S3Media {
    async fn put_segment(
        &self,
        asset: AssetId,
        package: PackageId,
        (stream, number): (Stream, u32),
        ciphertext: Vec<u8>,
    ) -> Stored<()> {
        let request = self.client.put_object().bucket(&self.bucket);
        let sent = request
            .key(segment_key(asset, package, stream, number))
            .content_type(content_type(stream))
            .cache_control(SEGMENT_CACHE)
            .body(ByteStream::from(ciphertext))
            .send()
            .await;
        sent.map_err(|error| StoreError::new("media.put_segment", error))?;
        Ok(())
    }

    async fn put_manifest(
        &self,
        asset: AssetId,
        package: PackageId,
        manifest: &Manifest,
    ) -> Stored<()> {
        self.put_json(manifest_key(asset, package, manifest.variant), manifest)
            .await
    }

    /// In a versioned bucket this sets delete markers, and the lifecycle rule does the rest.
    async fn delete_package(&self, asset: AssetId, package: PackageId) -> Stored<()> {
        self.delete(vec![manifest_key(asset, package, None)])
            .await?;
        self.delete_all(&format!("{}{package}/", media_prefix(asset)))
            .await
    }

    async fn delete_variant(
        &self,
        asset: AssetId,
        package: PackageId,
        variant: VariantId,
    ) -> Stored<()> {
        self.delete(vec![manifest_key(asset, package, Some(variant))])
            .await?;
        let prefix = variant_prefix(variant);
        self.delete_all(&format!("{}{package}/{prefix}", media_prefix(asset)))
            .await
    }

    async fn put_text(
        &self,
        asset: AssetId,
        package: PackageId,
        text: TextId,
        manifest: &Manifest,
    ) -> Stored<()> {
        self.put_json(text_manifest_key(asset, package, text), manifest)
            .await
    }

    async fn delete_text(&self, asset: AssetId, package: PackageId, text: TextId) -> Stored<()> {
        self.delete(vec![text_manifest_key(asset, package, text)])
            .await?;
        let prefix = text_prefix(text);
        self.delete_all(&format!("{}{package}/{prefix}", media_prefix(asset)))
            .await
    }
}

#[async_trait]
impl MediaReads for S3Media {
    async fn manifest(
        &self,
        asset: AssetId,
        package: PackageId,
        variant: Option<VariantId>,
    ) -> Stored<Option<Manifest>> {
        self.json(manifest_key(asset, package, variant)).await
    }

    async fn text(
        &self,
        asset: AssetId,
        package: PackageId,
        text: TextId,
    ) -> Stored<Option<Manifest>> {
        self.json(text_manifest_key(asset, package, text)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Replay;

    fn media(replay: &Replay) -> S3Media {
        S3Media::new(super::super::client(&replay.config(), false), "media")
    }

    fn ids() -> (AssetId, PackageId) {
        (
            AssetId::from_octets([1; 16]),
            PackageId::from_octets([2; 16]),
        )
    }

    #[tokio::test]
    async fn a_segment_is_for_the_viewers_own_cache_and_carries_no_extra_checksum() {
        let replay = Replay::of(&[(200, "")]);
        let (asset, package) = ids();
        media(&replay)
            .put_segment(asset, package, (Stream::Main, 3), vec![0; 9])
            .await
            .unwrap();
        assert!(replay.uri(0).contains("/00003.ts"));
        let header = |name| replay.header(0, name);
        assert_eq!(header("content-type").as_deref(), Some(SEGMENT_TYPE));
        assert_eq!(header("cache-control").as_deref(), Some(SEGMENT_CACHE));
        assert_eq!(header("content-length").as_deref(), Some("9"));
        assert_eq!(header("x-amz-checksum-crc32"), None);
    }

    #[tokio::test]
    async fn segments_of_each_stream_lie_under_the_package_under_names_of_their_own() {
        let replay = Replay::of(&[(200, ""), (200, "")]);
        let (asset, package) = ids();
        let streams = [Stream::Audio(2), Stream::Subtitles(1)];
        let told = [
            ("audio-2-00007.ts", SEGMENT_TYPE),
            ("subtitles-1-00007.vtt", SUBTITLES_TYPE),
        ];
        for (at, (stream, (name, kind))) in streams.into_iter().zip(told).enumerate() {
            let put = media(&replay);
            let put = put.put_segment(asset, package, (stream, 7), vec![0; 16]);
            put.await.unwrap();
            assert!(
                replay
                    .uri(at)
                    .contains(&format!("{}{package}/{name}", media_prefix(asset)))
            );
            assert_eq!(replay.header(at, "content-type").as_deref(), Some(kind));
        }
    }

    #[tokio::test]
    async fn a_package_is_removed_over_all_pages() {
        let page = |key: &str, more: &str| {
            format!(
                "<ListBucketResult><Contents><Key>{key}</Key></Contents>{more}</ListBucketResult>"
            )
        };
        let more =
            "<NextContinuationToken>t</NextContinuationToken><IsTruncated>true</IsTruncated>";
        let deleted = "<DeleteResult></DeleteResult>";
        let (first, last) = (page("a", more), page("b", ""));
        let replay = Replay::of(&[
            (200, deleted),
            (200, &first),
            (200, deleted),
            (200, &last),
            (200, deleted),
        ]);
        let (asset, package) = ids();
        media(&replay).delete_package(asset, package).await.unwrap();
        assert_eq!(replay.count(), 5);
        assert!(replay.body(0).contains(&manifest_key(asset, package, None)));
        assert!(replay.body(4).contains("<Key>b</Key>"));
        assert!(replay.uri(3).contains("continuation-token=t"));
    }

    #[tokio::test]
    async fn an_object_that_s3_kept_is_an_error() {
        let kept =
            "<DeleteResult><Error><Key>a</Key><Code>InternalError</Code></Error></DeleteResult>";
        let replay = Replay::of(&[(200, kept)]);
        let (asset, package) = ids();
        assert!(media(&replay).delete_package(asset, package).await.is_err());
    }

    #[tokio::test]
    async fn a_manifest_that_is_not_there_is_none_and_a_broken_one_is_an_error() {
        let gone = "<Error><Code>NoSuchKey</Code></Error>";
        let replay = Replay::of(&[(404, gone), (200, "{")]);
        let (asset, package) = ids();
        assert!(
            media(&replay)
                .manifest(asset, package, None)
                .await
                .unwrap()
                .is_none()
        );
        assert!(media(&replay).manifest(asset, package, None).await.is_err());
    }
}
