//! Headers of replies: security, exact-origin CORS, cache policy; public keys.

use vault_tests::api::{FORM, JSON, url};
use vault_tests::films::SHORT;
use vault_tests::{Http, Reply, Request, cloud, people};

const SECURITY: [(&str, &str); 5] = [
    (
        "strict-transport-security",
        "max-age=63072000; includeSubDomains",
    ),
    ("x-content-type-options", "nosniff"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "cross-origin"),
];

/// Every route, as a stranger calls it, with the status of the refusal.
const REFUSALS: &[(&str, &str, u16)] = &[
    ("POST", "/v1/login", 400),
    ("POST", "/v1/login/second-factor", 400),
    ("POST", "/v1/login/second-factor/passkey-options", 400),
    ("POST", "/v1/login/passkey", 400),
    ("GET", "/v1/account", 401),
    ("GET", "/v1/account/sessions", 401),
    ("POST", "/v1/account/sessions/revoke", 401),
    ("POST", "/v1/account/sessions/ses_x/revoke", 401),
    ("POST", "/v1/account/reauthenticate", 401),
    ("POST", "/v1/account/reauthenticate/passkey-options", 401),
    ("POST", "/v1/account/password", 401),
    ("GET", "/v1/account/export", 401),
    ("POST", "/v1/account/erase", 401),
    ("POST", "/v1/account/totp", 401),
    ("POST", "/v1/account/totp/confirm", 401),
    ("POST", "/v1/account/totp/remove", 401),
    ("POST", "/v1/account/recovery-codes", 401),
    ("POST", "/v1/account/passkeys/options", 401),
    ("POST", "/v1/account/passkeys", 401),
    ("POST", "/v1/account/passkeys/AA/remove", 401),
    ("POST", "/v1/token/revoke", 400),
    ("POST", "/v1/token/introspect", 401),
    ("POST", "/v1/api-keys", 401),
    ("GET", "/v1/api-keys", 401),
    ("POST", "/v1/api-keys/apk_x/rotate", 401),
    ("POST", "/v1/api-keys/apk_x/revoke", 401),
    ("POST", "/v1/webhooks", 401),
    ("GET", "/v1/webhooks", 401),
    ("GET", "/v1/webhooks/whk_x", 401),
    ("PATCH", "/v1/webhooks/whk_x", 401),
    ("DELETE", "/v1/webhooks/whk_x", 401),
    ("POST", "/v1/webhooks/whk_x/rotate", 401),
    ("POST", "/v1/webhooks/whk_x/test", 401),
    ("GET", "/v1/webhooks/whk_x/deliveries", 401),
    ("POST", "/v1/webhooks/whk_x/deliveries/msg_x/replay", 401),
    ("GET", "/v1/organisation", 401),
    ("POST", "/v1/organisation", 401),
    ("GET", "/v1/organisation/usage", 401),
    ("GET", "/v1/organisation/spread", 401),
    ("PUT", "/v1/organisation/spread", 401),
    ("POST", "/v1/organisation/leave", 401),
    ("POST", "/v1/organisation/end-sessions", 401),
    ("GET", "/v1/organisation/members", 401),
    ("POST", "/v1/organisation/members/usr_x/role", 401),
    ("POST", "/v1/organisation/members/usr_x/disable", 401),
    ("POST", "/v1/organisation/members/usr_x/enable", 401),
    ("POST", "/v1/organisation/members/usr_x/end-sessions", 401),
    ("POST", "/v1/organisation/members/usr_x/remove", 401),
    ("GET", "/v1/organisation/invitations", 401),
    ("GET", "/v1/organisation/support", 401),
    ("POST", "/v1/organisation/support", 401),
    ("DELETE", "/v1/organisation/support/sup_x", 401),
    ("POST", "/v1/organisation/invitations", 401),
    ("POST", "/v1/organisation/invitations/inv_x/revoke", 401),
    ("POST", "/v1/password/forgot", 400),
    ("POST", "/v1/password/reset", 400),
    ("POST", "/v1/invitations/accept", 400),
    ("POST", "/v1/email/verify", 400),
    ("POST", "/v1/token", 400),
    ("POST", "/v1/uploads", 401),
    ("POST", "/v1/uploads/ast_x/parts", 401),
    ("POST", "/v1/uploads/ast_x/finalize", 401),
    ("GET", "/v1/uploads/ast_x", 401),
    ("GET", "/v1/uploads/ast_x/parts", 401),
    ("DELETE", "/v1/uploads/ast_x", 401),
    ("GET", "/v1/uppy/s3/params", 401),
    ("POST", "/v1/uppy/s3/multipart", 401),
    ("GET", "/v1/uppy/s3/multipart/ast_x", 401),
    ("GET", "/v1/uppy/s3/multipart/ast_x/1", 401),
    ("DELETE", "/v1/uppy/s3/multipart/ast_x", 401),
    ("POST", "/v1/uppy/s3/multipart/ast_x/complete", 401),
    ("GET", "/v1/audit", 401),
    ("GET", "/v1/assets", 401),
    ("GET", "/v1/assets/ast_x", 401),
    ("PATCH", "/v1/assets/ast_x", 401),
    ("DELETE", "/v1/assets/ast_x", 401),
    ("POST", "/v1/assets/ast_x/restore", 401),
    ("PUT", "/v1/assets/ast_x/legal-hold", 401),
    ("DELETE", "/v1/assets/ast_x/legal-hold", 401),
    ("GET", "/v1/organisation/retention", 401),
    ("PUT", "/v1/organisation/retention", 401),
    ("GET", "/v1/assets/ast_x/access", 401),
    ("PATCH", "/v1/assets/ast_x/access", 401),
    ("PUT", "/v1/assets/ast_x/access/usr_x", 401),
    ("DELETE", "/v1/assets/ast_x/access/usr_x", 401),
    ("GET", "/v1/collections", 401),
    ("POST", "/v1/collections", 401),
    ("GET", "/v1/collections/col_x", 401),
    ("PATCH", "/v1/collections/col_x", 401),
    ("DELETE", "/v1/collections/col_x", 401),
    ("PUT", "/v1/collections/col_x/access/usr_x", 401),
    ("DELETE", "/v1/collections/col_x/access/usr_x", 401),
    ("GET", "/v1/spaces", 401),
    ("POST", "/v1/spaces", 401),
    ("GET", "/v1/spaces/spc_x", 401),
    ("PATCH", "/v1/spaces/spc_x", 401),
    ("DELETE", "/v1/spaces/spc_x", 401),
    ("PUT", "/v1/spaces/spc_x/access/usr_x", 401),
    ("DELETE", "/v1/spaces/spc_x/access/usr_x", 401),
    ("GET", "/v1/groups", 401),
    ("POST", "/v1/groups", 401),
    ("GET", "/v1/groups/grp_x", 401),
    ("PATCH", "/v1/groups/grp_x", 401),
    ("DELETE", "/v1/groups/grp_x", 401),
    ("GET", "/v1/groups/grp_x/members", 401),
    ("PUT", "/v1/groups/grp_x/members/usr_x", 401),
    ("DELETE", "/v1/groups/grp_x/members/usr_x", 401),
    ("POST", "/v1/assets/ast_x/playback", 401),
    ("POST", "/v1/assets/ast_x/download", 401),
    ("POST", "/v1/assets/ast_x/ladder", 401),
    ("POST", "/v1/assets/ast_x/previews", 401),
    ("POST", "/v1/assets/ast_x/reprocess", 401),
    ("GET", "/v1/assets/ast_x/subtitles", 401),
    ("PUT", "/v1/assets/ast_x/subtitles/de", 401),
    ("DELETE", "/v1/assets/ast_x/subtitles/de", 401),
    ("POST", "/v1/assets/ast_x/withdraw", 401),
    ("GET", "/v1/assets/ast_x/shares", 401),
    ("POST", "/v1/assets/ast_x/shares", 401),
    ("PATCH", "/v1/assets/ast_x/shares/shr_x", 401),
    ("POST", "/v1/assets/ast_x/shares/shr_x/revoke", 401),
    ("POST", "/v1/shares/exchange", 400),
    ("GET", "/v1/playback/x/master.m3u8", 401),
    (
        "GET",
        "/v1/playback/x/previews/key_aaaaaaaaaaaaaaaaaaaaaaaaaa/poster.jpg",
        401,
    ),
    ("POST", "/v1/playback/x/cookies", 401),
    ("POST", "/v1/playback/x/end", 401),
    ("POST", "/v1/playback/x/refresh", 401),
    (
        "GET",
        "/v1/media/ast_aaaaaaaaaaaaaaaaaaaaaaaaaa/pkg_aaaaaaaaaaaaaaaaaaaaaaaaaa/master.m3u8",
        401,
    ),
    (
        "GET",
        "/v1/media/ast_aaaaaaaaaaaaaaaaaaaaaaaaaa/pkg_aaaaaaaaaaaaaaaaaaaaaaaaaa/query/master.m3u8",
        401,
    ),
    (
        "GET",
        "/v1/keys/ast_aaaaaaaaaaaaaaaaaaaaaaaaaa/key_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        401,
    ),
];

