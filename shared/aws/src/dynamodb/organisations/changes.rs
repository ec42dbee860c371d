//! The transactions by which an organisation changes. Each has a check that whoever makes it still has their place.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};
use vault_domain::id::{InvitationId, OrgId};
use vault_domain::member::{Account, After, Invitation, Membership, OwnersChange, Person};
use vault_domain::ports::Settings;

use super::super::record::{Item, PK, SK, flag, item, number, text, texts_of, time};
use super::super::{invitations, members};

/// A place is as it was seen.
const AS_SEEN: &str =
    "#role = :role AND #active = :active AND since = :since AND sessions_from = :from";

/// A transaction.
pub(super) struct Change {
    pub(super) items: Vec<TransactWriteItem>,
    /// Which of the items refuses to take the last owner away.
    pub(super) owners: Option<usize>,
    /// By what it waits when others are at the same records.
    pub(super) salt: [u8; 16],
}

/// The transaction that puts `next` into a place; none if there was no place.
pub(super) fn of_place(
    table: &str,
    by: &Membership,
    seen: &Person,
    next: After,
) -> Result<Option<Change>, BuildError> {
    let Some(place) = seen.membership else {
        return Ok(None);
    };
    let mut items = vec![match next {
        After::Place(next) => moved(table, &place, &next)?,
        After::Gone | After::Same => gone(table, &place)?,
    }];
    let mut refuses = None;
    match next.owners(&place) {
        OwnersChange::OneFewer => {
            refuses = Some(items.len());
            items.push(one_owner_fewer(table, place.org)?);
        }
        OwnersChange::OneMore => {
            let there = "attribute_exists(pk)";
            items.push(owners(table, place.org, "#owners + :one", there)?);
        }
        OwnersChange::AsMany => {}
    }
    if next == After::Gone
        && let Some(account) = &seen.account
        && account.orgs.contains(&place.org)
    {
        items.push(left(table, account, place.org)?);
    }
    // Two operations on one record are not allowed, and one's own place is looked at already.
    if by.user != place.user {
        items.push(stands(table, by)?);
    }
    Ok(Some(Change {
        items,
        owners: refuses,
        salt: salt(by, &place),
    }))
}

/// The transaction that changes the organisation itself.
pub(super) fn of_settings(
    table: &str,
    by: &Membership,
    settings: &Settings,
) -> Result<Change, BuildError> {
    let mut update = Update::builder()
        .table_name(table)
        .set_key(Some(members::organisation_key(by.org)));
    let (mut sets, mut condition) = (Vec::new(), "attribute_exists(pk)");
    if let Some(name) = &settings.name {
        sets.push("#name = :name");
        update = update
            .expression_attribute_names("#name", "name")
            .expression_attribute_values(":name", text(name.as_str()));
    }
    if let Some(required) = settings.require_second_factor {
        sets.push("second_factor = :required");
        update = update.expression_attribute_values(":required", flag(required));
    }
    if let Some(from) = settings.sessions_from {
        sets.push("sessions_from = :from");
        condition = "sessions_from < :from";
        update = update.expression_attribute_values(":from", time(from));
    }
    let update = update
        .update_expression(format!("SET {}", sets.join(", ")))
        .condition_expression(condition)
        .build()?;
    Ok(Change {
        items: vec![
            TransactWriteItem::builder().update(update).build(),
            stands(table, by)?,
        ],
        owners: None,
        salt: *by.user.octets(),
    })
}

/// Key of the count of invitations that an organisation made.
pub(super) fn invited_key(org: OrgId) -> Item {
    item([(PK, text(org.to_string())), (SK, text("invited"))])
}

/// The transaction that stores an invitation in the place of others, if none was made since `version`.
pub(super) fn of_invitation(
    table: &str,
    by: &Membership,
    version: u64,
    invitation: &Invitation,
    instead: &[InvitationId],
) -> Result<Change, BuildError> {
    let next = Update::builder()
        .table_name(table)
        .set_key(Some(invited_key(invitation.org)))
        .update_expression("SET version = :next")
        .condition_expression(if version == 0 {
            "attribute_not_exists(pk)"
        } else {
            "version = :version"
        })
        .expression_attribute_values(":next", number(version.saturating_add(1)));
    let next = if version == 0 {
        next
    } else {
        next.expression_attribute_values(":version", number(version))
    };
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(invitations::to_item(invitation)))
        .build()?;
    let mut items = vec![
        TransactWriteItem::builder().update(next.build()?).build(),
        TransactWriteItem::builder().put(put).build(),
        stands(table, by)?,
    ];
    for id in instead {
        items.push(uninvited(table, invitation.org, *id)?);
    }
    Ok(Change {
        items,
        owners: None,
        salt: *invitation.id.octets(),
    })
}

