//! Subtitles as they were brought, beside the sources in the uploads bucket, until they are sealed.

use async_trait::async_trait;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use vault_domain::ports::{StoreError, Stored, TextFiles};
use vault_domain::subtitles::text::MAX_STORED;

use super::{S3Uploads, collect};

const TYPE: &str = "text/vtt";

#[async_trait]
impl TextFiles for S3Uploads {
    async fn bring(&self, key: &str, text: Vec<u8>) -> Stored<()> {
        let request = self.client.put_object().bucket(&self.bucket).key(key);
        let request = request.content_type(TYPE).cache_control("no-store");
        let sent = request.body(ByteStream::from(text)).send().await;
        sent.map_err(|error| StoreError::new("texts.bring", error))?;
        Ok(())
    }

    async fn fetch(&self, key: &str) -> Stored<Option<Vec<u8>>> {
        const OPERATION: &str = "texts.fetch";
        let request = self.client.get_object().bucket(&self.bucket);
        let output = match request.key(key).send().await {
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
        collect(OPERATION, output.body, 0, MAX_STORED)
            .await
            .map(Some)
    }

    /// In a versioned bucket this sets a delete marker, and the lifecycle rule does the rest.
    async fn forget(&self, key: &str) -> Stored<()> {
        let request = self.client.delete_object().bucket(&self.bucket);
        let sent = request.key(key).send().await;
        sent.map_err(|error| StoreError::new("texts.forget", error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Replay;

    fn uploads(replay: &Replay) -> S3Uploads {
        S3Uploads::new(super::super::client(&replay.config(), false), "uploads")
    }

    const KEY: &str = "uploads/o/a/subtitles/t.vtt";

    #[tokio::test]
    async fn a_text_is_brought_fetched_and_forgotten_under_its_key() {
        let replay = Replay::of(&[(200, ""), (200, "WEBVTT"), (204, "")]);
        let uploads = uploads(&replay);
        uploads.bring(KEY, b"WEBVTT".to_vec()).await.unwrap();
        assert_eq!(replay.header(0, "content-type").as_deref(), Some(TYPE));
        let text = uploads.fetch(KEY).await.unwrap();
        assert_eq!(text.as_deref(), Some(&b"WEBVTT"[..]));
        uploads.forget(KEY).await.unwrap();
        for at in 0..3 {
            assert!(replay.uri(at).contains(KEY));
        }
    }

    #[tokio::test]
    async fn a_text_that_is_not_there_is_none_and_a_refusal_is_an_error() {
        let gone = "<Error><Code>NoSuchKey</Code></Error>";
        let denied = "<Error><Code>AccessDenied</Code></Error>";
        let replay = Replay::of(&[(404, gone), (403, denied), (403, denied)]);
        let uploads = uploads(&replay);
        assert_eq!(uploads.fetch(KEY).await.unwrap(), None);
        assert!(uploads.fetch(KEY).await.is_err());
        assert!(uploads.forget(KEY).await.is_err());
    }
}
