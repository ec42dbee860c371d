//! Bodies of requests and replies.

use serde::{Deserialize, Deserializer, Serialize};
use vault_domain::api_key::Label;
use vault_domain::error::Malformed;
use vault_domain::share::{FirstPlay, MaxViews, Share, SharePassword, networks};
use vault_domain::time::Timestamp;
use vault_domain::usecase::IdempotencyKey;
use vault_domain::usecase::manage_shares::{Bound, NewShare, Wish};

/// A share to be made.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "NewShare"))]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    #[cfg_attr(feature = "openapi", schemars(with = "Label"))]
    name: String,
    expires_at: Option<u64>,
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 100_000)))]
    max_views: Option<u64>,
    #[cfg_attr(feature = "openapi", schemars(range(min = 60, max = 2_592_000)))]
    first_play_seconds: Option<u64>,
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<vault_domain::share::SharePassword>")
    )]
    password: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(length(max = 16)))]
    networks: Vec<String>,
}

impl New {
    pub(crate) const SHAPE: &'static str = r#"{"name": "…", optional "expires_at": seconds of Unix time, "max_views": 1 to 100000, "first_play_seconds": 60 to 2592000, "password": "…", "networks": ["203.0.113.0/24", …]}"#;

    pub(crate) fn parse(self, idempotency: Option<IdempotencyKey>) -> Result<NewShare, Malformed> {
        Ok(NewShare {
            name: Label::parse(&self.name)?,
            expires_at: self.expires_at.map(Timestamp),
            max_views: self.max_views.map(MaxViews::parse).transpose()?,
            first_play: self.first_play_seconds.map(FirstPlay::parse).transpose()?,
            password: self.password.map(SharePassword::parse).transpose()?,
            networks: networks(&self.networks)?,
            idempotency,
        })
    }
}

/// A merge patch (RFC 7396) of a share: `null` lifts a bound.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SharePatch"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Changed {
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Label"))]
    name: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    expires_at: Given,
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<u64>", range(min = 1, max = 100_000))
    )]
    max_views: Given,
}

/// A number, or `null`, which says something else than nothing.
#[derive(Default)]
struct Given(Bound<u64>);

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let given = Option::deserialize(from)?;
        Ok(Self(given.map_or(Bound::Lifted, Bound::Set)))
    }
}

impl Given {
    fn parse<T>(&self, of: impl Fn(u64) -> Result<T, Malformed>) -> Result<Bound<T>, Malformed> {
        Ok(match self.0 {
            Bound::Stay => Bound::Stay,
            Bound::Lifted => Bound::Lifted,
            Bound::Set(number) => Bound::Set(of(number)?),
        })
    }
}

/// `null` is no text.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    String::deserialize(from).map(Some)
}

impl Changed {
    pub(crate) const SHAPE: &'static str = r#"{"name": "…", "expires_at": seconds of Unix time or null, "max_views": 1 to 100000 or null}"#;

    pub(crate) fn parse(&self) -> Result<Wish, Malformed> {
        let name = self.name.as_deref().map(Label::parse);
        Ok(Wish {
            name: name.transpose()?,
            expires_at: self.expires_at.parse(|end| Ok(Timestamp(end)))?,
            max_views: self.max_views.parse(MaxViews::parse)?,
        })
    }
}

/// A share, without anything by which it could be used.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Share"))]
pub(crate) struct Shown {
    share_id: String,
    asset_id: String,
    #[cfg_attr(feature = "openapi", schemars(with = "Label"))]
    name: String,
    expires_at: Option<u64>,
    max_views: Option<u32>,
    views: u32,
    first_play_seconds: Option<u64>,
    first_played_at: Option<u64>,
    #[cfg_attr(feature = "openapi", schemars(with = "bool"))]
    password: bool,
    networks: Vec<String>,
    created_by: String,
    created_at: u64,
    revoked: bool,
    revoked_at: Option<u64>,
}

impl Shown {
    pub(crate) fn of(share: &Share) -> Self {
        Self {
            share_id: share.id.to_string(),
            asset_id: share.asset.to_string(),
            name: share.name.as_str().to_owned(),
            expires_at: share.expires_at.map(|end| end.0),
            max_views: share.max_views.map(MaxViews::count),
            views: share.views,
            first_play_seconds: share.first_play.map(FirstPlay::seconds),
            first_played_at: share.first_played.map(|at| at.0),
            password: share.password.is_some(),
            networks: share.networks.iter().map(ToString::to_string).collect(),
            created_by: share.created_by.to_string(),
            created_at: share.created_at.0,
            revoked: share.revoked_at.is_some(),
            revoked_at: share.revoked_at.map(|at| at.0),
        }
    }
}

/// A share that was made, and its link, told once.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "CreatedShare"))]
pub(crate) struct Created<'a> {
    #[serde(flatten)]
    pub(crate) share: Shown,
    pub(crate) link: &'a str,
}

/// A page of shares.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Shares"))]
pub(crate) struct Listed {
    pub(crate) shares: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<String>,
}
