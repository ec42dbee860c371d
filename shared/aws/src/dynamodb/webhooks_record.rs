//! Endpoints and deliveries as records.

use aws_sdk_dynamodb::types::AttributeValue;
use vault_domain::api_key::Label;
use vault_domain::id::{AssetId, DeliveryId, OrgId, PlaybackId, UserId, WebhookId};
use vault_domain::webhook::{
    Because, Delivery, DeliveryState, Notice, Roll, SigningKey, Topic, Topics, Webhook, WebhookUrl,
};

use super::TTL;
use super::record::{Corrupt, Fields, Item, item, number, octets, put_some, text, texts_of, time};

/// Seconds for which it is kept what became of a message: thirty days.
const KEPT: u64 = 30 * 86_400;

/// All endpoints of an organisation, without their key.
pub(super) fn roll_attributes(roll: &Roll) -> Item {
    let all = roll.webhooks.iter().map(endpoint_attributes);
    let all = all.map(AttributeValue::M).collect();
    item([
        ("version", number(roll.version)),
        ("endpoints", AttributeValue::L(all)),
    ])
}

pub(super) fn roll(org: OrgId, item: &Item) -> Result<Roll, Corrupt> {
    let Some(AttributeValue::L(all)) = item.get("endpoints") else {
        return Err(Corrupt("endpoints"));
    };
    let endpoints = all.iter().map(|value| match value {
        AttributeValue::M(attributes) => endpoint(org, attributes),
        _ => Err(Corrupt("endpoints")),
    });
    Ok(Roll {
        version: Fields(item).number("version")?,
        webhooks: endpoints.collect::<Result<_, _>>()?,
    })
}

fn endpoint_attributes(webhook: &Webhook) -> Item {
    let topics: Vec<_> = webhook.topics.iter().map(Topic::as_str).collect();
    let mut written = item([
        ("id", text(webhook.id.to_string())),
        ("name", text(webhook.name.as_str())),
        ("url", text(webhook.url.as_str())),
        ("topics", texts_of(&topics)),
        ("key_version", text(&webhook.key.version)),
        ("key_nonce", octets(&webhook.key.nonce)),
        ("created_by", text(webhook.created_by.to_string())),
        ("created_at", time(webhook.created_at)),
    ]);
    if let Some((at, because)) = webhook.disabled {
        written.extend(item([
            ("disabled_at", time(at)),
            ("because", text(because.as_str())),
        ]));
    }
    if let Some((key, until)) = &webhook.previous {
        written.extend(item([
            ("previous_version", text(&key.version)),
            ("previous_nonce", octets(&key.nonce)),
            ("previous_until", time(*until)),
        ]));
    }
    written
}

fn endpoint(org: OrgId, item: &Item) -> Result<Webhook, Corrupt> {
    let fields = Fields(item);
    let topics = fields.texts("topics", |text| Some(text.to_owned()))?;
    let topics = Topics::parse(topics.iter().map(String::as_str));
    Ok(Webhook {
        id: fields.parsed("id", |text| WebhookId::parse(text).ok())?,
        org,
        name: fields.parsed("name", Label::stored)?,
        url: fields.parsed("url", WebhookUrl::stored)?,
        topics: topics.map_err(|_| Corrupt("topics"))?,
        disabled: fields.optional("disabled_at", |fields, name| {
            Ok((
                fields.time(name)?,
                fields.parsed("because", Because::parse)?,
            ))
        })?,
        key: SigningKey {
            version: fields.text("key_version")?.to_owned(),
            nonce: fields.octets("key_nonce")?,
        },
        previous: fields.optional("previous_until", |fields, name| {
            let key = SigningKey {
                version: fields.text("previous_version")?.to_owned(),
                nonce: fields.octets("previous_nonce")?,
            };
            Ok((key, fields.time(name)?))
        })?,
        created_by: fields.parsed("created_by", |text| UserId::parse(text).ok())?,
        created_at: fields.time("created_at")?,
    })
}

/// What became of a message, without its key.
pub(super) fn delivery_attributes(delivery: &Delivery) -> Item {
    let notice = &delivery.notice;
    let mut written = item([
        ("id", text(delivery.id.to_string())),
        ("org", text(delivery.org.to_string())),
        ("event", text(notice.topic.as_str())),
        ("at", time(notice.at)),
        ("state", text(delivery.state.as_str())),
        ("round", number(delivery.round)),
        ("tries", number(delivery.tries)),
        ("tried_at", time(delivery.tried_at)),
        (TTL, time(delivery.tried_at.plus(KEPT))),
    ]);
    let asset = notice.asset.map(|id| text(id.to_string()));
    put_some(&mut written, "asset", asset);
    put_some(&mut written, "code", notice.code.as_ref().map(text));
    let view = notice.view.map(|id| text(id.to_string()));
    put_some(&mut written, "view", view);
    put_some(&mut written, "status", delivery.status.map(number));
    put_some(&mut written, "reason", delivery.reason.as_ref().map(text));
    put_some(&mut written, "next_at", delivery.next_at.map(time));
    written
}

