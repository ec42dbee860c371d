//! Assets: their states, and the plan by which their bytes come in.

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::deletion::Keeping;
use crate::error::Malformed;
use crate::id::{AssetId, CollectionId, OrgId, PackageId, TextId};
use crate::ladder::{Variant, VariantId, VariantState};
use crate::library::Description;
use crate::member::Actor;
use crate::packaging::Stream;
use crate::preview::{PreviewSet, PreviewState, Previews};
use crate::quota::Charge;
use crate::scan::Scan;
use crate::subtitles::Subtitles;
use crate::text::{named, stored};
use crate::time::Timestamp;

mod plan;

pub use plan::{
    LEAST_PART_OCTETS, MAX_OBJECT_OCTETS, MAX_PART_OCTETS, MAX_PARTS, PART_OCTETS, PartPlan,
    SIGNED_PAGE,
};

/// Where an asset is on its way from an announced upload to a film that can be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AssetState {
    /// Announced; bytes are on their way.
    Uploading,
    /// All bytes are there and are what was announced.
    Uploaded,
    /// Being packaged.
    Processing,
    /// Can be watched.
    Ready,
    /// Cannot be watched; the reason is on the asset.
    Failed,
    /// Taken back: no view, no key, for ever.
    Withdrawn,
}

impl AssetState {
    /// All of them, in the order in which they are passed through.
    pub const ALL: [Self; 6] = [
        Self::Uploading,
        Self::Uploaded,
        Self::Processing,
        Self::Ready,
        Self::Failed,
        Self::Withdrawn,
    ];

    /// The name as stored and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Uploaded => "uploaded",
            Self::Processing => "processing",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Withdrawn => "withdrawn",
        }
    }
    /// Reads the stored name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl std::fmt::Display for AssetState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A checksum that the client announced: S3 verifies it at the door, finalize compares it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// Which algorithm.
    pub algorithm: ChecksumAlgorithm,
    /// Its value in base64, as S3 writes it.
    pub value: String,
}

/// Checksums that S3 verifies over a whole object: SHA-256 only for a single PUT, CRC-64/NVME for either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChecksumAlgorithm {
    /// 32 octets.
    Sha256,
    /// 8 octets.
    Crc64Nvme,
}

impl ChecksumAlgorithm {
    /// The name as stored, and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Crc64Nvme => "crc64nvme",
        }
    }
    /// Reads the name.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Sha256, Self::Crc64Nvme];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
    const fn octets(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Crc64Nvme => 8,
        }
    }
}

impl Checksum {
    /// Parses a base64 checksum of the algorithm's length.
    ///
    /// # Errors
    /// [`Malformed`] for another algorithm, alphabet or length.
    pub fn parse(algorithm: &str, value: &str) -> Result<Self, Malformed> {
        let algorithm = ChecksumAlgorithm::parse(algorithm).ok_or(Malformed {
            field: "checksum.algorithm",
            expected: "sha256 or crc64nvme",
        })?;
        Self::of(algorithm, value)
    }
    /// Parses a base64 checksum of this algorithm.
    ///
    /// # Errors
    /// [`Malformed`] for another alphabet or length.
    pub fn of(algorithm: ChecksumAlgorithm, value: &str) -> Result<Self, Malformed> {
        match data_encoding::BASE64.decode(value.as_bytes()) {
            Ok(raw) if raw.len() == algorithm.octets() => Ok(Self {
                algorithm,
                value: value.to_owned(),
            }),
            _ => Err(Malformed {
                field: "checksum.value",
                expected: "base64 of 32 octets (sha256) or 8 octets (crc64nvme)",
            }),
        }
    }
}

/// The title of an asset: 1 to 200 characters without controls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(String);

