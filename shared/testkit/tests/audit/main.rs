//! The record of what was done: chained, listed, exported, proven.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

mod export;
mod list;
mod proof;
mod seal;
mod worked;

use vault_domain::audit::Record;
use vault_domain::id::OrgId;
use vault_domain::time::Timestamp;
use vault_domain::usecase::{export_audit, seal_audit};
use vault_testkit::contract::audit_record;
use vault_testkit::{Kit, Sample, builders};

/// A deadline that never comes.
const NEVER: Timestamp = Timestamp(u64::MAX);

fn now<T>(future: impl Future<Output = T>) -> T {
    use futures_util::FutureExt as _;
    future.now_or_never().unwrap()
}

/// Records of an organisation.
fn records(seed: u64, org: OrgId, numbers: std::ops::Range<u64>) -> Vec<Record> {
    let sample = Sample::new(seed);
    numbers.map(|n| audit_record(&sample, org, n)).collect()
}

fn seal(kit: &Kit) -> seal_audit::Run {
    now(seal_audit::run(&kit.seal_audit(), NEVER)).unwrap()
}

fn export(kit: &Kit) -> export_audit::Run {
    now(export_audit::run(&kit.export_audit(), NEVER)).unwrap()
}

/// A world in which so many records of the golden organisation wait.
fn waiting(numbers: std::ops::Range<u64>) -> Kit {
    let kit = Kit::with_users(1);
    let all = records(7, builders::ORG, numbers);
    kit.cloud.with(|s| s.audit = all);
    kit
}
