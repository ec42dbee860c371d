//! The table of webhooks.
//!
//! | partition key, sort key | what it is |
//! | --- | --- |
//! | organisation, `endpoints` | all endpoints of an organisation, under one version |
//! | endpoint, `health` | how it is doing, since its last success |
//! | endpoint, `message#{id in hexadecimal}` | what became of a message; ids begin with the time, and hexadecimal sorts as they do |

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use data_encoding::HEXLOWER;
use vault_domain::audit::Record;
use vault_domain::id::{DeliveryId, OrgId, WebhookId};
use vault_domain::ports::{
    Change, Deliveries, DeliveryBundle, DeliveryPage, StoreError, Stored, Webhooks,
};
use vault_domain::time::Timestamp;
use vault_domain::webhook::{Delivery, DeliveryState, Health, Roll};

use super::reads::{Wanted, batch};
use super::record::{Corrupt, Fields, Item, PK, SK, item, number, text, time};
use super::records::DynamoRecords;
use super::webhooks_record as record;
use super::{read, unmet_put};

const ENDPOINTS: &str = "endpoints";
const HEALTH: &str = "health";
const MESSAGE: &str = "message#";
/// Messages that are looked at for one page, whatever a state leaves of them.
const LOOKED_AT: i32 = 1_000;

/// The table of webhooks.
#[derive(Debug, Clone)]
pub struct DynamoWebhooks {
    client: Client,
    table: String,
    records: DynamoRecords,
}

impl DynamoWebhooks {
    /// The webhooks in this table; what their managers change is recorded.
    pub fn new(client: Client, table: impl Into<String>, records: DynamoRecords) -> Self {
        Self {
            client,
            table: table.into(),
            records,
        }
    }

    async fn item(&self, operation: &'static str, key: Item) -> Stored<Option<Item>> {
        let request = self.client.get_item().table_name(&self.table);
        let request = request.set_key(Some(key)).consistent_read(true);
        let sent = request.send().await;
        let output = sent.map_err(|error| StoreError::new(operation, error))?;
        Ok(output.item)
    }

    fn put(&self, org: OrgId, next: &Roll) -> Result<TransactWriteItem, BuildError> {
        let mut written = key(&org, ENDPOINTS);
        written.extend(record::roll_attributes(next));
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(written));
        let put = match next.version {
            0 | 1 => put.condition_expression("attribute_not_exists(pk)"),
            version => put
                .condition_expression("#version = :stood")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":stood", number(version - 1)),
        };
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }
}

fn key(pk: &impl ToString, sk: impl Into<String>) -> Item {
    item([(PK, text(pk.to_string())), (SK, text(sk))])
}

fn message(id: DeliveryId) -> String {
    format!("{MESSAGE}{}", HEXLOWER.encode(id.octets()))
}

/// The message that a key names.
fn message_of(key: &Item) -> Result<DeliveryId, Corrupt> {
    Fields(key).parsed(SK, |text| {
        let octets = HEXLOWER.decode(text.strip_prefix(MESSAGE)?.as_bytes());
        Some(DeliveryId::from_octets(octets.ok()?.try_into().ok()?))
    })
}

fn health(item: &Item) -> Result<Health, Corrupt> {
    let fields = Fields(item);
    Ok(Health {
        failures: fields.number("failures")?,
        since: fields.optional("since", Fields::time)?,
    })
}

#[async_trait]
impl Webhooks for DynamoWebhooks {
    async fn of(&self, org: OrgId) -> Stored<Roll> {
        const OPERATION: &str = "webhooks.of";
        let item = self.item(OPERATION, key(&org, ENDPOINTS)).await?;
        let roll = read(OPERATION, item.as_ref(), |item| record::roll(org, item))?;
        Ok(roll.unwrap_or_default())
    }

    async fn save(&self, org: OrgId, next: &Roll, record: &Record) -> Stored<Change> {
        let writes = self.put(org, next).map(|write| vec![write]);
        self.records.with("webhooks.save", writes, record).await
    }
}

#[async_trait]
impl Deliveries for DynamoWebhooks {
    async fn bundle(
        &self,
        org: OrgId,
        webhook: WebhookId,
        delivery: DeliveryId,
    ) -> Stored<DeliveryBundle> {
        const OPERATION: &str = "deliveries.bundle";
        let keys = [
            key(&org, ENDPOINTS),
            key(&webhook, message(delivery)),
            key(&webhook, HEALTH),
        ];
        let wanted = keys.iter().map(|key| Wanted::at(&self.table, key.clone()));
        let found = batch(&self.client, OPERATION, wanted).await?;
        let [roll, delivery, health] = keys.each_ref().map(|key| found.at(&self.table, key));
        let roll = read(OPERATION, roll, |item| record::roll(org, item))?;
        Ok(DeliveryBundle {
            webhook: roll.and_then(|roll| roll.find(webhook).cloned()),
            delivery: read(OPERATION, delivery, |item| record::delivery(webhook, item))?,
            health: read(OPERATION, health, self::health)?.unwrap_or_default(),
        })
    }

