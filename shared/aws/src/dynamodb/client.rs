//! The client of the tables.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_types::SdkConfig;

pub(crate) fn client(config: &SdkConfig) -> Client {
    let config = Builder::from(config).retry_classifier(Collision);
    Client::from_conf(config.build())
}

/// A write of one record that meets a transaction on the same is refused at once, and the SDK does not try it again by
/// itself: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html>.
#[derive(Debug)]
struct Collision;

impl ClassifyRetry for Collision {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        let Some(error) = error.as_operation_error() else {
            return RetryAction::NoActionIndicated;
        };
        let put = error.downcast_ref::<PutItemError>();
        let update = error.downcast_ref::<UpdateItemError>();
        let delete = error.downcast_ref::<DeleteItemError>();
        let collided = put.is_some_and(PutItemError::is_transaction_conflict_exception)
            || update.is_some_and(UpdateItemError::is_transaction_conflict_exception)
            || delete.is_some_and(DeleteItemError::is_transaction_conflict_exception);
        if collided {
            RetryAction::transient_error()
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "Collision with a transaction"
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
    use aws_smithy_types::retry::RetryConfig;

    use super::*;
    use crate::replay::Replay;

    const KIND: &str = "com.amazonaws.dynamodb.v20120810#";

    async fn deleted(kind: &str) -> usize {
        let refused = serde_json::json!({ "__type": format!("{KIND}{kind}"), "message": "x" });
        let replay = Replay::of(&[(400, &refused.to_string()), (200, "{}")]);
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let config = replay.config().into_builder().retry_config(retries);
        let config = config.sleep_impl(SharedAsyncSleep::new(TokioSleep::new()));
        let sent = client(&config.build()).delete_item().table_name("t").send();
        drop(sent.await);
        replay.count()
    }

    #[tokio::test]
    async fn a_write_that_meets_a_transaction_is_tried_again_and_an_unmet_condition_is_not() {
        assert_eq!(deleted("TransactionConflictException").await, 2);
        assert_eq!(deleted("ConditionalCheckFailedException").await, 1);
    }
}
