//! Previews.

use std::sync::Arc;

use vault_aws::dynamodb::DynamoKeyReads;
use vault_aws::s3::S3Media;
use vault_crypto::mac::TicketMac;
use vault_crypto::preview::SealedPreviews;
use vault_crypto::wrap::MasterKeys;
use vault_domain::usecase::deliver_preview::Deps;

use super::parts::{refused, ring, sdk, shared_standing, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (playback, keys) = (env.text("PLAYBACK_TABLE"), env.text("KEYS_TABLE"));
    let (assets, mac) = (env.text("ASSETS_TABLE"), env.text("PLAYBACK_MAC_SECRET"));
    let (master, bucket) = (env.text("MASTER_KEY_SECRET"), env.text("MEDIA_BUCKET"));
    let (standing, sdk) = (shared_standing(env), sdk(env));
    Lazy::new(move || {
        let (playback, keys, assets) = (playback.clone(), keys.clone(), assets.clone());
        let (mac, master, sdk) = (mac.clone(), master.clone(), sdk.clone());
        let (standing, bucket) = (standing.clone(), bucket.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let mac = ring(&sdk, &mac).await?;
            let master = ring(&sdk, &master).await?;
            let wrap = MasterKeys::new(&master).map_err(|fault| refused("master key", fault))?;
            Ok(Deps {
                reads: Arc::new(DynamoKeyReads::new(
                    sdk.dynamodb(),
                    playback,
                    keys,
                    assets,
                    standing,
                )),
                files: Arc::new(S3Media::new(sdk.s3(), bucket)),
                wrap: Arc::new(wrap),
                seal: Arc::new(SealedPreviews),
                tickets: Arc::new(TicketMac::new(&mac).map_err(|f| refused("playback mac", f))?),
                clock: Arc::new(SystemClock),
            })
        }
    })
}
