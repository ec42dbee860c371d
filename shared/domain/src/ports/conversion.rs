//! Conversion: the queue of its orders, and the workshop that does the work.

use async_trait::async_trait;

use super::Stored;
use crate::conversion::{ConversionOrder, Encoding, Probe};
use crate::packaging::PackageFault;
use crate::preview::{Made, PreviewPlan};
use crate::time::Timestamp;

/// The queue of the function that converts: at least once, in any order.
#[async_trait]
pub trait Conversions: Send + Sync {
    /// Asks for a conversion.
    async fn order(&self, order: &ConversionOrder) -> Stored<()>;
}

/// Scratch space with room for one film, and the program that encodes. One film is in hand at a time.
#[async_trait]
pub trait Workshop: Send + Sync {
    /// Empties the space; whatever another run left there is gone.
    async fn clear(&self) -> Stored<()>;
    /// Appends octets to the source.
    async fn bring(&self, octets: &[u8]) -> Stored<()>;
    /// What the source is, by its content.
    ///
    /// # Errors
    /// The inner one: it is nothing that the program reads.
    async fn probe(&self) -> Stored<Result<Probe, PackageFault>>;
    /// Seconds that the source lasts, one that has begun being whole: counted over what is in it, not what its head says; until
    /// `deadline` at the latest.
    ///
    /// # Errors
    /// The inner one: it cannot be read to its end, or that took too long.
    async fn length(&self, deadline: Timestamp) -> Stored<Result<u64, PackageFault>>;
    /// Encodes the source until `deadline` at the latest; the octets of what came out.
    ///
    /// # Errors
    /// The inner one: the source is damaged, or it took too long.
    async fn encode(
        &self,
        encoding: &Encoding,
        deadline: Timestamp,
    ) -> Stored<Result<u64, PackageFault>>;
    /// Makes previews of the source until `deadline` at the latest. What comes out is as far from trusted as the source is.
    ///
    /// # Errors
    /// The inner one: the source is damaged, or it took too long.
    async fn preview(
        &self,
        plan: &PreviewPlan,
        deadline: Timestamp,
    ) -> Stored<Result<Made, PackageFault>>;
    /// What the program said last of a source that it could not read or encode: for the operator's log alone.
    fn complaint(&self) -> Option<String>;
    /// `len` octets of what came out, from `offset`.
    async fn read(&self, offset: u64, len: usize) -> Stored<Vec<u8>>;
}

/// Files of variants to download, in the uploads bucket. None is replaced: each try of a variant has a key of its own.
#[async_trait]
pub trait RenditionFiles: Send + Sync {
    /// Stores the `size` octets that lie in the workshop under this key, a piece at a time.
    async fn keep(&self, key: &str, workshop: &dyn Workshop, size: u64) -> Stored<()>;
    /// Removes the file; repeating is fine.
    async fn discard(&self, key: &str) -> Stored<()>;
}