/// Method and path of every route that the template declares.
fn declared() -> Vec<(&'static str, &'static str)> {
    let template = include_str!("../../../template.yaml");
    let events = template
        .lines()
        .filter(|line| line.contains("Type: HttpApi"));
    let after = |line: &'static str, name: &str| {
        let (_, rest) = line.split_once(name).expect(name);
        let end = rest.find([',', ' ']).unwrap_or(rest.len());
        rest[..end].trim_matches('\'')
    };
    events
        .map(|line| (after(line, "Method: "), after(line, "Path: ")))
        .collect()
}

fn is_of(path: &str, route: &str) -> bool {
    let (path, route): (Vec<_>, Vec<_>) = (path.split('/').collect(), route.split('/').collect());
    let fits = |(given, wanted): (&&str, &&str)| given == wanted || wanted.starts_with('{');
    path.len() == route.len() && path.iter().zip(&route).all(fits)
}

#[test]
fn every_declared_route_has_its_refusal_of_strangers() {
    let declared = declared();
    assert!(declared.len() > 10, "{declared:?}");
    let public = [
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/v1/login/passkey/options",
    ];
    let guarded = declared.iter().filter(|(_, route)| !public.contains(route));
    for (method, route) in guarded.clone() {
        let refusals = REFUSALS
            .iter()
            .filter(|(known, path, _)| known == method && is_of(path, route));
        assert_eq!(refusals.count(), 1, "{method} {route}");
    }
    assert_eq!(guarded.count(), REFUSALS.len());
}

