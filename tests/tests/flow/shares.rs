//! Shares: a link that is handed out, traded, watched by, and revoked.

use serde_json::{Value, json};
use vault_domain::credential::Role;
use vault_tests::api::{refused, url};
use vault_tests::films::SHORT;
use vault_tests::people::Person;
use vault_tests::view::{View, granted};
use vault_tests::{Http, Reply, Request, people};

const PASSWORD: &str = "open sesame";
/// Where tests come from.
const HERE: &str = "127.0.0.0/8";

fn send(by: &Person, method: &str, path: &str, body: &Value) -> Reply {
    let request = Request::new(method, &url(path)).bearer(&by.access);
    let request = if method == "GET" {
        request
    } else {
        request.body("application/json", body.to_string())
    };
    Http::default().send(&request)
}

fn shares(asset: &str, rest: &str) -> String {
    format!("/v1/assets/{asset}/shares{rest}")
}

/// The id of a new share, and the token in the fragment of its link.
fn made(by: &Person, asset: &str, body: &Value) -> (String, String) {
    let told = send(by, "POST", &shares(asset, ""), body).expect(201);
    let link = told.field("link");
    let (page, token) = link.split_once("/#/share?token=").expect("a link");
    assert!(
        !page.contains("rvs_") && token.starts_with("rvs_"),
        "{link}"
    );
    (told.field("share_id"), token.to_owned())
}

/// Somebody without an account.
fn exchange(token: &str, password: Option<&str>) -> Reply {
    exchange_from(Http::default(), token, password)
}

fn exchange_from(http: Http, token: &str, password: Option<&str>) -> Reply {
    let body = match password {
        Some(password) => json!({ "token": token, "password": password }),
        None => json!({ "token": token }),
    };
    let request = Request::new("POST", &url("/v1/shares/exchange"));
    http.send(&request.body("application/json", body.to_string()))
}

fn share_of(owner: &Person, asset: &str, id: &str) -> Value {
    let listed = send(owner, "GET", &shares(asset, ""), &Value::Null).expect(200);
    let listed = listed.json();
    let all = listed["shares"].as_array().expect("shares").clone();
    all.into_iter()
        .find(|share| share["share_id"] == id)
        .expect("it is listed")
}

#[test]
fn an_outsider_watches_by_a_link_until_the_next_key_after_its_revocation() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let (id, token) = made(
        &owner,
        &asset,
        &json!({ "name": "For review", "password": PASSWORD, "networks": [HERE], "max_views": 2, "first_play_seconds": 600 }),
    );
    refused(&exchange(&token, None), 401, "password_needed");
    refused(
        &exchange(&token, Some("open says me")),
        401,
        "wrong_password",
    );
    let traded = exchange(&token, Some(PASSWORD)).expect(201);
    assert_eq!(traded.json()["asset_id"], asset.as_str());
    assert_eq!(traded.header("cache-control"), Some("no-store"));
    let opened = owner
        .api
        .open(&traded.field("media_token"), &asset)
        .expect(201);
    let view = View::read(&opened.field("playlist_url"));
    view.segments[0].opened();
    let again = owner.api.open(&traded.field("media_token"), &asset);
    refused(&again, 403, "no_views_left");
    let unused = exchange(&token, Some(PASSWORD))
        .expect(201)
        .field("media_token");
    let shown = share_of(&owner, &asset, &id);
    assert_eq!(
        (&shown["views"], &shown["password"]),
        (&json!(1), &json!(true))
    );
    assert!(shown["first_played_at"].is_u64() && !shown.to_string().contains("rvs_"));

    let revoke = || {
        send(
            &owner,
            "POST",
            &shares(&asset, &format!("/{id}/revoke")),
            &json!({}),
        )
    };
    assert_eq!(revoke().expect(200).json()["revoked"], true);
    revoke().expect(200);
    let key = view.keys()[0].to_owned();
    refused(&Http::default().get(&key), 401, "invalid_token");
    refused(&Http::default().get(&view.playlist), 401, "invalid_token");
    refused(&owner.api.open(&unused, &asset), 403, "forbidden");
    refused(&exchange(&token, Some(PASSWORD)), 400, "invalid_link");
    assert_eq!(share_of(&owner, &asset, &id)["revoked"], true);

    let path = format!("/v1/audit?asset={asset}");
    let told = send(&owner, "GET", &path, &Value::Null).expect(200).json();
    let records = told["records"].as_array().expect("records");
    let by = |event: &str| {
        let of = records.iter().filter(|r| r["event"] == event);
        let of = of.map(|r| r["author"].as_str().expect("an author").to_owned());
        of.collect::<Vec<_>>()
    };
    let holder = format!("{id}@{asset}");
    assert_eq!(by("share.exchanged"), [holder.clone(), holder.clone()]);
    assert_eq!(by("view.opened"), std::slice::from_ref(&holder));
    assert_eq!(by("access.denied")[0], holder, "the wrong password");
    assert_eq!(
        (by("share.created").len(), by("share.revoked").len()),
        (1, 1)
    );
}

