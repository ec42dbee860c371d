//! An in-memory cloud with the semantics of the real stores: conditional writes, transactions that are both or
//! neither, an S3 that keeps its own rules. Every call goes through the plan of faults.

mod access;
mod assets;
mod audit;
mod client;
mod clients;
mod conversion;
mod deletion;
mod downloads;
mod erasure;
mod factors;
mod identity;
mod invitations;
mod library;
mod links;
mod mail;
mod media;
mod organisations;
mod playback;
mod quota;
mod renditions;
mod rotation;
mod s3;
mod shape;
mod shares;
mod spread;
mod subtitles;
mod support;
mod uploads;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use vault_domain::access::{Container, ContainerId, Group};
use vault_domain::api_key::ApiKey;
use vault_domain::asset::Asset;
use vault_domain::audit::Record;
use vault_domain::bounds::Places;
use vault_domain::conversion::ConversionOrder;
use vault_domain::credential::User;
use vault_domain::deletion::{Duty, Retention, Tombstone};
use vault_domain::download::Download;
use vault_domain::factor::FactorSet;
use vault_domain::id::{
    ApiKeyId, AssetId, DeliveryId, DownloadId, GroupId, InvitationId, KeyId, OrgId, PlaybackId,
    SessionId, ShareId, SupportId, UserId, WebhookId,
};
use vault_domain::mail::MailOrder;
use vault_domain::member::{Account, Invitation, Membership, Organisation};
use vault_domain::packaging::PackagingOrder;
use vault_domain::playback::{PlaybackSession, WrappedKey};
use vault_domain::ports::{Ceremony, Manifest, Stored};
use vault_domain::quota::Tally;
use vault_domain::rotation::Pass;
use vault_domain::share::Share;
use vault_domain::spread::SpreadRule;
use vault_domain::support::SupportGrant;
use vault_domain::time::Timestamp;
use vault_domain::token::{Digest, Grant, Session};
use vault_domain::webhook::{Delivery, DeliveryOrder, Health, Roll, Verdict};

use crate::fault::Faults;

pub use audit::Chains;
pub use client::{fetcher, order_receiver, putter, receiver};
pub use links::KeptLink;
pub use mail::Mail;
pub use rotation::KeptSecret;
pub use s3::{Bucket, Multipart, Object, checksum_of};
pub use shape::Shape;
pub use webhooks::Posted;

