//! The index `due` of a table: what is to be looked at, by when, in parts.

use aws_sdk_dynamodb::Client;
use vault_domain::deletion::Due;
use vault_domain::ports::{StoreError, Stored};
use vault_domain::time::Timestamp;

use super::deletion_record::due_pk;
use super::record::{Corrupt, Item, PK, item, text, time};

/// What is due of one page.
const PAGE: i32 = 100;

/// The index of a table.
pub(super) struct DueIndex<'a> {
    pub(super) client: &'a Client,
    pub(super) table: &'a str,
    pub(super) operation: &'static str,
}

impl DueIndex<'_> {
    /// What of the part is due by then, behind `after`, as `read` reads it; and whether more may follow.
    pub(super) async fn page(
        &self,
        part: u8,
        until: Timestamp,
        after: Option<&Due>,
        read: impl Fn(&Item) -> Result<Due, Corrupt>,
    ) -> Stored<(Vec<Due>, bool)> {
        let start = after.map(|due| {
            item([
                (PK, text(due_pk(due))),
                ("part", text(part.to_string())),
                ("at", time(due.at)),
            ])
        });
        let request = self.client.query().table_name(self.table);
        let sent = request
            .index_name("due")
            .key_condition_expression("#part = :part AND #at <= :until")
            .expression_attribute_names("#part", "part")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":part", text(part.to_string()))
            .expression_attribute_values(":until", time(until))
            .set_exclusive_start_key(start)
            .limit(PAGE)
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(self.operation, error))?;
        let items = output.items.unwrap_or_default();
        let dues: Result<Vec<_>, Corrupt> = items.iter().map(read).collect();
        let dues = dues.map_err(|corrupt| StoreError::new(self.operation, corrupt))?;
        let more = output.last_evaluated_key.is_some_and(|key| !key.is_empty());
        Ok((dues, more))
    }
}
