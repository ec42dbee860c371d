//! Problem documents (RFC 9457): `{type, title, status, code, detail, request_id}`.

use serde::Serialize;
use vault_domain::asset::AssetState;
use vault_domain::error::Refusal;

use crate::failure::Failure;
use crate::reply::{Cache, Reply};

/// Status, stable code and title of a failure, and the headers that go with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// HTTP status.
    pub status: u16,
    /// Stable code: clients may switch on it.
    pub code: &'static str,
    /// What kind of problem it is, the same every time.
    pub title: &'static str,
    /// Seconds after which a repeat may succeed.
    pub retry_after: Option<u64>,
    /// The challenge of a 401 (RFC 6750 §3).
    pub challenge: Option<&'static str>,
}

macro_rules! codes {
    ($($code:ident = $status:literal $name:literal $title:literal;)+) => {
        /// Every kind of problem that the API tells of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $code),+
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$code),+];

            /// HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Self::$code => $status),+ }
            }
            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $name),+ }
            }
            /// The same every time.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$code => $title),+ }
            }
        }
    };
}

codes! {
    Malformed = 400 "malformed" "The request does not parse";
    UnsupportedGrantType = 400 "unsupported_grant_type" "The grant type is not supported";
    UnsupportedTokenType = 400 "unsupported_token_type" "The token cannot be revoked here";
    InvalidLink = 400 "invalid_link" "The link is not valid";
    BadCredentials = 401 "bad_credentials" "Sign-in refused";
    Unauthenticated = 401 "unauthenticated" "A credential is needed";
    InvalidToken = 401 "invalid_token" "The credential is not valid";
    RefreshReused = 401 "refresh_reused" "The session is ended";
    PasswordNeeded = 401 "password_needed" "The link needs its password";
    WrongPassword = 401 "wrong_password" "The password is wrong";
    WrongFactor = 401 "wrong_factor" "The second factor was refused";
    InvalidClient = 401 "invalid_client" "The client is refused";
    Forbidden = 403 "forbidden" "Not allowed";
    ReauthenticationNeeded = 403 "reauthentication_needed" "Prove who you are again";
    OutsideNetwork = 403 "outside_network" "Not for your network";
    OtherOrigin = 403 "other_origin" "Not for pages of this origin";
    OtherDevice = 403 "other_device" "For one device";
    ChallengeNeeded = 403 "challenge_needed" "A challenge must be solved";
    NoViewsLeft = 403 "no_views_left" "No views left";
    // 403 and not 429: it is no matter of asking more slowly, and players give up on it at once.
    TooManyStreams = 403 "too_many_streams" "As many streams play as may";
    WatchedElsewhere = 403 "watched_elsewhere" "Watched from many networks at once";
    // 403 and not 410: players stop on it at once, and it tells no cache to remember.
    AssetWithdrawn = 403 "asset_withdrawn" "The asset is withdrawn";
    NotFound = 404 "not_found" "Not found";
    Conflict = 409 "conflict" "The state does not admit this";
    LegalHold = 409 "legal_hold" "A legal hold keeps the asset";
    LimitReached = 409 "limit_reached" "There are as many as there can be";
    QuotaExceeded = 409 "quota_exceeded" "The organisation has no room for it";
    FilmTooLarge = 409 "film_too_large" "A film of the organisation may not be so large";
    WrongState = 409 "wrong_state" "The asset's state does not admit this";
    UploadIncomplete = 409 "upload_incomplete" "The upload is not complete";
    OwnerExists = 409 "owner_exists" "The owner exists already";
    PreconditionFailed = 412 "precondition_failed" "It was changed meanwhile";
    TooLarge = 413 "too_large" "The body is too large";
    WrongMediaType = 415 "wrong_media_type" "The body is of another media type";
    WeakPassword = 422 "weak_password" "The password is too weak";
    UploadMismatch = 422 "upload_mismatch" "The upload is not what was announced";
    SubtitlesRefused = 422 "subtitles_refused" "The subtitles cannot be read";
    IdempotencyMismatch = 422 "idempotency_mismatch" "The Idempotency-Key was used before";
    PreconditionRequired = 428 "precondition_required" "If-Match is needed";
    Throttled = 429 "throttled" "Too many attempts";
    // Never 429 on a path that players call: they retry a 503 and give up on a 4xx.
    Unavailable = 503 "unavailable" "Try again";
}

const fn kind(code: Code) -> Kind {
    Kind {
        status: code.status(),
        code: code.as_str(),
        title: code.title(),
        retry_after: None,
        challenge: None,
    }
}

impl Kind {
    const fn challenged(self, challenge: &'static str) -> Self {
        Self {
            challenge: Some(challenge),
            ..self
        }
    }
    const fn after(self, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }
}

impl From<&Failure> for Kind {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::from(refusal),
            Failure::TooLarge(_) => kind(Code::TooLarge),
            Failure::WrongMediaType(_) => kind(Code::WrongMediaType),
            Failure::UnsupportedGrantType => kind(Code::UnsupportedGrantType),
            Failure::UnsupportedTokenType => kind(Code::UnsupportedTokenType),
        }
    }
}

