//! Sealing.

use vault_domain::audit::{Link, Place};
use vault_domain::id::OrgId;
use vault_domain::ports::{Clock as _, Hashing as _};
use vault_domain::usecase::seal_audit::{self, Run};
use vault_testkit::sweep::{Answer, Scenario};
use vault_testkit::{Kit, builders};

use super::{NEVER, now, records, seal, waiting};

async fn swept(kit: &Kit) -> Answer {
    let run = seal_audit::run(&kit.seal_audit(), NEVER).await;
    run.map(|run| format!("finished {}", run.finished))
        .map_err(|error| error.to_string())
}

#[test]
fn every_record_gets_one_place_at_every_cut() {
    Scenario::new(
        "seal_audit",
        || waiting(0..4),
        async |kit: &Kit, _| swept(kit).await,
    )
    .hold();
}

#[test]
fn the_chain_is_in_the_order_of_time_and_goes_on_where_it_ended() {
    let kit = waiting(0..7);
    kit.cloud.with(|s| s.audit.reverse());
    let finished = true;
    assert_eq!(
        seal(&kit),
        Run {
            records: 7,
            finished
        }
    );
    let late = records(8, builders::ORG, 2..4);
    kit.cloud.with(|s| s.audit.extend(late.iter().cloned()));
    assert_eq!(
        seal(&kit),
        Run {
            records: 2,
            finished
        }
    );
    assert_eq!(
        seal(&kit),
        Run {
            records: 0,
            finished
        }
    );
    let state = kit.cloud.snapshot();
    let mut all: Vec<_> = records(7, builders::ORG, 0..7);
    // Who comes late stands behind: what is chained is never moved.
    all.extend(late);
    let mut last = Link::genesis(&*kit.hashing, builders::ORG);
    for record in &all {
        last = last.next(&*kit.hashing, record);
        assert_eq!(state.chains.links.get(&record.id), Some(&last));
    }
    assert_eq!(state.chains.heads.get(&builders::ORG), Some(&last));
}

#[test]
fn organisations_have_chains_of_their_own() {
    let kit = waiting(0..5);
    let other = OrgId::from_octets([0x12; 16]);
    let foreign = records(9, other, 0..5);
    kit.cloud.with(|s| s.audit.extend(foreign));
    assert_eq!(seal(&kit).records, 10);
    let heads = kit.cloud.snapshot().chains.heads;
    assert!(heads.values().all(|head| head.sequence == 5));
    let genesis = |org| Link::genesis(&*kit.hashing, org);
    assert_ne!(genesis(other), genesis(builders::ORG));
    let text = format!("reelvault audit chain 1\0{other}");
    assert_eq!(genesis(other).hash, kit.hashing.sha256(text.as_bytes()).0);
}

#[test]
fn a_run_ends_before_its_time_and_the_next_one_goes_on() {
    let kit = waiting(0..5);
    let soon = kit.clock.now().plus(10);
    let run = now(seal_audit::run(&kit.seal_audit(), soon)).unwrap();
    let (records, finished) = (0, false);
    assert_eq!(run, Run { records, finished });
    assert_eq!(seal(&kit).records, 5);
}

#[test]
fn every_field_of_a_record_is_in_its_hash() {
    let kit = Kit::new(1);
    let record = records(7, builders::ORG, 1..2).remove(0);
    let genesis = Link::genesis(&*kit.hashing, builders::ORG);
    let hash = |record: &_| genesis.next(&*kit.hashing, record).hash;
    let other = records(8, OrgId::from_octets([9; 16]), 5..6).remove(0);
    let changes: [fn(&mut vault_domain::audit::Record, vault_domain::audit::Record); 12] = [
        |to, from| to.id = from.id,
        |to, from| to.org = from.org,
        |to, from| to.at = from.at,
        |to, _| to.event = vault_domain::audit::Event::AccessDenied,
        |to, from| to.author = from.author,
        |to, from| to.target = from.target,
        |to, from| to.asset = from.asset,
        |to, from| to.verdict = from.verdict,
        |to, _| to.source.address = None,
        |to, _| to.source.device = vault_domain::token::Device::of("other"),
        |to, from| to.source.request = from.source.request,
        |to, from| to.details = from.details,
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut another = record.clone();
        change(&mut another, other.clone());
        assert_ne!(hash(&another), hash(&record), "change {at}");
    }
    assert_eq!(Place::of(&record).at, record.at);
}
