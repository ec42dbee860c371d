//! Files of variants to download, beside the sources in the uploads bucket.

use async_trait::async_trait;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use vault_domain::ports::{RenditionFiles, StoreError, Stored, Workshop};

use super::S3Uploads;

/// Octets of a part: of the largest file that is converted there are fewer than S3's 10,000.
const PART: u64 = 16 << 20;
const TYPE: &str = "video/mp4";
const OPERATION: &str = "files.keep";

/// A file on its way.
struct Keeping<'a> {
    bucket: &'a S3Uploads,
    key: &'a str,
    workshop: &'a dyn Workshop,
    size: u64,
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::new(OPERATION, error)
}

impl Keeping<'_> {
    async fn piece(&self, offset: u64) -> Stored<ByteStream> {
        let len = PART.min(self.size - offset);
        let len = usize::try_from(len).map_err(failed)?;
        Ok(self.workshop.read(offset, len).await?.into())
    }

    async fn whole(&self) -> Stored<()> {
        let request = self.bucket.client.put_object().bucket(&self.bucket.bucket);
        let request = request.key(self.key).content_type(TYPE);
        let sent = request.body(self.piece(0).await?).send().await;
        sent.map_err(failed).map(|_| ())
    }

    async fn in_parts(&self) -> Stored<()> {
        let (client, bucket) = (&self.bucket.client, &self.bucket.bucket);
        let request = client.create_multipart_upload().bucket(bucket);
        let sent = request.key(self.key).content_type(TYPE).send().await;
        let id = sent.map_err(failed)?.upload_id;
        let id = id.ok_or_else(|| failed("S3 gave no upload id"))?;
        let kept = self.parts(&id).await;
        if kept.is_err() {
            // Best effort: the bucket ends uploads that nobody ended.
            let request = client.abort_multipart_upload().bucket(bucket);
            let _ = request.key(self.key).upload_id(id).send().await;
        }
        kept
    }

    async fn parts(&self, id: &str) -> Stored<()> {
        let (client, bucket) = (&self.bucket.client, &self.bucket.bucket);
        let mut parts = Vec::new();
        let (mut number, mut offset) = (1, 0);
        while offset < self.size {
            let request = client.upload_part().bucket(bucket).key(self.key);
            let request = request.upload_id(id).part_number(number);
            let sent = request.body(self.piece(offset).await?).send().await;
            let part = CompletedPart::builder().part_number(number);
            parts.push(part.set_e_tag(sent.map_err(failed)?.e_tag).build());
            (number, offset) = (number + 1, offset + PART);
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts));
        let request = client.complete_multipart_upload().bucket(bucket);
        let request = request.key(self.key).upload_id(id);
        let sent = request.multipart_upload(parts.build()).send().await;
        sent.map_err(failed).map(|_| ())
    }
}

#[async_trait]
impl RenditionFiles for S3Uploads {
    async fn keep(&self, key: &str, workshop: &dyn Workshop, size: u64) -> Stored<()> {
        let keeping = Keeping {
            bucket: self,
            key,
            workshop,
            size,
        };
        if size <= PART {
            keeping.whole().await
        } else {
            keeping.in_parts().await
        }
    }

    /// In a versioned bucket this sets a delete marker, and the lifecycle rule does the rest.
    async fn discard(&self, key: &str) -> Stored<()> {
        let request = self.client.delete_object().bucket(&self.bucket);
        let sent = request.key(key).send().await;
        sent.map_err(|error| StoreError::new("files.discard", error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::conversion::{Encoding, Probe};
    use vault_domain::packaging::PackageFault;
    use vault_domain::preview::{Made, PreviewPlan};
    use vault_domain::time::Timestamp;

    use super::*;
    use crate::replay::Replay;

    /// Octets of whatever size; nothing else of a workshop is asked for.
    struct Octets;

    #[async_trait]
    impl Workshop for Octets {
        async fn clear(&self) -> Stored<()> {
            unreachable!()
        }
        async fn bring(&self, _: &[u8]) -> Stored<()> {
            unreachable!()
        }
        async fn probe(&self) -> Stored<Result<Probe, PackageFault>> {
            unreachable!()
        }
        async fn encode(&self, _: &Encoding, _: Timestamp) -> Stored<Result<u64, PackageFault>> {
            unreachable!()
        }
        async fn length(&self, _: Timestamp) -> Stored<Result<u64, PackageFault>> {
            unreachable!()
        }
        async fn preview(
            &self,
            _: &PreviewPlan,
            _: Timestamp,
        ) -> Stored<Result<Made, PackageFault>> {
            unreachable!()
        }
        fn complaint(&self) -> Option<String> {
            unreachable!()
        }
        async fn read(&self, _: u64, len: usize) -> Stored<Vec<u8>> {
            Ok(vec![7; len])
        }
    }

    const BEGUN: &str =
        "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
    const COMPLETED: &str = "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>";
    const KEY: &str = "uploads/o/a/renditions/p-720-1.mp4";

    async fn keep(replay: &Replay, size: u64) -> Stored<()> {
        let bucket = S3Uploads::new(super::super::client(&replay.config(), false), "uploads");
        bucket.keep(KEY, &Octets, size).await
    }

    fn length(replay: &Replay, at: usize) -> Option<String> {
        replay.header(at, "content-length")
    }

    #[tokio::test]
    async fn a_small_file_is_one_request_and_a_large_one_goes_in_parts() {
        let replay = Replay::of(&[(200, "")]);
        keep(&replay, PART).await.unwrap();
        assert!(replay.uri(0).contains(KEY));
        assert_eq!(replay.header(0, "content-type").as_deref(), Some(TYPE));
        assert_eq!(length(&replay, 0), Some(PART.to_string()));
        let replay = Replay::of(&[(200, BEGUN), (200, ""), (200, ""), (200, COMPLETED)]);
        keep(&replay, PART + 5).await.unwrap();
        assert_eq!(length(&replay, 1), Some(PART.to_string()));
        assert_eq!(length(&replay, 2).as_deref(), Some("5"));
        for (at, number) in [(1, "partNumber=1"), (2, "partNumber=2")] {
            assert!(replay.uri(at).contains(number) && replay.uri(at).contains("uploadId=u"));
        }
        assert!(replay.body(3).contains("<PartNumber>2</PartNumber>"));
    }

    #[tokio::test]
    async fn what_cannot_be_kept_whole_is_ended() {
        let refused = "<Error><Code>AccessDenied</Code></Error>";
        let replay = Replay::of(&[(200, BEGUN), (403, refused), (204, "")]);
        assert!(keep(&replay, PART + 5).await.is_err());
        assert_eq!(replay.count(), 3);
        assert!(replay.uri(2).contains("uploadId=u") && !replay.uri(2).contains("partNumber"));
    }
}
