//! The operator's bootstrap: creates the first organisation and its owner. It has no route; whoever may
//! invoke it by IAM is the operator.

use serde::Deserialize;
use serde_json::json;
use vault_boot::event::{BoxFuture, Invocation, Outcome};
use vault_domain::credential::Email;
use vault_domain::member::OrgName;
use vault_domain::usecase::bootstrap_owner::{Command, Deps, run};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    organisation: String,
    email: String,
    #[serde(default)]
    renew: bool,
}

/// Handles an invocation: `{"organisation", "email", "renew"?}` for the owner's ids and password.
pub fn handle(deps: &Deps, invocation: Invocation) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let body: Body = serde_json::from_value(invocation.payload)
            .map_err(|_| r#"expected {"organisation": "…", "email": "…", "renew": false}"#)?;
        let email = Email::parse(&body.email)?;
        let address = email.as_str().to_owned();
        let command = Command {
            organisation: OrgName::parse(&body.organisation)?,
            email,
            renew: body.renew,
        };
        let owner = run(deps, command).await?;
        tracing::info!(request_id = invocation.request_id, user = %owner.user, "owner");
        Ok(json!({
            "organisation_id": owner.org.to_string(),
            "user_id": owner.user.to_string(),
            "email": address,
            "password": owner.password.expose(),
        }))
    })
}
