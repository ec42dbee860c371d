//! After the end: nothing that is stored anywhere decrypts, and what came late goes too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use vault_domain::asset::{NewAsset, manifest_key, rendition_key, segment_key};
use vault_domain::id::{AssetId, KeyId, PackageId};
use vault_domain::ladder::VariantId;
use vault_domain::ports::{
    Assets as _, Claim, ContentKeys as _, Gone, Keeping, KeyErasure, MediaWrites as _, Shares,
    StoreError,
};
use vault_domain::time::Timestamp;
use vault_domain::usecase::process_upload;
use vault_testkit::clock::FixedClock;
use vault_testkit::cloud::Object;
use vault_testkit::share::share;

use super::*;

/// Whatever is left of an asset, by where it is.
fn left(kit: &Kit, id: AssetId) -> Vec<String> {
    let (state, name) = (kit.cloud.snapshot(), id.to_string());
    let named = |key: &&String| key.contains(&name);
    let mut left = Vec::new();
    left.extend(
        state
            .assets
            .keys()
            .filter(|of| **of == id)
            .map(|_| "asset".to_owned()),
    );
    left.extend(
        state
            .keys
            .keys()
            .filter(|(of, _)| *of == id)
            .map(|_| "key".to_owned()),
    );
    let shares = state.shares.keys().filter(|(of, _)| *of == id);
    left.extend(shares.map(|(_, share)| share.to_string()));
    left.extend(state.segments.keys().filter(named).cloned());
    left.extend(state.manifests.keys().filter(named).cloned());
    left.extend(state.uploads.objects.keys().filter(named).cloned());
    left.extend(
        state
            .noncurrent
            .iter()
            .map(|(key, _)| key)
            .filter(named)
            .cloned(),
    );
    let uploads = state.uploads.multiparts.values();
    left.extend(uploads.map(|upload| &upload.key).filter(named).cloned());
    left
}

fn packaged() -> (Kit, NewAsset) {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    let new = builders::new_asset(&film);
    kit.plant_arrived(new.clone(), film);
    let done = now(process_upload::run(&kit.process_upload(), delivery(&kit)));
    assert_eq!(done.unwrap(), process_upload::Outcome::Ready);
    (kit, new)
}

fn delivery(kit: &Kit) -> process_upload::Command {
    process_upload::Command {
        org: ORG,
        asset: ASSET,
        deadline: kit.clock.now().plus(900),
        last_try: false,
        request: "req-3".to_owned(),
    }
}

#[test]
fn after_the_end_nothing_that_is_stored_anywhere_decrypts() {
    let (kit, _) = packaged();
    // A hundred keys and segments of others stay as they are.
    let other = PackageId::from_octets([0x44; 16]);
    let foreign = AssetId::from_octets([0x55; 16]);
    now(kit.cloud.put_segment(
        foreign,
        other,
        (vault_domain::packaging::Stream::Main, 1),
        vec![1; 9],
    ))
    .unwrap();
    // A file to download, which nothing encrypts.
    let variant = VariantId {
        lines: 720,
        attempt: 1,
    };
    let file = rendition_key((ORG, ASSET), other, variant);
    kit.cloud.with(|s| {
        let object = Object::new(b"pictures".to_vec());
        s.uploads.objects.insert(file.clone(), object);
    });
    assert!(left(&kit, ASSET).contains(&file));
    let shared = share();
    let record = builders::record();
    assert_eq!(
        now(Shares::create(&*kit.cloud, &shared, &record)).unwrap(),
        Keeping::Kept
    );
    let id = shared.id.to_string();
    assert!(left(&kit, ASSET).len() > 4 && left(&kit, ASSET).contains(&id));
    delete(&kit).unwrap();
    assert_eq!(sweep(&kit).unwrap().erased, 0, "not before its time");
    wait(&kit);
    let run = sweep(&kit).unwrap();
    assert_eq!((run.erased, run.finished), (1, true));
    assert_eq!(left(&kit, ASSET), Vec::<String>::new());
    assert_eq!(
        kit.leaks(),
        Vec::<String>::from([format!(
            "{} of a dead package",
            segment_key(foreign, other, vault_domain::packaging::Stream::Main, 1)
        )])
    );
    let state = kit.cloud.snapshot();
    let stone = state.tombstones[&ASSET];
    assert_eq!((stone.org, stone.erased_at), (ORG, kit.clock.now()));
    let record = state.audit.iter().find(|r| r.event == Event::AssetErased);
    let details: Vec<_> = record.unwrap().details.iter().collect();
    let count = |name: &str| details.iter().find(|(of, _)| *of == name).unwrap().1;
    assert_ne!(
        (count("keys"), count("media"), count("source")),
        ("0", "0", "0")
    );
    assert_eq!(count("shares"), "1");
    assert_eq!(recorded(&kit, Event::AssetErasing), 1);
    assert!(now(kit.cloud.get(ASSET)).unwrap().is_none());
}

