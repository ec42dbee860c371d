//! Shares, as they are managed.

use std::sync::Arc;

use vault_aws::dynamodb::DynamoShares;
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_crypto::mac::ShareMac;
use vault_crypto::password::Bcrypt;
use vault_domain::mail::Links;
use vault_domain::ports::{AccessVerifier, Clock};
use vault_domain::usecase::manage_shares;

use super::gated::Gated;
use super::parts::{refused, ring, sdk, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What managing shares needs.
pub struct Deps {
    /// The use cases.
    pub shares: manage_shares::Deps,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let gated = Gated::of(env);
    let (table, secret) = (env.text("SHARES_TABLE"), env.text("SHARE_MAC_SECRET"));
    let pages = Links::parse(&env.text("APP_URL")).map_err(|fault| env.note(fault));
    let (pages, sdk, verifier) = (pages.ok(), sdk(env), verifier(env));
    Lazy::new(move || {
        let (gated, sdk, verifier) = (gated.clone(), sdk.clone(), verifier.clone());
        let (table, secret, pages) = (table.clone(), secret.clone(), pages.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let tokens = ShareMac::new(&ring(&sdk, &secret).await?);
            let shares = DynamoShares::new(sdk.dynamodb(), table, gated.records(&sdk));
            Ok(Deps {
                shares: manage_shares::Deps {
                    gate: gated.gate(&sdk),
                    assets: Arc::new(gated.assets(&sdk)),
                    shares: Arc::new(shares),
                    tokens: Arc::new(tokens.map_err(|fault| refused("share mac", fault))?),
                    hasher: Arc::new(Bcrypt::new(Arc::new(SystemEntropy))),
                    hashing: Arc::new(Sha256),
                    entropy: Arc::new(SystemEntropy),
                    pages: pages.ok_or_else(unwired)?,
                },
                verifier: verifier.ok_or_else(unwired)?,
                clock: Arc::new(SystemClock),
            })
        }
    })
}
