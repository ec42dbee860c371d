//! The gate before everything that is done with assets: who asks, as they stand now; what the policies say; and the record
//! of it.

use std::sync::Arc;

use super::budget::Taken;
use super::scribe::Scribe;
use super::{NOT_FOR_SUPPORT, present, recent};
use crate::access::{Action, Asker, Container, Kind, Resource, ends};
use crate::api_key::{Scope, Scopes};
use crate::asset::Asset;
use crate::audit::{Author, Event, Record, Source, Verdict};
use crate::error::Refusal;
use crate::id::{AssetId, OrgId};
use crate::member::{Membership, Standing, Subject};
use crate::ports::{Clock, Containers, Entropy, Limits, Policies, Records, Standings, Stored};
use crate::share::Share;
use crate::spread::SpreadRule;
use crate::time::Timestamp;
use crate::token::Caller;

/// What deciding needs.
#[derive(Clone)]
pub struct Gate {
    /// Where the caller stands now.
    pub standings: Arc<dyn Standings>,
    /// What access is granted on together.
    pub containers: Arc<dyn Containers>,
    /// The rules.
    pub policies: Arc<dyn Policies>,
    /// Where refusals are recorded.
    pub records: Arc<dyn Records>,
    /// How many of them.
    pub limits: Arc<dyn Limits>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids of records.
    pub entropy: Arc<dyn Entropy>,
}

/// Refusals of one person, API key or grant to support on record in a window of 15 minutes: whoever asks for what they may
/// not have a thousand times does not fill the record of their organisation.
pub const REFUSALS_ON_RECORD: u32 = 100;

/// A request: who asks, by a verified token, and from where.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Who.
    pub caller: Caller,
    /// From where.
    pub source: Source,
}

/// Someone who stands at the gate.
pub struct Entered<'a> {
    gate: &'a Gate,
    /// Who, as they stand now.
    pub asker: Asker,
    /// When they asked.
    pub now: Timestamp,
    source: &'a Source,
    standing: Standing,
}

/// An asset that the asker may do what they asked with.
#[derive(Debug)]
pub struct Admitted {
    /// The asset.
    pub asset: Asset,
    /// By which policies.
    pub verdict: Verdict,
    /// When that ends by itself, if all that decided has an end.
    pub until: Option<Timestamp>,
}

const GONE: Refusal = Refusal::Forbidden("the owner of this media token has no access any more");

impl Gate {
    /// Lets someone up to the gate who is still one of their organisation.
    ///
    /// # Errors
    /// [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
    pub async fn enter<'a>(&'a self, ask: &'a Ask) -> Result<Entered<'a>, Refusal> {
        let (role, standing) = present(&*self.standings, &ask.caller).await?;
        Ok(Entered {
            gate: self,
            asker: Asker {
                caller: Caller {
                    role,
                    scopes: held(&standing, ask.caller.scopes)?,
                    ..ask.caller
                },
                groups: standing.person.groups.clone(),
                since: since(&standing),
            },
            now: self.clock.now(),
            source: &ask.source,
            standing,
        })
    }

    /// Lets the bearer of a token up to the gate in the place of whoever it was minted for, if they still stand.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], [`Refusal::Unavailable`].
    pub async fn on_behalf<'a>(
        &'a self,
        subject: Subject,
        org: OrgId,
        scope: Scope,
        source: &'a Source,
    ) -> Result<Entered<'a>, Refusal> {
        let now = self.clock.now();
        let standing = self.standings.standing(&subject, org).await?;
        let role = standing.role(&subject, org, now).ok_or(GONE)?;
        let caller = Caller {
            subject,
            org,
            role,
            scopes: held(&standing, Scopes::only(scope)).map_err(|_| GONE)?,
        };
        Ok(Entered {
            gate: self,
            asker: Asker {
                caller,
                groups: standing.person.groups.clone(),
                since: since(&standing),
            },
            now,
            source,
            standing,
        })
    }
}

/// What a token may be used for: of support's no more than was granted, whatever the token says.
fn held(standing: &Standing, scopes: Scopes) -> Result<Scopes, Refusal> {
    match &standing.support {
        Some(support) => support
            .grant
            .level
            .scopes()
            .common(scopes)
            .ok_or(NOT_FOR_SUPPORT),
        None => Ok(scopes),
    }
}

fn since(standing: &Standing) -> Timestamp {
    let place = standing.person.membership.as_ref();
    place.map_or(Timestamp(0), |place| place.since)
}

