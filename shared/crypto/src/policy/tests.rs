use super::*;
use proptest::prelude::*;
use vault_domain::credential::Email;

/// Ada Lovelace of Babbage Films.
fn context() -> Context {
    let email = Email::parse("ada.lovelace@babbage-films.example").unwrap();
    Context::product()
        .email(&email)
        .with("Ada Lovelace")
        .with("Babbage Films Ltd.")
}

fn judged(text: &str) -> Result<(), Weakness> {
    let password = Password::parse(text.to_owned()).unwrap();
    let judged = Estimator::default().judge(&password, &context());
    judged.map(|new| assert_eq!(new.password().expose(), text))
}

/// The texts that are refused with another reason than one of these, each with that.
fn otherwise(texts: &[&str], reasons: &[Weakness]) -> Vec<String> {
    let verdicts = texts.iter().map(|text| (text, judged(text)));
    verdicts
        .filter(|(_, verdict)| !reasons.iter().any(|reason| *verdict == Err(*reason)))
        .map(|(text, verdict)| format!("{text}: {verdict:?}"))
        .collect()
}

const NONE: [String; 0] = [];

#[test]
fn a_common_password_is_refused_however_it_is_stretched() {
    let texts = [
        "password1234",
        "Password2024!",
        "P@ssw0rd2025",
        "p455w0rd1234",
        "passwordpassword",
        "PASSWORD!!!!!",
        "!!password!!",
        "1234password",
        "drowssap1234",
        "iloveyou1234",
        "ILoveYou2You",
        "iloveyouforever",
        "letmein12345",
        "Welcome12345",
        "Welcome-2024!",
        "admin-admin-1",
        "Administrator1",
        "changeme2025",
        "qwerty123456",
        "monkeydragon",
        "sunshine2019",
        "football!2023",
        "Summer2024!!",
        "trustno1trustno1",
        "correcthorsebatterystaple",
        "correct horse battery staple",
        "Correct-Horse-Battery-Staple1",
        "maytheforcebewithyou",
        "hakunamatata",
        "thequickbrownfox",
        "showmethemoney",
        "gfhjkmgfhjkm",
        "gfhjkm123456",
        "пароль123456",
        "motdepasse123",
        "passwort2024",
        "ichliebedich1",
        "4815162342lost",
        "t-e-s-t-t-e-s-t",
    ];
    let reasons = [
        Weakness::Common,
        Weakness::Guessable(Pattern::Row),
        Weakness::Guessable(Pattern::Words),
        Weakness::Guessable(Pattern::Repeat),
    ];
    assert_eq!(otherwise(&texts, &reasons), NONE);
}

#[test]
fn rows_and_repetitions_are_refused() {
    let texts = [
        "123456789012",
        "987654321098",
        "111222333444",
        "aaaaaaaaaaaa",
        "aaaaaaaaaaab",
        "abcdefghijkl",
        "abcdefgh1234",
        "abcabcabcabc",
        "xkqxkqxkqxkq",
        "qwertyuiop12",
        "qwertyuiop[]",
        "!@#$%^&*()!@",
        "asdfghjkl123",
        "1qaz2wsx3edc",
        "!QAZ2wsx#EDC",
        "zaq12wsxcde3",
        "1q2w3e4r5t6y",
        "azertyuiop12",
        "qwertzuiop12",
        "йцукенгшщзхъ",
        "1a2b3c4d5e6f",
        "qqwweerrttyy",
        "102030405060",
        "............",
        "é".repeat(12).leak(),
    ];
    let reasons = [
        Weakness::Common,
        Weakness::Guessable(Pattern::Row),
        Weakness::Guessable(Pattern::Repeat),
        Weakness::Guessable(Pattern::Words),
    ];
    assert_eq!(otherwise(&texts, &reasons), NONE);
}

#[test]
fn what_is_known_of_the_person_is_refused() {
    let texts = [
        "reelvault2025",
        "ReelVault!2025",
        "R33lV4ult!!!!",
        "reel-vault-ada",
        "Babbage-Films",
        "babbagefilms1",
        "b4bb4g3films!",
        "AdaLovelace1815",
        "lovelace.babbage",
        "ada.lovelace@babbage",
    ];
    assert_eq!(otherwise(&texts, &[Weakness::Context]), NONE);
}

#[test]
fn dates_and_names_are_refused() {
    let texts = [
        "12.10.1985!!",
        "10121985 2019",
        "jennifer1987",
        "michael jessica",
    ];
    let refused = texts.iter().all(|text| judged(text).is_err());
    assert!(refused, "{:?}", texts.map(judged));
}

#[test]
fn a_password_that_is_worth_something_is_accepted() {
    let texts = [
        "velvet tundra oboe mistake",
        "plinth-gravel-octet-9",
        "my cat reads Proust at noon",
        "Drei Elche jonglieren Käse",
        "trois renards sous la pluie fine",
        "xT9#qLm2vRw8",
        "kq7zvwm3rxpb",
        "{[<(|@!$%+4380-vR",
        "=-~^_;:?#&*\"",
        "839201746552",
        "reelvault stores nineteen pelicans",
        "ada hums beside the quarry gate",
        "password is a gloomy old heirloom",
        "очень старый кот у реки",
        "雨の日に古い本を三冊読む人",
        "\u{1f427}\u{1f3b7}\u{1f9c0}\u{1f6f6}\u{1f355}\u{1f40c}\u{1f3a9}\u{1f335}\u{1f9f2}\u{1f941}\u{1f4ce}\u{1f9a9}",
        "Größenwahn im Kühlregal",
        "no rules on composition here",
        "EVERYTHINGINCAPSBUTODD",
        "              q8 !                zu3",
    ];
    let refused: Vec<_> = texts.iter().filter(|text| judged(text).is_err()).collect();
    assert!(refused.is_empty(), "{refused:?}");
}

#[test]
fn the_list_has_nothing_twice_and_nothing_that_hides() {
    let lines: Vec<&str> = LIST.lines().filter(|line| !line.starts_with('#')).collect();
    let bases: HashSet<&str> = lines
        .iter()
        .copied()
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(
        bases.len(),
        lines.iter().filter(|line| !line.is_empty()).count()
    );
    for base in bases {
        assert_eq!(base, base.trim().to_lowercase());
        assert!(base.chars().count() >= 3, "{base}");
    }
}

#[test]
fn no_more_than_three_kinds_of_signs_are_read_as_letters() {
    assert_eq!(*tamed("p@$$w+rd"), "p@$$w+rd");
    assert_eq!(*tamed("@$+!|(@$"), "@$+ilc@$");
}

fn long_bases() -> Vec<&'static str> {
    let long = |line: &&str| (7..=60).contains(&line.chars().count()) && !line.starts_with('#');
    LIST.lines().filter(long).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_password_is_judged_and_a_refusal_tells_nothing_of_it(text in ".{12,72}") {
        if let Ok(password) = Password::parse(text.clone())
            && let Err(weakness) = Estimator::default().judge(&password, &context())
        {
            let told = format!("{weakness} {weakness:?}");
            prop_assert!(!told.contains(&text));
        }
    }

    #[test]
    fn a_base_and_five_digits_are_refused_on_either_side(
        base in prop::sample::select(long_bases()),
        digits in "[0-9]{5}",
    ) {
        for text in [base.to_owned() + &digits, digits.clone() + base] {
            prop_assert!(judged(&text).is_err());
        }
    }
}
