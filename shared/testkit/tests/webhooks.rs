//! Webhooks: every change of state is told, at every cut, and nothing else is; messages are tried, die, and are replayed.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use futures_util::FutureExt as _;
use vault_domain::audit::Event;
use vault_domain::credential::Role;
use vault_domain::error::Refusal;
use vault_domain::id::{OrgId, WebhookId};
use vault_domain::page::PageSize;
use vault_domain::ports::{Clock as _, StoreError, WebhookSecrets as _};
use vault_domain::time::Timestamp;
use vault_domain::usecase::deliver_webhook::{self, Outcome};
use vault_domain::usecase::manage_webhooks::{self as manage, NewWebhook, Told, WebhookPatch};
use vault_domain::usecase::{process_upload, seal_audit};
use vault_domain::webhook::{
    Because, DeliveryOrder, DeliveryState, FAILING_SECONDS, LONGEST_WAIT, MAX_FAILURES,
    MAX_WEBHOOKS, OVERLAP_SECONDS, Reach, TRIES, Topics, Verdict, signed_content,
};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, ORG};
use vault_testkit::crypto::sha256;
use vault_testkit::sweep::{Answer, Scenario, answer};
use vault_testkit::webhook::{
    WEBHOOK, WEBHOOK_URL, changed, new_webhook, ready_order, webhook, webhook_url,
};

const NEVER: Timestamp = Timestamp(u64::MAX);

fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().unwrap()
}

fn planted() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_webhook(|_| ());
    kit
}

/// An endpoint that answers so for ever.
fn answering(status: u16) -> Kit {
    let kit = planted();
    let answers = vec![Verdict::Answered(status); 3_000];
    kit.cloud
        .with(|s| s.answers.insert(WEBHOOK_URL.to_owned(), answers));
    kit
}

fn deliver(kit: &Kit, order: &DeliveryOrder) -> Outcome {
    now(deliver_webhook::run(&kit.deliver_webhook(), order, "req-1")).unwrap()
}

/// Delivers until the order is over, as often as it is to come again; how often that was.
fn delivered(kit: &Kit, order: &DeliveryOrder) -> (Outcome, u32) {
    for round in 1..100 {
        match deliver(kit, order) {
            Outcome::Later(wait) => {
                assert!((1..=LONGEST_WAIT).contains(&wait), "{wait}");
                kit.clock.advance(wait);
            }
            over => return (over, round),
        }
    }
    unreachable!("it never ends");
}

async fn attempt(kit: &Kit, order: &DeliveryOrder) -> Answer {
    let run = deliver_webhook::run(&kit.deliver_webhook(), order, "req-1").await;
    match run.map_err(|error: StoreError| error.to_string())? {
        Outcome::Later(wait) => Err(format!("again in {wait} seconds")),
        Outcome::Dead(why) => Ok(format!("dead: {why}")),
        Outcome::Nothing(why) => Ok(format!("nothing: {why}")),
        Outcome::Delivered => Ok("delivered".to_owned()),
    }
}

#[test]
fn every_change_of_state_is_told_before_it_is_sealed_at_every_cut_and_nothing_else_is() {
    let build = || {
        let kit = planted();
        kit.plant_webhook(|w| {
            w.id = WebhookId::from_octets([2; 16]);
            w.topics = Topics::parse(["asset.failed"]).unwrap();
        });
        let all = [
            Event::AssetReady,
            Event::ViewOpened,
            Event::AssetFailed,
            Event::AssetErased,
        ];
        let records = (1..).zip(all).map(|(number, event)| changed(number, event));
        let mut records: Vec<_> = records.collect();
        let mut foreign = changed(9, Event::AssetReady);
        foreign.org = OrgId::from_octets([0x12; 16]);
        records.push(foreign);
        kit.cloud.with(|s| s.audit = records);
        kit
    };
    Scenario::new("tell_webhooks", build, async |kit: &Kit, _| {
        let run = seal_audit::run(&kit.seal_audit(), NEVER).await;
        let run = run.map_err(|error| error.to_string())?;
        let orders = kit.cloud.with(|s| s.webhook_orders.clone());
        let mut told: Vec<_> = orders
            .iter()
            .map(|o| (o.delivery, o.notice.topic.as_str()))
            .collect();
        told.sort_unstable();
        told.dedup();
        let told: Vec<_> = told.into_iter().map(|(_, topic)| topic).collect();
        Ok(format!("finished {} {told:?}", run.finished))
    })
    .hold();
}

