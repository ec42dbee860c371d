//! The erasure of people.

use async_trait::async_trait;
use vault_domain::audit::Record;
use vault_domain::credential::User;
use vault_domain::id::SessionId;
use vault_domain::member::{After, OwnersChange, Person};
use vault_domain::ports::{AccountErasures, Settled, Stored};

use super::{FakeCloud, State};

fn erase(
    state: &mut State,
    seen: &Person,
    user: &User,
    session: SessionId,
    record: &Record,
) -> Settled {
    let Some(place) = seen.membership else {
        return Settled::Stale;
    };
    let key = (place.org, place.user);
    let belongs = state.accounts.get(&user.id).map(|account| &account.orgs);
    let as_seen = state.memberships.get(&key) == Some(&place)
        && seen.account.is_some()
        && belongs == Some(&vec![place.org])
        && state.users.get(&user.id).map(|now| &now.email) == Some(&user.email);
    let Some(organisation) = state.organisations.get_mut(&place.org).filter(|_| as_seen) else {
        return Settled::Stale;
    };
    if After::Gone.owners(&place) == OwnersChange::OneFewer {
        if organisation.owners <= 1 {
            return Settled::LastOwner;
        }
        organisation.owners -= 1;
    }
    state.memberships.remove(&key);
    state.grouped.remove(&key);
    state.accounts.remove(&user.id);
    state.users.remove(&user.id);
    state.factors.remove(&user.id);
    state.sessions.remove(&session);
    state.audit.push(record.clone());
    Settled::Applied
}

#[async_trait]
impl AccountErasures for FakeCloud {
    async fn forget_session(&self, id: SessionId) -> Stored<()> {
        self.call("erasures.forget_session", |s| {
            s.sessions.remove(&id);
            Ok(())
        })
        .await
    }
    async fn erase(
        &self,
        seen: &Person,
        user: &User,
        session: SessionId,
        record: &Record,
    ) -> Stored<Settled> {
        self.call("erasures.erase", |s| {
            Ok(erase(s, seen, user, session, record))
        })
        .await
    }
}