impl Entered<'_> {
    /// The share that they hold the link of, if that is how they came.
    pub const fn share(&self) -> Option<&Share> {
        self.standing.share.as_ref()
    }

    /// By which rule the views of their organisation are looked at.
    pub fn spread(&self) -> SpreadRule {
        self.standing.spread.unwrap_or_default()
    }

    /// When what was granted to them as support ends, if that is how they came.
    pub fn support_until(&self) -> Option<Timestamp> {
        self.standing
            .support
            .as_ref()
            .map(|known| known.grant.end())
    }

    /// Did they prove a moment ago who they are? What is done with many people's rights at once needs it.
    ///
    /// # Errors
    /// [`Refusal::ReauthenticationNeeded`]
    pub fn recent(&self) -> Result<(), Refusal> {
        recent(&self.standing, self.now).map(drop)
    }

    /// What the policies say.
    ///
    /// # Errors
    /// They could not be evaluated.
    pub fn decide(&self, action: Action, on: &Resource<'_>) -> Stored<Verdict> {
        self.gate.policies.decide(&self.asker, action, on, self.now)
    }

    /// May they do this in their organisation?
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], [`Refusal::Unavailable`].
    pub async fn organisation(&self, action: Action) -> Result<Verdict, Refusal> {
        let org = self.asker.caller.org;
        let verdict = self.decide(action, &Resource::Organisation(org))?;
        let target = org.to_string();
        if verdict.allowed {
            self.used(action, &target, None, &verdict).await?;
            return Ok(verdict);
        }
        Err(self.refused(action, target, None, verdict).await?)
    }

    /// Their place in the organisation; none for an API key.
    pub const fn place(&self) -> Option<&Membership> {
        self.standing.person.membership.as_ref()
    }

    /// May they do this with the asset, if it exists for them? One that is deleted does not.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] of a `what`, [`Refusal::Forbidden`], [`Refusal::Unavailable`].
    pub async fn asset(
        &self,
        action: Action,
        found: Option<Asset>,
        what: &'static str,
    ) -> Result<Admitted, Refusal> {
        let kept = found.filter(|asset| asset.keeping.presence.is_kept());
        self.asset_or_deleted(action, kept, what).await
    }

    /// [`Entered::asset`], also if it is deleted: then it exists for those alone who may do this.
    ///
    /// # Errors
    /// As [`Entered::asset`].
    pub async fn asset_or_deleted(
        &self,
        action: Action,
        found: Option<Asset>,
        what: &'static str,
    ) -> Result<Admitted, Refusal> {
        let org = self.asker.caller.org;
        let asset = found.filter(|asset| asset.announced.org == org);
        let asset = asset.ok_or(Refusal::NotFound(what))?;
        let collection = match asset.collection {
            Some(id) => self.gate.containers.container(org, id.into()).await?,
            None => None,
        };
        let on = Resource::Asset(&asset, collection.as_ref());
        let verdict = self.decide(action, &on)?;
        if verdict.allowed {
            let (id, target) = (asset.id(), asset.id().to_string());
            self.used(action, &target, Some(id), &verdict).await?;
            let until = ends(&asset, collection.as_ref(), &verdict.policies);
            return Ok(Admitted {
                asset,
                verdict,
                until,
            });
        }
        let seen = asset.keeping.presence.is_kept() && self.decide(Action::See, &on)?.allowed;
        let (id, target) = (asset.id(), asset.id().to_string());
        let refusal = self.refused(action, target, Some(id), verdict).await?;
        Err(if seen {
            refusal
        } else {
            Refusal::NotFound(what)
        })
    }

    /// May they do this with the collection or the space, if it exists for them?
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
    pub async fn container(
        &self,
        action: Action,
        found: Option<Container>,
        kind: Kind,
    ) -> Result<(Container, Verdict), Refusal> {
        let org = self.asker.caller.org;
        let none = Refusal::NotFound(kind.as_str());
        let Some(container) = found.filter(|container| container.org == org) else {
            return Err(none);
        };
        let on = Resource::Container(&container);
        let verdict = self.decide(action, &on)?;
        let target = container.id.to_string();
        if verdict.allowed {
            self.used(action, &target, None, &verdict).await?;
            return Ok((container, verdict));
        }
        let seen = self.decide(Action::See, &on)?.allowed;
        let refusal = self.refused(action, target, None, verdict).await?;
        Err(if seen { refusal } else { none })
    }

    /// Whoever records what they do by this decision.
    pub fn scribe(&self, verdict: Verdict) -> Scribe<'_> {
        Scribe {
            entropy: &*self.gate.entropy,
            org: self.asker.caller.org,
            clock: &*self.gate.clock,
            author: Author::Caller(self.asker.caller.subject),
            verdict: Some(verdict),
            source: self.source.clone(),
        }
    }

    /// What support does is on the organisation's record before it is done, looking included.
    async fn used(
        &self,
        action: Action,
        target: &str,
        asset: Option<AssetId>,
        verdict: &Verdict,
    ) -> Stored<()> {
        let Subject::Support(staff) = self.asker.caller.subject else {
            return Ok(());
        };
        let scribe = self.scribe(verdict.clone());
        let record = scribe.of(Event::SupportUsed, target.to_owned())?;
        let record = record.with("staff", staff.user);
        let record = Record { asset, ..record }.with("action", action.as_str());
        self.gate.records.note(&record).await
    }

    async fn refused(
        &self,
        action: Action,
        target: String,
        asset: Option<AssetId>,
        verdict: Verdict,
    ) -> Result<Refusal, Refusal> {
        let why = why(&verdict);
        let (limits, by) = (&*self.gate.limits, self.asker.caller.subject.actor());
        let name = format!("refused#{}#{by}", self.asker.caller.org);
        if !Taken::any_left(limits, &name, REFUSALS_ON_RECORD, self.now).await? {
            return Ok(Refusal::Forbidden(why));
        }
        let record = self.scribe(verdict).of(Event::AccessDenied, target)?;
        let record = Record { asset, ..record }.with("action", action.as_str());
        self.gate.records.note(&record).await?;
        Ok(Refusal::Forbidden(why))
    }
}

/// What whoever asked may know of the policy that refused them.
fn why(verdict: &Verdict) -> &'static str {
    let by = |prefix: &str| verdict.policies.iter().any(|id| id.starts_with(prefix));
    if by("support-only") {
        "support looks at the library and the record, plays if that was granted, and does nothing else"
    } else if by("scope-") {
        "the scope of your token does not include this"
    } else if by("people-only") {
        "this is for people, who can be asked again who they are, and not for API keys"
    } else if by("granted-none") {
        "your access to this was taken away"
    } else {
        "neither your role nor anything granted to you includes this"
    }
}
