//! Sign in with a passkey alone: it is possession and verification of its user at once.

use std::net::IpAddr;

use serde_json::Value;

use super::TokenPair;
use super::budget::Taken;
use super::second_factor::Deps;
use super::sign_in::{Origin, Start, admission};
use crate::error::Refusal;
use crate::id::{OrgId, SessionId};
use crate::passkey::AuthenticationResponse;
use crate::ports::Purpose;

/// A parsed answer of an authenticator.
#[derive(Debug)]
pub struct Command {
    /// The answer; it names the user.
    pub answer: AuthenticationResponse,
    /// In which organisation; the first of theirs if they do not say.
    pub organisation: Option<OrgId>,
    /// From where.
    pub origin: Origin,
}

/// What a browser needs to ask for any passkey of ours.
///
/// # Errors
/// [`Refusal::Throttled`], [`Refusal::Unavailable`].
pub async fn options(deps: &Deps, address: IpAddr) -> Result<Value, Refusal> {
    let (limits, now) = (&*deps.proof.limits, deps.proof.clock.now());
    Taken::from_address(limits, "passkey#options", address, now).await?;
    let challenge = deps.proof.begin(Purpose::SignIn).await?;
    Ok(deps.proof.passkeys.request_options(&challenge, &[]))
}

/// Opens a session. An answer works once; a reply that was lost means answering anew.
///
/// There is no budget by account: an answer cannot be guessed, and whoever knows an id could use one up.
///
/// # Errors
/// [`Refusal::WrongFactor`] whatever is wrong with the answer, [`Refusal::BadCredentials`] for who may not sign in,
/// [`Refusal::Throttled`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<TokenPair, Refusal> {
    let now = deps.proof.clock.now();
    let limits = &*deps.proof.limits;
    let taken = Taken::from_address(limits, "passkey#address", command.origin.address, now).await?;
    let user = command.answer.user().ok_or(Refusal::WrongFactor)?;
    let challenge = command.answer.client().challenge();
    if deps.proof.answered(challenge).await?.purpose != Purpose::SignIn {
        return Err(Refusal::WrongFactor);
    }
    deps.proof.use_passkey(user, &command.answer).await?;
    let known = deps.users.by_id(user).await?;
    known
        .filter(|u| u.verified)
        .ok_or(Refusal::BadCredentials)?;
    let admitted = admission(&*deps.members, user, command.organisation, now).await?;
    let mut nonce = [0; 16];
    deps.proof.entropy.fill(&mut nonce)?;
    let start = Start {
        id: SessionId::random(&*deps.proof.entropy)?,
        nonce,
        // As of before anything was read: what ended sessions meanwhile ends this one too.
        opened_at: now,
        second_factor: true,
    };
    let opener = deps.opener();
    let pair = opener.begin(start, &admitted.membership, command.origin, now);
    let pair = pair.await?;
    taken.give_back().await;
    Ok(pair)
}
