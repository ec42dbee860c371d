//! Bodies that are too large, of another type, no JSON, or say what nobody asked.

use vault_tests::api::{FORM, JSON, refused, refused_token, url};
use vault_tests::{Http, Reply, Request, people};

fn login(media_type: &str, body: impl Into<Vec<u8>>) -> Reply {
    Http::default().send(&Request::new("POST", &url("/v1/login")).body(media_type, body))
}

fn token(media_type: &str, body: impl Into<Vec<u8>>) -> Reply {
    Http::default().send(&Request::new("POST", &url("/v1/token")).body(media_type, body))
}

#[test]
fn a_password_of_a_megabyte_is_too_large() {
    let body = format!(
        r#"{{"email":"a@example.org","password":"{}"}}"#,
        "x".repeat(1_000_000)
    );
    refused(&login(JSON, body), 413, "too_large");
    let form = format!(
        "grant_type=refresh_token&refresh_token={}",
        "x".repeat(1_000_000)
    );
    let reply = token(FORM, form);
    refused(&reply, 413, "too_large");
    assert_eq!(reply.json()["error"], "invalid_request");
}

#[test]
fn a_body_larger_than_the_gateway_takes_is_refused_by_it() {
    assert_eq!(
        login(JSON, vec![b' '; 11 << 20]).shown(),
        "413 Request Entity Too Large"
    );
}

#[test]
fn a_password_that_bcrypt_would_cut_or_that_holds_a_nul_is_refused() {
    for password in ["x".repeat(73), "a\\u0000b".to_owned(), String::new()] {
        let body = format!(r#"{{"email":"a@example.org","password":"{password}"}}"#);
        refused(&login(JSON, body), 400, "malformed");
    }
}

#[test]
fn an_address_that_is_none_is_refused() {
    for email in [
        "a",
        "a@",
        "a@b@c",
        "a b@c",
        "a\\u0000@b",
        "a\\r\\nbcc: x@y",
        &"x".repeat(300),
    ] {
        let body = format!(r#"{{"email":"{email}","password":"a password"}}"#);
        refused(&login(JSON, body), 400, "malformed");
    }
}

#[test]
fn what_is_no_json_of_the_shape_is_refused() {
    let bodies: [&[u8]; 12] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\"text\"",
        b"{}",
        b"\0\0\0\0",
        b"\xff\xfe{}",
        b"<xml/>",
        br#"{"email":"a@example.org","password":"p","role":"owner"}"#,
        br#"{"email":"a@example.org","email":"b@example.org","password":"p"}"#,
        br#"{"email":["a@example.org"],"password":{"$gt":""}}"#,
    ];
    for body in bodies {
        refused(&login(JSON, body), 400, "malformed");
    }
    refused(&login(JSON, "[".repeat(16_000)), 400, "malformed");
}

#[test]
fn another_media_type_is_refused() {
    let body = r#"{"email":"a@example.org","password":"p"}"#;
    for media_type in [
        "text/plain",
        FORM,
        "application/xml",
        "application/jsonp",
        "",
    ] {
        refused(&login(media_type, body), 415, "wrong_media_type");
    }
    refused(
        &token(JSON, r#"{"grant_type":"refresh_token"}"#),
        415,
        "wrong_media_type",
    );
}

#[test]
fn forms_that_are_ambiguous_or_broken_are_refused() {
    for form in [
        "",
        "grant_type=",
        "a=%",
        "a=%zz",
        "a=%ff",
        "grant_type=refresh_token&grant_type=refresh_token",
        "grant_type=refresh_token",
    ] {
        refused_token(&token(FORM, form), "invalid_request", "malformed");
    }
    refused_token(
        &token(FORM, "grant_type=password&username=a&password=b"),
        "unsupported_grant_type",
        "unsupported_grant_type",
    );
    refused_token(
        &token(FORM, "grant_type=refresh_token&refresh_token=x"),
        "invalid_grant",
        "invalid_token",
    );
    refused_token(
        &token(FORM, "grant_type=refresh_token&refresh_token=%00"),
        "invalid_grant",
        "invalid_token",
    );
}

#[test]
fn announcements_that_no_bucket_could_take_are_refused() {
    let owner = people::owner();
    let bodies = [
        r#"{"filename":"f.mp4","size":0,"content_type":"video/mp4"}"#,
        r#"{"filename":"f.mp4","size":-1,"content_type":"video/mp4"}"#,
        r#"{"filename":"f.mp4","size":1.5,"content_type":"video/mp4"}"#,
        r#"{"filename":"f.mp4","size":18446744073709551615,"content_type":"video/mp4"}"#,
        r#"{"filename":"f.mp4","size":18446744073709551616,"content_type":"video/mp4"}"#,
        r#"{"filename":"f.mp4","size":1,"content_type":"text/html"}"#,
        r#"{"filename":"f.mp4","size":1,"content_type":"video/mp4\r\nx-evil: 1"}"#,
        r#"{"filename":"","size":1,"content_type":"video/mp4"}"#,
        r#"{"filename":"a\u0000b","size":1,"content_type":"video/mp4"}"#,
        r#"{"filename":"f","size":1,"content_type":"video/mp4","checksum":{"algorithm":"md5","value":"AAAA"}}"#,
        r#"{"filename":"f","size":1,"content_type":"video/mp4","checksum":{"algorithm":"sha256","value":"AAAA"}}"#,
        r#"{"filename":"f","size":99999999,"content_type":"video/mp4","checksum":{"algorithm":"sha256","value":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}"#,
        r#"{"filename":"f","size":1,"content_type":"video/mp4","key":"uploads/other/source"}"#,
    ];
    for body in bodies {
        let request = Request::new("POST", &url("/v1/uploads"))
            .bearer(&owner.access)
            .body(JSON, body);
        let reply = owner.api.http.send(&request);
        assert_eq!(reply.shown(), "400 malformed", "{body}");
        refused(&reply, 400, "malformed");
    }
}

#[test]
fn names_of_requests_that_are_none_are_refused() {
    let owner = people::owner();
    for key in [&"k".repeat(129), "", "two words", "\u{e9}"] {
        let request = Request::new("POST", &url("/v1/uploads"))
            .bearer(&owner.access)
            .header("idempotency-key", key);
        let body = r#"{"filename":"f.mp4","size":1,"content_type":"video/mp4"}"#;
        refused(
            &owner.api.http.send(&request.body(JSON, body)),
            400,
            "malformed",
        );
    }
}

#[test]
fn a_list_of_parts_larger_than_any_upload_is_too_large() {
    let owner = people::owner();
    let slot = owner.announce(&vault_tests::upload::announcement(20 << 20));
    let path = url(&format!("/v1/uploads/{}/finalize", slot.asset_id));
    let part = r#"{"number":1,"etag":"x"},"#.repeat(50_000);
    let body = format!(r#"{{"parts":[{part}{{}}]}}"#);
    let request = Request::new("POST", &path).bearer(&owner.access);
    refused(
        &owner.api.http.send(&request.clone().body(JSON, body)),
        413,
        "too_large",
    );
    refused(
        &owner
            .api
            .http
            .send(&request.body(JSON, r#"{"parts":[{"number":"1","etag":2}]}"#)),
        400,
        "malformed",
    );
}
