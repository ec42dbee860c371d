//! The rotation of secrets.

use std::sync::Arc;

use vault_aws::dynamodb::DynamoRewraps;
use vault_aws::secrets::RotatingSecrets;
use vault_crypto::entropy::SystemEntropy;
use vault_domain::rotation::Kind;
use vault_domain::usecase::rotate_secret::Deps;

use super::parts::{sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// By which variable a secret is named.
const fn variable(kind: Kind) -> &'static str {
    match kind {
        Kind::PlaybackMac => "PLAYBACK_MAC_SECRET",
        Kind::SessionMac => "SESSION_MAC_SECRET",
        Kind::LinkMac => "LINK_MAC_SECRET",
        Kind::ShareMac => "SHARE_MAC_SECRET",
        Kind::WebhookMac => "WEBHOOK_MAC_SECRET",
        Kind::Factor => "FACTOR_SECRET",
        Kind::MasterKey => "MASTER_KEY_SECRET",
    }
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let secrets = Kind::ALL.map(|kind| (env.text(variable(kind)), kind));
    let (keys, sdk) = (env.text("KEYS_TABLE"), sdk(env));
    Lazy::new(move || {
        let (secrets, keys, sdk) = (secrets.to_vec(), keys.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            Ok(Deps {
                secrets,
                versions: Arc::new(RotatingSecrets::new(sdk.secrets())),
                rewraps: Arc::new(DynamoRewraps::new(sdk.dynamodb(), keys)),
                clock: Arc::new(SystemClock),
                entropy: Arc::new(SystemEntropy),
            })
        }
    })
}
