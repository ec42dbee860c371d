//! Attackers at the doors of the distribution: credentials of another film in each place that one can stand, paths, headers,
//! caches and foreign pages.

use vault_tests::api::refused;
use vault_tests::films::SHORT;
use vault_tests::modes::{Carried, SHARED};
use vault_tests::{Http, Person, Reply, Request, cloud, people};

/// Views of two films in each of the modes.
struct Films {
    owner: Person,
    asset: String,
    own: Vec<Carried>,
    others: Vec<Carried>,
}

fn films() -> Films {
    let owner = people::owner();
    let (asset, other) = (owner.ready(SHORT), owner.ready(SHORT));
    Films {
        own: SHARED.map(|mode| owner.carried(&asset, mode)).into(),
        others: SHARED.map(|mode| owner.carried(&other, mode)).into(),
        asset,
        owner,
    }
}

/// Stopped by the distribution itself.
fn stopped(reply: &Reply, shown: &str) {
    assert_eq!(reply.shown(), shown, "{}", reply.text());
}

fn get(url: &str) -> Reply {
    Http::default().get(url)
}

fn with_cookie(url: &str, line: &str) -> Reply {
    Http::default().send(&Request::new("GET", url).header("cookie", line))
}

/// The whole jar, wherever its cookies belong: what an attacker sends.
fn jar(view: &Carried) -> String {
    let pairs = view.cookies.iter();
    let pairs: Vec<_> = pairs
        .map(|[name, value, _]| format!("{name}={value}"))
        .collect();
    // The ticket is there twice, for two paths.
    let mut once = pairs;
    once.dedup();
    once.join("; ")
}

#[test]
fn credentials_of_another_film_open_nothing_in_any_place() {
    let films = films();
    let [cookies, query, path] = &films.own[..] else {
        panic!("three modes")
    };
    let [other_cookies, other_query, other_path] = &films.others[..] else {
        panic!("three modes")
    };
    let (segment, key) = (&cookies.segments()[0].url, &cookies.segments()[0].key);
    // Cookies of the other film, sent against their paths.
    for url in [&cookies.playlist, segment] {
        stopped(&with_cookie(url, &jar(other_cookies)), "403 AccessDenied");
    }
    refused(&with_cookie(key, &jar(other_cookies)), 403, "forbidden");
    // Its query.
    let theirs = other_query.playlist.split_once('?').unwrap().1;
    let own = query.playlist.split_once('?').unwrap();
    stopped(&get(&format!("{}?{theirs}", own.0)), "403 AccessDenied");
    let ticket = |query: &str| query.split("token=").nth(1).unwrap().to_owned();
    refused(
        &get(&format!("{key}?token={}", ticket(theirs))),
        403,
        "forbidden",
    );
    // The signature of this film and the ticket of the other: the API looks at the ticket. Nothing was kept yet.
    let mixed = own.1.replace(&ticket(own.1), &ticket(theirs));
    refused(&get(&format!("{}?{mixed}", own.0)), 403, "forbidden");
    // Its path token.
    let token = |view: &Carried| {
        view.playlist
            .split("/p/")
            .nth(1)
            .unwrap()
            .split('/')
            .next()
            .unwrap()
            .to_owned()
    };
    let swapped = path.playlist.replace(&token(path), &token(other_path));
    stopped(&get(&swapped), "401 invalid_token");
    let own_key = path.segments()[0]
        .key
        .replace(&token(path), &token(other_path));
    stopped(&get(&own_key), "401 invalid_token");
    // The other's ticket behind the genuine front of this film's token.
    let parts: Vec<_> = token(path).splitn(5, '.').map(str::to_owned).collect();
    let other: Vec<_> = token(other_path)
        .splitn(5, '.')
        .map(str::to_owned)
        .collect();
    let forged = format!("{}.{}", parts[..4].join("."), other[4]);
    stopped(
        &get(&path.playlist.replace(&token(path), &forged)),
        "401 invalid_token",
    );
}

#[test]
fn cookies_are_sent_to_their_film_alone() {
    let films = films();
    let (own, other) = (&films.own[0], &films.others[0]);
    for url in [&other.playlist, &other.segments()[0].url] {
        stopped(&own.fetch(url), "403 MissingKey");
    }
    refused(&own.fetch(&other.segments()[0].key), 401, "unauthenticated");
}

#[test]
fn nothing_is_open_without_a_credential() {
    let films = films();
    let media = &cloud().media_url;
    let view = &films.own[0];
    for url in [&view.playlist, &view.video(), &view.segments()[0].url] {
        stopped(&get(url), "403 MissingKey");
    }
    refused(&get(&view.segments()[0].key), 401, "unauthenticated");
    for path in ["/p/", "/p/x/media/a/b", "/p/.../keys/a/b"] {
        stopped(&get(&format!("{media}{path}")), "401 invalid_token");
    }
    // The API's own door asks for the ticket as well.
    let own = view
        .playlist
        .replace(media.as_str(), &format!("{}/v1", cloud().api_url));
    refused(&get(&own), 401, "unauthenticated");
}