impl Title {
    /// Parses and trims.
    ///
    /// # Errors
    /// [`Malformed`] when it is empty, too long or holds control characters.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let expected = "1 to 200 characters without control characters";
        named(text, 200, "title", expected).map(Self)
    }
    /// Reads what was stored, by whatever rule it was taken then.
    pub fn stored(text: &str) -> Option<Self> {
        stored(text).map(Self)
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A media type as the client declares it; only `video/*`, `audio/*` and `application/octet-stream`
/// are taken, and packaging decides by the bytes alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType(String);

impl MediaType {
    /// `video/mp4`.
    pub fn mp4() -> Self {
        Self("video/mp4".to_owned())
    }
    /// Parses `type/subtype` of RFC 6838 token characters.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let lower = text.to_ascii_lowercase();
        let is_token = |part: &str| {
            !part.is_empty()
                && part.len() <= 127
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
        };
        let accepted = lower.split_once('/').is_some_and(|(kind, sub)| {
            is_token(sub)
                && (matches!(kind, "video" | "audio") || lower == "application/octet-stream")
        });
        if accepted {
            Ok(Self(lower))
        } else {
            Err(Malformed {
                field: "content_type",
                expected: "video/*, audio/* or application/octet-stream",
            })
        }
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An asset that is being announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAsset {
    /// Its id.
    pub id: AssetId,
    /// Whose tenant.
    pub org: OrgId,
    /// Who uploads.
    pub owner: Actor,
    /// What to call it.
    pub title: Title,
    /// How the client declares it.
    pub media_type: MediaType,
    /// How the bytes come.
    pub plan: PartPlan,
    /// What they must add up to.
    pub checksum: Option<Checksum>,
    /// When it was announced.
    pub created_at: Timestamp,
}

/// Why an asset failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Stable code.
    pub code: String,
    /// A sentence for a person.
    pub reason: String,
}

/// How often a film that failed may be asked to be packaged anew.
pub const MAX_REOPENED: u8 = 10;

/// Codes of failures after which the bytes of an upload are removed: they are not what was announced, nobody
/// finished, it was given up, or they hold malware.
const EMPTYING: [&str; 6] = [
    Failure::SIZE,
    Failure::CHECKSUM,
    Failure::TYPE,
    Failure::ABANDONED,
    Failure::CANCELLED,
    Failure::MALWARE,
];

impl Failure {
    /// Another number of octets arrived than was announced.
    pub const SIZE: &str = "size_mismatch";
    /// Something else arrived than was announced.
    pub const CHECKSUM: &str = "checksum_mismatch";
    /// What arrived is no film, whatever it was declared as.
    pub const TYPE: &str = "not_a_film";
    /// Nobody brought the upload to an end.
    pub const ABANDONED: &str = "abandoned";
    /// Whoever may upload it gave it up.
    pub const CANCELLED: &str = "cancelled";
    /// What had arrived was not there any more when it was to be packaged.
    pub const SOURCE_GONE: &str = "source_gone";
    /// Malware was found in what arrived.
    pub const MALWARE: &str = "malware_found";

    /// Are the bytes of what failed so removed?
    pub fn empties(&self) -> bool {
        EMPTYING.contains(&self.code.as_str())
    }
}

/// An asset as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// What was announced.
    pub announced: NewAsset,
    /// What people say of it now.
    pub description: Description,
    /// Where it is.
    pub state: AssetState,
    /// S3's id of the multipart upload, once begun.
    pub multipart: Option<String>,
    /// The package being made or being served.
    pub package: Option<PackageId>,
    /// Packager's runs that claimed it and may have left segments and keys; empty once one has published it.
    pub runs: Vec<PackageId>,
    /// Until when a packager has it for itself.
    pub lease_until: Option<Timestamp>,
    /// How far the newest run told that it is, 0 to 100; each begins at 0.
    pub progress: u8,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// How often it had failed and was asked to be packaged anew.
    pub reopened: u8,
    /// Who may do what with it.
    pub access: Access,
    /// The collection that it is in.
    pub collection: Option<CollectionId>,
    /// Views that were opened before are over: something that was granted was taken away.
    pub views_from: Timestamp,
    /// Is it there, and is it held?
    pub keeping: Keeping,
    /// What it counts for; none if it was announced before there were quotas.
    pub charge: Option<Charge>,
    /// The variants of its package; none as long as nobody asked for them.
    pub ladder: Option<Vec<Variant>>,
    /// The previews of its package; none as long as nobody asked for them.
    pub previews: Option<Previews>,
    /// What was said last of malware in its source.
    pub scan: Option<Scan>,
    /// The subtitles that were brought beside it.
    pub subtitles: Subtitles,
}

