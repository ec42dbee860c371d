//! Erasing for good: every version, every delete marker, and the parts of uploads that never ended.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use vault_domain::asset::{manifests_prefix, media_prefix, uploads_prefix};
use vault_domain::id::{AssetId, OrgId};
use vault_domain::ports::{Gone, MediaErasure, SourceErasure, StoreError, Stored};

use super::{S3Media, S3Uploads};

/// A bucket, and what is done in it.
struct Erasing<'a> {
    client: &'a Client,
    bucket: &'a str,
    operation: &'static str,
}

impl Erasing<'_> {
    /// Removes what one page lists of the versions and markers under a prefix. The first page each time: what it listed
    /// before is not there any more.
    async fn versions(&self, prefix: &str) -> Stored<Gone> {
        let request = self.client.list_object_versions().bucket(self.bucket);
        let sent = request.prefix(prefix).send().await;
        let page = sent.map_err(|error| StoreError::new(self.operation, error))?;
        let versions = page.versions().iter().map(|v| (v.key(), v.version_id()));
        let markers = page.delete_markers().iter();
        let markers = markers.map(|marker| (marker.key(), marker.version_id()));
        let mut objects = Vec::new();
        for (key, version) in versions.chain(markers) {
            let object = ObjectIdentifier::builder()
                .set_key(key.map(str::to_owned))
                .set_version_id(version.map(str::to_owned))
                .build();
            objects.push(object.map_err(|error| StoreError::new(self.operation, error))?);
        }
        let removed = u64::try_from(objects.len()).unwrap_or(u64::MAX);
        let more = page.is_truncated() == Some(true);
        if objects.is_empty() && more {
            return Err(StoreError::new(self.operation, "a page of no versions"));
        }
        if !objects.is_empty() {
            self.delete(objects).await?;
        }
        Ok(Gone { removed, more })
    }

    /// At most 1,000, which is what one page holds.
    async fn delete(&self, objects: Vec<ObjectIdentifier>) -> Stored<()> {
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true);
        let delete = delete
            .build()
            .map_err(|error| StoreError::new(self.operation, error))?;
        let request = self.client.delete_objects().bucket(self.bucket);
        let sent = request.delete(delete).send().await;
        let output = sent.map_err(|error| StoreError::new(self.operation, error))?;
        match output.errors().first() {
            None => Ok(()),
            Some(error) => {
                let code = error.code().unwrap_or("unknown");
                let kept = format!("S3 kept a version: {code}");
                Err(StoreError::new(self.operation, kept))
            }
        }
    }

    /// Ends what one page lists of the multipart uploads under a prefix.
    async fn multiparts(&self, prefix: &str) -> Stored<Gone> {
        let request = self.client.list_multipart_uploads().bucket(self.bucket);
        let sent = request.prefix(prefix).send().await;
        let page = sent.map_err(|error| StoreError::new(self.operation, error))?;
        let mut removed = 0;
        for upload in page.uploads() {
            let request = self.client.abort_multipart_upload().bucket(self.bucket);
            let sent = request
                .set_key(upload.key().map(str::to_owned))
                .set_upload_id(upload.upload_id().map(str::to_owned))
                .send()
                .await;
            match sent {
                Ok(_) => removed += 1,
                Err(error)
                    if error.as_service_error().and_then(|e| e.code()) == Some("NoSuchUpload") => {}
                Err(error) => return Err(StoreError::new(self.operation, error)),
            }
        }
        let more = page.is_truncated() == Some(true);
        Ok(Gone { removed, more })
    }
}

/// The first, and once there is no more of it, the second.
fn and_then(first: Gone, second: Gone) -> Gone {
    Gone {
        removed: first.removed + second.removed,
        more: second.more,
    }
}

