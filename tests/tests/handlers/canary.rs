//! No secret reaches a log line: not on success, not on refusal, not when a store fails.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;
use vault_testkit::contract::audit_record;
use vault_testkit::webhook::{WEBHOOK_URL, ready_order};
use vault_testkit::{Fault, Mode, builders};

use crate::golden::{golden, good};
use crate::world::{Ask, answer, invoke};

/// What every field, header and token of a hostile request holds.
const CANARY: &str = "canary-5f1d7c3e-do-not-log";

/// Everything that any crate logs, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Runs `work` and gives back what was logged.
fn logged(work: impl Future<Output = ()>) -> String {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(work);
    });
    let bytes = log.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn assert_clean(log: &str, secrets: &[Vec<u8>], what: &str) {
    let told = [
        "\"request\"",
        "\"outcome\"",
        "\"owner\"",
        "\"organisation\"",
        "\"kind\"",
        "\"records\"",
        "\"webhook\"",
        "\"rotation\"",
        "\"rewrapped\"",
    ];
    assert!(
        told.iter().any(|line| log.contains(line)),
        "{what} logged nothing: {log}"
    );
    assert!(!log.contains(CANARY), "{what} logged the canary: {log}");
    for secret in secrets.iter().filter_map(|s| std::str::from_utf8(s).ok()) {
        // Shorter ones are octets that happen to be text.
        assert!(
            secret.len() < 12 || !log.contains(secret),
            "{what} logged a secret: {log}"
        );
    }
}

/// What a client brought that grants something.
fn credentials(ask: &Ask) -> Vec<Vec<u8>> {
    let mut all = vec![builders::PASSWORD.as_bytes().to_vec()];
    let values = ask.headers.iter().chain(&ask.query).chain(&ask.path);
    for (name, value) in values {
        if ["authorization", "token"].contains(name) {
            all.push(value.trim_start_matches("Bearer ").as_bytes().to_vec());
        }
    }
    all
}

#[test]
fn a_good_request_to_any_handler_logs_no_secret() {
    let asks = good(&golden());
    assert!(asks.len() >= 10);
    for ask in asks {
        let kit = golden();
        let log = logged(async {
            let reply = answer(&kit, &ask).await;
            let status = reply.status();
            assert!(status.is_success(), "{} {status}", ask.function);
            let told: serde_json::Value = serde_json::from_slice(reply.body()).unwrap_or_default();
            if let Some(secret) = told["secret"].as_str() {
                kit.ledger.note(secret.as_bytes());
            }
        });
        let mut secrets = kit.ledger.secrets();
        secrets.extend(credentials(&ask));
        assert_clean(&log, &secrets, ask.function);
    }
}

#[test]
fn a_key_that_is_handed_out_is_on_the_log_and_one_that_is_refused_is_not() {
    let asks = good(&golden());
    let ask = asks.iter().find(|ask| ask.function == "deliver-key");
    let line = |live: bool| {
        let kit = golden();
        kit.cloud.with(|s| {
            let opened = s.playbacks.values_mut();
            opened.for_each(|playback| playback.revoked = !live);
        });
        let log = logged(async {
            answer(&kit, ask.unwrap()).await;
        });
        let line = log.lines().find(|line| line.contains("key delivered"));
        line.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
    };
    let line_of = line(true).expect("a line");
    assert_eq!(line_of["target"], "record", "written at every level");
    let fields = &line_of["fields"];
    for (name, value) in [
        ("playback", builders::PLAYBACK.to_string()),
        ("asset", builders::ASSET.to_string()),
        ("key", builders::KEY.to_string()),
    ] {
        assert_eq!(fields[name], value, "{name}");
    }
    assert!(line(false).is_none());
}

