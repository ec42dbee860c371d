//! Sign in with address and password.

use std::sync::Arc;

use super::TokenPair;
use super::guard::{Guard, Presented};
use super::rehash::upgrade;
use super::second_factor::{Asked, ask};
use super::sign_in::{Opener, Origin, admission_of};
use crate::challenge::ChallengeProof;
use crate::credential::{Email, Password, User};
use crate::error::Refusal;
use crate::id::{OrgId, SessionId, UserId};
use crate::member::{Account, Membership};
use crate::ports::{
    AccessTokens, Accounts, Clock, Entropy, Factors, Hashing, LoginChallenges, Members,
    PasswordHasher, RefreshTokens, Sessions, StoreError, Users,
};
use crate::secret::SecretText;
use crate::time::Timestamp;

/// What signing in needs.
pub struct Deps {
    /// Who proves who they are.
    pub users: Arc<dyn Users>,
    /// Where they stand.
    pub members: Arc<dyn Members>,
    /// Budgets of attempts.
    pub guard: Guard,
    /// Where sessions are kept.
    pub sessions: Arc<dyn Sessions>,
    /// bcrypt.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Digests.
    pub hashing: Arc<dyn Hashing>,
    /// Makes access tokens.
    pub access: Arc<dyn AccessTokens>,
    /// Makes refresh tokens.
    pub refresh: Arc<dyn RefreshTokens>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Second factors.
    pub factors: Arc<dyn Factors>,
    /// Takes hashes of today's cost.
    pub accounts: Arc<dyn Accounts>,
    /// Makes what stands between password and second factor.
    pub challenges: Arc<dyn LoginChallenges>,
}

/// A parsed request to sign in.
#[derive(Debug)]
pub struct Command {
    /// The account.
    pub email: Email,
    /// The password as typed.
    pub password: Password,
    /// In which organisation; the first of theirs if they do not say.
    pub organisation: Option<OrgId>,
    /// The token by which this device is known, if it is.
    pub device: Option<SecretText>,
    /// A proof that no machine asks.
    pub proof: Option<ChallengeProof>,
    /// From where.
    pub origin: Origin,
}

/// What the right password gives.
#[derive(Debug)]
pub struct Welcome {
    /// By which this device is known from now on.
    pub device: SecretText,
    /// A session, or the way to one.
    pub signed_in: SignedIn,
}

/// A session, or the way to one.
#[derive(Debug)]
pub enum SignedIn {
    /// A session.
    Open(TokenPair),
    /// A second factor is needed.
    SecondFactor(Asked),
}

/// Seconds by which the machine that set a password may be ahead of ours.
const LONGEST_WAIT_SECONDS: u64 = 30;
/// Nobody's id: an unknown address costs the reads of a known one.
const NOBODY: UserId = UserId::from_octets([0; 16]);

/// Signs in, or refuses in the same way whatever was wrong: an unknown address, a wrong password, a disabled or
/// unverified account, and an organisation that lets nobody new in cost the same calls and one hash.
///
/// # Errors
/// [`Refusal::Throttled`], [`Refusal::ChallengeNeeded`], [`Refusal::BadCredentials`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<Welcome, Refusal> {
    let now = deps.clock.now();
    let presented = Presented {
        email: &command.email,
        address: command.origin.address,
        device: command.device.as_ref(),
        proof: command.proof.as_ref(),
    };
    let mut pass = deps.guard.admit(presented, now).await?;

    let user = deps.users.by_email(&command.email).await?;
    let account = deps
        .members
        .account(user.as_ref().map_or(NOBODY, |u| u.id))
        .await?;
    if account
        .as_ref()
        .is_some_and(|a| pass.is_from_before(a.sessions_from))
    {
        pass = deps.guard.admit_as_stranger(pass, presented, now).await?;
    }
    let org = account.as_ref().and_then(|a| a.orgs.first().copied());
    let lets_in = deps.guard.organisation(&mut pass, org, now).await?;
    // Hash first, whether or not there is a user; look at the account's state after.
    let right = deps
        .hasher
        .verify(&command.password, user.as_ref().map(|u| &u.hash))?;
    let admitted = |u: &User| right && lets_in && u.verified;
    let user = user.filter(admitted).ok_or(Refusal::BadCredentials)?;
    let from = opening(deps, &user, account.as_ref(), now).await?;
    let admitted = admission_of(&*deps.members, account, command.organisation, from).await?;
    // Losing this leaves it to the next sign-in.
    let _ = upgrade(&*deps.accounts, &*deps.hasher, &user, &command.password).await;
    let device = deps.guard.remember(&pass, &*deps.entropy, now)?;
    let set = deps.factors.of(user.id).await?;
    let asked = ask(&*deps.challenges, &*deps.entropy, &admitted, &set, from)?;
    let signed_in = match asked {
        Some(asked) => SignedIn::SecondFactor(asked),
        None => SignedIn::Open(opened(deps, &admitted.membership, command.origin, from).await?),
    };
    deps.guard.succeeded(&pass).await;
    Ok(Welcome { device, signed_in })
}

/// From when on the session counts: from before anything was read, so that whatever ends sessions meanwhile ends this
/// one. Time is in seconds, and sessions begin in the second after a new password: who signs in with it sooner is not
/// sent away, if what was compared is still the hash after that moment was read.
async fn opening(
    deps: &Deps,
    user: &User,
    account: Option<&Account>,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    let from = account.map_or(now, |account| account.sessions_from);
    if from <= now || from.since(now) > LONGEST_WAIT_SECONDS {
        return Ok(now);
    }
    let again = deps.users.by_id(user.id).await?;
    let same = again.is_some_and(|again| again.hash == user.hash);
    same.then_some(from).ok_or(Refusal::BadCredentials)
}

/// A session as of before the user was read: a new password that came meanwhile ends it too.
async fn opened(
    deps: &Deps,
    member: &Membership,
    origin: Origin,
    now: Timestamp,
) -> Result<TokenPair, StoreError> {
    let opener = Opener {
        sessions: &*deps.sessions,
        hashing: &*deps.hashing,
        access: &*deps.access,
        refresh: &*deps.refresh,
        entropy: &*deps.entropy,
        clock: &*deps.clock,
    };
    let id = SessionId::random(&*deps.entropy)?;
    opener.open(id, member, origin, now).await
}
