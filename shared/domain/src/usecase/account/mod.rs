//! What people see and change of their own account. Every use case looks at where the caller stands now; changes of
//! credentials and factors need a proof of who they are that is recent and by all factors that they have.

pub mod export;
mod factors_recorded;
pub mod passkeys;
pub mod password;
pub mod sessions;
pub mod totp;

use std::sync::Arc;

use super::gate::Ask;
use super::scribe::Scribe;
use super::{present, proof, recent, second_factor};
use crate::audit::{Author, Event, Record, Source};
use crate::error::Refusal;
use crate::factor::{FactorSet, Issuer, QrCodes, RecoveryCode, RecoveryCodes};
use crate::id::{OrgId, SessionId, UserId};
use crate::member::{Membership, Organisation, Standing, Subject};
use crate::password::PasswordPolicy;
use crate::ports::{
    Accounts, LoginChallenges, Members, PasswordHasher, Sessions, Standings, Stored, Users,
};
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::{Caller, Session};

/// What the account's use cases need.
pub struct Deps {
    /// Proves and changes factors.
    pub proof: proof::Deps,
    /// Where the caller stands.
    pub standings: Arc<dyn Standings>,
    /// Opens what stands between password and second factor.
    pub challenges: Arc<dyn LoginChallenges>,
    /// How people prove who they are.
    pub users: Arc<dyn Users>,
    /// Where they stand in all their organisations.
    pub members: Arc<dyn Members>,
    /// What they change of their accounts.
    pub accounts: Arc<dyn Accounts>,
    /// Login sessions.
    pub sessions: Arc<dyn Sessions>,
    /// bcrypt.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Judges new passwords.
    pub policy: Arc<dyn PasswordPolicy>,
    /// Draws QR codes.
    pub qr: Arc<dyn QrCodes>,
    /// Who asks for codes, as an app shows it.
    pub issuer: Issuer,
}

/// Who adds a factor.
#[derive(Debug)]
pub enum Bearer {
    /// Someone who is signed in.
    Caller(Ask),
    /// Someone between the password and a second factor that they have not got yet, and from where.
    Challenge(SecretText, Source),
}

/// Someone who is signed in, now.
struct Here {
    user: UserId,
    session: Session,
    standing: Standing,
}

/// Someone who may add a factor.
struct Enroller {
    user: UserId,
    session: SessionId,
    source: Source,
    authority: Authority,
}

/// By what someone adds a factor.
#[derive(Clone, Copy)]
enum Authority {
    /// A challenge after the password: for the first factor alone.
    Challenge,
    /// A session, and what it has proven.
    Session {
        second_factor: bool,
        authenticated_at: Timestamp,
    },
}

impl Authority {
    /// May it add a factor only where there is none? A session that never proved the factors that are there by now
    /// may not: whoever began with a stolen password does not end with the factor of the person who came after.
    fn first_only(self, set: &FactorSet) -> bool {
        match self {
            Self::Challenge => true,
            Self::Session {
                second_factor,
                authenticated_at,
            } => !second_factor && set.since().is_some_and(|since| since >= authenticated_at),
        }
    }
}

const GONE: Refusal = Refusal::InvalidToken {
    what: "access token",
    why: "its session is over",
};
const HAS_ONE: Refusal = Refusal::Conflict("there is a second factor already; sign in with it");

impl Deps {
    /// The record of what someone did with their account or a session of theirs, on the record of this organisation.
    fn record(&self, ask: &Ask, org: OrgId, event: Event, target: String) -> Stored<Record> {
        let scribe = Scribe {
            entropy: &*self.proof.entropy,
            org,
            clock: &*self.proof.clock,
            author: Author::Caller(ask.caller.subject),
            verdict: None,
            source: ask.source.clone(),
        };
        scribe.of(event, target)
    }

    /// The records of what someone did with their account, one for each organisation that they are in.
    fn everywhere(&self, ask: &Ask, here: &Here, event: Event) -> Stored<Vec<Record>> {
        let account = here.standing.person.account.as_ref();
        let orgs = account.map_or_else(Vec::new, |account| account.orgs.clone());
        let record = |org| self.record(ask, org, event, here.user.to_string());
        orgs.into_iter().map(record).collect()
    }

