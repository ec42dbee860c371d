//! Keys under the new master key.

use std::collections::BTreeMap;

use vault_domain::asset::AssetState;
use vault_domain::id::KeyId;
use vault_domain::ports::{Change, Clock as _, KeyWrap as _, Rewraps};
use vault_domain::rotation::{OVERLAP, Pass};
use vault_domain::secret::ContentKey;
use vault_domain::time::Timestamp;
use vault_domain::usecase::rewrap_keys;
use vault_testkit::sweep::Scenario;
use vault_testkit::{Kit, Sample, builders};

use super::{now, time};

const NEVER: Timestamp = Timestamp(u64::MAX);
const SINCE: Timestamp = Timestamp(1);

/// A world with so many keys under `1`, and one under `2` and under `3` each.
fn wrapped(count: usize) -> Kit {
    let (kit, sample) = (Kit::with_users(1), Sample::new(3));
    kit.plant(builders::asset(AssetState::Ready));
    let (asset, package) = (builders::ASSET, builders::PACKAGE);
    for number in 0..count + 2 {
        let master = match number.checked_sub(count) {
            None => "1",
            Some(0) => "2",
            Some(_) => "3",
        };
        let wrap = kit.rewrap_keys_under(master, SINCE, None).wrap;
        let content = ContentKey::new(sample.0.octets());
        let id = KeyId::from_octets(sample.0.octets());
        let key = wrap.wrap(&content, asset, id, package, sample.0.octets());
        kit.cloud.with(|s| s.keys.insert((asset, id), key.unwrap()));
    }
    kit
}

/// What each key opens to, and under which master.
fn opened(kit: &Kit) -> BTreeMap<KeyId, (String, Option<[u8; 16]>)> {
    let keys = kit.cloud.snapshot().keys;
    let opened = keys.into_values().map(|key| {
        let content = kit.wrap.unwrap(&key).ok();
        (key.key, (key.master, content.map(|c| *c.expose())))
    });
    opened.collect()
}

fn masters(kit: &Kit) -> Vec<String> {
    let mut masters: Vec<_> = opened(kit)
        .into_values()
        .map(|(master, _)| master)
        .collect();
    masters.sort();
    masters.dedup();
    masters
}

fn run(kit: &Kit) -> Pass {
    let deps = kit.rewrap_keys_under("2", SINCE, Some("3"));
    now(rewrap_keys::run(&deps, NEVER)).unwrap()
}

#[test]
fn every_key_under_an_old_master_is_brought_under_the_current_one_and_opens_to_the_same() {
    let kit = wrapped(230);
    let before = opened(&kit);
    let pass = run(&kit);
    assert!(pass.finished);
    assert_eq!((pass.seen, pass.rewrapped, pass.unreadable), (232, 230, 0));
    assert_eq!(masters(&kit), ["2", "3"], "the next one's stays as it is");
    let after = opened(&kit);
    assert!(after.values().all(|(_, content)| content.is_some()));
    let contents = |keys: &BTreeMap<KeyId, (String, Option<[u8; 16]>)>| {
        let contents = keys.iter().map(|(key, (_, content))| (*key, *content));
        contents.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(contents(&before), contents(&after));
    let nonces: std::collections::BTreeSet<_> = kit
        .cloud
        .snapshot()
        .keys
        .values()
        .map(|key| key.nonce)
        .collect();
    assert_eq!(nonces.len(), 232, "no nonce comes twice");
}

#[test]
fn all_keys_are_brought_over_at_every_cut() {
    let attempt = async |kit: &Kit, _| {
        let deps = kit.rewrap_keys_under("2", SINCE, Some("3"));
        let pass = rewrap_keys::run(&deps, NEVER).await;
        let pass = pass.map_err(|error| error.to_string())?;
        // A key that could not be opened this time: the next run goes over all of them again.
        if pass.unreadable > 0 {
            return Err("some could not be opened".to_owned());
        }
        Ok(format!("finished {}", pass.finished))
    };
    let end = |kit: &Kit| {
        let keys = opened(kit).into_iter();
        let keys = keys.map(|(key, (master, content))| format!("{key} {master} {content:?}"));
        let over = kit
            .cloud
            .snapshot()
            .pass
            .map(|pass| (pass.current, pass.finished));
        keys.chain([format!("{over:?}")]).collect()
    };
    Scenario::new("rewrap_keys", || wrapped(5), attempt)
        .end(end)
        .hold();
}

#[test]
fn a_run_ends_before_its_time_and_the_next_one_goes_on() {
    let kit = wrapped(230);
    let deps = kit.rewrap_keys_under("2", SINCE, Some("3"));
    let soon = kit.clock.now().plus(20);
    let pass = now(rewrap_keys::run(&deps, soon)).unwrap();
    assert_eq!((pass.finished, pass.seen), (false, 0));
    // A run that died after its first page.
    let mut begun = pass;
    let page = now(Rewraps::page(&*kit.cloud, None)).unwrap();
    (begun.after, begun.seen) = (page.next, 100);
    kit.cloud.with(|s| s.pass = Some(begun));
    let rest = run(&kit);
    assert_eq!((rest.finished, rest.seen), (true, 232));
}

#[test]
fn a_key_that_is_erased_meanwhile_stays_erased() {
    let kit = wrapped(4);
    let page = now(Rewraps::page(&*kit.cloud, None)).unwrap();
    // What another function erases between the page and the write.
    kit.cloud
        .with(|s| s.keys.retain(|_, key| key.master != "1"));
    let left = kit.cloud.snapshot();
    for key in &page.keys {
        let replaced = now(Rewraps::replace(&*kit.cloud, key, key)).unwrap();
        let is_there = key.master != "1";
        assert_eq!(replaced == Change::Applied, is_there);
    }
    assert_eq!(kit.cloud.snapshot(), left);
}

#[test]
fn a_key_that_cannot_be_opened_is_told_of_and_stops_no_other() {
    let kit = wrapped(4);
    let broken = kit.cloud.with(|s| {
        let key = s.keys.values_mut().find(|key| key.master == "1").unwrap();
        key.sealed[0] ^= 1;
        key.key
    });
    let pass = run(&kit);
    assert_eq!(
        (pass.finished, pass.rewrapped, pass.unreadable),
        (true, 3, 1)
    );
    assert!(!pass.proves("2", SINCE));
    assert_eq!(opened(&kit)[&broken], ("1".to_owned(), None), "as it was");
}

#[test]
fn a_pass_is_made_again_until_it_began_when_nobody_could_wrap_under_an_old_master() {
    let kit = wrapped(2);
    let since = time(&kit);
    let run = || {
        let deps = kit.rewrap_keys_under("2", since, Some("3"));
        now(rewrap_keys::run(&deps, NEVER)).unwrap()
    };
    let first = run();
    assert!(first.finished && !first.proves("2", since));
    kit.clock.advance(OVERLAP);
    let second = run();
    assert!(second.begun_at > first.begun_at && second.proves("2", since));
    kit.clock.advance(OVERLAP);
    assert_eq!(run(), second, "there is nothing more to show");
    let calls = kit.cloud.calls();
    assert_eq!(
        calls.iter().filter(|name| **name == "rewraps.page").count(),
        2
    );
    // Another version takes over: everything is gone over again.
    let deps = kit.rewrap_keys_under("3", time(&kit), Some("4"));
    assert_eq!(now(rewrap_keys::run(&deps, NEVER)).unwrap().current, "3");
    assert_eq!(masters(&kit), ["3"]);
}
