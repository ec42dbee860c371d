//! The table of links: `link#<digest>` holds a link, used or not; `reset#<user>` names a user's newest link to reset
//! their password. A link that was used stays, so that an order of mail that comes late does not make it anew.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem, Update};
use vault_domain::credential::Email;
use vault_domain::id::{InvitationId, OrgId, UserId};
use vault_domain::link::{Link, Purpose};
use vault_domain::ports::{Change, Links, Stored};
use vault_domain::time::Timestamp;
use vault_domain::token::Digest;

use super::record::{Corrupt, Fields, Item, PK, flag, item, number, text, time};
use super::transact::{Request, change, salt};
use super::{TTL, get, read};

/// Seconds that a link's record outlives it: as long as its order can come again, a day in the queue, fourteen in the
/// dead letters, and once more after an operator sent it back.
const SLACK: u64 = 30 * 86_400;

/// The table of links, as far as one-time links go.
#[derive(Debug, Clone)]
pub struct DynamoLinks {
    client: Client,
    table: String,
}

impl DynamoLinks {
    /// The links in this table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    fn stored(&self, digest: Digest, link: &Link) -> Result<Vec<TransactWriteItem>, BuildError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(to_item(digest, link)))
            .condition_expression("attribute_not_exists(pk)")
            .build()?;
        let mut writes = vec![TransactWriteItem::builder().put(put).build()];
        if let Purpose::Reset { user, .. } = &link.purpose {
            let newest = item([
                (PK, text(newest_pk(*user))),
                ("digest", text(digest.hex())),
                (TTL, time(link.expires_at.plus(SLACK))),
            ]);
            let put = Put::builder().table_name(&self.table);
            let put = put.set_item(Some(newest)).build()?;
            writes.push(TransactWriteItem::builder().put(put).build());
        }
        Ok(writes)
    }
}

fn link_pk(digest: Digest) -> String {
    format!("link#{}", digest.hex())
}

fn newest_pk(user: UserId) -> String {
    format!("reset#{user}")
}

/// Uses a link up, if it is there, live and unused.
pub(super) fn used(
    table: &str,
    digest: Digest,
    now: Timestamp,
) -> Result<TransactWriteItem, BuildError> {
    let update = Update::builder()
        .table_name(table)
        .key(PK, text(link_pk(digest)))
        .update_expression("SET #used = :yes")
        .condition_expression("#used = :no AND ends_at > :now")
        .expression_attribute_names("#used", "used")
        .expression_attribute_values(":yes", flag(true))
        .expression_attribute_values(":no", flag(false))
        .expression_attribute_values(":now", time(now))
        .build()?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// Holds if this is the user's newest link to reset their password.
pub(super) fn is_newest(
    table: &str,
    user: UserId,
    digest: Digest,
) -> Result<TransactWriteItem, BuildError> {
    let check = ConditionCheck::builder()
        .table_name(table)
        .key(PK, text(newest_pk(user)))
        .condition_expression("#digest = :digest")
        .expression_attribute_names("#digest", "digest")
        .expression_attribute_values(":digest", text(digest.hex()))
        .build()?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

fn to_item(digest: Digest, link: &Link) -> Item {
    let mut record = item([
        (PK, text(link_pk(digest))),
        ("used", flag(false)),
        ("ends_at", time(link.expires_at)),
        (TTL, time(link.expires_at.plus(SLACK))),
    ]);
    record.extend(match &link.purpose {
        Purpose::Reset { user, email } => of_user("reset", *user, email),
        Purpose::Verify { user, email } => of_user("verify", *user, email),
        Purpose::Invitation {
            org,
            invitation,
            attempt,
        } => item([
            ("purpose", text("invitation")),
            ("org", text(org.to_string())),
            ("invitation", text(invitation.to_string())),
            ("attempt", number(*attempt)),
        ]),
    });
    record
}

fn of_user(purpose: &str, user: UserId, email: &Email) -> Item {
    item([
        ("purpose", text(purpose)),
        ("user", text(user.to_string())),
        ("email", text(email.as_str())),
    ])
}

fn from_item(item: &Item) -> Result<Link, Corrupt> {
    let fields = Fields(item);
    let user = || fields.parsed("user", |text| UserId::parse(text).ok());
    let email = || fields.parsed("email", |text| Email::parse(text).ok());
    let purpose = match fields.text("purpose")? {
        "reset" => Purpose::Reset {
            user: user()?,
            email: email()?,
        },
        "verify" => Purpose::Verify {
            user: user()?,
            email: email()?,
        },
        "invitation" => Purpose::Invitation {
            org: fields.parsed("org", |text| OrgId::parse(text).ok())?,
            invitation: fields.parsed("invitation", |text| InvitationId::parse(text).ok())?,
            attempt: fields.number("attempt")?,
        },
        _ => return Err(Corrupt("purpose")),
    };
    Ok(Link {
        purpose,
        expires_at: fields.time("ends_at")?,
    })
}

#[async_trait]
impl Links for DynamoLinks {
    async fn put(&self, digest: Digest, link: &Link) -> Stored<Change> {
        let request = Request {
            client: &self.client,
            operation: "links.put",
            salt: salt(digest),
        };
        change(&request, self.stored(digest, link)).await
    }

    async fn get(&self, digest: Digest, now: Timestamp) -> Stored<Option<Link>> {
        const OPERATION: &str = "links.get";
        let item = get(&self.client, &self.table, OPERATION, link_pk(digest)).await?;
        let found = read(OPERATION, item.as_ref(), |item| {
            Ok((from_item(item)?, Fields(item).flag("used")?))
        })?;
        let Some((link, _)) = found.filter(|(link, used)| !used && now < link.expires_at) else {
            return Ok(None);
        };
        let Purpose::Reset { user, .. } = &link.purpose else {
            return Ok(Some(link));
        };
        let newest = get(&self.client, &self.table, OPERATION, newest_pk(*user)).await?;
        let newest = read(OPERATION, newest.as_ref(), |item| {
            Fields(item).parsed("digest", Digest::from_hex)
        })?;
        Ok((newest == Some(digest)).then_some(link))
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::checks::reads_back;
    use super::*;

    fn of(purpose: Purpose) -> Link {
        Link {
            purpose,
            expires_at: Timestamp(9_000),
        }
    }

    #[test]
    fn every_link_reads_back_and_a_broken_one_is_corrupt() {
        let (user, email) = (
            UserId::from_octets([1; 16]),
            Email::parse("ada@example.org").unwrap(),
        );
        let digest = Digest([7; 32]);
        let (again, address) = (user, email.clone());
        let owned = ["purpose", "user", "email", "ends_at"];
        for link in [
            of(Purpose::Reset { user, email }),
            of(Purpose::Verify {
                user: again,
                email: address,
            }),
        ] {
            reads_back(&link, &to_item(digest, &link), from_item, &owned);
        }
        let invitation = of(Purpose::Invitation {
            org: OrgId::from_octets([2; 16]),
            invitation: InvitationId::from_octets([3; 16]),
            attempt: 4,
        });
        let required = ["purpose", "org", "invitation", "attempt", "ends_at"];
        let record = to_item(digest, &invitation);
        reads_back(&invitation, &record, from_item, &required);
    }
}
