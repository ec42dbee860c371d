//! The end of assets.

use std::sync::Arc;

use vault_aws::dynamodb::{
    DynamoAbandonments, DynamoAssets, DynamoContentKeys, DynamoDeletions, DynamoRecords,
    DynamoScans, DynamoShares,
};
use vault_aws::s3::{S3Media, S3Uploads};
use vault_crypto::entropy::SystemEntropy;
use vault_domain::usecase::sweep_assets::Deps;

use super::parts::{sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

#[derive(Clone)]
struct Config {
    assets: String,
    retention: String,
    usage: String,
    keys: String,
    shares: String,
    audit: String,
    uploads: String,
    media: String,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let config = Config {
        assets: env.text("ASSETS_TABLE"),
        retention: env.text("RETENTION_TABLE"),
        usage: env.text("USAGE_TABLE"),
        keys: env.text("KEYS_TABLE"),
        shares: env.text("SHARES_TABLE"),
        audit: env.text("AUDIT_TABLE"),
        uploads: env.text("UPLOADS_BUCKET"),
        media: env.text("MEDIA_BUCKET"),
    };
    let sdk = sdk(env);
    Lazy::new(move || {
        let (config, sdk) = (config.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let (dynamodb, s3) = (sdk.dynamodb(), sdk.s3());
            let records = DynamoRecords::new(dynamodb.clone(), config.audit);
            let assets = DynamoAssets::new(dynamodb.clone(), &config.assets, records.clone())
                .counted_in(&config.usage);
            let (usage, retention) = (&config.usage, &config.retention);
            let abandonments =
                DynamoAbandonments::new(dynamodb.clone(), assets.clone(), usage, retention);
            let scans = DynamoScans::new(dynamodb.clone(), assets.clone(), retention);
            let (client, tables) = (dynamodb.clone(), (config.assets, config.retention));
            let deletions =
                DynamoDeletions::new(client, tables.0, tables.1, config.usage, records.clone());
            let deletions = Arc::new(deletions);
            let shares = DynamoShares::new(dynamodb.clone(), config.shares, records.clone());
            Ok(Deps {
                dues: deletions.clone(),
                assets: Arc::new(assets),
                deletions: deletions.clone(),
                erasures: deletions.clone(),
                retentions: deletions,
                abandonments: Arc::new(abandonments),
                scans: Arc::new(scans),
                keys: Arc::new(DynamoContentKeys::new(dynamodb, config.keys)),
                media: Arc::new(S3Media::new(s3.clone(), config.media)),
                sources: Arc::new(S3Uploads::new(s3, config.uploads)),
                shares: Arc::new(shares),
                records: Arc::new(records),
                clock: Arc::new(SystemClock),
                entropy: Arc::new(SystemEntropy),
            })
        }
    })
}
