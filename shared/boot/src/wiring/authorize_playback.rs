//! Opening views.

use std::sync::Arc;

use vault_aws::dynamodb::DynamoViews;
use vault_crypto::cloudfront::PolicySigner;
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_crypto::mac::TicketMac;
use vault_crypto::path_token::PathMac;
use vault_domain::delivery::Offered;
use vault_domain::usecase::authorize_playback::Deps;

use super::gated::Gated;
use super::parts::{refused, ring, sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// A view may last a minute to a day.
const SESSION_SECONDS: std::ops::RangeInclusive<u64> = 60..=86_400;
/// A view may be refreshed for a day after its opening, or not at all: as long as its grant is on record.
const REFRESH_SECONDS: std::ops::RangeInclusive<u64> = 0..=86_400;
/// A stream may be silent for some seconds to an hour before somebody else gets its place.
const LEASE_SECONDS: std::ops::RangeInclusive<u64> = 3..=3_600;

#[derive(Clone)]
struct Config {
    grants: String,
    playback: String,
    gated: Gated,
    shares: String,
    mac: String,
    path_mac: String,
    offered: Offered,
    signing: String,
    key_pair_id: String,
    media_base: String,
    session_seconds: u64,
    refresh_seconds: u64,
    lease_seconds: u64,
    slot: String,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let config = Config {
        grants: env.text("GRANTS_TABLE"),
        playback: env.text("PLAYBACK_TABLE"),
        gated: Gated::watched(env),
        shares: env.text("SHARES_TABLE"),
        mac: env.text("PLAYBACK_MAC_SECRET"),
        path_mac: env.text("PATH_MAC_SECRET"),
        offered: env.parsed("DELIVERY_MODES", Offered::parse),
        signing: env.text("URL_SIGNING_SECRET"),
        key_pair_id: env.text("URL_SIGNING_KEY_PAIR_ID"),
        slot: env.text("URL_SIGNING_KEY_SLOT"),
        media_base: env.base_url("MEDIA_BASE_URL"),
        session_seconds: env.number("PLAYBACK_SESSION_SECONDS", SESSION_SECONDS),
        refresh_seconds: env.number("PLAYBACK_REFRESH_SECONDS", REFRESH_SECONDS),
        lease_seconds: env.number("STREAM_LEASE_SECONDS", LEASE_SECONDS),
    };
    let sdk = sdk(env);
    Lazy::new(move || {
        let (config, sdk) = (config.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let mac = ring(&sdk, &config.mac).await?;
            let path_mac = ring(&sdk, &config.path_mac).await?;
            let signing = ring(&sdk, &config.signing).await?;
            let signer = PolicySigner::new(&signing, &config.slot, config.key_pair_id);
            let views = DynamoViews::new(
                sdk.dynamodb(),
                config.grants,
                config.gated.assets_table(),
                config.playback,
                config.shares,
                config.gated.records(&sdk),
            );
            let path_tokens = PathMac::new(&path_mac).map_err(|f| refused("path mac", f))?;
            Ok(Deps {
                views: Arc::new(views),
                gate: config.gated.gate(&sdk),
                hashing: Arc::new(Sha256),
                signer: Arc::new(signer.map_err(|fault| refused("url signing", fault))?),
                tickets: Arc::new(TicketMac::new(&mac).map_err(|f| refused("playback mac", f))?),
                refreshes: Arc::new(
                    TicketMac::of_refreshes(&mac).map_err(|f| refused("playback mac", f))?,
                ),
                path_tokens: Arc::new(path_tokens),
                clock: Arc::new(SystemClock),
                entropy: Arc::new(SystemEntropy),
                media_base: config.media_base,
                session_seconds: config.session_seconds,
                refresh_seconds: config.refresh_seconds,
                offered: config.offered,
                lease_seconds: config.lease_seconds,
            })
        }
    })
}
