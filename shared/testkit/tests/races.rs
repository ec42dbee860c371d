//! Races on the fakes: under many seeds of a random order, and on real threads.

use std::sync::Arc;

use vault_domain::asset::Asset;
use vault_domain::quota::Counted;
use vault_domain::usecase::{authorize_playback, begin_upload};
use vault_domain::webhook::Verdict;
use vault_testkit::Kit;
use vault_testkit::builders;
use vault_testkit::cloud::putter;
use vault_testkit::contract::Viewers;
use vault_testkit::race::{self, Setup, Way};
use vault_testkit::webhook::{WEBHOOK_URL, ready_order};

/// Seeds of the random order; each is a race of a hundred.
const SEEDS: std::ops::Range<u64> = 0..40;

fn kit(seed: u64) -> Kit {
    let kit = Kit::new(seed);
    kit.faults.interleave(true);
    kit
}

fn enrolled(seed: u64) -> Kit {
    let kit = Kit::with_users(seed);
    kit.faults.interleave(true);
    kit
}

fn setup(kit: &Kit) -> Setup<'_> {
    Setup {
        directory: &*kit.cloud,
        sessions: &*kit.cloud,
        assets: &*kit.cloud,
        grants: &*kit.cloud,
    }
}

async fn wrong_passwords(seed: u64, way: Way) {
    let kit = kit(seed);
    let (deps, hasher) = (Arc::new(kit.login()), Arc::clone(&kit.hasher));
    race::race_wrong_passwords(deps, &*kit.cloud, &|| hasher.verified(), seed, way).await;
}

