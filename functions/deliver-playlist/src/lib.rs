//! `GET /v1/playback/{token}/{playlist}`: the playlists of an open view, for any player.

#[cfg(feature = "openapi")]
pub mod openapi;

use vault_domain::error::Refusal;
use vault_domain::hls::PlaylistName;
use vault_domain::usecase::deliver_playlist::{Command, Deps, run};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request, extract};

/// RFC 8216 §4.
const HLS: &str = "application/vnd.apple.mpegurl";

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let text = run(deps, parse(request)?).await?;
        Ok(Reply::text(200, HLS, text, Cache::NoStore))
    })
}

fn parse(request: &Request) -> Result<Command, Failure> {
    let name = PlaylistName::parse(&extract::path(request, "playlist")?);
    Ok(Command {
        ticket: extract::path(request, "token")?,
        name: name.ok_or(Refusal::NotFound("playlist"))?,
    })
}
