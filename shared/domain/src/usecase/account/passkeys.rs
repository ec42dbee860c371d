//! Passkeys: added and removed.

use serde_json::Value;

use super::{Bearer, Deps, Enroller, HAS_ONE, may_end};
use crate::error::Refusal;
use crate::factor::{FactorSet, RecoveryCode};
use crate::mail::NoticeKind;
use crate::passkey::{
    CredentialId, MAX_PASSKEYS, PasskeyFault, PasskeyName, PasskeyUser, RegistrationResponse,
    WebauthnChallenge,
};
use crate::ports::Purpose;
use crate::usecase::gate::Ask;
use crate::usecase::proof::Decided;

/// What a browser needs to make a passkey.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::ReauthenticationNeeded`], [`Refusal::Conflict`], [`Refusal::LimitReached`],
/// [`Refusal::Unavailable`].
pub async fn options(deps: &Deps, bearer: &Bearer) -> Result<Value, Refusal> {
    let Enroller {
        user,
        session,
        authority,
        ..
    } = deps.beginner(bearer).await?;
    let set = deps.proof.factors.of(user).await?;
    if authority.first_only(&set) && set.is_on() {
        return Err(HAS_ONE);
    }
    if set.passkeys.len() >= MAX_PASSKEYS {
        return Err(PasskeyFault::TooMany.into());
    }
    let known = deps.users.by_id(user).await?;
    let known = known.ok_or(Refusal::NotFound("account"))?;
    let whose = PasskeyUser {
        id: user,
        name: known.email.as_str(),
        display_name: known.email.as_str(),
    };
    let purpose = Purpose::Registration(session);
    let challenge = deps.proof.begin(purpose).await?;
    let passkeys = &deps.proof.passkeys;
    Ok(passkeys.creation_options(&challenge, &whose, &set.passkeys))
}

/// A passkey that was added.
#[derive(Debug)]
pub struct Added {
    /// The authenticator's name for it.
    pub credential: CredentialId,
    /// Ten codes, shown once, if it is the first factor.
    pub recovery_codes: Option<Vec<RecoveryCode>>,
}

/// Adds the passkey that a browser made by the options given to the same session.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::WrongFactor`] whatever is wrong with the answer, [`Refusal::Conflict`],
/// [`Refusal::LimitReached`], [`Refusal::Unavailable`].
pub async fn add(
    deps: &Deps,
    bearer: &Bearer,
    answer: &RegistrationResponse,
    name: &PasskeyName,
) -> Result<Added, Refusal> {
    let enroller = deps.enroller(bearer).await?;
    let witness = deps.witness(&enroller).await?;
    let Enroller {
        user,
        session,
        authority,
        ..
    } = enroller;
    let given = answer.client().challenge();
    let ceremony = deps.proof.answered(given).await?;
    if ceremony.purpose != Purpose::Registration(session) {
        return Err(Refusal::WrongFactor);
    }
    let challenge = WebauthnChallenge::from_octets(*given.expose());
    let made = deps.proof.passkeys.register(&challenge, answer)?;
    let now = deps.proof.clock.now();
    let decide = |set: &mut FactorSet| {
        let was_on = set.is_on();
        if authority.first_only(set) && was_on {
            return Err(HAS_ONE);
        }
        let passkey = made.clone().named(name.clone(), now, &set.passkeys)?;
        set.passkeys.push(passkey);
        // A secret that waits was begun before this factor was there.
        set.pending = None;
        let codes = (!was_on).then(|| deps.new_codes(set)).transpose()?;
        Ok(Decided::Store(codes))
    };
    let notice = Some(NoticeKind::FactorAdded);
    let records = |read: &FactorSet, next: &FactorSet| deps.came_and_went(&witness, read, next);
    let changed = deps.proof.change_recorded(user, notice, records, decide);
    let recovery_codes = changed.await?;
    Ok(Added {
        credential: made.credential,
        recovery_codes,
    })
}

/// Removes a passkey.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::ReauthenticationNeeded`], [`Refusal::NotFound`], [`Refusal::Conflict`] for the
/// last factor where one is required, [`Refusal::Unavailable`].
pub async fn remove(deps: &Deps, ask: &Ask, id: &CredentialId) -> Result<(), Refusal> {
    let here = deps.proven(&ask.caller).await?;
    let witness = here.witness(ask);
    let required = deps.is_required(here.user).await?;
    let decide = |set: &mut FactorSet| {
        if set.passkey(id).is_none() {
            return Err(Refusal::NotFound("passkey"));
        }
        set.remove_passkey(id);
        may_end(set, required)?;
        Ok(Decided::Store(()))
    };
    let notice = Some(NoticeKind::FactorRemoved);
    let records = |read: &FactorSet, next: &FactorSet| deps.came_and_went(&witness, read, next);
    let changed = deps
        .proof
        .change_recorded(here.user, notice, records, decide);
    changed.await
}
