//! The password: proven again, or replaced.

use serde_json::Value;

use super::{Deps, GONE};
use crate::audit::{Event, Record};
use crate::credential::{Password, PasswordHash, User};
use crate::error::{Malformed, Refusal};
use crate::id::UserId;
use crate::mail::NoticeKind;
use crate::member::Account;
use crate::password::Context;
use crate::ports::Change;
use crate::token::Caller;
use crate::usecase::gate::Ask;
use crate::usecase::proof::Proof;

impl Deps {
    /// The user, if the password is theirs. Wrong ones are counted, right ones are not.
    async fn checked(&self, id: UserId, password: &Password) -> Result<User, Refusal> {
        let taken = self.proof.attempt(id, "password").await?;
        let user = self.users.by_id(id).await?;
        let right = self
            .hasher
            .verify(password, user.as_ref().map(|user| &user.hash))?;
        let user = user.filter(|_| right).ok_or(Refusal::BadCredentials)?;
        taken.give_back().await;
        Ok(user)
    }
}

/// Proves again who the caller is: the password, and a second factor if they have one.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::BadCredentials`], [`Refusal::Malformed`] without a factor that is needed,
/// [`Refusal::WrongFactor`], [`Refusal::Throttled`], [`Refusal::Unavailable`].
pub async fn reauthenticate(
    deps: &Deps,
    caller: &Caller,
    password: &Password,
    proof: Option<&Proof>,
) -> Result<(), Refusal> {
    let here = deps.here(caller).await?;
    // As of before anything is checked: what changed meanwhile is not proven.
    let now = deps.proof.clock.now();
    deps.checked(here.user, password).await?;
    let is_on = deps.proof.factors.of(here.user).await?.is_on();
    if is_on {
        let proof = proof.ok_or(Refusal::Malformed(Malformed {
            field: "the second factor",
            expected: "one of code, recovery_code and passkey",
        }))?;
        deps.proof.prove(here.user, here.session.id, proof).await?;
    }
    let proven = deps
        .sessions
        .reauthenticated(here.session.id, now, is_on)
        .await?;
    match proven {
        Change::Applied => Ok(()),
        Change::NotApplied => Err(GONE),
    }
}

/// What a browser needs to prove a passkey again.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`] without a passkey, [`Refusal::Throttled`], [`Refusal::Unavailable`].
pub async fn options(deps: &Deps, caller: &Caller) -> Result<Value, Refusal> {
    let here = deps.here(caller).await?;
    deps.proof.options(here.user, here.session.id).await
}

/// Replaces the password, and ends all sessions, this one too: whoever knew the old one is out.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::ReauthenticationNeeded`], [`Refusal::BadCredentials`],
/// [`Refusal::WeakPassword`], [`Refusal::Conflict`] if another change came first, [`Refusal::Throttled`],
/// [`Refusal::Unavailable`].
pub async fn change(
    deps: &Deps,
    ask: &Ask,
    current: &Password,
    new: &Password,
) -> Result<(), Refusal> {
    let here = deps.proven(&ask.caller).await?;
    let user = deps.checked(here.user, current).await?;
    let organisation = here.standing.person.organisation.as_ref();
    let name = organisation.map_or("", |organisation| organisation.name.as_str());
    let context = Context::product().email(&user.email).with(name);
    let new = deps.policy.judge(new, &context);
    let new = new.map_err(Refusal::WeakPassword)?;
    let hash = deps.hasher.hash(new.password())?;
    let account = here.standing.person.account.as_ref();
    let account = account.ok_or(Refusal::NotFound("account"))?;
    let records = deps.everywhere(ask, &here, Event::PasswordChanged)?;
    replace(deps, account, (&user, &hash), &records).await
}

async fn replace(
    deps: &Deps,
    account: &Account,
    (user, hash): (&User, &PasswordHash),
    records: &[Record],
) -> Result<(), Refusal> {
    // First the notice: afterwards this request could not be repeated.
    deps.proof
        .tell(user.id, NoticeKind::PasswordChanged)
        .await?;
    let from = account.sessions_ended(deps.proof.clock.now());
    let changed = deps
        .accounts
        .change_hash(user.id, (&user.hash, hash), from, records);
    match changed.await? {
        Change::Applied => Ok(()),
        Change::NotApplied => Err(Refusal::Conflict("the password was changed meanwhile")),
    }
}