fn call(method: &str, path: &str, origin: &str) -> Reply {
    let request = Request::new(method, &url(path)).header("origin", origin);
    Http::default().send(&match (method, path) {
        ("POST", path) if path.starts_with("/v1/token") => request.body(FORM, "x=y"),
        ("POST", _) => request.body(JSON, "{}"),
        _ => request,
    })
}

fn is_readable_by(reply: &Reply, origin: &str) {
    assert_eq!(
        reply.header("access-control-allow-origin"),
        Some(origin),
        "{}",
        reply.shown()
    );
    let exposed = reply
        .header("access-control-expose-headers")
        .unwrap_or_default();
    assert!(
        exposed.contains("retry-after") && exposed.contains("x-request-id"),
        "{exposed}"
    );
    assert!(
        reply
            .header("vary")
            .is_some_and(|vary| vary.to_lowercase().contains("origin"))
    );
}

#[test]
fn every_refusal_is_readable_by_our_page_and_carries_the_security_headers() {
    let page = &cloud().page_url;
    for &(method, path, status) in REFUSALS {
        let reply = call(method, path, page).expect(status);
        is_readable_by(&reply, page);
        for (name, value) in SECURITY {
            assert_eq!(reply.header(name), Some(value), "{method} {path}");
        }
        assert_eq!(
            reply.header("cache-control"),
            Some("no-store"),
            "{method} {path}"
        );
        let challenged = reply.header("www-authenticate").is_some();
        // RFC 6749 §5.2: a client is challenged in the scheme that it tried, and a stranger tried none.
        let client = path == "/v1/token/introspect";
        assert_eq!(challenged, status == 401 && !client, "{method} {path}");
    }
}

