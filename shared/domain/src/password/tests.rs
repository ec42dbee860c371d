use super::*;
use proptest::prelude::*;

fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).unwrap()
}

#[test]
fn a_password_of_73_octets_is_refused_and_72_is_not() {
    assert!(Password::parse("é".repeat(36)).is_ok());
    assert!(Password::parse("x".repeat(72)).is_ok());
    assert!(Password::parse("x".repeat(73)).is_err());
    assert!(Password::parse(String::new()).is_err());
}

#[test]
fn the_octets_count_after_normalisation() {
    // 36 letters with a mark each: 108 octets as a Mac sends them, 72 composed.
    assert!(Password::parse("e\u{301}".repeat(36)).is_ok());
    // Composition can make a text longer: 24 letters of 3 octets, which NFC writes with 4.
    assert!(Password::parse("\u{fb2a}".repeat(24)).is_err());
}

#[test]
fn a_password_never_prints() {
    let shown = format!("{:?}", password("correct horse"));
    assert!(!shown.contains("horse"), "{shown}");
}

#[test]
fn a_mac_and_a_windows_machine_send_the_same_password() {
    let windows = password("Zo\u{eb} \u{c5}ngstr\u{f6}m");
    let mac = password("Zoe\u{308} A\u{30a}ngstro\u{308}m");
    assert_eq!(windows.expose(), mac.expose());
}

#[test]
fn a_password_in_ascii_is_taken_as_it_is() {
    let all: String = (' '..='~').collect();
    for part in [&all[..60], &all[60..], "  Two Spaces  "] {
        assert_eq!(password(part).expose(), part);
    }
}

#[test]
fn every_space_is_the_one_that_a_space_bar_makes() {
    assert_eq!(password("a\u{a0}b\u{2003}c\u{3000}d").expose(), "a b c d");
}

#[test]
fn what_looks_different_stays_different() {
    assert_eq!(
        password("\u{ff21}\u{fb01}\u{b2}").expose(),
        "\u{ff21}\u{fb01}\u{b2}"
    );
    assert_eq!(password("Stra\u{df}e").expose(), "Stra\u{df}e");
}

#[test]
fn a_control_character_is_refused() {
    for bad in ["a\0b", "line\nbreak", "tab\t", "\u{7f}", "\u{85}"] {
        assert!(Password::parse(bad.to_owned()).is_err(), "{bad:?}");
    }
}

/// Refuses nothing by itself.
struct Lenient;

impl PasswordPolicy for Lenient {
    fn weakness(&self, _: &Password, _: &Context) -> Option<Weakness> {
        None
    }
}

fn judged(text: &str) -> Result<String, Weakness> {
    Lenient
        .judge(&password(text), &Context::product())
        .map(|new| new.password().expose().to_owned())
}

#[test]
fn twelve_characters_are_enough_whatever_their_octets() {
    assert_eq!(judged("elevenchars"), Err(Weakness::TooShort));
    assert_eq!(judged("twelve chars").as_deref(), Ok("twelve chars"));
    assert!(judged(&"\u{1f600}".repeat(12)).is_ok());
    assert_eq!(judged(&"\u{1f600}".repeat(11)), Err(Weakness::TooShort));
    // Eleven letters, twenty-two code points before they are composed.
    assert_eq!(judged(&"e\u{301}".repeat(11)), Err(Weakness::TooShort));
}

#[test]
fn a_character_that_unicode_has_not_settled_cannot_be_set() {
    for c in ['\u{e000}', '\u{f8ff}', '\u{378}', '\u{10fffd}'] {
        let text = format!("eleven more {c}");
        assert_eq!(judged(&text), Err(Weakness::UnknownCharacter));
    }
}

#[test]
fn a_context_holds_the_words_of_product_person_and_organisation() {
    let email = Email::parse("ada.lovelace+tv@mail.analytical-engines.co.uk").unwrap();
    let context = Context::product()
        .email(&email)
        .with("Ada King")
        .with("É. & Co. Films");
    let expected = [
        "reel",
        "vault",
        "reelvault",
        "ada",
        "lovelace",
        "adalovelacetv",
        "mail",
        "analytical",
        "engines",
        "analyticalengines",
        "king",
        "adaking",
        "films",
        "écofilms",
    ];
    assert_eq!(context.words(), expected);
    assert!(!format!("{context:?}").contains("ada"));
}

#[test]
fn the_cost_of_a_hash_is_read_whoever_wrote_it() {
    let cost = |text: &str| PasswordHash(text.to_owned()).cost();
    assert_eq!(cost("$2b$12$WApznUPhDubN0oeveSXHp."), Some(12));
    assert_eq!(cost("$2a$04$x"), Some(4));
    assert_eq!(cost("$2y$31$x"), Some(31));
    for bad in [
        "",
        "$2b$12",
        "$2b$3$x",
        "$2b$32$x",
        "$2b$+9$x",
        "$2b$ 9$x",
        "$2b$012$x",
        "$2x$12$x",
        "$2$12$x",
        "$argon2id$v=19$m=1",
        "$2b$é$x",
    ] {
        assert_eq!(cost(bad), None, "{bad}");
    }
}

#[test]
fn only_a_cheaper_hash_is_below() {
    let hash = |cost: u32| PasswordHash(format!("$2b${cost:02}$x"));
    assert!(hash(11).is_below(CURRENT_COST));
    assert!(!hash(12).is_below(CURRENT_COST));
    assert!(!hash(13).is_below(CURRENT_COST));
    assert!(!PasswordHash("$fake$12$x".to_owned()).is_below(CURRENT_COST));
}

proptest! {
    #[test]
    fn any_text_is_refused_or_parses_to_what_parses_to_itself(text in any::<String>()) {
        if let Ok(parsed) = Password::parse(text) {
            let once = parsed.expose();
            prop_assert!((1..=MAX_PASSWORD_OCTETS).contains(&once.len()));
            let again = password(once);
            prop_assert_eq!(again.expose(), once);
        }
    }

    #[test]
    fn composed_and_decomposed_are_one_password(text in "[a-zé-ÿ가-힣ά-ώ ]{1,20}") {
        let (composed, decomposed) = (text.nfc().collect(), text.nfd().collect());
        let (a, b) = (Password::parse(composed), Password::parse(decomposed));
        match (a, b) {
            (Ok(a), Ok(b)) => prop_assert_eq!(a.expose(), b.expose()),
            (a, b) => prop_assert_eq!(a.is_err(), b.is_err()),
        }
    }

    #[test]
    fn any_text_has_a_cost_or_none(text in "\\$2[abxy]\\$.{0,8}") {
        prop_assert!(PasswordHash(text).cost().is_none_or(|cost| cost < 32));
    }
}