async fn codes(seed: u64, way: Way) {
    let kit = enrolled(seed);
    race::race_codes(&kit, way).await;
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

async fn recovery_codes(seed: u64, way: Way) {
    let kit = enrolled(seed);
    race::race_recovery_codes(&kit, way).await;
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

async fn refreshes(seed: u64, way: Way) {
    let kit = kit(seed);
    race::race_refreshes(Arc::new(kit.refresh()), &*kit.cloud, seed, way).await;
}

async fn creations(seed: u64, way: Way) {
    let kit = kit(seed);
    race::race_creations(kit.cloud, seed, way).await;
}

async fn rotations(seed: u64, way: Way) {
    let kit = kit(seed);
    race::race_rotations(kit.cloud, seed, way).await;
}

async fn sealers(seed: u64, way: Way) {
    race::race_sealers(&kit(seed), seed, way).await;
}

async fn removals(seed: u64, way: Way) {
    let kit = kit(seed);
    let (deps, cloud) = (Arc::new(kit.organisation()), &*kit.cloud);
    race::race_removals(deps, cloud, cloud, seed, way).await;
}

async fn invitations(seed: u64, way: Way) {
    let kit = kit(seed);
    let (deps, cloud) = (Arc::new(kit.organisation()), &*kit.cloud);
    // Another seed than the world's: the same would draw the same ids.
    race::race_invitations(deps, cloud, cloud, seed.wrapping_add(1_000), way).await;
}

async fn resets(seed: u64, way: Way) {
    let kit = kit(seed);
    race::race_resets(Arc::new(kit.recover_account()), &*kit.cloud, seed, way).await;
}

async fn acceptances(seed: u64, way: Way) {
    let kit = kit(seed);
    // Another seed than the world's: the first drawer would draw the id of a member, and could never win.
    let sample = seed.wrapping_add(1_000);
    race::race_acceptances(Arc::new(kit.recover_account()), &*kit.cloud, sample, way).await;
    let state = kit.cloud.snapshot();
    assert_eq!((state.users.len(), state.memberships.len()), (2, 2));
}

async fn forgotten(seed: u64, way: Way) {
    let kit = kit(seed);
    let ordered = || kit.cloud.with(|s| s.mail_orders.len());
    race::race_forgotten(Arc::new(kit.recover_account()), &ordered, seed, way).await;
}

async fn spends(seed: u64, way: Way) {
    let kit = kit(seed);
    race::race_spends(Arc::new(kit.authorize_playback()), setup(&kit), seed, way).await;
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

async fn streams(seed: u64, way: Way) {
    let kit = kit(seed);
    race::race_streams(Arc::new(kit.authorize_playback()), setup(&kit), seed, way).await;
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

async fn view_refreshes(seed: u64, way: Way) {
    let kit = kit(seed);
    let short = Arc::new(authorize_playback::Deps {
        session_seconds: 60,
        ..kit.authorize_playback()
    });
    let deps = (short, Arc::new(kit.authorize_playback()));
    race::race_view_refreshes(deps, setup(&kit), seed, way).await;
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

async fn named_spends(seed: u64, way: Way) {
    let kit = kit(seed);
    race::race_named_spends(Arc::new(kit.authorize_playback()), setup(&kit), seed, way).await;
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

async fn downloads(seed: u64, way: Way) {
    let kit = kit(seed);
    race::race_downloads(Arc::new(kit.authorize_download()), setup(&kit), seed, way).await;
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

async fn named_downloads(seed: u64, way: Way) {
    let kit = kit(seed);
    let deps = Arc::new(kit.authorize_download());
    race::race_named_downloads(deps, setup(&kit), seed, way).await;
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

async fn shares(seed: u64, way: Way) {
    let kit = kit(seed);
    race::race_shares(kit.cloud, seed, way).await;
}

async fn shared_views(seed: u64, way: Way) {
    let kit = kit(seed);
    let (deps, cloud) = (Arc::new(kit.authorize_playback()), &*kit.cloud);
    race::race_shared_views(deps, (setup(&kit), cloud, cloud), seed, way).await;
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

async fn revocations(seed: u64, way: Way) {
    let kit = kit(seed);
    let (deps, cloud) = (Arc::new(kit.authorize_playback()), &kit.cloud);
    let stores = (setup(&kit), cloud.clone() as _, cloud.clone() as _);
    race::race_revocations(deps, stores, seed, way).await;
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

async fn support(seed: u64, way: Way) {
    let kit = kit(seed);
    kit.cloud
        .with(|s| s.operator = Some(vault_testkit::support::OPERATOR));
    let (deps, cloud) = (Arc::new(kit.organisation()), &*kit.cloud);
    // Another seed than the world's: the same would draw the same ids.
    race::race_support(deps, (cloud, cloud), seed.wrapping_add(1_000), way).await;
}

async fn support_ends(seed: u64, way: Way) {
    let kit = kit(seed);
    let stores = (kit.cloud.clone() as _, kit.cloud.clone() as _);
    race::race_ends(stores, &*kit.cloud, seed, way).await;
}

async fn finalizes(seed: u64, way: Way) {
    let kit = kit(seed);
    let put = putter(&kit.cloud);
    let viewers = Viewers {
        directory: &*kit.cloud,
        sessions: &*kit.cloud,
    };
    let deps = Arc::new(kit.finalize_upload());
    race::race_finalizes(deps, (viewers, &put), seed, way).await;
    assert_eq!(kit.cloud.snapshot().uploads.completed, 1, "completed once");
}

async fn deliveries(seed: u64, way: Way) {
    let kit = kit(seed);
    let put = putter(&kit.cloud);
    let asset: Asset = race::race_deliveries(Arc::new(kit.process_upload()), &put, seed, way).await;
    assert_eq!(kit.leaks(), Vec::<String>::new());
    let state = kit.cloud.snapshot();
    assert_eq!(
        (
            state.segments.len(),
            state.keys.len(),
            state.manifests.len()
        ),
        (3, 2, 1)
    );
    assert!(
        state
            .keys
            .values()
            .all(|k| Some(k.package) == asset.package)
    );
}

fn viewers(kit: &Kit) -> Viewers<'_> {
    Viewers {
        directory: &*kit.cloud,
        sessions: &*kit.cloud,
    }
}

async fn announcements(seed: u64, way: Way) {
    for of in [Counted::Assets, Counted::Bytes, Counted::Uploads] {
        let kit = kit(seed);
        let deps = begin_upload::Deps {
            quota: race::tight(of, 10),
            ..kit.begin_upload()
        };
        let (stores, cloud) = (viewers(&kit), &*kit.cloud);
        race::race_announcements(Arc::new(deps), (stores, cloud), (of, seed), way).await;
        assert_eq!(kit.leaks(), Vec::<String>::new());
    }
}

async fn named_announcements(seed: u64, way: Way) {
    let kit = kit(seed);
    let deps = Arc::new(kit.begin_upload());
    race::race_named_announcements(deps, (viewers(&kit), &*kit.cloud), seed, way).await;
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

async fn ends_of_an_upload(seed: u64, way: Way) {
    let kit = kit(seed);
    let (put, deps) = (putter(&kit.cloud), Arc::new(kit.finalize_upload()));
    race::race_slots(deps, (viewers(&kit), &*kit.cloud, &put), seed, way).await;
    let told = kit.cloud.snapshot().leaks();
    assert!(
        !told.iter().any(|leak| leak.contains("said to use")),
        "{told:?}"
    );
}

/// Reads the views that are left and then writes: what a conditional write is for.
async fn reads_then_writes(kit: Arc<Kit>) -> bool {
    let read = kit
        .cloud
        .call("broken.read", |s| Ok(s.limits.contains_key("view")));
    if read.await.unwrap_or(true) {
        return false;
    }
    let write = kit.cloud.call("broken.write", |s| {
        s.limits
            .insert("view".to_owned(), (1, vault_testkit::FAR_AHEAD));
        Ok(())
    });
    write.await.is_ok()
}

#[tokio::test]
async fn a_race_brings_out_what_reads_before_it_writes() {
    for seed in SEEDS {
        let kit = Arc::new(kit(seed));
        let runners = (0..race::RUNNERS).map(|_| {
            let runner: futures_util::future::BoxFuture<'static, bool> =
                Box::pin(reads_then_writes(Arc::clone(&kit)));
            runner
        });
        let spent = race::together(Way::Shuffled(seed), runners.collect()).await;
        let spent = spent.into_iter().filter(|spent| *spent).count();
        assert!(spent > 1, "seed {seed} spends one view {spent} times");
    }
}

async fn returns_against_the_end(seed: u64, way: Way) {
    race::race_the_end(&enrolled(seed), race::Against::Restore, seed, way).await;
}

async fn holds_against_the_end(seed: u64, way: Way) {
    race::race_the_end(&enrolled(seed), race::Against::Hold, seed, way).await;
}

async fn webhooks(seed: u64, way: Way) {
    let kit = enrolled(seed);
    let deps = Arc::new(kit.manage_webhooks());
    race::race_webhooks(deps, builders::ask(), way).await;
}

async fn deliverers(seed: u64, way: Way) {
    let kit = kit(seed);
    kit.plant_webhook(|_| ());
    if seed % 2 == 1 {
        let refuses = vec![Verdict::Answered(500); 10];
        kit.cloud
            .with(|s| s.answers.insert(WEBHOOK_URL.to_owned(), refuses));
    }
    let deps = Arc::new(kit.deliver_webhook());
    race::race_deliverers(deps, ready_order(), way).await;
}

macro_rules! races {
    ($($name:ident $seeds:expr;)+) => {$(
        mod $name {
            use super::*;

            #[tokio::test]
            async fn in_the_order_of_waking() {
                super::$name(1, Way::Joined).await;
            }

            #[tokio::test]
            async fn in_many_random_orders() {
                for seed in $seeds {
                    super::$name(seed, Way::Shuffled(seed)).await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn on_threads() {
                for seed in 0..5 {
                    super::$name(seed, Way::Spawned).await;
                }
            }
        }
    )+};
}

races! {
    wrong_passwords SEEDS;
    codes SEEDS;
    recovery_codes SEEDS;
    refreshes SEEDS;
    creations 0..10;
    rotations SEEDS;
    sealers 0..10;
    removals SEEDS;
    invitations 0..10;
    resets SEEDS;
    acceptances SEEDS;
    forgotten 0..4;
    spends SEEDS;
    named_spends SEEDS;
    streams SEEDS;
    view_refreshes 0..20;
    downloads SEEDS;
    named_downloads SEEDS;
    shares 0..10;
    shared_views 0..10;
    revocations SEEDS;
    support 0..10;
    support_ends SEEDS;
    finalizes 0..10;
    deliveries SEEDS;
    announcements 0..10;
    named_announcements 0..10;
    ends_of_an_upload SEEDS;
    returns_against_the_end SEEDS;
    holds_against_the_end SEEDS;
    webhooks 0..10;
    deliverers SEEDS;
}
