//! Bodies of requests and replies.

use serde::{Deserialize, Deserializer, Serialize};
use vault_domain::access::{Access, Container, Entry, Kind, Level, Visibility};
use vault_domain::asset::{Asset, Title};
use vault_domain::error::Malformed;
use vault_domain::id::SpaceId;
use vault_domain::time::Timestamp;
use vault_domain::usecase::access::{Move, Wish};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{Failure, Request};

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
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<vault_domain::id::CollectionId>")
    )]
    pub(crate) collection: Moved,
}

/// What becomes of where it is.
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
    pub(crate) fn parse<Id>(
        &self,
        id: fn(&str) -> Result<Id, Malformed>,
    ) -> Result<Move<Id>, Malformed> {
        Ok(match self {
            Self::Stay => Move::Stay,
            Self::Out => Move::Out,
            Self::Into(text) => Move::Into(id(text)?),
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

/// A collection as it is made or changed.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "CollectionPatch"))]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectionBody {
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Title"))]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "vault_domain::access::Visibility")
    )]
    visibility: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<SpaceId>"))]
    space: Moved,
}

/// A space as it is made or changed.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SpacePatch"))]
#[serde(deny_unknown_fields)]
pub(crate) struct SpaceBody {
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Title"))]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "vault_domain::access::Visibility")
    )]
    visibility: Option<String>,
}

/// A group as it is made or changed.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "GroupPatch"))]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupBody {
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Title"))]
    name: Option<String>,
}

impl GroupBody {
    pub(crate) const SHAPE: &'static str = r#"{"name": "…"}"#;

    /// Its name, which must be there.
    pub(crate) fn named(&self) -> Result<Title, Malformed> {
        named(self.name.as_deref().map(title).transpose()?)
    }
}

/// What is asked of a collection or a space; what is not named stays.
pub(crate) struct Asked {
    pub(crate) name: Option<Title>,
    pub(crate) visibility: Option<Visibility>,
    pub(crate) space: Move<SpaceId>,
}

impl Asked {
    const COLLECTION: &'static str =
        r#"{"name": "…", "visibility": "organisation or restricted", "space": "spc_…" or null}"#;
    const SPACE: &'static str = r#"{"name": "…", "visibility": "organisation or restricted"}"#;

    /// Of a new one.
    pub(crate) fn json(request: &Request, kind: Kind) -> Result<Self, Failure> {
        match kind {
            Kind::Collection => {
                Self::of_collection(&extract::json(request, SMALL_BODY, Self::COLLECTION)?)
            }
            Kind::Space => Self::of_space(&extract::json(request, SMALL_BODY, Self::SPACE)?),
        }
    }

    /// Of one that is there, as a merge patch (RFC 7396).
    pub(crate) fn patch(request: &Request, kind: Kind) -> Result<Self, Failure> {
        match kind {
            Kind::Collection => Self::of_collection(&extract::merge_patch(
                request,
                SMALL_BODY,
                Self::COLLECTION,
            )?),
            Kind::Space => Self::of_space(&extract::merge_patch(request, SMALL_BODY, Self::SPACE)?),
        }
    }

    fn of_collection(body: &CollectionBody) -> Result<Self, Failure> {
        let space = body.space.parse(SpaceId::parse)?;
        Ok(Self {
            space,
            ..Self::described(body.name.as_deref(), body.visibility.as_deref())?
        })
    }

    fn of_space(body: &SpaceBody) -> Result<Self, Failure> {
        Self::described(body.name.as_deref(), body.visibility.as_deref())
    }

    fn described(name: Option<&str>, visibility: Option<&str>) -> Result<Self, Failure> {
        Ok(Self {
            name: name.map(title).transpose()?,
            visibility: visibility.map(Visibility::parse).transpose()?,
            space: Move::Stay,
        })
    }
}

const NAME: &str = "1 to 200 characters without control characters";

fn title(name: &str) -> Result<Title, Malformed> {
    Title::parse(name).map_err(|malformed| Malformed {
        field: "name",
        ..malformed
    })
}

/// The name that must be there.
pub(crate) fn named(name: Option<Title>) -> Result<Title, Malformed> {
    name.ok_or(Malformed {
        field: "name",
        expected: NAME,
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
    space: Option<String>,
    created_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<EntryShown>>,
}

impl CollectionShown {
    pub(crate) fn of(collection: &Container, grants: bool) -> Self {
        Self {
            collection_id: collection.id.to_string(),
            name: collection.name.as_str().to_owned(),
            visibility: collection.access.visibility.as_str(),
            space: collection.space_id().map(|id| id.to_string()),
            created_at: collection.created_at.0,
            entries: grants.then(|| EntryShown::all(&collection.access)),
        }
    }
}

/// A space; and who may do what with what is in it, for those who may say so.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Space"))]
pub(crate) struct SpaceShown {
    space_id: String,
    name: String,
    visibility: &'static str,
    created_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<EntryShown>>,
}

impl SpaceShown {
    pub(crate) fn of(space: &Container, grants: bool) -> Self {
        Self {
            space_id: space.id.to_string(),
            name: space.name.as_str().to_owned(),
            visibility: space.access.visibility.as_str(),
            created_at: space.created_at.0,
            entries: grants.then(|| EntryShown::all(&space.access)),
        }
    }
}
