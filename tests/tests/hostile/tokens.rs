//! Access tokens that are forged, of another kind, for somebody else, or over.

use serde_json::{Value, json};
use vault_tests::api::refused;
use vault_tests::jwt::{self, Key};
use vault_tests::{Person, people, wait};

const NOTHING: &str = "ast_aaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Refused on every route that takes an access token, in the same words.
fn refused_everywhere(person: &Person, token: &str) {
    let api = person.api;
    let upload = json!({ "filename": "f.mp4", "size": 1, "content_type": "video/mp4" });
    for reply in [
        api.status(token, NOTHING),
        api.finalize(token, NOTHING),
        api.withdraw(token, NOTHING),
        api.post("/v1/uploads", Some(token), &upload),
        api.post(
            &format!("/v1/uploads/{NOTHING}/parts"),
            Some(token),
            &json!({ "part_numbers": [1] }),
        ),
    ] {
        refused(&reply, 401, "invalid_token");
        assert_eq!(
            reply.header("www-authenticate"),
            Some(r#"Bearer error="invalid_token""#)
        );
    }
    let exchanged = api.exchange(token, NOTHING, &[]);
    vault_tests::api::refused_token(&exchanged, "invalid_request", "invalid_token");
}

fn changed(value: &Value, name: &str, to: Value) -> Value {
    let mut value = value.clone();
    value[name] = to;
    value
}

#[test]
fn the_genuine_key_makes_what_is_taken() {
    // What the refusals below differ from by one thing each.
    let owner = people::owner();
    let (header, claims) = jwt::parts(&owner.access);
    let token = Key::genuine().sign(&header, &claims);
    refused(&owner.api.status(&token, NOTHING), 404, "not_found");
}

#[test]
fn no_algorithm_or_another_is_refused() {
    let owner = people::owner();
    let (header, claims) = jwt::parts(&owner.access);
    for name in ["none", "None", "NONE", ""] {
        let text = jwt::unsigned(&changed(&header, "alg", name.into()), &claims);
        refused_everywhere(&owner, &format!("{text}."));
        refused(&owner.api.status(&text, NOTHING), 401, "invalid_token");
    }
    // The public key as the secret of a MAC.
    let public = vault_tests::Http::default()
        .get(&vault_tests::api::url("/.well-known/jwks.json"))
        .text();
    let token = jwt::sign_hs256(
        public.as_bytes(),
        &changed(&header, "alg", "HS256".into()),
        &claims,
    );
    refused_everywhere(&owner, &token);
    let stripped = owner.access.rsplit_once('.').unwrap().0;
    refused_everywhere(&owner, &format!("{stripped}."));
}

#[test]
fn another_key_is_refused_under_our_ids_and_under_its_own() {
    let owner = people::owner();
    let (header, claims) = jwt::parts(&owner.access);
    let own = Key::forged(header["kid"].as_str().unwrap());
    refused_everywhere(&owner, &own.sign(&header, &claims));
    let other = Key::forged("mine");
    refused_everywhere(
        &owner,
        &other.sign(&changed(&header, "kid", other.id.as_str().into()), &claims),
    );
    let embedded = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" });
    refused_everywhere(
        &owner,
        &own.sign(&changed(&header, "jwk", embedded), &claims),
    );
    for id in ["../../dev/null", "' OR 1=1", ""] {
        refused_everywhere(
            &owner,
            &own.sign(&changed(&header, "kid", id.into()), &claims),
        );
    }
}

#[test]
fn a_token_of_ours_for_another_audience_issuer_or_purpose_is_refused() {
    let owner = people::owner();
    let (header, claims) = jwt::parts(&owner.access);
    let key = Key::genuine();
    for (name, value) in [
        ("aud", json!("urn:reelvault:admin")),
        ("aud", json!("")),
        ("aud", json!(["https://other.example"])),
        ("iss", json!("https://evil.example")),
        ("role", json!("root")),
        ("org", json!("org_x")),
        ("sub", json!("../x")),
    ] {
        refused_everywhere(&owner, &key.sign(&header, &changed(&claims, name, value)));
    }
    for kind in ["JWT", "id+jwt", ""] {
        refused_everywhere(
            &owner,
            &key.sign(&changed(&header, "typ", kind.into()), &claims),
        );
    }
    let mut bare = claims.clone();
    bare.as_object_mut().unwrap().remove("aud");
    refused_everywhere(&owner, &key.sign(&header, &bare));
}

#[test]
fn a_token_that_is_over_or_not_yet_made_is_refused() {
    let owner = people::owner();
    let (header, claims) = jwt::parts(&owner.access);
    let (key, now) = (Key::genuine(), wait::epoch());
    refused_everywhere(
        &owner,
        &key.sign(&header, &changed(&claims, "exp", now.into())),
    );
    refused_everywhere(
        &owner,
        &key.sign(&header, &changed(&claims, "exp", 0.into())),
    );
    refused_everywhere(
        &owner,
        &key.sign(&header, &changed(&claims, "iat", (now + 3_600).into())),
    );
    for exp in [json!("later"), json!(null), json!(-1), json!(1e300)] {
        refused_everywhere(&owner, &key.sign(&header, &changed(&claims, "exp", exp)));
    }
}

#[test]
fn claims_of_another_under_our_signature_are_refused() {
    let owner = people::owner();
    let (header, claims) = jwt::parts(&owner.access);
    let (_, signature) = owner.access.rsplit_once('.').unwrap();
    let text = jwt::unsigned(
        &header,
        &changed(&claims, "org", people::owner().organisation.into()),
    );
    refused_everywhere(&owner, &format!("{text}.{signature}"));
    for text in [
        "",
        ".",
        "..",
        "...",
        "x.y.z",
        &"a".repeat(5_000),
        "\u{2603}",
    ] {
        let reply = owner.api.status(text, NOTHING);
        assert_eq!(reply.status, 401, "{text:?}: {}", reply.text());
    }
}

#[test]
fn other_schemes_and_places_are_no_bearer() {
    let owner = people::owner();
    let url = vault_tests::api::url(&format!("/v1/uploads/{NOTHING}"));
    let with = |name: &str, value: &str| {
        owner
            .api
            .http
            .send(&vault_tests::Request::new("GET", &url).header(name, value))
    };
    for (name, value) in [
        ("authorization", format!("Basic {}", owner.access)),
        ("authorization", owner.access.clone()),
        ("cookie", format!("access_token={}", owner.access)),
        ("x-access-token", owner.access.clone()),
    ] {
        refused(&with(name, &value), 401, "unauthenticated");
    }
    let query = owner
        .api
        .http
        .get(&format!("{url}?access_token={}", owner.access));
    refused(&query, 401, "unauthenticated");
}
