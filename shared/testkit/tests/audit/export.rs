//! Exports.

use vault_domain::audit::{Broken, Link, Sealed, key, verify};
use vault_domain::id::OrgId;
use vault_domain::ports::{AuditExports as _, Clock as _};
use vault_domain::usecase::export_audit::{self, Run};
use vault_testkit::sweep::Scenario;
use vault_testkit::{Kit, builders};

use super::{NEVER, export, now, records, seal, waiting};

fn sealed() -> Kit {
    let kit = waiting(0..4);
    seal(&kit);
    kit
}

fn keys(kit: &Kit) -> Vec<String> {
    let state = kit.cloud.snapshot();
    state.chains.archive.into_keys().collect()
}

#[test]
fn what_is_sealed_is_exported_once_at_every_cut() {
    Scenario::new("export_audit", sealed, async |kit: &Kit, _| {
        let run = export_audit::run(&kit.export_audit(), NEVER).await;
        run.map(|run| format!("finished {}", run.finished))
            .map_err(|error| error.to_string())
    })
    .hold();
}

#[test]
fn an_export_that_was_begun_is_the_same_whatever_was_sealed_meanwhile() {
    let kit = sealed();
    let begun = now(kit.cloud.begin(builders::ORG, 0, 3));
    begun.unwrap();
    let more = records(8, builders::ORG, 4..6);
    kit.cloud.with(|s| s.audit.extend(more));
    seal(&kit);
    let run = export(&kit);
    let (exports, finished) = (2, true);
    assert_eq!(run, Run { exports, finished });
    let expected = [(1, 3), (4, 6)].map(|(first, last)| key(builders::ORG, first, last));
    assert_eq!(keys(&kit), expected);
    assert_eq!(export(&kit).exports, 0, "nothing is new");
}

#[test]
fn each_organisation_has_its_own_exports_and_all_prove_themselves() {
    let kit = sealed();
    let orgs: Vec<_> = (1..=7).map(|n| OrgId::from_octets([n; 16])).collect();
    for (seed, org) in (20..).zip(&orgs) {
        let own = records(seed, *org, 0..4);
        kit.cloud.with(|s| s.audit.extend(own));
    }
    seal(&kit);
    assert_eq!(export(&kit).exports, 8);
    for (key, text) in kit.cloud.snapshot().chains.archive {
        let checked = verify::check(&*kit.hashing, text.as_bytes(), &[]).unwrap();
        assert_eq!(checked.faults, [], "{key}");
        assert!(key.contains(&checked.org.to_string()));
    }
}

#[test]
fn a_broken_chain_is_told_and_stops_no_other() {
    let kit = sealed();
    let other = OrgId::from_octets([0xff; 16]);
    let own = records(8, other, 0..4);
    kit.cloud.with(|s| s.audit.extend(own));
    seal(&kit);
    kit.cloud.with(|s| s.audit[1].target = "another".to_owned());
    let run = now(export_audit::run(&kit.export_audit(), NEVER));
    let error = run.unwrap_err();
    assert_eq!(error.source.to_string(), "the chain is broken at record 2");
    assert_eq!(keys(&kit), [key(other, 1, 4)]);
    kit.cloud.with(|s| drop(s.audit.remove(1)));
    now(export_audit::run(&kit.export_audit(), NEVER)).unwrap_err();
    assert_eq!(keys(&kit).len(), 1);
}

#[test]
fn a_run_ends_before_its_time_and_says_so() {
    let kit = sealed();
    let soon = kit.clock.now().plus(60);
    let run = now(export_audit::run(&kit.export_audit(), soon)).unwrap();
    let (exports, finished) = (0, false);
    assert_eq!(run, Run { exports, finished });
    assert_eq!(export(&kit).exports, 1);
}

#[test]
fn an_export_holds_nothing_that_does_not_follow() {
    let kit = Kit::new(1);
    let hashing = &*kit.hashing;
    let genesis = Link::genesis(hashing, builders::ORG);
    let mut last = genesis;
    let link = |record| {
        last = last.next(hashing, &record);
        Sealed { record, link: last }
    };
    let chain: Vec<_> = records(7, builders::ORG, 0..3)
        .into_iter()
        .map(link)
        .collect();
    let export =
        |records: &[Sealed]| vault_domain::audit::export(hashing, builders::ORG, &genesis, records);
    assert!(export(&chain).unwrap().is_some());
    assert_eq!(export(&[]), Ok(None));
    assert_eq!(export(&chain[1..]), Err(Broken(1)));
    let mut moved = chain.clone();
    moved.swap(1, 2);
    assert_eq!(export(&moved), Err(Broken(2)));
}