#[test]
fn a_film_is_told_of_on_its_whole_way() {
    let kit = planted();
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    let command = process_upload::Command {
        org: ORG,
        asset: ASSET,
        deadline: kit.clock.now().plus(900),
        last_try: false,
        request: "req-1".to_owned(),
    };
    now(process_upload::run(&kit.process_upload(), command)).unwrap();
    now(seal_audit::run(&kit.seal_audit(), NEVER)).unwrap();
    let orders = kit.cloud.with(|s| s.webhook_orders.clone());
    let told: Vec<_> = orders.iter().map(|o| o.notice.topic.as_str()).collect();
    assert_eq!(told, ["asset.uploaded", "asset.processing", "asset.ready"]);
    for order in &orders {
        assert_eq!(deliver(&kit, order), Outcome::Delivered);
    }
    let posted = kit.cloud.with(|s| s.posted.clone());
    assert_eq!(posted.len(), 3);
    assert!(
        posted[2]
            .message
            .payload
            .contains(r#""type":"asset.ready""#)
    );
}

#[test]
fn where_nobody_is_told_nothing_is_read_for_it() {
    let kit = planted();
    kit.cloud
        .with(|s| s.audit = vec![changed(1, Event::ViewOpened)]);
    kit.faults.arm(Vec::new());
    now(seal_audit::run(&kit.seal_audit(), NEVER)).unwrap();
    let calls = kit.cloud.calls();
    assert!(!calls.contains(&"webhooks.of") && !calls.contains(&"webhook_queue.order"));
}

#[test]
fn a_message_is_delivered_and_noted_at_every_cut() {
    Scenario::new("deliver_webhook", planted, async |kit: &Kit, _| {
        attempt(kit, &ready_order()).await
    })
    .between(|kit| kit.clock.advance(LONGEST_WAIT))
    .or("nothing: it is over")
    .hold();
}

#[test]
fn an_endpoint_that_is_gone_is_switched_off_and_the_message_dies_at_every_cut() {
    Scenario::new(
        "deliver_webhook, gone",
        || answering(410),
        async |kit: &Kit, _| attempt(kit, &ready_order()).await,
    )
    .between(|kit| kit.clock.advance(LONGEST_WAIT))
    .or("nothing: it is over")
    // A try that was cut off and comes again is one more that failed.
    .without(&["health"])
    .hold();
    let kit = answering(410);
    assert_eq!(
        deliver(&kit, &ready_order()),
        Outcome::Dead("gone".to_owned())
    );
    let roll = kit.webhooks();
    assert_eq!(
        roll.webhooks[0].disabled.map(|(_, why)| why),
        Some(Because::Gone)
    );
    let records = kit.cloud.with(|s| s.audit.clone());
    let events: Vec<_> = records
        .iter()
        .map(|r| (r.event, r.author.to_string()))
        .collect();
    assert_eq!(events, [(Event::WebhookDisabled, "system".to_owned())]);
}

#[test]
fn a_message_that_fails_is_tried_again_later_and_later_and_then_dies() {
    let kit = answering(503);
    let begun = kit.clock.now();
    assert_eq!(
        delivered(&kit, &ready_order()),
        (Outcome::Dead("refused".to_owned()), TRIES)
    );
    let posted = kit.cloud.with(|s| s.posted.clone());
    assert_eq!(posted.len(), TRIES as usize);
    let ids: Vec<_> = posted.iter().map(|p| p.message.id).collect();
    assert!(ids.iter().all(|id| *id == ready_order().delivery), "one id");
    let times: Vec<_> = posted.iter().map(|p| p.message.at.since(begun)).collect();
    let waits: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits.is_sorted(), "{waits:?}");
    assert!(times[8] > 36 * 3_600 && times[8] < 48 * 3_600, "{times:?}");
    assert_eq!(
        kit.webhooks().webhooks[0].disabled,
        None,
        "not for long yet"
    );
}

