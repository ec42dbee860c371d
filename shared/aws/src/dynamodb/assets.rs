//! The table of assets: each change of state is one conditional write, and most are recorded in the same transaction.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use vault_domain::asset::{Asset, AssetState, Failure, NewAsset};
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ports::{Assets, Change, Charged, Claim, Reservation, StoreError, Stored};
use vault_domain::quota::{Charge, Quota};
use vault_domain::time::Timestamp;

use super::assets_counted::{Step, TRIES, unsettled};
use super::assets_record::asset;
use super::library_record::{NO_SHELF, TO_SHELF};
use super::record::{PK, number, text, texts_of, time};
use super::records::{self, DynamoRecords};
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

    /// `uploaded`, or `processing` under a lease that is over → `processing` of this run, by the runs that were seen.
    fn claiming(
        &self,
        seen: &Asset,
        package: PackageId,
        (now, until): (Timestamp, Timestamp),
    ) -> UpdateItemFluentBuilder {
        let mut runs = seen.runs.clone();
        runs.push(package);
        let request = self.transition(seen.id(), AssetState::Processing);
        let state = if seen.state == AssetState::Uploaded {
            "#state = :from"
        } else {
            "#state = :from AND (attribute_not_exists(lease_until) OR lease_until <= :now)"
        };
        let known = if seen.runs.is_empty() {
            "attribute_not_exists(#runs)"
        } else {
            "#runs = :seen"
        };
        let mut request = request
            .update_expression(format!(
                "SET #state = :to, {TO_SHELF}, #package = :package, lease_until = :lease, #runs = :runs, progress = :none",
            ))
            .condition_expression(format!("{state} AND {known}"))
            .expression_attribute_names("#package", "package")
            .expression_attribute_names("#runs", "runs")
            .expression_attribute_values(":package", text(package.to_string()))
            .expression_attribute_values(":lease", time(until))
            .expression_attribute_values(":runs", texts_of(&runs))
            .expression_attribute_values(":none", number(0_u8));
        if !seen.runs.is_empty() {
            request = request.expression_attribute_values(":seen", texts_of(&seen.runs));
        }
        if seen.state != AssetState::Uploaded {
            request = request.expression_attribute_values(":now", time(now));
        }
        from_states(request, &[(":from", seen.state)])
    }

    pub(super) fn update(&self, id: AssetId) -> UpdateItemFluentBuilder {
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

pub(super) async fn change(
    operation: &'static str,
    request: UpdateItemFluentBuilder,
) -> Stored<Change> {
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

    /// A claim that took effect before, and whose reply was lost, finds itself.
    async fn claim(
        &self,
        id: AssetId,
        package: PackageId,
        lease: (Timestamp, Timestamp),
        record: &Record,
    ) -> Stored<Claim> {
        const OPERATION: &str = "assets.claim";
        for _ in 0..TRIES {
            let Some(seen) = self.get(id).await? else {
                return Ok(Claim::NotClaimed);
            };
            if is_run_of(&seen, package) {
                let mut previous = seen.runs;
                previous.retain(|run| *run != package);
                return Ok(Claim::Claimed { previous });
            }
            let is_over = seen.lease_until.is_none_or(|until| until <= lease.0);
            let begins = seen.state == AssetState::Uploaded;
            let overtakes = seen.state == AssetState::Processing && is_over;
            if !begins && !overtakes {
                return Ok(Claim::NotClaimed);
            }
            let request = self.claiming(&seen, package, lease);
            let change = if begins {
                let writes = records::update(&request).map(|write| vec![write]);
                self.records.with(OPERATION, writes, record).await?
            } else {
                change(OPERATION, request).await?
            };
            if change == Change::Applied {
                let previous = seen.runs;
                return Ok(Claim::Claimed { previous });
            }
        }
        Err(unsettled(OPERATION))
    }

    async fn progress(&self, id: AssetId, package: PackageId, percent: u8) -> Stored<Change> {
        let request = of_run(self.update(id), package)
            .update_expression("SET progress = :percent")
            .condition_expression(
                "#state = :processing AND #package = :package AND (attribute_not_exists(progress) OR progress < :percent)",
            )
            .expression_attribute_values(":percent", number(percent));
        change("assets.progress", request).await
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

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::super::assets_record::tests::announced;
    use super::super::assets_record::to_item;
    use super::super::audit_record;
    use super::super::record::Item;
    use super::*;
    use crate::replay::{Replay, cancelled};

    fn shown_value(value: &AttributeValue) -> serde_json::Value {
        fn object(item: &Item) -> serde_json::Value {
            let entries = item.iter();
            let entries = entries.map(|(name, content)| (name.clone(), shown_value(content)));
            serde_json::Value::Object(entries.collect())
        }
        match value {
            AttributeValue::S(text) => serde_json::json!({ "S": text }),
            AttributeValue::N(digits) => serde_json::json!({ "N": digits }),
            AttributeValue::M(entries) => serde_json::json!({ "M": object(entries) }),
            AttributeValue::L(values) => {
                let values: Vec<_> = values.iter().map(shown_value).collect();
                serde_json::json!({ "L": values })
            }
            other => unreachable!("{other:?} is in no new asset"),
        }
    }

    /// The answer to a read of this record.
    fn shown(item: &Item) -> String {
        let record = AttributeValue::M(item.clone());
        serde_json::json!({ "Item": shown_value(&record)["M"] }).to_string()
    }

    fn in_state(state: &str, package: PackageId, runs: &[PackageId]) -> String {
        let mut there = to_item(&announced());
        there.insert("state".to_owned(), text(state));
        there.insert("package".to_owned(), text(package.to_string()));
        there.insert("runs".to_owned(), texts_of(runs));
        shown(&there)
    }

    #[tokio::test]
    async fn a_claim_whose_first_try_took_effect_is_told_again_with_what_it_displaced() {
        let [ours, dead, other] = [1, 2, 3].map(|octet| PackageId::from_octets([octet; 16]));
        let before = in_state("uploaded", dead, &[dead]);
        let unmet = cancelled(&["ConditionalCheckFailed", "None"]);
        for (after, claimed) in [
            (None, true),
            (Some(in_state("processing", ours, &[dead, ours])), true),
            (Some(in_state("ready", ours, &[])), false),
            (Some(in_state("withdrawn", other, &[dead, other])), false),
        ] {
            let mut answers = vec![(200, before.as_str())];
            match &after {
                None => answers.push((200, "{}")),
                Some(after) => answers.extend([(400, unmet.as_str()), (200, after.as_str())]),
            }
            let replay = Replay::of(&answers);
            let client = Client::new(&replay.config());
            let records = DynamoRecords::new(client.clone(), "audit");
            let assets = DynamoAssets::new(client, "assets", records);
            let lease = (Timestamp(1), Timestamp(2));
            let record = audit_record::tests::record();
            let claim = assets.claim(announced().id, ours, lease, &record).await;
            let claim = claim.unwrap();
            let told = matches!(&claim, Claim::Claimed { previous } if *previous == [dead]);
            assert_eq!(told, claimed, "{claim:?}");
            assert!(replay.body(1).contains("\"audit\""), "it is recorded");
        }
    }

    #[tokio::test]
    async fn a_run_that_takes_over_changes_no_state_and_is_not_recorded() {
        let [ours, dead] = [1, 2].map(|octet| PackageId::from_octets([octet; 16]));
        let before = in_state("processing", dead, &[dead]);
        let replay = Replay::of(&[(200, before.as_str()), (200, "{}")]);
        let client = Client::new(&replay.config());
        let records = DynamoRecords::new(client.clone(), "audit");
        let assets = DynamoAssets::new(client, "assets", records);
        let lease = (Timestamp(1), Timestamp(2));
        let record = audit_record::tests::record();
        let claim = assets.claim(announced().id, ours, lease, &record).await;
        assert!(matches!(claim, Ok(Claim::Claimed { previous }) if previous == [dead]));
        assert!(!replay.body(1).contains("\"audit\""));
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
