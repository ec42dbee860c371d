use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;
use serde_json::{Value, json};
use vault_domain::passkey::{CredentialId, PasskeyName};
use vault_domain::time::Timestamp;

use super::forge::{AT, BE, BS, CHALLENGE, ED, Forge, Key, ORIGIN, OWNER, RP, UP, UV, bytes, head};
use super::*;

fn webauthn() -> Webauthn {
    Webauthn::new(RelyingParty::parse(RP, "Reelvault", &[ORIGIN]).unwrap())
}

fn challenge() -> WebauthnChallenge {
    WebauthnChallenge::from_octets(CHALLENGE)
}

fn register(json: &Value) -> Result<Passkey, PasskeyFault> {
    let response = RegistrationResponse::parse(json)?;
    let name = PasskeyName::parse("Phone").unwrap();
    let made = webauthn().register(&challenge(), &response)?;
    made.named(name, Timestamp(1), &[])
}

fn authenticate(json: &Value, stored: &Passkey) -> Result<Used, PasskeyFault> {
    let response = AuthenticationResponse::parse(json)?;
    webauthn().authenticate(&challenge(), &response, UserId::from_octets(OWNER), stored)
}

fn stored() -> Passkey {
    register(&Forge::create().registration()).unwrap()
}

/// What becomes of a registration that is good but for one change.
fn registered(change: impl FnOnce(&mut Forge)) -> Result<Passkey, PasskeyFault> {
    let mut forge = Forge::create();
    change(&mut forge);
    register(&forge.registration())
}

/// What becomes of an authentication that is good but for one change.
fn authenticated(change: impl FnOnce(&mut Forge)) -> Result<Used, PasskeyFault> {
    let mut forge = Forge::get();
    change(&mut forge);
    authenticate(&forge.authentication(), &stored())
}

fn fault<T>(result: Result<T, PasskeyFault>) -> Option<PasskeyFault> {
    result.err()
}

#[test]
fn a_passkey_of_each_algorithm_registers_and_signs_its_owner_in() {
    for key in [Key::es256, |_| Key::eddsa(), |_| Key::rs256()] {
        let mut forge = Forge {
            key: key(1),
            ..Forge::create()
        };
        let passkey = register(&forge.registration()).unwrap();
        assert_eq!(passkey.public_key, forge.key.cose());
        assert_eq!(passkey.credential.octets(), [5; 32]);
        assert_eq!(passkey.transports, ["internal"]);
        (forge.kind, forge.flags, forge.count) = ("webauthn.get", UP | UV | BE | BS, 1);
        let used = authenticate(&forge.authentication(), &passkey).unwrap();
        assert_eq!((used.sign_count, used.backed_up), (1, true));
        assert!(used.user_verified);
    }
}

/// One change that both ceremonies refuse alike, and why.
type Change = (fn(&mut Forge), PasskeyFault);

#[test]
fn each_property_of_both_ceremonies_is_refused_when_it_alone_is_broken() {
    let changes: [Change; 11] = [
        (|f| f.kind = "webauthn.other", PasskeyFault::Ceremony),
        (|f| f.challenge[31] ^= 1, PasskeyFault::Challenge),
        (|f| f.origin = "https://example.org", PasskeyFault::Origin),
        (
            |f| f.origin = "http://app.example.org",
            PasskeyFault::Origin,
        ),
        (
            |f| f.more_client_data = r#","crossOrigin":true"#,
            PasskeyFault::Embedded,
        ),
        (
            |f| f.more_client_data = r#","topOrigin":"https://example.com""#,
            PasskeyFault::Embedded,
        ),
        (|f| f.rp = "app.example.org", PasskeyFault::RelyingParty),
        (|f| f.flags &= !UP, PasskeyFault::UserAbsent),
        (|f| f.flags &= !UV, PasskeyFault::UserUnverified),
        (|f| f.flags = f.flags & !BE | BS, PasskeyFault::Backup),
        (
            |f| f.tail.push(0),
            PasskeyFault::Malformed("authenticatorData"),
        ),
    ];
    for (at, (change, why)) in changes.into_iter().enumerate() {
        assert_eq!(fault(registered(change)), Some(why), "registration {at}");
        assert_eq!(fault(authenticated(change)), Some(why), "use {at}");
    }
}