#[test]
fn a_store_that_fails_at_any_call_logs_no_secret() {
    for ask in good(&golden()) {
        let whole = golden();
        logged(async {
            answer(&whole, &ask).await;
        });
        let calls = whole.faults.log().len();
        for call in 1..=calls {
            let kit = golden();
            kit.faults.arm(vec![Fault {
                call,
                mode: Mode::FailBefore,
            }]);
            let log = logged(async {
                answer(&kit, &ask).await;
            });
            let mut secrets = kit.ledger.secrets();
            secrets.extend(credentials(&ask));
            assert_clean(&log, &secrets, ask.function);
        }
    }
}

#[test]
fn a_hostile_request_to_any_handler_logs_nothing_of_it() {
    for ask in good(&golden()) {
        for hostile in hostile(&ask) {
            let kit = golden();
            let log = logged(async {
                let reply = answer(&kit, &hostile).await;
                let text = String::from_utf8_lossy(reply.body()).into_owned();
                assert!(
                    !text.contains(CANARY),
                    "{} repeats its input: {text}",
                    ask.function
                );
                // What has neither a credential nor a body to spoil is not refused.
                let spoilt = format!("{:?}{:?}", hostile.headers, hostile.path).contains(CANARY)
                    || hostile.body.contains(CANARY) && ask.method == "POST";
                assert!(
                    !spoilt || reply.status().is_client_error(),
                    "{} {text}",
                    ask.function
                );
            });
            assert_clean(&log, &[], ask.function);
        }
    }
}

/// The same request with the canary for every credential and parameter, and with bodies that hold it.
fn hostile(ask: &Ask) -> Vec<Ask> {
    let mut spoilt = ask.clone();
    let Ask {
        headers,
        query,
        path,
        ..
    } = &mut spoilt;
    for (_, value) in headers.iter_mut().chain(query).chain(path) {
        if !value.starts_with("application/") {
            let scheme = if value.starts_with("Bearer ") {
                "Bearer "
            } else {
                ""
            };
            *value = format!("{scheme}{CANARY}");
        }
    }
    // With the credential, where there is one and a body to be read behind it.
    let keeps = matches!(ask.function, "presign-upload" | "finalize-upload")
        || ask.function == "manage-organisation" && !ask.body.is_empty();
    let body = |kind: &str, body: String| {
        let mut spoilt = ask.clone();
        if !keeps {
            (spoilt.headers, spoilt.path) = (vec![], vec![]);
        }
        spoilt.headers.retain(|(name, _)| *name != "content-type");
        spoilt.body(kind, body)
    };
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    vec![
        spoilt,
        body(
            json,
            format!("{{\"password\":\"{CANARY}\",\"email\":\"{CANARY}\"}}"),
        ),
        body(json, CANARY.repeat(1_000)),
        body(form, format!("grant_type={CANARY}&x=%zz")),
        body(
            form,
            format!("grant_type=refresh_token&refresh_token={CANARY}"),
        ),
    ]
}

