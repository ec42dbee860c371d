//! Passkeys end to end: `passkey-client` and `passkey-authenticator` play the browser and the authenticator,
//! and speak with our relying party in the JSON forms alone.
#![cfg(test)]

use passkey_authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey_client::{Client, DefaultClientData, WebauthnError};
use passkey_crypto::iana::Algorithm;
use passkey_crypto::rust_crypto::RustCryptoBackend;
use passkey_types::ctap2::{Aaguid, Ctap2Error};
use passkey_types::{Passkey as Held, webauthn};
use public_suffix::PublicSuffixList;
use serde_json::{Value, json};
use url::Url;
use vault_crypto::passkey::Webauthn;
use vault_domain::id::UserId;
use vault_domain::passkey::{
    AuthenticationResponse, Passkey, PasskeyFault, PasskeyName, PasskeyUser, Passkeys,
    RegistrationResponse, RelyingParty, Used, WebauthnChallenge,
};
use vault_domain::time::Timestamp;

const PAGE: &str = "https://app.example.org";
const OWNER: UserId = UserId::from_octets([9; 16]);

/// A person who is there, and shows a finger or does not.
struct Person {
    verified: bool,
}

#[async_trait::async_trait]
impl UserValidationMethod for Person {
    type PasskeyItem = Held;
    async fn check_user<'a>(
        &self,
        hint: UiHint<'a, Held>,
        _presence: bool,
        _verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        if matches!(hint, UiHint::InformExcludedCredentialFound(_)) {
            return Err(Ctap2Error::CredentialExcluded);
        }
        Ok(UserCheck {
            presence: true,
            verification: self.verified,
        })
    }
    fn is_presence_enabled(&self) -> bool {
        true
    }
    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// A browser on a page, with an authenticator that holds one passkey.
struct Browser {
    page: &'static str,
    client: Client<Option<Held>, Person, RustCryptoBackend, PublicSuffixList, ()>,
}

impl Browser {
    fn new(page: &'static str, person: Person, held: Option<Held>, counts: bool) -> Self {
        let mut authenticator =
            Authenticator::new(Aaguid::new_empty(), held, person, RustCryptoBackend);
        authenticator.set_make_credentials_with_signature_counter(counts);
        let client = Client::new(authenticator).allows_insecure_localhost(true);
        Self { page, client }
    }

    fn page(&self) -> Url {
        Url::parse(self.page).unwrap()
    }

    /// `navigator.credentials.create({ publicKey: parseCreationOptionsFromJSON(options) })`
    async fn create(&mut self, options: &Value) -> Result<Value, WebauthnError> {
        let request: webauthn::CredentialCreationOptions =
            serde_json::from_value(json!({ "publicKey": options })).unwrap();
        let page = self.page();
        let made = self
            .client
            .register(&page, request, DefaultClientData)
            .await?;
        Ok(serde_json::to_value(made).unwrap())
    }

    /// `navigator.credentials.get({ publicKey: parseRequestOptionsFromJSON(options) })`
    async fn get(&mut self, options: &Value) -> Result<Value, WebauthnError> {
        let request: webauthn::CredentialRequestOptions =
            serde_json::from_value(json!({ "publicKey": options })).unwrap();
        let page = self.page();
        let made = self
            .client
            .authenticate(&page, request, DefaultClientData)
            .await?;
        Ok(serde_json::to_value(made).unwrap())
    }

    /// The authenticator's memory, to be changed or copied.
    fn held(&mut self) -> &mut Held {
        self.client
            .authenticator_mut()
            .store_mut()
            .as_mut()
            .unwrap()
    }
}

fn browser(counts: bool) -> Browser {
    Browser::new(PAGE, Person { verified: true }, None, counts)
}

fn webauthn(id: &str, page: &str) -> Webauthn {
    Webauthn::new(RelyingParty::parse(id, "Reelvault", &[page]).unwrap())
}

fn ours() -> Webauthn {
    webauthn("example.org", PAGE)
}

fn challenge(seed: u8) -> WebauthnChallenge {
    WebauthnChallenge::from_octets([seed; 32])
}

fn creation(party: &Webauthn, held: &[Passkey]) -> Value {
    let user = PasskeyUser {
        id: OWNER,
        name: "ada@example.org",
        display_name: "Ada",
    };
    party.creation_options(&challenge(1), &user, held)
}

fn registered(party: &Webauthn, answer: &Value) -> Result<Passkey, PasskeyFault> {
    let response = RegistrationResponse::parse(answer)?;
    let name = PasskeyName::parse("Laptop").unwrap();
    party
        .register(&challenge(1), &response)?
        .named(name, Timestamp(1), &[])
}

fn authenticated(party: &Webauthn, answer: &Value, held: &Passkey) -> Result<Used, PasskeyFault> {
    let response = AuthenticationResponse::parse(answer)?;
    party.authenticate(&challenge(2), &response, OWNER, held)
}

async fn registration(browser: &mut Browser, party: &Webauthn) -> Passkey {
    let answer = browser.create(&creation(party, &[])).await.unwrap();
    registered(party, &answer).unwrap()
}

