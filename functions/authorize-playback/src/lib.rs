//! `POST /v1/assets/{asset_id}/playback`: a media token for one view, in the form that its player can follow.
//! `POST /v1/playback/{token}/refresh`: it goes on for longer. `POST /v1/playback/{token}/end`: its player goes.

#[cfg(feature = "openapi")]
pub mod openapi;

use serde::{Deserialize, Serialize};
use vault_domain::bounds::DeviceSecret;
use vault_domain::delivery::{self, Mode, ViewCookie};
use vault_domain::error::Refusal;
use vault_domain::hls::MASTER_PLAYLIST;
use vault_domain::id::AssetId;
use vault_domain::preview::{PreviewName, PreviewSet};
use vault_domain::token::MediaToken;
use vault_domain::usecase::authorize_playback::{Command, Deps, Renewal, View, Visit, run};
use vault_domain::usecase::{end_view, refresh_view};
use vault_http::extract::SMALL_BODY;
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request, extract};

/// In which form the view is wanted.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PlaybackWish"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Mode>"))]
    mode: Option<String>,
    /// Where the media token is for one device.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<DeviceSecret>"))]
    device: Option<String>,
}

/// The view that is over.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PlaybackEnded"))]
pub(crate) struct Ended {
    playback_id: String,
}

/// A view.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Playback"))]
pub(crate) struct Opened {
    playback_id: String,
    asset_id: String,
    #[cfg_attr(feature = "openapi", schemars(with = "Mode"))]
    mode: &'static str,
    playlist_url: String,
    expires_at: u64,
    /// Where a player says that it goes (`POST`, no body), so that another may have its place. Only where streams are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_url: Option<String>,
    /// Where the view is made to last longer (`POST`, the body of the opening). A credential that no player needs to know. Only
    /// where views are refreshed, until this one has come to its last end.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_url: Option<String>,
    /// In how many seconds that does something.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_in: Option<u64>,
    /// The query of each segment's URL, for whoever has a playlist from before a refresh. Only where `mode` is `urls` and
    /// views are refreshed.
    #[serde(skip_serializing_if = "Option::is_none")]
    segment_query: Option<String>,
    /// What a player that is no browser keeps, for the host of `playlist_url`. Only where `mode` is `cookies`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<Vec<Cookie>>,
    /// Where a browser gets them: `POST` with the body `{}`, `Content-Type: application/json`, and credentials included. Only
    /// where `mode` is `cookies`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies_url: Option<String>,
    /// What a player may show beside the film, once it is there. For as long as the view is open, by its ticket, whatever the
    /// `mode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    previews: Option<Beside>,
}

/// Where the previews of a film are, for a view of it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PreviewsOfPlayback"))]
pub(crate) struct Beside {
    /// One picture that stands for the film: JPEG. Not of a sound alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    poster: Option<String>,
    /// Pictures to seek by: WebVTT, whose cues name parts of JPEG sheets beside it. Not of a sound alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    storyboard: Option<String>,
    /// Peaks of the sound: JSON in version 2 of audiowaveform's format. Not of a silent film.
    #[serde(skip_serializing_if = "Option::is_none")]
    waveform: Option<String>,
}

impl Beside {
    fn of(request: &Request, ticket: &str, set: &PreviewSet) -> Self {
        let base = extract::base_url(request);
        let key = set.key;
        let url = |name: PreviewName| format!("{base}/v1/playback/{ticket}/previews/{key}/{name}");
        let pictures = |name| set.pictures.map(|_| url(name));
        Self {
            poster: pictures(PreviewName::Poster),
            storyboard: pictures(PreviewName::Storyboard),
            waveform: set.waveform.then(|| url(PreviewName::Waveform)),
        }
    }
}

/// A cookie of a view.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PlaybackCookie"))]
pub(crate) struct Cookie {
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::CookieName"))]
    name: &'static str,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::CookieValue"))]
    value: String,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::CookiePath"))]
    path: String,
}

