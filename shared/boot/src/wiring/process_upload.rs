//! Packaging.

use std::sync::Arc;

use vault_aws::dynamodb::{DynamoAssets, DynamoContentKeys, DynamoRecords};
use vault_aws::s3::{S3Media, S3Uploads};
use vault_crypto::entropy::SystemEntropy;
use vault_crypto::wrap::MasterKeys;
use vault_domain::packaging::PackagePlan;
use vault_domain::quota::Quota;
use vault_domain::usecase::process_upload;
use vault_media::HlsPackagers;

use super::parts::{quota, refused, ring, sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What packaging needs.
pub struct Deps {
    /// The use case.
    pub process: process_upload::Deps,
    /// The uploads bucket: events of others are not ours.
    pub bucket: String,
    /// How often SQS hands a message out before it goes to the dead-letter queue.
    pub max_receive_count: u32,
}

#[derive(Clone)]
struct Config {
    assets: String,
    audit: String,
    usage: String,
    keys: String,
    uploads: String,
    media: String,
    master: String,
    plan: PackagePlan,
    quota: Quota,
    max_receive_count: u32,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let config = Config {
        assets: env.text("ASSETS_TABLE"),
        audit: env.text("AUDIT_TABLE"),
        usage: env.text("USAGE_TABLE"),
        keys: env.text("KEYS_TABLE"),
        uploads: env.text("UPLOADS_BUCKET"),
        media: env.text("MEDIA_BUCKET"),
        master: env.text("MASTER_KEY_SECRET"),
        plan: PackagePlan {
            segment_ms: env.number("SEGMENT_MS", 1_000..=30_000),
            segments_per_key: env.number("SEGMENTS_PER_KEY", 1..=1_000),
        },
        quota: quota(env),
        max_receive_count: env.number("MAX_RECEIVE_COUNT", 1..=1_000),
    };
    let sdk = sdk(env);
    Lazy::new(move || {
        let (config, sdk) = (config.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let master = ring(&sdk, &config.master).await?;
            let (dynamodb, s3) = (sdk.dynamodb(), sdk.s3());
            let records = DynamoRecords::new(dynamodb.clone(), config.audit);
            let assets = DynamoAssets::new(dynamodb.clone(), config.assets, records)
                .counted_in(config.usage);
            let wrap = MasterKeys::new(&master).map_err(|fault| refused("master key", fault))?;
            Ok(Deps {
                process: process_upload::Deps {
                    assets: Arc::new(assets),
                    uploads: Arc::new(S3Uploads::new(s3.clone(), config.uploads.clone())),
                    keys: Arc::new(DynamoContentKeys::new(dynamodb, config.keys)),
                    media: Arc::new(S3Media::new(s3, config.media)),
                    wrap: Arc::new(wrap),
                    packager: Arc::new(HlsPackagers),
                    clock: Arc::new(SystemClock),
                    entropy: Arc::new(SystemEntropy),
                    plan: config.plan,
                    quota: config.quota,
                },
                bucket: config.uploads,
                max_receive_count: config.max_receive_count,
            })
        }
    })
}
