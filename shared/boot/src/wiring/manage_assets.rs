//! The library.

use std::sync::Arc;

use vault_aws::dynamodb::DynamoLibrary;
use vault_crypto::entropy::Sha256;
use vault_domain::ports::{AccessVerifier, Clock};
use vault_domain::usecase::library;

use super::gated::Gated;
use super::parts::{sdk, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What the library needs.
pub struct Deps {
    /// The use cases.
    pub library: library::Deps,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let gated = Gated::supported(env);
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (gated, sdk, verifier) = (gated.clone(), sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let (assets, records) = (gated.assets_table(), gated.records(&sdk));
            let library = DynamoLibrary::new(sdk.dynamodb(), assets, records);
            Ok(Deps {
                library: library::Deps {
                    gate: gated.gate(&sdk),
                    assets: Arc::new(gated.assets(&sdk)),
                    containers: Arc::new(gated.access(&sdk)),
                    library: Arc::new(library),
                    hashing: Arc::new(Sha256),
                },
                verifier: verifier.ok_or_else(unwired)?,
                clock: Arc::new(SystemClock),
            })
        }
    })
}
