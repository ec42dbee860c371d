//! What people see and change of their own account.

use std::sync::Arc;

use vault_aws::dynamodb::{
    DynamoAccounts, DynamoMembers, DynamoRecords, DynamoSessions, DynamoStandings, DynamoUsers,
    StandingTables,
};
use vault_crypto::entropy::SystemEntropy;
use vault_crypto::mac::LoginMac;
use vault_crypto::password::Bcrypt;
use vault_crypto::policy::Estimator;
use vault_crypto::totp::SvgQr;
use vault_domain::factor::Issuer;
use vault_domain::passkey::RelyingParty;
use vault_domain::ports::AccessVerifier;
use vault_domain::usecase::account;

use super::factors::{Factors, relying_party};
use super::parts::{refused, ring, sdk, standing, unwired, verifier};
use crate::{Env, Lazy};

/// What the account's routes need.
pub struct Deps {
    /// The use cases.
    pub account: account::Deps,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
}

#[derive(Clone)]
struct Config {
    users: String,
    audit: String,
    standing: StandingTables,
    mac: String,
    factors: Factors,
    party: Option<RelyingParty>,
    issuer: Option<Issuer>,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let config = Config {
        users: env.text("USERS_TABLE"),
        audit: env.text("AUDIT_TABLE"),
        standing: standing(env),
        mac: env.text("SESSION_MAC_SECRET"),
        factors: Factors::read(env),
        party: relying_party(env),
        issuer: Issuer::parse("Reelvault").ok(),
    };
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (config, sdk, verifier) = (config.clone(), sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let party = config.party.ok_or_else(unwired)?;
            let mac = ring(&sdk, &config.mac).await?;
            let challenges = LoginMac::new(&mac).map_err(|fault| refused("session mac", fault))?;
            let dynamodb = sdk.dynamodb();
            let StandingTables {
                members, sessions, ..
            } = config.standing.clone();
            let users = DynamoUsers::new(dynamodb.clone(), &config.users);
            let records = DynamoRecords::new(dynamodb.clone(), config.audit);
            let accounts =
                DynamoAccounts::new(dynamodb.clone(), config.users, &members, records.clone());
            Ok(Deps {
                account: account::Deps {
                    proof: config.factors.proof(&sdk, party).await?,
                    standings: Arc::new(DynamoStandings::new(dynamodb.clone(), config.standing)),
                    challenges: Arc::new(challenges),
                    users: Arc::new(users),
                    members: Arc::new(DynamoMembers::new(dynamodb.clone(), members)),
                    accounts: Arc::new(accounts),
                    sessions: Arc::new(DynamoSessions::new(dynamodb, sessions, records)),
                    hasher: Arc::new(Bcrypt::new(Arc::new(SystemEntropy))),
                    policy: Arc::new(Estimator::default()),
                    qr: Arc::new(SvgQr),
                    issuer: config.issuer.ok_or_else(unwired)?,
                },
                verifier: verifier.ok_or_else(unwired)?,
            })
        }
    })
}
