//! See and change the rule by which views are looked at that more than one may watch.

use super::{Asking, Deps, TRIES, asking, unsettled};
use crate::audit::{Event, Record};
use crate::entitlement;
use crate::error::Refusal;
use crate::ports::{Change, Stored};
use crate::spread::SpreadRule;
use crate::usecase::{Ask, recent};

/// The organisation's rule, for those who administer it.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn show_spread(deps: &Deps, ask: &Ask) -> Result<SpreadRule, Refusal> {
    let asking = administers(deps, ask).await?;
    Ok(asking.standing.spread.unwrap_or_default())
}

/// Puts a rule in the place of the one that stands. Views that are open keep theirs. Saying the same again changes nothing.
///
/// # Errors
/// As [`show_spread`]; [`Refusal::ReauthenticationNeeded`].
pub async fn set_spread(deps: &Deps, ask: &Ask, wish: &SpreadRule) -> Result<SpreadRule, Refusal> {
    for _ in 0..TRIES {
        let asking = administers(deps, ask).await?;
        recent(&asking.standing, deps.clock.now())?;
        let seen = asking.standing.spread.as_ref();
        if seen == Some(wish) {
            return Ok(*wish);
        }
        let record = record(&asking, wish)?;
        let set = deps.spreads.set_rule(&asking.place, (seen, wish), &record);
        if set.await? == Change::Applied {
            return Ok(*wish);
        }
    }
    Err(unsettled("spread_rules.set_rule"))
}

async fn administers<'a>(deps: &'a Deps, ask: &'a Ask) -> Result<Asking<'a>, Refusal> {
    let asking = asking(deps, ask).await?;
    if entitlement::may_administer(asking.role) {
        Ok(asking)
    } else {
        Err(Refusal::Forbidden(
            "only admins and owners say what becomes of views that are shared",
        ))
    }
}

fn record(asking: &Asking<'_>, wish: &SpreadRule) -> Stored<Record> {
    let record = asking.record(Event::SpreadRuleChanged, &asking.place.org)?;
    let record = record.with("on_spread", wish.answer().as_str());
    let record = record.with("max_networks", wish.max_networks());
    let record = record.with("max_returns", wish.max_returns());
    Ok(record.with("window_seconds", wish.window()))
}
