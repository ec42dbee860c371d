//! Shares, as strangers come with their links.

use std::sync::Arc;

use vault_aws::dynamodb::{DynamoLimits, DynamoRecords, DynamoShareExchanges};
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_crypto::mac::ShareMac;
use vault_crypto::password::Bcrypt;
use vault_domain::usecase::exchange_share::Deps;

use super::parts::{refused, ring, sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

#[derive(Clone)]
struct Config {
    shares: String,
    assets: String,
    grants: String,
    limits: String,
    audit: String,
    secret: String,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let config = Config {
        shares: env.text("SHARES_TABLE"),
        assets: env.text("ASSETS_TABLE"),
        grants: env.text("GRANTS_TABLE"),
        limits: env.text("LIMITS_TABLE"),
        audit: env.text("AUDIT_TABLE"),
        secret: env.text("SHARE_MAC_SECRET"),
    };
    let sdk = sdk(env);
    Lazy::new(move || {
        let (config, sdk) = (config.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let tokens = ShareMac::new(&ring(&sdk, &config.secret).await?);
            let records = DynamoRecords::new(sdk.dynamodb(), config.audit);
            let shares = DynamoShareExchanges::new(
                sdk.dynamodb(),
                config.shares,
                config.assets,
                config.grants,
                records.clone(),
            );
            Ok(Deps {
                shares: Arc::new(shares),
                tokens: Arc::new(tokens.map_err(|fault| refused("share mac", fault))?),
                limits: Arc::new(DynamoLimits::new(sdk.dynamodb(), config.limits)),
                hasher: Arc::new(Bcrypt::new(Arc::new(SystemEntropy))),
                hashing: Arc::new(Sha256),
                records: Arc::new(records),
                clock: Arc::new(SystemClock),
                entropy: Arc::new(SystemEntropy),
            })
        }
    })
}
