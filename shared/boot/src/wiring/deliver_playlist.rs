//! Playlists.

use std::sync::Arc;

use vault_aws::dynamodb::DynamoPlaylistReads;
use vault_aws::s3::S3Media;
use vault_crypto::mac::TicketMac;
use vault_domain::usecase::deliver_playlist::Deps;

use super::parts::{refused, ring, sdk, shared_standing, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (playback, assets) = (env.text("PLAYBACK_TABLE"), env.text("ASSETS_TABLE"));
    let (bucket, mac) = (env.text("MEDIA_BUCKET"), env.text("PLAYBACK_MAC_SECRET"));
    let media_base = env.base_url("MEDIA_BASE_URL");
    let (standing, sdk) = (shared_standing(env), sdk(env));
    Lazy::new(move || {
        let (playback, assets, bucket) = (playback.clone(), assets.clone(), bucket.clone());
        let (mac, media_base, sdk) = (mac.clone(), media_base.clone(), sdk.clone());
        let standing = standing.clone();
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let mac = ring(&sdk, &mac).await?;
            Ok(Deps {
                reads: Arc::new(DynamoPlaylistReads::new(
                    sdk.dynamodb(),
                    playback,
                    assets,
                    standing,
                )),
                media: Arc::new(S3Media::new(sdk.s3(), bucket)),
                tickets: Arc::new(TicketMac::new(&mac).map_err(|f| refused("playback mac", f))?),
                clock: Arc::new(SystemClock),
                media_base,
            })
        }
    })
}
