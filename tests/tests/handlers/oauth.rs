//! Tokens and API keys by OAuth 2.0, as clients see the replies.

use serde_json::json;
use vault_testkit::builders;

use crate::golden::{access, golden};
use crate::replies::whole;
use crate::world::{Ask, answer};

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
