//! Client authentication (RFC 6749 §2.3.1): by HTTP Basic or in the body, never both.

use vault_domain::api_key::ApiKey;
use vault_domain::error::{Malformed, Refusal};
use vault_domain::secret::SecretText;
use vault_domain::usecase::client::{Deps, Presented, Rejection, authenticate};
use vault_http::{Failure, Request, extract};

use crate::form::Form;

/// The API key that the client of a request proves to be. Why it does not is for the log alone.
pub(crate) async fn known(deps: &Deps, request: &Request, form: &Form) -> Result<ApiKey, Failure> {
    let presented = presented(request, form)?;
    let known = authenticate(deps, &presented).await;
    known.map_err(|rejection| {
        if !matches!(rejection, Rejection::Unavailable(_)) {
            let request_id = extract::request_id(request);
            tracing::info!(request_id, reason = %rejection, "client rejected");
        }
        Refusal::from(rejection).into()
    })
}

fn presented(request: &Request, form: &Form) -> Result<Presented, Failure> {
    let twice = Malformed {
        field: "client_secret",
        expected: "one way of client authentication",
    };
    let (id, secret) = match (extract::basic(request)?, form.get("client_secret")) {
        (Some(_), Some(_)) => return Err(twice.into()),
        (Some((id, _)), None) if form.get("client_id").is_some_and(|other| other != id) => {
            return Err(twice.into());
        }
        (Some(basic), None) => basic,
        (None, Some(secret)) => {
            let id = form.get("client_id").ok_or(Refusal::InvalidClient)?;
            (id.to_owned(), SecretText::new(secret.to_owned()))
        }
        (None, None) => return Err(Refusal::InvalidClient.into()),
    };
    Ok(Presented {
        id,
        secret,
        address: extract::address(request)?,
    })
}
