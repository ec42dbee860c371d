//! `GET /v1/assets/{asset_id}/subtitles` lists what was brought beside a film, `PUT` and `DELETE` of
//! `…/subtitles/{language}` bring a file of subtitles and take them away.

use serde::Serialize;
use vault_boot::wiring::manage_assets::Deps;
use vault_domain::asset::Title;
use vault_domain::error::{Malformed, Refusal};
use vault_domain::id::AssetId;
use vault_domain::language::Language;
use vault_domain::subtitles::text::{Format, MAX_OCTETS};
use vault_domain::subtitles::{Entry, Kind, Which};
use vault_domain::usecase::Ask;
use vault_domain::usecase::manage_subtitles::{self, File};
use vault_http::{Cache, Failure, Outcome, Reply, Request, extract};

/// Subtitles of a film.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SubtitlesList"))]
pub(crate) struct All {
    /// By language and kind.
    subtitles: Vec<Shown>,
}

/// Subtitles of one language for one purpose.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Subtitles"))]
pub(crate) struct Shown {
    language: String,
    #[cfg_attr(feature = "openapi", schemars(with = "Kind"))]
    kind: &'static str,
    /// What a person chooses them by; without one players are told the language.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Shown to who chooses nothing.
    default: bool,
    /// Of the file that was brought last: `waiting`, `ready` or `failed`.
    stage: &'static str,
    /// Views that open are told of them, be it of the file before.
    listed: bool,
    /// How many texts there are to be shown.
    cues: u32,
    /// When the file was brought.
    created_at: u64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// What would have been right.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Shown {
    fn of(entry: &Entry) -> Option<Self> {
        let text = entry.newest()?;
        let failure = entry.wanted.as_ref();
        let failure = failure.and_then(|wanted| wanted.failure.as_ref());
        Some(Self {
            language: entry.which.language.as_str().to_owned(),
            kind: entry.which.kind.as_str(),
            name: text.name.as_ref().map(|name| name.as_str().to_owned()),
            default: text.default,
            stage: entry.stage(),
            listed: entry.listed.is_some(),
            cues: text.cues,
            created_at: text.at.0,
            code: failure.map(|failure| failure.code.clone()),
            reason: failure.map(|failure| failure.reason.clone()),
        })
    }
}

fn all(entries: &[Entry]) -> Reply {
    let subtitles = entries.iter().filter_map(Shown::of).collect();
    Reply::json(200, &All { subtitles }, Cache::NoStore)
}

/// Answers a request to any of the three.
pub(crate) async fn answer(deps: &Deps, ask: &Ask, id: AssetId, request: &Request) -> Outcome {
    let own = manage_subtitles::Deps {
        library: &deps.assets.library,
        subtitles: &*deps.subtitles,
        files: &*deps.texts,
        orders: &*deps.packagings,
        entropy: &*deps.assets.library.gate.entropy,
    };
    if request.method() == "GET" {
        return Ok(all(&manage_subtitles::list(&own, ask, id).await?));
    }
    let which = which(request)?;
    if request.method() == "DELETE" {
        return Ok(all(&manage_subtitles::remove(&own, ask, id, &which).await?));
    }
    let file = file(request, which)?;
    let entry = manage_subtitles::bring(&own, ask, id, &file).await?;
    let shown = Shown::of(&entry).ok_or(Refusal::NotFound("subtitles"))?;
    Ok(Reply::json(202, &shown, Cache::NoStore))
}

fn which(request: &Request) -> Result<Which, Failure> {
    let language = extract::path(request, "language")?;
    let kind = extract::query(request, "kind");
    let kind = kind.as_deref().map(Kind::parse).transpose()?;
    Ok(Which {
        language: Language::parse(&language)?,
        kind: kind.unwrap_or(Kind::Subtitles),
    })
}

fn file(request: &Request, which: Which) -> Result<File<'_>, Failure> {
    let (media_type, octets) = extract::file(request, MAX_OCTETS)?;
    let format = Format::of(media_type).ok_or(Failure::WrongMediaType(Format::TAKEN))?;
    let name = extract::query(request, "name");
    let default = extract::query(request, "default");
    let default = default.as_deref().map(flag).transpose()?;
    Ok(File {
        which,
        name: name.as_deref().map(Title::parse).transpose()?,
        default: default.unwrap_or(false),
        format,
        octets,
    })
}

fn flag(text: &str) -> Result<bool, Malformed> {
    text.parse().map_err(|_| Malformed {
        field: "default",
        expected: "true or false",
    })
}
