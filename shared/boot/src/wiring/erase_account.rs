//! The erasure of accounts.

use std::sync::Arc;

use vault_aws::dynamodb::{
    DynamoErasures, DynamoMembers, DynamoOrganisations, DynamoRecords, DynamoSessions,
    DynamoStandings, DynamoUsers, ErasureTables,
};
use vault_crypto::entropy::SystemEntropy;
use vault_domain::ports::AccessVerifier;
use vault_domain::usecase::erase_account;

use super::parts::{sdk, standing, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What erasing needs.
pub struct Deps {
    /// The use case.
    pub erase: erase_account::Deps,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (users, standing) = (env.text("USERS_TABLE"), standing(env));
    let audit = env.text("AUDIT_TABLE");
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (users, standing, audit) = (users.clone(), standing.clone(), audit.clone());
        let (sdk, verifier) = (sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let dynamodb = || sdk.dynamodb();
            let tables = ErasureTables {
                users: users.clone(),
                members: standing.members.clone(),
                sessions: standing.sessions.clone(),
            };
            let records = DynamoRecords::new(dynamodb(), audit);
            let (members, sessions) = (standing.members.clone(), standing.sessions.clone());
            Ok(Deps {
                erase: erase_account::Deps {
                    standings: Arc::new(DynamoStandings::new(dynamodb(), standing)),
                    users: Arc::new(DynamoUsers::new(dynamodb(), users.clone())),
                    members: Arc::new(DynamoMembers::new(dynamodb(), &members)),
                    organisations: Arc::new(DynamoOrganisations::new(
                        dynamodb(),
                        users,
                        members,
                        records.clone(),
                    )),
                    sessions: Arc::new(DynamoSessions::new(dynamodb(), sessions, records.clone())),
                    erasures: Arc::new(DynamoErasures::new(dynamodb(), tables, records)),
                    clock: Arc::new(SystemClock),
                    entropy: Arc::new(SystemEntropy),
                },
                verifier: verifier.ok_or_else(unwired)?,
            })
        }
    })
}
