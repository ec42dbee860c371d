//! What is told, and in which form.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::audit::{Event, Record};
use crate::error::Malformed;
use crate::id::{AssetId, DeliveryId, OrgId, PlaybackId, RecordId, WebhookId};
use crate::ports::Hashing;
use crate::time::Timestamp;

/// What a message is about: an event of the record by its name, or a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// A change of an asset's state, or a sign about a view of it.
    Asset(Event),
    /// Somebody tries the endpoint.
    Test,
}

/// Changes of an asset's state, and the state that each leaves, where the event alone says it; and what is seen of its views,
/// which leaves it as it is.
const CHANGES: [(Event, Option<&str>); 11] = [
    (Event::AssetAnnounced, Some("uploading")),
    (Event::AssetUploaded, Some("uploaded")),
    (Event::AssetProcessing, Some("processing")),
    (Event::AssetReady, Some("ready")),
    (Event::AssetFailed, Some("failed")),
    (Event::AssetWithdrawn, Some("withdrawn")),
    (Event::AssetDeleted, Some("deleted")),
    // It comes back in the state that it has then: ask for it.
    (Event::AssetRestored, None),
    (Event::AssetErasing, Some("erasing")),
    (Event::AssetErased, Some("erased")),
    (Event::ViewSpread, None),
];

/// What the topic of a test is called.
const TEST: &str = "webhook.test";

impl Topic {
    /// Those that an endpoint may choose from.
    pub fn all() -> impl Iterator<Item = Self> {
        CHANGES.iter().map(|(event, _)| Self::Asset(*event))
    }

    /// The name, as in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asset(event) => event.as_str(),
            Self::Test => TEST,
        }
    }

    /// Reads the name of any topic.
    pub fn stored(text: &str) -> Option<Self> {
        Self::all()
            .chain([Self::Test])
            .find(|topic| topic.as_str() == text)
    }

    /// Parses the name of one that can be chosen.
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        Self::all()
            .find(|topic| topic.as_str() == text)
            .ok_or(Malformed {
                field: "events",
                expected: "names of what is told, such as asset.ready",
            })
    }

    fn state(self) -> Option<&'static str> {
        let mut changes = CHANGES.iter();
        changes
            .find(|(event, _)| Self::Asset(*event) == self)
            .and_then(|(_, state)| *state)
    }
}

/// What an endpoint is told of; none stands for everything, also for what will be added.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Topics(BTreeSet<Topic>);

impl Topics {
    /// Parses names; none stands for everything.
    ///
    /// # Errors
    /// [`Malformed`]
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Malformed> {
        let topics = names.into_iter().map(Topic::parse);
        topics.collect::<Result<_, _>>().map(Self)
    }
    /// Is it told of this? Of a test always.
    pub fn hold(&self, topic: Topic) -> bool {
        self.0.is_empty() || topic == Topic::Test || self.0.contains(&topic)
    }
    /// Each, in their order; none stands for everything.
    pub fn iter(&self) -> impl Iterator<Item = Topic> {
        self.0.iter().copied()
    }
}

/// What there is to tell: nothing of it is a secret, a title or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub topic: Topic,
    /// When it happened.
    pub at: Timestamp,
    /// With which asset; none of a test.
    pub asset: Option<AssetId>,
    /// Why it failed, where it did: the stable code.
    pub code: Option<String>,
    /// Of which view, where it is about one.
    pub view: Option<PlaybackId>,
}

impl Notice {
    /// What a record has to tell, if it is of a change of an asset's state or of a sign about a view. What is found and removed after an asset was
    /// erased is on record, and changes nothing any more.
    pub fn of(record: &Record) -> Option<Self> {
        let topic = Topic::Asset(record.event);
        let is_late = record.details.iter().any(|(name, _)| name == "late");
        if is_late || !Topic::all().any(|known| known == topic) {
            return None;
        }
        let detail = |of, wanted| {
            let mut details = record.details.iter().filter(|_| record.event == of);
            details.find(|(name, _)| *name == wanted)
        };
        let code = detail(Event::AssetFailed, "code").map(|(_, code)| code.to_owned());
        let view = detail(Event::ViewSpread, "view");
        Some(Self {
            topic,
            at: record.at,
            asset: Some(record.asset?),
            code,
            view: view.and_then(|(_, id)| PlaybackId::parse(id).ok()),
        })
    }

    /// The message's body, the same octets each time.
    pub fn payload(&self, org: OrgId, webhook: WebhookId) -> String {
        let is_test = self.topic == Topic::Test;
        let body = Body {
            kind: self.topic.as_str(),
            timestamp: self.at.iso8601(),
            data: Data {
                organisation_id: org.to_string(),
                webhook_id: is_test.then(|| webhook.to_string()),
                asset_id: self.asset.map(|id| id.to_string()),
                playback_id: self.view.map(|id| id.to_string()),
                state: self.topic.state(),
                failure: self.code.as_deref().map(|code| Failure { code }),
            },
        };
        // Texts and options of them: there is nothing that could not be written.
        serde_json::to_string(&body).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    organisation_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    playback_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure<'a>>,
}

#[derive(Serialize)]
struct Failure<'a> {
    code: &'a str,
}

impl DeliveryId {
    /// That of a record for an endpoint: the same, however often it is told. It begins with the time, so that messages are in
    /// the order of it.
    pub fn of(hashing: &dyn Hashing, webhook: WebhookId, record: RecordId, at: Timestamp) -> Self {
        let mut input = b"webhook message\0".to_vec();
        input.extend_from_slice(webhook.octets());
        input.extend_from_slice(record.octets());
        Self::at(at, &hashing.sha256(&input).0)
    }

    /// At this time, and otherwise by these octets.
    pub fn at(at: Timestamp, octets: &[u8; 32]) -> Self {
        let [_, _, time @ ..] = at.0.to_be_bytes();
        let mut id = [0; 16];
        let (head, tail) = id.split_at_mut(time.len());
        head.copy_from_slice(&time);
        tail.copy_from_slice(&octets[..tail.len()]);
        Self::from_octets(id)
    }
}
