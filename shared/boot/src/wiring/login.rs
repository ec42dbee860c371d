//! Sign in.

use std::sync::Arc;

use vault_aws::dynamodb::{DynamoLimits, DynamoMembers, DynamoSessions, DynamoUsers};
use vault_crypto::access::JwtIssuer;
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_crypto::mac::{DeviceMac, RefreshMac};
use vault_crypto::password::Bcrypt;
use vault_domain::usecase::guard::Guard;
use vault_domain::usecase::login::Deps;

use super::challenge::Challenge;
use super::parts::{refused, ring, sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (users, sessions) = (env.text("USERS_TABLE"), env.text("SESSIONS_TABLE"));
    let (limits, issuer) = (env.text("LIMITS_TABLE"), env.text("TOKEN_ISSUER"));
    let (signing, mac) = (
        env.text("TOKEN_SIGNING_SECRET"),
        env.text("SESSION_MAC_SECRET"),
    );
    let (members, sdk) = (env.text("MEMBERS_TABLE"), sdk(env));
    let challenge = Challenge::read(env);
    Lazy::new(move || {
        let (users, sessions, limits) = (users.clone(), sessions.clone(), limits.clone());
        let (members, challenge) = (members.clone(), challenge.clone());
        let (signing, mac, issuer, sdk) =
            (signing.clone(), mac.clone(), issuer.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let signing = ring(&sdk, &signing).await?;
            let mac = ring(&sdk, &mac).await?;
            let dynamodb = sdk.dynamodb();
            let entropy = Arc::new(SystemEntropy);
            let access = JwtIssuer::new(&signing, issuer, entropy.clone());
            Ok(Deps {
                users: Arc::new(DynamoUsers::new(dynamodb.clone(), users)),
                members: Arc::new(DynamoMembers::new(dynamodb.clone(), members)),
                guard: Guard {
                    limits: Arc::new(DynamoLimits::new(dynamodb.clone(), limits)),
                    hashing: Arc::new(Sha256),
                    devices: Arc::new(DeviceMac::new(&mac).map_err(|f| refused("device mac", f))?),
                    challenge: challenge.verifier(&sdk).await?,
                },
                sessions: Arc::new(DynamoSessions::new(dynamodb, sessions)),
                hasher: Arc::new(Bcrypt::new(entropy.clone())),
                hashing: Arc::new(Sha256),
                access: Arc::new(access.map_err(|fault| refused("token signing", fault))?),
                refresh: Arc::new(RefreshMac::new(&mac).map_err(|f| refused("session mac", f))?),
                clock: Arc::new(SystemClock),
                entropy,
            })
        }
    })
}