#[test]
fn an_answer_to_one_ceremony_is_none_to_the_other() {
    assert_eq!(
        fault(registered(|f| f.kind = "webauthn.get")),
        Some(PasskeyFault::Ceremony)
    );
    assert_eq!(
        fault(authenticated(|f| f.kind = "webauthn.create")),
        Some(PasskeyFault::Ceremony)
    );
}

#[test]
fn an_answer_of_another_passkey_user_or_key_is_refused() {
    for (change, why) in [
        (
            (|f| f.credential[0] ^= 1) as fn(&mut Forge),
            PasskeyFault::Credential,
        ),
        (|f| f.user = Some([8; 16]), PasskeyFault::UserHandle),
        (|f| f.key = Key::es256(2), PasskeyFault::Signature),
        (|f| f.key = Key::eddsa(), PasskeyFault::Signature),
    ] {
        assert_eq!(fault(authenticated(change)), Some(why));
    }
    assert!(authenticated(|f| f.user = None).is_ok());
}

#[test]
fn a_registration_whose_browser_names_another_id_than_the_authenticator_is_refused() {
    let mut json = Forge::create().registration();
    for name in ["id", "rawId"] {
        json[name] = json!(BASE64URL_NOPAD.encode(&[6; 32]));
    }
    assert_eq!(fault(register(&json)), Some(PasskeyFault::Credential));
}

#[test]
fn eligibility_for_backup_is_fixed_at_the_registration() {
    let why = Some(PasskeyFault::Backup);
    assert_eq!(fault(authenticated(|f| f.flags &= !BE)), why);
    let bound = registered(|f| f.flags &= !BE).unwrap();
    assert_eq!(
        fault(authenticate(&Forge::get().authentication(), &bound)),
        why
    );
}

#[test]
fn a_counter_must_advance_unless_the_authenticator_never_counts() {
    for (before, now, good) in [
        (0, 0, true),
        (0, 1, true),
        (1, 2, true),
        (7, u32::MAX, true),
        (1, 1, false),
        (2, 1, false),
        (1, 0, false),
        (u32::MAX, u32::MAX, false),
    ] {
        let passkey = Passkey {
            sign_count: before,
            ..stored()
        };
        let forge = Forge {
            count: now,
            ..Forge::get()
        };
        let used = authenticate(&forge.authentication(), &passkey);
        let expected = if good {
            Ok(now)
        } else {
            Err(PasskeyFault::Counter)
        };
        assert_eq!(used.map(|used| used.sign_count), expected, "{before} {now}");
    }
}

#[test]
fn an_authentication_with_any_octet_changed_is_refused() {
    let good = Forge::get().authentication();
    let stored = stored();
    assert!(authenticate(&good, &stored).is_ok());
    for part in ["clientDataJSON", "authenticatorData", "signature"] {
        let text = good["response"][part].as_str().unwrap();
        let octets = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
        for at in 0..octets.len() {
            let mut octets = octets.clone();
            octets[at] ^= 0x20;
            let mut json = good.clone();
            json["response"][part] = json!(BASE64URL_NOPAD.encode(&octets));
            assert!(authenticate(&json, &stored).is_err(), "{part} {at}");
        }
    }
}

#[test]
fn a_registration_without_a_key_and_a_use_with_one_are_refused() {
    assert_eq!(
        fault(registered(|f| f.flags &= !AT)),
        Some(PasskeyFault::Malformed("attestedCredentialData"))
    );
    assert_eq!(
        fault(authenticated(|f| f.flags |= AT)),
        Some(PasskeyFault::Malformed("authenticatorData"))
    );
}

#[test]
fn extensions_that_nobody_asked_for_are_read_past() {
    let extend = |f: &mut Forge| {
        f.flags |= ED;
        f.tail = vec![0xa1, 0x63, b'f', b'o', b'o', 0xf5];
    };
    assert_eq!(registered(extend).unwrap().public_key, Key::es256(1).cose());
    assert!(authenticated(extend).is_ok());
    for tail in [vec![], vec![0x01], vec![0xa1, 0x01], vec![0xa0, 0x00]] {
        let bad = |f: &mut Forge| (f.flags, f.tail) = (f.flags | ED, tail.clone());
        assert!(registered(bad).is_err() && authenticated(bad).is_err());
    }
}

#[test]
fn a_statement_of_attestation_is_not_looked_at() {
    let statement = [head(5, 1), vec![0x63], b"sig".to_vec(), bytes(&[0; 70])].concat();
    assert!(registered(|f| f.statement = ("packed", statement)).is_ok());
}

