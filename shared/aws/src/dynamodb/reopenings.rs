//! Films that failed, and are to be packaged anew.

use async_trait::async_trait;
use vault_domain::asset::{Asset, AssetState};
use vault_domain::audit::Record;
use vault_domain::ports::{Change, Reopenings, Stored};

use super::assets::{DynamoAssets, from_states};
use super::library_record::TO_SHELF;
use super::record::{number, text};
use super::records;

#[async_trait]
impl Reopenings for DynamoAssets {
    async fn reopen(&self, seen: &Asset, record: &Record) -> Stored<Change> {
        let code = seen.failure.as_ref().map_or("", |failure| &failure.code);
        let times = if seen.reopened == 0 {
            "attribute_not_exists(reopened)"
        } else {
            "reopened = :seen"
        };
        let request = self.transition(seen.id(), AssetState::Uploaded);
        let request = from_states(request, &[(":from", AssetState::Failed)]);
        let mut request = request
            .update_expression(format!(
                "SET #state = :to, {TO_SHELF}, reopened = :next REMOVE failure_code, failure_reason"
            ))
            .condition_expression(format!(
                "#state = :from AND failure_code = :code AND {times} AND attribute_not_exists(deleted_at)"
            ))
            .expression_attribute_values(":code", text(code))
            .expression_attribute_values(":next", number(seen.reopened.saturating_add(1)));
        if seen.reopened > 0 {
            request = request.expression_attribute_values(":seen", number(seen.reopened));
        }
        let writes = records::update(&request).map(|write| vec![write]);
        self.records.with("reopenings.reopen", writes, record).await
    }
}
