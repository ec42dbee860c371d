//! `GET /v1/keys/{asset_id}/{key_id}`, with a ticket as `token` or as a cookie: 16 octets, or a refusal that a player
//! understands.

#[cfg(feature = "openapi")]
pub mod openapi;

use vault_domain::id::{AssetId, KeyId};
use vault_domain::usecase::deliver_key::{Command, Deps, run};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request, extract};

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let command = parse(request)?;
        let (asset, key) = (command.asset, command.key);
        let delivered = run(deps, command).await?;
        let playback = delivered.playback;
        // Before the answer, so that no key is out without its line: this is the record of deliveries.
        let request_id = extract::request_id(request);
        tracing::info!(target: "record", request_id, %playback, %asset, %key, "key delivered");
        Ok(Reply::octets(200, delivered.key.expose(), Cache::NoStore))
    })
}

fn parse(request: &Request) -> Result<Command, Failure> {
    Ok(Command {
        ticket: extract::ticket(request),
        asset: AssetId::parse(&extract::path(request, "asset_id")?)?,
        key: KeyId::parse(&extract::path(request, "key_id")?)?,
        visitor: extract::visitor(request),
    })
}
