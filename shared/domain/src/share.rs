//! Shares: named, revocable links to one asset, for people without an account. Whoever holds the link trades it for a
//! media token of one view, as often as the share allows.

mod terms;

use std::net::IpAddr;

use crate::api_key::Label;
use crate::id::{AssetId, OrgId, ShareId};
use crate::member::{Actor, Subject};
use crate::network::Networks;
use crate::password::PasswordHash;
use crate::time::Timestamp;
use crate::token::Digest;

pub use terms::{FirstPlay, MAX_SHARE_NETWORKS, MaxViews, SharePassword, networks};

/// Prefix of the links' tokens, so that secret scanners know one when they see it.
pub const SHARE_TOKEN_PREFIX: &str = "rvs_";

/// Seconds that a media token lives that a share was traded for: long enough to begin, and traded again at any time.
pub const SHARED_TOKEN_SECONDS: u64 = 300;

/// Which share a genuine token is of. Its MAC is checked before anything is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareClaims {
    /// Of which asset.
    pub asset: AssetId,
    /// Which.
    pub share: ShareId,
}

/// A share as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Its id.
    pub id: ShareId,
    /// Of which organisation.
    pub org: OrgId,
    /// Of which asset.
    pub asset: AssetId,
    /// What people call it.
    pub name: Label,
    /// The moment from which it is good no more, if any.
    pub expires_at: Option<Timestamp>,
    /// Views that it can open in all, if they are counted out.
    pub max_views: Option<MaxViews>,
    /// For how long after the first view others may be opened.
    pub first_play: Option<FirstPlay>,
    /// Its password's hash, if it has one.
    pub password: Option<PasswordHash>,
    /// From where it may be used.
    pub networks: Networks,
    /// Who made it.
    pub created_by: Actor,
    /// When.
    pub created_at: Timestamp,
    /// Digest of what was asked for when it was made: the same request again is told from another by it.
    pub asked: Digest,
    /// How often it was changed.
    pub version: u64,
    /// Views that it has opened.
    pub views: u32,
    /// When its first view was opened.
    pub first_played: Option<Timestamp>,
    /// When it was ended early.
    pub revoked_at: Option<Timestamp>,
}

impl Share {
    /// Does it still give anything, be it to views that are open? One that has opened more views than it may have, since
    /// they were made fewer, gives nothing: nobody can say which of them are too many.
    pub fn is_live(&self, now: Timestamp) -> bool {
        let in_bounds = self.max_views.is_none_or(|most| self.views <= most.count());
        self.stands(now) && in_bounds
    }

    /// Does it take one of the places that an asset has for shares?
    pub fn stands(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// May it open another view?
    pub fn opens(&self, now: Timestamp) -> bool {
        let left = self.max_views.is_none_or(|most| self.views < most.count());
        self.is_live(now) && left && self.play_until().is_none_or(|end| now < end)
    }

    /// Until when views may be opened, once the first one was.
    pub fn play_until(&self) -> Option<Timestamp> {
        let (first, window) = (self.first_played?, self.first_play?);
        Some(first.plus(window.seconds()))
    }

    /// May it be used from there?
    pub fn is_for(&self, address: IpAddr) -> bool {
        self.networks.contain(address)
    }

    /// What its link's token says.
    pub const fn claims(&self) -> ShareClaims {
        ShareClaims {
            asset: self.asset,
            share: self.id,
        }
    }

    /// On whose behalf its views are opened.
    pub const fn subject(&self) -> Subject {
        Subject::Share {
            asset: self.asset,
            share: self.id,
        }
    }

    /// The share with one more view, opened now.
    #[must_use]
    pub fn played(&self, now: Timestamp) -> Self {
        Self {
            views: self.views.saturating_add(1),
            first_played: self.first_played.or(Some(now)),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests;
