//! The library as it is looked through and described.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::asset::Asset;
use crate::audit::Record;
use crate::id::{AssetId, OrgId};
use crate::library::{Description, Filter, Place};

/// Assets that were asked for, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shelf {
    /// The latest first, or in the order of their titles if a title was asked for. They may be fewer than there was
    /// room for, or none at all, and yet more may follow.
    pub assets: Vec<Asset>,
    /// After which place more may follow; none at the end.
    pub last: Option<Place>,
}

/// The library.
#[async_trait]
pub trait Library: Send + Sync {
    /// At most `limit` assets of the organisation behind this place. What it costs is bounded, and does not grow with the
    /// library. A change of a moment ago may not show yet.
    async fn list(
        &self,
        org: OrgId,
        filter: &Filter,
        after: Option<&Place>,
        limit: usize,
    ) -> Stored<Shelf>;
    /// Puts a description in the place of the one of version `seen`, unless the asset is withdrawn, and stores the record
    /// with it.
    async fn describe(
        &self,
        id: AssetId,
        seen: u64,
        next: &Description,
        record: &Record,
    ) -> Stored<Change>;
}
