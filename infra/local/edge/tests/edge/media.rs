//! The edge as `CloudFront`: signed URLs and cookies, and the media bucket behind them.

use http::{Request, StatusCode};
use http_body_util::BodyExt as _;

use crate::emulator::OBJECT;
use crate::signers::{HOST, signed, tampered, target};
use crate::world::{Answer, PAGE, World};

pub(crate) async fn world() -> World {
    World::new(&signed().keys).await
}

pub(crate) fn get(target: &str) -> http::request::Builder {
    Request::get(target).header("host", HOST)
}

pub(crate) fn code(answer: &Answer) -> &str {
    let text = answer.text();
    let (_, rest) = text.split_once("<Code>").unwrap_or(("", ""));
    rest.split_once("</Code>").map_or("", |(code, _)| code)
}

/// The value of a query parameter.
fn parameter<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = url.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn wildcard_query() -> &'static str {
    let url = &signed().urls["KECDSA-SHA256-wildcard"];
    url.split_once('?').expect("a query").1
}

#[tokio::test]
async fn urls_of_others_signers_are_accepted() {
    let world = world().await;
    assert_eq!(signed().urls.len(), 16, "two keys, two hashes, four kinds");
    for (kind, url) in &signed().urls {
        let answer = world.send(get(target(url)), b"").await;
        assert_eq!(
            (answer.status, &answer.body[..]),
            (StatusCode::OK, OBJECT),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn cookies_of_others_signers_are_accepted_for_the_whole_asset() {
    let world = world().await;
    for (kind, jar) in &signed().cookies {
        let line = jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>();
        let with = |path: &str| get(path).header("cookie", line.join("; "));
        for path in [
            "/media/asset/package/00001.ts",
            "/media/asset/package/00002.ts?x=1",
        ] {
            assert_eq!(
                world.send(with(path), b"").await.status,
                StatusCode::OK,
                "{kind} {path}"
            );
        }
        let answer = world.send(with("/media/other/package/00001.ts"), b"").await;
        assert_eq!(
            (answer.status, code(&answer)),
            (StatusCode::FORBIDDEN, "AccessDenied")
        );
        let answer = world
            .send(with("/media/asset/package/00001.ts?Expires=1"), b"")
            .await;
        assert_eq!(
            code(&answer),
            "MissingKey",
            "a URL that looks signed wins over cookies"
        );
    }
}

#[tokio::test]
async fn every_changed_character_is_refused() {
    let world = world().await;
    let mut tried = 0;
    for kind in ["KRSA-SHA1", "KRSA-SHA256", "KECDSA-SHA1", "KECDSA-SHA256"] {
        for policy in ["canned-query", "custom"] {
            let url = target(&signed().urls[&format!("{kind}-{policy}")]);
            let path = url.split_once('?').expect("a query").0;
            let name = path.strip_prefix("/media/").expect("media");
            let mut parts = vec![("/media/".to_owned(), name)];
            for part in [
                "Policy",
                "Expires",
                "Signature",
                "Key-Pair-Id",
                "Hash-Algorithm",
                "size",
            ] {
                parts.extend(parameter(url, part).map(|value| (format!("{part}="), value)));
            }
            for (part, value) in parts {
                for changed in tampered(value) {
                    let forged =
                        url.replacen(&format!("{part}{value}"), &format!("{part}{changed}"), 1);
                    let answer = world.send(get(&forged), b"").await;
                    assert_eq!(
                        answer.status,
                        StatusCode::FORBIDDEN,
                        "{kind} {part}: {forged}"
                    );
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 3_000, "{tried}");
    assert!(
        world.emulator.seen().is_empty(),
        "nothing forged reaches the origin"
    );
}

#[tokio::test]
async fn every_changed_character_of_a_cookie_is_refused() {
    let world = world().await;
    let jar = &signed().cookies["KECDSA-SHA256"];
    for (name, value) in jar {
        for changed in tampered(value) {
            let line = jar
                .iter()
                .map(|(other, kept)| (other, if other == name { &changed } else { kept }))
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>();
            let request = get("/media/asset/package/00001.ts").header("cookie", line.join("; "));
            let answer = world.send(request, b"").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name} {changed}");
        }
    }
    assert!(world.emulator.seen().is_empty());
}

#[tokio::test]
async fn what_the_terms_do_not_allow_is_refused() {
    let world = world().await;
    for (reason, url) in &signed().refused {
        let answer = world.send(get(target(url)), b"").await;
        let expected = match reason.as_str() {
            "unknown-key" => "InvalidKey",
            "two-statements" => "MalformedPolicy",
            _ => "AccessDenied",
        };
        assert_eq!(
            (answer.status, code(&answer)),
            (StatusCode::FORBIDDEN, expected),
            "{reason}"
        );
    }
    let url = target(&signed().urls["KRSA-SHA1-canned"]);
    let answer = world
        .send(Request::get(url).header("host", "other.test"), b"")
        .await;
    assert_eq!(
        code(&answer),
        "AccessDenied",
        "another host is another resource"
    );
    let answer = world.send(get(&format!("{url}&color=red")), b"").await;
    assert_eq!(
        code(&answer),
        "AccessDenied",
        "the query is part of the resource"
    );
    assert!(world.emulator.seen().is_empty());
}

#[tokio::test]
async fn an_unsigned_request_is_refused_as_cloudfront_says_it() {
    let world = world().await;
    let answer = world
        .send(
            get("/media/asset/package/00001.ts").header("origin", PAGE),
            b"",
        )
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(
        answer.text(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>MissingKey</Code><Message>Missing \
         Key-Pair-Id query parameter or cookie value</Message></Error>"
    );
    assert_eq!(answer.headers["content-type"], "text/xml");
    assert_eq!(
        answer.headers["access-control-allow-origin"], PAGE,
        "players read the status"
    );
    assert_eq!(answer.headers["x-cache"], "Error from cloudfront");
}

#[tokio::test]
async fn a_signature_for_everything_does_not_open_what_is_outside_media() {
    let world = world().await;
    let query = wildcard_query();
    for path in [
        "/media/asset/package/../../../manifests/a.json",
        "/media/asset/package/%2e%2e/%2e%2e/%2e%2e/manifests/a.json",
        "/media/asset/package/..%2f..%2f..%2fmanifests%2fa.json",
        "/media/asset/package/%252e%252e/a",
        "/media/asset/package//a",
        "/media/asset/package/",
    ] {
        let answer = world.send(get(&format!("{path}?{query}")), b"").await;
        assert_eq!(
            (answer.status, code(&answer)),
            (StatusCode::FORBIDDEN, "AccessDenied"),
            "{path}"
        );
    }
    let answer = world
        .send(get(&format!("/manifests/asset/p.json?{query}")), b"")
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(world.emulator.seen().is_empty());
}

#[tokio::test]
async fn the_origin_gets_a_signed_request_without_the_viewers_credentials() {
    let world = world().await;
    let request = get(&format!(
        "/media/asset/package/00001.ts?{}",
        wildcard_query()
    ))
    .header("cookie", "session=secret")
    .header("authorization", "Bearer secret");
    assert_eq!(world.send(request, b"").await.status, StatusCode::OK);
    let seen = world.emulator.seen();
    assert_eq!(seen[0].target, "/media-bucket/media/asset/package/00001.ts");
    let authorization = seen[0].headers["authorization"].to_str().expect("text");
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/"));
    assert!(!seen[0].headers.contains_key("cookie"));
}

#[tokio::test]
async fn ranges_conditions_and_heads_are_passed_through() {
    let world = world().await;
    let path = format!("/media/asset/package/00001.ts?{}", wildcard_query());
    let answer = world
        .send(get(&path).header("range", "bytes=2-4"), b"")
        .await;
    assert_eq!(
        (answer.status, answer.text()),
        (StatusCode::PARTIAL_CONTENT, "234")
    );
    assert_eq!(answer.headers["content-range"], "bytes 2-4/10");
    let answer = world
        .send(get(&path).header("range", "bytes=90-"), b"")
        .await;
    assert_eq!(answer.status, StatusCode::RANGE_NOT_SATISFIABLE);
    let answer = world
        .send(get(&path).header("if-none-match", "\"0123\""), b"")
        .await;
    assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
    let answer = world
        .send(Request::head(path.as_str()).header("host", HOST), b"")
        .await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
    assert_eq!(answer.headers["content-length"], "10");
    assert_eq!(answer.headers["etag"], "\"0123\"");
    let answer = world
        .send(Request::post(path.as_str()).header("host", HOST), b"")
        .await;
    assert_eq!(
        (answer.status, code(&answer)),
        (StatusCode::FORBIDDEN, "MethodNotAllowed")
    );
}

#[tokio::test]
async fn a_reply_has_the_distributions_headers_and_not_the_buckets() {
    let world = world().await;
    let path = format!("/media/asset/package/00001.ts?{}", wildcard_query());
    let answer = world.send(get(&path).header("origin", PAGE), b"").await;
    assert_eq!(answer.headers["access-control-allow-origin"], PAGE);
    assert_eq!(answer.headers["access-control-allow-credentials"], "true");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers["content-type"], "video/mp2t");
    assert!(!answer.headers.contains_key("x-amz-request-id"));
    let answer = world
        .send(get(&path).header("origin", "http://evil.test"), b"")
        .await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_missing_object_is_403_as_from_a_bucket_that_may_not_be_listed() {
    let world = world().await;
    let path = |name: &str| format!("/media/asset/package/{name}?{}", wildcard_query());
    let answer = world.send(get(&path("missing.ts")), b"").await;
    assert_eq!(
        (answer.status, code(&answer)),
        (StatusCode::FORBIDDEN, "AccessDenied")
    );
    let answer = world.send(get(&path("broken.ts")), b"").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    let long = format!("{}&x={}", path("00001.ts"), "a".repeat(8_192));
    assert_eq!(
        world.send(get(&long), b"").await.status,
        StatusCode::URI_TOO_LONG
    );
}

#[tokio::test]
async fn an_object_is_passed_on_while_it_comes() {
    let world = world().await;
    let path = format!("/media/asset/package/halves.ts?{}", wildcard_query());
    let mut reply = world.open(get(&path), b"").await;
    let first = reply
        .frame()
        .await
        .expect("a frame")
        .expect("bytes")
        .into_data()
        .expect("data");
    assert_eq!(&first[..], &OBJECT[..5], "before the second half exists");
    world.emulator.second_half.notify_one();
    let rest = reply
        .into_body()
        .collect()
        .await
        .expect("the rest")
        .to_bytes();
    assert_eq!(&rest[..], &OBJECT[5..]);
}
