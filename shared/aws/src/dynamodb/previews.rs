//! The previews of assets: one text on the asset's record.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vault_domain::asset::{Asset, Failure};
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, KeyId, PackageId};
use vault_domain::ports::{Change, PreviewChanges, PreviewStep, StoreError, Stored};
use vault_domain::preview::{PreviewSet, PreviewState, Previews};
use vault_domain::time::Timestamp;

use super::assets::DynamoAssets;
use super::beside::Beside;
use super::record::{Corrupt, Fields};

const PREVIEWS: &str = "previews";
const OPERATION: &str = "previews.change";

/// Previews as the text has them.
#[derive(Serialize, Deserialize)]
struct Wire {
    attempt: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    runs: Vec<String>,
    state: WireState,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireState {
    Waiting,
    Making {
        run: String,
        until: u64,
    },
    Ready {
        run: String,
        key: String,
        /// Of a sound alone there is neither.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        poster: Option<(u16, u16)>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sheets: Option<u8>,
        waveform: bool,
    },
    Failed {
        code: String,
        reason: String,
    },
}

impl From<&Previews> for Wire {
    fn from(previews: &Previews) -> Self {
        Self {
            attempt: previews.attempt,
            runs: previews.runs.iter().map(ToString::to_string).collect(),
            state: match &previews.state {
                PreviewState::Waiting => WireState::Waiting,
                PreviewState::Making { run, until } => WireState::Making {
                    run: run.to_string(),
                    until: until.0,
                },
                PreviewState::Ready(set) => WireState::Ready {
                    run: set.run.to_string(),
                    key: set.key.to_string(),
                    poster: set.pictures.map(|(poster, _)| poster),
                    sheets: set.pictures.map(|(_, sheets)| sheets),
                    waveform: set.waveform,
                },
                PreviewState::Failed(failure) => WireState::Failed {
                    code: failure.code.clone(),
                    reason: failure.reason.clone(),
                },
            },
        }
    }
}

impl Wire {
    fn previews(self) -> Option<Previews> {
        let run = |text: &String| PackageId::parse(text).ok();
        let state = match self.state {
            WireState::Waiting => PreviewState::Waiting,
            WireState::Making { run: own, until } => PreviewState::Making {
                run: run(&own)?,
                until: Timestamp(until),
            },
            WireState::Ready {
                run: own,
                key,
                poster,
                sheets,
                waveform,
            } => PreviewState::Ready(PreviewSet {
                run: run(&own)?,
                key: KeyId::parse(&key).ok()?,
                pictures: poster.zip(sheets),
                waveform,
            }),
            WireState::Failed { code, reason } => PreviewState::Failed(Failure { code, reason }),
        };
        Some(Previews {
            attempt: self.attempt,
            runs: self.runs.iter().map(run).collect::<Option<_>>()?,
            state,
        })
    }
}

fn written(previews: &Previews) -> Stored<String> {
    let text = serde_json::to_string(&Wire::from(previews));
    text.map_err(|error| StoreError::new(OPERATION, error))
}

/// The previews on an asset's record.
pub(super) fn previews(fields: Fields<'_>) -> Result<Option<Previews>, Corrupt> {
    fields.optional(PREVIEWS, |fields, name| {
        fields.parsed(name, |text| {
            let wire: Wire = serde_json::from_str(text).ok()?;
            wire.previews()
        })
    })
}

#[async_trait]
impl PreviewChanges for DynamoAssets {
    async fn change(
        &self,
        id: AssetId,
        package: PackageId,
        step: PreviewStep<'_>,
        record: Option<&Record>,
    ) -> Stored<Change> {
        let beside = Beside {
            operation: OPERATION,
            attribute: PREVIEWS,
            of: |asset: &Asset| asset.previews.clone(),
            written,
        };
        beside.change(self, (id, package), step, record).await
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::record::{item, text};
    use super::*;

    /// Previews that are there, and how they are stored.
    pub(in crate::dynamodb) fn some() -> (Previews, &'static str) {
        let previews = Previews {
            attempt: 2,
            runs: Vec::new(),
            state: PreviewState::Ready(PreviewSet {
                run: PackageId::from_octets([0; 16]),
                key: KeyId::from_octets([0; 16]),
                pictures: Some(((1280, 720), 3)),
                waveform: true,
            }),
        };
        (previews, STORED)
    }

    const STORED: &str = r#"{"attempt":2,"state":{"ready":{"run":"pkg_aaaaaaaaaaaaaaaaaaaaaaaaaa","key":"key_aaaaaaaaaaaaaaaaaaaaaaaaaa","poster":[1280,720],"sheets":3,"waveform":true}}}"#;

    fn read(stored: &str) -> Result<Option<Previews>, Corrupt> {
        previews(Fields(&item([(PREVIEWS, text(stored))])))
    }

    #[test]
    fn previews_read_back_in_each_state_and_another_text_is_corrupt() {
        let (ready, stored) = some();
        assert_eq!(written(&ready).unwrap(), stored);
        let run = PackageId::from_octets([1; 16]);
        let until = Timestamp(6);
        let failure = Failure {
            code: "c".to_owned(),
            reason: "r".to_owned(),
        };
        for state in [
            ready.state.clone(),
            PreviewState::Waiting,
            PreviewState::Making { run, until },
            PreviewState::Failed(failure),
        ] {
            let own = Previews {
                attempt: 3,
                runs: vec![run],
                state,
            };
            assert_eq!(read(&written(&own).unwrap()), Ok(Some(own)));
        }
        for bad in [
            "",
            "{}",
            "[]",
            &stored.replace("pkg_", "ast_"),
            &stored.replace("key_", "k_"),
        ] {
            assert_eq!(read(bad), Err(Corrupt(PREVIEWS)), "{bad}");
        }
        assert_eq!(previews(Fields(&item([]))), Ok(None));
    }
}
