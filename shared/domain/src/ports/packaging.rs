//! Packaging that is asked for: the queue of its orders, and films that failed and are had back.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::asset::Asset;
use crate::audit::Record;
use crate::packaging::PackagingOrder;

/// The queue of the function that packages: at least once, in any order.
#[async_trait]
pub trait Packagings: Send + Sync {
    /// Asks for a film to be packaged.
    async fn order(&self, order: &PackagingOrder) -> Stored<()>;
}

/// Films that failed, and are to be packaged anew.
#[async_trait]
pub trait Reopenings: Send + Sync {
    /// `failed` as it was seen → `uploaded`, once more reopened, if it is not deleted. Its runs stay on record. What it counts
    /// for stays as it is.
    async fn reopen(&self, seen: &Asset, record: &Record) -> Stored<Change>;
}
