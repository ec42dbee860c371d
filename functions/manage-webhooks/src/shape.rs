//! The JSON of webhooks.

use serde::{Deserialize, Serialize};
use vault_domain::api_key::Label;
use vault_domain::error::Malformed;
use vault_domain::secret::SecretText;
use vault_domain::usecase::IdempotencyKey;
use vault_domain::usecase::manage_webhooks::{NewWebhook, WebhookPatch};
use vault_domain::webhook::{self, Reach, Topic, Topics, Webhook, WebhookUrl};

/// An endpoint to be made.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "NewWebhook"))]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    #[cfg_attr(feature = "openapi", schemars(with = "Label"))]
    name: String,
    #[cfg_attr(feature = "openapi", schemars(with = "WebhookUrl"))]
    url: String,
    /// None stand for all of them, also for those to come.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<Topic>"))]
    events: Vec<String>,
}

fn topics(names: &[String]) -> Result<Topics, Malformed> {
    Topics::parse(names.iter().map(String::as_str))
}

impl New {
    pub(crate) const SHAPE: &str =
        r#"{"name", "url": "https://…", optional "events": ["asset.ready", …]}"#;

    pub(crate) fn parse(
        self,
        reach: Reach,
        idempotency: Option<IdempotencyKey>,
    ) -> Result<NewWebhook, Malformed> {
        Ok(NewWebhook {
            name: Label::parse(&self.name)?,
            url: WebhookUrl::parse(&self.url, reach)?,
            topics: topics(&self.events)?,
            idempotency,
        })
    }
}

/// What is to change of an endpoint.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "WebhookPatch"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Changed {
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Label>"))]
    name: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<WebhookUrl>"))]
    url: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<Topic>>"))]
    events: Option<Vec<String>>,
    enabled: Option<bool>,
}

impl Changed {
    pub(crate) const SHAPE: &str =
        r#"optional "name", "url": "https://…", "events": ["asset.ready", …] and "enabled""#;

    pub(crate) fn parse(self, reach: Reach) -> Result<WebhookPatch, Malformed> {
        let url = self.url.as_deref().map(|url| WebhookUrl::parse(url, reach));
        Ok(WebhookPatch {
            name: self.name.as_deref().map(Label::parse).transpose()?,
            url: url.transpose()?,
            topics: self.events.as_deref().map(topics).transpose()?,
            enabled: self.enabled,
        })
    }
}

/// An endpoint, without its secret.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Webhook"))]
pub(crate) struct Shown<'a> {
    webhook_id: String,
    #[cfg_attr(feature = "openapi", schemars(with = "Label"))]
    name: &'a str,
    /// As it was given.
    url: &'a str,
    /// None stand for all.
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<Topic>"))]
    events: Vec<&'static str>,
    enabled: bool,
    /// Since when it is not told any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<u64>,
    /// Why: `asked`, `gone` (it answered 410) or `failing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_because: Option<&'static str>,
    created_by: String,
    created_at: u64,
    /// Until when the secret before the active one signs as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_until: Option<u64>,
}

impl<'a> Shown<'a> {
    pub(crate) fn of(webhook: &'a Webhook) -> Self {
        Self {
            webhook_id: webhook.id.to_string(),
            name: webhook.name.as_str(),
            url: webhook.url.as_str(),
            events: webhook.topics.iter().map(Topic::as_str).collect(),
            enabled: webhook.disabled.is_none(),
            disabled_at: webhook.disabled.map(|(at, _)| at.0),
            disabled_because: webhook.disabled.map(|(_, because)| because.as_str()),
            created_by: webhook.created_by.to_string(),
            created_at: webhook.created_at.0,
            previous_until: webhook.previous.as_ref().map(|(_, until)| until.0),
        }
    }
}

/// The endpoints of the organisation.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Webhooks"))]
pub(crate) struct Listed<'a> {
    pub(crate) webhooks: Vec<Shown<'a>>,
}

/// An endpoint with its secret, told once.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "WebhookWithSecret"))]
pub(crate) struct Told<'a> {
    #[serde(flatten)]
    webhook: Shown<'a>,
    /// `whsec_` and 32 octets in base64, as verifiers of Standard Webhooks take it.
    secret: &'a str,
}

impl<'a> Told<'a> {
    pub(crate) fn of(webhook: &'a Webhook, secret: &'a SecretText) -> Self {
        Self {
            webhook: Shown::of(webhook),
            secret: secret.expose(),
        }
    }
}

/// It is not there any more.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "WebhookRemoved"))]
pub(crate) struct Removed {
    pub(crate) webhook_id: String,
    pub(crate) removed: bool,
}

/// A message is on its way.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "WebhookOrdered"))]
pub(crate) struct Ordered {
    /// Its `webhook-id`.
    pub(crate) delivery_id: String,
}

/// What became of one message.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "WebhookDelivery"))]
pub(crate) struct Delivery {
    /// The message's `webhook-id`.
    #[serde(rename = "delivery_id")]
    id: String,
    /// What it tells of: a change of an asset's state, `view.spread`, or `webhook.test`.
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::MessageEvent"))]
    event: &'static str,
    /// When that happened.
    at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset_id: Option<String>,
    /// The view that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    playback_id: Option<String>,
    /// `waiting` for another try, `delivered`, or `dead`.
    #[cfg_attr(feature = "openapi", schemars(with = "webhook::DeliveryState"))]
    state: &'static str,
    /// Tries, since it was replayed last.
    tries: u32,
    /// How often it was replayed.
    replays: u32,
    tried_at: u64,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<u64>,
    /// What the endpoint answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Why it is not delivered: a stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Delivery {
    pub(crate) fn of(delivery: &webhook::Delivery) -> Self {
        let notice = &delivery.notice;
        Self {
            id: delivery.id.to_string(),
            event: notice.topic.as_str(),
            at: notice.at.0,
            asset_id: notice.asset.map(|id| id.to_string()),
            playback_id: notice.view.map(|id| id.to_string()),
            state: delivery.state.as_str(),
            tries: delivery.tries,
            replays: delivery.round,
            tried_at: delivery.tried_at.0,
            next_at: delivery.next_at.map(|at| at.0),
            status: delivery.status,
            reason: delivery.reason.clone(),
        }
    }
}

/// What became of an endpoint's messages.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "WebhookDeliveries"))]
pub(crate) struct Delivered {
    /// The latest first.
    pub(crate) deliveries: Vec<Delivery>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<String>,
}