pub(super) fn delivery(webhook: WebhookId, item: &Item) -> Result<Delivery, Corrupt> {
    let fields = Fields(item);
    let texts = |fields: Fields<'_>, name| fields.text(name).map(str::to_owned);
    Ok(Delivery {
        id: fields.parsed("id", |text| DeliveryId::parse(text).ok())?,
        org: fields.parsed("org", |text| OrgId::parse(text).ok())?,
        webhook,
        notice: Notice {
            topic: fields.parsed("event", Topic::stored)?,
            at: fields.time("at")?,
            asset: fields.optional("asset", |fields, name| {
                fields.parsed(name, |text| AssetId::parse(text).ok())
            })?,
            code: fields.optional("code", texts)?,
            view: fields.optional("view", |fields, name| {
                fields.parsed(name, |text| PlaybackId::parse(text).ok())
            })?,
        },
        state: fields.parsed("state", DeliveryState::parse)?,
        round: fields.number("round")?,
        tries: fields.number("tries")?,
        status: fields.optional("status", Fields::number)?,
        reason: fields.optional("reason", texts)?,
        tried_at: fields.time("tried_at")?,
        next_at: fields.optional("next_at", Fields::time)?,
    })
}

#[cfg(test)]
mod tests {
    use vault_domain::audit::Event;
    use vault_domain::time::Timestamp;
    use vault_domain::webhook::Reach;

    use super::super::record::checks::reads_back;
    use super::*;

    fn webhook() -> Webhook {
        let key = |nonce| SigningKey {
            version: "1".to_owned(),
            nonce: [nonce; 16],
        };
        Webhook {
            id: WebhookId::from_octets([1; 16]),
            org: OrgId::from_octets([2; 16]),
            name: Label::parse("CI").unwrap(),
            url: WebhookUrl::parse("https://example.org/?x", Reach::Public).unwrap(),
            topics: Topics::parse(["asset.ready"]).unwrap(),
            disabled: Some((Timestamp(3), Because::Gone)),
            key: key(4),
            previous: Some((key(5), Timestamp(6))),
            created_by: UserId::from_octets([7; 16]),
            created_at: Timestamp(8),
        }
    }

    #[test]
    fn endpoints_read_back_and_broken_ones_are_corrupt() {
        let org = webhook().org;
        let required = [
            "id",
            "name",
            "url",
            "topics",
            "key_version",
            "key_nonce",
            "created_by",
            "created_at",
        ];
        let read = |item: &Item| endpoint(org, item);
        reads_back(
            &webhook(),
            &endpoint_attributes(&webhook()),
            read,
            &required,
        );
        let least = Webhook {
            topics: Topics::default(),
            disabled: None,
            previous: None,
            ..webhook()
        };
        reads_back(&least, &endpoint_attributes(&least), read, &required);
        let whole = Roll {
            version: 9,
            webhooks: vec![webhook(), least],
        };
        let read = |item: &Item| roll(org, item);
        reads_back(
            &whole,
            &roll_attributes(&whole),
            read,
            &["version", "endpoints"],
        );
    }

    #[test]
    fn a_delivery_reads_back_and_a_broken_one_is_corrupt() {
        let whole = Delivery {
            id: DeliveryId::from_octets([1; 16]),
            org: OrgId::from_octets([2; 16]),
            webhook: webhook().id,
            notice: Notice {
                topic: Topic::Asset(Event::AssetFailed),
                at: Timestamp(3),
                asset: Some(AssetId::from_octets([4; 16])),
                code: Some("not_a_film".to_owned()),
                view: Some(PlaybackId::from_octets([5; 16])),
            },
            state: DeliveryState::Waiting,
            round: 5,
            tries: 6,
            status: Some(503),
            reason: Some("refused".to_owned()),
            tried_at: Timestamp(7),
            next_at: Some(Timestamp(8)),
        };
        let required = [
            "id", "org", "event", "at", "state", "round", "tries", "tried_at",
        ];
        let read = |item: &Item| delivery(webhook().id, item);
        reads_back(&whole, &delivery_attributes(&whole), read, &required);
        let least = Delivery {
            notice: Notice {
                topic: Topic::Test,
                asset: None,
                code: None,
                view: None,
                ..whole.notice.clone()
            },
            status: None,
            reason: None,
            next_at: None,
            ..whole
        };
        reads_back(&least, &delivery_attributes(&least), read, &required);
    }
}
