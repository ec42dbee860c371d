//! By which rule views are looked at that more than one may watch.

use serde::{Deserialize, Serialize};
use vault_domain::error::Malformed;
use vault_domain::spread::{OnSpread, SpreadRule};
use vault_domain::usecase::organisation;
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{Cache, Outcome, Reply};

use crate::Call;

/// What is a sign that more than one watches by a view, and what becomes of the view then: all of it, so that nothing is left
/// out by mistake.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SpreadRule"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// `off`: views are not looked at. `signal`: a sign is on record and told to webhooks (`view.spread`). `revoke`: and the
    /// view ends.
    #[cfg_attr(feature = "openapi", schemars(with = "OnSpread"))]
    on_spread: String,
    /// Networks (/24 of IPv4, /48 of IPv6) that the keys of one view may go to within the window.
    #[cfg_attr(feature = "openapi", schemars(range(min = 2, max = 10)))]
    max_networks: u32,
    /// How often they may come back to one that they had left.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 10)))]
    max_returns: u32,
    /// How long the window is.
    #[cfg_attr(feature = "openapi", schemars(range(min = 60, max = 86_400)))]
    window_seconds: u64,
}

impl Rule {
    const SHAPE: &'static str = r#"{"on_spread": "off", "signal" or "revoke", "max_networks": 2 to 10, "max_returns": 1 to 10, "window_seconds": 60 to 86400}"#;

    fn of(rule: &SpreadRule) -> Self {
        Self {
            on_spread: rule.answer().as_str().to_owned(),
            max_networks: rule.max_networks(),
            max_returns: rule.max_returns(),
            window_seconds: rule.window(),
        }
    }

    fn parse(&self) -> Result<SpreadRule, Malformed> {
        let most = (self.max_networks, self.max_returns);
        SpreadRule::parse(OnSpread::parse(&self.on_spread)?, most, self.window_seconds)
    }
}

pub(crate) async fn show(call: &Call<'_>) -> Outcome {
    let rule = organisation::show_spread(call.deps, &call.ask).await?;
    Ok(told(&rule))
}

pub(crate) async fn set(call: &Call<'_>) -> Outcome {
    let body: Rule = extract::json(call.request, SMALL_BODY, Rule::SHAPE)?;
    let wish = body.parse()?;
    let rule = organisation::set_spread(call.deps, &call.ask, &wish).await?;
    Ok(told(&rule))
}

fn told(rule: &SpreadRule) -> Reply {
    Reply::json(200, &Rule::of(rule), Cache::NoStore)
}
