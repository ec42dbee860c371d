//! CloudFront's control plane.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::config::Builder;
use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use vault_domain::ports::{Distribution, StoreError, Stored};

const OPERATION: &str = "distribution.invalidate";

/// The control plane stands in one region for the world and takes its time.
pub(crate) fn client(config: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(25));
    let config = Builder::from(config).timeout_config(timeouts.build());
    Client::from_conf(config.build())
}

/// One distribution.
#[derive(Debug, Clone)]
pub struct CloudFrontDistribution {
    client: Client,
    id: String,
}

impl CloudFrontDistribution {
    /// The distribution of this id.
    pub fn new(client: Client, id: impl Into<String>) -> Self {
        Self {
            client,
            id: id.into(),
        }
    }
}

#[async_trait]
impl Distribution for CloudFrontDistribution {
    /// The reference is CloudFront's `CallerReference`: with the same paths it names the same
    /// invalidation. Too many invalidations under way is an error like any other: repeat it later.
    async fn invalidate(&self, reference: &str, paths: &[String]) -> Stored<()> {
        let failed =
            |error: aws_sdk_cloudfront::error::BuildError| StoreError::new(OPERATION, error);
        let quantity = i32::try_from(paths.len()).map_err(|e| StoreError::new(OPERATION, e))?;
        let paths = Paths::builder()
            .quantity(quantity)
            .set_items(Some(paths.to_vec()))
            .build()
            .map_err(failed)?;
        let batch = InvalidationBatch::builder()
            .caller_reference(reference)
            .paths(paths)
            .build()
            .map_err(failed)?;
        let request = self.client.create_invalidation();
        let request = request.distribution_id(&self.id).invalidation_batch(batch);
        let sent = request.send().await;
        sent.map_err(|error| StoreError::new(OPERATION, error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Replay;

    #[tokio::test]
    async fn an_invalidation_carries_the_reference_and_the_paths() {
        let replay = Replay::of(&[(201, "<Invalidation><Id>I1</Id></Invalidation>")]);
        let distribution = CloudFrontDistribution::new(client(&replay.config()), "EDFDVBD6EXAMPLE");
        distribution
            .invalidate("withdraw-x", &["/media/x/*".to_owned()])
            .await
            .unwrap();
        let body = replay.body(0);
        assert!(
            body.contains("<CallerReference>withdraw-x</CallerReference>"),
            "{body}"
        );
        assert!(body.contains("<Path>/media/x/*</Path>"), "{body}");
    }

    #[tokio::test]
    async fn too_many_invalidations_are_a_store_error() {
        let busy = "<ErrorResponse><Error><Code>TooManyInvalidationsInProgress</Code></Error></ErrorResponse>";
        let replay = Replay::of(&[(400, busy)]);
        let distribution = CloudFrontDistribution::new(client(&replay.config()), "E1");
        let result = distribution.invalidate("r", &["/x".to_owned()]).await;
        assert!(result.is_err());
        assert_eq!(replay.count(), 1);
    }
}
