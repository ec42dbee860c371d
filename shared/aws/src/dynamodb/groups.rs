//! Groups in the table of access, and who is in them in the table of members.

use async_trait::async_trait;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem, Update};
use vault_domain::access::Group;
use vault_domain::audit::Record;
use vault_domain::id::{GroupId, OrgId, UserId};
use vault_domain::ports::{Change, Groups, LISTED, MAX_GROUPS, StoreError, Stored};

use super::access::{DynamoAccess, is_gone};
use super::access_record::{group, group_item, key};
use super::members::{groups_of, membership_key};
use super::read;
use super::record::{Corrupt, Fields, Item, SK, text, texts_of};
use super::records::put_fresh;

/// Sort key of how many groups an organisation has, and how many that may be.
const COUNT: (&str, usize) = ("count#groups", MAX_GROUPS);

impl DynamoAccess {
    /// The group is there: somebody is put into it.
    fn there(&self, org: OrgId, group: GroupId) -> Result<TransactWriteItem, BuildError> {
        let check = ConditionCheck::builder()
            .table_name(&self.tables.access)
            .set_key(Some(key(org, &group)))
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(gone)")
            .build()?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    fn membership_update(
        &self,
        (org, user): (OrgId, UserId),
        seen: &[GroupId],
        next: &[GroupId],
    ) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.tables.members)
            .set_key(Some(membership_key(org, user)))
            .update_expression("SET #groups = :next")
            .condition_expression(if seen.is_empty() {
                "attribute_exists(pk) AND (attribute_not_exists(#groups) OR #groups = :seen)"
            } else {
                "#groups = :seen"
            })
            .expression_attribute_names("#groups", "groups")
            .expression_attribute_values(":seen", texts_of(seen))
            .expression_attribute_values(":next", texts_of(next))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn rename(&self, seen: &Group, next: &Group) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.tables.access)
            .set_key(Some(key(seen.org, &seen.id)))
            .update_expression("SET #name = :next")
            .condition_expression("#name = :seen AND attribute_not_exists(gone)")
            .expression_attribute_names("#name", "name")
            .expression_attribute_values(":seen", text(seen.name.as_str()))
            .expression_attribute_values(":next", text(next.name.as_str()))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

fn user_of(item: &Item) -> Result<UserId, Corrupt> {
    Fields(item).parsed(SK, |text| UserId::parse(text).ok())
}

#[async_trait]
impl Groups for DynamoAccess {
    async fn group(&self, org: OrgId, id: GroupId) -> Stored<Option<Group>> {
        const OPERATION: &str = "groups.group";
        let item = self.one(OPERATION, key(org, &id)).await?;
        let item = item.filter(|item| !is_gone(item));
        read(OPERATION, item.as_ref(), group)
    }

    async fn is_deleted(&self, org: OrgId, id: GroupId) -> Stored<bool> {
        self.was("groups.is_deleted", key(org, &id)).await
    }

    async fn groups(&self, org: OrgId, after: Option<GroupId>) -> Stored<Vec<Group>> {
        let (prefix, after) = (GroupId::PREFIX, after.map(|id| id.to_string()));
        self.listed("groups.groups", (org, prefix), after, group)
            .await
    }

    async fn create_group(&self, new: &Group, record: &Record) -> Stored<Change> {
        let writes = || {
            Ok(vec![
                put_fresh(&self.tables.access, group_item(new))?,
                self.counted(new.org, COUNT, true)?,
            ])
        };
        let made = self.records.with("groups.create_group", writes(), record);
        made.await
    }

    async fn rename_group(&self, seen: &Group, next: &Group, record: &Record) -> Stored<Change> {
        let writes = self.rename(seen, next).map(|write| vec![write]);
        let renamed = self.records.with("groups.rename_group", writes, record);
        renamed.await
    }

    async fn delete_group(&self, seen: &Group, record: &Record) -> Stored<Change> {
        let name = ("name", text(seen.name.as_str()));
        let writes = || {
            Ok(vec![
                self.deleted(key(seen.org, &seen.id), name)?,
                self.counted(seen.org, COUNT, false)?,
            ])
        };
        let deleted = self.records.with("groups.delete_group", writes(), record);
        deleted.await
    }

    async fn set_groups(
        &self,
        (org, user): (OrgId, UserId),
        seen: &[GroupId],
        next: &[GroupId],
        record: &Record,
    ) -> Stored<Change> {
        let writes = || {
            let mut writes = vec![self.membership_update((org, user), seen, next)?];
            for new in next.iter().filter(|group| !seen.contains(group)) {
                writes.push(self.there(org, *new)?);
            }
            Ok(writes)
        };
        let set = self.records.with("groups.set_groups", writes(), record);
        set.await
    }

    async fn groups_of(&self, org: OrgId, user: UserId) -> Stored<Option<Vec<GroupId>>> {
        const OPERATION: &str = "groups.groups_of";
        let request = self.client.get_item().table_name(&self.tables.members);
        let request = request.set_key(Some(membership_key(org, user)));
        let sent = request.consistent_read(true).send().await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        read(OPERATION, output.item.as_ref(), groups_of)
    }

    async fn members_of(
        &self,
        org: OrgId,
        group: GroupId,
        after: Option<UserId>,
    ) -> Stored<(Vec<UserId>, Option<UserId>)> {
        const OPERATION: &str = "groups.members_of";
        let request = self.client.query().table_name(&self.tables.members);
        let sent = request
            .consistent_read(true)
            .key_condition_expression("pk = :org AND begins_with(sk, :user)")
            .filter_expression("contains(#groups, :group)")
            .expression_attribute_names("#groups", "groups")
            .expression_attribute_values(":org", text(org.to_string()))
            .expression_attribute_values(":user", text(UserId::PREFIX))
            .expression_attribute_values(":group", text(group.to_string()))
            .set_exclusive_start_key(after.map(|user| membership_key(org, user)))
            .limit(i32::try_from(LISTED).unwrap_or(i32::MAX))
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        let found = output.items.unwrap_or_default();
        let users = found.iter().map(user_of).collect::<Result<_, _>>();
        let users = users.map_err(|corrupt| StoreError::new(OPERATION, corrupt))?;
        let last = output.last_evaluated_key.filter(|key| !key.is_empty());
        let last = read(OPERATION, last.as_ref(), user_of)?;
        Ok((users, last))
    }
}
