//! The operator's bootstrap: creates the first organisation and its owner. It has no route; whoever may
//! invoke it by IAM is the operator.

use serde::Deserialize;
use serde_json::json;
use vault_boot::event::{BoxFuture, Invocation, Outcome};
use vault_domain::credential::Email;
use vault_domain::member::OrgName;
use vault_domain::usecase::bootstrap_owner::{Command, Deps, Handover, run};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    organisation: String,
    email: String,
    #[serde(default)]
    renew: bool,
    #[serde(default = "yes")]
    verified: bool,
    #[serde(default)]
    invite: bool,
}

const fn yes() -> bool {
    true
}

const SHAPE: &str = r#"expected {"organisation": "…", "email": "…", "renew": false, "verified": true, "invite": false}; who is invited is vouched for"#;

impl Body {
    const fn handover(&self) -> Option<Handover> {
        match (self.invite, self.verified) {
            (false, true) => Some(Handover::Password),
            (false, false) => Some(Handover::PasswordOnceVerified),
            (true, true) => Some(Handover::Link),
            (true, false) => None,
        }
    }
}

/// Handles an invocation: `{"organisation", "email", "renew"?, "verified"?, "invite"?}` for the owner's ids and, unless
/// they are invited by mail, their password.
pub fn handle(deps: &Deps, invocation: Invocation) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let body: Body = serde_json::from_value(invocation.payload).map_err(|_| SHAPE)?;
        let email = Email::parse(&body.email)?;
        let address = email.as_str().to_owned();
        let command = Command {
            organisation: OrgName::parse(&body.organisation)?,
            email,
            renew: body.renew,
            handover: body.handover().ok_or(SHAPE)?,
        };
        let owner = run(deps, command).await?;
        tracing::info!(request_id = invocation.request_id, user = %owner.user, "owner");
        let mut told = json!({
            "organisation_id": owner.org.to_string(),
            "user_id": owner.user.to_string(),
            "email": address,
        });
        if let Some(password) = owner.password {
            told["password"] = json!(password.expose());
        }
        Ok(told)
    })
}
