//! Announcing uploads.

use std::sync::Arc;

use vault_aws::s3::S3Uploads;
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_domain::ports::AccessVerifier;
use vault_domain::usecase::begin_upload;

use super::gated::Gated;
use super::parts::{sdk, unwired, verifier};
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
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (gated, bucket) = (gated.clone(), bucket.clone());
        let (sdk, verifier) = (sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            Ok(Deps {
                begin: begin_upload::Deps {
                    gate: gated.gate(&sdk),
                    assets: Arc::new(gated.assets(&sdk)),
                    uploads: Arc::new(S3Uploads::new(sdk.s3(), bucket)),
                    hashing: Arc::new(Sha256),
                    clock: Arc::new(SystemClock),
                    entropy: Arc::new(SystemEntropy),
                },
                verifier: verifier.ok_or_else(unwired)?,
            })
        }
    })
}
