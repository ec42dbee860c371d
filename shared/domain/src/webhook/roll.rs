//! The endpoints of an organisation, kept together: what is told of a change is found by one read, and the limit is exact
//! because whoever changes one of them says which state of all it rests on.

use super::{Because, Webhook};
use crate::id::WebhookId;
use crate::time::Timestamp;

/// Endpoints that an organisation can have.
pub const MAX_WEBHOOKS: usize = 10;

/// All endpoints of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roll {
    /// How often it was changed; 0 before the first.
    pub version: u64,
    /// In the order in which they were made.
    pub webhooks: Vec<Webhook>,
}

impl Roll {
    /// One of them.
    pub fn find(&self, id: WebhookId) -> Option<&Webhook> {
        self.webhooks.iter().find(|webhook| webhook.id == id)
    }

    /// With one more; none if there are too many.
    pub fn with(mut self, webhook: Webhook) -> Option<Self> {
        if self.webhooks.len() >= MAX_WEBHOOKS {
            return None;
        }
        self.webhooks.push(webhook);
        Some(self.changed())
    }

    /// With one as it is now.
    #[must_use]
    pub fn with_changed(mut self, changed: Webhook) -> Self {
        let mut all = self.webhooks.iter_mut();
        if let Some(webhook) = all.find(|webhook| webhook.id == changed.id) {
            *webhook = changed;
        }
        self.changed()
    }

    /// Without one.
    #[must_use]
    pub fn without(mut self, id: WebhookId) -> Self {
        self.webhooks.retain(|webhook| webhook.id != id);
        self.changed()
    }

    /// With one that is not told any more; none if it is not told already, or not there.
    pub fn with_disabled(self, id: WebhookId, now: Timestamp, because: Because) -> Option<Self> {
        let webhook = self.find(id)?;
        if webhook.disabled.is_some() {
            return None;
        }
        let disabled = Webhook {
            disabled: Some((now, because)),
            ..webhook.clone()
        };
        Some(self.with_changed(disabled))
    }

    const fn changed(mut self) -> Self {
        self.version += 1;
        self
    }
}
