//! The edge as API Gateway.

use http::{Request, StatusCode};

use crate::world::{PAGE, World};

async fn world() -> World {
    World::new(&[]).await
}

#[tokio::test]
async fn a_declared_route_reaches_its_function_and_comes_back() {
    let world = world().await;
    let request = Request::get("/v1/keys/a%20b/k1?token=t").header("x-forwarded-for", "6.6.6.6");
    let answer = world.send(request, b"").await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.headers["set-cookie"], "a=1");
    assert!(answer.headers.contains_key("apigw-requestid"));
    let event = answer.json();
    assert_eq!(event["routeKey"], "GET /v1/keys/{asset_id}/{key_id}");
    assert_eq!(event["pathParameters"]["asset_id"], "a b");
    assert_eq!(event["headers"]["x-forwarded-for"], "127.0.0.1");
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(
        event["requestContext"]["time"],
        "01/Jan/2026:00:00:00 +0000"
    );
    let seen = world.emulator.seen();
    assert_eq!(
        seen[0].target,
        "/2015-03-31/functions/vault-echo/invocations"
    );
    let authorization = seen[0].headers["authorization"].to_str().expect("text");
    assert!(authorization.contains("/us-east-1/lambda/aws4_request"));
}

#[tokio::test]
async fn what_the_template_does_not_declare_is_not_found() {
    let world = world().await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/v1/echo"),
        ("DELETE", "/v1/echo"),
        ("POST", "/v1/echo/"),
        ("POST", "//v1/echo"),
        ("GET", "/v1/keys/a/"),
        ("GET", "/v1/keys/a/b/c"),
        ("GET", "/manifests/a/p.json"),
        ("GET", "/%6dedia/a/p/00001.ts"),
    ] {
        let answer = world
            .send(Request::builder().method(method).uri(path), b"")
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        assert_eq!(answer.text(), r#"{"message":"Not Found"}"#);
    }
    assert!(world.emulator.seen().is_empty());
}

#[tokio::test]
async fn a_binary_answer_is_decoded() {
    let answer = world().await.send(Request::get("/binary"), b"").await;
    assert_eq!(
        (answer.status, &answer.body[..]),
        (StatusCode::OK, &[0, 1, 255][..])
    );
    assert_eq!(answer.headers["content-type"], "text/plain;charset=UTF-8");
}

#[tokio::test]
async fn failures_of_functions_tell_nothing_of_them() {
    let world = world().await;
    for (path, status, message) in [
        ("/failing", 500, "Internal Server Error"),
        ("/nonsense", 500, "Internal Server Error"),
        ("/absent", 500, "Internal Server Error"),
        ("/throttled", 503, "Service Unavailable"),
        ("/slow", 503, "Service Unavailable"),
    ] {
        let answer = world
            .send(Request::get(path).header("origin", PAGE), b"")
            .await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_eq!(
            answer.text(),
            format!(r#"{{"message":"{message}"}}"#),
            "{path}"
        );
        assert_eq!(
            answer.headers["access-control-allow-origin"], PAGE,
            "{path}"
        );
    }
}

#[tokio::test]
async fn payloads_end_at_the_limits_of_the_platform() {
    let world = world().await;
    let post = || Request::post("/v1/echo").header("content-type", "application/json");
    let five_mebibytes = vec![b'a'; 5 << 20];
    assert_eq!(
        world.send(post(), &five_mebibytes).await.status,
        StatusCode::CREATED
    );
    let seven = vec![b'a'; 7 << 20];
    let answer = world.send(post(), &seven).await;
    assert_eq!(
        answer.status,
        StatusCode::PAYLOAD_TOO_LARGE,
        "more than Lambda takes"
    );
    let eleven = vec![b'a'; 11 << 20];
    let answer = world.send(post(), &eleven).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.text(), r#"{"message":"Request Entity Too Large"}"#);
    let answer = world
        .send(post().header("x-big", "a".repeat(10_240)), b"{}")
        .await;
    assert_eq!(answer.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn preflights_are_answered_without_the_function() {
    let world = world().await;
    let preflight = |origin: &str| {
        Request::options("/v1/echo")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
    };
    let answer = world.send(preflight(PAGE), b"").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.headers["access-control-allow-origin"], PAGE);
    assert_eq!(
        answer.headers["access-control-allow-headers"],
        "authorization,content-type"
    );
    let answer = world.send(preflight("http://evil.test"), b"").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
    assert!(world.emulator.seen().is_empty());
}

#[tokio::test]
async fn the_functions_own_cors_headers_are_overridden() {
    let world = world().await;
    let answer = world
        .send(Request::post("/v1/echo").header("origin", PAGE), b"")
        .await;
    assert_eq!(answer.headers["access-control-allow-origin"], PAGE);
    assert_eq!(answer.headers["access-control-expose-headers"], "location");
    let answer = world
        .send(
            Request::post("/v1/echo").header("origin", "http://e.test"),
            b"",
        )
        .await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn the_edge_says_when_it_is_ready() {
    let answer = world().await.send(Request::get("/_edge/health"), b"").await;
    assert_eq!(
        (answer.status, answer.text()),
        (StatusCode::OK, r#"{"status":"ready"}"#)
    );
}
