//! The ladders of assets: one text on the asset's record, changed by comparing it with what was read.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vault_domain::asset::{Asset, Failure};
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ladder::{Coded, Variant, VariantId, VariantState};
use vault_domain::ports::{Change, LadderStep, Ladders, StoreError, Stored};
use vault_domain::time::Timestamp;

use super::assets::DynamoAssets;
use super::beside::Beside;
use super::record::{Corrupt, Fields};

const LADDER: &str = "ladder";
const OPERATION: &str = "ladders.change";

/// A variant as the text has it.
#[derive(Serialize, Deserialize)]
struct Wire {
    lines: u16,
    attempt: u8,
    state: WireState,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireState {
    Waiting,
    Coding {
        run: String,
        until: u64,
    },
    Ready {
        codec: String,
        resolution: (u32, u32),
        millirate: u32,
        peak: u64,
        average: u64,
        /// Of variants of before there is no file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        octets: Option<u64>,
    },
    Failed {
        code: String,
        reason: String,
    },
}

impl From<&Variant> for Wire {
    fn from(variant: &Variant) -> Self {
        Self {
            lines: variant.id.lines,
            attempt: variant.id.attempt,
            state: match &variant.state {
                VariantState::Waiting => WireState::Waiting,
                VariantState::Coding { run, until } => WireState::Coding {
                    run: run.to_string(),
                    until: until.0,
                },
                VariantState::Ready(coded) => WireState::Ready {
                    codec: coded.codec.clone(),
                    resolution: coded.resolution,
                    millirate: coded.millirate,
                    peak: coded.peak_bandwidth,
                    average: coded.average_bandwidth,
                    octets: coded.octets,
                },
                VariantState::Failed(failure) => WireState::Failed {
                    code: failure.code.clone(),
                    reason: failure.reason.clone(),
                },
            },
        }
    }
}

impl Wire {
    fn variant(self) -> Option<Variant> {
        let id = VariantId {
            lines: self.lines,
            attempt: self.attempt,
        };
        let state = match self.state {
            WireState::Waiting => VariantState::Waiting,
            WireState::Coding { run, until } => VariantState::Coding {
                run: PackageId::parse(&run).ok()?,
                until: Timestamp(until),
            },
            WireState::Ready {
                codec,
                resolution,
                millirate,
                peak,
                average,
                octets,
            } => VariantState::Ready(Coded {
                codec,
                resolution,
                millirate,
                peak_bandwidth: peak,
                average_bandwidth: average,
                octets,
            }),
            WireState::Failed { code, reason } => VariantState::Failed(Failure { code, reason }),
        };
        Some(Variant { id, state })
    }
}

fn written(ladder: &[Variant]) -> Stored<String> {
    let wire: Vec<_> = ladder.iter().map(Wire::from).collect();
    let text = serde_json::to_string(&wire);
    text.map_err(|error| StoreError::new(OPERATION, error))
}

/// The ladder on an asset's record.
pub(super) fn ladder(fields: Fields<'_>) -> Result<Option<Vec<Variant>>, Corrupt> {
    fields.optional(LADDER, |fields, name| {
        fields.parsed(name, |text| {
            let wire: Vec<Wire> = serde_json::from_str(text).ok()?;
            wire.into_iter().map(Wire::variant).collect()
        })
    })
}

#[async_trait]
impl Ladders for DynamoAssets {
    async fn change(
        &self,
        id: AssetId,
        package: PackageId,
        step: LadderStep<'_>,
        record: Option<&Record>,
    ) -> Stored<Change> {
        let beside = Beside {
            operation: OPERATION,
            attribute: LADDER,
            of: |asset: &Asset| asset.ladder.clone(),
            written: |ladder: &Vec<Variant>| written(ladder),
        };
        let step = |ladder: Option<&Vec<Variant>>| step(ladder.map(Vec::as_slice));
        beside.change(self, (id, package), &step, record).await
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::record::{item, text};
    use super::*;

    /// One of each state, and how it is stored.
    pub(in crate::dynamodb) fn some() -> (Vec<Variant>, &'static str) {
        let variant = |lines, attempt, state| Variant {
            id: VariantId { lines, attempt },
            state,
        };
        let coded = Coded {
            codec: "avc1.64001f".to_owned(),
            resolution: (1280, 720),
            millirate: 25_000,
            peak_bandwidth: 9,
            average_bandwidth: 8,
            octets: Some(7),
        };
        let failure = Failure {
            code: "c".to_owned(),
            reason: "r".to_owned(),
        };
        let run = PackageId::from_octets([0; 16]);
        let ladder = vec![
            variant(1080, 0, VariantState::Waiting),
            variant(
                720,
                1,
                VariantState::Coding {
                    run,
                    until: Timestamp(6),
                },
            ),
            variant(540, 2, VariantState::Ready(coded)),
            variant(360, 3, VariantState::Failed(failure)),
        ];
        (ladder, STORED)
    }

    const STORED: &str = concat!(
        r#"[{"lines":1080,"attempt":0,"state":"waiting"},"#,
        r#"{"lines":720,"attempt":1,"state":{"coding":{"run":"pkg_aaaaaaaaaaaaaaaaaaaaaaaaaa","until":6}}},"#,
        r#"{"lines":540,"attempt":2,"state":{"ready":{"codec":"avc1.64001f","resolution":[1280,720],"millirate":25000,"peak":9,"average":8,"octets":7}}},"#,
        r#"{"lines":360,"attempt":3,"state":{"failed":{"code":"c","reason":"r"}}}]"#,
    );

    #[test]
    fn a_ladder_reads_back_and_another_text_is_corrupt() {
        let (ladder_of, stored) = some();
        assert_eq!(written(&ladder_of).unwrap(), stored);
        let read = |stored: &str| ladder(Fields(&item([(LADDER, text(stored))])));
        assert_eq!(read(stored), Ok(Some(ladder_of)));
        for bad in ["", "{}", "[1]", &stored.replace("pkg_", "ast_")] {
            assert_eq!(read(bad), Err(Corrupt(LADDER)), "{bad}");
        }
        assert_eq!(ladder(Fields(&item([]))), Ok(None));
    }
}
