//! What people see of their account, and their sessions.

use super::Deps;
use crate::audit::Event;
use crate::credential::Email;
use crate::error::Refusal;
use crate::factor::FactorSet;
use crate::id::{OrgId, SessionId, UserId};
use crate::member::{Membership, Organisation};
use crate::ports::{SESSIONS_LISTED, Stored};
use crate::token::{Caller, Session};
use crate::usecase::gate::Ask;

/// An account as its owner sees it.
#[derive(Debug)]
pub struct Overview {
    /// Who.
    pub user: UserId,
    /// Their address.
    pub email: Email,
    /// Has someone shown that it is theirs?
    pub verified: bool,
    /// Their places, the oldest first.
    pub places: Vec<(Membership, Organisation)>,
    /// The organisation that they are signed in to.
    pub current: OrgId,
    /// Their second factors.
    pub factors: FactorSet,
}

/// The caller's own account.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn overview(deps: &Deps, caller: &Caller) -> Result<Overview, Refusal> {
    let here = deps.here(caller).await?;
    let user = deps.users.by_id(here.user).await?;
    let user = user.ok_or(Refusal::NotFound("account"))?;
    Ok(Overview {
        user: user.id,
        email: user.email,
        verified: user.verified,
        places: deps.places(here.user).await?,
        current: caller.org,
        factors: deps.proof.factors.of(here.user).await?,
    })
}

/// Pages that are read for one listing: a thousand sessions, however many of them are over.
const PAGES: usize = 10;

/// Sessions that still count.
#[derive(Debug)]
pub struct Listing {
    /// The latest first, at most 100.
    pub sessions: Vec<Session>,
    /// By which session this was asked.
    pub current: SessionId,
}

/// The caller's sessions in all their organisations.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn list(deps: &Deps, caller: &Caller) -> Result<Listing, Refusal> {
    let here = deps.here(caller).await?;
    let now = deps.proof.clock.now();
    let account = deps.members.account(here.user).await?;
    let mut people = Vec::new();
    for org in account.map(|account| account.orgs).unwrap_or_default() {
        people.push((org, deps.members.person(here.user, org).await?));
    }
    let counts = |s: &Session| {
        let place = people.iter().find(|(org, _)| *org == s.org);
        s.is_live(now) && place.is_some_and(|(_, person)| person.role(s.sign_in()).is_some())
    };
    let (mut open, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = deps.sessions.list(here.user, after.as_ref()).await?;
        let is_last = page.len() < SESSIONS_LISTED;
        after = page.last().cloned();
        open.extend(page.into_iter().filter(counts));
        if is_last || open.len() >= SESSIONS_LISTED {
            break;
        }
    }
    open.sort_by_key(|session| std::cmp::Reverse(session.opened_at));
    open.truncate(SESSIONS_LISTED);
    Ok(Listing {
        sessions: open,
        current: here.session.id,
    })
}

/// Ends one of the caller's sessions. Repeating is fine; another's does not exist.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Unavailable`].
pub async fn revoke(deps: &Deps, ask: &Ask, id: SessionId) -> Result<(), Refusal> {
    let here = deps.here(&ask.caller).await?;
    let session = deps.sessions.get(id).await?;
    let theirs = session.filter(|session| session.user == here.user);
    let session = theirs.ok_or(Refusal::NotFound("session"))?;
    Ok(deps.end(ask, &session).await?)
}

impl Deps {
    /// Ends it, on the record of the organisation that it is in.
    async fn end(&self, ask: &Ask, session: &Session) -> Stored<()> {
        let record = self.record(
            ask,
            session.org,
            Event::SessionEnded,
            session.id.to_string(),
        )?;
        let record = record.with("because", "owner");
        self.sessions.revoke(session.id, &record).await.map(drop)
    }
}

/// Which sessions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All, this one too, at once and however many there are.
    All,
    /// All but this one, one by one; repeating goes on where it was cut off.
    Others,
}

/// Ends the caller's sessions.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn revoke_all(deps: &Deps, ask: &Ask, which: Which) -> Result<(), Refusal> {
    let here = deps.here(&ask.caller).await?;
    if which == Which::All {
        // Time is in seconds: a session opened in this very second is over as well.
        let from = deps.proof.clock.now().plus(1);
        let records = deps.everywhere(ask, &here, Event::SessionsEnded)?;
        let ended = deps.accounts.end_sessions(here.user, from, &records);
        ended.await?;
        return Ok(());
    }
    let mut after = None;
    loop {
        let page = deps.sessions.list(here.user, after.as_ref()).await?;
        let others = page.iter().filter(|s| s.id != here.session.id);
        for session in others.filter(|s| !s.revoked) {
            deps.end(ask, session).await?;
        }
        if page.len() < SESSIONS_LISTED {
            return Ok(());
        }
        after = page.into_iter().next_back();
    }
}
