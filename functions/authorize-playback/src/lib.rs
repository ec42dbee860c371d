//! `POST /v1/assets/{asset_id}/playback`: a media token for one view.

#[cfg(feature = "openapi")]
pub mod openapi;

use serde::Serialize;
use vault_domain::error::Refusal;
use vault_domain::hls::MASTER_PLAYLIST;
use vault_domain::id::AssetId;
use vault_domain::token::MediaToken;
use vault_domain::usecase::authorize_playback::{Command, Deps, run};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request, extract};

/// A view.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Playback"))]
pub(crate) struct Opened {
    playback_id: String,
    asset_id: String,
    playlist_url: String,
    expires_at: u64,
}

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let view = run(deps, parse(request)?).await?;
        let path = format!("/v1/playback/{}/{MASTER_PLAYLIST}", view.ticket.expose());
        let opened = Opened {
            playback_id: view.session.id.to_string(),
            asset_id: view.session.asset.to_string(),
            playlist_url: extract::base_url(request) + &path,
            expires_at: view.session.expires_at.0,
        };
        Ok(Reply::json(201, &opened, Cache::NoStore))
    })
}

fn parse(request: &Request) -> Result<Command, Failure> {
    let need = Refusal::Unauthenticated("a media token as `Authorization: Bearer`");
    let token = MediaToken::parse(extract::bearer(request).ok_or(need)?).map_err(|_| {
        Refusal::InvalidToken {
            what: "media token",
            why: "it has not the form of one",
        }
    })?;
    Ok(Command {
        token,
        asset: AssetId::parse(&extract::path(request, "asset_id")?)?,
        source: extract::source(request),
        idempotency: extract::idempotency_key(request)?,
    })
}
