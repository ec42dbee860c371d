//! Previews in the media bucket: sealed, so that nothing but their own function can show them.

use async_trait::async_trait;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ports::{PreviewReads, PreviewWrites, StoreError, Stored};
use vault_domain::preview::{MAX_PICTURE_OCTETS, PreviewName, preview_key};

use super::collect;
use super::media::S3Media;

/// What lies there is for nobody but us.
const SEALED_TYPE: &str = "application/octet-stream";
/// The largest that is read: a picture, its nonce and its tag.
const MAX_SEALED: usize = MAX_PICTURE_OCTETS + 12 + 16;

#[async_trait]
impl PreviewWrites for S3Media {
    async fn put_preview(
        &self,
        asset: AssetId,
        run: PackageId,
        name: PreviewName,
        sealed: Vec<u8>,
    ) -> Stored<()> {
        let request = self.client.put_object().bucket(&self.bucket);
        let sent = request
            .key(preview_key(asset, run, name))
            .content_type(SEALED_TYPE)
            .cache_control("no-store")
            .body(ByteStream::from(sealed))
            .send()
            .await;
        sent.map_err(|error| StoreError::new("previews.put", error))?;
        Ok(())
    }
}

#[async_trait]
impl PreviewReads for S3Media {
    async fn preview(
        &self,
        asset: AssetId,
        run: PackageId,
        name: PreviewName,
    ) -> Stored<Option<Vec<u8>>> {
        const OPERATION: &str = "previews.get";
        let request = self.client.get_object().bucket(&self.bucket);
        let sent = request.key(preview_key(asset, run, name)).send().await;
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
        let octets = collect(OPERATION, output.body, length.unwrap_or(0), MAX_SEALED);
        octets.await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Replay;

    fn media(replay: &Replay) -> S3Media {
        S3Media::new(super::super::client(&replay.config(), false), "media")
    }

    const ASSET: AssetId = AssetId::from_octets([1; 16]);
    const RUN: PackageId = PackageId::from_octets([2; 16]);

    #[tokio::test]
    async fn a_preview_lies_under_its_run_and_says_nothing_of_itself() {
        let replay = Replay::of(&[(200, "")]);
        let put = media(&replay);
        let put = put.put_preview(ASSET, RUN, PreviewName::Sheet(3), vec![0; 9]);
        put.await.unwrap();
        let key = format!("/media/{ASSET}/{RUN}/previews/storyboard-3.jpg");
        assert!(replay.uri(0).contains(&key), "{}", replay.uri(0));
        let header = |name| replay.header(0, name);
        assert_eq!(header("content-type").as_deref(), Some(SEALED_TYPE));
        assert_eq!(header("cache-control").as_deref(), Some("no-store"));
    }

    #[tokio::test]
    async fn one_that_is_not_there_is_none_and_one_that_is_refused_or_too_large_an_error() {
        let gone = "<Error><Code>NoSuchKey</Code></Error>";
        let refused = "<Error><Code>AccessDenied</Code></Error>";
        let large = "x".repeat(MAX_SEALED + 1);
        let replay = Replay::of(&[(404, gone), (403, refused), (200, &large), (200, "abc")]);
        let media = media(&replay);
        let read = async || media.preview(ASSET, RUN, PreviewName::Poster).await;
        assert_eq!(read().await.unwrap(), None);
        assert!(read().await.is_err());
        assert!(read().await.is_err());
        assert_eq!(read().await.unwrap(), Some(b"abc".to_vec()));
    }
}