#[test]
fn an_attestation_object_too_deep_too_short_too_long_or_doubled_is_refused() {
    let deep = [vec![0x81; 5000], vec![0x00]].concat();
    assert!(registered(|f| f.statement = ("none", deep)).is_err());
    let good = Forge::create().attestation();
    let twice = [
        vec![0xa2],
        [vec![0x68], b"authData".to_vec(), bytes(&[0; 40])]
            .concat()
            .repeat(2),
    ];
    for bad in [
        good[..good.len() - 1].to_vec(),
        [good.clone(), vec![0]].concat(),
        twice.concat(),
        vec![0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ] {
        let mut json = Forge::create().registration();
        json["response"]["attestationObject"] = json!(BASE64URL_NOPAD.encode(&bad));
        assert!(register(&json).is_err(), "{}", bad.len());
    }
}

#[test]
fn a_key_of_another_shape_than_its_algorithm_wants_is_refused() {
    let change = |key: &Key, at: usize, to: u8| {
        let mut cose = key.cose();
        cose[at] = to;
        cose
    };
    let (ec, ed, rsa) = (Key::es256(1), Key::eddsa(), Key::rs256());
    let mut more = change(&ec, 0, 0xa6);
    more.extend([0x04, 0x00]);
    let short_rsa = [
        vec![0xa4, 1, 3, 3, 0x39, 1, 0, 0x20],
        bytes(&[0xff; 128]),
        vec![0x21, 0x43, 1, 0, 1],
    ];
    for (cose, why) in [
        (change(&ec, 4, 0x38 - 0x10), PasskeyFault::Algorithm),
        (change(&ec, 2, 1), PasskeyFault::PublicKey),
        (change(&ec, 4, 0x27), PasskeyFault::PublicKey),
        (change(&ec, 6, 2), PasskeyFault::PublicKey),
        (change(&ec, 20, ec.cose()[20] ^ 1), PasskeyFault::PublicKey),
        (change(&ec, 42, 0x21), PasskeyFault::PublicKey),
        (more, PasskeyFault::PublicKey),
        (change(&ed, 6, 1), PasskeyFault::PublicKey),
        (change(&rsa, 2, 2), PasskeyFault::PublicKey),
        (short_rsa.concat(), PasskeyFault::PublicKey),
        (vec![0x00], PasskeyFault::PublicKey),
        (vec![0xa0], PasskeyFault::PublicKey),
    ] {
        let shown = format!("{cose:02x?}");
        assert_eq!(
            fault(registered(|f| f.cose = Some(cose))),
            Some(why),
            "{shown}"
        );
    }
}

#[test]
fn a_stored_key_that_was_damaged_lets_nobody_in() {
    let passkey = Passkey {
        public_key: vec![0xa0],
        ..stored()
    };
    let used = authenticate(&Forge::get().authentication(), &passkey);
    assert_eq!(fault(used), Some(PasskeyFault::PublicKey));
}

#[test]
fn the_longest_credential_id_registers_and_signs_in() {
    let long = |f: &mut Forge| f.credential = vec![1; CredentialId::MAX];
    let passkey = registered(long).unwrap();
    let mut forge = Forge::get();
    long(&mut forge);
    assert!(authenticate(&forge.authentication(), &passkey).is_ok());
    assert!(registered(|f| f.credential = vec![1; 1024]).is_err());
}

proptest! {
    #[test]
    fn no_octets_make_the_reader_panic(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = authenticator::of_attestation(&octets);
        let _ = AuthenticatorData::parse(&octets);
        let _ = cose::read(&octets);
    }

    #[test]
    fn no_change_to_a_good_registration_makes_it_panic_or_changes_whom_it_is_for(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        shorten in any::<bool>(),
    ) {
        let mut octets = Forge::create().attestation();
        for (at, to) in edits {
            let at = at.index(octets.len());
            octets[at] = to;
        }
        if shorten {
            octets.truncate(cut.index(octets.len()));
        }
        let mut json = Forge::create().registration();
        json["response"]["attestationObject"] = json!(BASE64URL_NOPAD.encode(&octets));
        if let Ok(passkey) = register(&json) {
            prop_assert_eq!(passkey.credential.octets(), [5; 32]);
            prop_assert!(cose::read(&passkey.public_key).is_ok());
        }
    }
}
