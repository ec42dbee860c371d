//! Webhooks: told of a film on its way, tried again, given up, replayed; verified by the official library.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use vault_aws::sqs::SqsWebhookQueue;
use vault_domain::id::{DeliveryId, OrgId, WebhookId};
use vault_domain::ports::WebhookQueue as _;
use vault_domain::webhook::{DeliveryOrder, Notice, Topic};
use vault_tests::api::{refused, url};
use vault_tests::films::SHORT;
use vault_tests::people::Person;
use vault_tests::{Http, Reply, Request, cloud, people, python, sdk, wait};

const SOON: Duration = Duration::from_secs(40);

/// A message as it came.
#[derive(Debug, Clone)]
struct Came {
    head: String,
    body: String,
}

impl Came {
    fn header(&self, name: &str) -> String {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let (_, value) = lines
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .expect("the header");
        value.to_owned()
    }
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// An endpoint on this machine, with what it will answer; 204 beyond that.
struct Receiver {
    url: String,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Receiver {
    fn answering(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hook?x=1", listener.local_addr().expect("ours"));
        let came = Arc::new(Mutex::new(Vec::new()));
        let (kept, mut planned) = (Arc::clone(&came), statuses.to_vec());
        // It ends with the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let message = read(&mut stream);
                let status = if planned.is_empty() {
                    204
                } else {
                    planned.remove(0)
                };
                let mut came = kept.lock().unwrap_or_else(PoisonError::into_inner);
                came.push(message);
                let _ = write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
            }
        });
        Self { url, came }
    }

    fn came(&self) -> Vec<Came> {
        let came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.clone()
    }
}

fn read(stream: &mut std::net::TcpStream) -> Came {
    let mut held = Vec::new();
    let mut some = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&held).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let came = Came {
                head: head.to_owned(),
                body: body.to_owned(),
            };
            if came.body.len()
                >= came
                    .header("content-length")
                    .parse::<usize>()
                    .expect("a length")
            {
                return came;
            }
        }
        let count = stream.read(&mut some).expect("the rest");
        assert_ne!(count, 0, "a message ends early: {text}");
        held.extend_from_slice(&some[..count]);
    }
}

/// A webhook of the owner: its id and secret.
fn made(owner: &Person, receiver: &Receiver, events: &[&str]) -> (String, String) {
    let body = json!({ "name": "CI", "url": receiver.url, "events": events });
    let reply = owner.api.post("/v1/webhooks", Some(&owner.access), &body);
    let reply = reply.expect(201);
    (reply.field("webhook_id"), reply.field("secret"))
}

fn deliveries(owner: &Person, webhook: &str, query: &str) -> Vec<Value> {
    let path = format!("/v1/webhooks/{webhook}/deliveries?{query}");
    let reply = owner.api.get(&path, &owner.access).expect(200).json();
    reply["deliveries"].as_array().expect("a list").clone()
}

fn patched(owner: &Person, webhook: &str, change: &Value) -> Reply {
    let place = url(&format!("/v1/webhooks/{webhook}"));
    let request = Request::new("PATCH", &place).bearer(&owner.access);
    Http::default().send(&request.body("application/json", change.to_string()))
}

