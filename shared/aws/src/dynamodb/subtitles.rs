//! The subtitles that were brought beside an asset, as one text on its record: it changes by comparing it with what was
//! read.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vault_domain::asset::{Asset, AssetState, Failure, Title};
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, TextId};
use vault_domain::language::Language;
use vault_domain::packaging::Rates;
use vault_domain::ports::{
    Assets as _, Change, StoreError, Stored, SubtitlesChanges, SubtitlesStep,
};
use vault_domain::subtitles::{Brought, Entry, Kind, Leaving, Listed, Subtitles, Wanted, Which};
use vault_domain::time::Timestamp;
use vault_domain::token::Digest;

use super::assets::{DynamoAssets, change};
use super::assets_counted::{TRIES, unsettled};
use super::record::{Corrupt, Fields, text};
use super::records;

const SUBTITLES: &str = "subtitles";

#[derive(Serialize, Deserialize, Default)]
struct Wire {
    entries: Vec<WireEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    leavings: Vec<WireLeaving>,
}

#[derive(Serialize, Deserialize)]
struct WireEntry {
    language: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    listed: Option<WireListed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wanted: Option<WireWanted>,
}

#[derive(Serialize, Deserialize)]
struct WireText {
    id: TextId,
    digest: String,
    cues: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    default: bool,
    at: u64,
}

#[derive(Serialize, Deserialize)]
struct WireListed {
    text: WireText,
    peak: u64,
    average: u64,
}

#[derive(Serialize, Deserialize)]
struct WireWanted {
    text: WireText,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct WireLeaving {
    id: TextId,
    language: String,
    kind: String,
    due: u64,
}

impl From<&Brought> for WireText {
    fn from(text: &Brought) -> Self {
        Self {
            id: text.id,
            digest: text.digest.hex(),
            cues: text.cues,
            name: text.name.as_ref().map(|name| name.as_str().to_owned()),
            default: text.default,
            at: text.at.0,
        }
    }
}

impl WireText {
    fn read(self) -> Option<Brought> {
        let digest = data_encoding::HEXLOWER
            .decode(self.digest.as_bytes())
            .ok()?;
        Some(Brought {
            id: self.id,
            digest: Digest(digest.try_into().ok()?),
            cues: self.cues,
            name: match self.name {
                Some(name) => Some(Title::stored(&name)?),
                None => None,
            },
            default: self.default,
            at: Timestamp(self.at),
        })
    }
}

impl From<&Entry> for WireEntry {
    fn from(entry: &Entry) -> Self {
        Self {
            language: entry.which.language.as_str().to_owned(),
            kind: entry.which.kind.as_str().to_owned(),
            listed: entry.listed.as_ref().map(|listed| WireListed {
                text: (&listed.text).into(),
                peak: listed.rates.peak,
                average: listed.rates.average,
            }),
            wanted: entry.wanted.as_ref().map(|wanted| WireWanted {
                text: (&wanted.text).into(),
                failure: wanted
                    .failure
                    .as_ref()
                    .map(|failure| (failure.code.clone(), failure.reason.clone())),
            }),
        }
    }
}

impl WireEntry {
    fn read(self) -> Option<Entry> {
        let listed = match self.listed {
            None => None,
            Some(listed) => Some(Listed {
                text: listed.text.read()?,
                rates: Rates {
                    peak: listed.peak,
                    average: listed.average,
                },
            }),
        };
        let wanted = match self.wanted {
            None => None,
            Some(wanted) => {
                let failure = wanted.failure;
                Some(Wanted {
                    text: wanted.text.read()?,
                    failure: failure.map(|(code, reason)| Failure { code, reason }),
                })
            }
        };
        Some(Entry {
            which: which(&self.language, &self.kind)?,
            listed,
            wanted,
        })
    }
}

impl WireLeaving {
    fn read(self) -> Option<Leaving> {
        Some(Leaving {
            id: self.id,
            which: which(&self.language, &self.kind)?,
            due: Timestamp(self.due),
        })
    }
}

fn which(language: &str, kind: &str) -> Option<Which> {
    Some(Which {
        language: Language::parse(language).ok()?,
        kind: Kind::parse(kind).ok()?,
    })
}

fn written(subtitles: &Subtitles) -> Stored<String> {
    let leavings = subtitles.leavings.iter();
    let wire = Wire {
        entries: subtitles.entries.iter().map(WireEntry::from).collect(),
        leavings: leavings
            .map(|leaving| WireLeaving {
                id: leaving.id,
                language: leaving.which.language.as_str().to_owned(),
                kind: leaving.which.kind.as_str().to_owned(),
                due: leaving.due.0,
            })
            .collect(),
    };
    let text = serde_json::to_string(&wire);
    text.map_err(|error| StoreError::new("subtitles.change", error))
}

fn read(text: &str) -> Option<Subtitles> {
    let wire: Wire = serde_json::from_str(text).ok()?;
    let entries = wire.entries.into_iter().map(WireEntry::read);
    let leavings = wire.leavings.into_iter().map(WireLeaving::read);
    Some(Subtitles {
        entries: entries.collect::<Option<_>>()?,
        leavings: leavings.collect::<Option<_>>()?,
    })
}

/// The subtitles on an asset's record; none were brought where it says nothing.
pub(super) fn subtitles(fields: Fields<'_>) -> Result<Subtitles, Corrupt> {
    let told = fields.optional(SUBTITLES, |fields, name| fields.parsed(name, read))?;
    Ok(told.unwrap_or_default())
}

/// May its subtitles be changed?
fn admits(asset: &Asset) -> bool {
    asset.keeping.presence.is_kept() && asset.state != AssetState::Withdrawn
}

#[async_trait]
impl SubtitlesChanges for DynamoAssets {
    async fn change(
        &self,
        id: AssetId,
        step: SubtitlesStep<'_>,
        record: Option<&Record>,
    ) -> Stored<Change> {
        const OPERATION: &str = "subtitles.change";
        let mut tried = None;
        for _ in 0..TRIES {
            let Some(seen) = self.get(id).await?.filter(admits) else {
                return Ok(Change::NotApplied);
            };
            // A change that took effect, and whose reply was lost.
            if tried.as_ref() == Some(&seen.subtitles) {
                return Ok(Change::Applied);
            }
            let Some(next) = step(&seen.subtitles) else {
                return Ok(Change::NotApplied);
            };
            let none = seen.subtitles == Subtitles::default();
            let before = written(&seen.subtitles)?;
            // Nothing is written as nothing or as an empty text.
            let known = if none {
                "(attribute_not_exists(subtitles) OR subtitles = :before)"
            } else {
                "subtitles = :before"
            };
            let request = self
                .update(id)
                .update_expression("SET subtitles = :next")
                .condition_expression(format!(
                    "attribute_exists(#state) AND #state <> :withdrawn AND attribute_not_exists(deleted_at) AND {known}"
                ))
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":withdrawn", text(AssetState::Withdrawn.as_str()))
                .expression_attribute_values(":before", text(before))
                .expression_attribute_values(":next", text(written(&next)?));
            let changed = match record {
                Some(record) => {
                    let writes = records::update(&request).map(|write| vec![write]);
                    self.records.with(OPERATION, writes, record).await?
                }
                None => change(OPERATION, request).await?,
            };
            if changed == Change::Applied {
                return Ok(Change::Applied);
            }
            tried = Some(next);
        }
        Err(unsettled(OPERATION))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::record::item;
    use super::*;

