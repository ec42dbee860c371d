use super::*;
use crate::entropy::SystemEntropy;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use vault_domain::id::UserId;

const ISSUER: &str = "urn:reelvault:test";
const NOW: Timestamp = Timestamp(1_800_000_000);

struct Pair {
    der: Vec<u8>,
    jwks: String,
}

fn pair(kid: &str) -> Pair {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    let (x, y) = (
        URL_SAFE_NO_PAD.encode(&point[1..33]),
        URL_SAFE_NO_PAD.encode(&point[33..]),
    );
    let jwks = json!({"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":kid,"x":x,"y":y}]});
    Pair {
        der: pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
        jwks: jwks.to_string(),
    }
}

fn issuer(pair: &Pair, kid: &str) -> JwtIssuer {
    let secret = json!({"current": kid, kid: STANDARD.encode(&pair.der)}).to_string();
    let ring = Keyring::parse(&SecretText::new(secret)).unwrap();
    JwtIssuer::new(&ring, ISSUER.into(), Arc::new(SystemEntropy)).unwrap()
}

fn caller() -> Caller {
    Caller {
        subject: Subject::Person {
            user: UserId::from_octets([1; 16]),
            session: SessionId::from_octets([3; 16]),
        },
        org: OrgId::from_octets([2; 16]),
        role: Role::Editor,
        scopes: Scopes::all(),
    }
}

/// A token with changed header and claims, signed by the right key.
fn crafted(pair: &Pair, header: &Value, change: impl FnOnce(&mut Value)) -> String {
    let good = issuer(pair, "k1").issue(&caller(), NOW, 600).unwrap();
    let payload = good.expose().split('.').nth(1).unwrap();
    let mut claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    change(&mut claims);
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let key = EncodingKey::from_ec_der(&pair.der);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::ES256).unwrap();
    format!("{message}.{signature}")
}

fn header() -> Value {
    json!({"alg":"ES256","typ":"at+jwt","kid":"k1"})
}

#[test]
fn a_token_speaks_for_its_caller_until_it_expires() {
    let pair = pair("k1");
    let token = issuer(&pair, "k1").issue(&caller(), NOW, 600).unwrap();
    let verifier = JwtVerifier::new(&pair.jwks, ISSUER).unwrap();
    assert_eq!(verifier.verify(token.expose(), NOW), Some(caller()));
    assert_eq!(
        verifier.verify(token.expose(), NOW.plus(599)),
        Some(caller())
    );
    assert_eq!(verifier.verify(token.expose(), NOW.plus(600)), None);
}

#[test]
fn a_crafted_token_that_changes_nothing_is_taken() {
    let pair = pair("k1");
    let token = crafted(&pair, &header(), |_| ());
    assert_eq!(
        JwtVerifier::new(&pair.jwks, ISSUER)
            .unwrap()
            .verify(&token, NOW),
        Some(caller())
    );
}

#[test]
fn no_other_algorithm_type_key_audience_issuer_or_missing_claim_is_taken() {
    let pair = pair("k1");
    let verifier = JwtVerifier::new(&pair.jwks, ISSUER).unwrap();
    let with = |header: Value| crafted(&pair, &header, |_| ());
    let without = |claim: &str| {
        crafted(&pair, &header(), |c| {
            c.as_object_mut().unwrap().remove(claim);
        })
    };
    let none = {
        let token = with(json!({"alg":"none","typ":"at+jwt","kid":"k1"}));
        let (message, _) = token.rsplit_once('.').unwrap();
        format!("{message}.")
    };
    let bad = [
        ("none", none),
        (
            "HS256",
            with(json!({"alg":"HS256","typ":"at+jwt","kid":"k1"})),
        ),
        ("typ", with(json!({"alg":"ES256","typ":"JWT","kid":"k1"}))),
        ("no typ", with(json!({"alg":"ES256","kid":"k1"}))),
        (
            "kid",
            with(json!({"alg":"ES256","typ":"at+jwt","kid":"k2"})),
        ),
        ("no kid", with(json!({"alg":"ES256","typ":"at+jwt"}))),
        (
            "aud",
            crafted(&pair, &header(), |c| c["aud"] = json!("urn:other")),
        ),
        (
            "iss",
            crafted(&pair, &header(), |c| c["iss"] = json!("urn:other")),
        ),
        (
            "future",
            crafted(&pair, &header(), |c| c["iat"] = json!(NOW.0 + 31)),
        ),
        (
            "sub",
            crafted(&pair, &header(), |c| c["sub"] = json!("root")),
        ),
        (
            "role",
            crafted(&pair, &header(), |c| c["role"] = json!("god")),
        ),
        (
            "scope",
            crafted(&pair, &header(), |c| c["scope"] = json!("everything else")),
        ),
        (
            "client",
            crafted(&pair, &header(), |c| c["client_id"] = json!("another")),
        ),
        ("no scope", without("scope")),
        ("no exp", without("exp")),
        ("no aud", without("aud")),
        ("no iss", without("iss")),
        (
            "long",
            format!("{}{}", with(header()), "A".repeat(MAX_LENGTH)),
        ),
        ("empty", String::new()),
        ("dots", "...".into()),
    ];
    for (what, token) in bad {
        assert_eq!(verifier.verify(&token, NOW), None, "{what}");
    }
}

