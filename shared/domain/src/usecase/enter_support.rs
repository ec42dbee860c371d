//! Trade an access token of the operator's staff for one of an organisation that let support in (RFC 8693).

use std::sync::Arc;

use super::gate::Ask;
use super::present;
use super::scribe::Scribe;
use crate::api_key::Scopes;
use crate::audit::{Author, Event};
use crate::credential::Role;
use crate::error::Refusal;
use crate::id::{OrgId, SessionId, SupportId, UserId};
use crate::member::{Standing, Subject};
use crate::ports::{AccessTokens, Change, Clock, Entropy, Standings, SupportEntries};
use crate::secret::SecretText;
use crate::support::{Staff, SupportGrant};
use crate::token::{ACCESS_TOKEN_SECONDS, Caller};

/// What the exchange needs.
pub struct Deps {
    /// Where staff stand, at home and as support.
    pub standings: Arc<dyn Standings>,
    /// What is granted.
    pub supports: Arc<dyn SupportEntries>,
    /// The organisation whose members are the staff; none if there is no support.
    pub support: Option<OrgId>,
    /// Makes access tokens.
    pub access: Arc<dyn AccessTokens>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids of records.
    pub entropy: Arc<dyn Entropy>,
}

/// A parsed request.
#[derive(Debug)]
pub struct Command {
    /// Who asks, by a verified access token of their own, and from where.
    pub ask: Ask,
    /// Into which organisation.
    pub org: OrgId,
    /// By which grant.
    pub support: SupportId,
}

/// A token, told once. Nothing renews it.
#[derive(Debug)]
pub struct Entered {
    /// A JWT (RFC 9068).
    pub access: SecretText,
    /// Seconds that it lives: never beyond what was granted.
    pub expires_in: u64,
    /// What it may be used for.
    pub scopes: Scopes,
}

/// One answer for whoever is no staff, and for what is unknown, another organisation's, ended or over.
const UNKNOWN: Refusal = Refusal::NotFound("support grant");

/// Lets staff in. Each time is on the record of the organisation before they have a token.
///
/// # Errors
/// [`Refusal::InvalidToken`] when the session is over, and for staff whose session has no second factor;
/// [`Refusal::NotFound`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<Entered, Refusal> {
    let Command { ask, org, support } = command;
    let (user, session) = staff(deps, &ask).await?;
    let grant = deps.supports.support(org, support).await?.ok_or(UNKNOWN)?;
    let staff = Staff {
        user,
        session,
        support,
        granted_by: grant.granted_by,
    };
    // The one read that decides, here as at everything that the token is used for.
    let subject = Subject::Support(staff);
    let now = deps.clock.now();
    let standing = deps.standings.standing(&subject, org).await?;
    standing.role(&subject, org, now).ok_or(UNKNOWN)?;
    recorded(deps, &ask, &grant, staff).await?;
    let caller = Caller {
        subject,
        org,
        role: Role::Viewer,
        scopes: grant.level.scopes(),
    };
    let lifetime = grant.expires_at.since(now).min(ACCESS_TOKEN_SECONDS);
    Ok(Entered {
        access: deps.access.issue(&caller, now, lifetime)?,
        expires_in: lifetime,
        scopes: caller.scopes,
    })
}

/// Who of the staff asks. Nothing of any grant is looked at before that is known.
async fn staff(deps: &Deps, ask: &Ask) -> Result<(UserId, SessionId), Refusal> {
    let (_, standing) = present(&*deps.standings, &ask.caller).await?;
    let Subject::Person { user, session } = ask.caller.subject else {
        return Err(UNKNOWN);
    };
    if deps.support != Some(ask.caller.org) {
        return Err(UNKNOWN);
    }
    if !strong(&standing) {
        return Err(Refusal::InvalidToken {
            what: "access token",
            why: "support comes by a session with a second factor; sign in with one",
        });
    }
    Ok((user, session))
}

fn strong(standing: &Standing) -> bool {
    standing.session.as_ref().is_some_and(|s| s.second_factor)
}

async fn recorded(
    deps: &Deps,
    ask: &Ask,
    grant: &SupportGrant,
    staff: Staff,
) -> Result<(), Refusal> {
    let scribe = Scribe {
        entropy: &*deps.entropy,
        org: grant.org,
        clock: &*deps.clock,
        author: Author::Caller(Subject::Support(staff)),
        verdict: None,
        source: ask.source.clone(),
    };
    let record = scribe.of(Event::SupportEntered, grant.id.to_string())?;
    let record = record
        .with("staff", staff.user)
        .with("purpose", grant.purpose.as_str())
        .with("level", grant.level.as_str());
    let supports = &deps.supports;
    let entered = supports.enter(grant.org, grant.id, staff.user, &record);
    match entered.await? {
        Change::Applied => Ok(()),
        Change::NotApplied => Err(UNKNOWN),
    }
}
