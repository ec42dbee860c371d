//! What the organisation uses, and how much it may.

use serde::Serialize;
#[cfg(feature = "openapi")]
use vault_domain::quota::MAX_QUOTA;
use vault_domain::quota::{Counted, Quota, Usage};
use vault_domain::usecase::organisation;
use vault_http::{Cache, Outcome, Reply};

use crate::Call;

/// One of what is counted.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UsageOfOne"))]
pub(crate) struct One {
    /// How much there is. It may be more than the limit, where that was lowered.
    used: u64,
    /// How much there may be.
    #[cfg_attr(feature = "openapi", schemars(range(max = MAX_QUOTA)))]
    limit: u64,
}

impl One {
    const fn of(counted: Counted, usage: &Usage, quota: &Quota) -> Self {
        Self {
            used: usage.of(counted),
            limit: quota.of(counted),
        }
    }
}

/// What the organisation uses, and how much it may.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Usage"))]
pub(crate) struct Told {
    /// Assets, until they are erased.
    assets: One,
    /// Octets of their sources.
    bytes: One,
    /// Minutes of films that were made ready; one that has begun is whole.
    minutes: One,
    /// Uploads under way.
    uploads: One,
    /// What one film may be.
    film: Film,
}

/// How large a film may be.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "LimitsOfAFilm"))]
#[expect(
    clippy::struct_field_names,
    reason = "a name of the API has one meaning: `bytes` is how many are used"
)]
pub(crate) struct Film {
    /// Octets of its source.
    #[cfg_attr(feature = "openapi", schemars(range(max = MAX_QUOTA)))]
    max_bytes: u64,
    /// Minutes that it lasts; one that has begun is whole.
    #[cfg_attr(feature = "openapi", schemars(range(max = MAX_QUOTA)))]
    max_minutes: u64,
    /// Pixels of the longer side of its pictures.
    #[cfg_attr(feature = "openapi", schemars(range(max = MAX_QUOTA)))]
    max_long_side: u64,
    /// Pixels of the shorter side.
    #[cfg_attr(feature = "openapi", schemars(range(max = MAX_QUOTA)))]
    max_short_side: u64,
}

pub(crate) async fn show(call: &Call<'_>) -> Outcome {
    let (usage, quota) = organisation::usage(call.deps, &call.ask).await?;
    let one = |counted| One::of(counted, &usage, &quota);
    let told = Told {
        assets: one(Counted::Assets),
        bytes: one(Counted::Bytes),
        minutes: one(Counted::Minutes),
        uploads: one(Counted::Uploads),
        film: Film {
            max_bytes: quota.film.bytes,
            max_minutes: quota.film.minutes,
            max_long_side: quota.film.long_side,
            max_short_side: quota.film.short_side,
        },
    };
    Ok(Reply::json(200, &told, Cache::NoStore))
}
