//! Keys.

use std::sync::Arc;

use vault_aws::dynamodb::{DynamoKeyReads, DynamoLeases, DynamoRecords, DynamoTrails};
use vault_crypto::entropy::SystemEntropy;
use vault_crypto::mac::TicketMac;
use vault_crypto::wrap::MasterKeys;
use vault_domain::usecase::deliver_key::Deps;

use super::parts::{refused, ring, sdk, shared_standing, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (playback, keys) = (env.text("PLAYBACK_TABLE"), env.text("KEYS_TABLE"));
    let (assets, mac) = (env.text("ASSETS_TABLE"), env.text("PLAYBACK_MAC_SECRET"));
    let (master, sdk) = (env.text("MASTER_KEY_SECRET"), sdk(env));
    let (standing, audit) = (shared_standing(env), env.text("AUDIT_TABLE"));
    Lazy::new(move || {
        let (playback, keys, assets) = (playback.clone(), keys.clone(), assets.clone());
        let (mac, master, sdk) = (mac.clone(), master.clone(), sdk.clone());
        let (standing, audit) = (standing.clone(), audit.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let mac = ring(&sdk, &mac).await?;
            let master = ring(&sdk, &master).await?;
            let wrap = MasterKeys::new(&master).map_err(|fault| refused("master key", fault))?;
            let records = DynamoRecords::new(sdk.dynamodb(), audit);
            Ok(Deps {
                trails: Arc::new(DynamoTrails::new(sdk.dynamodb(), &playback, records)),
                leases: Arc::new(DynamoLeases::new(sdk.dynamodb(), &playback)),
                reads: Arc::new(DynamoKeyReads::new(
                    sdk.dynamodb(),
                    playback,
                    keys,
                    assets,
                    standing,
                )),
                wrap: Arc::new(wrap),
                tickets: Arc::new(TicketMac::new(&mac).map_err(|f| refused("playback mac", f))?),
                clock: Arc::new(SystemClock),
                entropy: Arc::new(SystemEntropy),
            })
        }
    })
}
