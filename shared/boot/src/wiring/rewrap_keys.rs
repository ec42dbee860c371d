//! Wrapped keys under the current master key.

use std::sync::Arc;

use vault_aws::dynamodb::DynamoRewraps;
use vault_crypto::entropy::SystemEntropy;
use vault_crypto::wrap::MasterKeys;
use vault_domain::usecase::rewrap_keys::Deps;

use super::parts::{refused, ring, sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (keys, master) = (env.text("KEYS_TABLE"), env.text("MASTER_KEY_SECRET"));
    let sdk = sdk(env);
    Lazy::new(move || {
        let (keys, master, sdk) = (keys.clone(), master.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let master = ring(&sdk, &master).await?;
            let wrap = MasterKeys::new(&master).map_err(|fault| refused("master key", fault))?;
            Ok(Deps {
                rewraps: Arc::new(DynamoRewraps::new(sdk.dynamodb(), keys)),
                wrap: Arc::new(wrap),
                clock: Arc::new(SystemClock),
                entropy: Arc::new(SystemEntropy),
            })
        }
    })
}
