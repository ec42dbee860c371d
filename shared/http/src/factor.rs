//! Second factors in requests and replies: the same words wherever one is proven.

use serde::Serialize;
use serde_json::Value;
use vault_domain::error::{Malformed, Refusal};
use vault_domain::factor::{RecoveryCode, TotpCode};
use vault_domain::passkey::{AuthenticationResponse, CEREMONY_SECONDS};
use vault_domain::usecase::proof::Proof;

use crate::reply::{Cache, Reply};

const ONE: Malformed = Malformed {
    field: "the second factor",
    expected: "one of code, recovery_code and passkey",
};

/// The one factor of a request that may have none.
///
/// # Errors
/// Malformed: more than one, or one that does not parse.
pub fn optional(
    code: Option<String>,
    recovery_code: Option<String>,
    passkey: Option<Value>,
) -> Result<Option<Proof>, Refusal> {
    Ok(match (code, recovery_code, passkey) {
        (None, None, None) => None,
        (Some(code), None, None) => Some(Proof::Totp(TotpCode::parse(code)?)),
        (None, Some(code), None) => Some(Proof::Recovery(RecoveryCode::parse(code)?)),
        (None, None, Some(answer)) => {
            let answer = AuthenticationResponse::parse(&answer)?;
            Some(Proof::Passkey(Box::new(answer)))
        }
        _ => return Err(ONE.into()),
    })
}

/// The one factor of a request.
///
/// # Errors
/// Malformed: none, more than one, or one that does not parse.
pub fn required(
    code: Option<String>,
    recovery_code: Option<String>,
    passkey: Option<Value>,
) -> Result<Proof, Refusal> {
    optional(code, recovery_code, passkey)?.ok_or_else(|| ONE.into())
}

/// What a passkey is asked with.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PasskeyOptions"))]
pub struct Options<'a> {
    /// For `navigator.credentials`, by `parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`.
    #[serde(rename = "publicKey")]
    #[cfg_attr(feature = "openapi", schemars(with = "serde_json::Map<String, Value>"))]
    public_key: &'a Value,
    expires_in: u64,
}

/// What `navigator.credentials` is asked with.
pub fn options(options: &Value) -> Reply {
    let told = Options {
        public_key: options,
        expires_in: CEREMONY_SECONDS,
    };
    Reply::json(200, &told, Cache::NoStore)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_factor_is_read() {
        let code = required(Some("123 456".to_owned()), None, None);
        assert!(matches!(code, Ok(Proof::Totp(_))));
        let code = required(None, Some("aaaq-eaye-auda-ocaj".to_owned()), None);
        assert!(matches!(code, Ok(Proof::Recovery(_))));
        assert!(optional(None, None, None).unwrap().is_none());
        assert!(required(None, None, None).is_err());
        assert!(
            optional(
                Some("123456".to_owned()),
                Some("aaaq-eaye-auda-ocaj".to_owned()),
                None
            )
            .is_err()
        );
        for bad in ["", "12345", "1234567", "canary"] {
            let refusal = optional(Some(bad.to_owned()), None, None).unwrap_err();
            assert!(!refusal.to_string().contains("canary"));
        }
        assert!(optional(None, None, Some(Value::Null)).is_err());
    }
}