#[test]
fn a_message_that_fails_twice_is_delivered_at_the_third_try() {
    let kit = planted();
    let answers = vec![Verdict::Unreachable("timeout"), Verdict::Answered(500)];
    kit.cloud
        .with(|s| s.answers.insert(WEBHOOK_URL.to_owned(), answers));
    assert_eq!(delivered(&kit, &ready_order()), (Outcome::Delivered, 3));
    let state = kit.cloud.snapshot();
    let delivery = state.deliveries.values().next().unwrap();
    assert_eq!((delivery.tries, delivery.status), (3, Some(200)));
    assert_eq!(
        (delivery.state, &delivery.reason),
        (DeliveryState::Delivered, &None)
    );
    assert!(state.health.is_empty(), "it is well again");
    assert_eq!(
        deliver(&kit, &ready_order()),
        Outcome::Nothing("it is over")
    );
    assert_eq!(kit.cloud.snapshot(), state);
}

#[test]
fn an_order_that_comes_too_soon_waits_and_nothing_is_sent() {
    let kit = answering(500);
    let Outcome::Later(wait) = deliver(&kit, &ready_order()) else {
        panic!("it failed");
    };
    kit.clock.advance(wait - 1);
    assert_eq!(deliver(&kit, &ready_order()), Outcome::Later(1));
    assert_eq!(kit.cloud.with(|s| s.posted.len()), 1);
}

#[test]
fn a_dead_message_is_replayed_under_its_own_id_and_older_orders_count_no_more() {
    let kit = answering(400);
    let order = ready_order();
    assert_eq!(
        delivered(&kit, &order).0,
        Outcome::Dead("refused".to_owned())
    );
    kit.cloud.with(|s| s.answers.clear());
    let (deps, caller) = (kit.manage_webhooks(), builders::caller());
    now(manage::replay(&deps, &caller, WEBHOOK, order.delivery)).unwrap();
    let replayed = kit.cloud.with(|s| s.webhook_orders[0].clone());
    assert_eq!((replayed.delivery, replayed.round), (order.delivery, 1));
    assert_eq!(deliver(&kit, &replayed), Outcome::Delivered);
    assert_eq!(deliver(&kit, &order), Outcome::Nothing("it is replayed"));
    let state = kit.cloud.snapshot();
    let delivery = &state.deliveries[&(WEBHOOK, order.delivery)];
    assert_eq!((delivery.round, delivery.tries), (1, 1));
    let bodies: Vec<_> = state.posted.iter().map(|p| &p.message.payload).collect();
    assert!(
        bodies.iter().all(|body| *body == bodies[0]),
        "the same octets"
    );
    // What was delivered can be had again too.
    now(manage::replay(&deps, &caller, WEBHOOK, order.delivery)).unwrap();
    let again = kit.cloud.with(|s| s.webhook_orders[1].clone());
    assert_eq!(again.round, 2);
}

#[test]
fn what_is_on_its_way_is_not_replayed() {
    let kit = answering(400);
    deliver(&kit, &ready_order());
    let deps = kit.manage_webhooks();
    let replay = |id| now(manage::replay(&deps, &builders::caller(), WEBHOOK, id));
    assert!(matches!(
        replay(ready_order().delivery),
        Err(Refusal::Conflict(_))
    ));
    let other = DeliveryOrder {
        round: 0,
        ..ready_order()
    };
    let unknown = vault_domain::id::DeliveryId::from_octets([0; 16]);
    assert!(matches!(
        replay(unknown),
        Err(Refusal::NotFound("delivery"))
    ));
    assert_eq!(other, ready_order());
}

