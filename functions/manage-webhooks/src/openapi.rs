//! What describes the routes.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use vault_domain::webhook::{DeliveryState, Topic};
use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;

use crate::shape::{Changed, Delivered, Listed, New, Ordered, Removed, Shown, Told};

/// What a message tells of.
pub(crate) struct MessageEvent;

impl JsonSchema for MessageEvent {
    fn schema_name() -> Cow<'static, str> {
        "WebhookMessageEvent".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let topics = Topic::all().chain([Topic::Test]).map(Topic::as_str);
        let topics: Vec<_> = topics.collect();
        json_schema!({
            "type": "string", "description": "A change of an asset's state, a sign about a view, or a test.", "enum": topics,
        })
    }
}

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "GET /v1/webhooks",
            "listWebhooks",
            "The webhooks of the organisation",
        )
        .replies::<Listed<'static>>(200, "All of them"),
        Operation::new("POST /v1/webhooks", "createWebhook", "Sets up a webhook")
            .idempotent()
            .never(&[Code::IdempotencyMismatch])
            .takes::<New>()
            .replies::<Told<'static>>(201, "The webhook and its secret")
            .with_header("location", "Where it is.")
            .refuses(CHANGED)
            .refuses(&[Code::Conflict, Code::LimitReached]),
        Operation::new("GET /v1/webhooks/{webhook_id}", "getWebhook", "One of them")
            .replies::<Shown<'static>>(200, "The webhook"),
        Operation::new(
            "PATCH /v1/webhooks/{webhook_id}",
            "patchWebhook",
            "Changes a webhook, or switches it on or off",
        )
        .patches::<Changed>()
        .replies::<Shown<'static>>(200, "The webhook as it is now")
        .refuses(CHANGED),
        Operation::new(
            "DELETE /v1/webhooks/{webhook_id}",
            "removeWebhook",
            "Removes a webhook",
        )
        .replies::<Removed>(200, "It is gone")
        .refuses(CHANGED),
        Operation::new(
            "POST /v1/webhooks/{webhook_id}/rotate",
            "rotateWebhook",
            "Gives a webhook another secret; the one before signs as well for a day",
        )
        .replies::<Told<'static>>(200, "The webhook and its new secret")
        .refuses(CHANGED),
        Operation::new(
            "POST /v1/webhooks/{webhook_id}/test",
            "testWebhook",
            "Has a test sent",
        )
        .replies::<Ordered>(202, "It is on its way")
        .refuses(&[Code::Conflict]),
        Operation::new(
            "GET /v1/webhooks/{webhook_id}/deliveries",
            "listWebhookDeliveries",
            "What became of its messages, the latest first",
        )
        .may_ask::<DeliveryState>("state")
        .query(&["limit", "cursor"])
        .replies::<Delivered>(200, "A page"),
        Operation::new(
            "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
            "replayWebhookDelivery",
            "Has a message sent again that is over",
        )
        .replies::<Ordered>(202, "It is on its way")
        .refuses(&[Code::Conflict]),
    ];
    Section::new(
        "Webhooks",
        "Endpoints that are told of every change of an asset's state, and of views that are watched elsewhere.",
        operations,
    )
}

const CHANGED: &[Code] = &[Code::ReauthenticationNeeded];
