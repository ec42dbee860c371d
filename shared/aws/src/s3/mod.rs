//! The ports over S3: the uploads bucket, the media bucket, the archive of audit exports.

mod archive;
mod erase;
mod media;
mod presign;
mod previews;
mod renditions;
mod texts;
mod uploads;

pub use archive::S3AuditArchive;
pub use media::S3Media;
pub use uploads::S3Uploads;

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    Builder, RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig,
};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use vault_domain::ports::{StoreError, Stored};

/// A client whose requests carry a checksum only where S3 demands one. The SDK's default, a CRC-32 on everything,
/// would be signed into presigned URLs that no browser could then satisfy.
pub(crate) fn client(config: &SdkConfig, path_style: bool) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_mins(1))
        .operation_timeout(Duration::from_secs(150));
    let config = Builder::from(config)
        .force_path_style(path_style)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .stalled_stream_protection(StalledStreamProtectionConfig::enabled().build())
        .timeout_config(timeouts.build());
    Client::from_conf(config.build())
}

/// The whole body, of which about `expected` octets are known to come; more than `most` is an error.
async fn collect(
    operation: &'static str,
    mut body: ByteStream,
    expected: usize,
    most: usize,
) -> Stored<Vec<u8>> {
    let mut bytes = Vec::with_capacity(expected.min(most));
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| StoreError::new(operation, error))?;
        if bytes.len() + chunk.len() > most {
            return Err(StoreError::new(
                operation,
                "more octets came than were asked for",
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
