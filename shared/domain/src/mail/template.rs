//! What our mails say: plain text, no HTML, a link on a line of its own.
//!
//! Names come from users. Of a name only what may stand in one line is taken, quoted and of bounded length, and
//! nothing in it is a link: an invitation must not carry a stranger's advertisement.

use std::net::IpAddr;

use super::{Links, Message, NoticeKind};
use crate::credential::{Email, Role};
use crate::secret::SecretText;
use crate::time::Timestamp;

/// Most characters of a name within a mail.
const MAX_NAME: usize = 60;

/// What an invitation is to.
#[derive(Debug, Clone, Copy)]
pub struct Invited<'a> {
    /// The organisation's name, as its owner wrote it.
    pub organisation: &'a str,
    /// The role that waits there.
    pub role: Role,
}

/// The link that sets a new password, for [`super::RESET_SECONDS`]: asked for from an address, or by the operator.
pub fn password_reset(
    to: &Email,
    links: &Links,
    token: &SecretText,
    requested_from: Option<IpAddr>,
) -> Message {
    let link = links.reset(token);
    let asked = match requested_from {
        Some(address) => format!(
            "Somebody asked for a new password for your Reelvault account, from the IP address {address}."
        ),
        None => {
            "The operator of Reelvault has set up your account; it has no password yet.".to_owned()
        }
    };
    let text = format!(
        "{asked}\n\
         \n\
         To set a new password, open this link within 30 minutes:\n\
         \n\
         {}\n\
         \n\
         It works once. If it was not you, ignore this mail: your password stays as it is.\n",
        link.expose()
    );
    Message::new(to.clone(), "Set a new password", text)
}

/// The link that accepts an invitation, for [`super::INVITATION_SECONDS`].
pub fn invitation(to: &Email, links: &Links, token: &SecretText, invited: Invited<'_>) -> Message {
    let (name, link) = (name(invited.organisation), links.invitation(token));
    let text = format!(
        "The organisation \"{name}\" invites you to Reelvault, as {}.\n\
         \n\
         To accept, open this link within 7 days:\n\
         \n\
         {}\n\
         \n\
         It works once. If you do not know this organisation, ignore this mail.\n",
        role(invited.role),
        link.expose()
    );
    Message::new(to.clone(), &format!("Invitation to \"{name}\""), text)
}

/// The link that verifies an address, for [`super::VERIFY_SECONDS`].
pub fn verify_address(to: &Email, links: &Links, token: &SecretText) -> Message {
    let link = links.verify(token);
    let text = format!(
        "This address was given for a Reelvault account.\n\
         \n\
         To confirm that it is yours, open this link within 24 hours:\n\
         \n\
         {}\n\
         \n\
         It works once. If it was not you, ignore this mail: the address is not used.\n",
        link.expose()
    );
    Message::new(to.clone(), "Confirm your address", text)
}

/// Tells the owner of an account what changed in it; no secret.
pub fn notice(to: &Email, links: &Links, what: NoticeKind, at: Timestamp) -> Message {
    let (subject, event) = match what {
        NoticeKind::PasswordChanged => ("Your password was changed", "The password was changed"),
        NoticeKind::FactorAdded => (
            "A sign-in method was added",
            "A second factor or passkey was added",
        ),
        NoticeKind::FactorRemoved => (
            "A sign-in method was removed",
            "A second factor or passkey was removed",
        ),
        NoticeKind::RecoveryCodeUsed => (
            "A recovery code was used",
            "Somebody signed in with a recovery code",
        ),
        NoticeKind::NewDevice => (
            "A sign-in from a new device",
            "Somebody signed in from a device that was not known",
        ),
        NoticeKind::AddressChanged => ("Your address was changed", "The address was changed"),
    };
    let text = format!(
        "{event}, in your Reelvault account, on {}.\n\
         \n\
         If it was you, there is nothing to do. If not, set a new password at once, which ends all sessions:\n\
         \n\
         {}\n",
        utc(at),
        links.forgot()
    );
    Message::new(to.clone(), subject, text)
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Owner => "an owner",
        Role::Admin => "an administrator",
        Role::Editor => "an editor",
        Role::Viewer => "a viewer",
    }
}

/// A user's text as a name: one line, no quotes, and nothing that a mail program would make a link of.
fn name(text: &str) -> String {
    let seen = one_line(text, usize::MAX)
        .replace('"', "")
        .replace("://", " ");
    let mut plain = String::with_capacity(seen.len());
    let mut rest = seen.chars().peekable();
    while let Some(c) = rest.next() {
        let within_a_word = c == '.' && rest.peek().is_some_and(|next| next.is_alphanumeric());
        plain.push(if within_a_word { ' ' } else { c });
    }
    one_line(&plain, MAX_NAME)
}

/// One line of at most `limit` characters: every run of white space and controls is one space, and what turns the
/// direction of writing or is not seen at all (Unicode Cf) is left out.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let seen: String = text.chars().filter(|c| !is_unseen(*c)).collect();
    let words = seen
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    if line.chars().count() <= limit {
        return line;
    }
    let kept: String = line.chars().take(limit.saturating_sub(1)).collect();
    kept + "…"
}

const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// `2026-11-22 07:50 UTC` (proleptic Gregorian calendar).
fn utc(at: Timestamp) -> String {
    let minutes = at.0 / 60 % 1_440;
    let (year, month, date) = at.date();
    format!(
        "{year:04}-{month:02}-{date:02} {:02}:{:02} UTC",
        minutes / 60,
        minutes % 60
    )
}

#[cfg(test)]
mod tests;
