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

const fn kind(status: u16, code: &'static str, title: &'static str) -> Kind {
    Kind {
        status,
        code,
        title,
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
            Failure::TooLarge(_) => kind(413, "too_large", "The body is too large"),
            Failure::WrongMediaType(_) => {
                kind(415, "wrong_media_type", "The body is of another media type")
            }
            Failure::UnsupportedGrantType => kind(
                400,
                "unsupported_grant_type",
                "The grant type is not supported",
            ),
            Failure::UnsupportedTokenType => kind(
                400,
                "unsupported_token_type",
                "The token cannot be revoked here",
            ),
        }
    }
}

impl From<&Refusal> for Kind {
    fn from(refusal: &Refusal) -> Self {
        use Refusal as R;
        match refusal {
            R::Malformed(_) => kind(400, "malformed", "The request does not parse"),
            R::BadCredentials => kind(401, "bad_credentials", "Sign-in refused"),
            R::Throttled { retry_after } => {
                kind(429, "throttled", "Too many attempts").after(*retry_after)
            }
            R::Unauthenticated(_) => {
                kind(401, "unauthenticated", "A credential is needed").challenged("Bearer")
            }
            R::InvalidToken { .. } => kind(401, "invalid_token", "The credential is not valid")
                .challenged(r#"Bearer error="invalid_token""#),
            R::RefreshReused => kind(401, "refresh_reused", "The session is ended"),
            R::Forbidden(_) => kind(403, "forbidden", "Not allowed"),
            R::ReauthenticationNeeded => {
                kind(403, "reauthentication_needed", "Prove who you are again")
            }
            R::Conflict(_) => kind(409, "conflict", "The state does not admit this"),
            R::LegalHold => kind(409, "legal_hold", "A legal hold keeps the asset"),
            R::LimitReached(_) => kind(409, "limit_reached", "There are as many as there can be"),
            R::WeakPassword(_) => kind(422, "weak_password", "The password is too weak"),
            R::WrongFactor => kind(401, "wrong_factor", "The second factor was refused"),
            R::ChallengeNeeded => kind(403, "challenge_needed", "A challenge must be solved"),
            R::InvalidLink => kind(400, "invalid_link", "The link is not valid"),
            R::InvalidClient => kind(401, "invalid_client", "The client is refused")
                .challenged(r#"Basic realm="reelvault", charset="UTF-8""#),
            R::NotFound(_) => kind(404, "not_found", "Not found"),
            R::NoViewsLeft => kind(403, "no_views_left", "No views left"),
            // 403 and not 410: players stop on it at once, and it tells no cache to remember.
            R::WrongState(AssetState::Withdrawn) => {
                kind(403, "asset_withdrawn", "The asset is withdrawn")
            }
            R::WrongState(_) => kind(409, "wrong_state", "The asset's state does not admit this"),
            R::UploadIncomplete(_) => kind(409, "upload_incomplete", "The upload is not complete"),
            R::UploadMismatch(_) => kind(
                422,
                "upload_mismatch",
                "The upload is not what was announced",
            ),
            R::PreconditionFailed => kind(412, "precondition_failed", "It was changed meanwhile"),
            R::PreconditionNeeded => kind(428, "precondition_required", "If-Match is needed"),
            R::IdempotencyMismatch => kind(
                422,
                "idempotency_mismatch",
                "The Idempotency-Key was used before",
            ),
            R::OwnerExists => kind(409, "owner_exists", "The owner exists already"),
            // Never 429 on a path that players call: they retry a 503 and give up on a 4xx.
            R::Unavailable(_) => kind(503, "unavailable", "Try again").after(1),
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
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
