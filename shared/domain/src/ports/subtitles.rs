//! Subtitles that are brought beside films.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::audit::Record;
use crate::id::AssetId;
use crate::subtitles::Subtitles;

/// What the subtitles of an asset become, by what they are; none leaves them as they are. It may be asked more than once.
pub type SubtitlesStep<'a> = &'a (dyn Fn(&Subtitles) -> Option<Subtitles> + Sync);

/// The subtitles of assets.
#[async_trait]
pub trait SubtitlesChanges: Send + Sync {
    /// Changes the subtitles of an asset that is there, neither deleted nor withdrawn, in one step, whoever else does at the
    /// same time; what comes with a record takes effect with it. Not applied if the step leaves them as they are. A change
    /// that took effect and whose reply was lost is told as applied.
    async fn change(
        &self,
        id: AssetId,
        step: SubtitlesStep<'_>,
        record: Option<&Record>,
    ) -> Stored<Change>;
}

/// Texts as they were brought, in the uploads bucket beside sources, until they are sealed.
#[async_trait]
pub trait TextFiles: Send + Sync {
    /// Stores a text.
    async fn bring(&self, key: &str, text: Vec<u8>) -> Stored<()>;
    /// A text, if it is there.
    async fn fetch(&self, key: &str) -> Stored<Option<Vec<u8>>>;
    /// Removes a text; repeating is fine.
    async fn forget(&self, key: &str) -> Stored<()>;
}
