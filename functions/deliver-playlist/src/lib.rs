//! The playlists of open views, for any player: `GET /v1/playback/{token}/{playlist}` of one view alone,
//! `GET /v1/media/{asset_id}/{package_id}/…` for all who may fetch them through the distribution, and the cookies that let
//! them.

#[cfg(feature = "openapi")]
pub mod openapi;

use serde::{Deserialize, Serialize};
use vault_domain::delivery::ViewCookie;
use vault_domain::error::Refusal;
use vault_domain::hls::PlaylistName;
use vault_domain::hls::styles::Style;
use vault_domain::id::{AssetId, PackageId};
use vault_domain::usecase::deliver_playlist::Deps;
use vault_domain::usecase::{deliver_playlist, deliver_shared_playlist, enter_view};
use vault_http::extract::SMALL_BODY;
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request, extract};

/// RFC 8216 §4.
const HLS: &str = "application/vnd.apple.mpegurl";
/// For so many seconds the distribution need not ask again: the keys are the gate.
const SHARED: Cache = Cache::Public(60);

/// An empty object: what cannot be sent across origins without being asked about first.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Nothing"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// The view whose cookies a reply sets.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "CookiesOfPlayback"))]
pub(crate) struct Entered {
    playback_id: String,
    expires_at: u64,
}

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        match extract::route(request) {
            "POST /v1/playback/{token}/cookies" => enter(deps, request).await,
            "GET /v1/media/{asset_id}/{package_id}/{playlist}" => {
                shared(deps, request, Style::Relative).await
            }
            "GET /v1/media/{asset_id}/{package_id}/query/{playlist}" => {
                shared(deps, request, Style::Query).await
            }
            _ => {
                let command = deliver_playlist::Command {
                    ticket: extract::path(request, "token")?,
                    name: name(request)?,
                    visitor: extract::visitor(request),
                };
                let text = deliver_playlist::run(deps, command).await?;
                Ok(Reply::text(200, HLS, text, Cache::NoStore))
            }
        }
    })
}

async fn shared(deps: &Deps, request: &Request, style: Style) -> Outcome {
    let command = deliver_shared_playlist::Command {
        ticket: extract::ticket(request),
        asset: AssetId::parse(&extract::path(request, "asset_id")?)?,
        package: PackageId::parse(&extract::path(request, "package_id")?)?,
        style,
        name: name(request)?,
    };
    let text = deliver_shared_playlist::run(deps, command).await?;
    Ok(Reply::text(200, HLS, text, SHARED))
}

/// The cookies of a view. The media type makes browsers ask first (Fetch standard, "CORS-safelisted request-header"), so
/// that no page of another origin puts cookies of its own choice into someone's browser.
async fn enter(deps: &Deps, request: &Request) -> Outcome {
    let Nothing {} = extract::json(request, SMALL_BODY, "{}")?;
    let ticket = extract::path(request, "token")?;
    let entered = enter_view::run(deps, &ticket, &extract::visitor(request)).await?;
    let told = Entered {
        playback_id: entered.playback.to_string(),
        expires_at: entered.expires_at.0,
    };
    let reply = Reply::json(200, &told, Cache::NoStore);
    let with = |reply: Reply, cookie: &ViewCookie| {
        reply.header("set-cookie", cookie.header(entered.seconds))
    };
    Ok(entered.cookies.iter().fold(reply, with))
}

fn name(request: &Request) -> Result<PlaylistName, Failure> {
    let name = PlaylistName::parse(&extract::path(request, "playlist")?);
    Ok(name.ok_or(Refusal::NotFound("playlist"))?)
}
