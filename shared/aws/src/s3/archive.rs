//! The bucket of exports of the record of what was done: what is written there stays, by its object lock.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::base64;
use vault_domain::ports::{AuditArchive, StoreError, Stored};
use vault_domain::token::Digest;

/// The bucket.
#[derive(Debug, Clone)]
pub struct S3AuditArchive {
    client: Client,
    bucket: String,
}

impl S3AuditArchive {
    /// The exports in this bucket, by a client of [`crate::Sdk::s3`].
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self {
            client,
            bucket: bucket.into(),
        }
    }
}

#[async_trait]
impl AuditArchive for S3AuditArchive {
    /// A bucket with an object lock takes nothing without a checksum.
    async fn keep(&self, key: &str, export: String, sha256: Digest) -> Stored<()> {
        let request = self.client.put_object().bucket(&self.bucket).key(key);
        let sent = request
            .if_none_match("*")
            .checksum_sha256(base64::encode(sha256.0))
            .content_type("application/jsonl")
            .cache_control("no-store")
            .body(ByteStream::from(export.into_bytes()))
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        let status = error.raw_response().map(|reply| reply.status().as_u16());
        if status == Some(412) {
            return Ok(());
        }
        Err(StoreError::new("audit_archive.keep", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Replay;

    async fn kept(replay: &Replay) -> Stored<()> {
        let client = super::super::client(&replay.config(), false);
        let archive = S3AuditArchive::new(client, "audit");
        let text = "{}\n".to_owned();
        archive.keep("audit/x.jsonl", text, Digest([7; 32])).await
    }

    #[tokio::test]
    async fn an_export_is_kept_once_under_a_checksum() {
        let there = "<Error><Code>PreconditionFailed</Code></Error>";
        let busy = "<Error><Code>ConditionalRequestConflict</Code></Error>";
        let replay = Replay::of(&[(200, ""), (412, there), (409, busy)]);
        assert!(kept(&replay).await.is_ok());
        assert!(kept(&replay).await.is_ok(), "it is there");
        assert!(kept(&replay).await.is_err());
        let header = |name| replay.header(0, name);
        assert_eq!(header("if-none-match").as_deref(), Some("*"));
        let sum = header("x-amz-checksum-sha256");
        assert_eq!(sum, Some(base64::encode([7; 32])));
    }
}
