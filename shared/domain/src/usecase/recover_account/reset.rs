//! Set a new password by a link.

use super::{Deps, new_hash, open};
use crate::audit::Source;
use crate::credential::Password;
use crate::error::Refusal;
use crate::link::{LinkToken, Purpose};
use crate::mail::{MailOrder, NoticeKind};
use crate::member::{Account, Organisation};
use crate::ports::{Change, Reset, Stored};

/// Organisations whose names a password must not rest on; more words than these are not looked at anyway.
const NAMES: usize = 5;

/// A parsed request to set a password.
#[derive(Debug)]
pub struct NewSecret {
    /// Of the link.
    pub token: LinkToken,
    /// As typed.
    pub password: Password,
    /// From where.
    pub source: Source,
}

/// Sets the password and ends all sessions; the address counts as verified, since the link was read there. Second
/// factors stay: who needed one still does. A password that is refused leaves the link as it is.
///
/// # Errors
/// [`Refusal::InvalidLink`], [`Refusal::WeakPassword`], [`Refusal::Unavailable`].
pub async fn reset(deps: &Deps, wish: NewSecret) -> Result<(), Refusal> {
    let opened = open(deps, &wish.token).await?;
    let Purpose::Reset { user, email } = opened.link.purpose else {
        return Err(Refusal::InvalidLink);
    };
    let account = deps.members.account(user).await?;
    let account = account.filter(|account| account.active);
    let account = account.ok_or(Refusal::InvalidLink)?;
    let organisations = organisations(deps, &account).await?;
    let reset = Reset {
        user,
        hash: new_hash(deps, &wish.password, &email, &organisations)?,
        email,
        // The time after the hash, which takes a while: the old password opened sessions until now.
        sessions_from: account.sessions_ended(deps.clock.now()),
    };
    let records = deps.password_changed(&wish.source, &account)?;
    let done = deps
        .recovery
        .reset(opened.digest, &reset, opened.now, &records);
    match done.await? {
        Change::Applied => {}
        Change::NotApplied => return Err(Refusal::InvalidLink),
    }
    let notice = MailOrder::Notice {
        user,
        what: NoticeKind::PasswordChanged,
        at: opened.now,
    };
    // The password is set: failing now would send its owner to a link that does not work any more.
    let _ = deps.mail.order(&notice).await;
    Ok(())
}

async fn organisations(deps: &Deps, account: &Account) -> Stored<Vec<Organisation>> {
    let mut found = Vec::new();
    for org in account.orgs.iter().take(NAMES) {
        found.extend(deps.members.organisation(*org).await?);
    }
    Ok(found)
}
