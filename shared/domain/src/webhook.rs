//! Webhooks: endpoints of an organisation that are told of every change of an asset's state, and of views that are
//! [watched elsewhere](crate::spread), in the form of Standard Webhooks (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
//!
//! What is told comes from the record of what was done: a record stands or falls with its effect, and is told before it
//! gets its place in the chain, so that no change goes without its message and none is made up.

mod delivery;
mod notice;
mod order;
mod roll;
mod signing;
mod url;

pub use delivery::{
    Delivery, DeliveryState, FAILING_SECONDS, Health, LONGEST_WAIT, MAX_FAILURES, TRIES, Verdict,
};
pub use notice::{Notice, Topic, Topics};
pub use order::DeliveryOrder;
pub use roll::{MAX_WEBHOOKS, Roll};
pub use signing::{
    SIGNATURE_VERSION, Signed, SigningKey, WEBHOOK_SECRET_PREFIX, WebhookSecret, signed_content,
};
pub use url::{MAX_URL, Reach, WebhookUrl};

use crate::api_key::Label;
use crate::id::{OrgId, UserId, WebhookId};
use crate::time::Timestamp;

/// Seconds for which the secret before signs as well after a rotation.
pub const OVERLAP_SECONDS: u64 = 24 * 3_600;

/// Why an endpoint is not told any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// Somebody switched it off.
    Asked,
    /// It answered 410.
    Gone,
    /// It failed for too long, or too often in a row.
    Failing,
}

impl Because {
    const ALL: [Self; 3] = [Self::Asked, Self::Gone, Self::Failing];

    /// The name as stored and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
    /// Reads the name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.as_str() == text)
    }
}

/// An endpoint as stored. Its secrets are not: they are derived from their keys' names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Which.
    pub id: WebhookId,
    /// Of which organisation.
    pub org: OrgId,
    /// What people call it.
    pub name: Label,
    /// Where it is.
    pub url: WebhookUrl,
    /// What it is told of.
    pub topics: Topics,
    /// Since when it is not told any more, and why.
    pub disabled: Option<(Timestamp, Because)>,
    /// Names its active secret.
    pub key: SigningKey,
    /// Names the secret before, and until when it signs as well.
    pub previous: Option<(SigningKey, Timestamp)>,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
}

impl Webhook {
    /// Is it told of this? What was done before it was there is not for it.
    pub fn hears(&self, notice: &Notice) -> bool {
        let is_on = self.disabled.is_none() && self.topics.hold(notice.topic);
        is_on && self.created_at <= notice.at
    }

    /// The names of the secrets that sign now, the active one first.
    pub fn keys(&self, now: Timestamp) -> impl Iterator<Item = &SigningKey> {
        let previous = self.previous.as_ref();
        let previous = previous.filter(move |(_, until)| now < *until);
        std::iter::once(&self.key).chain(previous.map(|(key, _)| key))
    }

    /// With another secret; the active one signs as well for [`OVERLAP_SECONDS`], the one before that no more.
    #[must_use]
    pub fn rotated(&self, next: SigningKey, now: Timestamp) -> Self {
        Self {
            key: next,
            previous: Some((self.key.clone(), now.plus(OVERLAP_SECONDS))),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests;
