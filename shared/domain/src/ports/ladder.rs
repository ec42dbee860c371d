//! The ladder of an asset.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::audit::Record;
use crate::id::{AssetId, PackageId};
use crate::ladder::Variant;

/// What a ladder becomes, by what it is; none leaves it as it is. It may be asked more than once.
pub type LadderStep<'a> = &'a (dyn Fn(Option<&[Variant]>) -> Option<Vec<Variant>> + Sync);

/// The variants of assets.
#[async_trait]
pub trait Ladders: Send + Sync {
    /// Changes the ladder of an asset that [plays](crate::asset::Asset::plays) this package in one step, whoever else does at the same time; what comes
    /// with a record takes effect with it. Not applied if the step leaves it as it is. A change that took effect and whose
    /// reply was lost is told as applied.
    async fn change(
        &self,
        id: AssetId,
        package: PackageId,
        step: LadderStep<'_>,
        record: Option<&Record>,
    ) -> Stored<Change>;
}
