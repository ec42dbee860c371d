//! Sign in: by password, by a second factor after it, by a passkey alone.

use std::sync::Arc;

use vault_aws::dynamodb::{
    DynamoAccounts, DynamoFactors, DynamoLimits, DynamoMembers, DynamoRecords, DynamoSessions,
    DynamoUsers,
};
use vault_crypto::access::JwtIssuer;
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_crypto::mac::{DeviceMac, LoginMac, RefreshMac};
use vault_crypto::password::Bcrypt;
use vault_domain::passkey::RelyingParty;
use vault_domain::usecase::guard::Guard;
use vault_domain::usecase::{login, second_factor};

use super::challenge::Challenge;
use super::factors::{Factors, relying_party};
use super::parts::{refused, ring, sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What signing in needs.
pub struct Deps {
    /// By password.
    pub login: login::Deps,
    /// By a second factor after it, or by a passkey alone.
    pub factors: second_factor::Deps,
}

#[derive(Clone)]
struct Config {
    members: String,
    users: String,
    sessions: String,
    audit: String,
    signing: String,
    mac: String,
    issuer: String,
    factors: Factors,
    challenge: Challenge,
    party: Option<RelyingParty>,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let config = Config {
        members: env.text("MEMBERS_TABLE"),
        users: env.text("USERS_TABLE"),
        sessions: env.text("SESSIONS_TABLE"),
        audit: env.text("AUDIT_TABLE"),
        signing: env.text("TOKEN_SIGNING_SECRET"),
        mac: env.text("SESSION_MAC_SECRET"),
        issuer: env.text("TOKEN_ISSUER"),
        factors: Factors::read(env),
        challenge: Challenge::read(env),
        party: relying_party(env),
    };
    let sdk = sdk(env);
    Lazy::new(move || {
        let (config, sdk) = (config.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let party = config.party.ok_or_else(unwired)?;
            let signing = ring(&sdk, &config.signing).await?;
            let mac = ring(&sdk, &config.mac).await?;
            let entropy = Arc::new(SystemEntropy);
            let dynamodb = sdk.dynamodb();
            let users = Arc::new(DynamoUsers::new(dynamodb.clone(), &config.users));
            let members = Arc::new(DynamoMembers::new(dynamodb.clone(), &config.members));
            let records = DynamoRecords::new(dynamodb.clone(), config.audit);
            let sessions = DynamoSessions::new(dynamodb.clone(), config.sessions, records.clone());
            let sessions = Arc::new(sessions);
            let access = JwtIssuer::new(&signing, config.issuer, entropy.clone());
            let access = Arc::new(access.map_err(|fault| refused("token signing", fault))?);
            let refresh = Arc::new(RefreshMac::new(&mac).map_err(|f| refused("session mac", f))?);
            let challenges = Arc::new(LoginMac::new(&mac).map_err(|f| refused("session mac", f))?);
            let devices = DeviceMac::new(&mac);
            let limits = DynamoLimits::new(dynamodb.clone(), &config.factors.limits);
            let factors = DynamoFactors::new(
                dynamodb.clone(),
                &config.users,
                &config.members,
                records.clone(),
            );
            let accounts = DynamoAccounts::new(dynamodb, config.users, config.members, records);
            Ok(Deps {
                login: login::Deps {
                    users: users.clone(),
                    members: members.clone(),
                    guard: Guard {
                        limits: Arc::new(limits),
                        hashing: Arc::new(Sha256),
                        devices: Arc::new(devices.map_err(|f| refused("session mac", f))?),
                        challenge: config.challenge.verifier(&sdk).await?,
                    },
                    sessions: sessions.clone(),
                    hasher: Arc::new(Bcrypt::new(entropy.clone())),
                    hashing: Arc::new(Sha256),
                    access: access.clone(),
                    refresh: refresh.clone(),
                    clock: Arc::new(SystemClock),
                    entropy,
                    factors: Arc::new(factors),
                    accounts: Arc::new(accounts),
                    challenges: challenges.clone(),
                },
                factors: second_factor::Deps {
                    proof: config.factors.proof(&sdk, party).await?,
                    challenges,
                    users,
                    members,
                    sessions,
                    access,
                    refresh,
                },
            })
        }
    })
}
