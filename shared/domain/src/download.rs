//! Downloads: a media token of the action `download`, spent once, for a signed URL of one file under its right name.

mod disposition;
mod name;

pub use disposition::{Override, attachment};
pub use name::FileName;

use crate::asset::{Asset, AssetState};
use crate::error::{Malformed, Refusal};
use crate::id::{AssetId, DownloadId, OrgId};
use crate::member::Subject;
use crate::time::Timestamp;
use crate::token::Digest;

/// Seconds that a URL of S3 lives at most. It ends with the session of the role that signed it, whatever it says itself
/// (Amazon S3 User Guide, "Download and upload objects with presigned URLs"), and a function is not told when its
/// session ends: so no more than an hour is told, and the same named request gives another.
pub const S3_URL_SECONDS: u64 = 3_600;
/// The most that a stack may send through `CloudFront`: its largest response to one GET, 50 GB (Amazon CloudFront Developer
/// Guide, "Quotas").
pub const CLOUDFRONT_OCTETS: u64 = 50_000_000_000;

/// Which file of an asset is downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendition {
    /// The one that was uploaded, octet by octet.
    Original,
}

impl Rendition {
    /// The name as stored and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Original => "original",
        }
    }
    /// Reads the name.
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        match text {
            "original" => Ok(Self::Original),
            _ => Err(Malformed {
                field: "rendition",
                expected: "original: there is no other rendition",
            }),
        }
    }
}

/// Where the octets come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// The distribution.
    CloudFront,
    /// The bucket itself.
    S3,
}

impl Via {
    /// The way for a file of `size` octets, where those below `below` octets go through the distribution.
    pub const fn of(size: u64, below: u64) -> Self {
        if size < below {
            Self::CloudFront
        } else {
            Self::S3
        }
    }
    /// The name as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CloudFront => "cloudfront",
            Self::S3 => "s3",
        }
    }
}

/// A download as stored: what a media token was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Download {
    /// Its id.
    pub id: DownloadId,
    /// Of which asset.
    pub asset: AssetId,
    /// Of which file of it.
    pub rendition: Rendition,
    /// By which media token.
    pub grant: Digest,
    /// On whose behalf.
    pub subject: Subject,
    /// Of which organisation.
    pub org: OrgId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When its URLs end.
    pub expires_at: Timestamp,
}

/// May the original be handed out? Once the upload is verified, and until the asset fails or is withdrawn: of one that
/// failed the octets may be gone, or may be what nobody announced.
///
/// # Errors
/// [`Refusal::WrongState`]
pub fn downloadable(asset: &Asset) -> Result<(), Refusal> {
    match asset.state {
        AssetState::Uploaded | AssetState::Processing | AssetState::Ready => Ok(()),
        AssetState::Uploading | AssetState::Failed | AssetState::Withdrawn => {
            Err(Refusal::WrongState(asset.state))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_as_large_as_the_threshold_comes_from_s3() {
        let below = 20_000_000_000;
        for (size, via) in [
            (1, Via::CloudFront),
            (below - 1, Via::CloudFront),
            (below, Via::S3),
            (u64::MAX, Via::S3),
        ] {
            assert_eq!(Via::of(size, below), via, "{size}");
        }
        assert_eq!(
            Via::of(0, 0),
            Via::S3,
            "a threshold of 0 sends nothing through CloudFront"
        );
    }

    #[test]
    fn a_rendition_that_there_is_not_is_told_so() {
        assert_eq!(Rendition::parse("original"), Ok(Rendition::Original));
        for other in ["", "Original", "720p", "hls"] {
            let refused = Rendition::parse(other).unwrap_err();
            assert!(
                refused.to_string().contains("no other rendition"),
                "{other}"
            );
        }
    }
}
