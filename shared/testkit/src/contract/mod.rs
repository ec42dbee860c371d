//! Contract suites: what a port promises, asserted of any implementation. They run on the fakes here and on the
//! real adapters elsewhere: ids are random by a seed, and no store is assumed to be empty.

mod access;
mod assets;
mod assets_ends;
mod audit;
mod bounds;
mod clients;
mod deletion;
mod deletion_rules;
mod downloads;
mod erasure;
mod erasures;
mod factors;
mod identity;
mod invitations;
mod inviting;
mod keys;
mod ladders;
mod library;
mod links;
mod mail;
mod media;
mod organisations;
mod playback;
mod previews;
mod refreshes;
mod reopenings;
mod rotation;
mod scans;
mod shares;
mod spread;
mod subtitles;
mod support;
mod uploads;
mod usage;
mod usage_ends;
mod webhooks;

use futures_util::future::BoxFuture;
use vault_domain::asset::NewAsset;
use vault_domain::id::PackageId;
use vault_domain::ports::{Assets, Change, Charged, Claim, Reservation, SignedPart};

use crate::builders;
use crate::clock::GOLDEN_NOW;

pub use access::{AccessStores, access_contract};
pub use assets::assets_contract;
pub use audit::{
    AuditStores, Fetched, Write, audit_archive_contract, audit_contract, audit_contract_of_many,
    audit_record,
};
pub use bounds::{BoundStores, bounds_contract};
pub use clients::{client_standings_contract, clients_contract};
pub use deletion::{DeletionStores, deletion_contract};
pub use downloads::downloads_contract;
pub use erasure::{key_erasure_contract, media_erasure_contract, source_erasure_contract};
pub use erasures::{ErasureStores, erasures_contract};
pub use factors::{accounts_contract, ceremonies_contract, factors_contract};
pub use identity::{directory_contract, limits_contract, sessions_contract, standings_contract};
pub use invitations::invitations_contract;
pub use inviting::inviting_contract;
pub use keys::{KeyStores, content_keys_contract, key_reads_contract};
pub use ladders::ladders_contract;
pub use library::{LibraryStores, library_contract};
pub use links::{LinkStores, links_contract, recovery_contract};
pub use mail::{Receive, mail_queue_contract};
pub use media::{distribution_contract, media_contract};
pub use organisations::organisations_contract;
pub use playback::{PlaylistStores, playlist_reads_contract, views_contract};
pub use previews::{preview_files_contract, previews_contract};
pub use refreshes::refreshes_contract;
pub use reopenings::reopenings_contract;
pub use rotation::{RewrapStores, rewraps_contract, secret_versions_contract};
pub use scans::{ScanStores, scans_contract};
pub use shares::{ShareStores, shares_contract};
pub use spread::{SpreadStores, spread_contract};
pub use subtitles::{subtitles_contract, text_files_contract};
pub use support::{StandingsOf, SupportStores, support_contract};
pub use uploads::{begin_in_parts, uploads_contract};
pub use usage::{UsageStores, usage_contract};
pub use webhooks::{ReceiveOrders, WebhookStores, webhook_queue_contract, webhooks_contract};

/// The client's PUT to a signed URL, with the signed headers: the `ETag`, or the HTTP status of the refusal.
pub type Put<'a> =
    &'a (dyn Fn(SignedPart, Vec<u8>) -> BoxFuture<'static, Result<String, u16>> + Send + Sync);

/// The octets under a key of the media bucket, if there are any.
pub type Fetch<'a> = &'a (dyn Fn(String) -> BoxFuture<'static, Option<Vec<u8>>> + Send + Sync);

/// Brings a film through all its states to `ready`, under this package.
pub async fn publish_film(assets: &dyn Assets, new: &NewAsset, package: PackageId) {
    let reserved = assets
        .reserve(new, &builders::QUOTA, &builders::record())
        .await
        .expect("assets.reserve");
    assert!(matches!(reserved, Reservation::Created), "a new asset");
    let marked = assets
        .mark_uploaded(new.id, &builders::record())
        .await
        .expect("assets.mark_uploaded");
    assert_eq!(marked, Change::Applied);
    let lease = GOLDEN_NOW.plus(900);
    let claim = assets
        .claim(new.id, package, (GOLDEN_NOW, lease), &builders::record())
        .await
        .expect("assets.claim");
    assert!(matches!(claim, Claim::Claimed { .. }), "an uploaded asset");
    let published = assets
        .publish(new.id, package, (6, &builders::QUOTA), &builders::record())
        .await
        .expect("assets.publish");
    assert_eq!(published, Charged::Applied);
}

/// Who watches: an owner who is signed in, in stores that playback reads.
#[derive(Clone, Copy)]
pub struct Viewers<'a> {
    /// Takes them.
    pub directory: &'a dyn vault_domain::ports::Directory,
    /// Takes their login sessions.
    pub sessions: &'a dyn vault_domain::ports::Sessions,
}

impl Viewers<'_> {
    /// A new owner's login session.
    pub async fn sign_in(self, sample: &crate::Sample) -> vault_domain::token::Session {
        let owner = sample.owner();
        let created = self.directory.create_owner(&owner).await;
        created.expect("create_owner");
        let session = sample.session_of(&owner);
        self.sessions
            .open(&session, &builders::record())
            .await
            .expect("sessions.open");
        session
    }
}

/// What became of a change, where there is room for it.
pub(crate) fn roomy(charged: Charged) -> Change {
    match charged {
        Charged::Applied => Change::Applied,
        Charged::NotApplied => Change::NotApplied,
        Charged::OverQuota(exceeded) => unreachable!("there is no room: {exceeded}"),
    }
}
