//! The function that ships, on paths of viewers and of attackers.

use super::*;

const CODE: &str = include_str!("../../../../../edge/path.js");
const ASSET: &str = "ast_geytcmjrgeytcmjrgeytcmjrge";
const OTHER: &str = "ast_ge2tcnbrge2tcnbrge2tcnbrge";
const PACKAGE: &str = "pkg_geytcmjrgeytcmjrgeytcmjrge";
const KEY: &str = "key_geytcmjrgeytcmjrgeytcmjrge";
const TICKET: &str = "1.VElDS0VU";
const EXPIRY: i64 = 2_000;

fn secrets() -> BTreeMap<String, String> {
    let versions = [("1", "a"), ("2", "b")];
    let text = |(version, letter): (&str, &str)| (version.to_owned(), letter.repeat(64));
    versions.into_iter().map(text).collect()
}

fn tag(secret: &str, expiry: &str, asset: &str, ticket: &str) -> String {
    let claims = format!("{expiry}.{asset}.{PACKAGE}.{ticket}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, claims.as_bytes()).as_ref())
}

fn token() -> String {
    let tag = tag(&"a".repeat(64), &EXPIRY.to_string(), ASSET, TICKET);
    format!("1.{EXPIRY}.{PACKAGE}.{tag}.{TICKET}")
}

fn asked(path: &str, now: i64) -> Outcome {
    let seen = Seen {
        path: path.to_owned(),
        query: "token=of-the-viewer&Policy=p".to_owned(),
        cookies: vec![("reelvault_ticket".to_owned(), "of-the-viewer".to_owned())],
    };
    run(CODE, &secrets(), ("GET", &seen), now * 1_000).expect("a function that runs")
}

fn forwarded(path: &str) -> Option<Seen> {
    match asked(path, EXPIRY - 1) {
        Outcome::Forward(seen) => Some(seen),
        Outcome::Answer(reply) => {
            assert_eq!(reply.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(reply.headers()["cache-control"], "no-store");
            None
        }
    }
}

#[test]
fn a_token_is_taken_away_and_its_ticket_goes_where_it_is_asked_for() {
    let ticket = format!("token={TICKET}");
    for (path, query) in [
        (format!("/media/{ASSET}/{PACKAGE}/master.m3u8"), &*ticket),
        (format!("/keys/{ASSET}/{KEY}"), &*ticket),
        (format!("/media/{ASSET}/{PACKAGE}/00000.ts"), ""),
        (
            format!("/media/{ASSET}/{PACKAGE}/subtitles-1-00000.vtt"),
            "",
        ),
    ] {
        let seen = forwarded(&format!("/p/{}{path}", token()));
        let expected = Seen {
            path: path.clone(),
            query: query.to_owned(),
            // What the viewer sent beside the path counts for nothing.
            cookies: vec![],
        };
        assert_eq!(seen, Some(expected), "{path}");
    }
}

#[test]
fn every_changed_character_of_a_token_is_refused() {
    let token = token();
    for at in 0..token.len() {
        for letter in ["A", "b", "3", "_", "."] {
            let mut forged = token.clone();
            forged.replace_range(at..=at, letter);
            let path = format!("/p/{forged}/media/{ASSET}/{PACKAGE}/00000.ts");
            assert_eq!(forwarded(&path).is_some(), forged == token, "{forged}");
        }
    }
}

#[test]
fn a_token_is_of_no_use_for_another_asset_or_package() {
    let token = token();
    let other = PACKAGE.replace("pkg_gey", "pkg_ge2");
    for path in [
        format!("media/{OTHER}/{PACKAGE}/00000.ts"),
        format!("media/{ASSET}/{other}/00000.ts"),
        format!("media/{OTHER}/{other}/master.m3u8"),
        format!("keys/{OTHER}/{KEY}"),
        format!("uploads/{ASSET}/{PACKAGE}/source"),
        format!("manifests/{ASSET}/{PACKAGE}.json"),
    ] {
        assert_eq!(forwarded(&format!("/p/{token}/{path}")), None, "{path}");
    }
}

#[test]
fn a_token_ends_with_its_expiry() {
    let path = format!("/p/{}/media/{ASSET}/{PACKAGE}/00000.ts", token());
    assert!(matches!(asked(&path, EXPIRY - 1), Outcome::Forward(_)));
    assert!(matches!(asked(&path, EXPIRY), Outcome::Answer(_)));
}

#[test]
fn a_version_that_the_store_lacks_opens_nothing_and_another_one_is_its_own() {
    let path = |version: &str, secret: &str| {
        let tag = tag(secret, &EXPIRY.to_string(), ASSET, TICKET);
        format!("/p/{version}.{EXPIRY}.{PACKAGE}.{tag}.{TICKET}/keys/{ASSET}/{KEY}")
    };
    let (one, two) = ("a".repeat(64), "b".repeat(64));
    assert!(forwarded(&path("2", &two)).is_some());
    assert_eq!(forwarded(&path("2", &one)), None);
    assert_eq!(forwarded(&path("3", "")), None);
    assert_eq!(forwarded(&path("__proto__", "")), None);
    assert_eq!(forwarded(&path("constructor", "")), None);
}

#[test]
fn no_way_of_writing_a_path_leads_elsewhere() {
    let token = token();
    for path in [
        format!("/p/{token}/media/{ASSET}/{PACKAGE}/../../{OTHER}/{PACKAGE}/00000.ts"),
        format!("/p/{token}/media/{ASSET}/{PACKAGE}/%2e%2e/00000.ts"),
        format!("/p/{token}/media/{ASSET}/{PACKAGE}/..%2f00000.ts"),
        format!("/p/{token}/media/{ASSET}/{PACKAGE}//00000.ts"),
        format!("/p/{token}/media/{ASSET}/{PACKAGE}/./00000.ts"),
        format!("/p/{token}/media/{ASSET}/{PACKAGE}/..ts"),
        format!("/p/{token}/media/{ASSET}/{PACKAGE}/a/b/00000.ts"),
        format!("/p/{token}/media/{ASSET}/{PACKAGE}/00000.ts/"),
        format!("/p/{token}/media/{ASSET}/{PACKAGE}/00000.TS"),
        format!("/p/{token}/media/{ASSET}/{PACKAGE}/00000.ts\n"),
        format!("/p/{token}/media/{ASSET}/{PACKAGE}/a\\b.ts"),
        format!("/p/{token}/media/{ASSET}/{PACKAGE}/00000.json"),
        format!("/p/{token}/media/{ASSET}/{PACKAGE}/"),
        format!("/p/{token}/media/{ASSET}/{PACKAGE}"),
        format!("/p/{token}/media//{ASSET}/{PACKAGE}/00000.ts"),
        format!("/p/{token}/%6dedia/{ASSET}/{PACKAGE}/00000.ts"),
        format!("/p/{token}/keys/{ASSET}/../{OTHER}/{KEY}"),
        format!("/p/{token}/keys/{ASSET}/{KEY}/"),
        format!("/p/{token}/keys/{ASSET}/{KEY}.m3u8"),
        format!("/p/{token}/keys/{ASSET}/{KEY}%3ftoken=x"),
        format!("/p/p/{token}/keys/{ASSET}/{KEY}"),
        format!("/p//{token}/keys/{ASSET}/{KEY}"),
        format!("//p/{token}/keys/{ASSET}/{KEY}"),
        format!("/x/p/{token}/keys/{ASSET}/{KEY}"),
        format!("/p/{token}/playback/{TICKET}/cookies"),
        format!("/p/x/../{token}/keys/{ASSET}/{KEY}"),
        "/p/".to_owned(),
        "/p/....../media/a/b".to_owned(),
    ] {
        assert_eq!(forwarded(&path), None, "{path:?}");
    }
}

#[test]
fn an_expiry_is_written_in_one_way() {
    for expiry in [
        "02000",
        "2e9",
        "+2000",
        "-1",
        "0x7d0",
        "99999999999999999",
        "",
    ] {
        let tag = tag(&"a".repeat(64), expiry, ASSET, TICKET);
        let path = format!("/p/1.{expiry}.{PACKAGE}.{tag}.{TICKET}/keys/{ASSET}/{KEY}");
        assert_eq!(forwarded(&path), None, "{expiry}");
    }
}

/// As the tests of `vault_crypto::path_token` have it.
#[test]
fn a_token_of_the_authorization_is_accepted() {
    let token = "1.2000.pkg_aucqkbifaucqkbifaucqkbifau.6LkFEdcq-5Kacl6fq6Lf-LnOM_MHNCVkKvJ23BCQzSA.1.TICKET";
    let (asset, package) = (
        "ast_aqcaibaeaqcaibaeaqcaibaeaq",
        "pkg_aucqkbifaucqkbifaucqkbifau",
    );
    let seen = forwarded(&format!("/p/{token}/media/{asset}/{package}/master.m3u8"));
    assert_eq!(seen.expect("let through").query, "token=1.TICKET");
}

#[test]
fn a_function_fits_into_its_quotas_and_is_what_the_template_has() {
    assert!(CODE.len() <= 10_240, "Developer Guide, quotas: 10 KB");
    let template = include_str!("../../../../../edge.yaml");
    let template = crate::yaml::Node::parse(template).expect("YAML");
    let mut functions = template.resources("AWS::CloudFront::Function");
    let (_, function) = functions.next().expect("a function");
    let code = function
        .get("FunctionCode")
        .and_then(crate::yaml::Node::text);
    assert_eq!(
        code,
        Some(CODE),
        "infra/edge.yaml holds infra/edge/path.js word for word"
    );
}

#[test]
fn code_that_throws_or_hangs_on_nothing_is_no_function() {
    let seen = Seen {
        path: "/p/x".to_owned(),
        query: String::new(),
        cookies: vec![],
    };
    for code in [
        "",
        "function handler() { throw 1 }",
        "function handler() { return 1 }",
        "import x from 'fs';",
    ] {
        let outcome = run(code, &secrets(), ("GET", &seen), 0);
        assert!(matches!(outcome, Err(Refusal::FunctionFailed)), "{code}");
    }
}
