//! The uploads bucket.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadError;
use aws_sdk_s3::operation::create_multipart_upload::builders::CreateMultipartUploadFluentBuilder;
use aws_sdk_s3::operation::head_object::{HeadObjectError, HeadObjectOutput};
use aws_sdk_s3::operation::list_parts::ListPartsOutput;
use aws_sdk_s3::types::{
    ChecksumAlgorithm as S3Algorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload,
    CompletedPart, MultipartUpload,
};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use vault_domain::asset::{ChecksumAlgorithm, NewAsset, source_key};
use vault_domain::download::Override;
use vault_domain::ports::{
    Completion, FileUrls, HeldPart, HeldParts, SignedPart, SourceHead, StoreError, Stored,
    UploadedPart, Uploads, WantedPart,
};
use vault_domain::secret::SecretText;

use super::{collect, presign};

/// What a completion may take of the 29 seconds of a function that answers requests.
const COMPLETES_WITHIN: Duration = Duration::from_secs(20);
/// S3's answers to a completion that will be the same at every repeat (Amazon S3 API, `CompleteMultipartUpload`).
const REFUSALS: [&str; 5] = [
    "InvalidPart",
    "InvalidPartOrder",
    "EntityTooSmall",
    "BadDigest",
    "InvalidRequest",
];

/// The uploads bucket.
#[derive(Debug, Clone)]
pub struct S3Uploads {
    pub(super) client: Client,
    pub(super) bucket: String,
}

impl S3Uploads {
    /// The uploads in this bucket, by a client of [`crate::Sdk::s3`].
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self {
            client,
            bucket: bucket.into(),
        }
    }
}

fn key(asset: &NewAsset) -> String {
    source_key(asset.org, asset.id)
}

fn is<E: ProvideErrorMetadata>(error: &SdkError<E>, code: &str) -> bool {
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        == Some(code)
}

/// The announced CRC-64/NVME; no other algorithm has a whole-object form over several parts.
fn whole_object_crc(asset: &NewAsset) -> Option<&str> {
    let checksum = asset.checksum.as_ref()?;
    (checksum.algorithm == ChecksumAlgorithm::Crc64Nvme).then_some(checksum.value.as_str())
}

fn with_checksum(
    request: CreateMultipartUploadFluentBuilder,
    asset: &NewAsset,
) -> CreateMultipartUploadFluentBuilder {
    let parts = asset.plan.checksums;
    match whole_object_crc(asset).map_or(parts, |_| Some(ChecksumAlgorithm::Crc64Nvme)) {
        Some(ChecksumAlgorithm::Crc64Nvme) => request
            .checksum_algorithm(S3Algorithm::Crc64Nvme)
            .checksum_type(ChecksumType::FullObject),
        // S3 has no other kind of it over several parts.
        Some(ChecksumAlgorithm::Sha256) => request
            .checksum_algorithm(S3Algorithm::Sha256)
            .checksum_type(ChecksumType::Composite),
        None => request,
    }
}

fn held(asset: &NewAsset, page: &ListPartsOutput) -> Option<HeldParts> {
    let parts = page.parts().iter().map(|part| {
        let checksum = asset.plan.checksums.and_then(|kind| match kind {
            ChecksumAlgorithm::Sha256 => part.checksum_sha256(),
            ChecksumAlgorithm::Crc64Nvme => part.checksum_crc64_nvme(),
        });
        Some(HeldPart {
            part: UploadedPart {
                number: u32::try_from(part.part_number()?).ok()?,
                etag: part.e_tag()?.to_owned(),
                checksum: checksum.map(str::to_owned),
            },
            size: u64::try_from(part.size()?).ok()?,
        })
    });
    Some(HeldParts {
        parts: parts.collect::<Option<_>>()?,
        more: page.is_truncated() == Some(true),
    })
}

