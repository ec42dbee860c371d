//! The record of what was done, as what does it writes it.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use vault_domain::audit::Record;
use vault_domain::ports::{Change, Records, Stored};

use super::record::Item;
use super::transact::{Request, change, change_patiently};
use super::{audit_record, put_new};

/// The table of records.
#[derive(Debug, Clone)]
pub struct DynamoRecords {
    client: Client,
    table: String,
}

impl DynamoRecords {
    /// The records in this table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// Makes these writes and the record: all of it, or nothing if one of the conditions does not hold.
    pub(super) async fn with(
        &self,
        operation: &'static str,
        writes: Result<Vec<TransactWriteItem>, BuildError>,
        record: &Record,
    ) -> Stored<Change> {
        let request = self.request(operation, record);
        change(&request, self.recorded(writes, record)).await
    }

    /// Makes these writes and the records: all of it, or nothing if one of the conditions does not hold. The salt spreads
    /// those who collide.
    pub(super) async fn with_all(
        &self,
        (operation, salt): (&'static str, [u8; 16]),
        writes: Result<Vec<TransactWriteItem>, BuildError>,
        records: &[Record],
    ) -> Stored<Change> {
        let request = Request {
            client: &self.client,
            operation,
            salt,
        };
        change(&request, self.all_recorded(writes, records)).await
    }

    /// The writes, and those of the records behind them.
    pub(super) fn all_recorded(
        &self,
        writes: Result<Vec<TransactWriteItem>, BuildError>,
        records: &[Record],
    ) -> Result<Vec<TransactWriteItem>, BuildError> {
        let mut writes = writes?;
        for record in records {
            writes.push(audit_record::put(&self.table, record)?);
        }
        Ok(writes)
    }

    /// [`Self::with`], where what an organisation uses is among the writes.
    pub(super) async fn counted(
        &self,
        operation: &'static str,
        writes: Result<Vec<TransactWriteItem>, BuildError>,
        record: &Record,
    ) -> Stored<Change> {
        let request = self.request(operation, record);
        change_patiently(&request, self.recorded(writes, record)).await
    }

    /// A request of a transaction with this record.
    pub(super) const fn request(&self, operation: &'static str, record: &Record) -> Request<'_> {
        Request {
            client: &self.client,
            operation,
            salt: *record.id.octets(),
        }
    }

    /// The writes, and the record's behind them.
    pub(super) fn recorded(
        &self,
        writes: Result<Vec<TransactWriteItem>, BuildError>,
        record: &Record,
    ) -> Result<Vec<TransactWriteItem>, BuildError> {
        self.all_recorded(writes, std::slice::from_ref(record))
    }
}

#[async_trait]
impl Records for DynamoRecords {
    async fn note(&self, record: &Record) -> Stored<()> {
        let item = audit_record::to_item(record);
        put_new(&self.client, &self.table, "records.note", item).await
    }
}

/// An update as a write of a transaction.
pub(super) fn update(request: &UpdateItemFluentBuilder) -> Result<TransactWriteItem, BuildError> {
    let update = Update::builder()
        .set_table_name(request.get_table_name().clone())
        .set_key(request.get_key().clone())
        .set_update_expression(request.get_update_expression().clone())
        .set_condition_expression(request.get_condition_expression().clone())
        .set_expression_attribute_names(request.get_expression_attribute_names().clone())
        .set_expression_attribute_values(request.get_expression_attribute_values().clone())
        .build()?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// The put of a record of whose key there is none yet.
pub(super) fn put_fresh(table: &str, item: Item) -> Result<TransactWriteItem, BuildError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(pk)")
        .build()?;
    Ok(TransactWriteItem::builder().put(put).build())
}
