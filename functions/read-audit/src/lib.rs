//! The record of what was done in the caller's organisation: `GET /v1/audit`.

#[cfg(feature = "openapi")]
pub mod openapi;

use serde::Serialize;
use serde_json::Value;
use vault_boot::wiring::read_audit::Deps;
use vault_domain::audit::{Event, Filter, Span, shown};
use vault_domain::error::Malformed;
use vault_domain::id::AssetId;
use vault_domain::member::Actor;
use vault_domain::page::PageSize;
use vault_domain::usecase::read_audit;
use vault_http::{BoxFuture, Cache, Outcome, Reply, Request, extract};

/// A page of records.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AuditRecords"))]
pub(crate) struct Listed {
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<crate::openapi::Record>"))]
    records: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (bearer, source) = (extract::bearer(request), extract::source(request));
        let (verifier, clock) = (&*deps.verifier, &*deps.clock);
        let ask = vault_domain::usecase::ask_or_support(verifier, clock, bearer, source)?;
        let filter = filter(request)?;
        let size = extract::query(request, "limit");
        let size = size.as_deref().map(PageSize::parse).transpose()?;
        let (size, cursor) = (size.unwrap_or_default(), extract::query(request, "cursor"));
        let page = read_audit::list(&deps.read, &ask, &filter, cursor.as_deref(), size).await?;
        let entries = page.entries.iter();
        let listed = Listed {
            records: entries
                .map(|entry| shown(&entry.record, entry.link.as_ref()))
                .collect(),
            cursor: page.cursor,
        };
        Ok(Reply::json(200, &listed, Cache::NoStore))
    })
}

fn filter(request: &Request) -> Result<Filter, Malformed> {
    let query = |name| extract::query(request, name);
    let actor = |text: String| {
        Actor::parse(&text).map_err(|_| Malformed {
            field: "actor",
            expected: "the id of a user, an API key, a share or what was granted to support",
        })
    };
    let asset = |text: String| {
        AssetId::parse(&text).map_err(|_| Malformed {
            field: "asset",
            expected: "the id of an asset",
        })
    };
    let event = query("event");
    Ok(Filter {
        event: event.as_deref().map(Event::parse).transpose()?,
        actor: query("actor").map(actor).transpose()?,
        asset: query("asset").map(asset).transpose()?,
        span: Span::parse(query("from").as_deref(), query("to").as_deref())?,
    })
}
