//! Whole replies, as clients see them.

use serde_json::json;
use vault_testkit::builders;

use crate::golden::{access, golden, good};
use crate::world::{Ask, ORIGIN, answer};

/// Status, headers in order, body.
pub(crate) async fn whole(ask: &Ask) -> String {
    told(answer(&golden(), ask).await)
}

fn told(reply: lambda_http::Response<lambda_http::Body>) -> String {
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
            let shared = ask.route.contains("/v1/media/") && reply.status() == 200;
            let policy = if public {
                "public, max-age=300"
            } else if shared {
                "public, max-age=60"
            } else {
                "no-store"
            };
            assert_eq!(header("cache-control"), policy, "{}", ask.function);
        }
    }
}

/// A sign-in's whole reply, in a world that was prepared.
async fn sign_in(prepare: impl Fn(&vault_testkit::Kit), email: &str, password: &str) -> String {
    let kit = golden();
    prepare(&kit);
    let ask = Ask::to("login", "POST").json(&json!({ "email": email, "password": password }));
    told(answer(&kit, &ask).await)
}

#[tokio::test]
async fn unknown_wrong_disabled_unverified_and_locked_accounts_read_the_same() {
    use vault_testkit::builders::{EMAIL, PASSWORD, VIEWER};
    let (vic, nobody) = ("vic@example.org", "nobody@example.org");
    let wrong = sign_in(|_| (), EMAIL, "another passphrase").await;
    insta::assert_snapshot!(wrong);
    assert_eq!(sign_in(|_| (), nobody, PASSWORD).await, wrong);
    let disabled = |kit: &vault_testkit::Kit| {
        kit.cloud
            .with(|s| s.accounts.get_mut(&VIEWER).unwrap().active = false);
    };
    assert_eq!(sign_in(disabled, vic, PASSWORD).await, wrong);
    let unverified = |kit: &vault_testkit::Kit| {
        kit.cloud
            .with(|s| s.users.get_mut(&VIEWER).unwrap().verified = false);
    };
    assert_eq!(sign_in(unverified, vic, PASSWORD).await, wrong);
    let mut locked = Vec::new();
    for email in [vic, nobody] {
        let kit = golden();
        let ask = Ask::to("login", "POST").json(&json!({ "email": email, "password": "guess" }));
        for _ in 0..vault_domain::usecase::guard::ATTEMPTS_PER_ACCOUNT {
            assert_eq!(told(answer(&kit, &ask).await), wrong);
        }
        locked.push(told(answer(&kit, &ask).await));
    }
    assert_eq!(locked[0], locked[1]);
    insta::assert_snapshot!("locked", locked[0]);
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

#[tokio::test]
async fn an_organisation_its_members_and_its_invitations_read_like_this() {
    let kit = golden();
    let access = access(&kit);
    let get = |route| {
        Ask::to("manage-organisation", "GET")
            .route(route)
            .bearer(&access)
    };
    let post = |route| {
        Ask::to("manage-organisation", "POST")
            .route(route)
            .bearer(&access)
    };
    let mut all = String::new();
    for (what, ask) in [
        ("organisation", get("/v1/organisation")),
        ("members", get("/v1/organisation/members")),
        ("invitations", get("/v1/organisation/invitations")),
        (
            "a role",
            post("/v1/organisation/members/{user_id}/role")
                .path("user_id", builders::VIEWER)
                .json(&json!({ "role": "editor" })),
        ),
        (
            "a removal",
            post("/v1/organisation/members/{user_id}/remove").path("user_id", builders::VIEWER),
        ),
        (
            "an invitation",
            post("/v1/organisation/invitations")
                .header("idempotency-key", "golden")
                .json(&json!({ "email": "new@example.org", "role": "viewer" })),
        ),
        ("the last owner", post("/v1/organisation/leave")),
        ("no route", post("/v1/organisation/nothing")),
    ] {
        let reply = answer(&kit, &ask).await;
        let body = String::from_utf8(reply.body().to_vec()).unwrap();
        all.push_str(&format!("{what}: {} {body}\n", reply.status().as_u16()));
    }
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn a_change_of_the_organisation_asks_for_a_recent_proof_and_a_look_does_not() {
    let kit = golden();
    kit.clock.advance(601);
    let access = access(&kit);
    let get = Ask::to("manage-organisation", "GET").route("/v1/organisation");
    assert_eq!(answer(&kit, &get.bearer(&access)).await.status(), 200);
    let leave = Ask::to("manage-organisation", "POST").route("/v1/organisation/leave");
    let reply = answer(&kit, &leave.bearer(&access)).await;
    let body: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(body["code"], "reauthentication_needed");
}

#[tokio::test]
async fn a_download_is_told_with_its_url_its_name_and_its_end() {
    let token = builders::media_token(3);
    let ask = Ask::to("authorize-download", "POST")
        .path("asset_id", builders::ASSET)
        .header("idempotency-key", "the-same-download")
        .header("authorization", format!("Bearer {}", token.expose()));
    insta::assert_snapshot!(whole(&ask).await);
    let kit = golden();
    let (first, again) = (answer(&kit, &ask).await, answer(&kit, &ask).await);
    assert_eq!(
        (first.status().as_u16(), again.status().as_u16()),
        (201, 201)
    );
    assert_eq!(
        first.body(),
        again.body(),
        "a repeated request is told the same"
    );
}

#[tokio::test]
async fn a_rendition_that_is_not_there_is_told_so_and_costs_nothing() {
    let token = builders::media_token(3);
    let ask = Ask::to("authorize-download", "POST")
        .path("asset_id", builders::ASSET)
        .header("authorization", format!("Bearer {}", token.expose()));
    for (body, status) in [
        (json!({ "rendition": "720p" }), 404),
        (json!({ "rendition": "large" }), 400),
        (json!({ "rendition": 1 }), 400),
        (json!({}), 201),
    ] {
        let kit = golden();
        let reply = answer(&kit, &ask.clone().json(&body)).await;
        assert_eq!(reply.status().as_u16(), status, "{body}");
        let spent = kit.cloud.snapshot().downloads.len();
        assert_eq!(spent, if status == 201 { 2 } else { 1 }, "{body}");
    }
    insta::assert_snapshot!(whole(&ask.json(&json!({ "rendition": "720p" }))).await);
}
