//! The table of assets: each change of state is one conditional write, and most are recorded in the same transaction.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use vault_domain::asset::{Asset, AssetState, Failure, NewAsset};
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ports::{Assets, Change, Claim, Reservation, StoreError, Stored};
use vault_domain::time::Timestamp;

use super::assets_record::{asset, package as package_of, runs, to_item};
use super::library_record::{NO_SHELF, TO_SHELF};
use super::record::{Corrupt, Fields, Item, PK, text, texts, time};
use super::records::{self, DynamoRecords};
use super::transact::{Reasons, Written, write};
use super::{get, unmet_update};

/// The table of assets.
#[derive(Debug, Clone)]
pub struct DynamoAssets {
    client: Client,
    table: String,
    records: DynamoRecords,
}

impl DynamoAssets {
    /// The assets in this table; changes are recorded.
    pub fn new(client: Client, table: impl Into<String>, records: DynamoRecords) -> Self {
        Self {
            client,
            table: table.into(),
            records,
        }
    }

    /// Makes the change and its record, both or neither.
    async fn recorded(
        &self,
        operation: &'static str,
        request: &UpdateItemFluentBuilder,
        record: &Record,
    ) -> Stored<Change> {
        let writes = records::update(request).map(|write| vec![write]);
        self.records.with(operation, writes, record).await
    }

    /// A change of the state: `#state` is its name, `:to` what it becomes; [`TO_SHELF`] goes with it.
    fn transition(&self, id: AssetId, to: AssetState) -> UpdateItemFluentBuilder {
        self.update(id)
            .expression_attribute_values(":to", text(to.as_str()))
            .expression_attribute_names("#to", to.as_str())
            .expression_attribute_values(":no_shelf", text(NO_SHELF))
    }

    fn update(&self, id: AssetId) -> UpdateItemFluentBuilder {
        let request = self.client.update_item().table_name(&self.table);
        request
            .key(PK, text(id.to_string()))
            .expression_attribute_names("#state", "state")
    }
}

/// Says in which states a change is admitted: binds `:from…` to their names.
fn from_states(
    mut request: UpdateItemFluentBuilder,
    states: &[(&str, AssetState)],
) -> UpdateItemFluentBuilder {
    for (placeholder, state) in states {
        request = request.expression_attribute_values(*placeholder, text(state.as_str()));
    }
    request
}

/// Admitted while `package` is the run that is processing.
fn of_run(request: UpdateItemFluentBuilder, package: PackageId) -> UpdateItemFluentBuilder {
    let request = request
        .condition_expression("#state = :processing AND #package = :package")
        .expression_attribute_names("#package", "package")
        .expression_attribute_values(":package", text(package.to_string()));
    from_states(request, &[(":processing", AssetState::Processing)])
}

/// Admitted in every state before `ready`.
fn before_ready(request: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
    let request = request.condition_expression("#state IN (:uploading, :uploaded, :processing)");
    let states = [
        (":uploading", AssetState::Uploading),
        (":uploaded", AssetState::Uploaded),
        (":processing", AssetState::Processing),
    ];
    from_states(request, &states)
}

async fn change(operation: &'static str, request: UpdateItemFluentBuilder) -> Stored<Change> {
    let Err(error) = request.send().await else {
        return Ok(Change::Applied);
    };
    unmet_update(error).map_err(|error| StoreError::new(operation, error))?;
    Ok(Change::NotApplied)
}

#[async_trait]
impl Assets for DynamoAssets {
    async fn get(&self, id: AssetId) -> Stored<Option<Asset>> {
        const OPERATION: &str = "assets.get";
        let item = get(&self.client, &self.table, OPERATION, id.to_string()).await?;
        asset(OPERATION, item.as_ref())
    }

