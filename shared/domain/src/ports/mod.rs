//! Ports: what the use cases need of the world. Every method can fail; look-ups give `Option`;
//! outcomes that the domain decides on are its own words, never an SDK's errors.

use async_trait::async_trait;

use crate::asset::{Asset, AssetState, Checksum, Failure, NewAsset};
use crate::audit::Record;
use crate::bounds::Lease;
use crate::id::{AssetId, KeyId, PackageId, PlaybackId, TextId};
use crate::ladder::VariantId;
use crate::member::Standing;
use crate::packaging::{Presentation, Stream};
use crate::playback::{PlaybackSession, Ticket, UrlSignature, WrappedKey};
use crate::quota::{Exceeded, Quota, TooMuch};
use crate::secret::{ContentKey, SecretText};
use crate::time::Timestamp;
use crate::token::{Digest, Grant};

mod access;
mod audit;
mod conversion;
mod deletion;
mod delivery;
mod devices;
mod downloads;
mod erasure;
mod factors;
mod identity;
mod invitations;
mod ladder;
mod library;
mod links;
mod organisations;
mod packaging;
mod preview;
mod quota;
mod recovery;
mod rotation;
mod scan;
mod shares;
mod spread;
mod subtitles;
mod support;
mod webhooks;

mod clients;
pub use access::{AccessChanges, Containers, Groups, LISTED, MAX_GROUPS, Policies, Records};
pub use audit::{
    AuditArchive, AuditChain, AuditExports, AuditLog, Exported, MAX_EXPORTED, MAX_SEALED, Trail,
    Waiting,
};
pub use clients::{Clients, Creation, MAX_CLIENTS};
pub use conversion::{Conversions, RenditionFiles, Workshop};
pub use deletion::{
    Deletions, Dues, Elder, Erasures, Gone, KeyErasure, MediaErasure, RetentionChanges, Retentions,
    ShareErasure, SourceErasure,
};
pub use delivery::PathTokens;
pub use devices::{DeviceClaims, DeviceTokens};
pub use downloads::{Downloads, FileUrls};
pub use erasure::AccountErasures;
pub use factors::{Accounts, Ceremonies, Ceremony, Factors, LoginChallenges, Purpose};
pub use identity::{
    AccessTokens, AccessVerifier, Attempt, Directory, Limits, Members, NewOwner, OwnerOutcome,
    PasswordHasher, RefreshTokens, Rotation, SESSIONS_LISTED, Sessions, Standings, Users,
};
pub use invitations::{Invitations, LISTED_INVITATIONS};
pub use ladder::{LadderStep, Ladders};
pub use library::{Library, Shelf};
pub use links::{LinkTokens, Links};
pub use organisations::{
    Invited, Listed, MAX_INVITATIONS, MAX_REMOVED, MemberPage, Organisations, Settings, Settled,
};
pub use packaging::{Packagings, Reopenings};
pub use preview::{
    PreviewChanges, PreviewPlace, PreviewReads, PreviewSeal, PreviewStep, PreviewWrites,
};
pub use quota::{Abandonments, Charged, QuotaChanges, Usages};
pub use recovery::{Joiner, Joining, Recovery, Reset};
pub use rotation::{KeyPage, MasterRing, Rewraps, SecretVersions, Stages};
pub use scan::Scans;
pub use shares::{
    Keeping, MAX_SHARES, SHARES_LISTED, ShareExchanges, ShareTokens, SharedViews, Shares,
};

pub use spread::{SpreadRules, Trails};
pub use subtitles::{SubtitlesChanges, SubtitlesStep, TextFiles};
pub use support::{
    Granted, MAX_SUPPORT, STAFF_SHOWN, SUPPORT_KEPT, SUPPORT_REMOVED, SupportEntries, SupportGrants,
};
pub use webhooks::{
    Deliveries, DeliveryBundle, DeliveryPage, MAX_ORDERS, WebhookPoster, WebhookQueue,
    WebhookSecrets, Webhooks,
};

/// A store or service did not do its part. Whether it took effect is unknown; repeating is safe.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed")]
pub struct StoreError {
    /// Which operation of which port.
    pub operation: &'static str,
    /// The cause, for the log alone.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    /// Wraps the cause of a failed operation.
    pub fn new(
        operation: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            operation,
            source: source.into(),
        }
    }
}

