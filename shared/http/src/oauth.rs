//! Errors of the token endpoint (RFC 6749 §5.2, RFC 8693 §2.2.2): `{error, error_description}`, with our
//! stable code and request id beside them.

use serde::Serialize;
use vault_domain::error::{Malformed, Refusal};

use crate::failure::Failure;
use crate::problem::{Kind, with_headers};
use crate::reply::{Cache, Reply};

/// An error of the token endpoint (RFC 6749 section 5.2), with the code of the problem beside it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "OAuthError"))]
pub(crate) struct Document<'a> {
    /// The `error` of RFC 6749, RFC 6750, RFC 8693 or RFC 8707.
    error: &'a str,
    /// What was wrong this time, and what would be right.
    error_description: String,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::problem::Code"))]
    code: &'a str,
    request_id: &'a str,
}

/// The `error` of RFC 6749 and the status that goes with it.
fn error_of(failure: &Failure, kind: Kind) -> (u16, &'static str) {
    use Refusal as R;
    match failure {
        Failure::UnsupportedGrantType => (400, "unsupported_grant_type"),
        Failure::UnsupportedTokenType => (400, "unsupported_token_type"),
        Failure::TooLarge(_) | Failure::WrongMediaType(_) => (kind.status, "invalid_request"),
        Failure::Refused(refusal) => match refusal {
            R::InvalidToken {
                what: "refresh token",
                ..
            }
            | R::RefreshReused => (400, "invalid_grant"),
            // RFC 7662 §2.3: who asks by a bearer token is refused as RFC 6750 §3.1 says.
            R::InvalidToken {
                what: "bearer token",
                ..
            } => (kind.status, "invalid_token"),
            // RFC 8707 §2: unknown, malformed or of no use to this caller.
            R::NotFound(_)
            | R::WrongState(_)
            | R::Malformed(Malformed {
                field: "resource", ..
            }) => (400, "invalid_target"),
            // RFC 6749 §5.2: invalid, unknown, malformed or more than was granted.
            R::Forbidden(_) | R::Malformed(Malformed { field: "scope", .. }) => {
                (400, "invalid_scope")
            }
            R::InvalidClient => (kind.status, "invalid_client"),
            R::Unavailable(_) | R::Throttled { .. } => (kind.status, "temporarily_unavailable"),
            // RFC 8693 §2.2.2: a subject token that is not acceptable is an invalid request.
            R::Malformed(_)
            | R::InvalidToken { .. }
            | R::Unauthenticated(_)
            | R::BadCredentials
            | R::NoViewsLeft
            | R::UploadIncomplete(_)
            | R::UploadMismatch(_)
            | R::IdempotencyMismatch
            | R::PreconditionFailed
            | R::PreconditionNeeded
            | R::ReauthenticationNeeded
            | R::Conflict(_)
            | R::LegalHold
            | R::LimitReached(_)
            | R::QuotaExceeded(_)
            | R::FilmTooLarge(_)
            | R::WeakPassword(_)
            | R::WrongFactor
            | R::ChallengeNeeded
            | R::InvalidLink
            | R::PasswordNeeded
            | R::WrongPassword
            | R::OutsideNetwork
            | R::OtherOrigin
            | R::OtherDevice(_)
            | R::TooManyStreams
            | R::WatchedElsewhere
            | R::SubtitlesRefused(_)
            | R::OwnerExists => (400, "invalid_request"),
        },
    }
}

/// The token endpoint's reply to a failure; `basic`: did the client try to authenticate by HTTP Basic?
pub fn reply(failure: &Failure, request_id: &str, basic: bool) -> Reply {
    let kind = Kind::from(failure);
    let (status, error) = error_of(failure, kind);
    let document = Document {
        error,
        error_description: failure.to_string(),
        code: kind.code,
        request_id,
    };
    // RFC 6749 §5.2 wants a challenge in the scheme that the client tried, and of nobody else.
    let challenge = match error {
        "invalid_client" => kind.challenge.filter(|_| basic),
        "invalid_token" => kind.challenge,
        _ => None,
    };
    let plain = Kind { challenge, ..kind };
    with_headers(Reply::json(status, &document, Cache::NoStore), plain)
        .header("pragma", "no-cache".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_client_that_tried_basic_is_challenged() {
        let reply = |basic| reply(&Refusal::InvalidClient.into(), "r", basic);
        let challenge = r#"Basic realm="reelvault", charset="UTF-8""#;
        assert_eq!(reply(true).get("www-authenticate"), Some(challenge));
        assert_eq!(reply(false).get("www-authenticate"), None);
        assert_eq!((reply(true).status(), reply(false).status()), (401, 401));
    }

    #[test]
    fn an_unknown_asset_is_an_invalid_target_and_a_dead_refresh_token_an_invalid_grant() {
        let text = |failure: Failure| {
            String::from_utf8(reply(&failure, "r", false).body().to_vec()).unwrap()
        };
        assert!(text(Refusal::NotFound("asset").into()).contains(r#""error":"invalid_target""#));
        assert!(text(Refusal::RefreshReused.into()).contains(r#""error":"invalid_grant""#));
        let refresh = Refusal::InvalidToken {
            what: "refresh token",
            why: "it is forged",
        };
        assert!(text(refresh.into()).contains(r#""error":"invalid_grant""#));
        let malformed = |field| {
            Refusal::Malformed(Malformed {
                field,
                expected: "something else",
            })
        };
        assert!(text(malformed("scope").into()).contains(r#""error":"invalid_scope""#));
        assert!(text(malformed("resource").into()).contains(r#""error":"invalid_target""#));
        assert!(text(malformed("lifetime").into()).contains(r#""error":"invalid_request""#));
        let subject = Refusal::InvalidToken {
            what: "access token",
            why: "it is forged",
        };
        assert!(text(subject.into()).contains(r#""error":"invalid_request""#));
    }
}
