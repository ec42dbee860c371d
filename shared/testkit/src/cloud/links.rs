//! One-time links, and what they do.

use async_trait::async_trait;
use vault_domain::audit::Record;
use vault_domain::credential::{Email, Role, User};
use vault_domain::id::UserId;
use vault_domain::link::{Link, Purpose};
use vault_domain::member::{Account, MAX_ORGANISATIONS, Membership};
use vault_domain::ports::{Change, Joiner, Joining, Links, Recovery, Reset, Stored};
use vault_domain::time::Timestamp;
use vault_domain::token::Digest;

use super::{FakeCloud, State};

/// A link and whether it was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLink {
    /// The link.
    pub link: Link,
    /// Used up?
    pub used: bool,
}

impl State {
    pub(super) fn links_shape(&self) -> Vec<String> {
        let line = |(digest, kept): (&[u8; 32], &KeptLink)| {
            let (what, newest) = match &kept.link.purpose {
                Purpose::Reset { user, .. } => {
                    let newest = self.resets.get(user) == Some(&Digest(*digest));
                    (format!("reset of {user}"), newest)
                }
                Purpose::Invitation { org, attempt, .. } => {
                    (format!("invitation {attempt} to {org}"), true)
                }
                Purpose::Verify { user, .. } => (format!("address of {user}"), true),
            };
            format!("{what} newest {newest} used {}", kept.used)
        };
        self.links.iter().map(line).collect()
    }

    /// The link, if it can be used.
    fn usable(&self, digest: Digest, now: Timestamp) -> Option<&Link> {
        let kept = self.links.get(&digest.0)?;
        let newest = match &kept.link.purpose {
            Purpose::Reset { user, .. } => self.resets.get(user) == Some(&digest),
            _ => true,
        };
        (newest && !kept.used && now < kept.link.expires_at).then_some(&kept.link)
    }

    fn use_up(&mut self, digest: Digest) {
        if let Some(kept) = self.links.get_mut(&digest.0) {
            kept.used = true;
        }
    }

    fn owned(&mut self, id: UserId, email: &Email) -> Option<&mut User> {
        self.users.get_mut(&id).filter(|user| user.email == *email)
    }

    fn is_active(&self, user: UserId) -> bool {
        self.accounts.get(&user).is_some_and(|a| a.active)
    }

    fn set_password(&mut self, reset: &Reset) {
        if let Some(user) = self.owned(reset.user, &reset.email) {
            (user.hash, user.verified) = (reset.hash.clone(), true);
        }
        if let Some(account) = self.accounts.get_mut(&reset.user) {
            account.sessions_from = reset.sessions_from;
        }
    }

    fn admits(&self, joining: &Joining, now: Timestamp) -> bool {
        let (invitation, place) = (&joining.invitation, &joining.membership);
        let stands = self.invitations.get(&(invitation.org, invitation.id));
        let stands = stands.is_some_and(|i| i.attempt == invitation.attempt && i.is_live(now));
        let there = self.organisations.contains_key(&place.org)
            && !self.memberships.contains_key(&(place.org, place.user));
        let room = |account: &Account| {
            account.active
                && account.orgs.len() < MAX_ORGANISATIONS
                && !account.orgs.contains(&place.org)
        };
        let room = self.accounts.get(&place.user).is_some_and(room);
        let holds = |id: &UserId| self.users.get(id).filter(|u| u.email == invitation.email);
        let joins = match &joining.joiner {
            Joiner::Known(id) => room && holds(id).is_some_and(|u| u.verified),
            Joiner::Proven(reset) => room && holds(&reset.user).is_some(),
            Joiner::New(user, _) => !self.users.values().any(|u| u.email == user.email),
        };
        stands && there && joins
    }

    fn admit(&mut self, joining: &Joining) {
        let place: Membership = joining.membership;
        let invitation = &joining.invitation;
        self.invitations.remove(&(invitation.org, invitation.id));
        match &joining.joiner {
            Joiner::Known(_) => {}
            Joiner::Proven(reset) => self.set_password(reset),
            Joiner::New(user, account) => {
                self.users.insert(user.id, user.clone());
                self.accounts.insert(user.id, account.clone());
            }
        }
        if let (Joiner::Known(_) | Joiner::Proven(_), Some(account)) =
            (&joining.joiner, self.accounts.get_mut(&place.user))
        {
            account.orgs.push(place.org);
        }
        if let (Role::Owner, Some(organisation)) =
            (place.role, self.organisations.get_mut(&place.org))
        {
            organisation.owners += 1;
        }
        self.memberships.insert((place.org, place.user), place);
    }
}

#[async_trait]
impl Links for FakeCloud {
    async fn put(&self, digest: Digest, link: &Link) -> Stored<Change> {
        self.call("links.put", |s| {
            if s.links.contains_key(&digest.0) {
                return Ok(Change::NotApplied);
            }
            if let Purpose::Reset { user, .. } = &link.purpose {
                s.resets.insert(*user, digest);
            }
            let kept = KeptLink {
                link: link.clone(),
                used: false,
            };
            s.links.insert(digest.0, kept);
            Ok(Change::Applied)
        })
        .await
    }
    async fn get(&self, digest: Digest, now: Timestamp) -> Stored<Option<Link>> {
        self.call("links.get", |s| Ok(s.usable(digest, now).cloned()))
            .await
    }
}

#[async_trait]
impl Recovery for FakeCloud {
    async fn reset(
        &self,
        link: Digest,
        reset: &Reset,
        now: Timestamp,
        records: &[Record],
    ) -> Stored<Change> {
        self.call("recovery.reset", |s| {
            let usable = s.usable(link, now).is_some() && s.is_active(reset.user);
            if !usable || s.owned(reset.user, &reset.email).is_none() {
                return Ok(Change::NotApplied);
            }
            s.use_up(link);
            s.set_password(reset);
            s.audit.extend_from_slice(records);
            Ok(Change::Applied)
        })
        .await
    }
    async fn join(
        &self,
        link: Digest,
        joining: &Joining,
        now: Timestamp,
        records: &[Record],
    ) -> Stored<Change> {
        self.call("recovery.join", |s| {
            if s.usable(link, now).is_none() || !s.admits(joining, now) {
                return Ok(Change::NotApplied);
            }
            s.use_up(link);
            s.admit(joining);
            s.audit.extend_from_slice(records);
            Ok(Change::Applied)
        })
        .await
    }
    async fn verify(
        &self,
        link: Digest,
        user: UserId,
        email: &Email,
        now: Timestamp,
    ) -> Stored<Change> {
        self.call("recovery.verify", |s| {
            let usable = s.usable(link, now).is_some();
            let Some(owned) = s.owned(user, email).filter(|_| usable) else {
                return Ok(Change::NotApplied);
            };
            owned.verified = true;
            s.use_up(link);
            Ok(Change::Applied)
        })
        .await
    }
}
