//! The table of assets: each change of state is one conditional write, and most are recorded in the same transaction.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use vault_domain::asset::{Asset, AssetState, Failure, NewAsset};
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ports::{Assets, Change, Charged, Claim, Reservation, StoreError, Stored};
use vault_domain::quota::{Charge, Quota};
use vault_domain::time::Timestamp;

use super::assets_counted::Step;
use super::assets_record::{asset, package as package_of, runs};
use super::library_record::{NO_SHELF, TO_SHELF};
use super::record::{Corrupt, Fields, Item, PK, text, texts, time};
use super::records::DynamoRecords;
use super::{get, unmet_update};

/// The table of assets.
#[derive(Debug, Clone)]
pub struct DynamoAssets {
    pub(super) client: Client,
    pub(super) table: String,
    pub(super) records: DynamoRecords,
    pub(super) usage: Option<String>,
}

impl DynamoAssets {
    /// The assets in this table; changes are recorded.
    pub fn new(client: Client, table: impl Into<String>, records: DynamoRecords) -> Self {
        Self {
            client,
            table: table.into(),
            records,
            usage: None,
        }
    }

    /// What organisations use is counted in this table. Without it nothing that counts is changed.
    #[must_use]
    pub fn counted_in(mut self, usage: impl Into<String>) -> Self {
        self.usage = Some(usage.into());
        self
    }

    /// A change of the state: `#state` is its name, `:to` what it becomes; [`TO_SHELF`] goes with it.
    pub(super) fn transition(&self, id: AssetId, to: AssetState) -> UpdateItemFluentBuilder {
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
pub(super) fn from_states(
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

    async fn reserve(
        &self,
        new: &NewAsset,
        defaults: &Quota,
        record: &Record,
    ) -> Stored<Reservation> {
        self.reserved(new, defaults, record).await
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
        let step = |seen: &Asset| {
            let request = self.transition(id, AssetState::Uploaded);
            let request = request.condition_expression("#state = :from");
            let request = from_states(request, &[(":from", AssetState::Uploading)]);
            let set = format!("#state = :to, {TO_SHELF}");
            (seen.state == AssetState::Uploading).then(|| Step::settled(request, seen, set))
        };
        self.counted("assets.mark_uploaded", id, step, record).await
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

    async fn publish(
        &self,
        id: AssetId,
        package: PackageId,
        film: (u64, &Quota),
        record: &Record,
    ) -> Stored<Charged> {
        let request = || {
            let request = self.transition(id, AssetState::Ready);
            of_run(request.expression_attribute_names("#runs", "runs"), package)
        };
        let step = |seen: &Asset| Step {
            set: format!("#state = :to, {TO_SHELF}"),
            remove: vec!["lease_until", "#runs"],
            after: seen.charge.map(|charge| Charge {
                seconds: film.0,
                ..charge
            }),
            request: request(),
        };
        let step = |seen: &Asset| is_run_of(seen, package).then(|| step(seen));
        self.published(id, step, film, record).await
    }

    async fn fail(
        &self,
        id: AssetId,
        package: Option<PackageId>,
        failure: &Failure,
        record: &Record,
    ) -> Stored<Change> {
        let step = |seen: &Asset| {
            let request = self.transition(id, AssetState::Failed);
            // The runs stay on record until their segments and keys are gone.
            let (request, admits) = match package {
                Some(package) => (of_run(request, package), is_run_of(seen, package)),
                None => (before_ready(request), is_before_ready(seen)),
            };
            admits.then(|| Step::failed(request, seen, failure))
        };
        self.counted("assets.fail", id, step, record).await
    }

    async fn withdraw(&self, id: AssetId, record: &Record) -> Stored<Change> {
        let step = |seen: &Asset| {
            let request = self.transition(id, AssetState::Withdrawn);
            let request =
                request.condition_expression("attribute_exists(#state) AND #state <> :to");
            let set = format!("#state = :to, {TO_SHELF}");
            let step = Step::settled(request, seen, set).without("lease_until");
            (seen.state != AssetState::Withdrawn).then_some(step)
        };
        self.counted("assets.withdraw", id, step, record).await
    }
}

fn is_run_of(seen: &Asset, package: PackageId) -> bool {
    seen.state == AssetState::Processing && seen.package == Some(package)
}

const fn is_before_ready(seen: &Asset) -> bool {
    use AssetState as S;
    matches!(seen.state, S::Uploading | S::Uploaded | S::Processing)
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
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::super::assets_record::tests::announced;
    use super::super::assets_record::to_item;
    use super::super::audit_record;
    use super::*;
    use crate::replay::Replay;

    fn record(state: &str, package: PackageId, previous: PackageId) -> String {
        format!(
            r#"{{"pk":{{"S":"x"}},"state":{{"S":"{state}"}},"package":{{"S":"{package}"}},"runs":{{"L":[{{"S":"{previous}"}},{{"S":"{package}"}}]}}}}"#
        )
    }

    /// The answer to a read of this record.
    fn shown(item: &Item) -> String {
        fn value(value: &AttributeValue) -> serde_json::Value {
            match value {
                AttributeValue::S(text) => serde_json::json!({ "S": text }),
                AttributeValue::N(digits) => serde_json::json!({ "N": digits }),
                AttributeValue::M(entries) => serde_json::json!({ "M": object(entries) }),
                other => unreachable!("{other:?} is in no new asset"),
            }
        }
        fn object(item: &Item) -> serde_json::Value {
            let entries = item.iter();
            let entries = entries.map(|(name, content)| (name.clone(), value(content)));
            serde_json::Value::Object(entries.collect())
        }
        serde_json::json!({ "Item": object(item) }).to_string()
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
        let ours = PackageId::from_octets([1; 16]);
        for package in [None, Some(ours)] {
            let mut there = to_item(&announced());
            there.insert("state".to_owned(), text("processing"));
            there.insert("package".to_owned(), text(ours.to_string()));
            there.remove("counted_upload");
            let replay = Replay::of(&[(200, &shown(&there)), (200, "{}")]);
            let client = Client::new(&replay.config());
            let records = DynamoRecords::new(client.clone(), "audit");
            let assets = DynamoAssets::new(client, "assets", records).counted_in("usage");
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
            let written = replay.body(1);
            assert_eq!(written.contains("#package = :package"), package.is_some());
            assert!(!written.contains("usage"), "what it counts for stays");
        }
    }
}
