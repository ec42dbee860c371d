//! Organisations: their people and their settings.

use async_trait::async_trait;
use vault_domain::audit::Record;
use vault_domain::credential::Email;
use vault_domain::id::{InvitationId, OrgId, UserId};
use vault_domain::member::{After, Invitation, Membership, OwnersChange, Person};
use vault_domain::ports::{
    Change, Invited, Listed, MAX_REMOVED, MemberPage, Organisations, Settings, Settled, StoreError,
    Stored,
};

use super::{FakeCloud, State};

/// Has whoever makes a change still the place that they had?
pub(super) fn stands(state: &State, by: &Membership) -> bool {
    let place = state.memberships.get(&(by.org, by.user));
    place.is_some_and(|now| now.active && now.role == by.role)
}

fn listed(state: &State, membership: Membership) -> Listed {
    let user = state.users.get(&membership.user);
    let account = state.accounts.get(&membership.user);
    Listed {
        membership,
        email: user.map(|user| user.email.clone()),
        second_factor: account.is_some_and(|account| account.second_factor),
    }
}

/// In the order of their ids as text, as DynamoDB has it; a page that is full says that more may follow.
fn page(state: &State, org: OrgId, after: Option<UserId>, limit: usize) -> MemberPage {
    let all = state.memberships.values().filter(|m| m.org == org);
    let mut all: Vec<_> = all.map(|m| (m.user.to_string(), *m)).collect();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    let after = after.map(|user| user.to_string());
    let following = all.into_iter().filter(|(id, _)| Some(id) > after.as_ref());
    let found: Vec<_> = following.take(limit).map(|(_, m)| m).collect();
    let next = found.last().filter(|_| found.len() == limit);
    MemberPage {
        next: next.map(|last| last.user),
        members: found.into_iter().map(|m| listed(state, m)).collect(),
    }
}

fn replace(state: &mut State, by: &Membership, seen: &Person, next: After) -> Settled {
    let Some(place) = seen.membership else {
        return Settled::Stale;
    };
    let key = (place.org, place.user);
    let as_seen = state.memberships.get(&key) == Some(&place);
    if !as_seen || (by.user != place.user && !stands(state, by)) {
        return Settled::Stale;
    }
    let orgs = seen.account.as_ref().map(|account| &account.orgs);
    let stored = state.accounts.get(&place.user).map(|a| &a.orgs);
    if next == After::Gone && stored != orgs {
        return Settled::Stale;
    }
    let Some(organisation) = state.organisations.get_mut(&place.org) else {
        return Settled::Stale;
    };
    match next.owners(&place) {
        OwnersChange::OneFewer if organisation.owners <= 1 => return Settled::LastOwner,
        OwnersChange::OneFewer => organisation.owners -= 1,
        OwnersChange::AsMany => {}
        OwnersChange::OneMore => organisation.owners += 1,
    }
    match next {
        After::Same => {}
        After::Place(next) => {
            state.memberships.insert(key, next);
        }
        After::Gone => {
            state.memberships.remove(&key);
            state.grouped.remove(&key);
            if let Some(account) = state.accounts.get_mut(&place.user) {
                account.orgs.retain(|org| *org != place.org);
            }
        }
    }
    Settled::Applied
}

fn settle(state: &mut State, by: &Membership, settings: &Settings) -> Settled {
    if !stands(state, by) {
        return Settled::Stale;
    }
    let Some(organisation) = state.organisations.get_mut(&by.org) else {
        return Settled::Stale;
    };
    if settings
        .sessions_from
        .is_some_and(|from| from <= organisation.sessions_from)
    {
        return Settled::Stale;
    }
    if let Some(name) = &settings.name {
        organisation.name = name.clone();
    }
    if let Some(required) = settings.require_second_factor {
        organisation.require_second_factor = required;
    }
    if let Some(from) = settings.sessions_from {
        organisation.sessions_from = from;
    }
    Settled::Applied
}

fn recorded(state: &mut State, settled: Settled, record: &Record) -> Settled {
    if settled == Settled::Applied {
        state.audit.push(record.clone());
    }
    settled
}

#[async_trait]
impl Organisations for FakeCloud {
    async fn members(&self, org: OrgId, after: Option<UserId>, limit: u32) -> Stored<MemberPage> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.call("organisations.members", |s| Ok(page(s, org, after, limit)))
            .await
    }
    async fn by_address(&self, org: OrgId, email: &Email) -> Stored<Option<Membership>> {
        self.call("organisations.by_address", |s| {
            let user = s.users.values().find(|user| user.email == *email);
            Ok(user.and_then(|user| s.memberships.get(&(org, user.id)).copied()))
        })
        .await
    }
    async fn replace(
        &self,
        by: &Membership,
        seen: &Person,
        next: After,
        record: &Record,
    ) -> Stored<Settled> {
        self.call("organisations.replace", |s| {
            if next == After::Same {
                return Ok(Settled::Applied);
            }
            let settled = replace(s, by, seen, next);
            Ok(recorded(s, settled, record))
        })
        .await
    }
    async fn settle(
        &self,
        by: &Membership,
        settings: &Settings,
        record: &Record,
    ) -> Stored<Settled> {
        self.call("organisations.settle", |s| {
            if *settings == Settings::default() {
                return Ok(Settled::Applied);
            }
            let settled = settle(s, by, settings);
            Ok(recorded(s, settled, record))
        })
        .await
    }
    async fn invited(&self, org: OrgId) -> Stored<Invited> {
        self.call("organisations.invited", |s| {
            let theirs = s.invitations.values().filter(|i| i.org == org);
            Ok(Invited {
                version: s.invited.get(&org).copied().unwrap_or_default(),
                invitations: theirs.cloned().collect(),
            })
        })
        .await
    }
    async fn invite(
        &self,
        by: &Membership,
        version: u64,
        invitation: &Invitation,
        instead: &[InvitationId],
        record: &Record,
    ) -> Stored<Settled> {
        const NAME: &str = "organisations.invite";
        self.call(NAME, |s| {
            if instead.len() > MAX_REMOVED {
                return Err(StoreError::new(NAME, "more than a transaction holds"));
            }
            let org = invitation.org;
            let current = s.invited.get(&org).copied().unwrap_or_default();
            let there = instead
                .iter()
                .all(|id| s.invitations.contains_key(&(org, *id)));
            if current != version || !there || !stands(s, by) {
                return Ok(Settled::Stale);
            }
            s.invited.insert(org, version + 1);
            for id in instead {
                s.invitations.remove(&(org, *id));
            }
            s.invitations
                .insert((org, invitation.id), invitation.clone());
            Ok(recorded(s, Settled::Applied, record))
        })
        .await
    }
    async fn uninvite(&self, org: OrgId, id: InvitationId, record: &Record) -> Stored<Change> {
        self.call("organisations.uninvite", |s| {
            if s.invitations.remove(&(org, id)).is_none() {
                return Ok(Change::NotApplied);
            }
            s.audit.push(record.clone());
            Ok(Change::Applied)
        })
        .await
    }
}
