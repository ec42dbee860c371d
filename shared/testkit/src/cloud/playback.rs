//! Views and their playback sessions, as opened and as read.

use async_trait::async_trait;
use vault_domain::asset::Asset;
use vault_domain::audit::Record;
use vault_domain::bounds::Lease;
use vault_domain::id::{AssetId, KeyId, PlaybackId};
use vault_domain::playback::{PlaybackSession, Ticket};
use vault_domain::ports::{
    Change, KeyBundle, KeyReads, Leases, Opening, PlaylistBundle, PlaylistReads, Refreshing,
    Stored, Views,
};
use vault_domain::token::{Digest, Grant};

use super::identity::standing;
use super::{FakeCloud, State};

pub(super) fn open(state: &mut State, session: &PlaybackSession, record: &Record) -> Opening {
    if state.playbacks.contains_key(&session.id) {
        return Opening::AlreadyOpen;
    }
    let Some(grant) = state.grants.get_mut(&session.grant.0) else {
        return Opening::Refused;
    };
    let now = session.opened_at;
    let over = grant.revoked || now >= grant.expires_at;
    let in_window = grant.play_until.is_none_or(|end| now < end);
    let another =
        session.device.is_some() && grant.device.is_some_and(|own| Some(own) != session.device);
    if over || grant.views >= grant.max_views || !in_window || another {
        return Opening::Refused;
    }
    if let Some(lease) = &session.lease {
        let places = state.places.entry(lease.of.0).or_default();
        let Some(next) = places.with(session.id, lease, now) else {
            return Opening::Full;
        };
        *places = next;
    }
    grant.views += 1;
    let window = session.bounds.first_play;
    grant.play_until = grant
        .play_until
        .or(window.map(|window| now.plus(window.seconds())));
    grant.device = grant.device.or(session.device);
    state.playbacks.insert(session.id, session.clone());
    state.audit.push(record.clone());
    Opening::Opened
}

fn refresh(
    state: &mut State,
    (seen, next): (&PlaybackSession, &PlaybackSession),
    record: &Record,
) -> Refreshing {
    let same = |there: &&PlaybackSession| !there.has_ended() && there.expires_at == seen.expires_at;
    let Some(there) = state.playbacks.get(&seen.id).filter(same) else {
        return Refreshing::Stale;
    };
    let watch = there.watch.clone();
    let grant = state.grants.get(&seen.grant.0);
    if grant.is_none_or(|grant| grant.revoked) {
        return Refreshing::Refused;
    }
    if let Some(lease) = &next.lease {
        let places = state.places.entry(lease.of.0).or_default();
        let Some(with_it) = places.with(next.id, lease, record.at) else {
            return Refreshing::Full;
        };
        *places = with_it;
    }
    let next = PlaybackSession {
        watch,
        ..next.clone()
    };
    state.playbacks.insert(next.id, next);
    state.audit.push(record.clone());
    Refreshing::Refreshed
}

#[async_trait]
impl Views for FakeCloud {
    async fn admission(
        &self,
        grant: Digest,
        asset: AssetId,
    ) -> Stored<(Option<Grant>, Option<Asset>)> {
        self.call("views.admission", |s| {
            let grant = s.grants.get(&grant.0).cloned();
            Ok((grant, s.assets.get(&asset).cloned()))
        })
        .await
    }
    async fn open(&self, session: &PlaybackSession, record: &Record) -> Stored<Opening> {
        self.call("views.open", |s| Ok(open(s, session, record)))
            .await
    }
    async fn session(&self, id: PlaybackId) -> Stored<Option<PlaybackSession>> {
        self.call("views.session", |s| Ok(s.playbacks.get(&id).cloned()))
            .await
    }
    async fn refresh(
        &self,
        seen: &PlaybackSession,
        next: &PlaybackSession,
        record: &Record,
    ) -> Stored<Refreshing> {
        self.call("views.refresh", |s| Ok(refresh(s, (seen, next), record)))
            .await
    }
    async fn end(&self, session: &PlaybackSession, record: &Record) -> Stored<Change> {
        self.call("views.end", |s| {
            let there = s.playbacks.get_mut(&session.id);
            let Some(there) = there.filter(|there| !there.has_ended()) else {
                return Ok(Change::NotApplied);
            };
            there.revoked = true;
            if let Some(places) = session.lease.and_then(|own| s.places.get_mut(&own.of.0)) {
                places.0.remove(&session.id);
            }
            s.audit.push(record.clone());
            Ok(Change::Applied)
        })
        .await
    }
}

#[async_trait]
impl Leases for FakeCloud {
    async fn renew(&self, view: PlaybackId, lease: &Lease) -> Stored<Change> {
        self.call("leases.renew", |s| {
            let place = s.places.get_mut(&lease.of.0);
            let place = place.and_then(|places| places.0.get_mut(&view));
            let session = s.playbacks.get_mut(&view);
            let session = session.filter(|there| !there.has_ended());
            let (Some(place), Some(session)) = (place, session) else {
                return Ok(Change::NotApplied);
            };
            *place = lease.until;
            session.lease = session.lease.map(|own| Lease {
                until: lease.until,
                ..own
            });
            Ok(Change::Applied)
        })
        .await
    }
}

#[async_trait]
impl PlaylistReads for FakeCloud {
    async fn bundle(&self, ticket: &Ticket) -> Stored<PlaylistBundle> {
        self.call("playlist_reads.bundle", |s| {
            Ok(PlaylistBundle {
                session: s.playbacks.get(&ticket.playback).cloned(),
                asset: s.assets.get(&ticket.asset).cloned(),
                standing: standing(s, &ticket.subject, ticket.org),
            })
        })
        .await
    }
}

#[async_trait]
impl KeyReads for FakeCloud {
    async fn bundle(&self, ticket: &Ticket, key: KeyId) -> Stored<KeyBundle> {
        self.call("key_reads.bundle", |s| {
            let asset = s.assets.get(&ticket.asset);
            let kept = asset.filter(|asset| asset.keeping.presence.is_kept());
            Ok(KeyBundle {
                session: s.playbacks.get(&ticket.playback).cloned(),
                asset: kept.map(|a| (a.state, a.views_from)),
                key: s.keys.get(&(ticket.asset, key)).cloned(),
                standing: standing(s, &ticket.subject, ticket.org),
            })
        })
        .await
    }
}
