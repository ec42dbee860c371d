//! Come back, come in, or show that an address is one's own: by one-time links that went there by mail. No route of
//! this function takes a token of ours.
//!
//! A link is opened by a page, which posts the token out of its fragment: whoever only fetches links, as scanners of
//! mail do, uses none up. Every failure of a link reads the same.

mod accept;
mod forgot;
mod reset;
mod verify;

use std::sync::Arc;

use super::scribe::Scribe;
use crate::audit::{Author, Event, Record, Source};
use crate::credential::{Email, Password, PasswordHash};
use crate::error::Refusal;
use crate::id::{OrgId, UserId};
use crate::link::{Link, LinkToken};
use crate::mail::MailQueue;
use crate::member::{Account, Organisation};
use crate::password::{Context, PasswordPolicy};
use crate::ports::{
    Clock, Entropy, Hashing, Invitations, Limits, Links, Members, PasswordHasher, Recovery, Stored,
    Users,
};
use crate::time::Timestamp;
use crate::token::Digest;

pub use accept::{Acceptance, Accepted, accept};
pub use forgot::{Forgotten, PER_ADDRESS, PER_NETWORK, WINDOW_SECONDS, forgot};
pub use reset::{NewSecret, reset};
pub use verify::verify;

/// What recovery needs.
pub struct Deps {
    /// Whose addresses are whose.
    pub users: Arc<dyn Users>,
    /// Accounts and organisations.
    pub members: Arc<dyn Members>,
    /// Invitations.
    pub invitations: Arc<dyn Invitations>,
    /// Where links are kept.
    pub links: Arc<dyn Links>,
    /// What links do.
    pub recovery: Arc<dyn Recovery>,
    /// Budgets of requests.
    pub limits: Arc<dyn Limits>,
    /// To the function that sends mail.
    pub mail: Arc<dyn MailQueue>,
    /// bcrypt.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Judges new passwords.
    pub policy: Arc<dyn PasswordPolicy>,
    /// Digests of tokens, names of budgets.
    pub hashing: Arc<dyn Hashing>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// A link that can be used now.
struct Opened {
    digest: Digest,
    link: Link,
    now: Timestamp,
}

impl Deps {
    /// The record of what a link did: whoever had it speaks for nobody who is signed in.
    fn record(&self, source: &Source, org: OrgId, event: Event, user: UserId) -> Stored<Record> {
        let scribe = Scribe {
            entropy: &*self.entropy,
            org,
            clock: &*self.clock,
            author: Author::System,
            verdict: None,
            source: source.clone(),
        };
        let record = scribe.of(event, user.to_string())?;
        Ok(record.with("because", "mailed_link"))
    }

    /// The records of a new password, one for each organisation that its owner is in.
    fn password_changed(&self, source: &Source, account: &Account) -> Stored<Vec<Record>> {
        let record = |org: &OrgId| self.record(source, *org, Event::PasswordChanged, account.user);
        account.orgs.iter().map(record).collect()
    }
}

/// Looks a link up by its digest; it is not used up yet.
async fn open(deps: &Deps, token: &LinkToken) -> Result<Opened, Refusal> {
    let digest = deps.hashing.sha256(token.secret().expose().as_bytes());
    let now = deps.clock.now();
    let link = deps.links.get(digest, now).await?;
    let link = link.ok_or(Refusal::InvalidLink)?;
    Ok(Opened { digest, link, now })
}

/// The hash of a password that may be set, by whoever has this address and belongs to these organisations.
fn new_hash(
    deps: &Deps,
    password: &Password,
    email: &Email,
    organisations: &[Organisation],
) -> Result<PasswordHash, Refusal> {
    let own = Context::product().email(email);
    let names = organisations.iter().map(|known| known.name.as_str());
    let context = names.fold(own, Context::with);
    let judged = deps.policy.judge(password, &context);
    let password = judged.map_err(Refusal::WeakPassword)?;
    Ok(deps.hasher.hash(password.password())?)
}
