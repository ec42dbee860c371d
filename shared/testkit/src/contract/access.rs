//! Collections, spaces, groups and access lists, each change with its record.

use vault_domain::access::{
    Access, AccessList, Container, ContainerId, Entry, Group, Kind, Level, Principal, Visibility,
    Within,
};
use vault_domain::asset::{Asset, AssetState, Title};
use vault_domain::credential::Role;
use vault_domain::id::{CollectionId, GroupId, OrgId, SpaceId, UserId};
use vault_domain::library::{Filter, TitlePrefix};
use vault_domain::member::Actor;
use vault_domain::ports::{
    AccessChanges, Assets, Change, Containers, Directory, Groups, Library, Standings,
};
use vault_domain::time::Timestamp;

use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// The stores that the suite is about.
#[derive(Clone, Copy)]
pub struct AccessStores<'a> {
    /// Takes assets.
    pub assets: &'a dyn Assets,
    /// Takes members.
    pub directory: &'a dyn Directory,
    /// Tells where they stand.
    pub standings: &'a dyn Standings,
    /// Lists what is in collections.
    pub library: &'a dyn Library,
    /// Collections and spaces.
    pub containers: &'a dyn Containers,
    /// Changes of access.
    pub changes: &'a dyn AccessChanges,
    /// Groups.
    pub groups: &'a dyn Groups,
}

fn name(text: &str) -> Title {
    Title::parse(text).expect("a name")
}

fn list(to: Principal) -> AccessList {
    AccessList::stored(vec![Entry {
        to,
        level: Level::Download,
        expires_at: Some(GOLDEN_NOW.plus(60)),
        by: Actor::User(builders::OWNER),
        at: GOLDEN_NOW,
    }])
}

/// All of it.
pub async fn access_contract(stores: AccessStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    access_of_an_asset(stores, &sample).await;
    for kind in Kind::ALL {
        containers(stores, &sample, kind).await;
    }
    spaces(stores, &sample).await;
    groups(stores, &sample).await;
}

/// What is set rests on what was seen, and is there with all that the asset is.
async fn access_of_an_asset(stores: AccessStores<'_>, sample: &Sample) {
    let new = sample.new_asset(&builders::film(10));
    let reserved = stores
        .assets
        .reserve(&new, &builders::QUOTA, &builders::record())
        .await;
    reserved.expect("reserve");
    let read = async || {
        let asset = stores.assets.get(new.id).await.expect("get");
        asset.expect("the asset")
    };
    let set = async |seen: &Asset, next: &Asset| {
        let record = builders::record();
        let set = stores.changes.set_access(seen, next, &record).await;
        set.expect("set_access")
    };
    let before = read().await;
    assert_eq!(before.access, Access::default());
    let one = Asset {
        access: Access {
            visibility: Visibility::Restricted,
            entries: list(Principal::Role(Role::Viewer)),
            version: 1,
        },
        collection: Some(sample.id(CollectionId::from_octets)),
        views_from: Timestamp(5),
        ..before.clone()
    };
    assert_eq!(set(&before, &one).await, Change::Applied);
    assert_eq!(
        set(&before, &one).await,
        Change::NotApplied,
        "it rests on nothing"
    );
    assert_eq!(read().await, one);
    let within = async |state, title: Option<&str>| {
        let filter = Filter {
            collection: one.collection,
            state,
            title: title.map(|title| TitlePrefix::parse(title).expect("a prefix")),
            ..Filter::default()
        };
        let shelf = stores.library.list(new.org, &filter, None, 5).await;
        shelf.expect("list").assets
    };
    let listed = within(None, None).await;
    assert_eq!(listed, std::slice::from_ref(&one), "by its collection");
    assert_eq!(within(Some(one.state), None).await.len(), 1);
    assert_eq!(within(Some(AssetState::Ready), None).await, []);
    let title = one.description.title.as_str();
    assert_eq!(within(None, Some(title)).await.len(), 1);
    let two = Asset {
        access: Access {
            version: 2,
            ..Access::default()
        },
        collection: None,
        ..one.clone()
    };
    assert_eq!(set(&one, &two).await, Change::Applied);
    assert_eq!(read().await, two);
    assert_eq!(within(None, None).await, [], "it is in none");
    let withdrawn = stores.assets.withdraw(new.id, &builders::record()).await;
    assert_eq!(withdrawn.expect("withdraw"), Change::Applied);
    assert_eq!(set(&two, &one).await, Change::NotApplied, "withdrawn");
}

