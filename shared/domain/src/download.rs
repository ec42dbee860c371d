//! Downloads: a media token of the action `download`, spent once, for a signed URL of one file under its right name.

mod disposition;
mod name;

pub use disposition::{Override, attachment};
pub use name::FileName;

use crate::asset::{Asset, AssetState, MediaType, rendition_key};
use crate::error::{Malformed, Refusal};
use crate::id::{AssetId, DownloadId, OrgId};
use crate::ladder::VariantState;
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
    /// A variant of so many lines, as an MP4 file of H.264 with all sounds.
    Lines(u16),
}

/// How a rendition is written: `original`, or the lines of a variant and `p`.
pub const RENDITION_PATTERN: &str = "^(original|[1-9][0-9]{2,3}p)$";

impl std::fmt::Display for Rendition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Original => f.write_str("original"),
            Self::Lines(lines) => write!(f, "{lines}p"),
        }
    }
}

impl Rendition {
    /// Reads the name.
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let malformed = Malformed {
            field: "rendition",
            expected: "original, or the lines of a variant and p: 720p",
        };
        if text == "original" {
            return Ok(Self::Original);
        }
        let lines = text.strip_suffix('p').filter(|lines| {
            let digits = lines.bytes().all(|digit| digit.is_ascii_digit());
            digits && matches!(lines.len(), 3..=4) && !lines.starts_with('0')
        });
        lines
            .and_then(|lines| lines.parse().ok())
            .map_or(Err(malformed), |lines| Ok(Self::Lines(lines)))
    }
}

/// A file of an asset that may be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its key in the uploads bucket.
    pub key: String,
    /// Under which name it is saved.
    pub name: FileName,
    /// Its type.
    pub media_type: MediaType,
    /// Its octets.
    pub size: u64,
}

impl File {
    /// That of a rendition; none if the asset has not got it.
    pub fn of(asset: &Asset, rendition: Rendition) -> Option<Self> {
        let (new, title) = (&asset.announced, &asset.description.title);
        match rendition {
            Rendition::Original => Some(Self {
                key: asset.source_key(),
                name: FileName::of(title, &new.media_type),
                media_type: new.media_type.clone(),
                size: new.plan.size,
            }),
            Rendition::Lines(lines) => {
                let package = asset.package.filter(|package| asset.plays(*package))?;
                let mut variants = asset.ladder.iter().flatten();
                let variant = variants.find(|variant| variant.id.lines == lines)?;
                let VariantState::Ready(coded) = &variant.state else {
                    return None;
                };
                Some(Self {
                    key: rendition_key((new.org, new.id), package, variant.id),
                    name: FileName::of_variant(title, &new.media_type, lines),
                    media_type: MediaType::mp4(),
                    size: coded.octets?,
                })
            }
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

/// May files of an asset be downloaded? Not what holds malware; nor, where films wait for a verdict about that, what does.
/// What plays waited for it, or was there before films did.
///
/// # Errors
/// [`Refusal::WrongState`], [`Refusal::Conflict`] if malware was found.
pub fn downloadable(asset: &Asset, scanned: bool) -> Result<(), Refusal> {
    let said = asset.scan.as_ref();
    if said.is_some_and(|scan| !scan.clean) {
        return Err(Refusal::Conflict(
            "malware was found in the file, and it was removed",
        ));
    }
    match asset.state {
        AssetState::Uploaded | AssetState::Processing if scanned && said.is_none() => {
            Err(Refusal::WrongState(asset.state))
        }
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
    fn a_rendition_is_read_as_it_is_written() {
        for told in ["original", "360p", "720p", "1080p", "9999p"] {
            let read = Rendition::parse(told).unwrap();
            assert_eq!(read.to_string(), told);
        }
        for other in [
            "",
            "Original",
            "720",
            "p",
            "0720p",
            "72p",
            "+720p",
            "10800p",
            "720P",
            "720p ",
            "hls",
            "７２０p",
        ] {
            let refused = Rendition::parse(other).unwrap_err();
            assert!(refused.to_string().contains("720p"), "{other}");
        }
    }
}