#[test]
fn a_path_is_written_in_one_way_and_leads_nowhere_else() {
    let films = films();
    let view = &films.own[2];
    let segment = view.segments()[0].url.clone();
    let (front, name) = segment.rsplit_once('/').unwrap();
    for url in [
        format!("{front}/../{name}"),
        format!("{front}/./{name}"),
        format!("{front}//{name}"),
        format!("{front}/%2e%2e/{name}"),
        format!("{front}%2f{name}"),
        format!("{front}/{name}%00"),
        format!("{front}/{name}/"),
        format!("{front}/{}", name.to_uppercase()),
        segment.replace("/media/", "/manifests/"),
        segment.replace("/media/", "/uploads/"),
        segment.replace("/p/", "/p//"),
        segment.replace("/p/", "/p/p/"),
    ] {
        stopped(&get(&url), "401 invalid_token");
    }
    // What is put behind the path counts for nothing.
    get(&format!(
        "{segment}?token=x&response-content-type=text/html"
    ))
    .expect(200);
    let key = &view.segments()[0].key;
    get(&format!("{key}?token=x")).expect(200);
    with_cookie(key, "reelvault_ticket=x").expect(200);
}

#[test]
fn a_playlist_that_is_kept_cannot_be_poisoned() {
    let films = films();
    let view = &films.own[0];
    let fetch = |more: &[(&str, &str)], behind: &str| {
        let request = view.request("GET", &format!("{}{behind}", view.playlist));
        let with = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
        Http::default().send(&more.iter().fold(request, with))
    };
    // Refusals are not kept.
    let line = jar(view).replace("reelvault_ticket=", "reelvault_ticket=x");
    refused(&with_cookie(&view.playlist, &line), 401, "invalid_token");
    let bare: Vec<_> = jar(view)
        .split("; ")
        .filter(|own| !own.starts_with("reelvault"))
        .map(str::to_owned)
        .collect();
    refused(
        &with_cookie(&view.playlist, &bare.join("; ")),
        401,
        "unauthenticated",
    );
    // Nothing that is not in the cache's key changes the text.
    let hostile = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "1"),
        ("x-original-url", "/v1/keys"),
        ("x-rewrite-url", "/v1/keys"),
        ("x-http-method-override", "DELETE"),
        ("accept-language", "xx"),
        ("forwarded", "host=evil.example"),
        ("range", "bytes=0-3"),
    ];
    // A token in the query is the one that counts, be it none.
    refused(&fetch(&hostile, "?token="), 401, "invalid_token");
    let first = fetch(&hostile, "?utm=1").expect(200);
    let kept = fetch(&[], "").expect(200);
    assert_eq!(kept.header("x-cache"), Some("Hit from cloudfront"));
    assert_eq!(kept.text(), first.text());
    let text = first.text();
    assert!(text.starts_with("#EXTM3U\n") && !text.contains("evil") && !text.contains("://"));
    // What is kept is let out to nobody without a credential.
    stopped(&get(&view.playlist), "403 MissingKey");
    let expected = films.owner.carried(&films.asset, "path");
    assert_eq!(
        expected.fetch(&expected.playlist).text(),
        text,
        "one text for both modes"
    );
}

#[test]
fn keys_are_never_kept() {
    let films = films();
    for view in &films.own {
        let key = view.segments()[0].key.clone();
        for _ in 0..3 {
            let reply = view.fetch(&key).expect(200);
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(reply.header("x-cache"), Some("Miss from cloudfront"));
        }
    }
}

#[test]
fn a_foreign_page_reads_nothing_and_sets_no_cookie() {
    let films = films();
    let view = &films.own[0];
    let cookies_url = view.cookies_url.clone().unwrap();
    let own: &str = &cloud().page_url;
    for origin in [
        "https://evil.example",
        "null",
        &format!("{own}.evil.example"),
    ] {
        for url in [
            &view.playlist,
            &view.segments()[0].url,
            &view.segments()[0].key,
        ] {
            let reply = Http::default().send(&view.request("GET", url).header("origin", origin));
            assert_eq!(reply.status, 200);
            assert_eq!(
                reply.header("access-control-allow-origin"),
                None,
                "{origin} {url}"
            );
        }
        let asked = Request::new("OPTIONS", &cookies_url)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let reply = Http::default().send(&asked);
        assert_eq!(
            reply.header("access-control-allow-origin"),
            None,
            "{origin}"
        );
        // What needs no asking is not taken.
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ] {
            let request = Request::new("POST", &cookies_url).header("origin", origin);
            let reply = Http::default().send(&request.body(kind, "{}"));
            refused(&reply, 415, "wrong_media_type");
            assert_eq!(reply.header("set-cookie"), None);
        }
    }
    let asked = Request::new("OPTIONS", &cookies_url)
        .header("origin", own)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let reply = Http::default().send(&asked);
    assert_eq!(reply.header("access-control-allow-origin"), Some(own));
    assert_eq!(
        reply.header("access-control-allow-credentials"),
        Some("true")
    );
    for method in ["GET", "PUT", "DELETE"] {
        let reply = Http::default().send(&Request::new(method, &cookies_url));
        assert_eq!(reply.header("set-cookie"), None, "{method}");
        assert!(reply.status >= 400, "{method}");
    }
}
