//! Sign in with address and password.

use std::net::IpAddr;
use std::sync::Arc;

use super::TokenPair;
use super::rehash::upgrade;
use super::second_factor::{Asked, ask};
use super::sign_in::{Opener, Origin, admission};
use crate::credential::{Email, Password};
use crate::error::Refusal;
use crate::id::{OrgId, SessionId};
use crate::ports::{
    AccessTokens, Accounts, Attempt, Clock, Entropy, Factors, Hashing, Limits, LoginChallenges,
    Members, PasswordHasher, RefreshTokens, Sessions, Users,
};
use crate::time::Timestamp;

/// Seconds of a throttling window.
pub const WINDOW_SECONDS: u64 = 900;
/// Attempts on one account in a window. At this rate a password outside the commonest thousands holds for years.
pub const ATTEMPTS_PER_ACCOUNT: u32 = 10;
/// Attempts from one address (an IPv6 /64 counts as one) in a window: an office shares one.
pub const ATTEMPTS_PER_ADDRESS: u32 = 100;

/// What signing in needs.
pub struct Deps {
    /// Who proves who they are.
    pub users: Arc<dyn Users>,
    /// Where they stand.
    pub members: Arc<dyn Members>,
    /// Budgets of attempts.
    pub limits: Arc<dyn Limits>,
    /// Where sessions are kept.
    pub sessions: Arc<dyn Sessions>,
    /// bcrypt.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Names throttling buckets without storing addresses.
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

/// What the right password gives.
#[derive(Debug)]
pub enum SignedIn {
    /// A session.
    Open(TokenPair),
    /// A second factor is needed.
    SecondFactor(Asked),
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
    /// From where.
    pub origin: Origin,
}

/// Signs in, or refuses in the same way whatever was wrong.
///
/// An attempt is taken from both budgets before the hash is computed and given back on success, so
/// parallel guesses cannot exceed the limit. The budgets go by what was presented, not by what exists.
///
/// # Errors
/// [`Refusal::Throttled`], [`Refusal::BadCredentials`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<SignedIn, Refusal> {
    let now = deps.clock.now();
    let buckets = Buckets::of(deps, &command, now.0 / WINDOW_SECONDS);
    let window_end = Timestamp((now.0 / WINDOW_SECONDS + 1) * WINDOW_SECONDS);
    for (bucket, limit) in [
        (&buckets.address, ATTEMPTS_PER_ADDRESS),
        (&buckets.account, ATTEMPTS_PER_ACCOUNT),
    ] {
        if deps.limits.take(bucket, limit, window_end).await? == Attempt::Exhausted {
            return Err(Refusal::Throttled {
                retry_after: window_end.since(now).max(1),
            });
        }
    }

    let user = deps.users.by_email(&command.email).await?;
    // Hash first, whether or not there is a user; look at the account's state after.
    let right = deps
        .hasher
        .verify(&command.password, user.as_ref().map(|u| &u.hash))?;
    let user = user
        .filter(|u| right && u.verified)
        .ok_or(Refusal::BadCredentials)?;
    let admitted = admission(&*deps.members, user.id, command.organisation, now).await?;
    // Losing this leaves it to the next sign-in.
    let _ = upgrade(&*deps.accounts, &*deps.hasher, &user, &command.password).await;
    let set = deps.factors.of(user.id).await?;
    let asked = ask(&*deps.challenges, &*deps.entropy, &admitted, &set, now)?;
    if let Some(asked) = asked {
        give_back(deps, &buckets).await;
        return Ok(SignedIn::SecondFactor(asked));
    }

    // As of before the user was read: a new password that came meanwhile ends this session too.
    let opener = Opener {
        sessions: &*deps.sessions,
        hashing: &*deps.hashing,
        access: &*deps.access,
        refresh: &*deps.refresh,
        entropy: &*deps.entropy,
    };
    let id = SessionId::random(&*deps.entropy)?;
    let pair = opener.open(id, &admitted.membership, command.origin, now);
    let pair = pair.await?;
    give_back(deps, &buckets).await;
    Ok(SignedIn::Open(pair))
}

async fn give_back(deps: &Deps, buckets: &Buckets) {
    for bucket in [&buckets.address, &buckets.account] {
        // Losing this costs the user one attempt of the window; failing the sign-in would cost more.
        let _ = deps.limits.give_back(bucket).await;
    }
}

struct Buckets {
    account: String,
    address: String,
}

impl Buckets {
    fn of(deps: &Deps, command: &Command, window: u64) -> Self {
        let account = deps.hashing.sha256(command.email.as_str().as_bytes()).hex();
        let prefix = match command.origin.address.to_canonical() {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        };
        Self {
            account: format!("login#account#{account}#{window}"),
            address: format!("login#address#{prefix}#{window}"),
        }
    }
}