/// Everything that the cloud holds. Comparable, so that two ends can be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// Organisations.
    pub organisations: BTreeMap<OrgId, Organisation>,
    /// Accounts.
    pub accounts: BTreeMap<UserId, Account>,
    /// Places in organisations.
    pub memberships: BTreeMap<(OrgId, UserId), Membership>,
    /// Invitations.
    pub invitations: BTreeMap<(OrgId, InvitationId), Invitation>,
    /// Invitations that each organisation made so far.
    pub invited: BTreeMap<OrgId, u64>,
    /// One-time links by digest.
    pub links: BTreeMap<[u8; 32], KeptLink>,
    /// Each user's newest link to reset their password.
    pub resets: BTreeMap<UserId, Digest>,
    /// Users.
    pub users: BTreeMap<UserId, User>,
    /// Second factors.
    pub factors: BTreeMap<UserId, FactorSet>,
    /// Ceremonies of passkeys under way, by the digest of their challenge.
    pub ceremonies: BTreeMap<[u8; 32], Ceremony>,
    /// Attempts taken, and when the record may vanish.
    pub limits: BTreeMap<String, (u32, Timestamp)>,
    /// API keys, revoked ones too.
    pub clients: BTreeMap<ApiKeyId, ApiKey>,
    /// Login sessions.
    pub sessions: BTreeMap<SessionId, Session>,
    /// Media tokens by digest.
    pub grants: BTreeMap<[u8; 32], Grant>,
    /// Assets.
    pub assets: BTreeMap<AssetId, Asset>,
    /// What stays of assets that were erased.
    pub tombstones: BTreeMap<AssetId, Tombstone>,
    /// Rules of organisations.
    pub rules: BTreeMap<OrgId, Retention>,
    /// Rules by which views are looked at.
    pub spread_rules: BTreeMap<OrgId, SpreadRule>,
    /// What is due, and from when on.
    pub dues: BTreeMap<(OrgId, Duty), Timestamp>,
    /// What organisations use, and may.
    pub tallies: BTreeMap<OrgId, Tally>,
    /// When their uploads under way are looked at.
    pub waiting: BTreeMap<OrgId, Timestamp>,
    /// Records of what was done, in the order in which they were written.
    pub audit: Vec<Record>,
    /// Collections and spaces, each as it is kept.
    pub containers: BTreeMap<(OrgId, ContainerId), Container>,
    /// Groups.
    pub groups: BTreeMap<(OrgId, GroupId), Group>,
    /// Ids of collections, spaces and groups that are deleted.
    pub gone: BTreeSet<String>,
    /// In which groups people are.
    pub grouped: BTreeMap<(OrgId, UserId), Vec<GroupId>>,
    /// Their chains, and what is exported of them.
    pub chains: Chains,
    /// Wrapped keys.
    pub keys: BTreeMap<(AssetId, KeyId), WrappedKey>,
    /// How far they are brought under the current master key.
    pub pass: Option<Pass>,
    /// Secrets, by ARN.
    pub secrets: BTreeMap<String, KeptSecret>,
    /// Shares of assets.
    pub shares: BTreeMap<(AssetId, ShareId), Share>,
    /// The organisation whose members are the operator's staff, as functions are configured.
    pub operator: Option<OrgId>,
    /// What is granted to support.
    pub supports: BTreeMap<(OrgId, SupportId), SupportGrant>,
    /// Grants to support that each organisation made so far.
    pub supported: BTreeMap<OrgId, u64>,
    /// Playback sessions.
    pub playbacks: BTreeMap<PlaybackId, PlaybackSession>,
    /// Places of streams, by whose they are.
    pub places: BTreeMap<[u8; 32], Places>,
    /// Downloads.
    pub downloads: BTreeMap<DownloadId, Download>,
    /// The uploads bucket.
    pub uploads: Bucket,
    /// Segments in the media bucket.
    pub segments: BTreeMap<String, Vec<u8>>,
    /// Versions of objects in either bucket that were removed, which S3 keeps for a while.
    pub noncurrent: Vec<(String, Vec<u8>)>,
    /// Manifests in the media bucket.
    pub manifests: BTreeMap<String, Manifest>,
    /// Invalidations by reference.
    pub invalidations: BTreeMap<String, Vec<String>>,
    /// Orders of packaging; the queue hands them out again and again.
    pub packagings: Vec<PackagingOrder>,
    /// Orders of conversions; the queue hands them out again and again.
    pub conversions: Vec<ConversionOrder>,
    /// Mail orders; the queue hands them out again and again.
    pub mail_orders: Vec<MailOrder>,
    /// Mails in all mailboxes.
    pub sent: Vec<Mail>,
    /// Addresses that the mail service refuses for good.
    pub undeliverable: BTreeSet<String>,
    /// Endpoints of organisations.
    pub webhooks: BTreeMap<OrgId, Roll>,
    /// What became of their messages.
    pub deliveries: BTreeMap<(WebhookId, DeliveryId), Delivery>,
    /// How they are doing.
    pub health: BTreeMap<WebhookId, Health>,
    /// Orders of messages; the queue hands them out again and again.
    pub webhook_orders: Vec<DeliveryOrder>,
    /// Messages that endpoints got.
    pub posted: Vec<Posted>,
    /// What endpoints will answer, by URL.
    pub answers: BTreeMap<String, Vec<Verdict>>,
}

/// The cloud.
#[derive(Debug, Default)]
pub struct FakeCloud {
    faults: Arc<Faults>,
    state: Mutex<State>,
}

impl FakeCloud {
    /// An empty cloud whose calls are subject to a plan.
    pub fn new(faults: Arc<Faults>) -> Self {
        Self {
            faults,
            state: Mutex::default(),
        }
    }

    /// Looks at or changes the state directly: no call, no fault.
    pub fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The state as it is.
    pub fn snapshot(&self) -> State {
        self.with(|state| state.clone())
    }

    /// Names of the calls of this attempt, in their order.
    pub fn calls(&self) -> Vec<&'static str> {
        let log = self.faults.log();
        log.iter().filter(|c| !c.pure).map(|c| c.name).collect()
    }

    /// A call with an effect of one's own, for use cases that tests make up.
    ///
    /// # Errors
    /// The effect's own error, or the planned one.
    pub async fn call<T: Send>(
        &self,
        name: &'static str,
        effect: impl FnOnce(&mut State) -> Stored<T> + Send,
    ) -> Stored<T> {
        self.faults.call(name, || self.with(effect)).await
    }
}
