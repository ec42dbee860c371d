//! How assets go.

use std::sync::Arc;

use vault_aws::cloudfront::CloudFrontDistribution;
use vault_aws::dynamodb::{DynamoDeletions, DynamoRetentions};
use vault_domain::ports::{AccessVerifier, Clock};
use vault_domain::usecase::deletion;

use super::gated::Gated;
use super::parts::{quota, sdk, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What deleting needs.
pub struct Deps {
    /// The use cases.
    pub deletion: deletion::Deps,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (gated, distribution) = (Gated::of(env), env.text("DISTRIBUTION_ID"));
    let (retention, usage) = (env.text("RETENTION_TABLE"), env.text("USAGE_TABLE"));
    let quota = quota(env);
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (gated, distribution) = (gated.clone(), distribution.clone());
        let (sdk, verifier) = (sdk.clone(), verifier.clone());
        let (retention, usage) = (retention.clone(), usage.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let records = gated.records(&sdk);
            let assets = gated.assets_table();
            let deletions =
                DynamoDeletions::new(sdk.dynamodb(), assets, &retention, usage, records.clone());
            let deletions = Arc::new(deletions);
            let members = &gated.standing().members;
            let rules = DynamoRetentions::new(&retention, members, records);
            let distribution = CloudFrontDistribution::new(sdk.cloudfront(), distribution);
            Ok(Deps {
                deletion: deletion::Deps {
                    gate: gated.gate(&sdk),
                    assets: Arc::new(gated.assets(&sdk)),
                    deletions: deletions.clone(),
                    retentions: deletions,
                    rules: Arc::new(rules),
                    distribution: Arc::new(distribution),
                    quota,
                },
                verifier: verifier.ok_or_else(unwired)?,
                clock: Arc::new(SystemClock),
            })
        }
    })
}