impl Asset {
    /// Its id.
    pub const fn id(&self) -> AssetId {
        self.announced.id
    }
    /// From when on views count once all that were opened until `now` are over: also those that were opened a moment ago
    /// and count from a moment to come, because views were ended twice in a second.
    pub fn views_ended(&self, now: Timestamp) -> Timestamp {
        now.max(self.views_from).plus(1)
    }
    /// Has it arrived, and does no run have it at this moment?
    pub fn is_in_no_hand(&self, now: Timestamp) -> bool {
        match self.state {
            AssetState::Uploaded => true,
            AssetState::Processing => self.lease_until.is_none_or(|until| until <= now),
            _ => false,
        }
    }
    /// How much of it is packaged, in per cent; none unless it is being packaged.
    pub fn packaged(&self) -> Option<u8> {
        (self.state == AssetState::Processing).then_some(self.progress)
    }
    /// Is it there, and is this package of it played? What is deleted is not, though it may be had back.
    pub fn plays(&self, package: PackageId) -> bool {
        let there = self.keeping.presence.is_kept() && self.state == AssetState::Ready;
        there && self.package == Some(package)
    }
    /// Its variant of so many lines, if it is there to be played.
    pub fn variant(&self, lines: u16) -> Option<VariantId> {
        let mut variants = self.ladder.iter().flatten();
        let found = variants.find(|variant| variant.id.lines == lines);
        let ready = found.filter(|variant| matches!(variant.state, VariantState::Ready(_)));
        ready.map(|variant| variant.id)
    }
    /// Its previews, if they are there to be fetched.
    pub fn previewed(&self) -> Option<PreviewSet> {
        match self.previews.as_ref()?.state {
            PreviewState::Ready(set) => Some(set),
            _ => None,
        }
    }
    /// Are the bytes that were uploaded there, as far as is known?
    pub fn has_source(&self) -> bool {
        let gone = |failure: &Failure| failure.empties() || failure.code == Failure::SOURCE_GONE;
        !self.failure.as_ref().is_some_and(gone)
    }
    /// As it is once it is to be packaged anew.
    #[must_use]
    pub fn reopened_once(self) -> Self {
        Self {
            state: AssetState::Uploaded,
            failure: None,
            reopened: self.reopened.saturating_add(1),
            ..self
        }
    }
    /// Key of its source in the uploads bucket.
    pub fn source_key(&self) -> String {
        source_key(self.announced.org, self.announced.id)
    }
}

/// Key of an asset's source in the uploads bucket.
pub fn source_key(org: OrgId, asset: AssetId) -> String {
    format!("uploads/{org}/{asset}/source")
}

/// Key of a variant's file to download, in the uploads bucket beside the source.
pub fn rendition_key(
    (org, asset): (OrgId, AssetId),
    package: PackageId,
    VariantId { lines, attempt }: VariantId,
) -> String {
    format!("uploads/{org}/{asset}/renditions/{package}-{lines}-{attempt}.mp4")
}

/// Reads [`source_key`] back from an event.
pub fn parse_source_key(key: &str) -> Option<(OrgId, AssetId)> {
    let (org, rest) = key.strip_prefix("uploads/")?.split_once('/')?;
    let asset = rest.strip_suffix("/source")?;
    Some((OrgId::parse(org).ok()?, AssetId::parse(asset).ok()?))
}

/// Key of a segment in the media bucket, and its path under the distribution.
pub fn segment_key(asset: AssetId, package: PackageId, stream: Stream, number: u32) -> String {
    format!("media/{asset}/{package}/{}", segment_name(stream, number))
}

