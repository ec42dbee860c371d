//! The use cases, one a file: each takes its ports as `Deps` and a parsed command, and gives an outcome.
//!
//! Each may be cut off at any call to a port and repeated: nothing is lost, nothing leaks, no state is stuck.

pub mod access;
pub mod account;
pub mod ask_ladder;
pub mod ask_previews;
pub mod authorize_download;
pub mod authorize_playback;
mod background;
pub mod begin_upload;
pub mod bootstrap_owner;
pub mod budget;
pub mod client;
pub mod client_credentials;
pub mod code_variant;
pub mod convert_film;
pub mod deletion;
pub mod deliver_key;
pub mod deliver_playlist;
pub mod deliver_preview;
pub mod deliver_shared_playlist;
pub mod deliver_webhook;
pub mod end_view;
pub mod enter_support;
pub mod enter_view;
pub mod erase_account;
pub mod exchange;
pub mod exchange_share;
pub mod export_audit;
pub mod finalize_upload;
pub mod gate;
pub mod guard;
pub mod introspect;
pub mod judge_source;
pub mod library;
pub mod login;
mod machine;
pub mod make_previews;
pub mod manage_api_keys;
pub mod manage_shares;
pub mod manage_subtitles;
pub mod manage_webhooks;
pub mod organisation;
pub mod passkey_sign_in;
pub mod plan_ladder;
mod precondition;
pub mod process_upload;
mod progress;
pub mod proof;
pub mod read_audit;
pub mod recover_account;
pub mod refresh;
pub mod refresh_view;
mod rehash;
pub mod reprocess;
pub mod resume_upload;
pub mod revoke_token;
pub mod rewrap_keys;
pub mod rotate_secret;
pub mod scribe;
pub mod seal_audit;
pub mod seal_subtitles;
pub mod second_factor;
pub mod send_mail;
pub mod set_quota;
mod sign_in;
mod spend;
pub mod sweep_assets;
pub mod tell_webhooks;
pub mod withdraw_asset;

pub use gate::Ask;
pub use precondition::IfMatch;
pub use sign_in::Origin;

use crate::audit::Source;
use crate::credential::Role;
use crate::error::Refusal;
use crate::id::{OrgId, SessionId};
use crate::member::{Standing, Subject};
use crate::ports::{AccessVerifier, Clock, Hashing, Standings};
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::{Caller, REAUTHENTICATION_SECONDS, Session};

/// An access token and the refresh token that goes with it.
#[derive(Debug)]
pub struct TokenPair {
    /// A JWT (RFC 9068).
    pub access: SecretText,
    /// Seconds that it lives.
    pub expires_in: u64,
    /// The active refresh token of the session.
    pub refresh: SecretText,
    /// The session.
    pub session: SessionId,
    /// The organisation that both are for.
    pub org: OrgId,
}

/// The caller of a request that needs an access token of the organisation's own people and keys. Support is let through
/// by those alone who ask for it: see [`caller_or_support`].
///
/// # Errors
/// [`Refusal::Unauthenticated`] without one, [`Refusal::InvalidToken`] with one that does not verify,
/// [`Refusal::Forbidden`] with one of support.
pub fn caller(
    verifier: &dyn AccessVerifier,
    clock: &dyn Clock,
    bearer: Option<&str>,
) -> Result<Caller, Refusal> {
    let caller = caller_or_support(verifier, clock, bearer)?;
    match caller.subject {
        Subject::Support(_) => Err(NOT_FOR_SUPPORT),
        _ => Ok(caller),
    }
}

/// What is not for support, whatever was granted to it.
pub const NOT_FOR_SUPPORT: Refusal = Refusal::Forbidden(
    "support looks at the library and the record, plays if that was granted, and does nothing else",
);

/// [`caller`], also if it is support.
///
/// # Errors
/// [`Refusal::Unauthenticated`], [`Refusal::InvalidToken`].
pub fn caller_or_support(
    verifier: &dyn AccessVerifier,
    clock: &dyn Clock,
    bearer: Option<&str>,
) -> Result<Caller, Refusal> {
    let token = bearer.ok_or(Refusal::Unauthenticated(
        "an access token as `Authorization: Bearer`",
    ))?;
    verifier
        .verify(token, clock.now())
        .ok_or(Refusal::InvalidToken {
            what: "access token",
            why: "it is forged, expired or for another audience",
        })
}

