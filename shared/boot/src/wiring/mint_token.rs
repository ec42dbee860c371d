//! The token endpoint.

use std::sync::Arc;

use vault_aws::dynamodb::{
    DynamoClients, DynamoGrants, DynamoLimits, DynamoMembers, DynamoSessions, DynamoStandings,
    DynamoSupport,
};
use vault_crypto::access::JwtIssuer;
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_crypto::mac::RefreshMac;
use vault_domain::ports::{
    AccessTokens, AccessVerifier, Grants, RefreshTokens, Sessions, Standings,
};
use vault_domain::usecase::{client, enter_support, exchange, introspect, refresh, revoke_token};

use super::gated::Gated;
use super::parts::{refused, ring, sdk, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What the endpoint needs.
pub struct Deps {
    /// Refresh tokens.
    pub refresh: refresh::Deps,
    /// Media tokens.
    pub exchange: exchange::Deps,
    /// Access tokens of support.
    pub support: enter_support::Deps,
    /// Who API keys are.
    pub client: client::Deps,
    /// Ends of sessions.
    pub revoke: revoke_token::Deps,
    /// What tokens are good for.
    pub introspect: introspect::Deps,
    /// Checks subject tokens.
    pub verifier: Arc<dyn AccessVerifier>,
    /// The public keys, as served.
    pub jwks: String,
    /// Issuer of access tokens.
    pub issuer: String,
}

#[derive(Clone)]
struct Config {
    gated: Gated,
    limits: String,
    grants: String,
    signing: String,
    mac: String,
    issuer: String,
    jwks: String,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let config = Config {
        gated: Gated::supported(env),
        limits: env.text("LIMITS_TABLE"),
        grants: env.text("GRANTS_TABLE"),
        signing: env.text("TOKEN_SIGNING_SECRET"),
        mac: env.text("SESSION_MAC_SECRET"),
        issuer: env.text("TOKEN_ISSUER"),
        jwks: env.text("TOKEN_JWKS"),
    };
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (config, sdk, verifier) = (config.clone(), sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let verifier = verifier.ok_or_else(unwired)?;
            let signing = ring(&sdk, &config.signing).await?;
            let mac = ring(&sdk, &config.mac).await?;
            let dynamodb = sdk.dynamodb();
            let tables = config.gated.standing().clone();
            let (entropy, clock) = (Arc::new(SystemEntropy), Arc::new(SystemClock));
            let access = JwtIssuer::new(&signing, config.issuer.clone(), entropy.clone());
            let access = access.map_err(|fault| refused("token signing", fault))?;
            let access: Arc<dyn AccessTokens> = Arc::new(access);
            let supports = config.gated.records(&sdk);
            let supports = DynamoSupport::new(dynamodb.clone(), &tables.members, None, supports);
            let made = RefreshMac::new(&mac).map_err(|fault| refused("session mac", fault))?;
            let made: Arc<dyn RefreshTokens> = Arc::new(made);
            let sessions = DynamoSessions::new(
                dynamodb.clone(),
                &tables.sessions,
                config.gated.records(&sdk),
            );
            let sessions: Arc<dyn Sessions> = Arc::new(sessions);
            let standings = DynamoStandings::new(dynamodb.clone(), tables.clone());
            let standings: Arc<dyn Standings> = Arc::new(standings);
            let grants = config.gated.records(&sdk);
            let grants = DynamoGrants::new(dynamodb.clone(), config.grants, grants);
            let grants: Arc<dyn Grants> = Arc::new(grants);
            Ok(Deps {
                refresh: refresh::Deps {
                    members: Arc::new(DynamoMembers::new(dynamodb.clone(), tables.members)),
                    sessions: sessions.clone(),
                    hashing: Arc::new(Sha256),
                    access: access.clone(),
                    refresh: made.clone(),
                    clock: clock.clone(),
                    entropy: entropy.clone(),
                },
                support: enter_support::Deps {
                    standings: standings.clone(),
                    supports: Arc::new(supports),
                    support: tables.support,
                    access,
                    clock: clock.clone(),
                    entropy: entropy.clone(),
                },
                client: client::Deps {
                    clients: Arc::new(DynamoClients::new(
                        dynamodb.clone(),
                        tables.clients,
                        config.gated.records(&sdk),
                    )),
                    limits: Arc::new(DynamoLimits::new(dynamodb, config.limits)),
                    hashing: Arc::new(Sha256),
                    clock: clock.clone(),
                },
                revoke: revoke_token::Deps {
                    sessions: sessions.clone(),
                    refresh: made.clone(),
                    verifier: verifier.clone(),
                    clock: clock.clone(),
                    entropy: entropy.clone(),
                },
                introspect: introspect::Deps {
                    standings,
                    sessions,
                    grants: grants.clone(),
                    hashing: Arc::new(Sha256),
                    refresh: made,
                    verifier: verifier.clone(),
                    clock: clock.clone(),
                },
                exchange: exchange::Deps {
                    gate: config.gated.gate(&sdk),
                    assets: Arc::new(config.gated.assets(&sdk)),
                    grants,
                    hashing: Arc::new(Sha256),
                    clock,
                    entropy,
                },
                verifier,
                jwks: config.jwks,
                issuer: config.issuer,
            })
        }
    })
}
