//! API keys and the authorization server's further endpoints, by clients that no one here wrote.

use serde_json::json;
use vault_tests::api::{refused, refused_token, url};
use vault_tests::films::SHORT;
use vault_tests::{Person, cloud, people, python};

/// A key of an organisation: its id and secret.
fn key(owner: &Person, scopes: &[&str]) -> (String, String) {
    let body = json!({ "name": "Tests", "role": "editor", "scopes": scopes });
    let made = owner.api.post("/v1/api-keys", Some(&owner.access), &body);
    let made = made.expect(201);
    (made.field("key_id"), made.field("secret"))
}

/// An access token of a key.
fn token(owner: &Person, (id, secret): &(String, String)) -> String {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
    ];
    owner.api.token(&form).expect(200).field("access_token")
}

fn change(owner: &Person, id: &str, what: &str, body: &serde_json::Value) -> vault_tests::Reply {
    let path = format!("/v1/api-keys/{id}/{what}");
    owner.api.post(&path, Some(&owner.access), body)
}

#[test]
fn authlib_speaks_with_the_authorization_server() {
    let (owner, stranger) = (people::owner(), people::owner());
    let scopes = ["play", "upload", "read"];
    let (id, secret) = key(&owner, &scopes);
    let issuer = cloud().output("TokenIssuer").to_owned();
    let issuer = Some(issuer).filter(|issuer| issuer.starts_with("http"));
    let input = json!({
        "api": cloud().api_url,
        "issuer": issuer.unwrap_or_else(|| cloud().api_url.clone()),
        "client_id": id,
        "client_secret": secret,
        "scopes": scopes,
        "refresh_token": owner.refresh,
        "user": owner.user,
        "stranger": stranger.access,
        "film": url("/v1/uploads/ast_aaaaaaaaaaaaaaaaaaaaaaaaaa"),
    });
    let told = python::run("authlib_client.py", &input.to_string());
    assert_eq!(told, "ok");
}

#[test]
fn a_key_plays_until_it_is_revoked() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let made = key(&owner, &["play"]);
    let access = token(&owner, &made);
    let player = Person {
        access: access.clone(),
        ..owner.clone()
    };
    let view = player.view(&asset);
    view.segments[0].opened();
    let media = owner.api.media_token(&access, &asset);
    refused(&owner.api.withdraw(&access, &asset), 403, "forbidden");
    refused(&owner.api.status(&access, &asset), 403, "forbidden");
    change(&owner, &made.0, "revoke", &json!({})).expect(200);
    refused(&owner.api.open(&media, &asset), 403, "forbidden");
    let again = owner.api.exchange(&access, &asset, &[]);
    refused_token(&again, "invalid_request", "invalid_token");
}

#[test]
fn both_secrets_of_a_rotation_are_good_until_the_next() {
    let owner = people::owner();
    let first = key(&owner, &["read"]);
    let overlap = json!({ "overlap_seconds": 3600 });
    let rotated = change(&owner, &first.0, "rotate", &overlap).expect(200);
    let second = (first.0.clone(), rotated.field("secret"));
    for good in [&first, &second] {
        token(&owner, good);
    }
    let at_once = json!({ "overlap_seconds": 0 });
    change(&owner, &first.0, "rotate", &at_once).expect(200);
    for (id, secret) in [&first, &second] {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id.as_str()),
            ("client_secret", secret.as_str()),
        ];
        refused(&owner.api.token(&form), 401, "invalid_client");
    }
}

#[test]
fn another_organisation_neither_sees_nor_changes_a_key() {
    let (owner, stranger) = (people::owner(), people::owner());
    let (id, _) = key(&owner, &["read"]);
    for what in ["rotate", "revoke"] {
        let body = json!({ "overlap_seconds": 0 });
        refused(&change(&stranger, &id, what, &body), 404, "not_found");
    }
    let listed = stranger.api.get("/v1/api-keys", &stranger.access);
    assert_eq!(listed.expect(200).json()["api_keys"], json!([]));
    let listed = owner.api.get("/v1/api-keys", &owner.access).expect(200);
    assert_eq!(listed.json()["api_keys"][0]["key_id"], id);
}
