use serde_json::{Value, json};

use super::*;

const CHALLENGE: [u8; 32] = [7; 32];

fn encode(octets: &[u8]) -> String {
    BASE64URL_NOPAD.encode(octets)
}

fn client(extra: &str) -> String {
    let challenge = encode(&CHALLENGE);
    encode(
        format!(
            r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"https://example.org"{extra}}}"#
        )
        .as_bytes(),
    )
}

fn answer() -> Value {
    json!({
        "id": "AQID", "rawId": "AQID", "type": "public-key",
        "response": {
            "clientDataJSON": client(""),
            "authenticatorData": "AAAA",
            "signature": "AAAA",
            "attestationObject": "AAAA",
            "transports": ["usb", "", "UPPER", 7, "internal"],
            "userHandle": encode(&[9; 16]),
        },
        "clientExtensionResults": {},
    })
}

fn passkey(id: u8) -> Passkey {
    new(id)
        .named(PasskeyName::parse("Phone").unwrap(), Timestamp(1), &[])
        .unwrap()
}

fn new(id: u8) -> NewPasskey {
    NewPasskey {
        credential: CredentialId::from_octets(vec![id; 3]).unwrap(),
        public_key: vec![1],
        sign_count: 0,
        backup_eligible: true,
        backed_up: false,
        transports: vec!["internal".into()],
    }
}

fn party() -> RelyingParty {
    RelyingParty::parse("example.org", "Reelvault", &["https://example.org"]).unwrap()
}