#[test]
fn the_functions_without_a_route_log_no_secret() {
    let kit = golden();
    let log = logged(async {
        let wish = json!({ "organisation": "Golden", "email": "new@example.org" });
        let owner = invoke(&kit, "bootstrap-owner", wish).await.unwrap();
        let password = owner["password"].as_str().unwrap().to_owned();
        kit.ledger.note(password.as_bytes());
        for wish in [
            json!({ "organisation": "Golden", "email": CANARY }),
            json!({ "organisation": "Golden", "email": "a@example.org", "password": CANARY }),
            json!(CANARY),
        ] {
            let refusal = invoke(&kit, "bootstrap-owner", wish).await.unwrap_err();
            assert!(!refusal.to_string().contains(CANARY), "{refusal}");
        }
    });
    assert_clean(&log, &kit.ledger.secrets(), "bootstrap-owner");

    let kit = golden();
    let log = logged(async {
        let org = builders::ORG.to_string();
        let wish = json!({ "organisation_id": org, "max_bytes": 7 });
        invoke(&kit, "set-quota", wish).await.unwrap();
        for wish in [
            json!({ "organisation_id": CANARY }),
            json!({ "organisation_id": org, "max_bytes": CANARY }),
            json!({ "organisation_id": org, CANARY: 1 }),
            json!(CANARY),
        ] {
            let refusal = invoke(&kit, "set-quota", wish).await.unwrap_err();
            assert!(!refusal.to_string().contains(CANARY), "{refusal}");
        }
    });
    assert_clean(&log, &kit.ledger.secrets(), "set-quota");

    let kit = golden();
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    let key = vault_domain::asset::source_key(builders::ORG, builders::ASSET);
    let body = json!({
        "detail-type": "Object Created",
        "detail": { "bucket": { "name": "uploads" }, "object": { "key": key } },
    });
    let records = json!({ "Records": [
        { "messageId": "m-1", "body": body.to_string() },
        { "messageId": "m-2", "body": format!("not an event {CANARY}") },
    ]});
    let log = logged(async {
        let answer = invoke(&kit, "process-upload", records).await.unwrap();
        assert_eq!(
            answer,
            json!({ "batchItemFailures": [{ "itemIdentifier": "m-2" }] })
        );
    });
    assert_clean(&log, &kit.ledger.secrets(), "process-upload");
}

#[test]
fn what_runs_by_the_clock_tells_how_much_it_did_and_logs_no_secret() {
    let kit = golden();
    let sample = vault_testkit::Sample::new(9);
    let records = (0..4).map(|n| audit_record(&sample, builders::ORG, n));
    let records: Vec<_> = records.collect();
    kit.cloud.with(|s| s.audit.extend(records));
    let event = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
    let log = logged(async {
        let sealed = invoke(&kit, "seal-audit", event.clone()).await.unwrap();
        assert_eq!(sealed, json!({ "records": 4, "finished": true }));
        let exported = invoke(&kit, "export-audit", event.clone()).await.unwrap();
        assert_eq!(exported, json!({ "exports": 1 }));
        let swept = invoke(&kit, "sweep-assets", event).await.unwrap();
        assert_eq!(
            swept,
            json!({ "erased": 0, "deleted": 0, "abandoned": 0, "unheard": 0, "finished": true })
        );
    });
    assert_clean(&log, &kit.ledger.secrets(), "what runs by the clock");

    let kit = golden();
    let log = logged(async {
        let report = invoke(&kit, "rewrap-keys", json!({})).await.unwrap();
        assert_eq!(
            (&report["finished"], &report["unreadable"]),
            (&json!(true), &json!(0))
        );
    });
    assert_clean(&log, &kit.ledger.secrets(), "rewrap-keys");
}

#[test]
fn rotation_logs_and_tells_no_secret() {
    use vault_domain::rotation::Kind;
    use vault_testkit::rotation::secret_arn;
    let kit = golden();
    let arn = secret_arn(Kind::MasterKey);
    kit.plant_secret(Kind::MasterKey);
    kit.cloud.with(|s| {
        let secret = s.secrets.get_mut(&arn).unwrap();
        secret.stages.pending = Some("t-1".to_owned());
    });
    let texts = || {
        let texts = kit.cloud.with(|s| s.secrets[&arn].versions.clone());
        let texts = texts.into_values().flat_map(|text| {
            let ring: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(&text).unwrap();
            ring.into_iter()
                .filter_map(|(_, value)| value.as_str().map(str::to_owned))
        });
        texts.filter(|text| text.len() > 30).collect::<Vec<_>>()
    };
    let log = logged(async {
        let steps = ["createSecret", "setSecret", "testSecret", "finishSecret"];
        let done = ["published", "sound", "sound", "in_force"];
        for (step, done) in steps.into_iter().zip(done) {
            let order = json!({ "Step": step, "SecretId": arn, "ClientRequestToken": "t-1", "RotationToken": CANARY });
            let told = invoke(&kit, "rotate-secret", order).await.unwrap();
            assert_eq!(
                (&told["secret"], &told["done"]),
                (&json!("master_key"), &json!(done))
            );
        }
        for order in [
            json!({}),
            json!(CANARY),
            json!({ "Step": CANARY, "SecretId": arn, "ClientRequestToken": "t-1" }),
            json!({ "Step": "createSecret", "SecretId": CANARY, "ClientRequestToken": "t-1" }),
            json!({ "Step": "createSecret", "SecretId": arn, "ClientRequestToken": CANARY }),
            json!({ "Step": "createSecret", "SecretId": arn, "ClientRequestToken": "" }),
            json!({ "Step": "createSecret", "SecretId": "x".repeat(2_049), "ClientRequestToken": "t-1" }),
        ] {
            let refusal = invoke(&kit, "rotate-secret", order)
                .await
                .unwrap_err()
                .to_string();
            let told = texts().into_iter().any(|text| refusal.contains(&text));
            assert!(!told && !refusal.contains(CANARY), "{refusal}");
        }
    });
    assert!(texts().len() >= 3, "there is something to hide");
    let hidden: Vec<Vec<u8>> = texts().into_iter().map(String::into_bytes).collect();
    assert_clean(&log, &hidden, "rotate-secret");
}

