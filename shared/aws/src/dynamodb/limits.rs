//! The table of limits: one record a bucket and window.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder as Override;
use aws_smithy_types::retry::RetryConfig;
use vault_domain::ports::{Attempt, Limits, StoreError, Stored};
use vault_domain::time::Timestamp;

use super::record::{PK, number, text, time};
use super::{TTL, unmet_update};

/// The table of limits.
#[derive(Debug, Clone)]
pub struct DynamoLimits {
    client: Client,
    table: String,
}

impl DynamoLimits {
    /// The budgets in this table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }
}

#[async_trait]
impl Limits for DynamoLimits {
    /// Counts and checks in one write, so parallel attempts cannot exceed the limit. A write that the SDK repeats
    /// counts twice: the budget errs on the side of fewer attempts.
    async fn take(&self, bucket: &str, limit: u32, expires_at: Timestamp) -> Stored<Attempt> {
        if limit == 0 {
            return Ok(Attempt::Exhausted);
        }
        let request = self.client.update_item().table_name(&self.table);
        let sent = request
            .key(PK, text(bucket))
            .update_expression("SET #ttl = if_not_exists(#ttl, :ttl) ADD attempts :one")
            .condition_expression("attribute_not_exists(attempts) OR attempts < :limit")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":ttl", time(expires_at))
            .expression_attribute_values(":one", number(1_u64))
            .expression_attribute_values(":limit", number(limit))
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(Attempt::Granted);
        };
        unmet_update(error).map_err(|error| StoreError::new("limits.take", error))?;
        Ok(Attempt::Exhausted)
    }

    /// Never repeated by the SDK: an attempt that is given back twice would be one too many.
    async fn give_back(&self, bucket: &str) -> Stored<()> {
        let once = Override::default().retry_config(RetryConfig::disabled());
        let request = self.client.update_item().table_name(&self.table);
        let sent = request
            .key(PK, text(bucket))
            .update_expression("SET attempts = attempts - :one")
            .condition_expression("attempts > :none")
            .expression_attribute_values(":one", number(1_u64))
            .expression_attribute_values(":none", number(0_u64))
            .customize()
            .config_override(once)
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        unmet_update(error).map_err(|error| StoreError::new("limits.give_back", error))?;
        // Nothing taken, or the window is over and its record gone.
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Replay;

    #[tokio::test]
    async fn an_attempt_is_counted_and_checked_in_one_write() {
        let unmet = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"x"}"#;
        let replay = Replay::of(&[(200, "{}"), (400, unmet)]);
        let limits = DynamoLimits::new(Client::new(&replay.config()), "limits");
        for expected in [Attempt::Granted, Attempt::Exhausted] {
            let attempt = limits.take("b", 1, Timestamp(9)).await.unwrap();
            assert_eq!(attempt, expected);
        }
        assert_eq!(replay.count(), 2);
        assert!(replay.body(0).contains("attempts < :limit"));
    }
}