fn completed(asset: &NewAsset, parts: &[UploadedPart]) -> Option<CompletedMultipartUpload> {
    let parts = parts.iter().map(|part| {
        let number = i32::try_from(part.number).ok()?;
        let completed = CompletedPart::builder()
            .part_number(number)
            .e_tag(&part.etag);
        let checksum = part.checksum.clone();
        let completed = match asset.plan.checksums {
            Some(ChecksumAlgorithm::Sha256) => completed.set_checksum_sha256(checksum),
            Some(ChecksumAlgorithm::Crc64Nvme) => completed.set_checksum_crc64_nvme(checksum),
            None => completed,
        };
        Some(completed.build())
    });
    let parts = parts.collect::<Option<Vec<_>>>()?;
    Some(
        CompletedMultipartUpload::builder()
            .set_parts(Some(parts))
            .build(),
    )
}

fn completion(sent: Result<(), SdkError<CompleteMultipartUploadError>>) -> Stored<Completion> {
    let Err(error) = sent else {
        return Ok(Completion::Completed);
    };
    let refusal = error.as_service_error().and_then(|service| {
        let code = service.code().filter(|code| REFUSALS.contains(code))?;
        Some(format!("{code}: {}", service.message().unwrap_or_default()))
    });
    match refusal {
        _ if matches!(error, SdkError::TimeoutError(_)) => Ok(Completion::UnderWay),
        Some(why) => Ok(Completion::Refused(why)),
        None if is(&error, "NoSuchUpload") => Ok(Completion::NoSuchUpload),
        None => Err(StoreError::new("uploads.complete", error)),
    }
}

fn source_head(asset: &NewAsset, head: HeadObjectOutput) -> Option<SourceHead> {
    let checksum = match asset.checksum.as_ref().map(|announced| announced.algorithm) {
        Some(ChecksumAlgorithm::Sha256) => head.checksum_sha256,
        Some(ChecksumAlgorithm::Crc64Nvme) => head.checksum_crc64_nvme,
        None => None,
    };
    Some(SourceHead {
        size: u64::try_from(head.content_length?).ok()?,
        etag: head.e_tag?,
        version: head.version_id,
        checksum,
    })
}

#[async_trait]
impl Uploads for S3Uploads {
    async fn presign_object(&self, asset: &NewAsset) -> Stored<SignedPart> {
        presign::object(&self.client, &self.bucket, asset).await
    }

    /// The oldest, so that requests in parallel settle on the same one.
    async fn find_multipart(&self, asset: &NewAsset) -> Stored<Option<String>> {
        let key = key(asset);
        let request = self.client.list_multipart_uploads().bucket(&self.bucket);
        let sent = request.prefix(&key).send().await;
        let output = sent.map_err(|error| StoreError::new("uploads.find_multipart", error))?;
        let uploads = output.uploads.unwrap_or_default().into_iter();
        let age = |upload: &MultipartUpload| {
            let begun = upload.initiated.map(|at| (at.secs(), at.subsec_nanos()));
            (begun, upload.upload_id.clone())
        };
        let oldest = uploads
            .filter(|upload| upload.key.as_ref() == Some(&key))
            .min_by_key(age);
        Ok(oldest.and_then(|upload| upload.upload_id))
    }

    async fn create_multipart(&self, asset: &NewAsset) -> Stored<String> {
        const OPERATION: &str = "uploads.create_multipart";
        let request = self.client.create_multipart_upload().bucket(&self.bucket);
        let request = request
            .key(key(asset))
            .content_type(asset.media_type.as_str());
        let sent = with_checksum(request, asset).send().await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        let id = output.upload_id;
        id.ok_or_else(|| StoreError::new(OPERATION, "S3 gave no upload id"))
    }

    async fn abort_multipart(&self, asset: &NewAsset, multipart: &str) -> Stored<()> {
        let request = self.client.abort_multipart_upload().bucket(&self.bucket);
        match request.key(key(asset)).upload_id(multipart).send().await {
            Ok(_) => Ok(()),
            Err(error) if is(&error, "NoSuchUpload") => Ok(()),
            Err(error) => Err(StoreError::new("uploads.abort_multipart", error)),
        }
    }

    async fn presign_parts(
        &self,
        asset: &NewAsset,
        multipart: &str,
        parts: &[WantedPart],
    ) -> Stored<Vec<SignedPart>> {
        let mut signed = Vec::with_capacity(parts.len());
        for part in parts {
            let part = presign::part(&self.client, &self.bucket, (asset, multipart), part);
            signed.push(part.await?);
        }
        Ok(signed)
    }

