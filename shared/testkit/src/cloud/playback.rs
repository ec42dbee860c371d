//! Views and their playback sessions, as opened and as read.

use async_trait::async_trait;
use vault_domain::asset::Asset;
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, KeyId, PlaybackId};
use vault_domain::playback::{PlaybackSession, Ticket};
use vault_domain::ports::{
    KeyBundle, KeyReads, Opening, PlaylistBundle, PlaylistReads, Stored, Views,
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
    let over = grant.revoked || session.opened_at >= grant.expires_at;
    if over || grant.views >= grant.max_views {
        return Opening::Refused;
    }
    grant.views += 1;
    state.playbacks.insert(session.id, session.clone());
    state.audit.push(record.clone());
    Opening::Opened
}

#[async_trait]
impl Views for FakeCloud {
    async fn admission(
        &self,
        grant: Digest,
        asset: AssetId,
    ) -> Stored<(Option<Grant>, Option<Asset>)> {
        self.call("views.admission", |s| {
            let grant = s.grants.get(&grant.0).copied();
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
