//! Announcing uploads.

use std::sync::Arc;

use vault_aws::s3::S3Uploads;
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_domain::ports::AccessVerifier;
use vault_domain::usecase::begin_upload;

use super::gated::Gated;
use super::parts::{quota, sdk, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What announcing needs.
pub struct Deps {
    /// The use case.
    pub begin: begin_upload::Deps,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (gated, bucket) = (Gated::of(env), env.text("UPLOADS_BUCKET"));
    let (usage, quota) = (env.text("USAGE_TABLE"), quota(env));
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (gated, bucket, usage) = (gated.clone(), bucket.clone(), usage.clone());
        let (sdk, verifier) = (sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            Ok(Deps {
                begin: begin_upload::Deps {
                    gate: gated.gate(&sdk),
                    assets: Arc::new(gated.assets(&sdk).counted_in(usage)),
                    uploads: Arc::new(S3Uploads::new(sdk.s3(), bucket)),
                    hashing: Arc::new(Sha256),
                    clock: Arc::new(SystemClock),
                    entropy: Arc::new(SystemEntropy),
                    quota,
                },
                verifier: verifier.ok_or_else(unwired)?,
            })
        }
    })
}
