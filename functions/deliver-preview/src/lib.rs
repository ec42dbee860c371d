//! `GET /v1/playback/{token}/previews/{key_id}/{preview}`: the poster, the storyboard, its sheets and the waveform of an open
//! view's film. What one names the other finds beside itself, the ticket with it.

#[cfg(feature = "openapi")]
pub mod openapi;

use vault_domain::id::KeyId;
use vault_domain::preview::PreviewName;
use vault_domain::usecase::deliver_preview::{Command, Deps, run};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request, extract};

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let command = parse(request)?;
        let media_type = command.name.media_type();
        let octets = run(deps, command).await?;
        Ok(Reply::octets_of(200, media_type, octets, Cache::NoStore))
    })
}

fn parse(request: &Request) -> Result<Command, Failure> {
    Ok(Command {
        ticket: extract::path(request, "token")?,
        key: KeyId::parse(&extract::path(request, "key_id")?)?,
        name: PreviewName::parse(&extract::path(request, "preview")?)?,
        visitor: extract::visitor(request),
    })
}
