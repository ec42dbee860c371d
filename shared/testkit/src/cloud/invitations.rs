//! Invitations.

use async_trait::async_trait;
use vault_domain::id::{InvitationId, OrgId};
use vault_domain::member::Invitation;
use vault_domain::ports::{Change, Invitations, LISTED_INVITATIONS, Stored};

use super::{FakeCloud, State};

impl State {
    pub(super) fn invitations_shape(&self) -> Vec<String> {
        let line = |i: &Invitation| {
            let (email, role) = (i.email.as_str(), i.role.as_str());
            format!(
                "{email} as {role} attempt {} until {}",
                i.attempt, i.expires_at.0
            )
        };
        self.invitations.values().map(line).collect()
    }
}

#[async_trait]
impl Invitations for FakeCloud {
    async fn create(&self, invitation: &Invitation) -> Stored<()> {
        self.call("invitations.create", |s| {
            let key = (invitation.org, invitation.id);
            s.invitations.insert(key, invitation.clone());
            Ok(())
        })
        .await
    }
    async fn get(&self, org: OrgId, id: InvitationId) -> Stored<Option<Invitation>> {
        let name = "invitations.get";
        self.call(name, |s| Ok(s.invitations.get(&(org, id)).cloned()))
            .await
    }
    async fn list(&self, org: OrgId) -> Stored<Vec<Invitation>> {
        self.call("invitations.list", |s| {
            let theirs = s.invitations.values().filter(|i| i.org == org);
            Ok(theirs.take(LISTED_INVITATIONS).cloned().collect())
        })
        .await
    }
    async fn renew(&self, next: &Invitation) -> Stored<Change> {
        self.call("invitations.renew", |s| {
            let Some(known) = s.invitations.get_mut(&(next.org, next.id)) else {
                return Ok(Change::NotApplied);
            };
            if *known != *next {
                if known.attempt + 1 != next.attempt {
                    return Ok(Change::NotApplied);
                }
                *known = next.clone();
            }
            Ok(Change::Applied)
        })
        .await
    }
}