/// [`caller`], with where they ask from.
///
/// # Errors
/// As [`caller`].
pub fn ask(
    verifier: &dyn AccessVerifier,
    clock: &dyn Clock,
    bearer: Option<&str>,
    source: Source,
) -> Result<Ask, Refusal> {
    let caller = caller(verifier, clock, bearer)?;
    Ok(Ask { caller, source })
}

/// [`caller_or_support`], with where they ask from.
///
/// # Errors
/// As [`caller_or_support`].
pub fn ask_or_support(
    verifier: &dyn AccessVerifier,
    clock: &dyn Clock,
    bearer: Option<&str>,
    source: Source,
) -> Result<Ask, Refusal> {
    let caller = caller_or_support(verifier, clock, bearer)?;
    Ok(Ask { caller, source })
}

/// Where the caller of a request stands now: an access token outlives its session, what it may change does not.
/// The end of an API key, or of what was granted to support, is not looked at: no access token outlives it
/// ([`client_credentials`], [`enter_support`]).
///
/// # Errors
/// [`Refusal::InvalidToken`] when the session is over, [`Refusal::Unavailable`].
pub async fn present(
    standings: &dyn Standings,
    caller: &Caller,
) -> Result<(Role, Standing), Refusal> {
    let standing = standings.standing(&caller.subject, caller.org).await?;
    let role = standing.role(&caller.subject, caller.org, Timestamp(0));
    let role = role.ok_or(Refusal::InvalidToken {
        what: "access token",
        why: "its session is over",
    })?;
    Ok((role, standing))
}

/// The login session of a caller who proved a moment ago who they are, by a second factor too if they have one:
/// what a change of other people's rights or of keys needs (OWASP ASVS 5.0 §7.5.1).
///
/// # Errors
/// [`Refusal::ReauthenticationNeeded`]
pub fn recent(standing: &Standing, now: Timestamp) -> Result<&Session, Refusal> {
    let session = standing.session.as_ref();
    let account = standing.person.account.as_ref();
    let asked = account.is_some_and(|account| account.second_factor);
    let whole = |s: &&Session| {
        let recent = now.since(s.authenticated_at) <= REAUTHENTICATION_SECONDS;
        recent && (s.second_factor || !asked)
    };
    session.filter(whole).ok_or(Refusal::ReauthenticationNeeded)
}

/// A name that a client gives to a request, so that repeating it is the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Parses 1 to 128 visible ASCII characters.
    ///
    /// # Errors
    /// [`crate::error::Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, crate::error::Malformed> {
        let visible = text.bytes().all(|b| b.is_ascii_graphic());
        if visible && (1..=128).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(crate::error::Malformed {
                field: "Idempotency-Key",
                expected: "1 to 128 visible ASCII characters",
            })
        }
    }

    /// 128 bits that are the same for the same purpose, caller and key, and for nothing else.
    pub(crate) fn of_caller(
        &self,
        hashing: &dyn Hashing,
        purpose: &str,
        caller: &Caller,
    ) -> [u8; 16] {
        let mut owner = caller.org.octets().to_vec();
        owner.extend_from_slice(caller.subject.actor().to_string().as_bytes());
        self.derive(hashing, purpose, &owner)
    }

    /// 128 bits that are the same for the same purpose, owner and key, and for nothing else.
    pub(crate) fn derive(&self, hashing: &dyn Hashing, purpose: &str, owner: &[u8]) -> [u8; 16] {
        let mut input = Vec::with_capacity(purpose.len() + owner.len() + self.0.len() + 16);
        for field in [purpose.as_bytes(), owner, self.0.as_bytes()] {
            input.extend_from_slice(&(field.len() as u64).to_be_bytes());
            input.extend_from_slice(field);
        }
        let digest = hashing.sha256(&input);
        let mut id = [0; 16];
        id.copy_from_slice(&digest.0[..16]);
        id
    }
}
