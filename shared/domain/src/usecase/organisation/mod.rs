//! Organisations: their members, their settings, their invitations. Only people manage them, by a login session.

mod invitations;
mod members;
mod page;
mod settings;
mod spread;
mod support;
mod usage;

use std::sync::Arc;

use super::scribe::Scribe;
use super::{Ask, present};
use crate::audit::{Author, Event, Record};
use crate::credential::Role;
use crate::error::Refusal;
use crate::id::OrgId;
use crate::mail::MailQueue;
use crate::member::{Membership, Standing, Subject};
use crate::ports::{
    Clock, Entropy, Hashing, Invitations, Limits, Members, Organisations, SpreadRules, Standings,
    StoreError, SupportGrants, Usages,
};
use crate::quota::Quota;

pub use invitations::{INVITATIONS_PER_HOUR, Invite, invitations, invite, revoke};
pub use members::{Wish, change, leave, list};
pub use page::MembersPage;
pub use settings::{Shown, Wishes, end_sessions, settle, show};
pub use spread::{set_spread, show_spread};
pub use support::{NewSupport, Supported, end_support, grant_support, supported};
pub use usage::usage;

/// What managing an organisation needs.
pub struct Deps {
    /// Is the caller still one of us? And by which rule are our views looked at?
    pub standings: Arc<dyn Standings>,
    /// Where people stand.
    pub members: Arc<dyn Members>,
    /// Organisations, to be changed.
    pub organisations: Arc<dyn Organisations>,
    /// Invitations that wait.
    pub invitations: Arc<dyn Invitations>,
    /// The rules by which views are looked at, to be changed.
    pub spreads: Arc<dyn SpreadRules>,
    /// What is granted to support.
    pub supports: Arc<dyn SupportGrants>,
    /// The organisation whose members are the operator's staff; none if there is no support.
    pub support: Option<OrgId>,
    /// Budgets of invitations.
    pub limits: Arc<dyn Limits>,
    /// Tells those who are invited.
    pub mail: Arc<dyn MailQueue>,
    /// Binds cursors, and names repeated requests.
    pub hashing: Arc<dyn Hashing>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What organisations use.
    pub usages: Arc<dyn Usages>,
    /// How much they may where the operator did not say otherwise.
    pub quota: Quota,
}

/// Times that a change is decided anew because something moved meanwhile.
const TRIES: u32 = 8;

/// Whoever asks, as they stand now.
struct Asking<'a> {
    deps: &'a Deps,
    ask: &'a Ask,
    role: Role,
    place: Membership,
    standing: Standing,
}

async fn asking<'a>(deps: &'a Deps, ask: &'a Ask) -> Result<Asking<'a>, Refusal> {
    let Subject::Person { .. } = ask.caller.subject else {
        return Err(Refusal::Forbidden("only people manage an organisation"));
    };
    let (role, standing) = present(&*deps.standings, &ask.caller).await?;
    let place = standing
        .person
        .membership
        .ok_or(Refusal::NotFound("organisation"))?;
    Ok(Asking {
        deps,
        ask,
        role,
        place,
        standing,
    })
}

impl Asking<'_> {
    /// The record of what they do with this.
    fn record(&self, event: Event, target: &impl ToString) -> Result<Record, StoreError> {
        let scribe = Scribe {
            entropy: &*self.deps.entropy,
            org: self.ask.caller.org,
            clock: &*self.deps.clock,
            author: Author::Caller(self.ask.caller.subject),
            verdict: None,
            source: self.ask.source.clone(),
        };
        scribe.of(event, target.to_string())
    }
}

/// The answer when others change the same again and again.
fn unsettled(operation: &'static str) -> Refusal {
    StoreError::new(operation, "it is changed by too many at once").into()
}
