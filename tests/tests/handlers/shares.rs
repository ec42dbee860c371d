//! Shares, as their handlers take and tell them.

use serde_json::{Value, json};
use vault_domain::secret::SecretText;
use vault_testkit::share::{SHARE, SHARE_PASSWORD, share};
use vault_testkit::{Kit, builders};

use crate::golden::{access, golden};
use crate::world::{Ask, answer};

/// One good request to every route.
pub(crate) fn of_shares(kit: &Kit, access: &SecretText) -> Vec<Ask> {
    let shares = |route| {
        let ask = Ask::at("manage-shares", route).bearer(access);
        ask.path("asset_id", builders::ASSET)
    };
    let (token, media) = (kit.share_tokens_of(&share()), builders::media_token(5));
    vec![
        shares("GET /v1/assets/{asset_id}/shares"),
        shares("POST /v1/assets/{asset_id}/shares").json(&json!({
            "name": "For review", "expires_at": 1_900_000_000, "max_views": 20, "password": SHARE_PASSWORD,
            "first_play_seconds": 172_800, "networks": ["203.0.113.0/24", "2001:db8::/32"],
        })),
        shares("PATCH /v1/assets/{asset_id}/shares/{share_id}")
            .path("share_id", SHARE)
            .json(&json!({ "name": "For the board", "expires_at": null, "max_views": 3 })),
        shares("POST /v1/assets/{asset_id}/shares/{share_id}/revoke").path("share_id", SHARE),
        Ask::at("exchange-share", "POST /v1/shares/exchange")
            .json(&json!({ "token": token.expose(), "password": SHARE_PASSWORD })),
        Ask::at("authorize-playback", "POST /v1/assets/{asset_id}/playback")
            .header("authorization", format!("Bearer {}", media.expose()))
            .path("asset_id", builders::ASSET),
    ]
}

async fn told(kit: &Kit, ask: &Ask) -> (u16, Value) {
    let reply = answer(kit, ask).await;
    let body = serde_json::from_slice(reply.body()).unwrap();
    (reply.status().as_u16(), body)
}

fn change(kit: &Kit, patch: &Value) -> Ask {
    let ask = Ask::at(
        "manage-shares",
        "PATCH /v1/assets/{asset_id}/shares/{share_id}",
    );
    let ask = ask.bearer(&access(kit)).path("asset_id", builders::ASSET);
    ask.path("share_id", SHARE).json(patch)
}

#[tokio::test]
async fn a_share_is_told_whole_and_its_link_once() {
    let kit = golden();
    let [list, creation, ..] = &of_shares(&kit, &access(&kit))[..] else {
        panic!("there are more routes");
    };
    let (status, mut made) = told(&kit, creation).await;
    assert_eq!(status, 201);
    let link = made["link"].take();
    let link = link.as_str().unwrap().to_owned();
    let (page, token) = link.split_once("/#/share?token=").unwrap();
    assert!(!page.contains('#') && token.starts_with("rvs_"), "{link}");
    let id = made["share_id"].take();
    insta::assert_snapshot!(serde_json::to_string_pretty(&made).unwrap());
    let (status, listed) = told(&kit, list).await;
    assert_eq!(status, 200);
    let text = listed.to_string();
    assert!(
        text.contains(id.as_str().unwrap()) && !text.contains("rvs_"),
        "{text}"
    );
    assert!(!text.contains("$fake$"), "nor is the hash told: {text}");
}

#[tokio::test]
async fn null_lifts_a_bound_and_what_is_not_named_stays() {
    let kit = golden();
    let bounded = json!({ "max_views": 3, "expires_at": 1_900_000_000 });
    let (_, share) = told(&kit, &change(&kit, &bounded)).await;
    assert_eq!(
        (&share["max_views"], &share["name"]),
        (&json!(3), &json!("For review"))
    );
    let (_, share) = told(&kit, &change(&kit, &json!({ "max_views": null }))).await;
    assert_eq!(share["max_views"], Value::Null);
    assert_eq!(share["expires_at"], 1_900_000_000);
    for bad in [
        json!({ "name": null }),
        json!({ "max_views": 0 }),
        json!({ "password": "open sesame" }),
    ] {
        let (status, refused) = told(&kit, &change(&kit, &bad)).await;
        assert_eq!(
            (status, &refused["code"]),
            (400, &json!("malformed")),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn every_refusal_of_a_link_has_its_own_code_but_bad_links_have_one() {
    let kit = golden();
    let good = kit.share_tokens_of(&share()).expose().to_owned();
    let trade = |token: &str, password: Option<&str>| {
        let mut body = json!({ "token": token });
        if let Some(password) = password {
            body["password"] = json!(password);
        }
        Ask::at("exchange-share", "POST /v1/shares/exchange").json(&body)
    };
    for (ask, wanted) in [
        (trade("rvs_", None), "400 invalid_link"),
        (trade("", Some(SHARE_PASSWORD)), "400 invalid_link"),
        (
            trade(&good.replace("rvs_", "rvs_x"), None),
            "400 invalid_link",
        ),
        (trade(&good, None), "401 password_needed"),
        (trade(&good, Some("open says me")), "401 wrong_password"),
        (trade(&good, Some("")), "401 wrong_password"),
        (trade(&good, Some(&"x".repeat(73))), "401 wrong_password"),
    ] {
        let (status, refused) = told(&kit, &ask).await;
        assert_eq!(
            format!("{status} {}", refused["code"].as_str().unwrap()),
            wanted
        );
    }
    let (status, traded) = told(&kit, &trade(&good, Some(SHARE_PASSWORD))).await;
    assert_eq!((status, &traded["title"]), (201, &json!("A golden film")));
}