#[test]
fn an_endpoint_that_fails_for_long_or_too_often_is_switched_off() {
    let kit = answering(500);
    let since = kit.clock.now();
    kit.cloud.with(|s| {
        let health = s.health.entry(WEBHOOK).or_default();
        (health.failures, health.since) = (5, Some(since));
    });
    kit.clock.advance(FAILING_SECONDS);
    assert!(matches!(deliver(&kit, &ready_order()), Outcome::Later(_)));
    assert_eq!(
        kit.webhooks().webhooks[0].disabled,
        None,
        "the message lives"
    );
    assert_eq!(
        delivered(&kit, &ready_order()).0,
        Outcome::Dead("refused".to_owned())
    );
    let why = |kit: &Kit| kit.webhooks().webhooks[0].disabled.map(|(_, why)| why);
    assert_eq!(why(&kit), Some(Because::Failing));

    let kit = answering(500);
    kit.cloud
        .with(|s| s.health.entry(WEBHOOK).or_default().failures = MAX_FAILURES - 1);
    assert!(matches!(deliver(&kit, &ready_order()), Outcome::Later(_)));
    assert_eq!(why(&kit), Some(Because::Failing));
    kit.clock.advance(LONGEST_WAIT);
    // What waits is given up without a try.
    let dead = Outcome::Dead("failing".to_owned());
    assert_eq!(deliver(&kit, &ready_order()), dead);
    assert_eq!(kit.cloud.with(|s| s.posted.len()), 1);
    // Switched on again it begins anew.
    let patch = WebhookPatch {
        enabled: Some(true),
        ..WebhookPatch::default()
    };
    let deps = kit.manage_webhooks();
    let ask = builders::ask();
    let fresh = kit.clock.now();
    kit.cloud.with(|s| {
        s.sessions
            .get_mut(&builders::SESSION)
            .unwrap()
            .authenticated_at = fresh;
    });
    let on = now(manage::patch(&deps, &ask, WEBHOOK, patch)).unwrap();
    assert_eq!((on.disabled, kit.cloud.with(|s| s.health.len())), (None, 0));
}

#[test]
fn a_removed_endpoint_and_a_url_that_is_not_allowed_any_more_get_nothing() {
    let kit = planted();
    let order = DeliveryOrder {
        webhook: WebhookId::from_octets([1; 16]),
        ..ready_order()
    };
    assert_eq!(
        deliver(&kit, &order),
        Outcome::Nothing("the endpoint is removed")
    );
    let at_home = vault_domain::webhook::WebhookUrl::parse("http://127.0.0.1/", Reach::Anywhere);
    kit.plant_webhook(|w| w.url = at_home.unwrap());
    assert!(matches!(deliver(&kit, &ready_order()), Outcome::Later(_)));
    let state = kit.cloud.snapshot();
    assert!(state.posted.is_empty());
    let delivery = state.deliveries.values().next().unwrap();
    assert_eq!(delivery.reason.as_deref(), Some("url_refused"));
}