    async fn held_parts(
        &self,
        asset: &NewAsset,
        multipart: &str,
        after: u32,
    ) -> Stored<Option<HeldParts>> {
        const OPERATION: &str = "uploads.held_parts";
        let odd = || StoreError::new(OPERATION, "a part lacks its number, size or ETag");
        let request = self.client.list_parts().bucket(&self.bucket);
        let request = request.key(key(asset)).upload_id(multipart);
        let marker = (after > 0).then(|| after.to_string());
        match request.set_part_number_marker(marker).send().await {
            Ok(page) => held(asset, &page).ok_or_else(odd).map(Some),
            Err(error) if is(&error, "NoSuchUpload") => Ok(None),
            Err(error) => Err(StoreError::new(OPERATION, error)),
        }
    }

    /// S3 compares the size and an announced CRC-64 as well, before there is an object.
    async fn complete(
        &self,
        asset: &NewAsset,
        multipart: &str,
        parts: &[UploadedPart],
    ) -> Stored<Completion> {
        const OPERATION: &str = "uploads.complete";
        let Some(parts) = completed(asset, parts) else {
            return Ok(Completion::Refused(
                "a part number is out of range".to_owned(),
            ));
        };
        let size = i64::try_from(asset.plan.size);
        let size = size.map_err(|error| StoreError::new(OPERATION, error))?;
        let request = self.client.complete_multipart_upload().bucket(&self.bucket);
        let mut request = request
            .key(key(asset))
            .upload_id(multipart)
            .multipart_upload(parts)
            .mpu_object_size(size);
        if let Some(crc) = whole_object_crc(asset) {
            request = request
                .checksum_crc64_nvme(crc)
                .checksum_type(ChecksumType::FullObject);
        }
        // One try: a second would find S3 at the first.
        let timeouts = TimeoutConfig::builder().operation_timeout(COMPLETES_WITHIN);
        let own = aws_sdk_s3::config::Config::builder()
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::disabled());
        let sent = request.customize().config_override(own).send();
        completion(sent.await.map(|_| ()))
    }

    async fn head(&self, asset: &NewAsset) -> Stored<Option<SourceHead>> {
        const OPERATION: &str = "uploads.head";
        let request = self.client.head_object().bucket(&self.bucket);
        let request = request.key(key(asset)).checksum_mode(ChecksumMode::Enabled);
        let output = match request.send().await {
            Ok(output) => output,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(HeadObjectError::is_not_found) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(StoreError::new(OPERATION, error)),
        };
        let head = source_head(asset, output);
        let odd = || StoreError::new(OPERATION, "S3 named neither size nor ETag");
        head.ok_or_else(odd).map(Some)
    }

    async fn read(&self, asset: &NewAsset, etag: &str, offset: u64, len: usize) -> Stored<Vec<u8>> {
        const OPERATION: &str = "uploads.read";
        if len == 0 {
            return Ok(Vec::new());
        }
        let last = u64::try_from(len - 1)
            .ok()
            .and_then(|len| offset.checked_add(len));
        let last = last.ok_or_else(|| StoreError::new(OPERATION, "the range overflows"))?;
        let request = self.client.get_object().bucket(&self.bucket);
        let sent = request
            .key(key(asset))
            .if_match(etag)
            .range(format!("bytes={offset}-{last}"))
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        let bytes = collect(OPERATION, output.body, len, len).await?;
        if bytes.len() == len {
            Ok(bytes)
        } else {
            Err(StoreError::new(
                OPERATION,
                "fewer octets came than were asked for",
            ))
        }
    }

    async fn delete(&self, asset: &NewAsset) -> Stored<()> {
        let request = self.client.delete_object().bucket(&self.bucket);
        let sent = request.key(key(asset)).send().await;
        sent.map_err(|error| StoreError::new("uploads.delete", error))?;
        Ok(())
    }
}

#[async_trait]
impl FileUrls for S3Uploads {
    async fn presign_file(&self, key: &str, asked: &Override, seconds: u64) -> Stored<SecretText> {
        presign::file(&self.client, (&self.bucket, key), asked, seconds).await
    }
}

#[cfg(test)]
pub(super) mod tests;