/// What every port returns.
pub type Stored<T> = Result<T, StoreError>;

/// The time.
pub trait Clock: Send + Sync {
    /// Seconds of Unix time.
    fn now(&self) -> Timestamp;
}

/// A cryptographic source of randomness.
pub trait Entropy: Send + Sync {
    /// Fills the whole buffer.
    ///
    /// # Errors
    /// The source failed; nothing may be made of the buffer.
    fn fill(&self, buffer: &mut [u8]) -> Stored<()>;
}

/// Media tokens.
#[async_trait]
pub trait Grants: Send + Sync {
    /// Stores a new media token's grant and its record, both or neither.
    async fn create(&self, grant: &Grant, record: &Record) -> Stored<()>;
    /// What is stored of a media token, by a consistent read.
    async fn grant(&self, digest: Digest) -> Stored<Option<Grant>>;
}

/// What became of the opening of a view or a download.
#[derive(Debug, PartialEq, Eq)]
pub enum Opening {
    /// One view is spent and the session or download is open: both or neither.
    Opened,
    /// This session or download was opened before; nothing was spent.
    AlreadyOpen,
    /// The grant has no view left, is over or revoked, or is another device's; nothing was spent.
    Refused,
    /// As many streams play as may; nothing was spent.
    Full,
}

/// What became of the refresh of a view.
#[derive(Debug, PartialEq, Eq)]
pub enum Refreshing {
    /// It lives longer now.
    Refreshed,
    /// It is not as it was seen: refreshed or ended meanwhile; nothing changed.
    Stale,
    /// Its grant is revoked or not there; nothing changed.
    Refused,
    /// As many other streams play as may; nothing changed.
    Full,
}

/// Playback sessions and the spending of views.
#[async_trait]
pub trait Views: SharedViews + Send + Sync {
    /// The grant and the asset, in one consistent read.
    async fn admission(
        &self,
        grant: Digest,
        asset: AssetId,
    ) -> Stored<(Option<Grant>, Option<Asset>)>;
    /// Spends a view of `session.grant` and stores the session and the record, all or nothing. The first view begins the
    /// window of the grant and binds it to the device, where the session's bounds say so; where it has a lease it gets that
    /// place, if there is one at the time when it was opened.
    async fn open(&self, session: &PlaybackSession, record: &Record) -> Stored<Opening>;
    /// The session, by a consistent read.
    async fn session(&self, id: PlaybackId) -> Stored<Option<PlaybackSession>>;
    /// Puts `next` in the place of a session that is as it was seen and whose grant is not revoked, and stores the record: all
    /// or nothing. Where it has a lease it keeps its place, or gets one if there is one at the time of the record. Where its keys
    /// went stays as it is, whatever was seen of that.
    async fn refresh(
        &self,
        seen: &PlaybackSession,
        next: &PlaybackSession,
        record: &Record,
    ) -> Stored<Refreshing>;
    /// Ends a session, gives its place back if it has one, and stores the record: all or nothing, and nothing if it has
    /// ended before.
    async fn end(&self, session: &PlaybackSession, record: &Record) -> Stored<Change>;
}

/// Places of streams that play at once, as the key function sees them.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Renews the lease of a view. Not applied if its place was given to another, or the view has ended.
    async fn renew(&self, view: PlaybackId, lease: &Lease) -> Stored<Change>;
}

/// All that a playlist depends on.
#[derive(Debug, Default)]
pub struct PlaylistBundle {
    /// The playback session.
    pub session: Option<PlaybackSession>,
    /// The asset.
    pub asset: Option<Asset>,
    /// Where the viewer stands.
    pub standing: Standing,
}

/// Playback sessions as the playlist function sees them.
#[async_trait]
pub trait PlaylistReads: Send + Sync {
    /// Everything in exactly one strongly consistent call.
    async fn bundle(&self, ticket: &Ticket) -> Stored<PlaylistBundle>;
}

/// All that a key delivery depends on.
#[derive(Debug, Default)]
pub struct KeyBundle {
    /// The playback session.
    pub session: Option<PlaybackSession>,
    /// The state of the asset, and from when on views of it count; none if it is deleted.
    pub asset: Option<(AssetState, Timestamp)>,
    /// The wrapped key.
    pub key: Option<WrappedKey>,
    /// Where the viewer stands.
    pub standing: Standing,
}