#[async_trait]
impl MediaErasure for S3Media {
    async fn erase_media(&self, asset: AssetId) -> Stored<Gone> {
        let erasing = Erasing {
            client: &self.client,
            bucket: &self.bucket,
            operation: "media.erase",
        };
        let segments = erasing.versions(&media_prefix(asset)).await?;
        if segments.more {
            return Ok(segments);
        }
        let manifests = erasing.versions(&manifests_prefix(asset)).await?;
        Ok(and_then(segments, manifests))
    }
}

#[async_trait]
impl SourceErasure for S3Uploads {
    /// Uploads under way first: one of them could become another version.
    async fn erase_source(&self, org: OrgId, asset: AssetId) -> Stored<Gone> {
        let erasing = Erasing {
            client: &self.client,
            bucket: &self.bucket,
            operation: "uploads.erase",
        };
        let prefix = uploads_prefix(org, asset);
        let uploads = erasing.multiparts(&prefix).await?;
        if uploads.more {
            return Ok(uploads);
        }
        let versions = erasing.versions(&prefix).await?;
        Ok(and_then(uploads, versions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Replay;

    const DELETED: &str = "<DeleteResult></DeleteResult>";

    fn ids() -> (OrgId, AssetId) {
        (OrgId::from_octets([1; 16]), AssetId::from_octets([2; 16]))
    }

    fn versions(key: &str, more: bool) -> String {
        format!(
            "<ListVersionsResult><IsTruncated>{more}</IsTruncated>\
             <Version><Key>{key}</Key><VersionId>one</VersionId></Version>\
             <DeleteMarker><Key>{key}</Key><VersionId>two</VersionId></DeleteMarker></ListVersionsResult>"
        )
    }

    #[tokio::test]
    async fn segments_go_by_version_with_their_markers_and_manifests_after_the_last_page() {
        let (first, last) = (versions("a", true), versions("b", false));
        let manifests = versions("m", false);
        let replay = Replay::of(&[
            (200, &first),
            (200, DELETED),
            (200, &last),
            (200, DELETED),
            (200, &manifests),
            (200, DELETED),
        ]);
        let media = S3Media::new(super::super::client(&replay.config(), false), "media");
        let (_, asset) = ids();
        let gone = media.erase_media(asset).await.unwrap();
        assert_eq!((gone.removed, gone.more), (2, true));
        let gone = media.erase_media(asset).await.unwrap();
        assert_eq!((gone.removed, gone.more), (4, false));
        assert_eq!(replay.count(), 6);
        for version in ["one", "two"] {
            let named = format!("<VersionId>{version}</VersionId>");
            assert!(replay.body(1).contains(&named), "{version}");
        }
        assert!(replay.uri(0).contains("versions"));
    }

    #[tokio::test]
    async fn a_source_goes_after_the_uploads_that_could_become_one() {
        let uploads = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>\
             <Upload><Key>k</Key><UploadId>u</UploadId></Upload></ListMultipartUploadsResult>";
        let none = "<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>";
        let unknown = "<Error><Code>NoSuchUpload</Code></Error>";
        let (org, asset) = ids();
        for (aborted, removed) in [((204, ""), 1), ((404, unknown), 0)] {
            let replay = Replay::of(&[(200, uploads), aborted, (200, none)]);
            let bucket = S3Uploads::new(super::super::client(&replay.config(), false), "uploads");
            let gone = bucket.erase_source(org, asset).await.unwrap();
            assert_eq!((gone.removed, gone.more), (removed, false));
            assert!(replay.uri(1).contains("uploadId=u"));
            assert_eq!(replay.count(), 3, "nothing is deleted where nothing is");
        }
    }

    #[tokio::test]
    async fn a_version_that_s3_kept_is_an_error() {
        let kept =
            "<DeleteResult><Error><Key>a</Key><Code>InternalError</Code></Error></DeleteResult>";
        let replay = Replay::of(&[(200, &versions("a", false)), (200, kept)]);
        let media = S3Media::new(super::super::client(&replay.config(), false), "media");
        assert!(media.erase_media(ids().1).await.is_err());
    }
}
