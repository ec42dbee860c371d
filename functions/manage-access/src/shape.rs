//! Bodies of requests and replies.

use serde::{Deserialize, Deserializer, Serialize};
use vault_domain::access::{Access, Collection, Entry, Level};
use vault_domain::asset::{Asset, Title};
use vault_domain::error::Malformed;
use vault_domain::id::CollectionId;
use vault_domain::time::Timestamp;
use vault_domain::usecase::access::{Move, Wish};
use vault_http::Failure;
use vault_http::extract::{self, SMALL_BODY};

use crate::Call;
use crate::access::principal;

/// What is granted, and until when.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Grant"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Granted {
    access: String,
    expires_at: Option<u64>,
}

impl Granted {
    const SHAPE: &'static str =
        r#"{"access": "none, view, download, edit or manage", "expires_at": seconds of Unix time}"#;

    pub(crate) fn wish(call: &Call<'_>) -> Result<Wish, Failure> {
        let to = principal(call)?;
        let body: Self = extract::json(call.request, SMALL_BODY, Self::SHAPE)?;
        Ok(Wish {
            to,
            level: Level::parse(&body.access)?,
            expires_at: body.expires_at.map(Timestamp),
        })
    }
}

/// A merge patch (RFC 7396) of who sees an asset, and of the collection that it is in.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AssetAccessPatch"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Placed {
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "vault_domain::access::Visibility")
    )]
    pub(crate) visibility: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<CollectionId>"))]
    pub(crate) collection: Moved,
}

/// What becomes of the collection.
#[derive(Default)]
pub(crate) enum Moved {
    #[default]
    Stay,
    /// `null`: it is in none.
    Out,
    Into(String),
}

impl<'de> Deserialize<'de> for Moved {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(|id| id.map_or(Self::Out, Self::Into))
    }
}

impl Moved {
    pub(crate) fn parse(&self) -> Result<Move, Malformed> {
        Ok(match self {
            Self::Stay => Move::Stay,
            Self::Out => Move::Out,
            Self::Into(id) => Move::Into(CollectionId::parse(id)?),
        })
    }
}

impl Placed {
    pub(crate) const SHAPE: &'static str =
        r#"{"visibility": "organisation or restricted", "collection": "col_…" or null}"#;
}

/// `null` is no text.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    String::deserialize(from).map(Some)
}

/// A collection or a group as it is made or changed.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "NamePatch"))]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedBody {
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Title"))]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "vault_domain::access::Visibility")
    )]
    pub(crate) visibility: Option<String>,
}

impl NamedBody {
    pub(crate) const COLLECTION: &'static str =
        r#"{"name": "…", "visibility": "organisation or restricted"}"#;
    pub(crate) const GROUP: &'static str = r#"{"name": "…"}"#;

    /// A group is seen by those who manage it, and by nobody else.
    pub(crate) fn only_named(&self) -> Result<Option<&str>, Malformed> {
        if self.visibility.is_some() {
            return Err(Malformed {
                field: "the body",
                expected: Self::GROUP,
            });
        }
        Ok(self.name.as_deref())
    }
}

/// The name that must be there.
pub(crate) fn named(name: Option<&str>) -> Result<Title, Malformed> {
    let name = name.ok_or(Malformed {
        field: "name",
        expected: "1 to 200 characters without control characters",
    })?;
    Title::parse(name).map_err(|malformed| Malformed {
        field: "name",
        ..malformed
    })
}

/// What is granted to whom.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AccessEntry"))]
pub(crate) struct EntryShown {
    principal: String,
    access: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    granted_by: String,
    granted_at: u64,
}

impl EntryShown {
    fn of(entry: &Entry) -> Self {
        Self {
            principal: entry.to.to_string(),
            access: entry.level.as_str(),
            expires_at: entry.expires_at.map(|end| end.0),
            granted_by: entry.by.to_string(),
            granted_at: entry.at.0,
        }
    }

    fn all(access: &Access) -> Vec<Self> {
        access.entries.iter().map(Self::of).collect()
    }
}

/// Who may do what with an asset.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AssetAccess"))]
pub(crate) struct AccessShown {
    asset_id: String,
    visibility: &'static str,
    collection: Option<String>,
    entries: Vec<EntryShown>,
}

impl AccessShown {
    pub(crate) fn of_asset(asset: &Asset) -> Self {
        Self {
            asset_id: asset.id().to_string(),
            visibility: asset.access.visibility.as_str(),
            collection: asset.collection.map(|id| id.to_string()),
            entries: EntryShown::all(&asset.access),
        }
    }
}

/// A collection; and who may do what with it, for those who may say so.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Collection"))]
pub(crate) struct CollectionShown {
    collection_id: String,
    name: String,
    visibility: &'static str,
    created_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<EntryShown>>,
}

impl CollectionShown {
    pub(crate) fn of(collection: &Collection, grants: bool) -> Self {
        Self {
            collection_id: collection.id.to_string(),
            name: collection.name.as_str().to_owned(),
            visibility: collection.access.visibility.as_str(),
            created_at: collection.created_at.0,
            entries: grants.then(|| EntryShown::all(&collection.access)),
        }
    }
}
