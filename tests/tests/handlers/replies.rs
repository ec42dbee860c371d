//! Whole replies, as clients see them.

use serde_json::json;
use vault_testkit::builders;

use crate::world::{Ask, ORIGIN, access, answer, golden, good};

/// Status, headers in order, body.
async fn whole(ask: &Ask) -> String {
    let kit = golden();
    let reply = answer(&kit, ask).await;
    let mut text = format!("{}\n", reply.status().as_u16());
    for (name, value) in reply.headers() {
        text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
    }
    let body = String::from_utf8(reply.body().to_vec()).unwrap_or_else(|_| "octets".to_owned());
    text + "\n" + &body
}

#[tokio::test]
async fn every_reply_is_dressed_for_browsers_and_says_what_caches_may_do() {
    for ask in good(&golden()) {
        let kit = golden();
        let bad = Ask {
            headers: vec![],
            body: "{".to_owned(),
            ..ask.clone()
        };
        for ask in [&ask, &bad] {
            let reply = answer(&kit, ask).await;
            let header = |name: &str| {
                let value = reply.headers().get(name).and_then(|v| v.to_str().ok());
                value
                    .unwrap_or_else(|| panic!("{} has no {name}", ask.function))
                    .to_owned()
            };
            assert_eq!(header("access-control-allow-origin"), ORIGIN);
            assert_eq!(header("vary"), "Origin");
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert_eq!(header("referrer-policy"), "no-referrer");
            assert!(header("strict-transport-security").contains("max-age="));
            let public = ask.function == "mint-token" && ask.method == "GET";
            let policy = if public {
                "public, max-age=300"
            } else {
                "no-store"
            };
            assert_eq!(header("cache-control"), policy, "{}", ask.function);
        }
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_read_the_same() {
    let ask = |email: &str, password: &str| {
        Ask::to("login", "POST").json(&json!({ "email": email, "password": password }))
    };
    let wrong = whole(&ask(builders::EMAIL, "another passphrase")).await;
    let unknown = whole(&ask("nobody@example.org", builders::PASSWORD)).await;
    assert_eq!(wrong, unknown);
    insta::assert_snapshot!(wrong);
}

#[tokio::test]
async fn a_key_is_16_octets_that_nobody_keeps() {
    let kit = golden();
    let ticket = kit.golden_ticket();
    let ask = Ask::to("deliver-key", "GET")
        .path("asset_id", builders::ASSET)
        .path("key_id", builders::KEY)
        .query("token", ticket.expose());
    let reply = answer(&kit, &ask).await;
    assert_eq!(reply.body().to_vec(), vault_testkit::kit::GOLDEN_KEY);
    assert_eq!(kit.faults.log().iter().filter(|call| !call.pure).count(), 1);
}

#[tokio::test]
async fn a_key_is_refused_before_any_read_without_the_right_ticket() {
    let other = vault_domain::id::AssetId::from_octets([0x39; 16]);
    let kit = golden();
    let ticket = kit.golden_ticket();
    let key = |asset: String, key: String| {
        Ask::to("deliver-key", "GET")
            .path("asset_id", asset)
            .path("key_id", key)
    };
    let (asset, id) = (builders::ASSET.to_string(), builders::KEY.to_string());
    let cases = [
        (401, "unauthenticated", key(asset.clone(), id.clone())),
        (
            401,
            "invalid_token",
            key(asset.clone(), id.clone()).query("token", "1.AAAA"),
        ),
        (
            403,
            "forbidden",
            key(other.to_string(), id.clone()).query("token", ticket.expose()),
        ),
        (
            400,
            "malformed",
            key(asset.clone(), "../../x".into()).query("token", ticket.expose()),
        ),
        (
            400,
            "malformed",
            key("ast_".into(), id).query("token", ticket.expose()),
        ),
    ];
    for (status, code, ask) in cases {
        let kit = golden();
        let reply = answer(&kit, &ask).await;
        let body: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
        assert_eq!(
            (reply.status().as_u16(), body["code"].as_str()),
            (status, Some(code))
        );
        assert!(
            kit.faults.log().iter().all(|call| call.pure),
            "{code} read a store"
        );
    }
}

#[tokio::test]
async fn an_expired_ticket_is_refused_before_any_read() {
    let kit = golden();
    let ticket = kit.golden_ticket();
    kit.clock.advance(3_600);
    let ask = Ask::to("deliver-key", "GET")
        .path("asset_id", builders::ASSET)
        .path("key_id", builders::KEY)
        .query("token", ticket.expose());
    assert_eq!(answer(&kit, &ask).await.status(), 401);
    assert!(kit.faults.log().iter().all(|call| call.pure));
}

#[tokio::test]
async fn a_refused_refresh_is_an_oauth_error() {
    let ask =
        Ask::to("mint-token", "POST").form("grant_type=refresh_token&refresh_token=rvr_1.AAAA");
    insta::assert_snapshot!(whole(&ask).await);
}

#[tokio::test]
async fn what_a_second_factor_is_asked_with_and_answered_with() {
    let kit = golden();
    let password = Ask::at("login", "POST /v1/login")
        .json(&json!({ "email": "vic@example.org", "password": builders::PASSWORD }));
    let reply = answer(&kit, &password).await;
    let body: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
    let asked = &body["second_factor"];
    assert_eq!(
        asked["methods"],
        json!(["totp", "recovery_code", "passkey"])
    );
    assert_eq!(
        (&asked["enrol"], &asked["expires_in"]),
        (&json!(false), &json!(300))
    );
    assert!(body.get("access_token").is_none());

    let code = kit.code_now(&vault_testkit::enrolled::golden_secret());
    let factor = |code: &str| {
        Ask::at("login", "POST /v1/login/second-factor")
            .json(&json!({ "token": asked["token"], "code": code }))
    };
    let reply = answer(&kit, &factor("000000")).await;
    let body: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(
        (reply.status().as_u16(), &body["code"]),
        (401, &json!("wrong_factor"))
    );
    let reply = answer(&kit, &factor(code.expose())).await;
    let body: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(
        (reply.status().as_u16(), &body["token_type"]),
        (200, &json!("Bearer"))
    );
}

#[tokio::test]
async fn an_account_is_told_with_its_factors_and_sessions() {
    let kit = golden();
    kit.enrol_owner();
    let told = async |route| {
        let ask = Ask::at("manage-account", route).bearer(&access(&kit));
        let reply = answer(&kit, &ask).await;
        assert_eq!(reply.status(), 200);
        serde_json::from_slice::<serde_json::Value>(reply.body()).unwrap()
    };
    let account = told("GET /v1/account").await;
    assert_eq!(account["email"], builders::EMAIL);
    assert_eq!(account["organisations"][0]["role"], "owner");
    assert_eq!(account["organisations"][0]["current"], true);
    let factors = &account["factors"];
    assert_eq!(
        (&factors["totp"], &factors["recovery_codes"]),
        (&json!(true), &json!(10))
    );
    assert_eq!(factors["passkeys"][0]["name"], "A golden key");
    let sessions = told("GET /v1/account/sessions").await;
    let first = &sessions["sessions"][0];
    assert_eq!(first["session_id"], builders::SESSION.to_string());
    assert_eq!(
        (&first["device"], &first["current"]),
        (&json!("Golden/1.0"), &json!(true))
    );
}

#[tokio::test]
async fn a_sensitive_change_without_a_recent_proof_says_what_is_needed() {
    let kit = golden();
    let ask = Ask::at("manage-account", "POST /v1/account/totp").bearer(&access(&kit));
    kit.cloud.with(|s| {
        let session = s.sessions.get_mut(&builders::SESSION).unwrap();
        session.authenticated_at = vault_domain::time::Timestamp(0);
    });
    let reply = answer(&kit, &ask).await;
    let text = String::from_utf8(reply.body().to_vec()).unwrap();
    assert_eq!(reply.status(), 403);
    assert!(text.contains("reauthentication_needed"), "{text}");
}

#[tokio::test]
async fn an_upload_is_told_with_its_parts() {
    let kit = golden();
    let ask = Ask::to("presign-upload", "POST").bearer(&access(&kit)).json(&json!({
        "filename": "film.mp4", "size": 20_000_000, "content_type": "video/mp4", "title": "Rushes",
    }));
    let reply = answer(&kit, &ask).await;
    assert_eq!(reply.status(), 201);
    let body: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(body["kind"], "multipart");
    assert_eq!(body["part_count"], 3);
    let sizes: u64 = body["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["size"].as_u64().unwrap())
        .sum();
    assert_eq!(sizes, 20_000_000);
}