impl From<&Refusal> for Kind {
    fn from(refusal: &Refusal) -> Self {
        use Refusal as R;
        match refusal {
            R::Malformed(_) => kind(Code::Malformed),
            R::BadCredentials => kind(Code::BadCredentials),
            R::Throttled { retry_after } => kind(Code::Throttled).after(*retry_after),
            R::Unauthenticated(_) => kind(Code::Unauthenticated).challenged("Bearer"),
            R::InvalidToken { .. } => {
                kind(Code::InvalidToken).challenged(r#"Bearer error="invalid_token""#)
            }
            R::RefreshReused => kind(Code::RefreshReused),
            R::Forbidden(_) => kind(Code::Forbidden),
            R::ReauthenticationNeeded => kind(Code::ReauthenticationNeeded),
            R::Conflict(_) => kind(Code::Conflict),
            R::LegalHold => kind(Code::LegalHold),
            R::LimitReached(_) => kind(Code::LimitReached),
            R::QuotaExceeded(_) => kind(Code::QuotaExceeded),
            R::FilmTooLarge(_) => kind(Code::FilmTooLarge),
            R::WeakPassword(_) => kind(Code::WeakPassword),
            R::WrongFactor => kind(Code::WrongFactor),
            R::ChallengeNeeded => kind(Code::ChallengeNeeded),
            R::PasswordNeeded => kind(Code::PasswordNeeded),
            R::WrongPassword => kind(Code::WrongPassword),
            R::OutsideNetwork => kind(Code::OutsideNetwork),
            R::OtherOrigin => kind(Code::OtherOrigin),
            R::OtherDevice(_) => kind(Code::OtherDevice),
            R::TooManyStreams => kind(Code::TooManyStreams),
            R::WatchedElsewhere => kind(Code::WatchedElsewhere),
            R::InvalidLink => kind(Code::InvalidLink),
            R::InvalidClient => {
                kind(Code::InvalidClient).challenged(r#"Basic realm="reelvault", charset="UTF-8""#)
            }
            R::NotFound(_) => kind(Code::NotFound),
            R::NoViewsLeft => kind(Code::NoViewsLeft),
            R::WrongState(AssetState::Withdrawn) => kind(Code::AssetWithdrawn),
            R::WrongState(_) => kind(Code::WrongState),
            R::UploadIncomplete(_) => kind(Code::UploadIncomplete),
            R::UploadMismatch(_) => kind(Code::UploadMismatch),
            R::SubtitlesRefused(_) => kind(Code::SubtitlesRefused),
            R::PreconditionFailed => kind(Code::PreconditionFailed),
            R::PreconditionNeeded => kind(Code::PreconditionRequired),
            R::IdempotencyMismatch => kind(Code::IdempotencyMismatch),
            R::OwnerExists => kind(Code::OwnerExists),
            R::Unavailable(_) => kind(Code::Unavailable).after(1),
        }
    }
}

/// A problem document (RFC 9457).
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Problem"))]
pub(crate) struct Document<'a> {
    /// `urn:reelvault:problem:` and the code.
    r#type: String,
    /// What kind of problem it is, the same every time.
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::Text"))]
    title: &'a str,
    status: u16,
    #[cfg_attr(feature = "openapi", schemars(with = "Code"))]
    code: &'a str,
    /// What was wrong this time, and what would be right.
    detail: String,
    request_id: &'a str,
}

/// The problem document of a failure. Every problem is `no-store`.
pub fn reply(failure: &Failure, request_id: &str) -> Reply {
    let kind = Kind::from(failure);
    let document = Document {
        r#type: format!("urn:reelvault:problem:{}", kind.code),
        title: kind.title,
        status: kind.status,
        code: kind.code,
        // The message of a refusal is written for the client; a store's own words stay in the log.
        detail: failure.to_string(),
        request_id,
    };
    with_headers(
        Reply::json_as(
            kind.status,
            "application/problem+json",
            &document,
            Cache::NoStore,
        ),
        kind,
    )
}

pub(crate) fn with_headers(mut reply: Reply, kind: Kind) -> Reply {
    if let Some(seconds) = kind.retry_after {
        reply = reply.header("retry-after", seconds.to_string());
    }
    if let Some(challenge) = kind.challenge {
        reply = reply.header("www-authenticate", challenge.to_owned());
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use vault_domain::error::Malformed;
    use vault_domain::ports::StoreError;

    fn body(failure: &Failure) -> String {
        String::from_utf8(reply(failure, "req-1").body().to_vec()).unwrap()
    }

    #[test]
    fn a_problem_says_what_was_wrong_and_what_would_be_right() {
        let malformed = Malformed {
            field: "size",
            expected: "1 octet to 48.8 TiB",
        };
        insta::assert_snapshot!(body(&malformed.into()));
    }

    #[test]
    fn a_store_error_keeps_its_cause_to_itself() {
        let error = StoreError::new("assets.get", "AKIA1234 at 10.0.0.7 refused");
        let text = body(&Failure::from(error));
        assert!(
            !text.contains("AKIA") && !text.contains("assets.get"),
            "{text}"
        );
        assert!(text.contains("unavailable"));
    }

    #[test]
    fn a_throttle_tells_when_and_a_401_how() {
        let throttled = reply(&Refusal::Throttled { retry_after: 17 }.into(), "r");
        assert_eq!(throttled.get("retry-after"), Some("17"));
        let refused = reply(&Refusal::Unauthenticated("a token").into(), "r");
        assert_eq!(refused.get("www-authenticate"), Some("Bearer"));
        assert_eq!(refused.get("cache-control"), Some("no-store"));
    }
}