    /// A write that was made before, and whose reply was lost, finds itself.
    async fn settle(&self, next: &Delivery, before: Option<&Delivery>) -> Stored<Change> {
        const OPERATION: &str = "deliveries.settle";
        let mut written = key(&next.webhook, message(next.id));
        written.extend(record::delivery_attributes(next));
        let request = self.client.put_item().table_name(&self.table);
        let request = request
            .set_item(Some(written.clone()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let request = match before {
            None => request.condition_expression("attribute_not_exists(pk)"),
            Some(before) => request
                .condition_expression("#round = :round AND #tries = :tries AND #state = :state")
                .expression_attribute_names("#round", "round")
                .expression_attribute_names("#tries", "tries")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":round", number(before.round))
                .expression_attribute_values(":tries", number(before.tries))
                .expression_attribute_values(":state", text(before.state.as_str())),
        };
        let Err(error) = request.send().await else {
            return Ok(Change::Applied);
        };
        let there = unmet_put(error).map_err(|error| StoreError::new(OPERATION, error))?;
        Ok(if there == Some(written) {
            Change::Applied
        } else {
            Change::NotApplied
        })
    }

    async fn failed(&self, webhook: WebhookId, now: Timestamp) -> Stored<Health> {
        const OPERATION: &str = "deliveries.failed";
        let request = self.client.update_item().table_name(&self.table);
        let request = request
            .set_key(Some(key(&webhook, HEALTH)))
            .update_expression("ADD #failures :one SET #since = if_not_exists(#since, :now)")
            .expression_attribute_names("#failures", "failures")
            .expression_attribute_names("#since", "since")
            .expression_attribute_values(":one", number(1_u64))
            .expression_attribute_values(":now", time(now))
            .return_values(ReturnValue::AllNew);
        let sent = request.send().await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        let found = read(OPERATION, output.attributes.as_ref(), health)?;
        Ok(found.unwrap_or_default())
    }

    async fn recovered(&self, webhook: WebhookId) -> Stored<()> {
        let request = self.client.delete_item().table_name(&self.table);
        let sent = request.set_key(Some(key(&webhook, HEALTH))).send().await;
        sent.map_err(|error| StoreError::new("deliveries.recovered", error))?;
        Ok(())
    }

    async fn delivery(&self, webhook: WebhookId, id: DeliveryId) -> Stored<Option<Delivery>> {
        const OPERATION: &str = "deliveries.delivery";
        let item = self.item(OPERATION, key(&webhook, message(id))).await?;
        read(OPERATION, item.as_ref(), |item| {
            record::delivery(webhook, item)
        })
    }

    async fn deliveries(
        &self,
        webhook: WebhookId,
        state: Option<DeliveryState>,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Stored<DeliveryPage> {
        const OPERATION: &str = "deliveries.deliveries";
        let limit_of = |limit: usize| i32::try_from(limit).unwrap_or(i32::MAX);
        let request = self.client.query().table_name(&self.table);
        let mut request = request
            .consistent_read(true)
            .key_condition_expression("pk = :webhook AND begins_with(sk, :message)")
            .expression_attribute_values(":webhook", text(webhook.to_string()))
            .expression_attribute_values(":message", text(MESSAGE))
            .scan_index_forward(false)
            .set_exclusive_start_key(after.map(|id| key(&webhook, message(id))))
            .limit(limit_of(limit));
        if let Some(state) = state {
            request = request
                .filter_expression("#state = :state")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":state", text(state.as_str()))
                .limit(LOOKED_AT);
        }
        let sent = request.send().await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        let corrupt = |corrupt: Corrupt| StoreError::new(OPERATION, corrupt);
        let found = output.items.unwrap_or_default();
        let found = found.iter().map(|item| record::delivery(webhook, item));
        let mut deliveries: Vec<_> = found.collect::<Result<_, _>>().map_err(corrupt)?;
        let last = output.last_evaluated_key.filter(|key| !key.is_empty());
        let mut last = last.as_ref().map(message_of).transpose().map_err(corrupt)?;
        if deliveries.len() > limit {
            // More of this state were looked at than there is room for: go on after the last that is told.
            deliveries.truncate(limit);
            last = deliveries.last().map(|delivery| delivery.id);
        }
        Ok(DeliveryPage { deliveries, last })
    }
}
