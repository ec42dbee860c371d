//! API keys.

use async_trait::async_trait;
use vault_domain::api_key::ApiKey;
use vault_domain::audit::Record;
use vault_domain::id::{ApiKeyId, OrgId};
use vault_domain::ports::{Change, Clients, Creation, MAX_CLIENTS, Stored};
use vault_domain::time::Timestamp;
use vault_domain::token::Digest;

use super::{FakeCloud, State};

fn listed(state: &State, org: OrgId) -> Vec<ApiKey> {
    let keys = state.clients.values();
    let mut listed: Vec<_> = keys
        .filter(|key| key.org == org && !key.revoked)
        .cloned()
        .collect();
    listed.sort_by_key(|key| (key.created_at, key.id));
    listed
}

fn change(
    state: &mut State,
    id: ApiKeyId,
    admits: impl Fn(&ApiKey) -> bool,
    act: impl FnOnce(&mut ApiKey),
) -> Change {
    let Some(key) = state.clients.get_mut(&id).filter(|key| admits(key)) else {
        return Change::NotApplied;
    };
    act(key);
    Change::Applied
}

fn recorded(state: &mut State, change: Change, record: &Record) -> Change {
    if change == Change::Applied {
        state.audit.push(record.clone());
    }
    change
}

#[async_trait]
impl Clients for FakeCloud {
    async fn get(&self, id: ApiKeyId) -> Stored<Option<ApiKey>> {
        self.call("clients.get", |s| Ok(s.clients.get(&id).cloned()))
            .await
    }
    async fn create(&self, key: &ApiKey, record: &Record) -> Stored<Creation> {
        self.call("clients.create", |s| {
            if s.clients.contains_key(&key.id) {
                return Ok(Creation::Exists);
            }
            if listed(s, key.org).len() >= MAX_CLIENTS {
                return Ok(Creation::LimitReached);
            }
            s.clients.insert(key.id, key.clone());
            s.audit.push(record.clone());
            Ok(Creation::Created)
        })
        .await
    }
    async fn list(&self, org: OrgId) -> Stored<Vec<ApiKey>> {
        self.call("clients.list", |s| Ok(listed(s, org))).await
    }
    async fn rotate(&self, next: &ApiKey, replaced: Digest, record: &Record) -> Stored<Change> {
        self.call("clients.rotate", |s| {
            let admits = |key: &ApiKey| key.active == replaced && !key.revoked;
            let changed = change(s, next.id, admits, |key| {
                (key.active, key.previous) = (next.active, next.previous);
            });
            Ok(recorded(s, changed, record))
        })
        .await
    }
    async fn revoke(&self, id: ApiKeyId, org: OrgId, record: &Record) -> Stored<Change> {
        self.call("clients.revoke", |s| {
            let admits = |key: &ApiKey| key.org == org;
            let was = s.clients.get(&id).is_some_and(|key| key.revoked);
            let changed = change(s, id, admits, |key| key.revoked = true);
            Ok(if was {
                changed
            } else {
                recorded(s, changed, record)
            })
        })
        .await
    }
    async fn used(&self, id: ApiKeyId, at: Timestamp, unless_since: Timestamp) -> Stored<()> {
        self.call("clients.used", |s| {
            let stale = |key: &ApiKey| key.last_used.is_none_or(|last| last <= unless_since);
            change(s, id, stale, |key| key.last_used = Some(at));
            Ok(())
        })
        .await
    }
}