#[test]
fn a_message_is_signed_by_the_active_secret_and_for_a_day_by_the_one_before() {
    let kit = planted();
    let told = now(manage::rotate(
        &kit.manage_webhooks(),
        &builders::ask(),
        WEBHOOK,
    ))
    .unwrap();
    let old = kit.webhook_secrets.secret(WEBHOOK, &webhook().key).unwrap();
    let signed = |kit: &Kit, secrets: &[&[u8]]| {
        let posted = kit.cloud.with(|s| s.posted.last().cloned()).unwrap();
        let message = posted.message;
        let content = signed_content(&message.id.to_string(), message.at, &message.payload);
        let one = |secret: &&[u8]| {
            let mac = sha256(&[secret, content.as_bytes()]);
            format!("v1,{}", data_encoding::BASE64.encode(&mac))
        };
        let wanted: Vec<_> = secrets.iter().map(one).collect();
        assert_eq!(message.signature, wanted.join(" "));
        assert_eq!(message.at, kit.clock.now());
    };
    deliver(&kit, &ready_order());
    signed(&kit, &[told.secret.expose(), old.expose()]);
    kit.clock.advance(OVERLAP_SECONDS);
    let replay = DeliveryOrder {
        round: 1,
        ..ready_order()
    };
    deliver(&kit, &replay);
    signed(&kit, &[told.secret.expose()]);
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

fn told(kit: &Kit, outcome: Result<Told, Refusal>) -> Answer {
    answer(outcome, |told| {
        let active = kit.webhooks().find(told.webhook.id) == Some(&told.webhook);
        // Not by the port, which faults are planned for.
        let (id, name) = (told.webhook.id, &told.webhook.key.nonce);
        let same = sha256(&[b"webhook", id.octets(), name]) == told.secret.expose();
        format!("the active secret: {}", active && same)
    })
}

#[test]
fn an_endpoint_named_by_a_request_is_made_once_and_told_at_most_once_at_every_cut() {
    Scenario::new("create_webhook", || Kit::with_users(1), async |kit: &Kit, _| {
        let new = NewWebhook {
            idempotency: Some(builders::idempotency_key("k")),
            ..new_webhook()
        };
        told(kit, manage::create(&kit.manage_webhooks(), &builders::ask(), new).await)
    })
    .or("refused: this Idempotency-Key made a webhook before; its secret was told then: rotate it for another")
    .hold();
}

#[test]
fn a_rotation_tells_the_active_secret_at_every_cut() {
    Scenario::new("rotate_webhook", planted, async |kit: &Kit, _| {
        told(
            kit,
            manage::rotate(&kit.manage_webhooks(), &builders::ask(), WEBHOOK).await,
        )
    })
    // Each time is another rotation, with a record of its own.
    .without(&["audit"])
    .hold();
}

#[test]
fn a_change_a_removal_and_a_replay_hold_at_every_cut() {
    Scenario::new("patch_webhook", planted, async |kit: &Kit, _| {
        let patch = WebhookPatch {
            url: Some(webhook_url("https://other.example.org/")),
            topics: Some(Topics::parse(["asset.ready"]).unwrap()),
            enabled: Some(false),
            ..WebhookPatch::default()
        };
        let (deps, ask) = (kit.manage_webhooks(), builders::ask());
        let patched = manage::patch(&deps, &ask, WEBHOOK, patch);
        answer(patched.await, |w| {
            format!("{} {:?}", w.url.as_str(), w.topics)
        })
    })
    .hold();
    Scenario::new("remove_webhook", planted, async |kit: &Kit, _| {
        let removed = manage::remove(&kit.manage_webhooks(), &builders::ask(), WEBHOOK).await;
        answer(removed, |()| "removed".to_owned())
    })
    .hold();
    let dead = || {
        let kit = answering(410);
        deliver(&kit, &ready_order());
        kit.plant_webhook(|_| ());
        kit
    };
    Scenario::new("replay_webhook", dead, async |kit: &Kit, _| {
        let (deps, caller) = (kit.manage_webhooks(), builders::caller());
        let replayed = manage::replay(&deps, &caller, WEBHOOK, ready_order().delivery).await;
        answer(replayed, |()| "replayed".to_owned())
    })
    .hold();
}

#[test]
fn only_owners_and_admins_who_proved_themselves_just_now_change_endpoints() {
    for (role, may) in [
        (Role::Owner, true),
        (Role::Admin, true),
        (Role::Editor, false),
        (Role::Viewer, false),
    ] {
        let kit = planted();
        let place = (ORG, builders::OWNER);
        kit.cloud
            .with(|s| s.memberships.get_mut(&place).unwrap().role = role);
        let (deps, ask) = (kit.manage_webhooks(), builders::ask());
        let caller = &ask.caller;
        let size = PageSize::default();
        assert_eq!(now(manage::list(&deps, caller)).is_ok(), may, "{role:?}");
        assert_eq!(now(manage::get(&deps, caller, WEBHOOK)).is_ok(), may);
        assert_eq!(now(manage::test(&deps, caller, WEBHOOK)).is_ok(), may);
        let listed = manage::deliveries(&deps, caller, (WEBHOOK, None), None, size);
        assert_eq!(now(listed).is_ok(), may);
        assert_eq!(now(manage::create(&deps, &ask, new_webhook())).is_ok(), may);
        assert_eq!(now(manage::rotate(&deps, &ask, WEBHOOK)).is_ok(), may);
        let patch = WebhookPatch::default();
        assert_eq!(now(manage::patch(&deps, &ask, WEBHOOK, patch)).is_ok(), may);
        kit.clock.advance(3_600);
        let late = now(manage::remove(&deps, &ask, WEBHOOK));
        assert!(late.is_err(), "not proven lately");
        assert_eq!(
            now(manage::list(&deps, caller)).is_ok(),
            may,
            "looking needs no proof"
        );
    }
}

#[test]
fn an_endpoint_of_another_organisation_is_none() {
    let kit = Kit::with_users(1);
    kit.plant_webhook(|w| w.org = OrgId::from_octets([0x12; 16]));
    let (deps, ask) = (kit.manage_webhooks(), builders::ask());
    let caller = &ask.caller;
    kit.cloud
        .with(|s| s.health.entry(WEBHOOK).or_default().failures = 7);
    let before = kit.cloud.with(|s| s.webhooks.clone());
    let on = WebhookPatch {
        enabled: Some(true),
        ..WebhookPatch::default()
    };
    let none_of_theirs = now(manage::patch(&deps, &ask, WEBHOOK, on));
    assert!(matches!(none_of_theirs, Err(Refusal::NotFound("webhook"))));
    assert_eq!(kit.cloud.with(|s| s.health[&WEBHOOK].failures), 7);
    let none = |outcome: Result<(), Refusal>| matches!(outcome, Err(Refusal::NotFound("webhook")));
    assert!(none(now(manage::get(&deps, caller, WEBHOOK)).map(|_| ())));
    assert!(none(now(manage::rotate(&deps, &ask, WEBHOOK)).map(|_| ())));
    let patch = manage::patch(&deps, &ask, WEBHOOK, WebhookPatch::default());
    assert!(none(now(patch).map(|_| ())));
    let id = ready_order().delivery;
    assert!(none(now(manage::replay(&deps, caller, WEBHOOK, id))));
    assert!(none(now(manage::test(&deps, caller, WEBHOOK)).map(|_| ())));
    let listed = manage::deliveries(&deps, caller, (WEBHOOK, None), None, PageSize::default());
    assert!(none(now(listed).map(|_| ())));
    now(manage::remove(&deps, &ask, WEBHOOK)).unwrap();
    assert_eq!(kit.cloud.with(|s| s.webhooks.clone()), before);
    assert!(now(manage::list(&deps, caller)).unwrap().is_empty());
}

#[test]
fn deliveries_are_listed_page_by_page_and_by_state() {
    let kit = planted();
    let mut wanted = Vec::new();
    for number in 1..=5 {
        let record = changed(number, Event::AssetReady);
        let order = DeliveryOrder {
            delivery: vault_domain::id::DeliveryId::of(
                &*kit.hashing,
                WEBHOOK,
                record.id,
                record.at,
            ),
            ..ready_order()
        };
        let answers = vec![Verdict::Answered(if number == 2 { 410 } else { 200 })];
        kit.cloud
            .with(|s| s.answers.insert(WEBHOOK_URL.to_owned(), answers));
        deliver(&kit, &order);
        kit.plant_webhook(|_| ());
        wanted.insert(0, order.delivery);
    }
    let (deps, caller) = (kit.manage_webhooks(), builders::caller());
    let page = |state, cursor: Option<&str>| {
        let size = PageSize::parse("2").unwrap();
        now(manage::deliveries(
            &deps,
            &caller,
            (WEBHOOK, state),
            cursor,
            size,
        ))
    };
    let (mut told, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let found = page(None, cursor.as_deref()).unwrap();
        told.extend(found.deliveries.iter().map(|d| d.id));
        cursor = found.cursor;
        let Some(next) = &cursor else { break };
        let other = page(Some(DeliveryState::Dead), Some(next));
        assert!(
            matches!(other, Err(Refusal::Malformed(_))),
            "another list's"
        );
    }
    assert_eq!(told, wanted);
    let dead = page(Some(DeliveryState::Dead), None).unwrap();
    assert_eq!(dead.deliveries.len(), 1);
    assert_eq!(dead.deliveries[0].reason.as_deref(), Some("gone"));
}

#[test]
fn an_organisation_has_ten_endpoints_and_no_more() {
    let kit = Kit::with_users(1);
    let (deps, ask) = (kit.manage_webhooks(), builders::ask());
    for _ in 0..MAX_WEBHOOKS {
        now(manage::create(&deps, &ask, new_webhook())).unwrap();
    }
    let full = now(manage::create(&deps, &ask, new_webhook()));
    assert!(matches!(full, Err(Refusal::LimitReached(_))));
    let records = kit.cloud.with(|s| s.audit.clone());
    let made = records.iter().filter(|r| r.event == Event::WebhookCreated);
    assert_eq!(made.count(), MAX_WEBHOOKS);
    let secrets = kit.ledger.secrets();
    assert!(secrets.len() >= MAX_WEBHOOKS);
    assert_eq!(kit.leaks(), Vec::<String>::new());
}
