//! The record of what was done, to look at.

use std::sync::Arc;

use vault_aws::dynamodb::{DynamoAudit, DynamoRecords, DynamoStandings};
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_domain::ports::{AccessVerifier, Clock};
use vault_domain::usecase::read_audit;

use super::parts::{sdk, supported_standing, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What looking at the record needs.
pub struct Deps {
    /// The use case.
    pub read: read_audit::Deps,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (standing, audit) = (supported_standing(env), env.text("AUDIT_TABLE"));
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (standing, audit) = (standing.clone(), audit.clone());
        let (sdk, verifier) = (sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            Ok(Deps {
                read: read_audit::Deps {
                    standings: Arc::new(DynamoStandings::new(sdk.dynamodb(), standing)),
                    log: Arc::new(DynamoAudit::new(sdk.dynamodb(), &audit)),
                    hashing: Arc::new(Sha256),
                    records: Arc::new(DynamoRecords::new(sdk.dynamodb(), audit)),
                    clock: Arc::new(SystemClock),
                    entropy: Arc::new(SystemEntropy),
                },
                verifier: verifier.ok_or_else(unwired)?,
                clock: Arc::new(SystemClock),
            })
        }
    })
}
