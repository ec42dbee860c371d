//! Endpoints, what became of messages, and the queue of orders.

use futures_util::future::{BoxFuture, join_all};
use vault_domain::api_key::Label;
use vault_domain::audit::Event;
use vault_domain::id::{DeliveryId, OrgId, WebhookId};
use vault_domain::ports::{
    Change, Deliveries, DeliveryBundle, DeliveryPage, MAX_ORDERS, WebhookQueue, Webhooks,
};
use vault_domain::time::Timestamp;
use vault_domain::webhook::{
    Because, Delivery, DeliveryOrder, DeliveryState, Health, Notice, Roll, SigningKey, Topic,
    Topics, Verdict, Webhook,
};

use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};
use crate::webhook::{webhook, webhook_url};

/// The stores of webhooks, which are one table.
#[derive(Clone, Copy)]
pub struct WebhookStores<'a> {
    /// The endpoints.
    pub webhooks: &'a dyn Webhooks,
    /// What became of messages.
    pub deliveries: &'a dyn Deliveries,
}

fn endpoint(sample: &Sample, org: OrgId) -> Webhook {
    Webhook {
        id: sample.id(WebhookId::from_octets),
        org,
        ..webhook()
    }
}

fn notice(sample: &Sample, at: u64) -> Notice {
    Notice {
        topic: Topic::Asset(Event::AssetFailed),
        at: Timestamp(at),
        asset: Some(sample.asset()),
        code: Some("not_a_film".to_owned()),
        view: None,
    }
}

fn order(sample: &Sample, webhook: &Webhook, at: u64) -> DeliveryOrder {
    DeliveryOrder {
        org: webhook.org,
        webhook: webhook.id,
        delivery: DeliveryId::at(Timestamp(at), &sample.digest().0),
        round: 0,
        notice: notice(sample, at),
    }
}

/// Endpoints: every field reads back; a change takes effect on what it rests on and on nothing else. Deliveries: noted once
/// a try; listed by time and state. Health: counted until it is well.
pub async fn webhooks_contract(stores: WebhookStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    rolls(stores, &sample).await;
    saves_race(stores, &sample).await;
    tries(stores, &sample).await;
    lists(stores, &sample).await;
    health(stores, &sample).await;
}

async fn rolls(stores: WebhookStores<'_>, sample: &Sample) {
    let org = sample.owner().organisation.id;
    let of = async || stores.webhooks.of(org).await.expect("of");
    let save = async |next: &Roll| {
        let record = builders::record();
        let saved = stores.webhooks.save(org, next, &record);
        saved.await.expect("save")
    };
    assert_eq!(of().await, Roll::default());
    let plain = endpoint(sample, org);
    let first = Roll::default().with(plain.clone()).expect("room");
    assert_eq!(save(&first).await, Change::Applied);
    assert_eq!(of().await, first);
    let whole = Webhook {
        name: Label::parse("Ünïçødé ✓").expect("a golden name"),
        url: webhook_url("https://a.example.org:8443/?x=%20"),
        topics: Topics::parse(["asset.ready", "asset.failed"]).expect("golden topics"),
        disabled: Some((GOLDEN_NOW, Because::Failing)),
        previous: Some((
            SigningKey {
                version: "other".to_owned(),
                nonce: [0; 16],
            },
            FAR_AHEAD,
        )),
        ..endpoint(sample, org)
    };
    let second = first.clone().with(whole.clone()).expect("room");
    assert_eq!(save(&second).await, Change::Applied);
    assert_eq!(of().await, second, "all fields, in their order");
    let stale = first.without(plain.id);
    assert_eq!(
        save(&stale).await,
        Change::NotApplied,
        "it rests on the first"
    );
    assert_eq!(of().await, second);
    let none = second.without(plain.id).without(whole.id);
    let none = Roll { version: 3, ..none };
    assert_eq!(save(&none).await, Change::Applied);
    assert_eq!(of().await, none, "an empty one keeps its version");
    let elsewhere = sample.owner().organisation.id;
    let other = stores.webhooks.of(elsewhere).await.expect("of");
    assert_eq!(other, Roll::default());
}

