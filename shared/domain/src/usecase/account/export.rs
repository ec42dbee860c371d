//! What is stored of a person, for them to take with them (GDPR articles 15 and 20).

use super::Deps;
use super::sessions::Overview;
use crate::error::Refusal;
use crate::id::{GroupId, OrgId};
use crate::ports::SESSIONS_LISTED;
use crate::token::{Caller, Session};

/// Pages of sessions that are read: a record of one is removed some days after its end, so a thousand are more than a
/// person has.
const PAGES: usize = 10;

/// An account with all that goes with it.
#[derive(Debug)]
pub struct Export {
    /// The account.
    pub overview: Overview,
    /// The groups that they are in, by organisation.
    pub groups: Vec<(OrgId, Vec<GroupId>)>,
    /// The latest thousand login sessions, ended ones too.
    pub sessions: Vec<Session>,
}

/// The caller's data. What they brought in and what they did is in the lists of assets and records.
///
/// # Errors
/// [`Refusal::ReauthenticationNeeded`], [`Refusal::Forbidden`] for an API key, [`Refusal::InvalidToken`],
/// [`Refusal::Unavailable`].
pub async fn export(deps: &Deps, caller: &Caller) -> Result<Export, Refusal> {
    let here = deps.proven(caller).await?;
    let overview = super::sessions::overview(deps, caller).await?;
    let mut groups = Vec::new();
    for (place, organisation) in &overview.places {
        let person = deps.members.person(place.user, organisation.id).await?;
        groups.push((organisation.id, person.groups));
    }
    let (mut all, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = deps.sessions.list(here.user, after.as_ref()).await?;
        let is_last = page.len() < SESSIONS_LISTED;
        after = page.last().cloned();
        all.extend(page);
        if is_last {
            break;
        }
    }
    Ok(Export {
        overview,
        groups,
        sessions: all,
    })
}