/// The name of a segment within its package.
pub fn segment_name(stream: Stream, number: u32) -> String {
    match stream {
        Stream::Main => format!("{number:05}.ts"),
        Stream::Audio(at) => format!("audio-{at}-{number:05}.ts"),
        Stream::Subtitles(at) => format!("subtitles-{at}-{number:05}.vtt"),
        Stream::Variant(id) => format!("{}{number:05}.ts", variant_prefix(id)),
        Stream::Text(id) => format!("{}{number:05}.vtt", text_prefix(id)),
    }
}

/// Prefix of all that is kept of an asset in the uploads bucket.
pub fn uploads_prefix(org: OrgId, asset: AssetId) -> String {
    format!("uploads/{org}/{asset}/")
}

/// Prefix of an asset's presentations in the media bucket.
pub fn manifests_prefix(asset: AssetId) -> String {
    format!("manifests/{asset}/")
}

/// Prefix of all that viewers may fetch of an asset.
pub fn media_prefix(asset: AssetId) -> String {
    format!("media/{asset}/")
}

/// What the names of a variant's segments begin with.
pub fn variant_prefix(VariantId { lines, attempt }: VariantId) -> String {
    format!("video-{lines}-{attempt}-")
}

/// What the names of the segments of subtitles begin with that were brought.
pub fn text_prefix(id: TextId) -> String {
    format!("subtitles-{}-", id.code())
}

/// Key of subtitles as they were brought, in the uploads bucket beside the source, until they are sealed.
pub fn text_key((org, asset): (OrgId, AssetId), id: TextId) -> String {
    format!("uploads/{org}/{asset}/subtitles/{}.vtt", id.code())
}

/// Reads [`text_key`] back.
pub fn parse_text_key(key: &str) -> Option<(OrgId, AssetId, TextId)> {
    let (org, rest) = key.strip_prefix("uploads/")?.split_once('/')?;
    let (asset, name) = rest.split_once("/subtitles/")?;
    Some((
        OrgId::parse(org).ok()?,
        AssetId::parse(asset).ok()?,
        TextId::of_code(name.strip_suffix(".vtt")?)?,
    ))
}

/// Key of what playlists need of subtitles that were brought, in the media bucket; never under the distribution.
pub fn text_manifest_key(asset: AssetId, package: PackageId, id: TextId) -> String {
    format!("manifests/{asset}/{package}.subtitles-{}.json", id.code())
}

/// Key of the presentation of a package, or of a variant of it, in the media bucket; never under the distribution.
pub fn manifest_key(asset: AssetId, package: PackageId, variant: Option<VariantId>) -> String {
    match variant {
        None => format!("manifests/{asset}/{package}.json"),
        Some(VariantId { lines, attempt }) => {
            format!("manifests/{asset}/{package}.video-{lines}-{attempt}.json")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_key_reads_back_and_nothing_else_does() {
        let (org, asset) = (OrgId::from_octets([1; 16]), AssetId::from_octets([2; 16]));
        let key = source_key(org, asset);
        assert_eq!(parse_source_key(&key), Some((org, asset)));
        for bad in [
            "",
            "uploads/../x/source",
            "media/a/b",
            &format!("{key}/x"),
            &key[1..],
        ] {
            assert_eq!(parse_source_key(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_checksum_of_the_wrong_length_is_refused() {
        assert!(Checksum::parse("sha256", "AAAA").is_err());
        assert!(Checksum::parse("crc64nvme", "AAAAAAAAAAA=").is_ok());
        assert!(Checksum::parse("md5", "AAAAAAAAAAA=").is_err());
    }

    #[test]
    fn a_media_type_with_line_breaks_or_of_another_kind_is_refused() {
        for bad in [
            "",
            "text/html",
            "video/",
            "video/mp4\r\nx: y",
            "video/mp4;codecs=avc1",
        ] {
            assert!(MediaType::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(MediaType::parse("Video/MP4").unwrap().as_str(), "video/mp4");
    }
}
