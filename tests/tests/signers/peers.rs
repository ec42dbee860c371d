//! Our CloudFront policies and signatures beside those of others, of the same resources; and theirs before our edge.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use data_encoding::BASE64;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::Deserialize;
use serde_json::{Value, json};
use vault_crypto::Keyring;
use vault_crypto::cloudfront::{PolicySigner, policy};
use vault_domain::ports::UrlSigner as _;
use vault_domain::secret::SecretText;
use vault_domain::time::Timestamp;
use vault_tests::films::SHORT;
use vault_tests::http::Request;
use vault_tests::{Http, cloud, people, python, sdk, wait};

const KEY_PAIR: &str = "K2PEER";
/// Resources that are compared.
const CASES: usize = 300;

/// What a URL carries.
type Query = BTreeMap<String, String>;

#[derive(Deserialize)]
struct OfPython {
    policy: String,
    query: Query,
}

#[derive(Deserialize)]
struct OfNode {
    url: String,
    cookies: Value,
}

fn pem(der: &[u8]) -> String {
    let text = BASE64.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

fn node(input: &Value) -> Vec<OfNode> {
    let mut child = Command::new("node")
        .arg(python::player("cloudfront.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(input.to_string().as_bytes())
        .expect("a reader");
    drop(stdin);
    let output = child.wait_with_output().expect("its end");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn query(url: &str) -> Query {
    let (_, query) = url.split_once('?').expect("a query");
    let pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').expect("="));
    let plain = |text: &str| text.replace("%7E", "~");
    pairs
        .map(|(name, value)| (name.to_owned(), plain(value)))
        .collect()
}

/// Resources of every character that a policy of ours may hold, and when they end: the same every time.
fn resources() -> Vec<(String, u64)> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let path = r"[!#-\[\]-~]{0,60}";
    let resource = (path, any::<bool>(), 1_u64..4_000_000_000).prop_map(|(path, all, ends)| {
        let star = if all { "*" } else { "" };
        (format!("https://media.example/media/{path}{star}"), ends)
    });
    (0..CASES)
        .map(|_| {
            resource
                .new_tree(&mut runner)
                .expect("a resource")
                .current()
        })
        .collect()
}

#[test]
fn others_make_the_same_policies_and_signatures_of_the_same_resources() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let secret = json!({ "current": "1", "1": BASE64.encode(private.as_ref()) });
    let ring = Keyring::parse(&SecretText::new(secret.to_string())).unwrap();
    let signer = PolicySigner::new(&ring, "1", KEY_PAIR.to_owned()).unwrap();
    let resources = resources();

    let ours: Vec<(String, Query)> = resources
        .iter()
        .map(|(resource, ends)| {
            let ends = Timestamp(*ends);
            let made = signer.sign(resource, ends).unwrap();
            let url = format!("?{}", made.query());
            (policy(resource, ends).unwrap(), query(&url))
        })
        .collect();

    let cases: Vec<Value> = resources
        .iter()
        .map(|(resource, ends)| json!({ "resource": resource, "expires": ends }))
        .collect();
    let input =
        json!({ "key": BASE64.encode(private.as_ref()), "key_pair_id": KEY_PAIR, "cases": cases });
    let told = python::run("cloudfront_peer.py", &input.to_string());
    let of_python: Vec<OfPython> = serde_json::from_str(&told).unwrap();

    let cases: Vec<Value> = ours
        .iter()
        .map(|(policy, _)| json!({ "url": "https://media.example/film", "policy": policy, "algorithm": "SHA256" }))
        .collect();
    let of_node =
        node(&json!({ "key": pem(private.as_ref()), "key_pair_id": KEY_PAIR, "cases": cases }));

    assert_eq!((of_python.len(), of_node.len()), (CASES, CASES));
    for ((policy, ours), (python, node)) in ours.iter().zip(of_python.iter().zip(&of_node)) {
        assert_eq!(policy, &python.policy);
        // botocore names no hash: whoever signs by another than SHA-1 adds it.
        let mut named = python.query.clone();
        named.insert("Hash-Algorithm".to_owned(), "SHA256".to_owned());
        assert_eq!(ours, &named, "{policy}");
        assert_eq!(ours, &query(&node.url), "{policy}");
        for (name, value) in ours {
            assert_eq!(
                node.cookies[format!("CloudFront-{name}")],
                **value,
                "{policy}"
            );
        }
    }
}

/// With the stack's own key, which is ECDSA: canned and custom, in URLs and cookies, by SHA-1 and SHA-256.
#[test]
fn the_edge_takes_what_others_sign_and_nothing_that_was_changed_of_it() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let segment = owner.view(&asset).segments[0].url.clone();
    let (plain, _) = segment.split_once('?').expect("a query");
    let ring: Value = serde_json::from_str(&sdk::secret("reelvault/url-signing")).unwrap();
    let current = ring["current"].as_str().expect("a version");
    let der = ring[current].as_str().expect("a key");
    let key = pem(&BASE64.decode(der.as_bytes()).unwrap());

    let (until, before) = (wait::epoch() + 600, wait::epoch() - 600);
    let folder = plain.rsplit_once('/').expect("a folder").0;
    let custom = policy(&format!("{folder}/*"), Timestamp(until)).unwrap();
    let mut cases = Vec::new();
    for algorithm in ["SHA1", "SHA256"] {
        cases.extend([
            json!({ "url": plain, "until": until, "algorithm": algorithm }),
            json!({ "url": plain, "policy": custom, "algorithm": algorithm }),
            json!({ "url": plain, "until": until, "from": before, "ip": "127.0.0.0/8", "algorithm": algorithm }),
        ]);
    }
    let expired = cases.len();
    cases.push(json!({ "url": plain, "until": before, "algorithm": "SHA256" }));
    cases.push(json!({ "url": plain, "until": until, "from": until, "algorithm": "SHA256" }));
    cases
        .push(json!({ "url": plain, "until": until, "ip": "192.0.2.0/24", "algorithm": "SHA256" }));
    let signed =
        node(&json!({ "key": key, "key_pair_id": cloud().url_signing_key_id, "cases": cases }));

    let http = Http::default();
    for (case, signed) in cases.iter().zip(&signed).take(expired) {
        http.get(&signed.url).expect(200);
        http.send(&carrying(plain, &signed.cookies)).expect(200);
        for name in [
            "Policy",
            "Expires",
            "Signature",
            "Key-Pair-Id",
            "Hash-Algorithm",
        ] {
            let Some(value) = query(&signed.url).remove(name) else {
                continue;
            };
            let changed = changed(&value);
            let url = signed
                .url
                .replace(&format!("{name}={value}"), &format!("{name}={changed}"));
            if url != signed.url {
                assert_eq!(http.get(&url).status, 403, "{name} of {case}");
            }
            let mut cookies = signed.cookies.clone();
            cookies[format!("CloudFront-{name}")] = json!(changed);
            let told = http.send(&carrying(plain, &cookies));
            assert_eq!(told.status, 403, "{name} of the cookies of {case}");
        }
    }
    for (case, signed) in cases.iter().zip(&signed).skip(expired) {
        assert_eq!(http.get(&signed.url).status, 403, "{case}");
        let told = http.send(&carrying(plain, &signed.cookies));
        assert_eq!(told.status, 403, "cookies of {case}");
    }
}

fn carrying(url: &str, cookies: &Value) -> Request {
    let cookies = cookies.as_object().expect("cookies").iter();
    let pairs = cookies.map(|(name, value)| match value {
        Value::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    });
    Request::new("GET", url).header("cookie", &pairs.collect::<Vec<_>>().join("; "))
}

/// The same with its first character changed.
fn changed(value: &str) -> String {
    let other = if value.starts_with('A') { "B" } else { "A" };
    format!("{other}{}", &value[1..])
}
