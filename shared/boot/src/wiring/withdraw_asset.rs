//! Withdrawals.

use std::sync::Arc;

use vault_aws::cloudfront::CloudFrontDistribution;
use vault_domain::ports::{AccessVerifier, Clock};
use vault_domain::usecase::withdraw_asset;

use super::gated::Gated;
use super::parts::{sdk, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What withdrawing needs.
pub struct Deps {
    /// The use case.
    pub withdraw: withdraw_asset::Deps,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (gated, distribution) = (Gated::of(env), env.text("DISTRIBUTION_ID"));
    let usage = env.text("USAGE_TABLE");
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (gated, distribution) = (gated.clone(), distribution.clone());
        let usage = usage.clone();
        let (sdk, verifier) = (sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let distribution = CloudFrontDistribution::new(sdk.cloudfront(), distribution);
            Ok(Deps {
                withdraw: withdraw_asset::Deps {
                    gate: gated.gate(&sdk),
                    assets: Arc::new(gated.assets(&sdk).counted_in(usage)),
                    distribution: Arc::new(distribution),
                },
                verifier: verifier.ok_or_else(unwired)?,
                clock: Arc::new(SystemClock),
            })
        }
    })
}