async fn containers(stores: AccessStores<'_>, sample: &Sample, kind: Kind) {
    let (org, foreign): (OrgId, OrgId) =
        (sample.id(OrgId::from_octets), sample.id(OrgId::from_octets));
    let id = |octets| ContainerId::from_octets(kind, octets);
    let new = |text| Container {
        id: sample.id(id),
        within: None,
        org,
        name: name(text),
        access: Access {
            version: 1,
            ..Access::default()
        },
        created_at: GOLDEN_NOW,
    };
    let (one, two) = (new("Rushes"), new("Lessons"));
    let record = || builders::record();
    for new in [&one, &two] {
        let made = stores.changes.create_container(new, &record()).await;
        assert_eq!(made.expect("create"), Change::Applied);
        let again = stores.changes.create_container(new, &record()).await;
        assert_eq!(again.expect("create"), Change::NotApplied);
    }
    let read = async |org, id| {
        let found = stores.containers.container(org, id).await;
        found.expect("container")
    };
    assert_eq!(read(org, one.id).await.as_ref(), Some(&one));
    assert_eq!(read(foreign, one.id).await, None, "another organisation's");
    let mut both = vec![one.clone(), two.clone()];
    both.sort_by_key(|container| container.id.to_string());
    let listed = stores.containers.containers(org, kind, None).await;
    assert_eq!(listed.expect("containers"), both);
    let behind = stores
        .containers
        .containers(org, kind, Some(both[0].id))
        .await;
    assert_eq!(behind.expect("containers"), both[1..]);
    if let ContainerId::Collection(id) = one.id {
        let asked = [id, CollectionId::from_octets([9; 16])];
        let found = stores.containers.collections_of(org, &asked).await;
        assert_eq!(found.expect("collections_of"), std::slice::from_ref(&one));
    }

    let next = Container {
        name: name("Dailies"),
        access: Access {
            visibility: Visibility::Restricted,
            entries: list(Principal::Group(GroupId::from_octets([1; 16]))),
            version: 2,
        },
        ..one.clone()
    };
    let set = async || {
        let set = stores
            .changes
            .set_container(&one.access, &next, &record())
            .await;
        set.expect("set_container")
    };
    assert_eq!(set().await, Change::Applied);
    assert_eq!(set().await, Change::NotApplied, "it rests on what was");
    assert_eq!(read(org, one.id).await.as_ref(), Some(&next));
    let delete = async |seen: &Container| {
        let deleted = stores.changes.delete_container(seen, &record()).await;
        deleted.expect("delete_container")
    };
    assert_eq!(delete(&one).await, Change::NotApplied, "it changed");
    assert_eq!(delete(&next).await, Change::Applied);
    assert_eq!(delete(&next).await, Change::NotApplied, "it is gone");
    let deleted = stores.containers.is_deleted(org, one.id).await;
    assert!(deleted.expect("is_deleted"));
    let unknown = id([9; 16]);
    let unknown = stores.containers.is_deleted(org, unknown).await;
    assert!(!unknown.expect("is_deleted"));
    let back = stores.changes.create_container(&one, &record()).await;
    assert_eq!(
        back.expect("create"),
        Change::NotApplied,
        "ids are used once"
    );
    let listed = stores.containers.containers(org, kind, None).await;
    assert_eq!(listed.expect("containers"), std::slice::from_ref(&two));
    assert_eq!(read(org, one.id).await, None);
}

/// A collection is read with the space that it is in, as that is now.
async fn spaces(stores: AccessStores<'_>, sample: &Sample) {
    let org = sample.id(OrgId::from_octets);
    let made = |id, text, within| Container {
        id,
        org,
        name: name(text),
        access: Access {
            version: 1,
            ..Access::default()
        },
        created_at: GOLDEN_NOW,
        within,
    };
    let id: SpaceId = sample.id(SpaceId::from_octets);
    let space = made(ContainerId::Space(id), "Newsroom", None);
    let inside = |space: Option<&Container>| {
        let space = space.cloned().map(Box::new);
        Some(Within { id, space })
    };
    let collection: CollectionId = sample.id(CollectionId::from_octets);
    let one = made(collection.into(), "Rushes", inside(Some(&space)));
    for new in [&space, &one] {
        let created = stores
            .changes
            .create_container(new, &builders::record())
            .await;
        assert_eq!(created.expect("create_container"), Change::Applied);
    }
    let is_read = async |expected: &Container| {
        let found = stores.containers.container(org, expected.id).await;
        assert_eq!(found.expect("container").as_ref(), Some(expected));
        let found = stores.containers.collections_of(org, &[collection]).await;
        assert_eq!(
            found.expect("collections_of"),
            std::slice::from_ref(expected)
        );
        let found = stores
            .containers
            .containers(org, Kind::Collection, None)
            .await;
        assert_eq!(found.expect("containers"), std::slice::from_ref(expected));
    };
    is_read(&one).await;
    let closed = Container {
        access: Access {
            visibility: Visibility::Restricted,
            entries: list(Principal::Role(Role::Viewer)),
            version: 2,
        },
        ..space.clone()
    };
    let set = async |seen: &Container, next: &Container| {
        let set = stores
            .changes
            .set_container(&seen.access, next, &builders::record())
            .await;
        assert_eq!(set.expect("set_container"), Change::Applied);
    };
    set(&space, &closed).await;
    let within = inside(Some(&closed));
    is_read(&Container { within, ..one }).await;
    let deleted = stores
        .changes
        .delete_container(&closed, &builders::record())
        .await;
    assert_eq!(deleted.expect("delete_container"), Change::Applied);
    let alone = made(collection.into(), "Rushes", inside(None));
    is_read(&alone).await;
    let mut out = made(collection.into(), "Rushes", None);
    out.access.version = 2;
    set(&alone, &out).await;
    is_read(&out).await;
    let mut back = alone.clone();
    back.access.version = 3;
    set(&out, &back).await;
    is_read(&back).await;
}