    async fn reserve(&self, new: &NewAsset, record: &Record) -> Stored<Reservation> {
        const OPERATION: &str = "assets.reserve";
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(to_item(new)))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        let put = put.map(|put| vec![TransactWriteItem::builder().put(put).build()]);
        let request = self.records.request(OPERATION, record);
        let writes = self.records.recorded(put, record);
        let there = |reasons: &Reasons| reasons.is_unmet(0).then(|| reasons.there(0).cloned());
        let there = match write(&request, writes, there).await? {
            Written::Applied => return Ok(Reservation::Created),
            Written::Refused(there) => there,
        };
        let there = there.ok_or_else(|| StoreError::new(OPERATION, "taken by no record"))?;
        let there = asset(OPERATION, Some(&there))?;
        Ok(there.map_or(Reservation::Erased, |asset| {
            Reservation::Exists(Box::new(asset))
        }))
    }

    async fn set_multipart(&self, id: AssetId, multipart: &str) -> Stored<Change> {
        let request = self.update(id);
        let request = request
            .update_expression("SET multipart = :multipart")
            .condition_expression("#state = :from AND attribute_not_exists(multipart)")
            .expression_attribute_values(":multipart", text(multipart));
        let request = from_states(request, &[(":from", AssetState::Uploading)]);
        change("assets.set_multipart", request).await
    }

    async fn mark_uploaded(&self, id: AssetId, record: &Record) -> Stored<Change> {
        let request = self.transition(id, AssetState::Uploaded);
        let request = request
            .update_expression(format!("SET #state = :to, {TO_SHELF}"))
            .condition_expression("#state = :from");
        let request = from_states(request, &[(":from", AssetState::Uploading)]);
        self.recorded("assets.mark_uploaded", &request, record)
            .await
    }

    /// A claim that the SDK repeated finds its own first try, and tells the same runs again.
    async fn claim(
        &self,
        id: AssetId,
        package: PackageId,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Stored<Claim> {
        const OPERATION: &str = "assets.claim";
        let ours = package.to_string();
        let request = self.transition(id, AssetState::Processing);
        let request = request
            .update_expression(format!(
                "SET #state = :to, {TO_SHELF}, #package = :package, lease_until = :lease, #runs = list_append(if_not_exists(#runs, :no_runs), :our_run)",
            ))
            .condition_expression(
                "#state = :from OR (#state = :to AND (attribute_not_exists(lease_until) OR lease_until <= :now))",
            )
            .expression_attribute_names("#package", "package")
            .expression_attribute_names("#runs", "runs")
            .expression_attribute_values(":no_runs", texts([]))
            .expression_attribute_values(":our_run", texts([ours.clone()]))
            .expression_attribute_values(":package", text(ours))
            .expression_attribute_values(":lease", time(lease_until))
            .expression_attribute_values(":now", time(now))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let request = from_states(request, &[(":from", AssetState::Uploaded)]);
        let item = match request.send().await {
            Ok(output) => output.attributes,
            Err(error) => unmet_update(error).map_err(|error| StoreError::new(OPERATION, error))?,
        };
        claimed(item.as_ref(), package).map_err(|error| StoreError::new(OPERATION, error))
    }

    async fn release(&self, id: AssetId, package: PackageId) -> Stored<Change> {
        let request = self.update(id).update_expression("REMOVE lease_until");
        change("assets.release", of_run(request, package)).await
    }

    async fn publish(&self, id: AssetId, package: PackageId, record: &Record) -> Stored<Change> {
        let request = self.transition(id, AssetState::Ready);
        let request = request
            .update_expression(format!(
                "SET #state = :to, {TO_SHELF} REMOVE lease_until, #runs"
            ))
            .expression_attribute_names("#runs", "runs");
        let request = of_run(request, package);
        self.recorded("assets.publish", &request, record).await
    }

    async fn fail(
        &self,
        id: AssetId,
        package: Option<PackageId>,
        failure: &Failure,
        record: &Record,
    ) -> Stored<Change> {
        let failed = format!(
            "SET #state = :to, {TO_SHELF}, failure_code = :code, failure_reason = :reason REMOVE lease_until"
        );
        let request = self.transition(id, AssetState::Failed);
        let request = request
            .expression_attribute_values(":code", text(&failure.code))
            .expression_attribute_values(":reason", text(&failure.reason));
        // The runs stay on record until their segments and keys are gone.
        let request = match package {
            Some(package) => of_run(request, package),
            None => before_ready(request),
        };
        let request = request.update_expression(failed);
        self.recorded("assets.fail", &request, record).await
    }

    async fn withdraw(&self, id: AssetId, record: &Record) -> Stored<Change> {
        let request = self.transition(id, AssetState::Withdrawn);
        let request = request
            .update_expression(format!("SET #state = :to, {TO_SHELF} REMOVE lease_until"))
            .condition_expression("attribute_exists(#state) AND #state <> :to");
        self.recorded("assets.withdraw", &request, record).await
    }
}