#[test]
fn no_refusal_is_readable_by_another_page() {
    let page = &cloud().page_url;
    for origin in [
        "https://evil.example",
        "null",
        &format!("{page}.evil.example"),
        &page.to_uppercase(),
    ] {
        for &(method, path, status) in REFUSALS {
            let reply = call(method, path, origin).expect(status);
            assert_eq!(
                reply.header("access-control-allow-origin"),
                None,
                "{origin} {method} {path}"
            );
        }
    }
}

#[test]
fn what_is_granted_is_dressed_like_what_is_refused() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let view = owner.view(&asset);
    let page = &cloud().page_url;
    for address in [&view.playlist, &view.video, view.keys()[0]] {
        let reply = Http::default()
            .send(&Request::new("GET", address).header("origin", page))
            .expect(200);
        is_readable_by(&reply, page);
        for (name, value) in SECURITY {
            assert_eq!(reply.header(name), Some(value), "{address}");
        }
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn a_segment_is_readable_by_our_page_alone() {
    let owner = people::owner();
    let view = owner.view(&owner.ready(SHORT));
    let page = &cloud().page_url;
    let get = |origin: &str| {
        Http::default().send(&Request::new("GET", &view.segments[0].url).header("origin", origin))
    };
    assert_eq!(
        get(page).expect(200).header("access-control-allow-origin"),
        Some(page.as_str())
    );
    assert_eq!(
        get("https://evil.example").header("access-control-allow-origin"),
        None
    );
    let bare = view.segments[0].url.split('?').next().unwrap();
    let refused = Http::default()
        .send(&Request::new("GET", bare).header("origin", page))
        .expect(403);
    assert_eq!(
        refused.header("access-control-allow-origin"),
        Some(page.as_str()),
        "a refusal is readable too"
    );
}

#[test]
fn preflights_are_answered_for_our_page_alone() {
    let page = &cloud().page_url;
    for &(method, path, _) in REFUSALS {
        let preflight = |origin: &str| {
            let request = Request::new("OPTIONS", &url(path)).header("origin", origin);
            let request = request.header("access-control-request-method", method);
            Http::default().send(&request.header(
                "access-control-request-headers",
                "authorization,content-type",
            ))
        };
        let reply = preflight(page).expect(204);
        assert_eq!(
            reply.header("access-control-allow-origin"),
            Some(page.as_str())
        );
        let methods = reply
            .header("access-control-allow-methods")
            .unwrap_or_default();
        assert!(
            methods.split(',').any(|allowed| allowed == method),
            "{methods}"
        );
        let headers = reply
            .header("access-control-allow-headers")
            .unwrap_or_default();
        assert!(
            headers.contains("authorization") && headers.contains("idempotency-key"),
            "{headers}"
        );
        assert_eq!(
            preflight("https://evil.example").header("access-control-allow-origin"),
            None
        );
    }
}

#[test]
fn the_public_keys_are_public_and_the_only_thing_that_caches_may_keep() {
    let reply = Http::default()
        .get(&url("/.well-known/jwks.json"))
        .expect(200);
    assert_eq!(
        reply.header("content-type"),
        Some("application/jwk-set+json")
    );
    assert_eq!(reply.header("cache-control"), Some("public, max-age=300"));
    let keys = reply.json()["keys"].clone();
    let key = &keys[0];
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"], &key["use"]),
        (
            &"EC".into(),
            &"P-256".into(),
            &"ES256".into(),
            &"sig".into()
        )
    );
    for key in keys.as_array().unwrap() {
        assert!(key.get("d").is_none(), "a private key");
    }
}

#[test]
fn what_is_no_route_is_the_gateways_404_and_readable() {
    let page = &cloud().page_url;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/v1/login"),
        ("PATCH", "/v1/uploads/ast_x"),
        ("GET", "/v2/login"),
        ("POST", "/v1/login/"),
    ] {
        let reply = call(method, path, page);
        assert_eq!(reply.shown(), "404 Not Found", "{method} {path}");
        assert_eq!(
            reply.header("access-control-allow-origin"),
            Some(page.as_str())
        );
    }
}
