//! Second factors that come and go, on the record of every organisation that the person is in.

use super::{Deps, Enroller, Here};
use crate::audit::{Author, Event, Record, Source};
use crate::factor::{FactorChange, FactorSet};
use crate::id::{OrgId, SessionId, UserId};
use crate::member::Subject;
use crate::ports::Stored;
use crate::usecase::gate::Ask;
use crate::usecase::scribe::Scribe;

/// Who changes their factors, by which session, from where; and who is told.
pub(super) struct Witness {
    user: UserId,
    session: SessionId,
    source: Source,
    orgs: Vec<OrgId>,
}

impl Deps {
    /// What is recorded of someone who adds a factor.
    pub(super) async fn witness(&self, enroller: &Enroller) -> Stored<Witness> {
        let account = self.members.account(enroller.user).await?;
        Ok(Witness {
            user: enroller.user,
            session: enroller.session,
            source: enroller.source.clone(),
            orgs: account.map(|account| account.orgs).unwrap_or_default(),
        })
    }

    /// The records of factors that are there now, or are not there any more.
    pub(super) fn came_and_went(
        &self,
        witness: &Witness,
        read: &FactorSet,
        next: &FactorSet,
    ) -> Stored<Vec<Record>> {
        let mut records = Vec::new();
        for change in next.changes_since(read) {
            let (event, method, credential) = match change {
                FactorChange::Added(method, credential) => (Event::FactorAdded, method, credential),
                FactorChange::Removed(method, credential) => {
                    (Event::FactorRemoved, method, credential)
                }
            };
            for record in self.noted(witness, event)? {
                let record = record.with("factor", method.as_str());
                records.push(match &credential {
                    Some(credential) => record.with("credential_id", credential),
                    None => record,
                });
            }
        }
        Ok(records)
    }

    /// The records of one event.
    pub(super) fn noted(&self, witness: &Witness, event: Event) -> Stored<Vec<Record>> {
        let (user, session) = (witness.user, witness.session);
        let record = |org: &OrgId| {
            let scribe = Scribe {
                entropy: &*self.proof.entropy,
                org: *org,
                clock: &*self.proof.clock,
                author: Author::Caller(Subject::Person { user, session }),
                verdict: None,
                source: witness.source.clone(),
            };
            scribe.of(event, user.to_string())
        };
        witness.orgs.iter().map(record).collect()
    }
}

impl Here {
    /// What is recorded of someone who is signed in.
    pub(super) fn witness(&self, ask: &Ask) -> Witness {
        let account = self.standing.person.account.as_ref();
        Witness {
            user: self.user,
            session: self.session.id,
            source: ask.source.clone(),
            orgs: account.map_or_else(Vec::new, |account| account.orgs.clone()),
        }
    }
}
