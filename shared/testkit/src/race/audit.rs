//! Many sealers and exporters of the same chains at once.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::audit::{self, Link, verify};
use vault_domain::id::OrgId;
use vault_domain::time::Timestamp;
use vault_domain::usecase::{export_audit, seal_audit};

use super::{Way, together};
use crate::contract::audit_record;
use crate::entropy::SeedNote;
use crate::kit::Kit;
use crate::sample::Sample;

/// Records of each of two organisations.
const RECORDS: u64 = 250;
/// Who runs at once.
const SEALERS: usize = 6;
const NEVER: Timestamp = Timestamp(u64::MAX);

/// Sealers of the same records, twice over: each record has one place, and no chain forks or skips.
pub async fn race_sealers(kit: &Kit, seed: u64, way: Way) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let orgs = [(); 2].map(|()| OrgId::from_octets(sample.0.octets()));
    let write = |numbers: std::ops::Range<u64>| {
        let all = numbers.flat_map(|n| orgs.map(|org| audit_record(&sample, org, n)));
        let all: Vec<_> = all.collect();
        kit.cloud.with(|s| s.audit.extend(all));
    };
    for half in [0..RECORDS / 2, RECORDS / 2..RECORDS] {
        write(half);
        let deps = Arc::new(kit.seal_audit());
        let runners = (0..SEALERS).map(|_| {
            let deps = Arc::clone(&deps);
            let runner: BoxFuture<'static, usize> = Box::pin(async move {
                let run = seal_audit::run(&deps, NEVER).await;
                run.expect("a run").records
            });
            runner
        });
        let sealed = together(way, runners.collect()).await;
        // Who lost too often leaves the rest to the next run.
        let rest = seal_audit::run(&deps, NEVER).await.expect("a run");
        let all: usize = sealed.into_iter().sum();
        assert_eq!((all + rest.records) as u64, RECORDS, "each once");
    }
    race_exporters(kit, way).await;
    for org in orgs {
        holds(kit, org);
    }
}

async fn race_exporters(kit: &Kit, way: Way) {
    let deps = Arc::new(kit.export_audit());
    let runners = (0..3).map(|_| {
        let deps = Arc::clone(&deps);
        let runner: BoxFuture<'static, ()> = Box::pin(async move {
            let run = export_audit::run(&deps, NEVER).await;
            assert!(run.expect("a run").finished);
        });
        runner
    });
    together(way, runners.collect()).await;
}

/// The exports prove themselves, and are whole.
fn holds(kit: &Kit, org: OrgId) {
    let state = kit.cloud.snapshot();
    let hashing = &*kit.hashing;
    let own = state.chains.archive.iter();
    let own = own.filter(|(key, _)| key.starts_with(&format!("audit/{org}/")));
    let checked = own.map(|(_, text)| verify::check(hashing, text.as_bytes(), &[]));
    let checked: Vec<_> = checked.map(|file| file.expect("an export")).collect();
    assert!(checked.iter().all(|file| file.faults.is_empty()));
    let files: Vec<_> = checked.iter().collect();
    let (end, faults) = verify::join(hashing, &files, None, &[]);
    assert_eq!(faults, []);
    let last = Link::genesis(hashing, org).sequence + RECORDS;
    assert_eq!(end.map(|link| link.sequence), Some(last));
    let key = audit::key(org, 1, last);
    assert!(state.chains.archive.contains_key(&key), "one export");
}
