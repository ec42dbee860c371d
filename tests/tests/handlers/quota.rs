//! The operator's command: what it takes, and that what is wrong changes nothing. And what it comes to over HTTP.

use serde_json::{Value, json};
use vault_testkit::{Kit, builders};

use crate::golden::{access, golden};
use crate::world::{Ask, answer, invoke};

async fn set(kit: &Kit, wish: Value) -> Result<Value, String> {
    let told = invoke(kit, "set-quota", wish).await;
    told.map_err(|error| error.to_string())
}

fn wish(changes: &Value) -> Value {
    let mut wish = changes.clone();
    wish["organisation_id"] = json!(builders::ORG.to_string());
    wish
}

#[tokio::test]
async fn what_is_absent_stays_and_null_is_the_default() {
    let kit = golden();
    let told = set(&kit, wish(&json!({ "max_bytes": 7, "max_uploads": 0 }))).await;
    let told = told.unwrap();
    assert_eq!(
        (&told["max_bytes"], &told["max_uploads"]),
        (&json!(7), &json!(0))
    );
    assert_eq!(told["max_assets"], Value::Null);
    assert_eq!(told["max_film_bytes"], Value::Null);
    assert_eq!(told["used"]["assets"], 1);
    let told = set(&kit, wish(&json!({ "max_bytes": null })))
        .await
        .unwrap();
    assert_eq!(
        (&told["max_bytes"], &told["max_uploads"]),
        (&Value::Null, &json!(0))
    );
    let shown = set(&kit, wish(&json!({}))).await.unwrap();
    assert_eq!(shown, told, "without a wish it only tells");
    let most = wish(&json!({ "max_bytes": 1_000_000_000_000_000_u64 }));
    assert!(set(&kit, most).await.is_ok());
}

#[tokio::test]
async fn a_command_that_is_wrong_says_what_would_be_right_and_changes_nothing() {
    let kit = golden();
    let before = kit.cloud.snapshot();
    let org = builders::ORG.to_string();
    for (wrong, right) in [
        (json!(null), "organisation_id"),
        (json!([]), "organisation_id"),
        (json!({}), "organisation_id"),
        (json!({ "max_bytes": 1 }), "organisation_id"),
        (json!({ "organisation_id": 7 }), "organisation_id"),
        (json!({ "organisation_id": "org_x" }), "org_"),
        (json!({ "organisation_id": format!(" {org}") }), "org_"),
        (
            json!({ "organisation_id": builders::OWNER.to_string() }),
            "org_",
        ),
        (wish(&json!({ "max_bytes": -1 })), "max_bytes"),
        (wish(&json!({ "max_bytes": 1.0 })), "max_bytes"),
        (wish(&json!({ "max_bytes": 1e99 })), "max_bytes"),
        (wish(&json!({ "max_bytes": "7" })), "max_bytes"),
        (wish(&json!({ "max_bytes": true })), "max_bytes"),
        (wish(&json!({ "max_bytes": [7] })), "max_bytes"),
        (wish(&json!({ "max_bytes": u64::MAX })), "1000000000000000"),
        (
            wish(&json!({ "max_minutes": 1_000_000_000_000_001_u64 })),
            "1000000000000000",
        ),
        (
            wish(&json!({ "max_film_minutes": 1_000_000_000_000_001_u64 })),
            "1000000000000000",
        ),
        (
            wish(&json!({ "max_film_long_side": -1 })),
            "max_film_long_side",
        ),
        (wish(&json!({ "max_film_width": 1 })), "max_film_short_side"),
        (wish(&json!({ "quota_version": 9 })), "max_bytes"),
        (wish(&json!({ "uploads": 0 })), "max_uploads"),
        (
            json!({ "organisation_id": "org_aaaaaaaaaaaaaaaaaaaaaaaaaa", "max_bytes": 7 }),
            "no such organisation",
        ),
    ] {
        let refusal = set(&kit, wrong.clone()).await.unwrap_err();
        assert!(refusal.contains(right), "{wrong}: {refusal}");
    }
    assert_eq!(kit.cloud.snapshot(), before);
}

#[tokio::test]
async fn a_quota_that_is_exceeded_is_a_problem_that_says_which() {
    let kit = golden();
    let film = json!({ "filename": "film.mp4", "size": 2_000, "content_type": "video/mp4" });
    set(&kit, wish(&json!({ "max_bytes": 2_500 })))
        .await
        .unwrap();
    let ask = Ask::to("presign-upload", "POST").route("/v1/uploads");
    let ask = ask.json(&film).bearer(&access(&kit));
    let reply = answer(&kit, &ask).await;
    assert_eq!(reply.status().as_u16(), 409);
    let problem: Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(problem["code"], "quota_exceeded");
    assert_eq!(
        problem["detail"],
        "the organisation's quota of bytes is 2500: 1000 are used, and this needs 2000 more"
    );
    let ask = Ask::to("manage-organisation", "GET").route("/v1/organisation/usage");
    let reply = answer(&kit, &ask.bearer(&access(&kit))).await;
    let told: Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(told["bytes"], json!({ "used": 1_000, "limit": 2_500 }));
    assert_eq!(reply.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn a_film_that_is_larger_than_films_may_be_is_a_problem_that_says_how_large_they_may_be() {
    let kit = golden();
    let film = json!({ "filename": "film.mp4", "size": 2_000, "content_type": "video/mp4" });
    let limits =
        json!({ "max_film_bytes": 1_999, "max_film_minutes": 3, "max_film_short_side": 0 });
    let told = set(&kit, wish(&limits)).await.unwrap();
    assert_eq!(told["max_film_minutes"], json!(3));
    let ask = Ask::to("presign-upload", "POST").route("/v1/uploads");
    let ask = ask.json(&film).bearer(&access(&kit));
    let before = kit.cloud.snapshot();
    let reply = answer(&kit, &ask).await;
    assert_eq!(reply.status().as_u16(), 409);
    let problem: Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(problem["code"], "film_too_large");
    assert_eq!(
        problem["detail"],
        "a film of the organisation may have 1999 bytes at most, and this one has 2000"
    );
    assert_eq!(kit.cloud.snapshot(), before);
    let ask = Ask::to("manage-organisation", "GET").route("/v1/organisation/usage");
    let reply = answer(&kit, &ask.bearer(&access(&kit))).await;
    let told: Value = serde_json::from_slice(reply.body()).unwrap();
    let film = json!({ "max_bytes": 1_999, "max_minutes": 3, "max_long_side": 8_192, "max_short_side": 0 });
    assert_eq!(told["film"], film);
}