/// An invitation that is there is no more.
pub(super) fn uninvited(
    table: &str,
    org: OrgId,
    id: InvitationId,
) -> Result<TransactWriteItem, BuildError> {
    let delete = Delete::builder()
        .table_name(table)
        .set_key(Some(invitations::key(org, id)))
        .condition_expression("attribute_exists(pk)")
        .build()?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// Whoever is at the same place at the same time waits for another while than the others.
fn salt(by: &Membership, place: &Membership) -> [u8; 16] {
    let mut salt = *by.user.octets();
    for (octet, other) in salt.iter_mut().zip(place.user.octets()) {
        *octet = octet.rotate_left(1) ^ other;
    }
    salt
}

fn moved(
    table: &str,
    seen: &Membership,
    next: &Membership,
) -> Result<TransactWriteItem, BuildError> {
    let update = Update::builder()
        .table_name(table)
        .set_key(Some(members::membership_key(seen.org, seen.user)))
        .update_expression(
            "SET #role = :next_role, #active = :next_active, sessions_from = :next_from",
        )
        .condition_expression(AS_SEEN)
        .expression_attribute_names("#role", "role")
        .expression_attribute_names("#active", "active")
        .expression_attribute_values(":role", text(seen.role.as_str()))
        .expression_attribute_values(":active", flag(seen.active))
        .expression_attribute_values(":since", time(seen.since))
        .expression_attribute_values(":from", time(seen.sessions_from))
        .expression_attribute_values(":next_role", text(next.role.as_str()))
        .expression_attribute_values(":next_active", flag(next.active))
        .expression_attribute_values(":next_from", time(next.sessions_from))
        .build()?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// The place is no more.
pub(super) fn gone(table: &str, seen: &Membership) -> Result<TransactWriteItem, BuildError> {
    let delete = Delete::builder()
        .table_name(table)
        .set_key(Some(members::membership_key(seen.org, seen.user)))
        .condition_expression(AS_SEEN)
        .expression_attribute_names("#role", "role")
        .expression_attribute_names("#active", "active")
        .expression_attribute_values(":role", text(seen.role.as_str()))
        .expression_attribute_values(":active", flag(seen.active))
        .expression_attribute_values(":since", time(seen.since))
        .expression_attribute_values(":from", time(seen.sessions_from))
        .build()?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// One active owner fewer, unless it is the last.
pub(super) fn one_owner_fewer(table: &str, org: OrgId) -> Result<TransactWriteItem, BuildError> {
    owners(table, org, "#owners - :one", "#owners > :one")
}

fn owners(
    table: &str,
    org: OrgId,
    count: &str,
    condition: &str,
) -> Result<TransactWriteItem, BuildError> {
    let update = Update::builder()
        .table_name(table)
        .set_key(Some(members::organisation_key(org)))
        .update_expression(format!("SET #owners = {count}"))
        .condition_expression(condition)
        .expression_attribute_names("#owners", "owners")
        .expression_attribute_values(":one", number(1_u64))
        .build()?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// The organisation is none of the account's any more.
fn left(table: &str, account: &Account, org: OrgId) -> Result<TransactWriteItem, BuildError> {
    let kept = account.orgs.iter().copied().filter(|other| *other != org);
    let kept: Vec<OrgId> = kept.collect();
    let update = Update::builder()
        .table_name(table)
        .set_key(Some(members::account_key(account.user)))
        .update_expression("SET orgs = :kept")
        .condition_expression("orgs = :orgs")
        .expression_attribute_values(":kept", texts_of(&kept))
        .expression_attribute_values(":orgs", texts_of(&account.orgs))
        .build()?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// Whoever makes the change may still make it.
pub(in crate::dynamodb) fn stands(
    table: &str,
    by: &Membership,
) -> Result<TransactWriteItem, BuildError> {
    let check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(members::membership_key(by.org, by.user)))
        .condition_expression("#role = :role AND #active = :yes")
        .expression_attribute_names("#role", "role")
        .expression_attribute_names("#active", "active")
        .expression_attribute_values(":role", text(by.role.as_str()))
        .expression_attribute_values(":yes", flag(true))
        .build()?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}
