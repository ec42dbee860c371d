//! Second factors through the real functions: an app is added, asked for, used up, and replaced by a recovery code.

use serde_json::{Value, json};
use vault_crypto::totp::HmacTotp;
use vault_domain::factor::{SECRET_OCTETS, Step, Totp as _, TotpSecret};
use vault_domain::ports::Clock as _;
use vault_domain::time::Timestamp;
use vault_tests::api::refused;
use vault_tests::people::{self, Person};

/// What an app shows that was given this secret, so many steps from now.
fn code(secret: &str, ahead: u64) -> String {
    let octets = data_encoding::BASE32_NOPAD.decode(secret.as_bytes());
    let octets: [u8; SECRET_OCTETS] = octets.unwrap().try_into().unwrap();
    let Timestamp(now) = vault_boot::clock::SystemClock.now();
    let step = Step(Step::at(Timestamp(now)).0 + ahead);
    let code = HmacTotp.code(&TotpSecret::new(octets), step);
    code.unwrap().expose().to_owned()
}

/// Adds an app; its secret and the recovery codes.
fn enrol(owner: &Person) -> (String, Vec<String>) {
    let bearer = Some(owner.access.as_str());
    let app = owner
        .api
        .post("/v1/account/totp", bearer, &json!({}))
        .expect(200);
    let secret = app.field("secret");
    let confirmed = json!({ "code": code(&secret, 0) });
    let confirmed = owner
        .api
        .post("/v1/account/totp/confirm", bearer, &confirmed)
        .expect(200);
    let codes = confirmed.json()["recovery_codes"].clone();
    (secret, serde_json::from_value(codes).unwrap())
}

/// The same person, signed in anew with a second factor.
pub(crate) fn with_second_factor(person: Person) -> Person {
    let (_, codes) = enrol(&person);
    let proof = json!({ "token": asked(&person), "recovery_code": codes[0] });
    let pair = person.api.post("/v1/login/second-factor", None, &proof);
    let pair = pair.expect(200);
    Person {
        access: pair.field("access_token"),
        refresh: pair.field("refresh_token"),
        ..person
    }
}

fn asked(owner: &Person) -> String {
    let reply = owner.api.login(&owner.email, &owner.password).expect(200);
    let asked = reply.json()["second_factor"].clone();
    assert_eq!(asked["enrol"], false, "{}", reply.text());
    asked["token"].as_str().unwrap().to_owned()
}

#[test]
fn an_app_is_added_asked_for_and_its_codes_are_used_up() {
    let owner = people::owner();
    let (secret, codes) = enrol(&owner);
    assert_eq!(codes.len(), 10);
    let factor = |proof: Value| {
        let mut body = proof;
        body["token"] = asked(&owner).into();
        owner.api.post("/v1/login/second-factor", None, &body)
    };
    // The step that confirmed the app is used up; the next one is in the window already.
    let code = code(&secret, 1);
    let pair = factor(json!({ "code": code })).expect(200);
    assert!(pair.field("refresh_token").starts_with("rvr_"));
    refused(&factor(json!({ "code": code })), 401, "wrong_factor");
    factor(json!({ "recovery_code": codes[0] })).expect(200);
    let again = factor(json!({ "recovery_code": codes[0] }));
    refused(&again, 401, "wrong_factor");
}

#[test]
fn a_session_from_before_the_factor_cannot_take_it_away() {
    let owner = people::owner();
    enrol(&owner);
    let bearer = Some(owner.access.as_str());
    let removal = owner
        .api
        .post("/v1/account/totp/remove", bearer, &json!({}));
    refused(&removal, 403, "reauthentication_needed");
}

#[test]
fn a_new_password_ends_the_session_that_set_it() {
    let owner = people::owner();
    let bearer = Some(owner.access.as_str());
    let new = format!("{} and more", vault_tests::unique());
    let body = json!({ "current_password": owner.password, "new_password": new });
    let reply = owner
        .api
        .post("/v1/account/password", bearer, &body)
        .expect(200);
    assert_eq!(reply.json()["sign_in_again"], true);
    let over = owner.api.post("/v1/account/totp", bearer, &json!({}));
    refused(&over, 401, "invalid_token");
    owner.api.login(&owner.email, &new).expect(200);
}