/// The hot path of key delivery.
#[async_trait]
pub trait KeyReads: Send + Sync {
    /// Everything in exactly one strongly consistent call.
    async fn bundle(&self, ticket: &Ticket, key: KeyId) -> Stored<KeyBundle>;
}

/// What became of a reservation.
#[derive(Debug)]
pub enum Reservation {
    /// The asset is new.
    Created,
    /// There is an asset of this id.
    Exists(Box<Asset>),
    /// There was an asset of this id, and it was erased.
    Erased,
    /// It is new, and the organisation has no room for it; nothing changed.
    OverQuota(Exceeded),
    /// It is new, and larger than a film of the organisation may be; nothing changed.
    TooLarge(TooMuch),
}

/// What became of a conditional change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It took effect now.
    Applied,
    /// What it is about was not in a state that admits it; nothing changed.
    NotApplied,
}

/// What became of a packager's claim.
#[derive(Debug)]
pub enum Claim {
    /// The asset is ours until the lease ends; `previous` is what dead runs left behind.
    Claimed {
        /// The packages in [`Asset::runs`] before this claim: their segments and keys are to be removed.
        previous: Vec<PackageId>,
    },
    /// The asset is another's or in another state.
    NotClaimed,
}

/// The assets. What comes with a record takes effect with it, or not at all; and with both the organisation's usage, by
/// what the asset [counts for](crate::quota::Charge) before and after.
#[async_trait]
pub trait Assets: Send + Sync {
    /// The asset, by a consistent read; none once it was erased.
    async fn get(&self, id: AssetId) -> Stored<Option<Asset>>;
    /// Stores a new asset unless there is one of its id, or no room for it under the organisation's own quota and these
    /// defaults.
    async fn reserve(
        &self,
        asset: &NewAsset,
        defaults: &Quota,
        record: &Record,
    ) -> Stored<Reservation>;
    /// Records the multipart upload unless one is recorded.
    async fn set_multipart(&self, id: AssetId, multipart: &str) -> Stored<Change>;
    /// `uploading` → `uploaded`.
    async fn mark_uploaded(&self, id: AssetId, record: &Record) -> Stored<Change>;
    /// `uploaded`, or `processing` under a lease that is over (`lease_until <= now`) → `processing` under ours;
    /// `package` is appended to the asset's runs in the same write, so that no dead run is ever forgotten, and its progress
    /// begins anew. What was `uploaded` is recorded; a run that takes over from another changes no state.
    async fn claim(
        &self,
        id: AssetId,
        package: PackageId,
        (now, lease_until): (Timestamp, Timestamp),
        record: &Record,
    ) -> Stored<Claim>;
    /// Tells how far the run of `package` is, in per cent. Not applied unless it is processing, and was not as far.
    async fn progress(&self, id: AssetId, package: PackageId, percent: u8) -> Stored<Change>;
    /// Ends the lease of `package` early, so that the next delivery may claim at once.
    async fn release(&self, id: AssetId, package: PackageId) -> Stored<Change>;
    /// `processing` of `package` → `ready`, if there is room for a film of so many seconds; the list of runs is emptied.
    async fn publish(
        &self,
        id: AssetId,
        package: PackageId,
        film: (u64, &Quota),
        record: &Record,
    ) -> Stored<Charged>;
    /// Any state before `ready` → `failed`; under a package only if it is `processing` by that run. The runs stay
    /// on record, for whoever removes what they left. A failure that [empties](Failure::empties) the asset gives its bytes
    /// back.
    async fn fail(
        &self,
        id: AssetId,
        package: Option<PackageId>,
        failure: &Failure,
        record: &Record,
    ) -> Stored<Change>;
    /// Any other state → `withdrawn`; package and runs stay on record.
    async fn withdraw(&self, id: AssetId, record: &Record) -> Stored<Change>;
}

/// Wrapped content keys.
#[async_trait]
pub trait ContentKeys: Send + Sync {
    /// Stores a key.
    async fn put(&self, key: &WrappedKey) -> Stored<()>;
    /// The key, by a consistent read.
    async fn key(&self, asset: AssetId, key: KeyId) -> Stored<Option<WrappedKey>>;
    /// Removes every key of one run.
    async fn delete_package(&self, asset: AssetId, package: PackageId) -> Stored<()>;
}