#[test]
fn the_net_would_catch_a_secret() {
    let log = logged(async { tracing::info!(token = CANARY, "request") });
    assert!(std::panic::catch_unwind(|| assert_clean(&log, &[], "this")).is_err());
}

#[test]
fn mail_logs_neither_links_nor_addresses() {
    use vault_domain::mail::MailOrder;
    let order = |email: &str| MailOrder::PasswordReset {
        request: [9; 16],
        email: builders::email(email),
        requested_from: None,
    };
    let gone = "gone@example.org";
    for fault in [None, Some(1), Some(2), Some(3), Some(4), Some(5)] {
        let kit = golden();
        kit.cloud.with(|s| {
            s.undeliverable.insert(gone.to_owned());
            let user = s.users.get_mut(&builders::VIEWER).unwrap();
            user.email = builders::email(gone);
        });
        let bodies = [builders::EMAIL, gone, "nobody@example.org"]
            .map(|email| serde_json::to_string(&order(email)).unwrap());
        let records: Vec<_> = bodies
            .iter()
            .map(|body| json!({ "messageId": "m", "body": body }))
            .chain([json!({ "messageId": "c", "body": CANARY })])
            .collect();
        if let Some(call) = fault {
            let mode = Mode::FailBefore;
            kit.faults.arm(vec![Fault { call, mode }]);
        }
        let log = logged(async {
            invoke(&kit, "send-mail", json!({ "Records": records }))
                .await
                .unwrap();
        });
        let mut secrets = kit.ledger.secrets();
        secrets.extend([builders::EMAIL, gone].map(|email| email.as_bytes().to_vec()));
        assert_clean(&log, &secrets, "send-mail");
    }
}

#[test]
fn webhooks_log_neither_secrets_nor_urls() {
    let order = serde_json::to_string(&ready_order()).unwrap();
    for fault in [None, Some(1), Some(2), Some(3), Some(4), Some(5)] {
        let kit = golden();
        kit.cloud.with(|s| s.deliveries.clear());
        let records = [order.as_str(), CANARY]
            .map(|body| json!({ "messageId": "m", "receiptHandle": CANARY, "body": body }));
        if let Some(call) = fault {
            let mode = Mode::FailBefore;
            kit.faults.arm(vec![Fault { call, mode }]);
        }
        let log = logged(async {
            invoke(&kit, "deliver-webhooks", json!({ "Records": records }))
                .await
                .unwrap();
        });
        let mut secrets = kit.ledger.secrets();
        secrets.push(WEBHOOK_URL.as_bytes().to_vec());
        assert_clean(&log, &secrets, "deliver-webhooks");
    }
}
