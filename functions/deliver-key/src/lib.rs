//! `GET /v1/keys/{asset_id}/{key_id}?token=…`: 16 octets, or a refusal that a player understands.

#[cfg(feature = "openapi")]
pub mod openapi;

use vault_domain::id::{AssetId, KeyId};
use vault_domain::usecase::deliver_key::{Command, Deps, run};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request, extract};

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let key = run(deps, parse(request)?).await?;
        Ok(Reply::octets(200, key.expose(), Cache::NoStore))
    })
}

fn parse(request: &Request) -> Result<Command, Failure> {
    Ok(Command {
        ticket: extract::query(request, "token"),
        asset: AssetId::parse(&extract::path(request, "asset_id")?)?,
        key: KeyId::parse(&extract::path(request, "key_id")?)?,
    })
}
