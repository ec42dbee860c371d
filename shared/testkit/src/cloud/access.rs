//! Collections, groups, access lists, and records that stand alone.

use async_trait::async_trait;
use vault_domain::access::{Access, Collection, Group};
use vault_domain::asset::{Asset, AssetState};
use vault_domain::audit::Record;
use vault_domain::id::{CollectionId, GroupId, OrgId, UserId};
use vault_domain::ports::{
    AccessChanges, Change, Collections, Groups, LISTED, MAX_COLLECTIONS, Records, Stored,
};

use super::{FakeCloud, State};

/// Applies and records.
fn applied(state: &mut State, record: &Record) -> Change {
    state.audit.push(record.clone());
    Change::Applied
}

/// Those behind `after` in the order of their ids as text, as DynamoDB has it.
fn page<T: Clone>(all: impl Iterator<Item = (String, T)>, after: Option<&String>) -> Vec<T> {
    let mut all: Vec<_> = all.collect();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    let behind = all.into_iter().filter(|(id, _)| Some(id) > after);
    behind.take(LISTED).map(|(_, value)| value).collect()
}

#[async_trait]
impl Records for FakeCloud {
    async fn note(&self, record: &Record) -> Stored<()> {
        self.call("records.note", |s| {
            s.audit.push(record.clone());
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl Collections for FakeCloud {
    async fn collection(&self, org: OrgId, id: CollectionId) -> Stored<Option<Collection>> {
        let name = "collections.collection";
        self.call(name, |s| Ok(s.collections.get(&(org, id)).cloned()))
            .await
    }
    async fn is_deleted(&self, _: OrgId, id: CollectionId) -> Stored<bool> {
        let name = "collections.is_deleted";
        self.call(name, |s| Ok(s.gone.contains(&id.to_string())))
            .await
    }
    async fn collections_of(&self, org: OrgId, ids: &[CollectionId]) -> Stored<Vec<Collection>> {
        self.call("collections.collections_of", |s| {
            let found = ids.iter().filter_map(|id| s.collections.get(&(org, *id)));
            Ok(found.cloned().collect())
        })
        .await
    }
    async fn collections(
        &self,
        org: OrgId,
        after: Option<CollectionId>,
    ) -> Stored<Vec<Collection>> {
        self.call("collections.collections", |s| {
            let own = s.collections.values().filter(|c| c.org == org);
            let own = own.map(|c| (c.id.to_string(), c.clone()));
            Ok(page(own, after.map(|id| id.to_string()).as_ref()))
        })
        .await
    }
}

#[async_trait]
impl AccessChanges for FakeCloud {
    async fn set_access(&self, seen: &Asset, next: &Asset, record: &Record) -> Stored<Change> {
        self.call("access.set_access", |s| {
            let asset = s.assets.get_mut(&seen.id());
            let asset = asset.filter(|asset| asset.state != AssetState::Withdrawn);
            let asset = asset.filter(|asset| asset.keeping.presence.is_kept());
            let version = seen.access.version;
            let Some(asset) = asset.filter(|asset| asset.access.version == version) else {
                return Ok(Change::NotApplied);
            };
            asset.access = next.access.clone();
            asset.collection = next.collection;
            asset.views_from = next.views_from;
            Ok(applied(s, record))
        })
        .await
    }
    async fn create_collection(&self, new: &Collection, record: &Record) -> Stored<Change> {
        self.call("access.create_collection", |s| {
            let key = (new.org, new.id);
            let own = s.collections.keys().filter(|(org, _)| *org == new.org);
            if own.count() >= MAX_COLLECTIONS
                || s.collections.contains_key(&key)
                || s.gone.contains(&new.id.to_string())
            {
                return Ok(Change::NotApplied);
            }
            s.collections.insert(key, new.clone());
            Ok(applied(s, record))
        })
        .await
    }
    async fn set_collection(
        &self,
        seen: &Access,
        next: &Collection,
        record: &Record,
    ) -> Stored<Change> {
        self.call("access.set_collection", |s| {
            let there = s.collections.get_mut(&(next.org, next.id));
            let Some(there) = there.filter(|c| c.access.version == seen.version) else {
                return Ok(Change::NotApplied);
            };
            there.name = next.name.clone();
            there.access = next.access.clone();
            Ok(applied(s, record))
        })
        .await
    }
    async fn delete_collection(&self, seen: &Collection, record: &Record) -> Stored<Change> {
        self.call("access.delete_collection", |s| {
            let key = (seen.org, seen.id);
            let there = s.collections.get(&key);
            if there.is_none_or(|c| c.access.version != seen.access.version) {
                return Ok(Change::NotApplied);
            }
            s.collections.remove(&key);
            s.gone.insert(seen.id.to_string());
            Ok(applied(s, record))
        })
        .await
    }
}

#[async_trait]
impl Groups for FakeCloud {
    async fn group(&self, org: OrgId, id: GroupId) -> Stored<Option<Group>> {
        self.call("groups.group", |s| Ok(s.groups.get(&(org, id)).cloned()))
            .await
    }
    async fn is_deleted(&self, _: OrgId, id: GroupId) -> Stored<bool> {
        self.call("groups.is_deleted", |s| {
            Ok(s.gone.contains(&id.to_string()))
        })
        .await
    }
    async fn groups(&self, org: OrgId, after: Option<GroupId>) -> Stored<Vec<Group>> {
        self.call("groups.groups", |s| {
            let own = s.groups.values().filter(|g| g.org == org);
            let own = own.map(|g| (g.id.to_string(), g.clone()));
            Ok(page(own, after.map(|id| id.to_string()).as_ref()))
        })
        .await
    }
    async fn create_group(&self, new: &Group, record: &Record) -> Stored<Change> {
        self.call("groups.create_group", |s| {
            let key = (new.org, new.id);
            let own = s.groups.keys().filter(|(org, _)| *org == new.org);
            if own.count() >= MAX_COLLECTIONS
                || s.groups.contains_key(&key)
                || s.gone.contains(&new.id.to_string())
            {
                return Ok(Change::NotApplied);
            }
            s.groups.insert(key, new.clone());
            Ok(applied(s, record))
        })
        .await
    }
    async fn rename_group(&self, seen: &Group, next: &Group, record: &Record) -> Stored<Change> {
        self.call("groups.rename_group", |s| {
            let there = s.groups.get_mut(&(seen.org, seen.id));
            let Some(there) = there.filter(|group| group.name == seen.name) else {
                return Ok(Change::NotApplied);
            };
            there.name = next.name.clone();
            Ok(applied(s, record))
        })
        .await
    }
    async fn delete_group(&self, seen: &Group, record: &Record) -> Stored<Change> {
        self.call("groups.delete_group", |s| {
            let key = (seen.org, seen.id);
            if s.groups
                .get(&key)
                .is_none_or(|group| group.name != seen.name)
            {
                return Ok(Change::NotApplied);
            }
            s.groups.remove(&key);
            s.gone.insert(seen.id.to_string());
            Ok(applied(s, record))
        })
        .await
    }
    async fn set_groups(
        &self,
        (org, user): (OrgId, UserId),
        seen: &[GroupId],
        next: &[GroupId],
        record: &Record,
    ) -> Stored<Change> {
        self.call("groups.set_groups", |s| {
            let mut new = next.iter().filter(|group| !seen.contains(group));
            let known = new.all(|group| s.groups.contains_key(&(org, *group)));
            let stored = s.grouped.get(&(org, user)).cloned().unwrap_or_default();
            if !known || !s.memberships.contains_key(&(org, user)) || stored != seen {
                return Ok(Change::NotApplied);
            }
            s.grouped.insert((org, user), next.to_vec());
            Ok(applied(s, record))
        })
        .await
    }
    async fn groups_of(&self, org: OrgId, user: UserId) -> Stored<Option<Vec<GroupId>>> {
        self.call("groups.groups_of", |s| {
            let grouped = || s.grouped.get(&(org, user)).cloned().unwrap_or_default();
            Ok(s.memberships.get(&(org, user)).map(|_| grouped()))
        })
        .await
    }
    async fn members_of(
        &self,
        org: OrgId,
        group: GroupId,
        after: Option<UserId>,
    ) -> Stored<(Vec<UserId>, Option<UserId>)> {
        self.call("groups.members_of", |s| {
            let own = s.memberships.keys().filter(|(of, _)| *of == org);
            let own = own.map(|(_, user)| (user.to_string(), *user));
            let looked_at = page(own, after.map(|user| user.to_string()).as_ref());
            let next = looked_at
                .last()
                .filter(|_| looked_at.len() == LISTED)
                .copied();
            let is_in = |user: &UserId| {
                let groups = s.grouped.get(&(org, *user));
                groups.is_some_and(|groups| groups.contains(&group))
            };
            Ok((looked_at.into_iter().filter(is_in).collect(), next))
        })
        .await
    }
}
