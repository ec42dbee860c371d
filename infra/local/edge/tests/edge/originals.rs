//! The edge as `CloudFront` before the uploads bucket: originals under the name and type that were signed.

use http::{Request, StatusCode};

use crate::emulator::OBJECT;
use crate::media::{code, get, world};
use crate::signers::{HOST, signed, target};
use crate::world::PAGE;

const OVERRIDES: &str = "response-content-disposition=attachment%3B%20filename%3D%22a.mp4%22&response-content-type=video%2Fmp4";

fn original() -> &'static str {
    target(&signed().originals["KECDSA-SHA256"])
}

#[tokio::test]
async fn urls_of_others_signers_open_an_original() {
    let world = world().await;
    assert_eq!(signed().originals.len(), 4, "two keys, two hashes");
    for (kind, url) in &signed().originals {
        let answer = world.send(get(target(url)), b"").await;
        let got = (answer.status, &answer.body[..]);
        assert_eq!(got, (StatusCode::OK, OBJECT), "{kind}");
    }
}

#[tokio::test]
async fn the_origin_gets_the_name_and_the_type_in_a_signed_request_and_nothing_else() {
    let world = world().await;
    let request = get(original()).header("cookie", "session=secret");
    assert_eq!(world.send(request, b"").await.status, StatusCode::OK);
    let seen = world.emulator.seen();
    let expected = format!("/uploads-bucket/uploads/org/asset/source?{OVERRIDES}");
    assert_eq!(seen[0].target, expected);
    let authorization = seen[0].headers["authorization"].to_str().expect("text");
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/"));
    assert!(!seen[0].headers.contains_key("cookie"));
}

#[tokio::test]
async fn another_name_type_or_object_is_another_resource() {
    let world = world().await;
    let url = original();
    let path = "/uploads/org/asset/source";
    for changed in [
        url.replace("a.mp4", "b.exe"),
        url.replace("attachment", "inline"),
        url.replace("video%2Fmp4", "text%2Fhtml"),
        url.replace("response-content-type", "response-content-encoding"),
        url.replace(&format!("{OVERRIDES}&"), ""),
        url.replace(path, "/uploads/org/other/source"),
        url.replace(path, "/media/org/asset/source"),
        format!("{url}&versionId=1"),
        format!("{url}&response-content-disposition=inline"),
        url.replacen('?', "?response-content-disposition=inline&", 1),
    ] {
        assert_ne!(changed, url);
        let answer = world.send(get(&changed), b"").await;
        let refused = (answer.status, code(&answer));
        assert_eq!(
            refused,
            (StatusCode::FORBIDDEN, "AccessDenied"),
            "{changed}"
        );
    }
    let unsigned = world.send(get(&format!("{path}?{OVERRIDES}")), b"").await;
    assert_eq!(
        (unsigned.status, code(&unsigned)),
        (StatusCode::FORBIDDEN, "MissingKey")
    );
    assert!(world.emulator.seen().is_empty());
}

#[tokio::test]
async fn ranges_conditions_and_heads_of_an_original_are_passed_through() {
    let world = world().await;
    let part = world
        .send(get(original()).header("range", "bytes=2-4"), b"")
        .await;
    assert_eq!(
        (part.status, part.text()),
        (StatusCode::PARTIAL_CONTENT, "234")
    );
    assert_eq!(part.headers["content-range"], "bytes 2-4/10");
    let resumed = get(original()).header("range", "bytes=2-4");
    let resumed = resumed.header("if-range", "\"0123\"");
    assert_eq!(
        world.send(resumed, b"").await.status,
        StatusCode::PARTIAL_CONTENT
    );
    assert_eq!(world.emulator.seen()[1].headers["if-range"], "\"0123\"");
    let head = Request::head(original())
        .header("host", HOST)
        .header("origin", PAGE);
    let head = world.send(head, b"").await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(head.headers["content-length"], "10");
    assert_eq!(head.headers["access-control-allow-origin"], PAGE);
    assert_eq!(head.headers["x-content-type-options"], "nosniff");
}
