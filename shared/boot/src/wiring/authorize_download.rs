//! Opening downloads.

use std::sync::Arc;

use vault_aws::Sdk;
use vault_aws::dynamodb::DynamoDownloads;
use vault_aws::s3::S3Uploads;
use vault_crypto::cloudfront::PolicySigner;
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_domain::download::CLOUDFRONT_OCTETS;
use vault_domain::ports::Stored;
use vault_domain::usecase::authorize_download::{Deps, Plan};

use super::gated::Gated;
use super::parts::{refused, ring, sdk, unwired, waits_for_verdicts};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// A download may last a minute to a day.
const URL_SECONDS: std::ops::RangeInclusive<u64> = 60..=86_400;

#[derive(Clone)]
struct Config {
    grants: String,
    playback: String,
    uploads: String,
    gated: Gated,
    signing: String,
    key_pair_id: String,
    slot: String,
    plan: Plan,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let config = Config {
        grants: env.text("GRANTS_TABLE"),
        playback: env.text("PLAYBACK_TABLE"),
        uploads: env.text("UPLOADS_BUCKET"),
        gated: Gated::of(env),
        signing: env.text("URL_SIGNING_SECRET"),
        key_pair_id: env.text("URL_SIGNING_KEY_PAIR_ID"),
        slot: env.text("URL_SIGNING_KEY_SLOT"),
        plan: Plan {
            media_base: env.base_url("MEDIA_BASE_URL"),
            url_seconds: env.number("DOWNLOAD_URL_SECONDS", URL_SECONDS),
            via_cloudfront_below: env
                .number("DOWNLOAD_VIA_CLOUDFRONT_BELOW", 0..=CLOUDFRONT_OCTETS),
            scanned: waits_for_verdicts(env),
        },
    };
    let sdk = sdk(env);
    Lazy::new(move || {
        let (config, sdk) = (config.clone(), sdk.clone());
        async move { made(config, &*sdk.ok_or_else(unwired)?).await }
    })
}

async fn made(config: Config, sdk: &Sdk) -> Stored<Deps> {
    let signing = ring(sdk, &config.signing).await?;
    let signer = PolicySigner::new(&signing, &config.slot, config.key_pair_id);
    let downloads = DynamoDownloads::new(
        sdk.dynamodb(),
        config.grants,
        config.gated.assets_table(),
        config.playback,
        config.gated.records(sdk),
    );
    Ok(Deps {
        downloads: Arc::new(downloads),
        gate: config.gated.gate(sdk),
        hashing: Arc::new(Sha256),
        signer: Arc::new(signer.map_err(|fault| refused("url signing", fault))?),
        files: Arc::new(S3Uploads::new(sdk.s3(), config.uploads)),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        plan: config.plan,
    })
}
