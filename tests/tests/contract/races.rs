//! Races of a hundred over the real stores, each on a thread of its own: exactly what the limits allow.

use std::sync::Arc;

use vault_aws::s3::S3Uploads;
use vault_boot::clock::SystemClock;
use vault_domain::asset::AssetState;
use vault_domain::ports::{Clock as _, ContentKeys};
use vault_domain::quota::{Counted, Quota};
use vault_domain::usecase::gate::Gate;
use vault_domain::usecase::guard::Guard;
use vault_domain::usecase::{
    authorize_download, authorize_playback, begin_upload, finalize_upload, login, manage_webhooks,
    organisation, process_upload, recover_account, refresh,
};
use vault_testkit::clock::FixedClock;
use vault_testkit::contract::Viewers;
use vault_testkit::race::{self, Setup, Way};
use vault_testkit::{Kit, builders};
use vault_tests::{seed, unique};

use crate::stores::{Stores, putter};

const WAY: Way = Way::Spawned;

/// The time, which then stands still: no budget's window begins anew in the middle of a race.
fn stopped() -> Arc<FixedClock> {
    Arc::new(FixedClock::at(SystemClock.now()))
}

/// A bucket that tells nobody what arrives in it: the deployed one would set the packager on it.
async fn quiet_bucket(stores: &Stores) -> S3Uploads {
    let (name, client) = (format!("quiet-{}", unique()), stores.sdk.s3());
    client
        .create_bucket()
        .bucket(&name)
        .send()
        .await
        .expect("a bucket");
    S3Uploads::new(client, name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_of_a_hundred_wrong_passwords_are_compared() {
    let (stores, seed) = (Stores::new(), seed());
    let kit = Kit::new(seed);
    let deps = login::Deps {
        users: Arc::new(stores.directory.clone()),
        members: Arc::new(stores.members.clone()),
        guard: Guard {
            limits: Arc::new(stores.limits.clone()),
            ..kit.guard()
        },
        sessions: Arc::new(stores.sessions.clone()),
        clock: stopped(),
        ..kit.login()
    };
    race::race_wrong_passwords(
        Arc::new(deps),
        &stores.directory,
        &|| kit.hasher.verified(),
        seed,
        WAY,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_refreshes_of_one_token_are_one_rotation() {
    let (stores, seed) = (Stores::new(), seed());
    let deps = refresh::Deps {
        members: Arc::new(stores.members.clone()),
        sessions: Arc::new(stores.sessions.clone()),
        clock: stopped(),
        ..Kit::new(seed).refresh()
    };
    race::race_refreshes(Arc::new(deps), &stores.directory, seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_creations_fill_the_places_that_are_left() {
    let stores = Stores::new();
    race::race_creations(Arc::new(stores.clients), seed(), WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revocation_wins_over_every_rotation() {
    let stores = Stores::new();
    race::race_rotations(Arc::new(stores.clients), seed(), WAY).await;
}

/// Links, people and budgets are real; no mail is ordered.
fn recovering(stores: &Stores, kit: &Kit) -> Arc<recover_account::Deps> {
    Arc::new(recover_account::Deps {
        users: Arc::new(stores.directory.clone()),
        members: Arc::new(stores.members.clone()),
        invitations: Arc::new(stores.invitations.clone()),
        links: Arc::new(stores.links.clone()),
        recovery: Arc::new(stores.recovery.clone()),
        limits: Arc::new(stores.limits.clone()),
        clock: stopped(),
        ..kit.recover_account()
    })
}

fn managing(stores: &Stores, seed: u64) -> Arc<organisation::Deps> {
    Arc::new(organisation::Deps {
        standings: Arc::new(stores.standings.clone()),
        members: Arc::new(stores.members.clone()),
        organisations: Arc::new(stores.organisations.clone()),
        limits: Arc::new(stores.limits.clone()),
        clock: stopped(),
        ..Kit::new(seed).organisation()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_a_hundred_uses_of_a_link_takes_effect() {
    let (stores, seed) = (Stores::new(), seed());
    let deps = recovering(&stores, &Kit::new(seed));
    race::race_resets(Arc::clone(&deps), &stores.directory, seed, WAY).await;
    race::race_acceptances(deps, &stores.directory, seed.wrapping_add(1), WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_requests_for_a_link_order_what_the_budget_allows() {
    let (stores, seed) = (Stores::new(), seed());
    let kit = Kit::new(seed);
    let ordered = || kit.cloud.with(|s| s.mail_orders.len());
    race::race_forgotten(recovering(&stores, &kit), &ordered, seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_owners_who_remove_each_other_a_hundred_times_one_is_left() {
    let (stores, seed) = (Stores::new(), seed());
    let deps = managing(&stores, seed);
    race::race_removals(deps, &stores.directory, &stores.sessions, seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_invitations_at_the_limit_are_exactly_as_many_as_there_is_room_for() {
    let (stores, seed) = (Stores::new(), seed());
    // Another seed than the race's: the same would draw the same ids.
    let deps = managing(&stores, seed.wrapping_add(1));
    race::race_invitations(deps, &stores.directory, &stores.sessions, seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_who_let_support_in_are_never_more_than_ten_that_stand() {
    let (stores, seed) = (Stores::new(), seed());
    // Another seed than the race's: the same would draw the same ids.
    let kit = Kit::new(seed.wrapping_add(1));
    let deps = organisation::Deps {
        standings: Arc::new(stores.standings.clone()),
        supports: Arc::new(stores.support.clone()),
        support: Some(vault_testkit::support::OPERATOR),
        clock: stopped(),
        ..kit.organisation()
    };
    let people = (&stores.directory as _, &stores.sessions as _);
    race::race_support(Arc::new(deps), people, seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_comes_in_as_support_after_the_end() {
    let stores = Stores::new();
    let support = &stores.support;
    let both = (
        Arc::new(support.clone()) as _,
        Arc::new(support.clone()) as _,
    );
    race::race_ends(both, &stores.directory, seed(), WAY).await;
}

fn spending(stores: &Stores, seed: u64) -> Arc<authorize_playback::Deps> {
    Arc::new(authorize_playback::Deps {
        views: Arc::new(stores.views.clone()),
        gate: gate(stores, seed),
        clock: stopped(),
        ..Kit::new(seed).authorize_playback()
    })
}

/// The gate over the real stores.
fn gate(stores: &Stores, seed: u64) -> Gate {
    Gate {
        standings: Arc::new(stores.standings.clone()),
        containers: Arc::new(stores.access.clone()),
        records: Arc::new(stores.records.clone()),
        clock: stopped(),
        ..Kit::new(seed).gate()
    }
}

fn setup(stores: &Stores) -> Setup<'_> {
    Setup {
        directory: &stores.directory,
        sessions: &stores.sessions,
        assets: &stores.assets,
        grants: &stores.grants,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_a_hundred_spends_opens_the_one_view() {
    let (stores, seed) = (Stores::new(), seed());
    race::race_spends(spending(&stores, seed), setup(&stores), seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_a_hundred_refreshes_of_a_view_takes_effect() {
    let (stores, seed) = (Stores::new(), seed());
    let deps = spending(&stores, seed);
    let short = Arc::new(authorize_playback::Deps {
        session_seconds: 60,
        views: Arc::clone(&deps.views),
        gate: deps.gate.clone(),
        clock: stopped(),
        ..Kit::new(seed).authorize_playback()
    });
    race::race_view_refreshes((short, deps), setup(&stores), seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_views_at_once_are_as_many_streams_as_may_play() {
    let (stores, seed) = (Stores::new(), seed());
    race::race_streams(spending(&stores, seed), setup(&stores), seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_spends_of_one_name_open_one_view() {
    let (stores, seed) = (Stores::new(), seed());
    race::race_named_spends(spending(&stores, seed), setup(&stores), seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_creations_of_shares_fill_the_places_that_are_left() {
    let stores = Stores::new();
    race::race_shares(Arc::new(stores.shares), seed(), WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_views_of_a_share_are_as_many_as_it_is_for() {
    let (stores, seed) = (Stores::new(), seed());
    let deps = spending(&stores, seed);
    let of = (setup(&stores), &stores.shares as _, &stores.exchanges as _);
    race::race_shared_views(deps, of, seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_opened_by_what_was_traded_while_a_share_was_revoked() {
    let (stores, seed) = (Stores::new(), seed());
    let deps = spending(&stores, seed);
    let (shares, exchanges) = (stores.shares.clone(), stores.exchanges.clone());
    let of = (
        setup(&stores),
        Arc::new(shares) as _,
        Arc::new(exchanges) as _,
    );
    race::race_revocations(deps, of, seed, WAY).await;
}

fn downloading(stores: &Stores, seed: u64) -> Arc<authorize_download::Deps> {
    Arc::new(authorize_download::Deps {
        downloads: Arc::new(stores.downloads.clone()),
        gate: gate(stores, seed),
        clock: stopped(),
        ..Kit::new(seed).authorize_download()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_a_hundred_spends_opens_the_one_download() {
    let (stores, seed) = (Stores::new(), seed());
    race::race_downloads(downloading(&stores, seed), setup(&stores), seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_spends_of_one_name_open_one_download() {
    let (stores, seed) = (Stores::new(), seed());
    race::race_named_downloads(downloading(&stores, seed), setup(&stores), seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_finalizes_complete_one_upload() {
    let (stores, seed) = (Stores::new(), seed());
    let uploads = Arc::new(quiet_bucket(&stores).await);
    let deps = finalize_upload::Deps {
        gate: gate(&stores, seed),
        assets: Arc::new(stores.assets.clone()),
        uploads,
        ends: Arc::new(stores.abandonments.clone()),
    };
    let viewers = Viewers {
        directory: &stores.directory,
        sessions: &stores.sessions,
    };
    race::race_finalizes(Arc::new(deps), (viewers, &putter), seed, WAY).await;
}

fn announcing(stores: &Stores, quota: Quota, seed: u64) -> Arc<begin_upload::Deps> {
    Arc::new(begin_upload::Deps {
        gate: gate(stores, seed),
        assets: Arc::new(stores.assets.clone()),
        clock: stopped(),
        quota,
        ..Kit::new(seed.wrapping_add(1)).begin_upload()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_announcements_as_many_are_taken_as_there_is_room_for() {
    for of in [Counted::Assets, Counted::Bytes, Counted::Uploads] {
        let (stores, seed) = (Stores::new(), seed());
        let deps = announcing(&stores, race::tight(of, 10), seed);
        let of_whom = (stores.viewers(), &stores.usages as _);
        race::race_announcements(deps, of_whom, (of, seed), WAY).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_announcements_of_one_name_count_once() {
    let (stores, seed) = (Stores::new(), seed());
    let deps = announcing(&stores, builders::QUOTA, seed);
    let of_whom = (stores.viewers(), &stores.usages as _);
    race::race_named_announcements(deps, of_whom, seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_place_of_an_upload_is_given_back_once_however_it_ends() {
    let (stores, seed) = (Stores::new(), seed());
    let deps = finalize_upload::Deps {
        gate: gate(&stores, seed),
        assets: Arc::new(stores.assets.clone()),
        uploads: Arc::new(quiet_bucket(&stores).await),
        ends: Arc::new(stores.abandonments.clone()),
    };
    let of_whom = (stores.viewers(), &stores.usages as _, &putter as _);
    race::race_slots(Arc::new(deps), of_whom, seed, WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_deliveries_make_one_package() {
    let (stores, seed) = (Stores::new(), seed());
    let deps = process_upload::Deps {
        assets: Arc::new(stores.assets.clone()),
        uploads: Arc::new(quiet_bucket(&stores).await),
        keys: Arc::new(stores.keys.clone()),
        media: Arc::new(stores.media.clone()),
        clock: stopped(),
        ..Kit::new(seed).process_upload()
    };
    let asset = race::race_deliveries(Arc::new(deps), &putter, seed, WAY).await;
    assert_eq!(asset.state, AssetState::Ready);
    let package = asset.package.expect("the one that was published");
    let prefix = format!("media/{}/", asset.id());
    let bucket = vault_tests::cloud().output("MediaBucket");
    let listed = stores
        .sdk
        .s3()
        .list_objects_v2()
        .bucket(bucket)
        .prefix(&prefix)
        .send()
        .await
        .expect("a listing");
    let segments: Vec<_> = listed
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .collect();
    assert_eq!(segments.len(), 3, "{segments:?}");
    let own = format!("{prefix}{package}/");
    assert!(
        segments.iter().all(|key| key.starts_with(&own)),
        "{segments:?} beside those of {package}"
    );
    // What is left is the package's own: removing it removes every key.
    stores
        .keys
        .delete_package(asset.id(), package)
        .await
        .expect("a removal");
    let table = vault_tests::cloud().output("KeysTable").to_owned();
    let left = left_under(&stores, &table, &asset.id().to_string()).await;
    assert_eq!(left, 0, "keys of other runs");
}

async fn left_under(stores: &Stores, table: &str, pk: &str) -> i32 {
    use aws_sdk_dynamodb::types::AttributeValue;
    let query = stores
        .sdk
        .dynamodb()
        .query()
        .table_name(table)
        .consistent_read(true);
    let query = query.key_condition_expression("pk = :pk");
    let query = query.expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
    query.send().await.expect("a query").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_webhooks_at_once_are_ten() {
    let stores = Stores::new();
    let deps = manage_webhooks::Deps {
        webhooks: Arc::new(stores.webhooks.clone()),
        deliveries: Arc::new(stores.webhooks.clone()),
        ..Kit::with_users(seed()).manage_webhooks()
    };
    race::race_webhooks(Arc::new(deps), builders::ask(), WAY).await;
}
