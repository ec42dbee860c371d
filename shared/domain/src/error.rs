//! What the domain refuses, each with what the client may know of it.

use crate::asset::AssetState;
use crate::password::Weakness;
use crate::ports::StoreError;
use crate::quota::{Exceeded, TooMuch};
use crate::subtitles::text::Fault;

/// Input that does not parse: which field, and what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}")]
pub struct Malformed {
    /// The field, header or parameter.
    pub field: &'static str,
    /// What would be right.
    pub expected: &'static str,
}

/// Why a request is refused. Nothing in it is secret: all of it may be told to the client.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The input does not parse.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// E-mail and password do not belong together, or the account may not sign in.
    #[error(
        "the e-mail address or the password is wrong, or sign-ins from new devices are paused; try later, or on a device that you have used before"
    )]
    BadCredentials,
    /// Too many attempts.
    #[error("too many attempts; try again in {retry_after} seconds")]
    Throttled {
        /// Seconds until the budget is whole again.
        retry_after: u64,
    },
    /// No credential where one is needed.
    #[error("this request needs {0}")]
    Unauthenticated(&'static str),
    /// A credential that is forged, expired, revoked or of another kind.
    #[error("the {what} is not valid: {why}")]
    InvalidToken {
        /// Which credential.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The credential is genuine, but not for this.
    #[error("not allowed: {0}")]
    Forbidden(&'static str),
    /// A proof of who the caller is that is recent enough for this change.
    #[error("this change needs you to prove who you are again")]
    ReauthenticationNeeded,
    /// The state of something does not admit this.
    #[error("{0}")]
    Conflict(&'static str),
    /// A legal hold keeps it as it is.
    #[error("the asset is under a legal hold; nothing deletes it until an admin releases it")]
    LegalHold,
    /// There are as many as there can be.
    #[error("{0}")]
    LimitReached(&'static str),
    /// The organisation has no room for it.
    #[error(transparent)]
    QuotaExceeded(#[from] Exceeded),
    /// A film of the organisation may not be that much.
    #[error(transparent)]
    FilmTooLarge(#[from] TooMuch),
    /// A password that may not be set.
    #[error("{0}")]
    WeakPassword(Weakness),
    /// A second factor's code or answer that is wrong, or was used before.
    #[error("the code or the passkey's answer is wrong, or was used before")]
    WrongFactor,
    /// After so many failures a machine must be ruled out first.
    #[error("solve the challenge and send its proof as `challenge`")]
    ChallengeNeeded,
    /// A one-time link that is unknown, used or expired.
    #[error("the link is unknown, used or expired; ask for a new one")]
    InvalidLink,
    /// The link is good, and needs its password.
    #[error("this link needs its password, as `password`")]
    PasswordNeeded,
    /// The link is good, and this is not its password.
    #[error("this is not the password of the link")]
    WrongPassword,
    /// The link or the media token is good, but not from here.
    #[error("this cannot be used from your network")]
    OutsideNetwork,
    /// The media token is good, but not on this page.
    #[error("this media token is not for pages of this origin")]
    OtherOrigin,
    /// The media token is good, but not on this device.
    #[error("this media token is for one device: {0}")]
    OtherDevice(&'static str),
    /// As many streams play as may.
    #[error(
        "as many streams play as may at once; end one, or wait until one is silent for a while"
    )]
    TooManyStreams,
    /// The view was ended because it was watched from more networks than one viewer's.
    #[error(
        "this view was watched from many networks at once, and is ended; open another where you are, without a VPN that changes its address"
    )]
    WatchedElsewhere,
    /// An OAuth client whose credentials do not admit it, for whatever reason (RFC 6749 §5.2).
    #[error("the client's credentials are wrong, or they are not valid here and now")]
    InvalidClient,
    /// It does not exist, or not for this caller.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The views of a media token, or of the share that it is of, are used up.
    #[error("the views of this media token are used up")]
    NoViewsLeft,
    /// The asset is in a state that does not admit this.
    #[error("the asset is {0}")]
    WrongState(AssetState),
    /// The parts or the object are not all there yet.
    #[error("the upload is not complete: {0}")]
    UploadIncomplete(&'static str),
    /// What was uploaded is not what was announced.
    #[error("the upload was refused: {0}")]
    UploadMismatch(String),
    /// What is there is not what the client saw.
    #[error("it was changed meanwhile; get it again and repeat the change with its new ETag")]
    PreconditionFailed,
    /// A change of what others may be changing too must say what it rests on.
    #[error("this request needs If-Match, with the ETag of what it changes")]
    PreconditionNeeded,
    /// A file of subtitles cannot be read.
    #[error("the subtitles were refused: {0}")]
    SubtitlesRefused(#[from] Fault),
    /// The same idempotency key came with another request.
    #[error("this Idempotency-Key was used for another request")]
    IdempotencyMismatch,
    /// The organisation's owner is there already.
    #[error("this owner exists already; pass \"renew\": true to set a new password")]
    OwnerExists,
    /// A refresh token was used twice: its family is revoked.
    #[error("the refresh token was used before; the session is ended")]
    RefreshReused,
    /// A store or service did not do its part; the request may be repeated.
    #[error("a service behind this one is not available; try again")]
    Unavailable(#[from] StoreError),
}