    fn brought(number: u8, name: Option<&str>) -> Brought {
        Brought {
            id: TextId::from_octets([number; 16]),
            digest: Digest([number; 32]),
            cues: 3,
            name: name.map(|name| Title::parse(name).unwrap()),
            default: name.is_some(),
            at: Timestamp(5),
        }
    }

    /// One of each, and how it is stored.
    pub(in crate::dynamodb) fn some() -> (Subtitles, String) {
        let which = |language, kind| Which {
            language: Language::parse(language).unwrap(),
            kind,
        };
        let (de, en) = (which("de", Kind::Subtitles), which("en", Kind::Captions));
        let rates = Rates {
            peak: 9,
            average: 8,
        };
        let failure = Failure {
            code: "c".to_owned(),
            reason: "r".to_owned(),
        };
        let all = Subtitles::default()
            .brought(&de, &brought(0, None))
            .unwrap();
        let all = all
            .settled(brought(0, None).id, rates, Timestamp(6))
            .unwrap();
        let all = all.brought(&de, &brought(1, Some("N"))).unwrap();
        let all = all.failed(brought(1, None).id, &failure).unwrap();
        let all = all.brought(&en, &brought(2, None)).unwrap();
        let all = all.brought(&en, &brought(3, None)).unwrap();
        let stored = written(&all).unwrap();
        (all, stored)
    }

    #[test]
    fn subtitles_read_back_and_another_text_is_corrupt() {
        let (all, stored) = some();
        assert!(stored.starts_with(
            r#"{"entries":[{"language":"de","kind":"subtitles","listed":{"text":{"id":"txt_"#
        ));
        let read = |stored: &str| subtitles(Fields(&item([(SUBTITLES, text(stored))])));
        assert_eq!(read(&stored), Ok(all));
        for bad in [
            "",
            "[]",
            &stored.replace("txt_", "ast_"),
            &stored.replace("captions", "songs"),
            &stored.replace("\"de\"", "\"\""),
            &stored.replace("0000", "00"),
        ] {
            assert_eq!(read(bad), Err(Corrupt(SUBTITLES)), "{bad}");
        }
        assert_eq!(subtitles(Fields(&item([]))), Ok(Subtitles::default()));
    }
}
