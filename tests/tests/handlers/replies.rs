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