async fn groups(stores: AccessStores<'_>, sample: &Sample) {
    let owner = sample.owner();
    let created = stores.directory.create_owner(&owner).await;
    created.expect("create_owner");
    let (org, user) = (owner.organisation.id, owner.user.id);
    let new = |text| Group {
        id: sample.id(GroupId::from_octets),
        org,
        name: name(text),
        created_at: GOLDEN_NOW,
    };
    let (one, two) = (new("Editors"), new("Guests"));
    let record = || builders::record();
    for new in [&one, &two] {
        let made = stores.groups.create_group(new, &record()).await;
        assert_eq!(made.expect("create_group"), Change::Applied);
    }
    let listed = stores.groups.groups(org, None).await.expect("groups");
    assert_eq!(listed.len(), 2);
    let regroup = async |user, seen: &[GroupId], next: &[GroupId]| {
        let set = stores
            .groups
            .set_groups((org, user), seen, next, &record())
            .await;
        set.expect("set_groups")
    };
    let (a, b) = (one.id, two.id);
    assert_eq!(regroup(user, &[], &[a]).await, Change::Applied);
    assert_eq!(
        regroup(user, &[], &[b]).await,
        Change::NotApplied,
        "they are in one"
    );
    assert_eq!(regroup(user, &[a], &[a, b]).await, Change::Applied);
    let nobody = UserId::from_octets([9; 16]);
    assert_eq!(
        regroup(nobody, &[], &[a]).await,
        Change::NotApplied,
        "no member"
    );
    let gone = GroupId::from_octets([9; 16]);
    assert_eq!(
        regroup(user, &[a, b], &[a, b, gone]).await,
        Change::NotApplied,
        "no group"
    );
    let groups_of = async |user| stores.groups.groups_of(org, user).await.expect("groups_of");
    assert_eq!(groups_of(user).await, Some(vec![a, b]));
    assert_eq!(groups_of(nobody).await, None);
    let subject = sample.session_of(&owner).subject();
    let standing = stores.standings.standing(&subject, org).await;
    let standing = standing.expect("standing");
    assert_eq!(standing.person.groups, [a, b], "as they stand");
    assert_eq!(standing.person.membership, Some(owner.membership));
    let members = stores.groups.members_of(org, b, None).await;
    assert_eq!(members.expect("members_of"), (vec![user], None));

    let renamed = Group {
        name: name("Visitors"),
        ..two.clone()
    };
    let rename = async || {
        let renamed = stores.groups.rename_group(&two, &renamed, &record()).await;
        renamed.expect("rename_group")
    };
    assert_eq!(rename().await, Change::Applied);
    assert_eq!(rename().await, Change::NotApplied);
    let read = stores.groups.group(org, b).await.expect("group");
    assert_eq!(read.as_ref(), Some(&renamed));
    let deleted = stores.groups.delete_group(&renamed, &record()).await;
    assert_eq!(deleted.expect("delete_group"), Change::Applied);
    assert_eq!(stores.groups.group(org, b).await.expect("group"), None);
    let deleted = stores.groups.is_deleted(org, b).await;
    assert!(deleted.expect("is_deleted"));
    let listed = stores.groups.groups(org, None).await.expect("groups");
    assert_eq!(listed, std::slice::from_ref(&one));
    assert_eq!(
        regroup(user, &[a, b], &[a]).await,
        Change::Applied,
        "out of it"
    );
    assert_eq!(
        regroup(user, &[a], &[a, b]).await,
        Change::NotApplied,
        "not back"
    );
}
