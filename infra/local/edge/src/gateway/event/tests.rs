use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;

use super::super::routes::{self, Route, RoutePath};
use super::*;

fn api() -> Api {
    Api {
        account: "123456789012".into(),
        stage: "$default".into(),
        port: 4567,
    }
}

fn event_of(method: &Method, path: &str, query: &str, headers: &HeaderMap, body: &[u8]) -> Value {
    event_by(Door::Api, (method, path, query), headers, body)
}

fn event_by(
    door: Door,
    (method, path, query): (&Method, &str, &str),
    headers: &HeaderMap,
    body: &[u8],
) -> Value {
    let routes = [Route {
        method: Some(method.clone()),
        path: RoutePath::parse("/v1/keys/{asset_id}/{key_id}").expect("a path"),
        function: "f".into(),
        timeout: Duration::from_secs(1),
    }];
    let request = Incoming {
        method,
        path,
        query,
        protocol: "HTTP/1.1",
        headers,
        body,
        peer: "192.0.2.1:50000".parse().expect("an address"),
        door,
        now: OffsetDateTime::from_unix_timestamp(1_583_348_638).expect("a time"),
        request_id: "0123456789ABCDEF",
    };
    let found = routes::find(&routes, method, path).expect("a route");
    build(&api(), &request, &found)
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, value.parse().expect("a value"));
    }
    headers
}

#[test]
fn the_event_has_the_documented_shape() {
    let headers = headers(&[
        ("host", "127.0.0.1:4567"),
        ("cookie", "cookie1=a; cookie2=b"),
        ("cookie", "cookie3=c"),
        ("Header1", "value1"),
        ("header2", "value1"),
        ("header2", "value2"),
        ("user-agent", "agent"),
        ("content-type", "application/json"),
        ("connection", "keep-alive"),
        ("x-forwarded-for", "203.0.113.66"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=203.0.113.66"),
    ]);
    let query = "parameter1=value1&parameter1=value2&parameter2=a%20b+c&flag";
    let event = event_of(&Method::POST, "/v1/keys/a%20b/k", query, &headers, b"{}");
    let expected = json!({
        "version": "2.0",
        "routeKey": "POST /v1/keys/{asset_id}/{key_id}",
        "rawPath": "/v1/keys/a b/k",
        "rawQueryString": query,
        "cookies": ["cookie1=a", "cookie2=b", "cookie3=c"],
        "headers": {
            "content-length": "2",
            "content-type": "application/json",
            "header1": "value1",
            "header2": "value1,value2",
            "host": "127.0.0.1:4567",
            "user-agent": "agent",
            "x-amzn-trace-id": "Root=1-5e5ffb9e-000000000123456789ABCDEF",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "4567",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": {
            "parameter1": "value1,value2",
            "parameter2": "a b c",
            "flag": "",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "local",
            "domainName": "127.0.0.1",
            "domainPrefix": "127",
            "http": {
                "method": "POST",
                "path": "/v1/keys/a b/k",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "agent",
            },
            "requestId": "0123456789ABCDEF",
            "routeKey": "POST /v1/keys/{asset_id}/{key_id}",
            "stage": "$default",
            "time": "04/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1_583_348_638_000_u64,
        },
        "body": "{}",
        "pathParameters": { "asset_id": "a b", "key_id": "k" },
        "isBase64Encoded": false,
    });
    assert_eq!(event, expected);
}

#[test]
fn the_event_is_what_the_rust_runtime_parses() {
    let headers = headers(&[("host", "127.0.0.1:4567"), ("cookie", "a=b")]);
    let event = event_of(&Method::GET, "/v1/keys/a/k", "token=t", &headers, b"");
    let parsed: ApiGatewayV2httpRequest = serde_json::from_value(event).expect("an event");
    assert_eq!(parsed.version.as_deref(), Some("2.0"));
    assert_eq!(parsed.request_context.http.method, Method::GET);
    assert_eq!(
        parsed.request_context.http.source_ip.as_deref(),
        Some("192.0.2.1")
    );
    assert_eq!(parsed.path_parameters["key_id"], "k");
    assert_eq!(parsed.query_string_parameters.first("token"), Some("t"));
    assert_eq!(parsed.cookies.as_deref(), Some(&["a=b".to_owned()][..]));
    assert_eq!((parsed.body, parsed.is_base64_encoded), (None, false));
}

#[test]
fn what_a_request_has_not_an_event_has_not() {
    let event = event_of(&Method::GET, "/v1/keys/a/k", "", &HeaderMap::new(), b"");
    for name in ["cookies", "queryStringParameters", "body", "stageVariables"] {
        assert!(event.get(name).is_none(), "{name}");
    }
    assert_eq!(event["rawQueryString"], "");
}

#[test]
fn the_door_of_the_distribution_names_itself_whatever_was_sent() {
    let headers = headers(&[("stageVariables", "door=api"), ("door", "api")]);
    let asked = (&Method::GET, "/v1/keys/a/k", "door=api");
    let event = event_by(Door::Distribution, asked, &headers, b"");
    assert_eq!(event["stageVariables"], json!({ "door": "distribution" }));
    let parsed: ApiGatewayV2httpRequest = serde_json::from_value(event).expect("an event");
    assert_eq!(parsed.stage_variables["door"], "distribution");
}

#[test]
fn only_text_and_three_application_types_are_not_base64() {
    for (content_type, encoded) in [
        ("application/json", false),
        ("application/json; charset=utf-8", false),
        ("Text/Plain", false),
        ("application/xml", false),
        ("application/javascript", false),
        ("application/x-www-form-urlencoded", true),
        ("application/problem+json", true),
        ("application/octet-stream", true),
        ("", true),
    ] {
        let headers = headers(&[("content-type", content_type)]);
        let event = event_of(&Method::POST, "/v1/keys/a/k", "", &headers, b"a=b");
        assert_eq!(event["isBase64Encoded"], encoded, "{content_type}");
        assert_eq!(
            event["body"],
            if encoded { "YT1i" } else { "a=b" },
            "{content_type}"
        );
    }
    let headers = headers(&[("content-type", "application/json")]);
    let event = event_of(&Method::POST, "/v1/keys/a/k", "", &headers, b"\xff");
    assert_eq!(event["isBase64Encoded"], true, "not UTF-8");
}

#[test]
fn a_decoded_question_mark_ends_the_raw_path() {
    let event = event_of(
        &Method::GET,
        "/v1/keys/a/k%3Fadmin%3D1",
        "",
        &HeaderMap::new(),
        b"",
    );
    assert_eq!(event["rawPath"], "/v1/keys/a/k");
    assert_eq!(event["pathParameters"]["key_id"], "k?admin=1");
}

#[test]
fn a_named_stage_comes_before_the_path() {
    let api = Api {
        stage: "dev".into(),
        ..api()
    };
    assert_eq!(raw_path(&api, "/v1/login"), "/dev/v1/login");
}
