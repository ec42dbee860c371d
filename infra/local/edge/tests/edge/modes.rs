//! The distribution that ships, before the API: what of a request gets there, by which door, and what is kept.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, StatusCode};

use crate::emulator::OBJECT;
use crate::media::{code, get};
use crate::signers::{HOST, signed};
use crate::world::{NOW, PAGE, World};

const SECRET: &str = "a secret of more than thirty-two characters";
const ASSET: &str = "ast_geytcmjrgeytcmjrgeytcmjrge";
const PACKAGE: &str = "pkg_geytcmjrgeytcmjrgeytcmjrge";
const KEY: &str = "key_geytcmjrgeytcmjrgeytcmjrge";
const TICKET: &str = "1.TICKET";

async fn world() -> World {
    World::shipped(&signed().keys, SECRET).await
}

fn front() -> String {
    let expiry = NOW + 60;
    let claims = format!("{expiry}.{ASSET}.{PACKAGE}.{TICKET}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&key, claims.as_bytes()).as_ref());
    format!("/p/1.{expiry}.{PACKAGE}.{tag}.{TICKET}")
}

/// A request that brings along whatever could be smuggled.
fn hostile(target: &str) -> http::request::Builder {
    get(target)
        .header(
            "cookie",
            "other=1; reelvault_ticket=C; CloudFront-Policy=p; a=b",
        )
        .header("x-forwarded-host", "evil.test")
        .header("x-original-url", "/v1/echo")
        .header("x-http-method-override", "POST")
        .header("authorization", "Bearer x")
        .header("range", "bytes=0-1")
        .header("origin", "http://evil.test")
}

#[tokio::test]
async fn a_key_is_asked_for_with_the_ticket_and_the_origin_and_nothing_else() {
    let world = world().await;
    let answer = world
        .send(hostile(&format!("/keys/{ASSET}/{KEY}?token=Q&x=1")), b"")
        .await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let event = answer.json();
    assert_eq!(event["rawPath"], format!("/v1/keys/{ASSET}/{KEY}"));
    assert_eq!(event["rawQueryString"], "token=Q");
    assert_eq!(event["cookies"], serde_json::json!(["reelvault_ticket=C"]));
    let headers = event["headers"].as_object().expect("headers");
    for name in [
        "x-forwarded-host",
        "x-original-url",
        "x-http-method-override",
        "authorization",
        "range",
    ] {
        assert!(!headers.contains_key(name), "{name}");
    }
    assert_eq!(
        headers["origin"], "http://evil.test",
        "which a token may be bound by"
    );
    assert!(
        !answer.headers.contains_key("access-control-allow-origin"),
        "of a foreign page"
    );
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn a_token_in_the_path_brings_its_own_ticket_whatever_comes_beside_it() {
    let world = world().await;
    let target = format!("{}/keys/{ASSET}/{KEY}?token=Q", front());
    let event = world.send(hostile(&target), b"").await.json();
    assert_eq!(event["rawPath"], format!("/v1/keys/{ASSET}/{KEY}"));
    assert_eq!(event["rawQueryString"], format!("token={TICKET}"));
    assert!(event.get("cookies").is_none());
    let segment = format!("{}/media/{ASSET}/{PACKAGE}/00000.ts?versionId=1", front());
    let answer = world.send(get(&segment), b"").await;
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, OBJECT));
    let seen = world.emulator.seen();
    let expected = format!("/media-bucket/media/{ASSET}/{PACKAGE}/00000.ts");
    assert_eq!(seen.last().expect("a request").target, expected);
}

#[tokio::test]
async fn a_forged_token_reaches_nothing() {
    let world = world().await;
    let forged = front().replace("/p/1.", "/p/2.");
    for path in [
        format!("{forged}/keys/{ASSET}/{KEY}"),
        format!("{forged}/media/{ASSET}/{PACKAGE}/00000.ts"),
        format!("{forged}/media/{ASSET}/{PACKAGE}/master.m3u8"),
        format!("{}/media/{ASSET}/{PACKAGE}/../../x.ts", front()),
    ] {
        let answer = world.send(get(&path).header("origin", PAGE), b"").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(answer.json()["code"], "invalid_token");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["access-control-allow-origin"], PAGE);
    }
    assert!(world.emulator.seen().is_empty());
}

#[tokio::test]
async fn a_shared_playlist_is_kept_by_its_path_and_a_refusal_is_not() {
    let world = world().await;
    let playlist = format!("{}/media/{ASSET}/{PACKAGE}/master.m3u8", front());
    let signed = "/media/asset/package/master.m3u8";
    let query = &signed_query();
    // Signed, and without a ticket: asked for, refused, and asked for again.
    for _ in 0..2 {
        let answer = world.send(get(&format!("{signed}?{query}")), b"").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(world.emulator.seen().len(), 2);
    for (target, cache) in [
        (
            format!("{signed}?{query}&token=TICKET"),
            "Miss from cloudfront",
        ),
        (
            format!("{signed}?{query}&token=other"),
            "Hit from cloudfront",
        ),
        (playlist.clone(), "Miss from cloudfront"),
        (playlist, "Hit from cloudfront"),
    ] {
        let answer = world.send(get(&target), b"").await;
        assert_eq!(answer.status, StatusCode::OK, "{target}");
        assert_eq!(answer.headers["x-cache"], cache, "{target}");
    }
    // What is kept is let out to nobody without a signature.
    let answer = world.send(get(signed), b"").await;
    assert_eq!(
        (answer.status, code(&answer)),
        (StatusCode::FORBIDDEN, "MissingKey")
    );
}

fn signed_query() -> String {
    let url = &signed().urls["KECDSA-SHA256-wildcard"];
    url.split_once('?').expect("a query").1.to_owned()
}

#[tokio::test]
async fn cookies_are_asked_for_by_json_alone_and_no_other_method() {
    let world = world().await;
    let post = Request::post("/playback/T/cookies")
        .header("host", HOST)
        .header("origin", PAGE)
        .header("cookie", "reelvault_ticket=C")
        .header("content-type", "application/json");
    let answer = world.send(post, b"{}").await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.headers["set-cookie"], "a=1");
    assert_eq!(answer.headers["access-control-allow-origin"], PAGE);
    assert_eq!(answer.headers["access-control-allow-credentials"], "true");
    let event = answer.json();
    assert_eq!(event["rawPath"], "/v1/playback/T/cookies");
    assert_eq!(event["headers"]["content-type"], "application/json");
    assert!(event.get("cookies").is_none());
    for method in ["GET", "PUT", "DELETE"] {
        let request = Request::builder().method(method).uri("/playback/T/cookies");
        let answer = world.send(request.header("host", HOST), b"").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method}");
    }
}
