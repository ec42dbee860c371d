//! The forms of texts in the document are those that the parsers take: what has the form parses, and what parses has the
//! form. Texts are made up by the pattern and then spoilt in one place.

use jsonschema::Validator;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};
use vault_domain::access::{Level, Principal, Visibility};
use vault_domain::api_key::{ApiKeySecret, KeyRole, Label, Scope, Scopes};
use vault_domain::asset::{AssetState, MediaType, Title};
use vault_domain::audit::Event;
use vault_domain::challenge::ChallengeProof;
use vault_domain::credential::{Email, Password, Role};
use vault_domain::deletion::Reason;
use vault_domain::delivery::Mode;
use vault_domain::download::Rendition;
use vault_domain::factor::{RecoveryCode, TotpCode};
use vault_domain::hls::PlaylistName;
use vault_domain::id::{AssetId, KeyId, OrgId, UserId};
use vault_domain::library::{MetadataKey, TitlePrefix};
use vault_domain::link::LinkToken;
use vault_domain::member::{Actor, OrgName};
use vault_domain::network::Network;
use vault_domain::page::PageSize;
use vault_domain::passkey::{CredentialId, PasskeyName};
use vault_domain::preview::PreviewName;
use vault_domain::share::SharePassword;
use vault_domain::subtitles::Kind;
use vault_domain::support::{SupportLevel, SupportPurpose};
use vault_domain::token::{Action, MediaToken};
use vault_domain::usecase::IdempotencyKey;
use vault_domain::webhook::{DeliveryState, Reach, Topic, WebhookUrl};

/// Texts that are made up for a form.
const TEXTS: usize = 200;

/// A form, and the parser that it is of.
struct Form {
    schema: Value,
    validator: Validator,
    parses: fn(&str) -> bool,
}

fn form<T: JsonSchema>(parses: fn(&str) -> bool) -> Form {
    let schema = schema_for!(T).to_value();
    Form {
        validator: jsonschema::draft202012::new(&schema).unwrap(),
        schema,
        parses,
    }
}

impl Form {
    fn fits(&self, text: &str) -> bool {
        self.validator.is_valid(&json!(text))
    }

    /// Texts of the form, and of words each.
    fn texts(&self) -> Vec<String> {
        if let Some(words) = self.schema["enum"].as_array() {
            return words
                .iter()
                .map(|word| word.as_str().unwrap().to_owned())
                .collect();
        }
        let mut runner = TestRunner::deterministic();
        // Anchors are all that the maker of texts does not know.
        let pattern = self.schema["pattern"].as_str().unwrap();
        let pattern = pattern
            .strip_prefix('^')
            .unwrap()
            .strip_suffix('$')
            .unwrap();
        let made = string_regex(pattern).unwrap();
        let texts = (0..TEXTS).map(|_| made.new_tree(&mut runner).unwrap().current());
        let fitting: Vec<String> = texts.filter(|text| self.fits(text)).collect();
        assert!(
            fitting.len() > TEXTS / 4,
            "{}: {} texts",
            self.schema,
            fitting.len()
        );
        fitting
    }
}

/// Each text with one character more, less, or another; long and empty ones.
fn spoilt(texts: &[String]) -> impl Iterator<Item = String> {
    texts.iter().enumerate().flat_map(|(n, text)| {
        let characters: Vec<char> = text.chars().collect();
        let at = n % (characters.len() + 1);
        let with = |replaced: &[char], skip: usize| -> String {
            let (before, after) = characters.split_at(at);
            before
                .iter()
                .chain(replaced)
                .chain(after.iter().skip(skip))
                .collect()
        };
        let others = [
            'b', 'B', '7', '1', '_', '=', '/', ' ', 'é', '\0', '\u{202e}',
        ];
        let other = others[n % others.len()];
        [
            with(&[], 1),
            with(&[other], 0),
            with(&[other], 1),
            text.to_uppercase(),
            text.repeat(60),
            format!("{text}\n"),
            String::new(),
        ]
    })
}

