//! Collections, spaces, groups, access lists, and records that stand alone.

use async_trait::async_trait;
use vault_domain::access::{Access, Container, ContainerId, Group, Kind};
use vault_domain::asset::{Asset, AssetState};
use vault_domain::audit::Record;
use vault_domain::id::{CollectionId, GroupId, OrgId, UserId};
use vault_domain::ports::{
    AccessChanges, Change, Containers, Groups, LISTED, MAX_GROUPS, Records, Stored,
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

/// A container as it is kept, with the space around it.
fn whole(state: &State, kept: &Container) -> Container {
    let mut whole = kept.clone();
    if let Some(within) = whole.within.as_mut() {
        let space = state.containers.get(&(kept.org, within.id.into()));
        within.space = space.cloned().map(Box::new);
    }
    whole
}

/// What is kept of a container: the space around it is named.
fn bare(of: &Container) -> Container {
    let mut bare = of.clone();
    if let Some(within) = bare.within.as_mut() {
        within.space = None;
    }
    bare
}

#[async_trait]
impl Containers for FakeCloud {
    async fn container(&self, org: OrgId, id: ContainerId) -> Stored<Option<Container>> {
        self.call("containers.container", |s| {
            Ok(s.containers.get(&(org, id)).map(|kept| whole(s, kept)))
        })
        .await
    }
    async fn is_deleted(&self, _: OrgId, id: ContainerId) -> Stored<bool> {
        let name = "containers.is_deleted";
        self.call(name, |s| Ok(s.gone.contains(&id.to_string())))
            .await
    }
    async fn collections_of(&self, org: OrgId, ids: &[CollectionId]) -> Stored<Vec<Container>> {
        self.call("containers.collections_of", |s| {
            let kept = |id: &CollectionId| s.containers.get(&(org, (*id).into()));
            let found = ids.iter().filter_map(kept);
            Ok(found.map(|kept| whole(s, kept)).collect())
        })
        .await
    }
    async fn containers(
        &self,
        org: OrgId,
        kind: Kind,
        after: Option<ContainerId>,
    ) -> Stored<Vec<Container>> {
        self.call("containers.containers", |s| {
            let own = s.containers.values();
            let own = own.filter(|c| c.org == org && c.id.kind() == kind);
            let own = own.map(|c| (c.id.to_string(), whole(s, c)));
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
    async fn create_container(&self, new: &Container, record: &Record) -> Stored<Change> {
        self.call("access.create_container", |s| {
            let (key, kind) = ((new.org, new.id), new.id.kind());
            let mut own = s.containers.keys().collect::<Vec<_>>();
            own.retain(|(org, id)| *org == new.org && id.kind() == kind);
            if own.len() >= kind.most()
                || s.containers.contains_key(&key)
                || s.gone.contains(&new.id.to_string())
            {
                return Ok(Change::NotApplied);
            }
            s.containers.insert(key, bare(new));
            Ok(applied(s, record))
        })
        .await
    }
    async fn set_container(
        &self,
        seen: &Access,
        next: &Container,
        record: &Record,
    ) -> Stored<Change> {
        self.call("access.set_container", |s| {
            let there = s.containers.get_mut(&(next.org, next.id));
            let Some(there) = there.filter(|c| c.access.version == seen.version) else {
                return Ok(Change::NotApplied);
            };
            let created_at = there.created_at;
            *there = Container {
                created_at,
                ..bare(next)
            };
            Ok(applied(s, record))
        })
        .await
    }
    async fn delete_container(&self, seen: &Container, record: &Record) -> Stored<Change> {
        self.call("access.delete_container", |s| {
            let key = (seen.org, seen.id);
            let there = s.containers.get(&key);
            if there.is_none_or(|c| c.access.version != seen.access.version) {
                return Ok(Change::NotApplied);
            }
            s.containers.remove(&key);
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
            if own.count() >= MAX_GROUPS
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