/// Of many changes that rest on the same, one takes effect.
async fn saves_race(stores: WebhookStores<'_>, sample: &Sample) {
    let org = sample.owner().organisation.id;
    let rolls: Vec<_> = (0..10)
        .map(|_| Roll::default().with(endpoint(sample, org)).expect("room"))
        .collect();
    let saves = rolls.iter().map(async |roll| {
        let record = builders::record();
        stores
            .webhooks
            .save(org, roll, &record)
            .await
            .expect("save")
    });
    let saves = join_all(saves).await;
    let applied = saves.iter().filter(|s| **s == Change::Applied).count();
    assert_eq!(applied, 1);
    let stands = stores.webhooks.of(org).await.expect("of");
    assert!(rolls.contains(&stands), "one of them, whole");
}

async fn tries(stores: WebhookStores<'_>, sample: &Sample) {
    let org = sample.owner().organisation.id;
    let webhook = endpoint(sample, org);
    let roll = Roll::default().with(webhook.clone()).expect("room");
    let saved = stores.webhooks.save(org, &roll, &builders::record()).await;
    assert_eq!(saved.expect("save"), Change::Applied);
    let order = order(sample, &webhook, 5_000);
    let bundle = async || {
        let bundle = stores.deliveries.bundle(org, webhook.id, order.delivery);
        bundle.await.expect("bundle")
    };
    let fresh = DeliveryBundle {
        webhook: Some(webhook.clone()),
        ..DeliveryBundle::default()
    };
    assert_eq!(bundle().await, fresh);
    let settle = async |next: &Delivery, before: Option<&Delivery>| {
        let settled = stores.deliveries.settle(next, before).await;
        settled.expect("settle")
    };
    let try_after =
        |before: Option<&Delivery>, verdict| Delivery::after(&order, before, verdict, GOLDEN_NOW);
    let first = try_after(None, Verdict::Unreachable("timeout"));
    assert_eq!(settle(&first, None).await, Change::Applied);
    assert_eq!(
        settle(&first, None).await,
        Change::Applied,
        "the same again"
    );
    assert_eq!(bundle().await.delivery.as_ref(), Some(&first), "all fields");
    let another = try_after(None, Verdict::Answered(200));
    assert_eq!(settle(&another, None).await, Change::NotApplied);
    let second = try_after(Some(&first), Verdict::Answered(503));
    assert_eq!(settle(&second, Some(&first)).await, Change::Applied);
    let late = try_after(Some(&first), Verdict::Answered(200));
    assert_eq!(settle(&late, Some(&first)).await, Change::NotApplied);
    let done = try_after(Some(&second), Verdict::Answered(204));
    assert_eq!(settle(&done, Some(&second)).await, Change::Applied);
    let again = Delivery::after(&done.replayed(), None, Verdict::Answered(410), GOLDEN_NOW);
    assert_eq!(settle(&again, Some(&done)).await, Change::Applied);
    let found = stores.deliveries.delivery(webhook.id, order.delivery);
    assert_eq!(found.await.expect("delivery"), Some(again.clone()));
    let test = DeliveryOrder {
        notice: Notice {
            topic: Topic::Test,
            asset: None,
            code: None,
            ..order.notice.clone()
        },
        ..self::order(sample, &webhook, 5_001)
    };
    let test = Delivery::after(&test, None, Verdict::Answered(200), GOLDEN_NOW);
    assert_eq!(settle(&test, None).await, Change::Applied);
    let found = stores.deliveries.delivery(webhook.id, test.id);
    assert_eq!(found.await.expect("delivery"), Some(test));
    let nobody = stores
        .deliveries
        .delivery(sample.id(WebhookId::from_octets), again.id);
    assert_eq!(nobody.await.expect("delivery"), None);
    let gone = stores
        .deliveries
        .bundle(org, sample.id(WebhookId::from_octets), again.id);
    assert_eq!(gone.await.expect("bundle"), DeliveryBundle::default());
}