/// A presigned request that the client makes straight to S3.
#[derive(Debug)]
pub struct SignedPart {
    /// Part number from 1.
    pub number: u32,
    /// Octets; signed, so that no other size is taken.
    pub size: u64,
    /// Where to PUT it.
    pub url: SecretText,
    /// Headers that the client must send as they are.
    pub headers: Vec<(String, String)>,
}

/// A part that S3 holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedPart {
    /// From 1.
    pub number: u32,
    /// The `ETag` that S3 gave.
    pub etag: String,
    /// Its checksum in base64, in the algorithm of the [plan](crate::asset::PartPlan), where that has one.
    pub checksum: Option<String>,
}

/// A part that the client wants to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedPart {
    /// From 1.
    pub number: u32,
    /// What its octets must have, so that S3 takes no others.
    pub checksum: Option<Checksum>,
}

/// Some of the parts that S3 holds, as it tells of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeldParts {
    /// In order; at most 1,000.
    pub parts: Vec<HeldPart>,
    /// Do others follow?
    pub more: bool,
}

/// A part that S3 holds, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPart {
    /// Its number and `ETag`.
    pub part: UploadedPart,
    /// Octets.
    pub size: u64,
}

/// What became of the completion of a multipart upload.
#[derive(Debug, PartialEq, Eq)]
pub enum Completion {
    /// The object is there.
    Completed,
    /// S3 knows no such upload: completed before, or aborted.
    NoSuchUpload,
    /// S3 is at it, and takes longer than a request may: "processing of a Complete Multipart Upload request could take
    /// several minutes" (Amazon S3 API, `CompleteMultipartUpload`). It goes on by itself, and its event tells the end.
    UnderWay,
    /// S3 refuses the list: parts missing, too small or with other `ETag`s; or the checksum differs.
    Refused(String),
}

/// What S3 says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHead {
    /// Octets.
    pub size: u64,
    /// `ETag`; reads ask for just this one.
    pub etag: String,
    /// Its version, where the bucket keeps versions.
    pub version: Option<String>,
    /// The whole-object checksum in the algorithm that was announced, in base64.
    pub checksum: Option<String>,
}

/// The uploads bucket.
#[async_trait]
pub trait Uploads: Send + Sync {
    /// A presigned PUT of the whole object: its size, type and checksum are signed.
    async fn presign_object(&self, asset: &NewAsset) -> Stored<SignedPart>;
    /// The multipart upload under way for this asset, if S3 has one.
    async fn find_multipart(&self, asset: &NewAsset) -> Stored<Option<String>>;
    /// Begins a multipart upload.
    async fn create_multipart(&self, asset: &NewAsset) -> Stored<String>;
    /// Ends a multipart upload and its parts; repeating is fine.
    async fn abort_multipart(&self, asset: &NewAsset, multipart: &str) -> Stored<()>;
    /// Presigned PUTs of parts of the plan.
    async fn presign_parts(
        &self,
        asset: &NewAsset,
        multipart: &str,
        parts: &[WantedPart],
    ) -> Stored<Vec<SignedPart>>;
    /// The parts that S3 holds behind this number, one page in order; `None` when it knows no such upload.
    async fn held_parts(
        &self,
        asset: &NewAsset,
        multipart: &str,
        after: u32,
    ) -> Stored<Option<HeldParts>>;
    /// The parts that S3 holds, all pages, in order; `None` when it knows no such upload.
    async fn list_parts(
        &self,
        asset: &NewAsset,
        multipart: &str,
    ) -> Stored<Option<Vec<UploadedPart>>> {
        let mut all = Vec::new();
        let mut after = 0;
        loop {
            let Some(page) = self.held_parts(asset, multipart, after).await? else {
                return Ok(None);
            };
            all.extend(page.parts.into_iter().map(|held| held.part));
            match all.last() {
                // A page that says there is more and brings nothing further would be asked for for ever.
                Some(last) if page.more && last.number > after => after = last.number,
                _ => return Ok(Some(all)),
            }
        }
    }
    /// Makes the parts an object.
    async fn complete(
        &self,
        asset: &NewAsset,
        multipart: &str,
        parts: &[UploadedPart],
    ) -> Stored<Completion>;
    /// What is there.
    async fn head(&self, asset: &NewAsset) -> Stored<Option<SourceHead>>;
    /// `len` octets from `offset` of just the object of this `ETag`.
    async fn read(&self, asset: &NewAsset, etag: &str, offset: u64, len: usize) -> Stored<Vec<u8>>;
    /// Removes the source; repeating is fine.
    async fn delete(&self, asset: &NewAsset) -> Stored<()>;
}

