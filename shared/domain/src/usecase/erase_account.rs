//! Erase a person (GDPR article 17): who they are and how they prove it is gone for good; what they did stays on record
//! under an id that names nobody any more.

use std::sync::Arc;

use super::scribe::Scribe;
use super::{Ask, present, recent};
use crate::audit::{Author, Event, Record};
use crate::credential::{Email, Role, User};
use crate::error::{Malformed, Refusal};
use crate::id::{OrgId, SessionId, UserId};
use crate::member::{After, Person, Subject};
use crate::ports::{
    AccountErasures, Clock, Entropy, Members, Organisations, SESSIONS_LISTED, Sessions, Settled,
    Standings, StoreError, Users,
};

/// What erasing needs.
pub struct Deps {
    /// Is it still their session?
    pub standings: Arc<dyn Standings>,
    /// Their address.
    pub users: Arc<dyn Users>,
    /// Where they stand.
    pub members: Arc<dyn Members>,
    /// The organisations that they leave.
    pub organisations: Arc<dyn Organisations>,
    /// Their sessions.
    pub sessions: Arc<dyn Sessions>,
    /// Takes it all away.
    pub erasures: Arc<dyn AccountErasures>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids of records.
    pub entropy: Arc<dyn Entropy>,
}

/// Times that it is decided anew because something moved meanwhile.
const TRIES: u32 = 8;
const LAST_OWNER: Refusal = Refusal::Conflict(
    "you are the last active owner of an organisation; make someone else one first",
);

/// Someone as they stand now.
struct Here {
    user: User,
    session: SessionId,
    /// Their places, that of this session last.
    people: Vec<Person>,
}

/// Erases the caller's account. They leave every organisation first; what they are asked for is their own address, so that
/// no request does it by mistake. A request that was cut off is repeated; one that was done is refused, for there is no
/// such session any more.
///
/// # Errors
/// [`Refusal::Malformed`] for another address, [`Refusal::Conflict`] for the last owner of an organisation, before anything
/// is changed; [`Refusal::ReauthenticationNeeded`], [`Refusal::Forbidden`] for an API key, [`Refusal::InvalidToken`],
/// [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, ask: &Ask, address: &Email) -> Result<UserId, Refusal> {
    for _ in 0..TRIES {
        let here = here(deps, ask).await?;
        if here.user.email != *address {
            return Err(Refusal::Malformed(Malformed {
                field: "email",
                expected: "the address of the account that is to be erased",
            }));
        }
        // Nothing is begun that could not be ended.
        if here.people.iter().any(is_last_owner) {
            return Err(LAST_OWNER);
        }
        let Some((last, others)) = here.people.split_last() else {
            return Err(Refusal::NotFound("account"));
        };
        if !left(deps, ask, others).await? {
            continue;
        }
        forget(deps, &here).await?;
        // They stand in one organisation now, unless they joined another one since.
        let last = Person {
            account: deps.members.account(here.user.id).await?,
            ..last.clone()
        };
        let erased = (Event::AccountErased, ask.caller.org);
        let record = record(deps, ask, erased, here.user.id)?;
        let erase = deps
            .erasures
            .erase(&last, &here.user, here.session, &record);
        match erase.await? {
            Settled::Applied => return Ok(here.user.id),
            Settled::LastOwner => return Err(LAST_OWNER),
            Settled::Stale => {}
        }
    }
    Err(StoreError::new("erasures.erase", "it is changed by too many at once").into())
}

async fn here(deps: &Deps, ask: &Ask) -> Result<Here, Refusal> {
    let Subject::Person { user, session } = ask.caller.subject else {
        return Err(Refusal::Forbidden("only a person has an account"));
    };
    let (_, standing) = present(&*deps.standings, &ask.caller).await?;
    recent(&standing, deps.clock.now())?;
    let account = standing.person.account.as_ref();
    let orgs = account.map(|account| account.orgs.clone());
    let mut people = Vec::new();
    for org in orgs.unwrap_or_default() {
        if org != ask.caller.org {
            people.push(deps.members.person(user, org).await?);
        }
    }
    people.push(standing.person);
    let user = deps.users.by_id(user).await?;
    Ok(Here {
        user: user.ok_or(Refusal::NotFound("account"))?,
        session,
        people,
    })
}

fn is_last_owner(person: &Person) -> bool {
    let place = person.membership;
    let owns = place.is_some_and(|place| place.active && place.role == Role::Owner);
    owns && person.organisation.as_ref().is_some_and(|o| o.owners <= 1)
}

/// Have they left all of these? Otherwise something moved meanwhile.
async fn left(deps: &Deps, ask: &Ask, others: &[Person]) -> Result<bool, Refusal> {
    for seen in others {
        let Some(place) = &seen.membership else {
            continue;
        };
        // The list of organisations in the account is one shorter with every one that was left.
        let account = deps.members.account(place.user).await?;
        let seen = Person {
            account,
            ..seen.clone()
        };
        let record = record(deps, ask, (Event::MemberLeft, place.org), place.user)?;
        let gone = deps
            .organisations
            .replace(place, &seen, After::Gone, &record);
        match gone.await? {
            Settled::Applied => {}
            Settled::LastOwner => return Err(LAST_OWNER),
            Settled::Stale => return Ok(false),
        }
    }
    Ok(true)
}

/// Their other sessions hold addresses and devices.
async fn forget(deps: &Deps, here: &Here) -> Result<(), Refusal> {
    let mut after = None;
    loop {
        let page = deps.sessions.list(here.user.id, after.as_ref()).await?;
        for session in page.iter().filter(|session| session.id != here.session) {
            deps.erasures.forget_session(session.id).await?;
        }
        if page.len() < SESSIONS_LISTED {
            return Ok(());
        }
        after = page.into_iter().next_back();
    }
}

fn record(
    deps: &Deps,
    ask: &Ask,
    (event, org): (Event, OrgId),
    user: UserId,
) -> Result<Record, StoreError> {
    let scribe = Scribe {
        entropy: &*deps.entropy,
        org,
        clock: &*deps.clock,
        author: Author::Caller(ask.caller.subject),
        verdict: None,
        source: ask.source.clone(),
    };
    scribe.of(event, user.to_string())
}
