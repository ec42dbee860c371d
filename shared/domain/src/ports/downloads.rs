//! Downloads: the spending of media tokens on them, and the URLs of the bucket.

use async_trait::async_trait;

use super::{Opening, Stored};
use crate::asset::Asset;
use crate::audit::Record;
use crate::download::{Download, Override};
use crate::id::{AssetId, DownloadId};
use crate::secret::SecretText;
use crate::token::{Digest, Grant};

/// Downloads, and the media tokens that are spent on them.
#[async_trait]
pub trait Downloads: Send + Sync {
    /// The grant and the asset, in one consistent read.
    async fn admission(
        &self,
        grant: Digest,
        asset: AssetId,
    ) -> Stored<(Option<Grant>, Option<Asset>)>;
    /// Spends `download.grant` and stores the download and the record, all or nothing. Only a live grant for downloading this asset
    /// that was never spent before serves, for however many views it was made.
    async fn open(&self, download: &Download, record: &Record) -> Stored<Opening>;
    /// The download, by a consistent read.
    async fn download(&self, id: DownloadId) -> Stored<Option<Download>>;
}

/// The uploads bucket, for reading by URL.
#[async_trait]
pub trait FileUrls: Send + Sync {
    /// A presigned GET of the [file](crate::download::File) of this key that serves for `seconds`, ranges too.
    async fn presign_file(&self, key: &str, asked: &Override, seconds: u64) -> Stored<SecretText>;
}
