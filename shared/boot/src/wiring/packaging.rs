//! What every function needs that packages films.

use std::sync::Arc;

use vault_aws::Sdk;
use vault_aws::dynamodb::{
    DynamoAssets, DynamoContentKeys, DynamoRecords, DynamoScans, DynamoUsage,
};
use vault_aws::s3::{S3Media, S3Uploads};
use vault_aws::sqs::SqsPackagings;
use vault_crypto::entropy::SystemEntropy;
use vault_crypto::wrap::MasterKeys;
use vault_domain::packaging::PackagePlan;
use vault_domain::ports::{Conversions, Scans, Stored};
use vault_domain::quota::Quota;
use vault_domain::usecase::process_upload;
use vault_media::HlsPackagers;

use super::parts::{quota, refused, ring, waits_for_verdicts};
use crate::Env;
use crate::clock::SystemClock;

/// What the environment says of it.
#[derive(Clone)]
pub(super) struct Packaging {
    assets: String,
    audit: String,
    usage: String,
    keys: String,
    pub(super) uploads: String,
    media: String,
    master: String,
    plan: PackagePlan,
    quota: Quota,
    pub(super) max_receive_count: u32,
    /// Does each film get a ladder unasked?
    pub(super) ladder: bool,
    /// Does each film get previews unasked?
    previews: bool,
    retention: String,
    /// Where packaging is ordered, of subtitles too.
    queue: String,
    /// Do films wait for a verdict about malware?
    pub(super) scanned: bool,
}

impl Packaging {
    pub(super) fn of(env: &Env<'_>) -> Self {
        Self {
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
            ladder: env.flag("LADDER_ON_UPLOAD"),
            previews: env.flag("PREVIEWS_ON_UPLOAD"),
            retention: env.text("RETENTION_TABLE"),
            queue: env.text("PROCESS_QUEUE_URL"),
            scanned: waits_for_verdicts(env),
        }
    }

    /// The media bucket.
    pub(super) fn manifests(&self, sdk: &Sdk) -> S3Media {
        S3Media::new(sdk.s3(), &self.media)
    }

    /// The uploads bucket.
    pub(super) fn files(&self, sdk: &Sdk) -> S3Uploads {
        S3Uploads::new(sdk.s3(), &self.uploads)
    }

    /// The table of assets.
    pub(super) fn assets(&self, sdk: &Sdk) -> DynamoAssets {
        let records = DynamoRecords::new(sdk.dynamodb(), &self.audit);
        DynamoAssets::new(sdk.dynamodb(), &self.assets, records).counted_in(&self.usage)
    }

    pub(super) async fn deps(
        self,
        sdk: &Sdk,
        conversions: Option<Arc<dyn Conversions>>,
        beside: Option<Arc<dyn Conversions>>,
    ) -> Stored<process_upload::Deps> {
        let master = ring(sdk, &self.master).await?;
        let dynamodb = sdk.dynamodb();
        let (assets, media, uploads) = (self.assets(sdk), self.manifests(sdk), self.files(sdk));
        let scans = self
            .scanned
            .then(|| DynamoScans::new(sdk.dynamodb(), assets.clone(), &self.retention));
        let wrap = MasterKeys::new(&master).map_err(|fault| refused("master key", fault))?;
        Ok(process_upload::Deps {
            assets: Arc::new(assets),
            uploads: Arc::new(uploads),
            keys: Arc::new(DynamoContentKeys::new(dynamodb, self.keys)),
            media: Arc::new(media),
            wrap: Arc::new(wrap),
            packager: Arc::new(HlsPackagers),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            plan: self.plan,
            usages: Arc::new(DynamoUsage::new(sdk.dynamodb(), self.usage)),
            quota: self.quota,
            conversions,
            ladder: beside.clone().filter(|_| self.ladder),
            previews: beside.filter(|_| self.previews),
            texts: Arc::new(SqsPackagings::new(sdk.sqs(), self.queue)),
            scans: scans.map(|scans| Arc::new(scans) as Arc<dyn Scans>),
        })
    }
}