#[test]
fn a_text_has_the_form_of_the_document_if_and_only_if_it_parses() {
    let forms = [
        form::<AssetId>(|text| AssetId::parse(text).is_ok()),
        form::<Kind>(|text| Kind::parse(text).is_ok()),
        form::<KeyId>(|text| KeyId::parse(text).is_ok()),
        form::<OrgId>(|text| OrgId::parse(text).is_ok()),
        form::<UserId>(|text| UserId::parse(text).is_ok()),
        form::<Actor>(|text| Actor::parse(text).is_ok()),
        form::<SupportLevel>(|text| SupportLevel::parse(text).is_ok()),
        form::<Principal>(|text| Principal::parse(text).is_ok()),
        form::<LinkToken>(|text| LinkToken::parse(text).is_ok()),
        form::<MediaToken>(|text| MediaToken::parse(text).is_ok()),
        form::<Role>(|text| Role::parse(text).is_ok()),
        form::<KeyRole>(|text| KeyRole::parse(text).is_ok()),
        form::<Scope>(|text| Scope::parse(text).is_ok()),
        form::<Scopes>(|text| Scopes::parse(text).is_ok()),
        form::<Action>(|text| Action::parse(text).is_ok()),
        form::<Level>(|text| Level::parse(text).is_ok()),
        form::<Visibility>(|text| Visibility::parse(text).is_ok()),
        form::<AssetState>(|text| AssetState::parse(text).is_some()),
        form::<Event>(|text| Event::parse(text).is_ok()),
        form::<Rendition>(|text| Rendition::parse(text).is_ok()),
        form::<Mode>(|text| Mode::parse(text).is_ok()),
        form::<PlaylistName>(|text| PlaylistName::parse(text).is_some()),
        form::<PreviewName>(|text| PreviewName::parse(text).is_ok()),
        form::<MediaType>(|text| MediaType::parse(text).is_ok_and(|read| read.as_str() == text)),
        form::<IdempotencyKey>(|text| IdempotencyKey::parse(text).is_ok()),
        form::<ChallengeProof>(|text| ChallengeProof::parse(text.to_owned()).is_ok()),
        form::<MetadataKey>(|text| MetadataKey::parse(text).is_ok()),
        form::<TotpCode>(|text| TotpCode::parse(text.to_owned()).is_ok()),
        form::<RecoveryCode>(|text| RecoveryCode::parse(text.to_owned()).is_ok()),
        form::<Topic>(|text| Topic::parse(text).is_ok()),
        form::<DeliveryState>(|text| DeliveryState::parse(text).is_some()),
    ];
    for form in forms {
        let texts = form.texts();
        for text in &texts {
            assert!(
                (form.parses)(text),
                "{text:?} does not parse: {}",
                form.schema
            );
        }
        for text in spoilt(&texts) {
            let (parses, fits) = ((form.parses)(&text), form.fits(&text));
            assert_eq!(
                parses, fits,
                "{text:?} parses ({parses}), fits ({fits}): {}",
                form.schema
            );
        }
    }
}

/// Blanks around them do not count, and some limits are in octets or need arithmetic: the form says less than the parser.
#[test]
fn what_parses_has_the_form_of_the_document_once_it_is_trimmed() {
    let forms = [
        (form::<Title>(|text| Title::parse(text).is_ok()), "A film"),
        (
            form::<Reason>(|text| Reason::parse(text).is_ok()),
            "A claim",
        ),
        (
            form::<Label>(|text| Label::parse(text).is_ok()),
            "Nightly import",
        ),
        (
            form::<OrgName>(|text| OrgName::parse(text).is_ok()),
            "Golden",
        ),
        (
            form::<SupportPurpose>(|text| SupportPurpose::parse(text).is_ok()),
            "Ticket 7",
        ),
        (
            form::<PasskeyName>(|text| PasskeyName::parse(text).is_ok()),
            "A key",
        ),
        (
            form::<TitlePrefix>(|text| TitlePrefix::parse(text).is_ok()),
            "The ",
        ),
        (
            form::<Email>(|text| Email::parse(text).is_ok()),
            "ada@example.org",
        ),
        (
            form::<Password>(|text| Password::parse(text.to_owned()).is_ok()),
            "seven unrelated things",
        ),
        (
            form::<SharePassword>(|text| SharePassword::parse(text.to_owned()).is_ok()),
            "open sesame",
        ),
        (
            form::<CredentialId>(|text| CredentialId::parse(text).is_ok()),
            "d3d3d3d3d3d3d3d3d3d3dw",
        ),
        (
            form::<WebhookUrl>(|text| WebhookUrl::parse(text, Reach::Public).is_ok()),
            "https://hooks.example.org:8443/a?b=%20",
        ),
        (
            form::<Network>(|text| Network::parse(text).is_ok()),
            "192.0.2.0/24",
        ),
        (
            form::<Network>(|text| Network::parse(text).is_ok()),
            "2001:db8::/32",
        ),
        (
            form::<Network>(|text| Network::parse(text).is_ok()),
            "::ffff:192.0.2.7",
        ),
    ];
    for (form, sample) in forms {
        assert!(
            (form.parses)(sample) && form.fits(sample),
            "{sample}: {}",
            form.schema
        );
        let samples = vec![sample.to_owned(); TEXTS];
        for text in spoilt(&samples) {
            let fits = form.fits(text.trim());
            assert!(
                fits || !(form.parses)(&text),
                "{text:?} parses: {}",
                form.schema
            );
        }
    }
    let secret = vault_testkit::builders::api_key_secret(vault_testkit::builders::CLIENT, 1);
    let form = form::<ApiKeySecret>(|text| ApiKeySecret::parse(text).is_ok());
    assert!(form.fits(secret.expose()) && !form.fits("rvk_"));
}

#[test]
fn a_number_is_within_the_bounds_of_the_document_if_and_only_if_it_parses() {
    let bounds = schema_for!(PageSize).to_value();
    let validator = jsonschema::draft202012::new(&bounds).unwrap();
    for count in -1..=200 {
        let parses = PageSize::parse(&count.to_string()).is_ok();
        assert_eq!(parses, validator.is_valid(&json!(count)), "{count}");
    }
}