#[test]
fn a_credential_id_has_1_to_1023_octets_and_reads_back_its_text() {
    for length in [1, 2, 3, 64, 1023] {
        let id = CredentialId::from_octets(vec![0xff; length]).unwrap();
        assert_eq!(CredentialId::parse(&id.to_string()), Ok(id));
    }
    for bad in ["", "A", "AQID=", "AQ+D", "AB", &encode(&[0; 1024])] {
        assert!(CredentialId::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_passkey_name_is_trimmed_and_holds_64_characters_but_no_control() {
    assert_eq!(PasskeyName::parse(" Phone ").unwrap().as_str(), "Phone");
    assert!(PasskeyName::parse(&"é".repeat(64)).is_ok());
    for bad in ["", "  ", "a\nb", "a\u{85}b", &"x".repeat(65)] {
        assert!(PasskeyName::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn an_eleventh_passkey_and_one_that_is_held_are_refused() {
    let name = || PasskeyName::parse("Key").unwrap();
    let held: Vec<_> = (0..10).map(passkey).collect();
    let add = |id, held| new(id).named(name(), Timestamp(1), held).err();
    assert_eq!(add(10, &held), Some(PasskeyFault::TooMany));
    assert_eq!(add(10, &held[..9]), None);
    assert_eq!(add(3, &held[..9]), Some(PasskeyFault::AlreadyRegistered));
}

#[test]
fn a_relying_party_takes_the_origins_that_a_browser_would_let_use_its_id() {
    for (id, origin) in [
        ("example.org", "https://example.org"),
        ("example.org", "https://app.eu.example.org:8443"),
        ("localhost", "http://localhost:9000"),
        ("localhost", "http://app.localhost"),
        ("localhost", "https://localhost"),
        ("localhost", "http://127.0.0.1:9000"),
    ] {
        let parsed = RelyingParty::parse(id, "Reelvault", &[origin]).unwrap();
        assert!(parsed.expects(origin) && !parsed.expects("https://example.com"));
    }
}

#[test]
fn a_relying_party_refuses_other_hosts_plain_http_addresses_and_unserialised_origins() {
    for (id, origin) in [
        ("example.org", "https://evilexample.org"),
        ("example.org", "https://.example.org"),
        ("example.org", "https://example.org.evil.com"),
        ("example.org", "http://example.org"),
        ("example.org", "https://example.org/"),
        ("example.org", "https://example.org:443"),
        ("example.org", "https://example.org:"),
        ("example.org", "https://example.org:+1"),
        ("example.org", "https://example.org:99999"),
        ("example.org", "https://Example.org"),
        ("example.org", "https://a@example.org"),
        ("example.org", "example.org"),
        ("app.example.org", "https://example.org"),
        ("localhost", "http://192.168.0.1"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("[::1]", "http://[::1]"),
        ("org", "https://org"),
        ("", "https://"),
        ("-a.org", "https://-a.org"),
    ] {
        let parsed = RelyingParty::parse(id, "Reelvault", &[origin]);
        assert!(parsed.is_err(), "{id} {origin}");
    }
    assert!(RelyingParty::parse("example.org", "Reelvault", &[]).is_err());
    assert!(RelyingParty::parse("example.org", "", &["https://example.org"]).is_err());
}

#[test]
fn creation_options_want_a_verified_user_a_discoverable_passkey_and_no_attestation() {
    let user = PasskeyUser {
        id: UserId::from_octets([1; 16]),
        name: "ada@example.org",
        display_name: "Ada",
    };
    let challenge = WebauthnChallenge::from_octets(CHALLENGE);
    let options = party().creation_options(&challenge, &user, &[passkey(1)]);
    let expected = json!({
        "rp": { "id": "example.org", "name": "Reelvault" },
        "user": {
            "id": encode(&[1; 16]), "name": "ada@example.org", "displayName": "Ada",
        },
        "challenge": encode(&CHALLENGE),
        "pubKeyCredParams": [
            { "type": "public-key", "alg": -7 },
            { "type": "public-key", "alg": -8 },
            { "type": "public-key", "alg": -257 },
        ],
        "timeout": 300_000,
        "excludeCredentials": [
            { "type": "public-key", "id": "AQEB", "transports": ["internal"] },
        ],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": true,
            "userVerification": "required",
        },
        "attestation": "none",
    });
    assert_eq!(options, expected);
}

#[test]
fn request_options_name_the_passkeys_of_a_known_user_and_none_of_an_unknown_one() {
    let challenge = WebauthnChallenge::from_octets(CHALLENGE);
    let known = party().request_options(&challenge, &[passkey(1), passkey(2)]);
    let expected = json!({
        "rpId": "example.org",
        "challenge": encode(&CHALLENGE),
        "timeout": 300_000,
        "allowCredentials": [
            { "type": "public-key", "id": "AQEB", "transports": ["internal"] },
            { "type": "public-key", "id": "AgIC", "transports": ["internal"] },
        ],
        "userVerification": "required",
    });
    assert_eq!(known, expected);
    let unknown = party().request_options(&challenge, &[]);
    assert_eq!(unknown["allowCredentials"], json!([]));
}

#[test]
fn an_answer_names_passkey_user_and_challenge_before_anything_is_checked() {
    let read = AuthenticationResponse::parse(&answer()).unwrap();
    assert_eq!(read.credential().octets(), [1, 2, 3]);
    assert_eq!(read.user(), Some(UserId::from_octets([9; 16])));
    assert_eq!(read.client().challenge().expose(), &CHALLENGE);
    let read = RegistrationResponse::parse(&answer()).unwrap();
    assert_eq!(read.transports(), ["usb", "internal"]);
}

#[test]
fn an_answer_without_a_user_handle_names_nobody() {
    for nobody in [Value::Null, json!("")] {
        let mut json = answer();
        json["response"]["userHandle"] = nobody;
        assert_eq!(AuthenticationResponse::parse(&json).unwrap().user(), None);
    }
}

#[test]
fn a_part_that_is_missing_too_large_or_of_another_kind_is_named() {
    let large = |octets: usize| json!(encode(&vec![0; octets]));
    for (path, value, named) in [
        ("/type", json!("password"), "type"),
        ("/rawId", json!("AQIE"), "rawId"),
        ("/response/userHandle", json!("AAAA"), "userHandle"),
        ("/response/userHandle", json!(7), "userHandle"),
        ("/response/clientDataJSON", large(4097), "clientDataJSON"),
        ("/response/clientDataJSON", json!("AAAA"), "clientDataJSON"),
        (
            "/response/authenticatorData",
            large(2049),
            "authenticatorData",
        ),
        ("/response/signature", large(1025), "signature"),
        ("/response/signature", json!(""), "signature"),
        ("/response/signature", json!("AA=="), "signature"),
        ("/response/signature", Value::Null, "signature"),
        ("/response", json!([]), "clientDataJSON"),
    ] {
        let mut json = answer();
        *json.pointer_mut(path).unwrap() = value;
        let fault = AuthenticationResponse::parse(&json).unwrap_err();
        assert_eq!(fault, PasskeyFault::Malformed(named), "{path}");
    }
    let mut json = answer();
    json["response"]["attestationObject"] = large(16_385);
    assert!(RegistrationResponse::parse(&json).is_err());
    assert!(RegistrationResponse::parse(&json!("x")).is_err());
}

#[test]
fn client_data_says_whether_the_page_was_embedded() {
    for (extra, embedded) in [
        ("", Some(false)),
        (r#","crossOrigin":false,"more":{"a":[1]}"#, Some(false)),
        (r#","crossOrigin":true"#, Some(true)),
        (r#","topOrigin":"https://example.com""#, Some(true)),
        (r#","crossOrigin":"false""#, None),
        (r#","origin":"https://example.com""#, None),
        (r#","challenge":"AAAA""#, None),
    ] {
        let mut json = answer();
        json["response"]["clientDataJSON"] = json!(client(extra));
        let read = AuthenticationResponse::parse(&json);
        let got = read.ok().map(|read| read.client().embedded());
        assert_eq!(got, embedded, "{extra}");
    }
}

#[test]
fn a_challenge_of_another_length_is_no_challenge() {
    for length in [0, 31, 33] {
        let challenge = encode(&vec![0; length]);
        let text = format!(r#"{{"type":"t","challenge":"{challenge}","origin":"o"}}"#);
        let mut json = answer();
        json["response"]["clientDataJSON"] = json!(encode(text.as_bytes()));
        assert!(AuthenticationResponse::parse(&json).is_err(), "{length}");
    }
}

#[test]
fn a_byte_order_mark_before_client_data_is_skipped() {
    let plain = BASE64URL_NOPAD.decode(client("").as_bytes()).unwrap();
    let marked = [b"\xef\xbb\xbf".as_slice(), &plain].concat();
    let mut json = answer();
    json["response"]["clientDataJSON"] = json!(encode(&marked));
    let read = AuthenticationResponse::parse(&json).unwrap();
    assert_eq!(read.client().octets(), marked);
}

#[test]
fn a_use_moves_the_counter_and_the_backup_state_of_the_record() {
    let used = Used {
        sign_count: 5,
        backed_up: true,
        user_verified: true,
    };
    let after = passkey(1).after(used, Timestamp(9));
    assert_eq!((after.sign_count, after.backed_up), (5, true));
    assert_eq!(after.last_used, Some(Timestamp(9)));
}