/// The media bucket, for writing.
#[async_trait]
pub trait MediaWrites: Send + Sync {
    /// Stores one encrypted segment.
    async fn put_segment(
        &self,
        asset: AssetId,
        package: PackageId,
        segment: (Stream, u32),
        ciphertext: Vec<u8>,
    ) -> Stored<()>;
    /// Stores what the playlists need of a package, or of the [variant](Manifest::variant) of it.
    async fn put_manifest(
        &self,
        asset: AssetId,
        package: PackageId,
        manifest: &Manifest,
    ) -> Stored<()>;
    /// Removes every segment and the manifest of one run.
    async fn delete_package(&self, asset: AssetId, package: PackageId) -> Stored<()>;
    /// Removes every segment and the manifest of one variant of a package.
    async fn delete_variant(
        &self,
        asset: AssetId,
        package: PackageId,
        variant: VariantId,
    ) -> Stored<()>;
    /// Stores what the playlists need of subtitles that were brought; their segments are the main stream of it.
    async fn put_text(
        &self,
        asset: AssetId,
        package: PackageId,
        text: TextId,
        manifest: &Manifest,
    ) -> Stored<()>;
    /// Removes every segment and the manifest of subtitles that were brought.
    async fn delete_text(&self, asset: AssetId, package: PackageId, text: TextId) -> Stored<()>;
}

/// The media bucket, for playlists.
#[async_trait]
pub trait MediaReads: Send + Sync {
    /// What the playlists need of a package, or of a variant of it.
    async fn manifest(
        &self,
        asset: AssetId,
        package: PackageId,
        variant: Option<VariantId>,
    ) -> Stored<Option<Manifest>>;
    /// What they need of subtitles that were brought.
    async fn text(
        &self,
        asset: AssetId,
        package: PackageId,
        text: TextId,
    ) -> Stored<Option<Manifest>>;
}

/// A presentation and the keys of its periods, as stored beside the segments.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Manifest {
    /// What was packaged.
    pub presentation: Presentation,
    /// Key ids, one a period, in their textual form.
    pub keys: Vec<String>,
    /// Was the film converted first? If not its clock is that of the source.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub converted: bool,
    /// Which variant it is of the package; none of the film as it was packaged first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<VariantId>,
}

/// The distribution's control plane.
#[async_trait]
pub trait Distribution: Send + Sync {
    /// Removes paths from the caches; the same `reference` again is the same invalidation.
    async fn invalidate(&self, reference: &str, paths: &[String]) -> Stored<()>;
}

/// SHA-256 for digests of bearer secrets and for deriving ids of repeated requests.
pub trait Hashing: Send + Sync {
    /// The digest.
    fn sha256(&self, octets: &[u8]) -> Digest;
}

/// Makes and checks playback tickets.
pub trait Tickets: Send + Sync {
    /// The ticket's text, of base64url characters.
    fn issue(&self, ticket: &Ticket) -> SecretText;
    /// The claims of a genuine ticket, expired or not.
    fn open(&self, text: &str) -> Option<Ticket>;
}

/// Signs for CloudFront.
pub trait UrlSigner: Send + Sync {
    /// One signature for every URL that matches `resource` (`*` and `?` are wildcards) until `expires_at`.
    ///
    /// # Errors
    /// The signature could not be made.
    fn sign(&self, resource: &str, expires_at: Timestamp) -> Stored<UrlSignature>;
}

/// Wraps and unwraps content keys.
pub trait KeyWrap: Send + Sync {
    /// Seals a content key under the current master key.
    ///
    /// # Errors
    /// The cipher failed.
    fn wrap(
        &self,
        key: &ContentKey,
        asset: AssetId,
        id: KeyId,
        package: PackageId,
        nonce: [u8; 12],
    ) -> Stored<WrappedKey>;
    /// Opens a wrapped key.
    ///
    /// # Errors
    /// The master key is not known or the record was changed.
    fn unwrap(&self, wrapped: &WrappedKey) -> Stored<ContentKey>;
}
