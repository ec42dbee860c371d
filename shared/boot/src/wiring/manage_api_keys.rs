//! Managing API keys.

use std::sync::Arc;

use vault_aws::dynamodb::{DynamoClients, DynamoRecords, DynamoStandings};
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_domain::ports::AccessVerifier;
use vault_domain::usecase::manage_api_keys;

use super::parts::{sdk, standing, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What managing keys needs.
pub struct Deps {
    /// The use cases.
    pub manage: manage_api_keys::Deps,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (standing, audit) = (standing(env), env.text("AUDIT_TABLE"));
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (standing, audit) = (standing.clone(), audit.clone());
        let (sdk, verifier) = (sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let records = DynamoRecords::new(sdk.dynamodb(), audit);
            let clients = DynamoClients::new(sdk.dynamodb(), &standing.clients, records);
            Ok(Deps {
                manage: manage_api_keys::Deps {
                    standings: Arc::new(DynamoStandings::new(sdk.dynamodb(), standing)),
                    clients: Arc::new(clients),
                    hashing: Arc::new(Sha256),
                    clock: Arc::new(SystemClock),
                    entropy: Arc::new(SystemEntropy),
                },
                verifier: verifier.ok_or_else(unwired)?,
            })
        }
    })
}
