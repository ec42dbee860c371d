//! Why a request has no reply: refused by the domain, or before it came so far.

use vault_domain::error::{Malformed, Refusal};
use vault_domain::ports::StoreError;

/// Why a handler has no reply to give.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The domain refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The body is larger than this route takes.
    #[error("the body is larger than the {0} octets that this route takes")]
    TooLarge(usize),
    /// The body is of another media type.
    #[error("the body must be {0}")]
    WrongMediaType(&'static str),
    /// The token endpoint does not know this grant type (RFC 6749 §5.2).
    #[error("the grant type is not one of refresh_token, client_credentials and token-exchange")]
    UnsupportedGrantType,
    /// A token of this kind cannot be ended here (RFC 7009 §2.2.1).
    #[error("a token of this kind cannot be revoked here")]
    UnsupportedTokenType,
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        Self::Refused(malformed.into())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}