    async fn here(&self, caller: &Caller) -> Result<Here, Refusal> {
        let Subject::Person { user, .. } = caller.subject else {
            return Err(Refusal::Forbidden("only a person has an account"));
        };
        let (_, standing) = present(&*self.standings, caller).await?;
        let session = standing.session.clone().ok_or(GONE)?;
        Ok(Here {
            user,
            session,
            standing,
        })
    }

    /// Someone who proved a moment ago who they are, by all that they have: a session that was opened before there
    /// was a second factor proves it first.
    async fn proven(&self, caller: &Caller) -> Result<Here, Refusal> {
        let here = self.here(caller).await?;
        let session = recent(&here.standing, self.proof.clock.now())?;
        let since = self.proof.factors.of(here.user).await?.since();
        let whole =
            session.second_factor || since.is_none_or(|since| since < session.authenticated_at);
        if whole {
            Ok(here)
        } else {
            Err(Refusal::ReauthenticationNeeded)
        }
    }

    /// Who begins to add a factor.
    async fn beginner(&self, bearer: &Bearer) -> Result<Enroller, Refusal> {
        match bearer {
            Bearer::Caller(ask) => Ok(self.proven(&ask.caller).await?.enroller(&ask.source)),
            Bearer::Challenge(token, source) => self.newcomer(token, source).await,
        }
    }

    /// Who ends to add a factor that they began a moment ago.
    async fn enroller(&self, bearer: &Bearer) -> Result<Enroller, Refusal> {
        match bearer {
            Bearer::Caller(ask) => Ok(self.here(&ask.caller).await?.enroller(&ask.source)),
            Bearer::Challenge(token, source) => self.newcomer(token, source).await,
        }
    }

    async fn newcomer(&self, token: &SecretText, source: &Source) -> Result<Enroller, Refusal> {
        let now = self.proof.clock.now();
        let challenge = second_factor::opened(&*self.challenges, token, now)?;
        if !challenge.enrol {
            return Err(HAS_ONE);
        }
        second_factor::admitted(&*self.members, &challenge).await?;
        Ok(Enroller {
            user: challenge.user,
            session: challenge.session,
            source: source.clone(),
            authority: Authority::Challenge,
        })
    }

    /// The places of a person and their organisations.
    async fn places(&self, user: UserId) -> Stored<Vec<(Membership, Organisation)>> {
        let account = self.members.account(user).await?;
        let mut places = Vec::new();
        for org in account.map(|account| account.orgs).unwrap_or_default() {
            let person = self.members.person(user, org).await?;
            places.extend(person.membership.zip(person.organisation));
        }
        Ok(places)
    }

    /// Ten new codes in the place of all that there were.
    fn new_codes(&self, set: &mut FactorSet) -> Stored<Vec<RecoveryCode>> {
        let (entropy, hashing) = (&*self.proof.entropy, &*self.proof.hashing);
        let (codes, stored) = RecoveryCodes::generate(set.user, entropy, hashing)?;
        set.recovery = stored;
        Ok(codes)
    }

    /// May this person be without a second factor?
    async fn is_required(&self, user: UserId) -> Stored<bool> {
        let places = self.places(user).await?;
        let mut active = places.iter().filter(|(place, _)| place.active);
        Ok(active.any(|(_, organisation)| organisation.require_second_factor))
    }
}

impl Here {
    fn enroller(&self, source: &Source) -> Enroller {
        Enroller {
            user: self.user,
            session: self.session.id,
            source: source.clone(),
            authority: Authority::Session {
                second_factor: self.session.second_factor,
                authenticated_at: self.session.authenticated_at,
            },
        }
    }
}

/// The last factor stays where an organisation asks for one.
fn may_end(set: &FactorSet, required: bool) -> Result<(), Refusal> {
    if required && !set.is_on() {
        return Err(Refusal::Conflict(
            "an organisation of yours requires a second factor; add another one first",
        ));
    }
    Ok(())
}
