//! `POST /v1/assets/{asset_id}/download`: a media token for one signed URL of the original or a variant.

#[cfg(feature = "openapi")]
pub mod openapi;

use serde::{Deserialize, Serialize};
use vault_domain::download::Rendition;
use vault_domain::error::Refusal;
use vault_domain::id::AssetId;
use vault_domain::token::MediaToken;
use vault_domain::usecase::authorize_download::{Command, Deps, Link, run};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request};

/// Which file is wanted.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "DownloadWish"))]
pub(crate) struct Wish {
    rendition: Option<String>,
}

/// A download.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Download"))]
pub(crate) struct Opened<'a> {
    download_id: String,
    asset_id: String,
    url: &'a str,
    filename: &'a str,
    size: u64,
    content_type: &'a str,
    expires_at: u64,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::Via"))]
    via: &'static str,
}

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let link = run(deps, parse(request)?).await?;
        Ok(Reply::json(201, &told(&link), Cache::NoStore))
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
        rendition: rendition(request)?,
        source: extract::source(request),
        origin: extract::page(request),
        idempotency: extract::idempotency_key(request)?,
    })
}

/// The original, unless the body asks for another.
fn rendition(request: &Request) -> Result<Rendition, Failure> {
    if request.body().is_empty() {
        return Ok(Rendition::Original);
    }
    let shape = r#"{"rendition": "original" or "720p"}, {} or nothing"#;
    let wish: Wish = extract::json(request, SMALL_BODY, shape)?;
    let named = wish
        .rendition
        .as_deref()
        .map(Rendition::parse)
        .transpose()?;
    Ok(named.unwrap_or(Rendition::Original))
}

fn told(link: &Link) -> Opened<'_> {
    Opened {
        download_id: link.download.id.to_string(),
        asset_id: link.download.asset.to_string(),
        url: link.url.expose(),
        filename: link.name.as_str(),
        size: link.size,
        content_type: &link.content_type,
        expires_at: link.expires_at.0,
        via: link.via.as_str(),
    }
}
