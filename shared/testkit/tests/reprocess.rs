//! Films that failed are packaged anew: who may ask, of what, how often; and at every cut.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use vault_domain::asset::{AssetState, Failure, MAX_REOPENED};
use vault_domain::audit::Event;
use vault_domain::error::Refusal;
use vault_domain::packaging::PackagingOrder;
use vault_domain::ports::Clock as _;
use vault_domain::usecase::library::Tagged;
use vault_domain::usecase::{process_upload, reprocess};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, ORG};
use vault_testkit::sweep::{Answer, Scenario, answer};

const ORDER: PackagingOrder = PackagingOrder {
    org: ORG,
    asset: ASSET,
    text: None,
};

/// A film that arrived, and failed with this code.
fn failed_as(code: &str) -> Kit {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    kit.change_asset(|asset| {
        asset.state = AssetState::Failed;
        asset.failure = Some(Failure {
            code: code.to_owned(),
            reason: "it had to".to_owned(),
        });
        asset.charge = asset.charge.map(vault_domain::quota::Charge::settled);
    });
    kit
}

fn failed() -> Kit {
    failed_as("quota_exceeded")
}

async fn asked(kit: &Kit) -> Result<Tagged, Refusal> {
    let deps = reprocess::Deps {
        library: &kit.library(),
        reopenings: &*kit.cloud,
        orders: &*kit.cloud,
    };
    reprocess::run(&deps, &builders::ask(), ASSET).await
}

async fn asking(kit: &Kit) -> Answer {
    answer(asked(kit).await, |shown| shown.asset.state.to_string())
}

async fn deliver(kit: &Kit) -> process_upload::Outcome {
    let command = process_upload::Command {
        org: ORG,
        asset: ASSET,
        deadline: kit.clock.now().plus(900),
        last_try: false,
        request: "req-5".to_owned(),
    };
    process_upload::run(&kit.process_upload(), command)
        .await
        .unwrap()
}

fn recorded(kit: &Kit) -> usize {
    let is = |r: &&vault_domain::audit::Record| r.event == Event::ReprocessAsked;
    kit.cloud.with(|s| s.audit.iter().filter(is).count())
}

#[test]
fn asking_for_a_film_to_be_packaged_anew_survives_every_cut() {
    let asked = async |kit: &Kit, _| asking(kit).await;
    // How often it was ordered is counted, and a try that died counts too.
    Scenario::new("reprocess", failed, asked)
        .without(&["limits"])
        .hold();
}

#[tokio::test]
async fn a_film_that_failed_is_uploaded_again_ordered_and_then_ready() {
    let kit = failed();
    let shown = asked(&kit).await.unwrap().asset;
    assert_eq!(
        (shown.state, shown.failure.clone(), shown.reopened),
        (AssetState::Uploaded, None, 1)
    );
    let state = kit.cloud.snapshot();
    assert_eq!(state.assets[&ASSET], shown, "what is told is what stands");
    assert_eq!(state.packagings, [ORDER]);
    assert_eq!(recorded(&kit), 1);
    assert_eq!(deliver(&kit).await, process_upload::Outcome::Ready);
    assert_eq!(deliver(&kit).await, process_upload::Outcome::Nothing);
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn asked_twice_it_is_brought_back_once_and_ordered_until_it_is_in_hand() {
    let kit = failed();
    let (one, other) = tokio::join!(asked(&kit), asked(&kit));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(recorded(&kit), 1);
    kit.cloud.with(|s| {
        assert_eq!(s.assets[&ASSET].reopened, 1);
        s.packagings.clear();
    });
    asked(&kit).await.unwrap();
    assert_eq!(kit.cloud.snapshot().packagings, [ORDER], "it may be lost");
    kit.change_asset(|asset| asset.state = AssetState::Processing);
    kit.cloud.with(|s| s.packagings.clear());
    asked(&kit).await.unwrap();
    assert!(kit.cloud.snapshot().packagings.is_empty(), "it is in hand");
    assert_eq!(recorded(&kit), 1);
}

#[tokio::test]
async fn however_often_it_is_asked_for_the_queue_gets_few_orders_of_one_film() {
    let kit = failed();
    for _ in 0..50 {
        asked(&kit).await.unwrap();
    }
    assert_eq!(kit.cloud.snapshot().packagings.len(), 5);
    kit.clock.advance(901);
    asked(&kit).await.unwrap();
    assert_eq!(kit.cloud.snapshot().packagings.len(), 6);
}

#[tokio::test]
async fn what_is_gone_did_not_fail_or_came_back_ten_times_is_refused_and_nothing_changes() {
    for code in [
        Failure::SIZE,
        Failure::CHECKSUM,
        Failure::TYPE,
        Failure::ABANDONED,
        Failure::CANCELLED,
        Failure::SOURCE_GONE,
    ] {
        let kit = failed_as(code);
        let before = kit.cloud.snapshot();
        let refused = asked(&kit).await.err().unwrap();
        assert!(matches!(refused, Refusal::Conflict(_)), "{code}");
        assert_eq!(kit.cloud.snapshot(), before, "{code}");
    }
    for state in [
        AssetState::Uploading,
        AssetState::Uploaded,
        AssetState::Processing,
        AssetState::Ready,
    ] {
        let kit = failed();
        kit.change_asset(|asset| asset.state = state);
        let before = kit.cloud.snapshot();
        let refused = asked(&kit).await.err().unwrap();
        assert!(matches!(refused, Refusal::WrongState(was) if was == state));
        assert_eq!(kit.cloud.snapshot(), before, "{state}");
    }
    let kit = failed();
    kit.change_asset(|asset| asset.reopened = MAX_REOPENED - 1);
    asked(&kit).await.unwrap();
    let kit = failed();
    kit.change_asset(|asset| asset.reopened = MAX_REOPENED);
    let refused = asked(&kit).await.err().unwrap();
    assert!(matches!(refused, Refusal::LimitReached(_)));
    assert!(kit.cloud.snapshot().packagings.is_empty());
}