#[test]
fn guesses_at_a_password_are_throttled_and_forged_links_read_as_any_bad_one() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let new = json!({ "name": "Guarded", "password": PASSWORD });
    let (_, token) = made(&owner, &asset, &new);
    let forged = format!("{}A", &token[..token.len() - 1]);
    let forged = if forged == token {
        token.replace("rvs_1", "rvs_2")
    } else {
        forged
    };
    refused(&exchange(&forged, None), 400, "invalid_link");
    refused(&exchange("rvs_", None), 400, "invalid_link");
    let http = Http::default();
    let guess = || exchange_from(http, &token, Some("open says me"));
    // A window may begin anew in between.
    let throttled = (0..21).map(|_| guess()).find(|reply| reply.status != 401);
    let throttled = throttled.expect("guesses come to an end");
    refused(&throttled, 429, "throttled");
    assert!(throttled.header("retry-after").is_some());
    exchange(&token, Some(PASSWORD)).expect(201);
}

#[test]
fn from_another_network_a_link_opens_nothing() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let new = json!({ "name": "Elsewhere", "networks": ["203.0.113.0/24"] });
    let (_, token) = made(&owner, &asset, &new);
    refused(&exchange(&token, None), 403, "outside_network");
}

#[test]
fn the_same_request_tells_the_same_link_and_only_those_who_manage_it_may_ask() {
    let owner = people::owner();
    let viewer = people::colleague(&owner, Role::Viewer);
    let asset = owner.ready(SHORT);
    let body = json!({ "name": "For review", "password": PASSWORD });
    let path = shares(&asset, "");
    let make = |name: &str| {
        let body = json!({ "name": name, "password": PASSWORD }).to_string();
        let request = Request::new("POST", &url(&path)).bearer(&owner.access);
        let request = request.header("idempotency-key", "one-link");
        Http::default().send(&request.body("application/json", body))
    };
    let (one, two) = (
        make("For review").expect(201),
        make("For review").expect(201),
    );
    assert_eq!(one.field("link"), two.field("link"));
    refused(&make("Another"), 422, "idempotency_mismatch");
    refused(&send(&viewer, "POST", &path, &body), 403, "forbidden");
    refused(&send(&viewer, "GET", &path, &Value::Null), 403, "forbidden");

    let id = one.field("share_id");
    let over = json!({ "expires_at": 1 });
    let change = |body: &Value| send(&owner, "PATCH", &shares(&asset, &format!("/{id}")), body);
    refused(&change(&over), 400, "malformed");
    let changed = change(&json!({ "name": "For all", "max_views": 1 })).expect(200);
    assert_eq!(
        (&changed.json()["name"], &changed.json()["max_views"]),
        (&json!("For all"), &json!(1))
    );

    let token = two.field("link");
    let (_, token) = token.split_once("token=").expect("a token");
    let media = exchange(token, Some(PASSWORD))
        .expect(201)
        .field("media_token");
    let opened = owner.api.open(&media, &asset).expect(201);
    let view = View::read(&opened.field("playlist_url"));
    granted(&Http::default().get(view.keys()[0]));
    refused(&exchange(token, Some(PASSWORD)), 400, "invalid_link");
    owner.api.withdraw(&owner.access, &asset).expect(200);
    refused(&Http::default().get(view.keys()[0]), 403, "asset_withdrawn");
}
