//! Orders of a delivery and their JSON: `{"v":1,"org":"org_…","webhook":"whk_…", …}`.

use serde::{Deserialize, Serialize};

use super::{Notice, Topic};
use crate::error::Malformed;
use crate::id::{AssetId, DeliveryId, OrgId, PlaybackId, WebhookId};
use crate::time::Timestamp;

/// Tell one endpoint of one change. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Wire", try_from = "Wire")]
pub struct DeliveryOrder {
    /// Of which organisation.
    pub org: OrgId,
    /// Which endpoint.
    pub webhook: WebhookId,
    /// Which message.
    pub delivery: DeliveryId,
    /// 0 when it happens, and one more for each replay.
    pub round: u32,
    /// Of what.
    pub notice: Notice,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    v: u8,
    org: String,
    webhook: String,
    delivery: String,
    round: u32,
    event: String,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    view: Option<String>,
}

impl TryFrom<Wire> for DeliveryOrder {
    type Error = Malformed;

    fn try_from(wire: Wire) -> Result<Self, Malformed> {
        if wire.v != 1 {
            return Err(Malformed {
                field: "v",
                expected: "1",
            });
        }
        let asset = wire.asset.as_deref().map(AssetId::parse).transpose()?;
        let view = wire.view.as_deref().map(PlaybackId::parse).transpose()?;
        Ok(Self {
            org: OrgId::parse(&wire.org)?,
            webhook: WebhookId::parse(&wire.webhook)?,
            delivery: DeliveryId::parse(&wire.delivery)?,
            round: wire.round,
            notice: Notice {
                topic: Topic::stored(&wire.event).ok_or(Malformed {
                    field: "event",
                    expected: "the name of what is told, or webhook.test",
                })?,
                at: wire.at,
                asset,
                code: wire.code,
                view,
            },
        })
    }
}

impl From<DeliveryOrder> for Wire {
    fn from(order: DeliveryOrder) -> Self {
        Self {
            v: 1,
            org: order.org.to_string(),
            webhook: order.webhook.to_string(),
            delivery: order.delivery.to_string(),
            round: order.round,
            event: order.notice.topic.as_str().to_owned(),
            at: order.notice.at,
            asset: order.notice.asset.map(|id| id.to_string()),
            code: order.notice.code,
            view: order.notice.view.map(|id| id.to_string()),
        }
    }
}
