//! By which rules assets of an organisation go.

use super::{Deps, TRIES, unsettled};
use crate::access::Action;
use crate::audit::{Event, Record, Verdict};
use crate::credential::Role;
use crate::deletion::{Aged, Retention};
use crate::error::Refusal;
use crate::ports::Change;
use crate::usecase::gate::{Ask, Entered};

/// The organisation's rules, for its owners.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn show_retention(deps: &Deps, ask: &Ask) -> Result<Retention, Refusal> {
    let entered = deps.gate.enter(ask).await?;
    owns(&entered).await?;
    Ok(deps.retentions.retention(ask.caller.org).await?)
}

/// Puts rules in the place of those that stand. What is deleted already can be had back as long as it was promised then.
/// Saying the same again changes nothing.
///
/// # Errors
/// As [`show_retention`]; [`Refusal::ReauthenticationNeeded`].
pub async fn set_retention(deps: &Deps, ask: &Ask, wish: &Retention) -> Result<Retention, Refusal> {
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let verdict = owns(&entered).await?;
        entered.recent()?;
        let seen = deps.retentions.retention(ask.caller.org).await?;
        if wish.says(&seen) {
            return Ok(seen);
        }
        let next = Retention {
            version: seen.version + 1,
            ..*wish
        };
        let scribe = entered.scribe(verdict);
        let record = scribe.of(Event::RetentionChanged, ask.caller.org.to_string())?;
        let record = told(record, &next);
        let by = entered.place().ok_or(OWNERS)?;
        let rules = &deps.rules;
        let set = rules.set_retention(by, (&seen, &next), entered.now, &record);
        if set.await? == Change::Applied {
            return Ok(next);
        }
    }
    Err(unsettled("deletion.set_retention").into())
}

const OWNERS: Refusal = Refusal::Forbidden("only owners say by which rules assets go");

async fn owns(entered: &Entered<'_>) -> Result<Verdict, Refusal> {
    let verdict = entered.organisation(Action::Administer).await?;
    if entered.asker.role() == Role::Owner {
        Ok(verdict)
    } else {
        Err(OWNERS)
    }
}

fn told(record: Record, next: &Retention) -> Record {
    let record = record.with("recovery_days", next.recovery.get());
    Aged::ALL
        .into_iter()
        .fold(record, |record, of| match next.after(of) {
            Some(days) => record.with(of.name(), days.get()),
            None => record.with(of.name(), "never"),
        })
}