async fn lists(stores: WebhookStores<'_>, sample: &Sample) {
    let webhook = endpoint(sample, sample.owner().organisation.id);
    let mut all = Vec::new();
    // Whose digits grow in number, and in two ways of the same second.
    for (number, at) in [9, 10, 255, 256, 65_536, 70_000, 70_000]
        .into_iter()
        .enumerate()
    {
        let verdict = if number % 3 == 0 { 410 } else { 200 };
        let order = order(sample, &webhook, at);
        let delivery = Delivery::after(&order, None, Verdict::Answered(verdict), GOLDEN_NOW);
        let settled = stores.deliveries.settle(&delivery, None).await;
        assert_eq!(settled.expect("settle"), Change::Applied);
        all.push(delivery);
    }
    all.sort_by_key(|delivery| std::cmp::Reverse(delivery.id));
    let page = async |state, after, limit| -> DeliveryPage {
        let page = stores
            .deliveries
            .deliveries(webhook.id, state, after, limit);
        page.await.expect("deliveries")
    };
    assert_eq!(
        page(None, None, 100).await.deliveries,
        all,
        "the latest first"
    );
    for (state, limit) in [
        (None, 3),
        (Some(DeliveryState::Dead), 2),
        (Some(DeliveryState::Delivered), 1),
        (Some(DeliveryState::Waiting), 2),
    ] {
        let (mut told, mut after) = (Vec::new(), None);
        loop {
            let page = page(state, after, limit).await;
            assert!(page.deliveries.len() <= limit);
            told.extend(page.deliveries);
            after = page.last;
            if after.is_none() {
                break;
            }
        }
        let mut wanted = all.clone();
        wanted.retain(|delivery| state.is_none_or(|state| delivery.state == state));
        assert_eq!(told, wanted, "{state:?}");
    }
    let other = stores
        .deliveries
        .deliveries(sample.id(WebhookId::from_octets), None, None, 5);
    assert_eq!(other.await.expect("deliveries"), DeliveryPage::default());
}

async fn health(stores: WebhookStores<'_>, sample: &Sample) {
    let (org, id) = (
        sample.owner().organisation.id,
        sample.id(WebhookId::from_octets),
    );
    let port = stores.deliveries;
    let failed = async |at| port.failed(id, Timestamp(at)).await.expect("failed");
    let told = async || {
        let bundle = port
            .bundle(org, id, sample.id(DeliveryId::from_octets))
            .await;
        bundle.expect("bundle").health
    };
    port.recovered(id).await.expect("of nothing is fine");
    assert_eq!(told().await, Health::default());
    for (at, failures) in [(7, 1), (9, 2), (8, 3)] {
        let since = Some(Timestamp(7));
        assert_eq!(failed(at).await, Health { failures, since });
        assert_eq!(told().await, Health { failures, since });
    }
    port.recovered(id).await.expect("recovered");
    assert_eq!(told().await, Health::default());
    assert_eq!(failed(11).await.since, Some(Timestamp(11)), "begins anew");
}

/// What a receive of the queue hands out, once more those of before or not; it waits by itself until there are some.
pub type ReceiveOrders<'a> = &'a (dyn Fn() -> BoxFuture<'static, Vec<DeliveryOrder>> + Send + Sync);

/// Receives after which an order that did not come is lost.
const PATIENCE: usize = 50;

/// Orders: each is handed out at least once with all its fields, whatever else is in the queue.
pub async fn webhook_queue_contract(
    port: &dyn WebhookQueue,
    receive: ReceiveOrders<'_>,
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let webhook = endpoint(&sample, sample.owner().organisation.id);
    let mut orders: Vec<_> = (0..MAX_ORDERS as u64)
        .map(|at| order(&sample, &webhook, at))
        .collect();
    orders[1].round = 7;
    orders[2].notice = Notice {
        topic: Topic::Test,
        asset: None,
        code: None,
        ..orders[2].notice.clone()
    };
    port.order(&[]).await.expect("none is fine");
    port.order(&orders).await.expect("order");
    port.order(&orders[..1]).await.expect("again is fine");
    let mut missing = orders;
    for _ in 0..PATIENCE {
        for received in receive().await {
            missing.retain(|order| *order != received);
        }
        if missing.is_empty() {
            break;
        }
    }
    assert!(missing.is_empty(), "never handed out: {missing:?}");
}