#[test]
fn a_key_speaks_for_itself_with_its_own_scopes_and_never_as_an_admin() {
    let (pair, id) = (pair("k1"), vault_domain::id::ApiKeyId::from_octets([7; 16]));
    let verifier = JwtVerifier::new(&pair.jwks, ISSUER).unwrap();
    let key = |role| Caller {
        subject: Subject::ApiKey(id),
        role,
        scopes: Scopes::only(vault_domain::api_key::Scope::Upload),
        ..caller()
    };
    let token = |role| issuer(&pair, "k1").issue(&key(role), NOW, 600).unwrap();
    let claims = verifier.claims(token(Role::Editor).expose(), NOW).unwrap();
    assert_eq!(claims.caller, key(Role::Editor));
    assert_eq!((claims.issued_at, claims.expires_at), (NOW, NOW.plus(600)));
    for role in [Role::Owner, Role::Admin] {
        assert_eq!(verifier.verify(token(role).expose(), NOW), None);
    }
}

#[test]
fn any_changed_character_is_refused() {
    let pair = pair("k1");
    let verifier = JwtVerifier::new(&pair.jwks, ISSUER).unwrap();
    let token = issuer(&pair, "k1")
        .issue(&caller(), NOW, 600)
        .unwrap()
        .expose()
        .to_owned();
    for at in (0..token.len()).step_by(3) {
        let mut forged = token.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'Q' } else { b'A' };
        if forged == token.as_bytes() {
            continue;
        }
        let forged = String::from_utf8(forged).unwrap();
        assert_eq!(verifier.verify(&forged, NOW), None, "{at}");
    }
}

#[test]
fn another_issuers_key_of_the_same_name_is_refused() {
    let (ours, theirs) = (pair("k1"), pair("k1"));
    let token = issuer(&theirs, "k1").issue(&caller(), NOW, 600).unwrap();
    assert_eq!(
        JwtVerifier::new(&ours.jwks, ISSUER)
            .unwrap()
            .verify(token.expose(), NOW),
        None
    );
}

#[test]
fn a_jwks_without_keys_or_with_others_stops_the_start() {
    for bad in [
        "",
        "{}",
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}"#,
    ] {
        assert!(JwtVerifier::new(bad, ISSUER).is_err(), "{bad}");
    }
}

#[test]
fn a_private_key_is_never_served_as_a_public_one() {
    let pair = pair("k1");
    let leaked = pair.jwks.replacen(r#""kty""#, r#""d":"AAAA","kty""#, 1);
    assert_ne!(leaked, pair.jwks);
    assert!(JwtVerifier::new(&leaked, ISSUER).is_err());
}

fn support() -> Caller {
    let staff = Staff {
        user: UserId::from_octets([4; 16]),
        session: SessionId::from_octets([5; 16]),
        support: vault_domain::id::SupportId::from_octets([6; 16]),
        granted_by: UserId::from_octets([7; 16]),
    };
    Caller {
        subject: Subject::Support(staff),
        role: Role::Viewer,
        ..caller()
    }
}

/// Who acts is told apart from what they act by (RFC 8693 §4.1), and neither is read as the other.
type Change = Box<dyn Fn(&mut Value)>;

#[test]
fn a_token_of_support_names_what_was_granted_and_who_of_the_staff_acts() {
    let pair = pair("k1");
    let token = issuer(&pair, "k1").issue(&support(), NOW, 600).unwrap();
    let verifier = JwtVerifier::new(&pair.jwks, ISSUER).unwrap();
    assert_eq!(verifier.verify(token.expose(), NOW), Some(support()));
    let payload = token.expose().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert!(claims["sub"].as_str().unwrap().starts_with("sup_"));
    assert!(claims["act"]["sub"].as_str().unwrap().starts_with("usr_"));
    let (granted_by, act) = (claims["granted_by"].clone(), claims["act"].clone());
    let spoilt: [(&str, Change); 6] = [
        (
            "nobody acts",
            Box::new(|c| drop(c.as_object_mut().unwrap().remove("act"))),
        ),
        (
            "nobody granted",
            Box::new(|c| drop(c.as_object_mut().unwrap().remove("granted_by"))),
        ),
        (
            "no session",
            Box::new(|c| drop(c.as_object_mut().unwrap().remove("sid"))),
        ),
        (
            "another client",
            Box::new(|c| c["client_id"] = c["sub"].clone()),
        ),
        (
            "acted for by a key",
            Box::new(|c| c["act"]["sub"] = json!("apk_aaaaaaaaaaaaaaaaaaaaaaaaaa")),
        ),
        (
            "granted by nobody",
            Box::new(|c| c["granted_by"] = json!("usr_")),
        ),
    ];
    for (what, spoil) in spoilt {
        let token = crafted(&pair, &header(), |c| {
            *c = claims.clone();
            spoil(c);
        });
        assert_eq!(verifier.verify(&token, NOW), None, "{what}");
    }
    // Nor is a person's token more than that with somebody acting in it.
    let token = crafted(&pair, &header(), |c| {
        (c["act"], c["granted_by"]) = (act, granted_by);
    });
    assert_eq!(verifier.verify(&token, NOW), None);
}
