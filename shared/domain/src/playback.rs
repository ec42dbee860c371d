//! Playback sessions: one authorized view, and the ticket that its URLs carry.

use crate::bounds::{Bounds, Lease};
use crate::id::{AssetId, KeyId, OrgId, PackageId, PlaybackId};
use crate::member::Subject;
use crate::spread::Watch;
use crate::time::Timestamp;
use crate::token::Digest;

/// A CloudFront signature in its URL-safe form: the values of the query parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct UrlSignature {
    /// `Policy`: the custom policy.
    pub policy: String,
    /// `Signature`.
    pub signature: String,
    /// `Key-Pair-Id`: id of the public key in CloudFront.
    pub key_pair_id: String,
}

impl std::fmt::Debug for UrlSignature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UrlSignature(redacted, key pair {})", self.key_pair_id)
    }
}

impl UrlSignature {
    /// The query string that CloudFront reads; signatures are SHA-256 and say so.
    pub fn query(&self) -> String {
        format!(
            "Policy={}&Signature={}&Key-Pair-Id={}&Hash-Algorithm=SHA256",
            self.policy, self.signature, self.key_pair_id
        )
    }
}

/// What a playback ticket says once its MAC is checked: enough to refuse without any I/O.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// The session.
    pub playback: PlaybackId,
    /// For which asset alone.
    pub asset: AssetId,
    /// On whose behalf: so that their standing is in the same read as the session.
    pub subject: Subject,
    /// Of which organisation.
    pub org: OrgId,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A playback session as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaybackSession {
    /// Its id.
    pub id: PlaybackId,
    /// Of which asset.
    pub asset: AssetId,
    /// Of which package of it.
    pub package: PackageId,
    /// By which media token.
    pub grant: Digest,
    /// On whose behalf.
    pub subject: Subject,
    /// Of which organisation.
    pub org: OrgId,
    /// The one signature of this view.
    pub signature: UrlSignature,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Ended early by whoever watched?
    pub revoked: bool,
    /// What its media token is bounded by.
    pub bounds: Bounds,
    /// Digest of the secret of the device that opened it, where the token is for one.
    pub device: Option<Digest>,
    /// Its place among the streams that play at once, where they are counted.
    pub lease: Option<Lease>,
    /// Until when it may be refreshed at the latest, where views may be.
    pub refresh_until: Option<Timestamp>,
    /// What its URLs carried before it was refreshed the last time, if it was.
    pub before: Option<Before>,
    /// By which rule it is looked at where its keys go, and what was seen; none where its organisation wants no look.
    pub watch: Option<Watch>,
}

/// What the URLs of a view carry that was refreshed since: they end when they were to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// When they end.
    pub expires_at: Timestamp,
    /// Their signature.
    pub signature: UrlSignature,
}

impl PlaybackSession {
    /// The claims that its URLs carry.
    pub const fn ticket(&self) -> Ticket {
        Ticket {
            playback: self.id,
            asset: self.asset,
            subject: self.subject,
            org: self.org,
            expires_at: self.expires_at,
        }
    }
    /// The session as the bearer of that ticket has it, if it is of this one, field by field: a ticket from before the last
    /// refresh ends when it was to end, and so does what it gets.
    pub fn as_of(&self, ticket: &Ticket) -> Option<Self> {
        if self.ticket() == *ticket {
            return Some(self.clone());
        }
        let before = self.before.clone()?;
        let own = Self {
            expires_at: before.expires_at,
            signature: before.signature,
            before: None,
            ..self.clone()
        };
        (own.ticket() == *ticket).then_some(own)
    }
    /// The claims of what refreshes it, where it may be refreshed.
    pub fn refresh(&self) -> Option<Ticket> {
        let expires_at = self.refresh_until?;
        Some(Ticket {
            expires_at,
            ..self.ticket()
        })
    }
    /// From when on it may be refreshed again, if it may, where views live for so many seconds: when half of that is left to
    /// it at most, and what its URLs carried before is over, so that never more than two ends are good.
    pub fn refresh_from(&self, seconds: u64) -> Option<Timestamp> {
        self.refresh_until
            .filter(|until| *until > self.expires_at)?;
        let half = Timestamp(self.expires_at.0.saturating_sub(seconds / 2));
        let over = self.before.as_ref().map(|before| before.expires_at);
        Some(over.map_or(half, |over| over.max(half)))
    }
    /// May it fetch anything more?
    pub fn is_live(&self, now: Timestamp) -> bool {
        !self.has_ended() && now < self.expires_at
    }
    /// Was it ended early, by anyone?
    pub fn has_ended(&self) -> bool {
        self.revoked || self.is_watched_elsewhere()
    }
    /// Was it ended because its keys went to more networks than one viewer's?
    pub fn is_watched_elsewhere(&self) -> bool {
        self.watch.as_ref().is_some_and(Watch::ended)
    }
}

/// A content key as stored: AES-256-GCM under a master key, the ids as associated data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Of which asset.
    pub asset: AssetId,
    /// Its id.
    pub key: KeyId,
    /// Made by which run of the packager.
    pub package: PackageId,
    /// Version of the master key.
    pub master: String,
    /// 12 octets, unique under the master key.
    pub nonce: [u8; 12],
    /// 16 octets of ciphertext and 16 of tag.
    pub sealed: [u8; 32],
}
