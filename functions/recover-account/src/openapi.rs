//! What describes the routes.

use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;

use crate::{AcceptBody, ForgotBody, Place, ResetBody, Taken, VerifyBody};

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "POST /v1/password/forgot",
            "forgetPassword",
            "Mails a link to set another password",
        )
        .open()
        .takes::<ForgotBody>()
        .replies::<Taken>(202, "The same for every address")
        .refuses(&[Code::Throttled]),
        Operation::new(
            "POST /v1/password/reset",
            "resetPassword",
            "Sets the password by such a link",
        )
        .open()
        .takes::<ResetBody>()
        .replies::<Taken>(200, "All sessions are over")
        .refuses(&[Code::InvalidLink, Code::WeakPassword]),
        Operation::new(
            "POST /v1/invitations/accept",
            "acceptInvitation",
            "Joins an organisation by a link",
        )
        .open()
        .takes::<AcceptBody>()
        .replies::<Place>(200, "The place in it")
        .refuses(&[
            Code::InvalidLink,
            Code::WeakPassword,
            Code::Conflict,
            Code::LimitReached,
        ]),
        Operation::new(
            "POST /v1/email/verify",
            "verifyEmail",
            "Proves an address by a link",
        )
        .open()
        .takes::<VerifyBody>()
        .replies::<Taken>(200, "The address counts")
        .refuses(&[Code::InvalidLink]),
    ];
    Section::new(
        "Links in mails",
        "What one-time links are asked for and posted to.",
        operations,
    )
}