#[tokio::test]
async fn a_passkey_signs_its_owner_in_alone_and_says_who_it_is() {
    let (mut browser, party) = (browser(false), ours());
    let passkey = registration(&mut browser, &party).await;
    let options = party.request_options(&challenge(2), &[]);
    let answer = browser.get(&options).await.unwrap();
    let response = AuthenticationResponse::parse(&answer).unwrap();
    assert_eq!(response.user(), Some(OWNER));
    assert_eq!(response.credential(), &passkey.credential);
    assert_eq!(response.client().challenge().expose(), &[2; 32]);
    let used = authenticated(&party, &answer, &passkey).unwrap();
    assert!(used.user_verified && passkey.backup_eligible);
}

#[tokio::test]
async fn a_passkey_is_a_second_factor_of_the_user_who_holds_it() {
    let (mut browser, party) = (browser(true), ours());
    let mut passkey = registration(&mut browser, &party).await;
    for count in 1..4 {
        let held = std::slice::from_ref(&passkey);
        let options = party.request_options(&challenge(2), held);
        let answer = browser.get(&options).await.unwrap();
        let used = authenticated(&party, &answer, &passkey).unwrap();
        assert_eq!(used.sign_count, count);
        passkey = passkey.after(used, Timestamp(2));
    }
}

#[tokio::test]
async fn each_algorithm_that_the_authenticator_has_registers_and_signs_in() {
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
        let (mut browser, party) = (browser(false), ours());
        let authenticator = browser.client.authenticator_mut();
        authenticator.set_algorithms(&[algorithm]).unwrap();
        let passkey = registration(&mut browser, &party).await;
        let options = party.request_options(&challenge(2), &[]);
        let answer = browser.get(&options).await.unwrap();
        assert!(authenticated(&party, &answer, &passkey).is_ok());
    }
}

#[tokio::test]
async fn a_copy_of_an_authenticator_is_noticed_by_its_counter() {
    let (mut browser, party) = (browser(true), ours());
    let passkey = registration(&mut browser, &party).await;
    let copy = browser.held().clone();
    let options = party.request_options(&challenge(2), &[]);
    let answer = browser.get(&options).await.unwrap();
    let used = authenticated(&party, &answer, &passkey).unwrap();
    let passkey = passkey.after(used, Timestamp(2));
    let mut thief = Browser::new(PAGE, Person { verified: true }, Some(copy), true);
    let answer = thief.get(&options).await.unwrap();
    let refused = authenticated(&party, &answer, &passkey);
    assert_eq!(refused, Err(PasskeyFault::Counter));
}

#[tokio::test]
async fn an_authenticator_that_verifies_nobody_does_not_answer() {
    let mut browser = Browser::new(PAGE, Person { verified: false }, None, false);
    let denied = u8::from(Ctap2Error::OperationDenied);
    assert_eq!(
        browser.create(&creation(&ours(), &[])).await,
        Err(WebauthnError::AuthenticatorError(denied))
    );
}

#[tokio::test]
async fn an_authenticator_that_holds_a_passkey_of_ours_makes_no_second() {
    let (mut browser, party) = (browser(false), ours());
    let passkey = registration(&mut browser, &party).await;
    let excluded = u8::from(Ctap2Error::CredentialExcluded);
    assert_eq!(
        browser.create(&creation(&party, &[passkey])).await,
        Err(WebauthnError::AuthenticatorError(excluded))
    );
}

#[tokio::test]
async fn a_page_under_our_domain_that_is_not_ours_is_refused() {
    let party = ours();
    let mut browser = Browser::new(
        "https://blog.example.org",
        Person { verified: true },
        None,
        false,
    );
    let answer = browser.create(&creation(&party, &[])).await.unwrap();
    assert_eq!(
        registered(&party, &answer).err(),
        Some(PasskeyFault::Origin)
    );
}

#[tokio::test]
async fn a_passkey_of_another_relying_party_is_refused_though_the_page_is_ours() {
    let narrow = webauthn("app.example.org", PAGE);
    let mut browser = browser(false);
    let answer = browser.create(&creation(&narrow, &[])).await.unwrap();
    assert!(registered(&narrow, &answer).is_ok());
    assert_eq!(
        registered(&ours(), &answer).err(),
        Some(PasskeyFault::RelyingParty)
    );
}

#[tokio::test]
async fn an_answer_to_one_challenge_is_none_to_another() {
    let (mut browser, party) = (browser(false), ours());
    let passkey = registration(&mut browser, &party).await;
    let options = party.request_options(&challenge(3), &[]);
    let answer = browser.get(&options).await.unwrap();
    let refused = authenticated(&party, &answer, &passkey);
    assert_eq!(refused, Err(PasskeyFault::Challenge));
}

#[tokio::test]
async fn a_passkey_with_another_key_is_refused() {
    let (mut first, mut second, party) = (browser(false), browser(false), ours());
    let passkey = registration(&mut first, &party).await;
    registration(&mut second, &party).await;
    let id = first.held().credential_id.clone();
    second.held().credential_id = id;
    let options = party.request_options(&challenge(2), &[]);
    let answer = second.get(&options).await.unwrap();
    let refused = authenticated(&party, &answer, &passkey);
    assert_eq!(refused, Err(PasskeyFault::Signature));
}

#[tokio::test]
async fn a_local_page_uses_localhost() {
    let page = "http://localhost:9000";
    let party = webauthn("localhost", page);
    let mut browser = Browser::new(page, Person { verified: true }, None, false);
    let passkey = registration(&mut browser, &party).await;
    let options = party.request_options(&challenge(2), &[]);
    let answer = browser.get(&options).await.unwrap();
    assert!(authenticated(&party, &answer, &passkey).is_ok());
}
