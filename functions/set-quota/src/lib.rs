//! The operator's command: sets what an organisation may use. It has no route; whoever may invoke it by IAM is the
//! operator.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use vault_boot::event::{BoxFuture, Invocation, Outcome};
use vault_domain::error::Malformed;
use vault_domain::id::OrgId;
use vault_domain::quota::{Counted, Measure, Setting, Tally};
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
    #[serde(default, deserialize_with = "wish")]
    max_film_bytes: Wish,
    #[serde(default, deserialize_with = "wish")]
    max_film_minutes: Wish,
    #[serde(default, deserialize_with = "wish")]
    max_film_long_side: Wish,
    #[serde(default, deserialize_with = "wish")]
    max_film_short_side: Wish,
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

const SHAPE: &str = r#"expected {"organisation_id": "org_…", "max_assets": 1000, "max_bytes": null, "max_minutes": 600, "max_uploads": 20, "max_film_bytes": null, "max_film_minutes": 180, "max_film_long_side": 3840, "max_film_short_side": 2160}; what is absent stays, null is the deployment's default"#;

impl Body {
    fn wishes(&self) -> Result<Vec<(Setting, Wish)>, Malformed> {
        let wishes = [
            (Setting::All(Counted::Assets), self.max_assets),
            (Setting::All(Counted::Bytes), self.max_bytes),
            (Setting::All(Counted::Minutes), self.max_minutes),
            (Setting::All(Counted::Uploads), self.max_uploads),
            (Setting::Film(Measure::Bytes), self.max_film_bytes),
            (Setting::Film(Measure::Minutes), self.max_film_minutes),
            (Setting::Film(Measure::LongSide), self.max_film_long_side),
            (Setting::Film(Measure::ShortSide), self.max_film_short_side),
        ];
        for (setting, wish) in wishes {
            if let Wish::Most(most) = wish {
                setting.limit(most)?;
            }
        }
        Ok(wishes.to_vec())
    }
}

/// Handles an invocation: `{"organisation_id", "max_assets"?, "max_bytes"?, "max_minutes"?, "max_uploads"?,
/// "max_film_bytes"?, "max_film_minutes"?, "max_film_long_side"?, "max_film_short_side"?}` for what is set now, and what is
/// used.
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
    for setting in Setting::ALL {
        told[setting.as_str()] = json!(tally.own.of(setting));
    }
    for counted in Counted::ALL {
        told["used"][counted.as_str()] = json!(tally.used.of(counted));
    }
    told
}
