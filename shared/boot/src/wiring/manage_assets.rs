//! The library.

use std::sync::Arc;

use vault_aws::dynamodb::{DynamoAssets, DynamoLibrary, DynamoStandings};
use vault_crypto::entropy::Sha256;
use vault_domain::ports::{AccessVerifier, Clock};
use vault_domain::usecase::library;

use super::parts::{sdk, standing, unwired, verifier};
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
    let (standing, assets) = (standing(env), env.text("ASSETS_TABLE"));
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (standing, assets) = (standing.clone(), assets.clone());
        let (sdk, verifier) = (sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            Ok(Deps {
                library: library::Deps {
                    standings: Arc::new(DynamoStandings::new(sdk.dynamodb(), standing)),
                    assets: Arc::new(DynamoAssets::new(sdk.dynamodb(), &assets)),
                    library: Arc::new(DynamoLibrary::new(sdk.dynamodb(), assets)),
                    hashing: Arc::new(Sha256),
                },
                verifier: verifier.ok_or_else(unwired)?,
                clock: Arc::new(SystemClock),
            })
        }
    })
}
