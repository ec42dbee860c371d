//! The authenticator app and the recovery codes.

use super::{Bearer, Deps, Enroller, HAS_ONE, may_end};
use crate::audit::Event;
use crate::error::Refusal;
use crate::factor::{FactorSet, RecoveryCode, Spend, TotpCode, TotpSecret, otpauth_uri};
use crate::mail::NoticeKind;
use crate::secret::SecretText;
use crate::usecase::gate::Ask;
use crate::usecase::proof::Decided;

/// A new secret, shown once.
#[derive(Debug)]
pub struct NewApp {
    /// `otpauth://totp/…`
    pub uri: SecretText,
    /// 32 characters of base 32, to be typed.
    pub secret: SecretText,
    /// The URI as a picture.
    pub qr_svg: SecretText,
}

/// Makes a new secret, which waits for its first code. An app that is there stays until then.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::ReauthenticationNeeded`], [`Refusal::Conflict`], [`Refusal::Unavailable`].
pub async fn begin(deps: &Deps, bearer: &Bearer) -> Result<NewApp, Refusal> {
    let Enroller {
        user, authority, ..
    } = deps.beginner(bearer).await?;
    let known = deps.users.by_id(user).await?;
    let known = known.ok_or(Refusal::NotFound("account"))?;
    let secret = TotpSecret::random(&*deps.proof.entropy)?;
    let mut nonce = [0; 12];
    deps.proof.entropy.fill(&mut nonce)?;
    let sealed = deps.proof.sealing.seal(&secret, user, nonce)?;
    let uri = otpauth_uri(&deps.issuer, &known.email, &secret);
    // Drawn first: nothing is stored that nobody saw.
    let qr_svg = deps.qr.svg(&uri)?;
    let store = |set: &mut FactorSet| {
        if authority.first_only(set) && set.is_on() {
            return Err(HAS_ONE);
        }
        set.begin_totp(sealed.clone());
        Ok(Decided::Store(()))
    };
    deps.proof.change(user, None, store).await?;
    Ok(NewApp {
        uri,
        secret: secret.base32(),
        qr_svg,
    })
}

/// Takes the first code: from now on codes are asked for. Ten recovery codes, shown once; a repeated request gets
/// others, and the latest hold.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::WrongFactor`], [`Refusal::Throttled`], [`Refusal::Unavailable`].
pub async fn confirm(
    deps: &Deps,
    bearer: &Bearer,
    code: &TotpCode,
) -> Result<Vec<RecoveryCode>, Refusal> {
    let enroller = deps.enroller(bearer).await?;
    let witness = deps.witness(&enroller).await?;
    let Enroller {
        user,
        session,
        authority,
        ..
    } = enroller;
    let taken = deps.proof.attempt(user, "totp").await?;
    let now = deps.proof.clock.now();
    let decide = |set: &mut FactorSet| {
        // Who had none when they began may only repeat what they did: never replace one.
        if authority.first_only(set) && set.is_on() && set.pending.is_some() {
            return Err(Refusal::WrongFactor);
        }
        let step = deps.proof.step(user, set.confirmable(), code, now)?;
        if set.confirm_totp(step, session, now) == Spend::Refused {
            return Err(Refusal::WrongFactor);
        }
        Ok(Decided::Store(deps.new_codes(set)?))
    };
    let notice = Some(NoticeKind::FactorAdded);
    let records = |read: &FactorSet, next: &FactorSet| deps.came_and_went(&witness, read, next);
    let changed = deps.proof.change_recorded(user, notice, records, decide);
    let codes = changed.await?;
    taken.give_back().await;
    Ok(codes)
}

/// Removes the app, and one that waits. Repeating is fine.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::ReauthenticationNeeded`], [`Refusal::Conflict`] for the last factor where one
/// is required, [`Refusal::Unavailable`].
pub async fn remove(deps: &Deps, ask: &Ask) -> Result<(), Refusal> {
    let here = deps.proven(&ask.caller).await?;
    let witness = here.witness(ask);
    let required = deps.is_required(here.user).await?;
    let decide = |set: &mut FactorSet| {
        if set.totp.is_none() && set.pending.is_none() {
            return Ok(Decided::Keep(()));
        }
        set.remove_totp();
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

/// Ten new recovery codes, shown once, in the place of all before.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::ReauthenticationNeeded`], [`Refusal::Conflict`] without a factor,
/// [`Refusal::Unavailable`].
pub async fn recovery_codes(deps: &Deps, ask: &Ask) -> Result<Vec<RecoveryCode>, Refusal> {
    let here = deps.proven(&ask.caller).await?;
    let witness = here.witness(ask);
    let decide = |set: &mut FactorSet| {
        if !set.is_on() {
            return Err(Refusal::Conflict("add a second factor first"));
        }
        Ok(Decided::Store(deps.new_codes(set)?))
    };
    let notice = Some(NoticeKind::FactorAdded);
    let replaced =
        |_: &FactorSet, _: &FactorSet| deps.noted(&witness, Event::RecoveryCodesReplaced);
    let changed = deps
        .proof
        .change_recorded(here.user, notice, replaced, decide);
    changed.await
}
