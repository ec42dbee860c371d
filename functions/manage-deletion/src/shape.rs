//! Bodies of requests and replies.

use serde::{Deserialize, Serialize};
use vault_domain::asset::Asset;
use vault_domain::deletion::{Aged, Days, Retention};
use vault_domain::error::Malformed;

/// An asset, and until when it can be had back if it is deleted.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "DeletedAsset"))]
pub(crate) struct Gone {
    asset_id: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    erase_at: Option<u64>,
}

impl Gone {
    pub(crate) fn of(asset: &Asset) -> Self {
        let deletion = asset.keeping.presence.deletion();
        Self {
            asset_id: asset.id().to_string(),
            state: asset.state.as_str(),
            deleted_at: deletion.map(|deletion| deletion.at.0),
            erase_at: deletion.map(|deletion| deletion.erase_at.0),
        }
    }
}

/// Why an asset is to be held.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "LegalHoldReason"))]
#[serde(deny_unknown_fields)]
pub(crate) struct HeldFor {
    #[cfg_attr(feature = "openapi", schemars(with = "vault_domain::deletion::Reason"))]
    pub(crate) reason: String,
}

impl HeldFor {
    pub(crate) const SHAPE: &'static str = r#"{"reason": "…"}"#;
}

/// An asset, and what holds it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AssetHold"))]
pub(crate) struct Held {
    asset_id: String,
    legal_hold: Option<Hold>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "LegalHold"))]
pub(crate) struct Hold {
    #[cfg_attr(feature = "openapi", schemars(with = "vault_domain::deletion::Reason"))]
    reason: String,
    placed_at: u64,
}

impl Held {
    pub(crate) fn of(asset: &Asset) -> Self {
        let hold = asset.keeping.hold.as_ref().map(|hold| Hold {
            reason: hold.reason.as_str().to_owned(),
            placed_at: hold.at.0,
        });
        Self {
            asset_id: asset.id().to_string(),
            legal_hold: hold,
        }
    }
}

/// By which rules assets go: all of them, so that none is left out by mistake.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "RetentionRules"))]
#[expect(
    clippy::struct_field_names,
    reason = "as they are in requests and replies"
)]
pub(crate) struct Rules {
    #[cfg_attr(feature = "openapi", schemars(range(max = 365)))]
    recovery_days: u64,
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 3650)))]
    delete_after_days: Option<u64>,
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 3650)))]
    failed_after_days: Option<u64>,
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 3650)))]
    withdrawn_after_days: Option<u64>,
}

/// The rules that are wished for; what is left out is none.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "RetentionWish"))]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_field_names,
    reason = "as they are in requests and replies"
)]
pub(crate) struct Wish {
    #[cfg_attr(feature = "openapi", schemars(range(max = 365)))]
    recovery_days: u64,
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 3650)))]
    delete_after_days: Option<u64>,
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 3650)))]
    failed_after_days: Option<u64>,
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 3650)))]
    withdrawn_after_days: Option<u64>,
}

impl Rules {
    pub(crate) fn of(retention: &Retention) -> Self {
        let days = |aged| retention.after(aged).map(Days::get);
        Self {
            recovery_days: retention.recovery.get(),
            delete_after_days: days(Aged::All),
            failed_after_days: days(Aged::Failed),
            withdrawn_after_days: days(Aged::Withdrawn),
        }
    }
}

impl Wish {
    pub(crate) const SHAPE: &'static str = r#"{"recovery_days": 0 to 365, "delete_after_days": 1 to 3650 or null, "failed_after_days": …, "withdrawn_after_days": …}"#;

    pub(crate) fn parse(&self) -> Result<Retention, Malformed> {
        let age = |days: Option<u64>, of| days.map(|days| Days::age(days, of)).transpose();
        Ok(Retention {
            recovery: Days::recovery(self.recovery_days)?,
            delete_after: age(self.delete_after_days, Aged::All)?,
            failed_after: age(self.failed_after_days, Aged::Failed)?,
            withdrawn_after: age(self.withdrawn_after_days, Aged::Withdrawn)?,
            version: 0,
        })
    }
}
