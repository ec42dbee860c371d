//! The library of the caller's organisation: `GET /v1/assets` lists it, `GET /v1/assets/{asset_id}` shows an asset, and
//! `PATCH` on the same changes what is said of it; `POST /v1/assets/{asset_id}/ladder` asks for variants of a film at lower
//! rates, `…/previews` for its previews, and `…/reprocess` for a film that failed to be packaged anew; `…/subtitles` has what
//! is brought beside a film.

#[cfg(feature = "openapi")]
pub mod openapi;
mod shape;
mod subtitles;

use vault_boot::wiring::manage_assets::Deps;
use vault_domain::asset::AssetState;
use vault_domain::error::{Malformed, Refusal};
use vault_domain::id::{AssetId, CollectionId};
use vault_domain::library::{Filter, TitlePrefix};
use vault_domain::member::Actor;
use vault_domain::page::PageSize;
use vault_domain::usecase::library::{self, Tagged};
use vault_domain::usecase::{Ask, ask_ladder, ask_previews, reprocess};
use vault_http::{BoxFuture, Cache, Outcome, Reply, Request, extract};

use shape::{Change, Listed, Shown};

/// Octets of a body: a title and 8 KiB of metadata, however they are escaped.
const BODY: usize = 64 * 1024;

/// Handles a request to any of the routes.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (bearer, source) = (extract::bearer(request), extract::source(request));
        let (verifier, clock) = (&*deps.verifier, &*deps.clock);
        let ask = vault_domain::usecase::ask_or_support(verifier, clock, bearer, source)?;
        let Ok(id) = extract::path(request, "asset_id") else {
            return listed(deps, &ask, request).await;
        };
        let id = AssetId::parse(&id)?;
        if extract::route(request).contains("/subtitles") {
            return subtitles::answer(deps, &ask, id, request).await;
        }
        if request.method() == "PATCH" {
            return changed(deps, &ask, id, request).await;
        }
        if request.method() == "POST" {
            let asked = match asked_for(request) {
                Wanted::Ladder => ask_ladder::run(&deps.assets, &ask, id).await?,
                Wanted::Previews => ask_previews::run(&previews(deps), &ask, id).await?,
                Wanted::Reprocessing => reprocess::run(&again(deps), &ask, id).await?,
            };
            let shown = Shown::of(&asked);
            return Ok(Reply::json(202, &shown, Cache::NoStore));
        }
        Ok(told(&library::show(&deps.assets.library, &ask, id).await?))
    })
}

/// What is asked for of a film.
enum Wanted {
    Ladder,
    Previews,
    Reprocessing,
}

fn asked_for(request: &Request) -> Wanted {
    match extract::route(request) {
        "POST /v1/assets/{asset_id}/previews" => Wanted::Previews,
        "POST /v1/assets/{asset_id}/reprocess" => Wanted::Reprocessing,
        _ => Wanted::Ladder,
    }
}

fn previews(deps: &Deps) -> ask_previews::Deps<'_> {
    ask_previews::Deps {
        library: &deps.assets.library,
        previews: &*deps.previews,
        orders: deps.assets.orders.as_deref(),
    }
}

fn again(deps: &Deps) -> reprocess::Deps<'_> {
    reprocess::Deps {
        library: &deps.assets.library,
        reopenings: &*deps.reopenings,
        orders: &*deps.packagings,
    }
}

async fn listed(deps: &Deps, ask: &Ask, request: &Request) -> Outcome {
    let filter = filter(request)?;
    let size = extract::query(request, "limit");
    let size = size.as_deref().map(PageSize::parse).transpose()?;
    let cursor = extract::query(request, "cursor");
    let size = size.unwrap_or_default();
    let page = library::list(&deps.assets.library, ask, &filter, cursor.as_deref(), size).await?;
    let listed = Listed {
        assets: page.assets.iter().map(Shown::of).collect(),
        cursor: page.cursor,
    };
    Ok(Reply::json(200, &listed, Cache::NoStore))
}

fn filter(request: &Request) -> Result<Filter, Malformed> {
    let state = extract::query(request, "state");
    let owner = extract::query(request, "owner");
    let title = extract::query(request, "title");
    let collection = extract::query(request, "collection");
    let collection = collection.as_deref().map(CollectionId::parse);
    let deleted = extract::query(request, "deleted");
    let flag = |text: String| {
        text.parse().map_err(|_| Malformed {
            field: "deleted",
            expected: "true or false",
        })
    };
    let named = |text: String| {
        AssetState::parse(&text).ok_or(Malformed {
            field: "state",
            expected: "uploading, uploaded, processing, ready, failed or withdrawn",
        })
    };
    let actor = |text: String| {
        Actor::parse(&text).map_err(|_| Malformed {
            field: "owner",
            expected: "the id of a user or of an API key",
        })
    };
    Ok(Filter {
        state: state.map(named).transpose()?,
        collection: collection.transpose()?,
        owner: owner.map(actor).transpose()?,
        title: title.as_deref().map(TitlePrefix::parse).transpose()?,
        deleted: deleted.map(flag).transpose()?.unwrap_or_default(),
    })
}

async fn changed(deps: &Deps, ask: &Ask, id: AssetId, request: &Request) -> Outcome {
    let rests_on = extract::if_match(request)?.ok_or(Refusal::PreconditionNeeded)?;
    let change: Change = extract::merge_patch(request, BODY, Change::SHAPE)?;
    let patch = change.parse()?;
    let asset = library::edit(&deps.assets.library, ask, id, &rests_on, &patch).await?;
    Ok(told(&asset))
}

fn told(asset: &Tagged) -> Reply {
    let shown = Shown::of(asset);
    let tag = shown.etag.clone();
    Reply::json(200, &shown, Cache::NoStore).header("etag", tag)
}
