//! Shares, as they are managed, traded and played.

use async_trait::async_trait;
use vault_domain::asset::Asset;
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, ShareId};
use vault_domain::playback::PlaybackSession;
use vault_domain::ports::{
    Change, Keeping, MAX_SHARES, Opening, SHARES_LISTED, ShareExchanges, SharedViews, Shares,
    Stored,
};
use vault_domain::share::{Share, ShareClaims};
use vault_domain::time::Timestamp;
use vault_domain::token::Grant;

use super::playback::open;
use super::{FakeCloud, State};

impl State {
    pub(super) fn shares_shape(&self) -> Vec<String> {
        let line = |s: &Share| {
            let (name, views, revoked) = (s.name.as_str(), s.views, s.revoked_at.is_some());
            let (end, most) = (s.expires_at, s.max_views);
            format!("{name} until {end:?} views {views} of {most:?} revoked {revoked}")
        };
        self.shares.values().map(line).collect()
    }

    /// Has the asset room for one more share, beside this one?
    fn has_room(&self, beside: &Share, now: Timestamp) -> bool {
        let others = self.shares.values();
        let others = others.filter(|s| s.asset == beside.asset && s.id != beside.id);
        others.filter(|s| s.stands(now)).count() < MAX_SHARES
    }
}

#[async_trait]
impl Shares for FakeCloud {
    async fn share(&self, asset: AssetId, id: ShareId) -> Stored<Option<Share>> {
        self.call("shares.share", |s| Ok(s.shares.get(&(asset, id)).cloned()))
            .await
    }
    async fn shares(&self, asset: AssetId, after: Option<ShareId>) -> Stored<Vec<Share>> {
        self.call("shares.shares", |s| {
            // The texts of ids have an order of their own: digits before letters.
            let mut own: Vec<_> = s.shares.values().filter(|s| s.asset == asset).collect();
            own.sort_by_key(|share| share.id.to_string());
            let after = after.map(|after| after.to_string());
            let behind = |share: &&&Share| after.as_ref().is_none_or(|a| share.id.to_string() > *a);
            let own = own.iter().filter(behind);
            Ok(own.take(SHARES_LISTED).map(|s| (*s).clone()).collect())
        })
        .await
    }
    async fn create(&self, share: &Share, record: &Record) -> Stored<Keeping> {
        self.call("shares.create", |s| {
            if s.shares.contains_key(&(share.asset, share.id)) {
                return Ok(Keeping::Stale);
            }
            if !s.has_room(share, record.at) {
                return Ok(Keeping::Full);
            }
            s.shares.insert((share.asset, share.id), share.clone());
            s.audit.push(record.clone());
            Ok(Keeping::Kept)
        })
        .await
    }
    async fn change(&self, seen: &Share, next: &Share, record: &Record) -> Stored<Keeping> {
        self.call("shares.change", |s| {
            let room = s.has_room(next, record.at);
            let there = s.shares.get_mut(&(seen.asset, seen.id));
            let as_seen = |s: &&mut Share| s.version == seen.version && s.revoked_at.is_none();
            let Some(there) = there.filter(as_seen) else {
                return Ok(Keeping::Stale);
            };
            if next.stands(record.at) && !room {
                return Ok(Keeping::Full);
            }
            *there = Share {
                name: next.name.clone(),
                expires_at: next.expires_at,
                max_views: next.max_views,
                version: next.version,
                ..there.clone()
            };
            s.audit.push(record.clone());
            Ok(Keeping::Kept)
        })
        .await
    }
    async fn revoke(&self, asset: AssetId, id: ShareId, record: &Record) -> Stored<Change> {
        self.call("shares.revoke", |s| {
            let there = s.shares.get_mut(&(asset, id));
            let Some(share) = there.filter(|share| share.revoked_at.is_none()) else {
                return Ok(Change::NotApplied);
            };
            share.revoked_at = Some(record.at);
            share.version += 1;
            s.audit.push(record.clone());
            Ok(Change::Applied)
        })
        .await
    }
}

#[async_trait]
impl ShareExchanges for FakeCloud {
    async fn presented(&self, claims: &ShareClaims) -> Stored<(Option<Share>, Option<Asset>)> {
        self.call("share_exchanges.presented", |s| {
            let share = s.shares.get(&(claims.asset, claims.share)).cloned();
            Ok((share, s.assets.get(&claims.asset).cloned()))
        })
        .await
    }
    async fn exchange(&self, share: &Share, grant: &Grant, record: &Record) -> Stored<Change> {
        self.call("share_exchanges.exchange", |s| {
            let there = s.shares.get(&(share.asset, share.id));
            if !there.is_some_and(|there| there.stands(record.at)) {
                return Ok(Change::NotApplied);
            }
            s.grants.insert(grant.digest.0, grant.clone());
            s.audit.push(record.clone());
            Ok(Change::Applied)
        })
        .await
    }
}

#[async_trait]
impl SharedViews for FakeCloud {
    async fn open_shared(
        &self,
        session: &PlaybackSession,
        share: &Share,
        record: &Record,
    ) -> Stored<Opening> {
        self.call("views.open_shared", |s| {
            if s.playbacks.contains_key(&session.id) {
                return Ok(Opening::AlreadyOpen);
            }
            let key = (share.asset, share.id);
            let there = s.shares.get(&key).filter(|there| there.opens(record.at));
            let Some(played) = there.map(|there| there.played(record.at)) else {
                return Ok(Opening::Refused);
            };
            let opening = open(s, session, record);
            if opening == Opening::Opened {
                s.shares.insert(key, played);
            }
            Ok(opening)
        })
        .await
    }
}