/// Whose the asset is after a claim, met or not: the same answer for a claim that the SDK repeated.
fn claimed(item: Option<&Item>, package: PackageId) -> Result<Claim, Corrupt> {
    let Some(item) = item else {
        return Ok(Claim::NotClaimed);
    };
    let fields = Fields(item);
    let state = fields.parsed("state", AssetState::parse)?;
    if state != AssetState::Processing || package_of(fields)? != Some(package) {
        return Ok(Claim::NotClaimed);
    }
    let mut previous = runs(fields)?;
    previous.retain(|run| *run != package);
    Ok(Claim::Claimed { previous })
}

#[cfg(test)]
mod tests {
    use super::super::assets_record::tests::announced;
    use super::super::audit_record;
    use super::*;
    use crate::replay::Replay;

    fn record(state: &str, package: PackageId, previous: PackageId) -> String {
        format!(
            r#"{{"pk":{{"S":"x"}},"state":{{"S":"{state}"}},"package":{{"S":"{package}"}},"runs":{{"L":[{{"S":"{previous}"}},{{"S":"{package}"}}]}}}}"#
        )
    }

    fn unmet(item: &str) -> String {
        format!(
            r#"{{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","Item":{item}}}"#
        )
    }

    #[tokio::test]
    async fn a_claim_whose_first_try_took_effect_is_told_again_with_what_it_displaced() {
        let [ours, dead, other] = [1, 2, 3].map(|octet| PackageId::from_octets([octet; 16]));
        for (answer, claimed) in [
            (
                (
                    200,
                    format!(r#"{{"Attributes":{}}}"#, record("processing", ours, dead)),
                ),
                true,
            ),
            ((400, unmet(&record("processing", ours, dead))), true),
            ((400, unmet(&record("processing", other, dead))), false),
            ((400, unmet(&record("ready", ours, dead))), false),
        ] {
            let replay = Replay::of(&[(answer.0, &answer.1)]);
            let client = Client::new(&replay.config());
            let records = DynamoRecords::new(client.clone(), "audit");
            let assets = DynamoAssets::new(client, "assets", records);
            let (now, lease) = (Timestamp(1), Timestamp(2));
            let claim = assets
                .claim(announced().id, ours, now, lease)
                .await
                .unwrap();
            let told = matches!(&claim, Claim::Claimed { previous } if *previous == [dead]);
            assert_eq!(told, claimed, "{claim:?}");
        }
    }

    #[tokio::test]
    async fn a_failure_of_a_run_is_bound_to_its_package_and_one_without_is_not() {
        let failure = Failure {
            code: "c".to_owned(),
            reason: "r".to_owned(),
        };
        for package in [None, Some(PackageId::from_octets([1; 16]))] {
            let replay = Replay::of(&[(200, "{}")]);
            let client = Client::new(&replay.config());
            let records = DynamoRecords::new(client.clone(), "audit");
            let assets = DynamoAssets::new(client, "assets", records);
            let change = assets
                .fail(
                    announced().id,
                    package,
                    &failure,
                    &audit_record::tests::record(),
                )
                .await
                .unwrap();
            assert_eq!(change, Change::Applied);
            assert_eq!(
                replay.body(0).contains("#package = :package"),
                package.is_some()
            );
        }
    }
}
