//! The previews of an asset.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::audit::Record;
use crate::id::{AssetId, PackageId};
use crate::preview::{PreviewName, Previews};
use crate::secret::ContentKey;

/// What previews become, by what they are; none leaves them as they are. It may be asked more than once.
pub type PreviewStep<'a> = &'a (dyn Fn(Option<&Previews>) -> Option<Previews> + Sync);

/// The previews of assets.
#[async_trait]
pub trait PreviewChanges: Send + Sync {
    /// Changes the previews of an asset that [plays](crate::asset::Asset::plays) this package in one step, whoever else does at the same time;
    /// what comes with a record takes effect with it. Not applied if the step leaves them as they are. A change that took
    /// effect and whose reply was lost is told as applied.
    async fn change(
        &self,
        id: AssetId,
        package: PackageId,
        step: PreviewStep<'_>,
        record: Option<&Record>,
    ) -> Stored<Change>;
}

/// Previews in the media bucket, for writing. What a run wrote [goes](super::MediaWrites::delete_package) as a package does.
#[async_trait]
pub trait PreviewWrites: Send + Sync {
    /// Stores one that is sealed.
    async fn put_preview(
        &self,
        asset: AssetId,
        run: PackageId,
        name: PreviewName,
        sealed: Vec<u8>,
    ) -> Stored<()>;
}

/// Previews in the media bucket, for reading.
#[async_trait]
pub trait PreviewReads: Send + Sync {
    /// One, as it was stored.
    async fn preview(
        &self,
        asset: AssetId,
        run: PackageId,
        name: PreviewName,
    ) -> Stored<Option<Vec<u8>>>;
}

/// Which preview is sealed: it opens as no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviewPlace {
    /// Of which asset.
    pub asset: AssetId,
    /// Made by which run.
    pub run: PackageId,
    /// Which.
    pub name: PreviewName,
}

/// Seals previews, and opens them.
pub trait PreviewSeal: Send + Sync {
    /// Encrypts and authenticates; `nonce` is used once under this key.
    ///
    /// # Errors
    /// The cipher failed.
    fn seal(
        &self,
        key: &ContentKey,
        place: PreviewPlace,
        nonce: [u8; 12],
        octets: Vec<u8>,
    ) -> Stored<Vec<u8>>;
    /// What was sealed.
    ///
    /// # Errors
    /// It was changed, or was sealed as another.
    fn open(&self, key: &ContentKey, place: PreviewPlace, sealed: Vec<u8>) -> Stored<Vec<u8>>;
}
