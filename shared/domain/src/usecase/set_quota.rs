//! Set what an organisation may use, for the operator alone.

use std::sync::Arc;

use super::scribe::Scribe;
use crate::audit::{Author, Event, Source};
use crate::error::Refusal;
use crate::id::OrgId;
use crate::ports::{Change, Clock, Entropy, QuotaChanges, StoreError};
use crate::quota::{OwnQuota, Setting, Tally};

/// Tries while somebody else changes the same.
const TRIES: usize = 10;

/// What setting needs.
pub struct Deps {
    /// Own quotas.
    pub quotas: Arc<dyn QuotaChanges>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids of records.
    pub entropy: Arc<dyn Entropy>,
}

/// What is to become of one quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wish {
    /// It stays as it is.
    #[default]
    Keep,
    /// The deployment's default holds.
    Default,
    /// So much, and no more.
    Most(u64),
}

/// A parsed request of the operator.
#[derive(Debug, Clone)]
pub struct Command {
    /// Whose.
    pub org: OrgId,
    /// Each that is to change.
    pub wishes: Vec<(Setting, Wish)>,
    /// Lambda's id of the request.
    pub request: String,
}

/// Sets it, on the organisation's record; repeating it changes nothing. Less than there is stops what is new, and nothing
/// else.
///
/// # Errors
/// [`Refusal::NotFound`] without such an organisation, [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: &Command) -> Result<Tally, Refusal> {
    if !deps.quotas.is_known(command.org).await? {
        return Err(Refusal::NotFound("organisation"));
    }
    for _ in 0..TRIES {
        let tally = deps.quotas.tally(command.org).await?;
        let next = wished(tally.own, &command.wishes);
        if next.says(&tally.own) {
            return Ok(tally);
        }
        let record = record(deps, command)?;
        let record = Setting::ALL.into_iter().fold(record, |record, setting| {
            let told = next.of(setting).map(|most| most.to_string());
            record.with(setting.as_str(), told.as_deref().unwrap_or("default"))
        });
        let quotas = &deps.quotas;
        let set = quotas.set_quota(command.org, (&tally.own, &next), &record);
        if set.await? == Change::Applied {
            return Ok(Tally { own: next, ..tally });
        }
    }
    Err(StoreError::new("quotas.set_quota", "it is changed by too many at once").into())
}

fn wished(own: OwnQuota, wishes: &[(Setting, Wish)]) -> OwnQuota {
    let mut next = OwnQuota {
        version: own.version + 1,
        ..own
    };
    for (setting, wish) in wishes {
        match wish {
            Wish::Keep => {}
            Wish::Default => *next.of_mut(*setting) = None,
            Wish::Most(most) => *next.of_mut(*setting) = Some(*most),
        }
    }
    next
}

fn record(deps: &Deps, command: &Command) -> Result<crate::audit::Record, StoreError> {
    let scribe = Scribe {
        entropy: &*deps.entropy,
        org: command.org,
        clock: &*deps.clock,
        author: Author::System,
        verdict: None,
        source: Source {
            request: command.request.clone(),
            ..Source::default()
        },
    };
    scribe.of(Event::QuotaChanged, command.org.to_string())
}
