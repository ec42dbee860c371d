//! See and change an organisation itself.

use super::{Asking, Deps, TRIES, asking, unsettled};
use crate::audit::{Event, Record};
use crate::credential::Role;
use crate::entitlement;
use crate::error::Refusal;
use crate::member::{OrgName, Organisation};
use crate::ports::{Settings, Settled, StoreError};
use crate::usecase::{Ask, recent};

/// An organisation, as its members see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The organisation.
    pub organisation: Organisation,
    /// The caller's role in it.
    pub role: Role,
}

/// What is to become of an organisation; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Its name.
    pub name: Option<OrgName>,
    /// Must everyone have a second factor?
    pub require_second_factor: Option<bool>,
}

/// The caller's organisation; every member sees it.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn show(deps: &Deps, ask: &Ask) -> Result<Shown, Refusal> {
    shown(&asking(deps, ask).await?)
}

fn shown(asking: &Asking<'_>) -> Result<Shown, Refusal> {
    let organisation = asking.standing.person.organisation.clone();
    Ok(Shown {
        organisation: organisation.ok_or(Refusal::NotFound("organisation"))?,
        role: asking.role,
    })
}

/// Changes the organisation. Sessions without a second factor end with the requirement of one, so whoever switches
/// it on has shown theirs.
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::ReauthenticationNeeded`], [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn settle(deps: &Deps, ask: &Ask, wishes: &Wishes) -> Result<Shown, Refusal> {
    let settings = |before: &Organisation| Settings {
        name: wishes.name.clone().filter(|name| *name != before.name),
        require_second_factor: wishes
            .require_second_factor
            .filter(|required| *required != before.require_second_factor),
        sessions_from: None,
    };
    let strong = wishes.require_second_factor == Some(true);
    settled(deps, ask, strong, settings).await
}

/// Ends the sessions of everyone in the organisation, the caller's too (OWASP ASVS 5.0 §7.4.5).
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::ReauthenticationNeeded`], [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn end_sessions(deps: &Deps, ask: &Ask) -> Result<(), Refusal> {
    // Time is in seconds: a session opened in this very second is over as well.
    let from = deps.clock.now().plus(1);
    let settings = |before: &Organisation| Settings {
        sessions_from: Some(from).filter(|from| *from > before.sessions_from),
        ..Settings::default()
    };
    settled(deps, ask, false, settings).await.map(|_| ())
}

async fn settled(
    deps: &Deps,
    ask: &Ask,
    strong: bool,
    settings: impl Fn(&Organisation) -> Settings,
) -> Result<Shown, Refusal> {
    for _ in 0..TRIES {
        let asking = asking(deps, ask).await?;
        if !entitlement::may_change_organisation(asking.role) {
            return Err(Refusal::Forbidden("only owners change the organisation"));
        }
        let session = recent(&asking.standing, deps.clock.now())?;
        if strong && !session.second_factor {
            return Err(Refusal::Forbidden(
                "sign in with a second factor before you require one of everyone",
            ));
        }
        let mut shown = shown(&asking)?;
        let settings = settings(&shown.organisation);
        if settings == Settings::default() {
            return Ok(shown);
        }
        let record = record(&asking, &settings)?;
        let stored = deps.organisations.settle(&asking.place, &settings, &record);
        if stored.await? == Settled::Applied {
            apply(&mut shown.organisation, settings);
            return Ok(shown);
        }
    }
    Err(unsettled("organisations.settle"))
}

fn record(asking: &Asking<'_>, settings: &Settings) -> Result<Record, StoreError> {
    let event = match settings.sessions_from {
        Some(_) => Event::OrganisationSessionsEnded,
        None => Event::OrganisationChanged,
    };
    let mut record = asking.record(event, &asking.place.org)?;
    if let Some(name) = &settings.name {
        record = record.with("name", name.as_str());
    }
    if let Some(required) = settings.require_second_factor {
        record = record.with("require_second_factor", required);
    }
    Ok(record)
}

fn apply(organisation: &mut Organisation, settings: Settings) {
    organisation.name = settings.name.unwrap_or_else(|| organisation.name.clone());
    if let Some(required) = settings.require_second_factor {
        organisation.require_second_factor = required;
    }
    if let Some(from) = settings.sessions_from {
        organisation.sessions_from = from;
    }
}
