//! Who may do what: the policies, what they decide by, and the record of what was decided.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::access::{Access, Action, Asker, Container, ContainerId, Group, Kind, Resource};
use crate::asset::Asset;
use crate::audit::{Record, Verdict};
use crate::id::{CollectionId, GroupId, OrgId, UserId};
use crate::time::Timestamp;

/// Most groups of one organisation.
pub const MAX_GROUPS: usize = 1_000;
/// Most containers or groups of one page.
pub const LISTED: usize = 100;

/// The policies.
pub trait Policies: Send + Sync {
    /// What they say. What nothing permits is refused, and what a policy forbids nothing else permits.
    ///
    /// # Errors
    /// A policy could not be evaluated: nothing is decided.
    fn decide(
        &self,
        by: &Asker,
        action: Action,
        on: &Resource<'_>,
        now: Timestamp,
    ) -> Stored<Verdict>;
}

/// Records of what has no other effect: something was asked for and refused.
#[async_trait]
pub trait Records: Send + Sync {
    /// Writes a record.
    async fn note(&self, record: &Record) -> Stored<()>;
}

/// Collections and spaces, to be decided by. A collection is read with the space that it is in.
#[async_trait]
pub trait Containers: Send + Sync {
    /// A container of the organisation, by consistent reads.
    async fn container(&self, org: OrgId, id: ContainerId) -> Stored<Option<Container>>;
    /// Was there a container of this id that is deleted? Its id is never used again.
    async fn is_deleted(&self, org: OrgId, id: ContainerId) -> Stored<bool>;
    /// Those of these collections that are there, by consistent reads; at most 100 are asked for.
    async fn collections_of(&self, org: OrgId, ids: &[CollectionId]) -> Stored<Vec<Container>>;
    /// At most [`LISTED`] containers of a kind of the organisation behind this one, in the order of their ids.
    async fn containers(
        &self,
        org: OrgId,
        kind: Kind,
        after: Option<ContainerId>,
    ) -> Stored<Vec<Container>>;
}

/// Changes of who may do what. Each is written with its record, both or neither; one that rests on a version that is not
/// there any more is [`Change::NotApplied`].
#[async_trait]
pub trait AccessChanges: Send + Sync {
    /// Stores the access, the collection and [`Asset::views_from`] of `next` in the place of what was seen, unless the
    /// asset is withdrawn.
    async fn set_access(&self, seen: &Asset, next: &Asset, record: &Record) -> Stored<Change>;
    /// Stores a new container, if there are fewer than [`Kind::most`].
    async fn create_container(&self, new: &Container, record: &Record) -> Stored<Change>;
    /// Stores the name, the access and the space of a container in the place of the one whose access is of version `seen`.
    async fn set_container(
        &self,
        seen: &Access,
        next: &Container,
        record: &Record,
    ) -> Stored<Change>;
    /// Removes a container as it was seen. What is in it stays in it: nobody but admins, and uploaders of assets, sees it
    /// until it is moved.
    async fn delete_container(&self, seen: &Container, record: &Record) -> Stored<Change>;
}

/// Groups, and who is in them. Each change is written with its record, both or neither.
#[async_trait]
pub trait Groups: Send + Sync {
    /// A group of the organisation, by a consistent read.
    async fn group(&self, org: OrgId, id: GroupId) -> Stored<Option<Group>>;
    /// At most [`LISTED`] groups of the organisation behind this one, in the order of their ids.
    async fn groups(&self, org: OrgId, after: Option<GroupId>) -> Stored<Vec<Group>>;
    /// Stores a new group, if there are fewer than [`MAX_GROUPS`].
    async fn create_group(&self, new: &Group, record: &Record) -> Stored<Change>;
    /// Gives a group another name.
    async fn rename_group(&self, seen: &Group, next: &Group, record: &Record) -> Stored<Change>;
    /// Was there a group of this id that is deleted? Its id is never used again.
    async fn is_deleted(&self, org: OrgId, id: GroupId) -> Stored<bool>;
    /// Deletes a group: nobody comes into it any more. Who is in it stays in it until they are taken out.
    async fn delete_group(&self, seen: &Group, record: &Record) -> Stored<Change>;
    /// Puts a member of the organisation into a group that is there, in the place of the groups that they were seen in.
    async fn set_groups(
        &self,
        (org, user): (OrgId, UserId),
        seen: &[GroupId],
        next: &[GroupId],
        record: &Record,
    ) -> Stored<Change>;
    /// The groups of a member, by a consistent read; none if they are no member.
    async fn groups_of(&self, org: OrgId, user: UserId) -> Stored<Option<Vec<GroupId>>>;
    /// Members of the organisation that are in the group, from at most 100 that are looked at behind this one; and after
    /// whom more may follow.
    async fn members_of(
        &self,
        org: OrgId,
        group: GroupId,
        after: Option<UserId>,
    ) -> Stored<(Vec<UserId>, Option<UserId>)>;
}
