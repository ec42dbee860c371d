//! Completing uploads.

use std::sync::Arc;

use vault_aws::dynamodb::DynamoAbandonments;
use vault_aws::s3::S3Uploads;
use vault_domain::ports::{AccessVerifier, Clock};
use vault_domain::usecase::finalize_upload;

use super::gated::Gated;
use super::parts::{sdk, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What completing needs.
pub struct Deps {
    /// The use case.
    pub finalize: finalize_upload::Deps,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (gated, bucket) = (Gated::of(env), env.text("UPLOADS_BUCKET"));
    let (usage, retention) = (env.text("USAGE_TABLE"), env.text("RETENTION_TABLE"));
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (gated, bucket) = (gated.clone(), bucket.clone());
        let (usage, retention) = (usage.clone(), retention.clone());
        let (sdk, verifier) = (sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let assets = gated.assets(&sdk).counted_in(&usage);
            let ends = DynamoAbandonments::new(sdk.dynamodb(), assets.clone(), usage, retention);
            Ok(Deps {
                finalize: finalize_upload::Deps {
                    gate: gated.gate(&sdk),
                    assets: Arc::new(assets),
                    uploads: Arc::new(S3Uploads::new(sdk.s3(), bucket)),
                    ends: Arc::new(ends),
                },
                verifier: verifier.ok_or_else(unwired)?,
                clock: Arc::new(SystemClock),
            })
        }
    })
}
