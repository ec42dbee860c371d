//! What describes the routes.

use vault_http::factor::Options;
use vault_http::openapi::{Credential, Operation, Section};
use vault_http::problem::Code;
use vault_http::shape;

use crate::export::Exported;
use crate::factor::{Added, App, Code as AppCode, Codes, NewKey, Removed};
use crate::overview::Account;
use crate::password::{Change, Changed, Proven, Recent};
use crate::session::{Body as Which, Revoked as Ended, Sessions};

shape! {
    /// Which sessions were ended.
    Revoked = { "type": "string", "description": "Which sessions are over.", "enum": ["one", "others", "all"] };
}

/// The routes of this function.
pub fn section() -> Section {
    let operations = [of_sessions(), of_password(), of_apps(), of_passkeys()].concat();
    Section::new(
        "Account",
        "What people see and change of their own account.",
        operations,
    )
}

fn of_sessions() -> Vec<Operation> {
    vec![
        Operation::new(
            "GET /v1/account",
            "getAccount",
            "The caller, where they belong, their factors",
        )
        .replies::<Account<'static>>(200, "As it is"),
        Operation::new(
            "GET /v1/account/export",
            "exportAccount",
            "What is stored of the caller, to take with them",
        )
        .replies::<Exported<'static>>(200, "All but films and records")
        .refuses(&[Code::ReauthenticationNeeded, Code::NotFound]),
        Operation::new(
            "GET /v1/account/sessions",
            "listSessions",
            "The caller's sessions",
        )
        .replies::<Sessions<'static>>(200, "The latest 100"),
        Operation::new(
            "POST /v1/account/sessions/revoke",
            "revokeSessions",
            "Ends all of the caller's sessions, or all but this one",
        )
        .takes::<Which>()
        .replies::<Ended>(200, "They are over"),
        Operation::new(
            "POST /v1/account/sessions/{session_id}/revoke",
            "revokeSession",
            "Ends one of the caller's sessions",
        )
        .replies::<Ended>(200, "It is over"),
    ]
}

fn of_password() -> Vec<Operation> {
    vec![
        Operation::new(
            "POST /v1/account/reauthenticate",
            "reauthenticate",
            "Proves again who the caller is, for ten minutes",
        )
        .takes::<Proven>()
        .replies::<Recent>(200, "The proof counts")
        .refuses(&[
            Code::BadCredentials,
            Code::WrongFactor,
            Code::ReauthenticationNeeded,
            Code::Throttled,
        ]),
        Operation::new(
            "POST /v1/account/reauthenticate/passkey-options",
            "askForPasskeyAgain",
            "What a passkey is asked with to prove again who the caller is",
        )
        .replies::<Options<'static>>(200, "What the passkey is asked with")
        .refuses(&[Code::NotFound, Code::Throttled]),
        Operation::new(
            "POST /v1/account/password",
            "changePassword",
            "Sets another password",
        )
        .takes::<Change>()
        .replies::<Changed>(200, "All sessions are over")
        .refuses(&[
            Code::BadCredentials,
            Code::ReauthenticationNeeded,
            Code::Conflict,
            Code::WeakPassword,
            Code::Throttled,
        ]),
        Operation::new(
            "POST /v1/account/recovery-codes",
            "renewRecoveryCodes",
            "Ten recovery codes in the place of all before",
        )
        .replies::<Codes<'static>>(200, "The codes")
        .refuses(&[Code::ReauthenticationNeeded, Code::Conflict]),
    ]
}

/// Of someone who is signed in, or is to have their first factor.
const EITHER: &[Credential] = &[Credential::AccessToken, Credential::LoginChallenge];

fn of_apps() -> Vec<Operation> {
    vec![
        Operation::new(
            "POST /v1/account/totp",
            "beginAuthenticatorApp",
            "What an authenticator app is set up with",
        )
        .by(EITHER)
        .replies::<App<'static>>(200, "What the app takes")
        .refuses(&[Code::ReauthenticationNeeded, Code::Conflict]),
        Operation::new(
            "POST /v1/account/totp/confirm",
            "confirmAuthenticatorApp",
            "Proves that the app works, and has it count from now on",
        )
        .by(EITHER)
        .takes::<AppCode>()
        .replies::<Codes<'static>>(200, "Recovery codes in the place of all before")
        .refuses(&[
            Code::ReauthenticationNeeded,
            Code::WrongFactor,
            Code::NotFound,
            Code::Conflict,
            Code::Throttled,
        ]),
        Operation::new(
            "POST /v1/account/totp/remove",
            "removeAuthenticatorApp",
            "Takes the app away",
        )
        .replies::<Removed>(200, "It is gone")
        .refuses(&[Code::ReauthenticationNeeded, Code::Conflict]),
    ]
}

fn of_passkeys() -> Vec<Operation> {
    vec![
        Operation::new(
            "POST /v1/account/passkeys/options",
            "askForNewPasskey",
            "What a new passkey is made with",
        )
        .by(EITHER)
        .replies::<Options<'static>>(200, "What the passkey is made with")
        .refuses(&[
            Code::ReauthenticationNeeded,
            Code::Conflict,
            Code::LimitReached,
        ]),
        Operation::new("POST /v1/account/passkeys", "addPasskey", "Adds a passkey")
            .by(EITHER)
            .takes::<NewKey>()
            .replies::<Added<'static>>(201, "The passkey")
            .refuses(&[
                Code::ReauthenticationNeeded,
                Code::WrongFactor,
                Code::Conflict,
                Code::LimitReached,
            ]),
        Operation::new(
            "POST /v1/account/passkeys/{credential_id}/remove",
            "removePasskey",
            "Takes a passkey away",
        )
        .replies::<Removed>(200, "It is gone")
        .refuses(&[Code::ReauthenticationNeeded, Code::Conflict]),
    ]
}