impl From<ViewCookie> for Cookie {
    fn from(cookie: ViewCookie) -> Self {
        let ViewCookie { name, value, path } = cookie;
        Self { name, value, path }
    }
}

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        match extract::route(request) {
            END => return ended(deps, request).await,
            REFRESH => return refreshed(deps, request).await,
            _ => {}
        }
        let command = parse(request)?;
        let mode = deps.offered.admit(command.visit.mode)?;
        let view = run(deps, command).await?;
        let opened = opened(deps, request, mode, &view);
        Ok(Reply::json(201, &opened, Cache::NoStore))
    })
}

/// By `POST` and without a body, since that is what a page can still send while it is left
/// (`navigator.sendBeacon`, Beacon §3.1): the ticket in the path is all that counts.
const END: &str = "POST /v1/playback/{token}/end";

async fn ended(deps: &Deps, request: &Request) -> Outcome {
    let ticket = extract::path(request, "token")?;
    let playback = end_view::run(deps, &ticket, &extract::source(request)).await?;
    let playback_id = playback.to_string();
    Ok(Reply::json(200, &Ended { playback_id }, Cache::NoStore))
}

const REFRESH: &str = "POST /v1/playback/{token}/refresh";

async fn refreshed(deps: &Deps, request: &Request) -> Outcome {
    let visit = visit(request)?;
    let mode = deps.offered.admit(visit.mode)?;
    let command = refresh_view::Command {
        token: extract::path(request, "token")?,
        source: extract::source(request),
        visit,
    };
    let view = refresh_view::run(deps, command).await?;
    let opened = opened(deps, request, mode, &view);
    Ok(Reply::json(200, &opened, Cache::NoStore))
}

fn opened(deps: &Deps, request: &Request, mode: Mode, view: &View) -> Opened {
    let ticket = view.ticket.expose();
    let of_the_api = || {
        let path = format!("/v1/playback/{ticket}/{MASTER_PLAYLIST}");
        extract::base_url(request) + &path
    };
    let previews = view.previews.as_ref();
    let renewal = view.renewal(deps);
    let of = |renewal: &Renewal| renewal.token.expose().to_owned();
    // By what outlives the ticket, where there is such a thing.
    let ends = renewal.as_ref().map(of);
    let ends = ends.or_else(|| view.session.lease.map(|_| ticket.to_owned()));
    let end = |by| format!("{}/v1/playback/{by}/end", extract::base_url(request));
    let of_urls = mode == Mode::Urls && view.session.refresh_until.is_some();
    let refresh = |renewal: &Renewal| {
        let (base, token) = (extract::base_url(request), renewal.token.expose());
        format!("{base}/v1/playback/{token}/refresh")
    };
    let cookies = (mode == Mode::Cookies).then(|| {
        let cookies = delivery::cookies(&view.session, ticket);
        cookies.into_iter().map(Cookie::from).collect()
    });
    Opened {
        playback_id: view.session.id.to_string(),
        asset_id: view.session.asset.to_string(),
        mode: mode.as_str(),
        playlist_url: view.playlist_url(deps, mode).unwrap_or_else(of_the_api),
        expires_at: view.session.expires_at.0,
        end_url: ends.map(end),
        refresh_url: renewal.as_ref().map(refresh),
        refresh_in: renewal.as_ref().map(|renewal| renewal.seconds),
        segment_query: of_urls.then(|| view.session.signature.query()),
        cookies_url: cookies.is_some().then(|| {
            let base = &deps.media_base;
            format!("{base}/playback/{ticket}/cookies")
        }),
        cookies,
        previews: previews.map(|set| Beside::of(request, ticket, set)),
    }
}

fn visit(request: &Request) -> Result<Visit, Failure> {
    let origin = extract::page(request);
    if request.body().is_empty() {
        return Ok(Visit {
            origin,
            ..Visit::default()
        });
    }
    let shape = r#"{"mode": "urls", "cookies", "query" or "path", "device"}, {} or nothing"#;
    let wish: Wish = extract::json(request, SMALL_BODY, shape)?;
    let mode = wish.mode.as_deref().map(Mode::parse).transpose()?;
    Ok(Visit {
        origin,
        device: wish
            .device
            .as_deref()
            .map(DeviceSecret::parse)
            .transpose()?,
        mode: mode.unwrap_or_default(),
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
        visit: visit(request)?,
        idempotency: extract::idempotency_key(request)?,
    })
}
