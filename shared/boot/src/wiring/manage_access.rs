//! Who may do what: access lists, collections, groups.

use std::sync::Arc;

use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_domain::ports::{AccessVerifier, Clock};
use vault_domain::usecase::access;

use super::gated::Gated;
use super::parts::{sdk, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What managing access needs.
pub struct Deps {
    /// The use cases.
    pub access: access::Deps,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let gated = Gated::of(env);
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (gated, sdk, verifier) = (gated.clone(), sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let access = Arc::new(gated.access(&sdk));
            Ok(Deps {
                access: access::Deps {
                    gate: gated.gate(&sdk),
                    assets: Arc::new(gated.assets(&sdk)),
                    containers: access.clone(),
                    changes: access.clone(),
                    groups: access,
                    hashing: Arc::new(Sha256),
                    entropy: Arc::new(SystemEntropy),
                },
                verifier: verifier.ok_or_else(unwired)?,
                clock: Arc::new(SystemClock),
            })
        }
    })
}
