//! What is granted to the operator's support.

use async_trait::async_trait;
use vault_domain::audit::Record;
use vault_domain::credential::Email;
use vault_domain::id::{OrgId, SupportId, UserId};
use vault_domain::member::{Membership, Person};
use vault_domain::ports::{
    Change, Granted, SUPPORT_REMOVED, Settled, StoreError, Stored, SupportEntries, SupportGrants,
};
use vault_domain::support::{Staff, SupportGrant, SupportStanding};

use super::identity::person;
use super::organisations::stands;
use super::{FakeCloud, State};

impl State {
    pub(super) fn support_shape(&self) -> Vec<String> {
        let line = |grant: &SupportGrant| {
            let (purpose, level) = (grant.purpose.as_str(), grant.level.as_str());
            let (end, came) = (grant.expires_at, grant.used_by.len());
            let ended = grant.ended_at.is_some();
            format!("{purpose} {level} until {end:?} ended {ended} used by {came}")
        };
        self.supports.values().map(line).collect()
    }

    pub(super) fn support_standing(
        &self,
        staff: &Staff,
        org: OrgId,
    ) -> Option<Box<SupportStanding>> {
        let operator = self.operator?;
        let grant = self.supports.get(&(org, staff.support))?;
        let home = person(self, staff.user, operator);
        Some(Box::new(SupportStanding {
            operator,
            grant: grant.clone(),
            staff: Person {
                groups: Vec::new(),
                ..home
            },
            session: self.sessions.get(&staff.session).cloned(),
            granter: Person {
                groups: Vec::new(),
                organisation: None,
                ..person(self, staff.granted_by, org)
            },
        }))
    }
}

#[async_trait]
impl SupportGrants for FakeCloud {
    async fn granted(&self, org: OrgId) -> Stored<Granted> {
        self.call("support.granted", |s| {
            let theirs = s.supports.values().filter(|grant| grant.org == org);
            let mut grants: Vec<_> = theirs.cloned().collect();
            grants.sort_by_key(|grant| grant.id.to_string());
            Ok(Granted {
                version: s.supported.get(&org).copied().unwrap_or_default(),
                grants,
            })
        })
        .await
    }
    async fn grant(
        &self,
        by: &Membership,
        version: u64,
        grant: &SupportGrant,
        instead: &[SupportId],
        record: &Record,
    ) -> Stored<Settled> {
        const NAME: &str = "support.grant";
        self.call(NAME, |s| {
            if instead.len() > SUPPORT_REMOVED {
                return Err(StoreError::new(NAME, "more than a transaction holds"));
            }
            let org = grant.org;
            let current = s.supported.get(&org).copied().unwrap_or_default();
            let mut all = instead.iter();
            let there = all.all(|id| s.supports.contains_key(&(org, *id)));
            let taken = s.supports.contains_key(&(org, grant.id));
            if current != version || !there || taken || !stands(s, by) {
                return Ok(Settled::Stale);
            }
            s.supported.insert(org, version + 1);
            for id in instead {
                s.supports.remove(&(org, *id));
            }
            s.supports.insert((org, grant.id), grant.clone());
            s.audit.push(record.clone());
            Ok(Settled::Applied)
        })
        .await
    }
    async fn end(&self, by: &Membership, id: SupportId, record: &Record) -> Stored<Settled> {
        self.call("support.end", |s| {
            let stands = stands(s, by);
            let known = s.supports.get_mut(&(by.org, id));
            let Some(grant) = known.filter(|grant| stands && grant.ended_at.is_none()) else {
                return Ok(Settled::Stale);
            };
            grant.ended_at = Some(record.at);
            s.audit.push(record.clone());
            Ok(Settled::Applied)
        })
        .await
    }
    async fn addresses(&self, users: &[UserId]) -> Stored<Vec<(UserId, Email)>> {
        self.call("support.addresses", |s| {
            let known = users.iter().filter_map(|user| s.users.get(user));
            Ok(known.map(|user| (user.id, user.email.clone())).collect())
        })
        .await
    }
}

#[async_trait]
impl SupportEntries for FakeCloud {
    async fn support(&self, org: OrgId, id: SupportId) -> Stored<Option<SupportGrant>> {
        self.call("support.support", |s| {
            Ok(s.supports.get(&(org, id)).cloned())
        })
        .await
    }
    async fn enter(
        &self,
        org: OrgId,
        id: SupportId,
        user: UserId,
        record: &Record,
    ) -> Stored<Change> {
        self.call("support.enter", |s| {
            let known = s.supports.get_mut(&(org, id));
            let Some(grant) = known.filter(|grant| grant.is_live(record.at)) else {
                return Ok(Change::NotApplied);
            };
            if let Err(place) = grant.used_by.binary_search(&user) {
                grant.used_by.insert(place, user);
            }
            s.audit.push(record.clone());
            Ok(Change::Applied)
        })
        .await
    }
}
