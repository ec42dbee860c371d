//! The second half of signing in: what is asked for after the right password, and the session that it opens.
//!
//! Between the two stands a token that names the one session it may open. Session and refresh token follow from it:
//! a request that is repeated, because its reply was lost, gets the very same tokens and never a second session.

use std::sync::Arc;

use serde_json::Value;

use super::TokenPair;
use super::proof::{self, Proof};
use super::sign_in::{Admitted, Opener, Origin, Start, pair};
use crate::error::Refusal;
use crate::factor::{FactorSet, Method};
use crate::id::SessionId;
use crate::member::{Membership, SignIn};
use crate::ports::{
    AccessTokens, Entropy, LoginChallenges, Members, RefreshTokens, Sessions, Stored, Users,
};
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::{LOGIN_CHALLENGE_SECONDS, LoginChallenge, RefreshClaims};

/// What the second half needs.
pub struct Deps {
    /// Proves factors.
    pub proof: proof::Deps,
    /// Opens what stands between the halves.
    pub challenges: Arc<dyn LoginChallenges>,
    /// Who signs in by a passkey alone.
    pub users: Arc<dyn Users>,
    /// Where they stand.
    pub members: Arc<dyn Members>,
    /// Where sessions are kept.
    pub sessions: Arc<dyn Sessions>,
    /// Makes access tokens.
    pub access: Arc<dyn AccessTokens>,
    /// Makes refresh tokens.
    pub refresh: Arc<dyn RefreshTokens>,
}

impl Deps {
    pub(super) fn opener(&self) -> Opener<'_> {
        Opener {
            sessions: &*self.sessions,
            hashing: &*self.proof.hashing,
            access: &*self.access,
            refresh: &*self.refresh,
            entropy: &*self.proof.entropy,
            clock: &*self.proof.clock,
        }
    }
}

/// What is asked for after the right password.
#[derive(Debug)]
pub struct Asked {
    /// `rvc_…`: to be sent back with the factor.
    pub token: SecretText,
    /// The ways that are open; none for who has to add a factor first.
    pub methods: Vec<Method>,
    /// Does the organisation ask for a factor that this person has not got? The token lets them add one.
    pub enrol: bool,
    /// Seconds that the token lives.
    pub expires_in: u64,
}

/// What to ask of someone whose password was right; nothing of who has no factor where none is required.
pub(super) fn ask(
    challenges: &dyn LoginChallenges,
    entropy: &dyn Entropy,
    admitted: &Admitted,
    set: &FactorSet,
    now: Timestamp,
) -> Stored<Option<Asked>> {
    if !set.is_on() && !admitted.organisation.require_second_factor {
        return Ok(None);
    }
    let challenge = LoginChallenge {
        enrol: !set.is_on(),
        user: admitted.membership.user,
        org: admitted.membership.org,
        session: SessionId::random(entropy)?,
        issued_at: now,
    };
    Ok(Some(Asked {
        token: challenges.issue(&challenge),
        methods: set.methods(),
        enrol: challenge.enrol,
        expires_in: LOGIN_CHALLENGE_SECONDS,
    }))
}

/// A parsed request to finish signing in.
#[derive(Debug)]
pub struct Command {
    /// What the password was answered with.
    pub token: SecretText,
    /// The second factor.
    pub proof: Proof,
    /// From where.
    pub origin: Origin,
}

const OVER: Refusal = Refusal::InvalidToken {
    what: "login challenge",
    why: "it is forged, expired or used, or its user may not sign in any more; sign in again",
};

/// Opens the session of the challenge.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Throttled`], [`Refusal::WrongFactor`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<TokenPair, Refusal> {
    let challenge = opened(&*deps.challenges, &command.token, deps.proof.clock.now())?;
    let membership = admitted(&*deps.members, &challenge).await?;
    let (user, session) = (challenge.user, challenge.session);
    deps.proof.prove(user, session, &command.proof).await?;
    session_of(deps, &challenge, &membership, command).await
}

/// What a browser needs to prove a passkey as the second factor.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`] without a passkey, [`Refusal::Throttled`], [`Refusal::Unavailable`].
pub async fn options(deps: &Deps, token: &SecretText) -> Result<Value, Refusal> {
    let challenge = opened(&*deps.challenges, token, deps.proof.clock.now())?;
    admitted(&*deps.members, &challenge).await?;
    let (user, session) = (challenge.user, challenge.session);
    deps.proof.options(user, session).await
}

/// The claims of a token that is genuine and has time left; no state is looked at.
pub(super) fn opened(
    challenges: &dyn LoginChallenges,
    token: &SecretText,
    now: Timestamp,
) -> Result<LoginChallenge, Refusal> {
    let challenge = challenges.open(token.expose());
    challenge.filter(|c| c.is_live(now)).ok_or(OVER)
}

/// The place of who got the challenge, as it is now. What ended their sessions since then ends this one too.
pub(super) async fn admitted(
    members: &dyn Members,
    challenge: &LoginChallenge,
) -> Result<Membership, Refusal> {
    let person = members.person(challenge.user, challenge.org).await?;
    let sign_in = SignIn {
        opened_at: challenge.issued_at,
        second_factor: true,
    };
    person.role(sign_in).ok_or(OVER)?;
    person.membership.ok_or(OVER)
}

async fn session_of(
    deps: &Deps,
    challenge: &LoginChallenge,
    membership: &Membership,
    command: Command,
) -> Result<TokenPair, Refusal> {
    let now = deps.proof.clock.now();
    let start = Start {
        id: challenge.session,
        nonce: nonce(deps, &command.token),
        opened_at: challenge.issued_at,
        second_factor: true,
    };
    let Some(known) = deps.sessions.get(start.id).await? else {
        let opener = deps.opener();
        let begun = opener.begin(start, membership, command.origin, now).await;
        return Ok(begun?);
    };
    let claims = RefreshClaims {
        session: start.id,
        generation: 1,
        nonce: start.nonce,
    };
    let hashing = &*deps.proof.hashing;
    let is = |text: &SecretText| hashing.sha256(text.expose().as_bytes()) == known.active;
    let refresh = deps.refresh.recall(&claims, &is).ok_or(OVER)?;
    if !known.is_live(now) {
        return Err(OVER);
    }
    Ok(pair(&*deps.access, &known, membership.role, refresh, now)?)
}

/// The same for the same token, and unknown to whoever has not got it.
fn nonce(deps: &Deps, token: &SecretText) -> [u8; 16] {
    let octets = [b"login challenge".as_slice(), token.expose().as_bytes()].concat();
    let digest = deps.proof.hashing.sha256(&octets);
    let mut nonce = [0; 16];
    nonce.copy_from_slice(&digest.0[..16]);
    nonce
}
