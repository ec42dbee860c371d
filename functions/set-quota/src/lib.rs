//! The operator's command: sets what an organisation may use. It has no route; whoever may invoke it by IAM is the
//! operator.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use vault_boot::event::{BoxFuture, Invocation, Outcome};
use vault_domain::error::Malformed;
use vault_domain::id::OrgId;
use vault_domain::quota::{Counted, Tally};
use vault_domain::usecase::set_quota::{Command, Deps, Wish, run};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    organisation_id: String,
    #[serde(default, deserialize_with = "wish")]
    max_assets: Wish,
    #[serde(default, deserialize_with = "wish")]
    max_bytes: Wish,
    #[serde(default, deserialize_with = "wish")]
    max_minutes: Wish,
    #[serde(default, deserialize_with = "wish")]
    max_uploads: Wish,
}

/// `null` is the default, which an absent member is not.
fn wish<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Wish, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(Wish::Default),
        Value::Number(number) => number
            .as_u64()
            .map(Wish::Most)
            .ok_or_else(|| D::Error::custom("no whole number")),
        _ => Err(D::Error::custom("no number")),
    }
}

const SHAPE: &str = r#"expected {"organisation_id": "org_…", "max_assets": 1000, "max_bytes": null, "max_minutes": 600, "max_uploads": 20}; what is absent stays, null is the deployment's default"#;

impl Body {
    fn wishes(&self) -> Result<Vec<(Counted, Wish)>, Malformed> {
        let wishes = [
            (Counted::Assets, self.max_assets),
            (Counted::Bytes, self.max_bytes),
            (Counted::Minutes, self.max_minutes),
            (Counted::Uploads, self.max_uploads),
        ];
        for (counted, wish) in wishes {
            if let Wish::Most(most) = wish {
                counted.limit(most)?;
            }
        }
        Ok(wishes.to_vec())
    }
}

/// Handles an invocation: `{"organisation_id", "max_assets"?, "max_bytes"?, "max_minutes"?, "max_uploads"?}` for what is
/// set now, and what is used.
pub fn handle(deps: &Deps, invocation: Invocation) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let body: Body = serde_json::from_value(invocation.payload).map_err(|_| SHAPE)?;
        let command = Command {
            org: OrgId::parse(&body.organisation_id)?,
            wishes: body.wishes()?,
            request: invocation.request_id,
        };
        let tally = run(deps, &command).await?;
        let request_id = &command.request;
        tracing::info!(request_id, organisation = %command.org, "quota");
        Ok(told(&command, &tally))
    })
}

fn told(command: &Command, tally: &Tally) -> Value {
    let mut told = json!({ "organisation_id": command.org.to_string() });
    for counted in Counted::ALL {
        told[counted.setting()] = json!(tally.own.of(counted));
        told["used"][counted.as_str()] = json!(tally.used.of(counted));
    }
    told
}