#[test]
fn a_packager_that_runs_on_while_its_film_is_erased_leaves_nothing() {
    let kit = kit();
    kit.change_asset(|asset| asset.state = AssetState::Uploaded);
    let (package, lease) = (
        PackageId::from_octets([0x66; 16]),
        kit.clock.now().plus(900),
    );
    let claim = now(kit.cloud.claim(
        ASSET,
        package,
        (kit.clock.now(), lease),
        &builders::record(),
    ))
    .unwrap();
    assert!(matches!(claim, Claim::Claimed { .. }));
    delete(&kit).unwrap();
    wait(&kit);
    sweep(&kit).unwrap();
    // It is still at it, and dies before it hears that its film is gone.
    now(kit.cloud.put_segment(
        ASSET,
        package,
        (vault_domain::packaging::Stream::Main, 0),
        vec![5; 9],
    ))
    .unwrap();
    now(kit
        .cloud
        .put_manifest(ASSET, package, &builders::manifest()))
    .unwrap();
    let key = kit.cloud.with(|s| {
        s.segments.contains_key(&segment_key(
            ASSET,
            package,
            vault_domain::packaging::Stream::Main,
            0,
        ))
    });
    assert!(
        key && kit.cloud.with(|s| s
            .manifests
            .contains_key(&manifest_key(ASSET, package, None)))
    );
    let wrapped = vault_testkit::Sample::new(3).wrapped_key(ASSET, package);
    now(kit.cloud.put(&wrapped)).unwrap();
    let published =
        now(kit
            .cloud
            .publish(ASSET, package, (6, &builders::QUOTA), &builders::record()))
        .unwrap();
    assert_eq!(published, vault_domain::ports::Charged::NotApplied);
    kit.clock.advance(2 * 3_600);
    sweep(&kit).unwrap();
    assert_eq!(left(&kit, ASSET), Vec::<String>::new());
    let state = kit.cloud.snapshot();
    let erased = state.audit.iter().filter(|r| r.event == Event::AssetErased);
    let late = erased.filter(|r| r.details.iter().any(|of| of == ("late", "true")));
    assert_eq!(late.count(), 1, "what came late is on record");
    assert!(state.dues.is_empty(), "and that was the last look");
    assert!(state.tombstones.contains_key(&ASSET), "the tombstone stays");
}

#[test]
fn an_upload_that_arrives_after_the_end_becomes_nothing_and_goes_too() {
    let (kit, new) = packaged();
    delete(&kit).unwrap();
    wait(&kit);
    sweep(&kit).unwrap();
    kit.cloud.plant_source(&new, builders::film(1_000));
    let done = now(process_upload::run(&kit.process_upload(), delivery(&kit)));
    assert_eq!(done.unwrap(), process_upload::Outcome::Nothing);
    kit.clock.advance(2 * 3_600);
    sweep(&kit).unwrap();
    assert_eq!(left(&kit, ASSET), Vec::<String>::new());
}

/// Keys of which those of one asset cannot be removed, or of which each removal takes a while.
struct Odd {
    kit: Arc<vault_testkit::cloud::FakeCloud>,
    poison: Option<AssetId>,
    clock: Arc<FixedClock>,
    takes: u64,
    asked: AtomicU32,
}

#[async_trait]
impl KeyErasure for Odd {
    async fn erase_keys(&self, asset: AssetId) -> Stored<Gone> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.clock.advance(self.takes);
        if self.poison == Some(asset) {
            return Err(StoreError::new("keys.erase", "poison"));
        }
        self.kit.erase_keys(asset).await
    }
}

fn odd(kit: &Kit, poison: Option<AssetId>, takes: u64) -> Arc<Odd> {
    Arc::new(Odd {
        kit: kit.cloud.clone(),
        poison,
        clock: kit.clock.clone(),
        takes,
        asked: AtomicU32::new(0),
    })
}

#[test]
fn an_asset_that_cannot_be_erased_stands_in_nobodys_way() {
    let kit = kit();
    let other = AssetId::from_octets([0x77; 16]);
    kit.plant(Asset {
        announced: NewAsset {
            id: other,
            ..builders::new_asset(&builders::film(9))
        },
        ..builders::asset(AssetState::Ready)
    });
    delete(&kit).unwrap();
    kit.clock.advance(60);
    now(deletion::delete(&kit.deletion(), &builders::ask(), other)).unwrap();
    wait(&kit);
    let deps = vault_domain::usecase::sweep_assets::Deps {
        keys: odd(&kit, Some(ASSET), 0),
        ..kit.sweep_assets()
    };
    assert!(now(run(&deps, &command(&kit))).is_err(), "it is told");
    assert!(kit.cloud.with(|s| s.tombstones.contains_key(&other)));
    assert!(matches!(presence(&kit), Presence::Erasing(_)));
    assert!(
        now(run(&deps, &command(&kit))).is_ok(),
        "it is tried again later"
    );
    kit.clock.advance(3_600);
    sweep(&kit).unwrap();
    assert!(kit.cloud.with(|s| s.tombstones.contains_key(&ASSET)));
}

#[test]
fn a_run_ends_in_time_and_the_next_goes_on() {
    let kit = kit();
    let sample = vault_testkit::Sample::new(5);
    for _ in 0..9 {
        now(kit.cloud.put(&sample.wrapped_key(ASSET, builders::PACKAGE))).unwrap();
    }
    delete(&kit).unwrap();
    wait(&kit);
    let keys = odd(&kit, None, 300);
    let deps = vault_domain::usecase::sweep_assets::Deps {
        keys: keys.clone(),
        ..kit.sweep_assets()
    };
    let mut runs = 0;
    while kit.cloud.with(|s| s.tombstones.is_empty()) {
        let done = now(run(&deps, &command(&kit))).unwrap();
        assert_eq!(done.finished, done.erased == 1);
        runs += 1;
        assert!(runs < 9, "each run gets on with it");
    }
    assert!(runs > 1 && keys.asked.load(Ordering::SeqCst) > 4);
    assert_eq!(left(&kit, ASSET), Vec::<String>::new());
    let none = Command {
        deadline: Timestamp(0),
        ..command(&kit)
    };
    let late = now(run(&kit.sweep_assets(), &none)).unwrap();
    assert_eq!(late.erased, 0);
    let _ = KeyId::PREFIX;
}
