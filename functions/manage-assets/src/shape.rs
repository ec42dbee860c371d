//! Bodies of requests and replies.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use vault_domain::asset::Title;
use vault_domain::error::Malformed;
use vault_domain::ladder::{Variant, VariantState};
use vault_domain::library::{MetadataKey, MetadataValue, Patch};
use vault_domain::preview::{PreviewSet, PreviewState, Previews};
use vault_domain::usecase::library::Tagged;

/// A merge patch (RFC 7396) of what is said of an asset.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AssetPatch"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Title"))]
    title: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::MetadataPatch"))]
    metadata: Entries,
}

/// What becomes of the metadata.
#[derive(Default)]
enum Entries {
    #[default]
    Untouched,
    /// `null`: all of it goes.
    Cleared,
    Changed(Map<String, Value>),
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(|entries| entries.map_or(Self::Cleared, Self::Changed))
    }
}

/// A title is never taken away: `null` is none.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    String::deserialize(from).map(Some)
}

impl Change {
    pub(crate) const SHAPE: &'static str = r#"{"title": "…", "metadata": {"name": a string, an integer, true, false or null} or null}"#;

    pub(crate) fn parse(self) -> Result<Patch, Malformed> {
        let (cleared, entries) = match self.metadata {
            Entries::Untouched => (false, Map::new()),
            Entries::Cleared => (true, Map::new()),
            Entries::Changed(entries) => (false, entries),
        };
        let entries = entries.into_iter();
        let entries = entries.map(|(key, value)| Ok((MetadataKey::parse(&key)?, entry(&value)?)));
        Ok(Patch {
            title: self.title.as_deref().map(Title::parse).transpose()?,
            cleared,
            metadata: entries.collect::<Result<_, Malformed>>()?,
        })
    }
}

/// None takes the entry away.
fn entry(value: &Value) -> Result<Option<MetadataValue>, Malformed> {
    let typed = Malformed {
        field: "metadata",
        expected: "values that are strings, integers, true, false or null",
    };
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Bool(flag) => MetadataValue::Flag(*flag),
        Value::String(text) => MetadataValue::text(text)?,
        Value::Number(number) => MetadataValue::integer(number.as_i64().ok_or(typed)?)?,
        Value::Array(_) | Value::Object(_) => return Err(typed),
    }))
}

/// An asset.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Asset"))]
pub(crate) struct Shown {
    asset_id: String,
    title: String,
    state: &'static str,
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "vault_domain::library::Metadata")
    )]
    metadata: Map<String, Value>,
    content_type: String,
    size: u64,
    owner: String,
    created_at: u64,
    /// How much of it is packaged, in per cent, while it is `processing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(max = 100)))]
    progress: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collection: Option<String>,
    /// Why it failed: the code is stable, the reason for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// What would have been right.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The film at lower rates, once that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    variants: Option<Vec<Rung>>,
    /// Its poster, storyboard and waveform, once they were asked for. What views get of them their opening names.
    #[serde(skip_serializing_if = "Option::is_none")]
    previews: Option<Beside>,
    /// Of one that is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<u64>,
    /// Until when it can be had back.
    #[serde(skip_serializing_if = "Option::is_none")]
    erase_at: Option<u64>,
    /// In its quotes, as `If-Match` wants it.
    pub(crate) etag: String,
}

/// The previews of a film.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PreviewsOfAsset"))]
pub(crate) struct Beside {
    /// `waiting`, `making`, `ready` or `failed`; the film plays in all of them.
    stage: &'static str,
    /// `poster`, `storyboard` and `waveform`, as far as the film has what they are of, once they are `ready`.
    #[serde(skip_serializing_if = "Option::is_none")]
    kinds: Option<Vec<&'static str>>,
    /// Why they failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// What would have been right.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Beside {
    fn of(previews: &Previews) -> Self {
        let set = match &previews.state {
            PreviewState::Ready(set) => Some(set),
            _ => None,
        };
        let failure = match &previews.state {
            PreviewState::Failed(failure) => Some(failure.clone()),
            _ => None,
        };
        let kinds = |set: &PreviewSet| {
            let pictures: &[_] = match set.pictures {
                Some(_) => &["poster", "storyboard"],
                None => &[],
            };
            let sound = set.waveform.then_some("waveform");
            pictures.iter().copied().chain(sound).collect()
        };
        let (code, reason) = failure.map(|failed| (failed.code, failed.reason)).unzip();
        Self {
            stage: previews.state.as_str(),
            kinds: set.map(kinds),
            code,
            reason,
        }
    }
}

/// A variant of a film.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Variant"))]
pub(crate) struct Rung {
    /// Of the shorter side.
    lines: u16,
    /// `waiting`, `coding`, `ready` or `failed`; the film plays in all of them.
    stage: &'static str,
    /// Bits a second at most, once it is `ready`.
    #[serde(skip_serializing_if = "Option::is_none")]
    bandwidth: Option<u64>,
    /// Octets of its file, if it can be downloaded as `{lines}p`.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// What would have been right.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Rung {
    fn of(variant: &Variant) -> Self {
        let (mut bandwidth, mut size, mut failure) = (None, None, None);
        match &variant.state {
            VariantState::Ready(coded) => {
                bandwidth = Some(coded.peak_bandwidth);
                size = coded.octets;
            }
            VariantState::Failed(failed) => failure = Some(failed.clone()),
            VariantState::Waiting | VariantState::Coding { .. } => {}
        }
        let (code, reason) = failure.map(|failed| (failed.code, failed.reason)).unzip();
        Self {
            lines: variant.id.lines,
            stage: variant.state.as_str(),
            bandwidth,
            size,
            code,
            reason,
        }
    }
}

impl Shown {
    pub(crate) fn of(tagged: &Tagged) -> Self {
        let asset = &tagged.asset;
        let (announced, description) = (&asset.announced, &asset.description);
        let failure = asset.failure.as_ref();
        let deletion = asset.keeping.presence.deletion();
        let entries = description.metadata.iter();
        Self {
            asset_id: asset.id().to_string(),
            title: description.title.as_str().to_owned(),
            state: asset.state.as_str(),
            metadata: entries
                .map(|(key, value)| (key.as_str().to_owned(), json(value)))
                .collect(),
            content_type: announced.media_type.as_str().to_owned(),
            size: announced.plan.size,
            owner: announced.owner.to_string(),
            created_at: announced.created_at.0,
            progress: asset.packaged(),
            collection: asset.collection.map(|id| id.to_string()),
            code: failure.map(|failure| failure.code.clone()),
            reason: failure.map(|failure| failure.reason.clone()),
            variants: asset
                .ladder
                .as_ref()
                .map(|all| all.iter().map(Rung::of).collect()),
            previews: asset.previews.as_ref().map(Beside::of),
            deleted_at: deletion.map(|deletion| deletion.at.0),
            erase_at: deletion.map(|deletion| deletion.erase_at.0),
            etag: format!("\"{}\"", tagged.tag),
        }
    }
}

fn json(value: &MetadataValue) -> Value {
    match value {
        MetadataValue::Text(text) => Value::String(text.clone()),
        MetadataValue::Integer(number) => Value::from(*number),
        MetadataValue::Flag(flag) => Value::Bool(*flag),
    }
}

/// A page of assets.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Assets"))]
pub(crate) struct Listed {
    pub(crate) assets: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<String>,
}