fn verified(came: &[Came], secret: &str) {
    let messages = came.iter().map(|came| {
        json!({
            "webhook-id": came.header("webhook-id"),
            "webhook-timestamp": came.header("webhook-timestamp"),
            "webhook-signature": came.header("webhook-signature"),
            "body": came.body,
            "secrets": [secret],
            "foreign": "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        })
    });
    let input = json!({ "messages": messages.collect::<Vec<_>>() });
    assert_eq!(python::run("webhook.py", &input.to_string()), "ok");
}

#[test]
fn a_film_is_told_of_on_its_whole_way_and_every_message_verifies() {
    let owner = people::owner();
    let receiver = Receiver::answering(&[]);
    let (webhook, secret) = made(&owner, &receiver, &[]);
    let asset = owner.ready(SHORT);
    let wanted = [
        "asset.announced",
        "asset.uploaded",
        "asset.processing",
        "asset.ready",
    ];
    let wanted: BTreeSet<String> = wanted.map(str::to_owned).into();
    let told = || -> BTreeSet<String> {
        let came = receiver.came();
        let kinds = came
            .iter()
            .map(|came| came.json()["type"].as_str().unwrap().to_owned());
        kinds.collect()
    };
    wait::until("every change", SOON, || {
        sdk::invoke("SealAuditFunction", &json!({})).expect(200);
        (told() == wanted).then_some(())
    });
    let came = receiver.came();
    verified(&came, &secret);
    for message in &came {
        let body = message.json();
        assert_eq!(body["data"]["asset_id"], asset.as_str());
        assert_eq!(body["data"]["organisation_id"], owner.organisation.as_str());
        assert!(
            message.head.starts_with("POST /hook?x=1 HTTP/1.1"),
            "{}",
            message.head
        );
    }
    let delivered = wait::until("a note of each", SOON, || {
        let delivered = deliveries(&owner, &webhook, "state=delivered");
        (delivered.len() == 4).then_some(delivered)
    });
    let ids: BTreeSet<_> = came.iter().map(|came| came.header("webhook-id")).collect();
    let noted: BTreeSet<_> = delivered
        .iter()
        .map(|delivery| delivery["delivery_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, noted);
}

/// What the queue will hand out at its time comes at once: a copy of the order, of which the record says that its time has
/// come.
fn hurried(owner: &Person, webhook: &str, delivery: &Value) {
    let id = DeliveryId::parse(delivery["delivery_id"].as_str().unwrap()).unwrap();
    let sk = format!("message#{}", data_encoding::HEXLOWER.encode(id.octets()));
    let update = sdk::sdk().dynamodb().update_item();
    let update = update
        .table_name(cloud().output("WebhooksTable"))
        .key("pk", AttributeValue::S(webhook.to_owned()))
        .key("sk", AttributeValue::S(sk))
        .update_expression("SET next_at = :past")
        .expression_attribute_values(":past", AttributeValue::N("1".to_owned()));
    sdk::block_on(async { update.send().await }).expect("an update");
    let order = DeliveryOrder {
        org: OrgId::parse(&owner.organisation).unwrap(),
        webhook: WebhookId::parse(webhook).unwrap(),
        delivery: id,
        round: 0,
        notice: Notice {
            topic: Topic::Test,
            at: vault_domain::time::Timestamp(delivery["at"].as_u64().unwrap()),
            asset: None,
            code: None,
            view: None,
        },
    };
    let queue = SqsWebhookQueue::new(sdk::sdk().sqs(), cloud().output("WebhookQueueUrl"));
    sdk::block_on(async { queue.order(&[order]).await }).expect("an order");
}

#[test]
fn what_fails_twice_is_tried_again_and_delivered_under_one_id() {
    let owner = people::owner();
    let receiver = Receiver::answering(&[503, 302]);
    let (webhook, secret) = made(&owner, &receiver, &["asset.ready"]);
    let test = format!("/v1/webhooks/{webhook}/test");
    let ordered = owner.api.post_nothing(&test, &owner.access).expect(202);
    // The first wait is five seconds, in the queue itself.
    let twice = wait::until("a second try", SOON, || {
        let waiting = deliveries(&owner, &webhook, "state=waiting");
        waiting.into_iter().find(|delivery| delivery["tries"] == 2)
    });
    assert_eq!(twice["delivery_id"], ordered.field("delivery_id").as_str());
    assert_eq!(
        (&twice["status"], &twice["reason"]),
        (&json!(302), &json!("redirected"))
    );
    assert!(twice["next_at"].as_u64() > twice["tried_at"].as_u64());
    let replay = format!(
        "/v1/webhooks/{webhook}/deliveries/{}/replay",
        ordered.field("delivery_id")
    );
    refused(
        &owner.api.post_nothing(&replay, &owner.access),
        409,
        "conflict",
    );
    hurried(&owner, &webhook, &twice);
    let done = wait::until("the third try", SOON, || {
        deliveries(&owner, &webhook, "state=delivered").pop()
    });
    assert_eq!((&done["tries"], &done["status"]), (&json!(3), &json!(204)));
    let came = receiver.came();
    let ids: BTreeSet<_> = came.iter().map(|came| came.header("webhook-id")).collect();
    assert_eq!((came.len(), ids.len()), (3, 1));
    verified(&came, &secret);
}

#[test]
fn what_died_is_listed_with_its_reason_and_replayed() {
    let owner = people::owner();
    let receiver = Receiver::answering(&[410]);
    let (webhook, old) = made(&owner, &receiver, &[]);
    let test = format!("/v1/webhooks/{webhook}/test");
    let id = owner.api.post_nothing(&test, &owner.access).expect(202);
    let id = id.field("delivery_id");
    let dead = wait::until("its end", SOON, || {
        deliveries(&owner, &webhook, "state=dead").pop()
    });
    assert_eq!(
        (&dead["delivery_id"], &dead["reason"]),
        (&json!(id), &json!("gone"))
    );
    let shown = owner
        .api
        .get(&format!("/v1/webhooks/{webhook}"), &owner.access);
    let shown = shown.expect(200).json();
    assert_eq!(
        (&shown["enabled"], &shown["disabled_because"]),
        (&json!(false), &json!("gone"))
    );
    let replay = format!("/v1/webhooks/{webhook}/deliveries/{id}/replay");
    refused(
        &owner.api.post_nothing(&replay, &owner.access),
        409,
        "conflict",
    );
    patched(&owner, &webhook, &json!({ "enabled": true })).expect(200);
    let rotate = format!("/v1/webhooks/{webhook}/rotate");
    let new = owner.api.post_nothing(&rotate, &owner.access).expect(200);
    owner.api.post_nothing(&replay, &owner.access).expect(202);
    let done = wait::until("the replay", SOON, || {
        deliveries(&owner, &webhook, "state=delivered").pop()
    });
    assert_eq!(
        (&done["delivery_id"], &done["replays"]),
        (&json!(id), &json!(1))
    );
    let came = receiver.came();
    assert_eq!((came.len(), &came[0].body), (2, &came[1].body));
    assert_eq!(came[1].header("webhook-id"), id);
    // Both secrets sign while they overlap.
    verified(&came[1..], &old);
    verified(&came[1..], &new.field("secret"));
    let gone = Request::new("DELETE", &url(&format!("/v1/webhooks/{webhook}")));
    Http::default()
        .send(&gone.bearer(&owner.access))
        .expect(200);
    let none = owner
        .api
        .get(&format!("/v1/webhooks/{webhook}"), &owner.access);
    refused(&none, 404, "not_found");
}
