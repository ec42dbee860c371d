//! What describes the routes.

use schemars::JsonSchema;
use vault_http::factor::Options;
use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;

use crate::Body;
use crate::factor::{Passkey, Second, Token};
use crate::reply::{Needed, Tokens};

/// What the right password is answered with.
#[derive(JsonSchema)]
#[schemars(rename = "SignedIn", untagged)]
#[expect(dead_code, reason = "there for its schema alone")]
enum SignedIn {
    Open(Tokens<'static>),
    SecondFactor(Needed<'static>),
}

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "POST /v1/login",
            "login",
            "Signs in by address and password",
        )
        .open()
        .takes::<Body>()
        .replies::<SignedIn>(200, "A session, or what its second factor is sent with")
        .refuses(&[Code::BadCredentials, Code::ChallengeNeeded, Code::Throttled]),
        Operation::new(
            "POST /v1/login/second-factor",
            "loginWithSecondFactor",
            "Ends a sign-in by a second factor",
        )
        .open()
        .takes::<Second>()
        .replies::<Tokens<'static>>(200, "A session, the same again while it is new")
        .refuses(SECOND),
        Operation::new(
            "POST /v1/login/second-factor/passkey-options",
            "askForPasskeyAsSecondFactor",
            "What a passkey is asked with as a second factor",
        )
        .open()
        .takes::<Token>()
        .replies::<Options<'static>>(200, "What the passkey is asked with")
        .refuses(SECOND)
        .refuses(&[Code::NotFound]),
        Operation::new(
            "POST /v1/login/passkey/options",
            "askForPasskey",
            "What a passkey is asked with to sign in by it alone",
        )
        .open()
        .replies::<Options<'static>>(200, "What the passkey is asked with")
        .refuses(&[Code::Throttled]),
        Operation::new(
            "POST /v1/login/passkey",
            "loginWithPasskey",
            "Signs in by a passkey alone",
        )
        .open()
        .takes::<Passkey>()
        .replies::<Tokens<'static>>(200, "A session")
        .refuses(&[Code::BadCredentials, Code::WrongFactor, Code::Throttled]),
    ];
    Section::new("Sign-in", "Who someone is.", operations)
}

/// A challenge that is over; a factor that is wrong; too many of either.
const SECOND: &[Code] = &[Code::InvalidToken, Code::WrongFactor, Code::Throttled];
