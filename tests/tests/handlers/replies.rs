//! Whole replies, as clients see them.

use serde_json::json;
use vault_testkit::builders;

use crate::world::{Ask, ORIGIN, access, answer, golden, good};

/// Status, headers in order, body.
async fn whole(ask: &Ask) -> String {
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
            let policy = if public {
                "public, max-age=300"
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
async fn a_refused_refresh_is_an_oauth_error() {
    let ask =
        Ask::to("mint-token", "POST").form("grant_type=refresh_token&refresh_token=rvr_1.AAAA");
    insta::assert_snapshot!(whole(&ask).await);
}

/// HTTP Basic of a client.
fn basic(id: &str, secret: &str) -> String {
    use base64::Engine as _;
    let both = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
    format!("Basic {both}")
}

const GRANT: &str = "grant_type=client_credentials";

#[tokio::test]
async fn a_client_that_is_refused_is_challenged_if_it_came_by_basic() {
    let id = builders::CLIENT.to_string();
    let other = builders::api_key_secret(builders::CLIENT, 2);
    let ask = Ask::to("mint-token", "POST").form(GRANT);
    let ask = ask.header("authorization", basic(&id, other.expose()));
    insta::assert_snapshot!(whole(&ask).await);
    let form = format!("{GRANT}&client_id={id}&client_secret={}", other.expose());
    let reply = answer(&golden(), &Ask::to("mint-token", "POST").form(&form)).await;
    assert_eq!(reply.status(), 401);
    assert!(reply.headers().get("www-authenticate").is_none());
}

#[tokio::test]
async fn a_client_gets_a_token_of_the_scopes_that_it_asks_for_and_has() {
    let id = builders::CLIENT.to_string();
    let secret = builders::api_key_secret(builders::CLIENT, 1);
    let by_basic = |form: &str| {
        let ask = Ask::to("mint-token", "POST").form(form);
        ask.header("authorization", basic(&id, secret.expose()))
    };
    let kit = golden();
    let reply = answer(&kit, &by_basic(&format!("{GRANT}&scope=read+withdraw"))).await;
    let body: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(body["scope"], "read", "{body}");
    assert_eq!(
        (&body["expires_in"], &body["token_type"]),
        (&json!(600), &json!("Bearer"))
    );
    assert!(body.get("refresh_token").is_none());
    for (form, error) in [
        (format!("{GRANT}&scope=withdraw"), "invalid_scope"),
        (format!("{GRANT}&scope=everything"), "invalid_scope"),
        (format!("{GRANT}&client_secret=x"), "invalid_request"),
        (format!("{GRANT}&client_id=apk_x"), "invalid_request"),
    ] {
        let reply = answer(&kit, &by_basic(&form)).await;
        let body: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
        assert_eq!(
            (reply.status().as_u16(), &body["error"]),
            (400, &json!(error))
        );
    }
}

#[tokio::test]
async fn what_the_authorization_server_can_do_is_told_to_everyone() {
    let ask = Ask::to("mint-token", "GET").route("/.well-known/oauth-authorization-server");
    insta::assert_snapshot!(whole(&ask).await);
}

fn introspected(token: &str) -> Ask {
    let secret = builders::api_key_secret(builders::CLIENT, 1);
    let ask = Ask::to("mint-token", "POST").route("/v1/token/introspect");
    ask.form(&format!("token={token}")).header(
        "authorization",
        basic(&builders::CLIENT.to_string(), secret.expose()),
    )
}

#[tokio::test]
async fn an_active_token_is_told_in_full_and_any_other_in_one_word() {
    let kit = golden();
    let active = access(&kit);
    insta::assert_snapshot!(whole(&introspected(active.expose())).await);
    let reply = answer(&kit, &introspected("forged")).await;
    assert_eq!(reply.body().to_vec(), br#"{"active":false}"#);
    let dead = format!("Bearer {}x", active.expose());
    let ask = Ask::to("mint-token", "POST").route("/v1/token/introspect");
    let ask = ask.form("token=x").header("authorization", dead);
    let reply = answer(&kit, &ask).await;
    let challenge = reply.headers()["www-authenticate"].to_str().unwrap();
    assert_eq!(
        (reply.status().as_u16(), challenge),
        (401, r#"Bearer error="invalid_token""#)
    );
}

#[tokio::test]
async fn a_token_that_cannot_be_revoked_is_told_and_an_unknown_one_is_not() {
    let status = async |token: &str| {
        let ask = Ask::to("mint-token", "POST").route("/v1/token/revoke");
        let reply = answer(&golden(), &ask.form(&format!("token={token}"))).await;
        let body: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
        (
            reply.status().as_u16(),
            body["error"].as_str().map(ToOwned::to_owned),
        )
    };
    assert_eq!(status("nonsense").await, (200, None));
    let media = builders::media_token(2);
    let unsupported = Some("unsupported_token_type".to_owned());
    assert_eq!(status(media.expose()).await, (400, unsupported));
    let missing = Some("invalid_request".to_owned());
    assert_eq!(status("").await, (400, missing));
}

#[tokio::test]
async fn a_new_key_is_told_once_and_a_list_tells_no_secret() {
    let kit = golden();
    let access = access(&kit);
    let body = json!({
        "name": "Player", "role": "viewer", "scopes": ["play", "read"],
        "expires_at": 1_900_000_000, "networks": ["192.0.2.0/24"],
    });
    let ask = Ask::to("manage-api-keys", "POST")
        .bearer(&access)
        .json(&body)
        .header("idempotency-key", "once");
    let made = answer(&kit, &ask).await;
    let made_body: serde_json::Value = serde_json::from_slice(made.body()).unwrap();
    assert_eq!(made.status(), 201);
    let secret = made_body["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("rvk_"));
    let again = answer(&kit, &ask).await;
    assert_eq!(again.status(), 409);
    let list = Ask::to("manage-api-keys", "GET").bearer(&access);
    let listed = answer(&kit, &list).await;
    for reply in [again, listed] {
        let text = String::from_utf8(reply.body().to_vec()).unwrap();
        assert!(!text.contains("rvk_") && !text.contains(&secret), "{text}");
    }
    let keys = whole(&list).await;
    insta::assert_snapshot!(keys);
}

#[tokio::test]
async fn no_key_is_made_of_a_body_that_says_something_else() {
    let good = json!({ "name": "Player", "role": "viewer", "scopes": ["play"] });
    for (field, value) in [
        ("role", json!("owner")),
        ("role", json!("admin")),
        ("scopes", json!([])),
        ("scopes", json!(["everything"])),
        ("scopes", json!("play")),
        ("name", json!("")),
        ("expires_at", json!(1)),
        ("expire_at", json!(1_900_000_000)),
        ("networks", json!(["192.0.2.1/24"])),
    ] {
        let kit = golden();
        let mut body = good.clone();
        body[field] = value;
        let ask = Ask::to("manage-api-keys", "POST").bearer(&access(&kit));
        let reply = answer(&kit, &ask.json(&body)).await;
        assert_eq!(reply.status(), 400, "{body}");
        assert_eq!(kit.cloud.with(|s| s.clients.len()), 1);
    }
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_no_more() {
    use vault_domain::ports::{AccessTokens as _, Clock as _};
    let kit = golden();
    let caller = vault_domain::token::Caller {
        subject: vault_domain::member::Subject::ApiKey(builders::CLIENT),
        role: vault_domain::credential::Role::Editor,
        scopes: builders::api_key().scopes,
        ..builders::caller()
    };
    let token = kit.access.issue(&caller, kit.clock.now(), 600).unwrap();
    let status = async |ask: Ask| answer(&kit, &ask.bearer(&token)).await.status().as_u16();
    let film = json!({ "filename": "film.mp4", "size": 1_000, "content_type": "video/mp4" });
    let to = |function, method| Ask::to(function, method).path("asset_id", builders::ASSET);
    assert_eq!(status(to("finalize-upload", "GET")).await, 200);
    let announced = Ask::to("presign-upload", "POST").json(&film);
    assert_eq!(status(announced).await, 201);
    assert_eq!(status(to("withdraw-asset", "POST")).await, 403);
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
async fn another_rendition_than_the_original_is_told_not_to_be_there() {
    let token = builders::media_token(3);
    let ask = Ask::to("authorize-download", "POST")
        .path("asset_id", builders::ASSET)
        .header("authorization", format!("Bearer {}", token.expose()));
    for (body, status) in [
        (json!({ "rendition": "720p" }), 400),
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
