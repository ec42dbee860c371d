//! An SQS batch of orders.

use serde::Deserialize;
use vault_domain::conversion::ConversionOrder;

/// An SQS batch (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS").
#[derive(Deserialize)]
pub(crate) struct Messages {
    #[serde(rename = "Records")]
    pub(crate) records: Vec<Message>,
}

#[derive(Deserialize)]
pub(crate) struct Message {
    #[serde(rename = "messageId")]
    pub(crate) id: String,
    body: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Deserialize, Default)]
struct Attributes {
    #[serde(rename = "ApproximateReceiveCount", default)]
    receive_count: String,
}

impl Message {
    pub(crate) fn order(&self) -> Option<ConversionOrder> {
        serde_json::from_str(&self.body).ok()
    }

    /// How often SQS has handed it out, this time included; 1 when it does not say.
    pub(crate) fn receive_count(&self) -> u32 {
        self.attributes.receive_count.parse().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::id::{AssetId, OrgId};

    use super::*;

    #[test]
    fn the_sample_event_reads_as_its_order() {
        let text = include_str!("../../../events/convert-film.json");
        let batch: Messages = serde_json::from_str(text).unwrap();
        let order = ConversionOrder::Film {
            org: OrgId::from_octets([1; 16]),
            asset: AssetId::from_octets([2; 16]),
        };
        assert_eq!(batch.records[0].order(), Some(order));
        assert_eq!(batch.records[0].receive_count(), 2);
    }

    #[test]
    fn another_body_is_no_order() {
        for body in [
            "",
            "{}",
            r#"{"v":1,"kind":"film","org":"org_x","asset":"ast_y"}"#,
        ] {
            let message = Message {
                id: "m".into(),
                body: body.into(),
                attributes: Attributes::default(),
            };
            assert_eq!(message.order(), None, "{body}");
        }
    }
}
