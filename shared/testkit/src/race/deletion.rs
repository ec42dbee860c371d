//! Returns, holds and several sweeps of what is due, all at once: one of them wins, and nothing is between.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::asset::Asset;
use vault_domain::audit::Event;
use vault_domain::deletion::{Deletion, Hold, Keeping, Presence, Reason};
use vault_domain::ports::{Assets as _, Change, Clock as _, Deletions as _};
use vault_domain::usecase::sweep_assets::{self, Command};

use super::{Way, together};
use crate::builders::{self, ASSET};
use crate::contract::roomy;
use crate::entropy::SeedNote;
use crate::kit::Kit;

/// Who sweeps at once.
const SWEEPERS: usize = 4;

/// What stands against the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// A return.
    Restore,
    /// A hold.
    Hold,
}

/// Whatever wins: an asset that was had back or held in time has everything, and one that was erased nothing; it is on
/// record once.
pub async fn race_the_end(kit: &Kit, against: Against, seed: u64, way: Way) {
    let _note = SeedNote(seed);
    kit.plant_ready();
    let now = kit.clock.now();
    let presence = Presence::Deleted(Deletion {
        at: now,
        // By the clock of whoever has it back there is a second left; by that of the sweeps there is none.
        erase_at: now,
    });
    kit.change_asset(|asset| {
        asset.keeping = Keeping {
            presence,
            ..Keeping::default()
        };
    });
    kit.cloud.with(|s| {
        let due = vault_domain::deletion::Due::asset(builders::ORG, ASSET, now);
        s.dues.insert((due.org, due.duty), due.at);
    });
    let before = kit.cloud.snapshot();
    let mut runners: Vec<BoxFuture<'static, Option<Change>>> = Vec::new();
    for _ in 0..SWEEPERS {
        let deps = Arc::new(kit.sweep_assets());
        let command = Command {
            deadline: now.plus(600),
            request: "race".to_owned(),
        };
        runners.push(Box::pin(async move {
            sweep_assets::run(&deps, &command).await.expect("a run");
            None
        }));
    }
    let (cloud, record) = (Arc::clone(&kit.cloud), builders::record());
    runners.push(Box::pin(async move {
        let asset: Option<Asset> = cloud.get(ASSET).await.expect("get");
        let asset = asset?;
        let earlier = vault_domain::time::Timestamp(now.0 - 1);
        let done = match against {
            Against::Restore => {
                let moments = (earlier, now);
                let restored = cloud.restore(&asset, moments, &builders::QUOTA, &record);
                restored.await.map(roomy)
            }
            Against::Hold => {
                let hold = Hold {
                    reason: Reason::parse("Case 1").expect("a reason"),
                    at: now,
                };
                cloud.hold(&asset, &hold, &record).await
            }
        };
        Some(done.expect("a change"))
    }));
    let outcomes = together(way, runners).await;
    let won = outcomes.contains(&Some(Change::Applied));
    let after = kit.cloud.snapshot();
    let erased = after.audit.iter().filter(|r| r.event == Event::AssetErased);
    let begun = after
        .audit
        .iter()
        .filter(|r| r.event == Event::AssetErasing);
    let counts = (begun.count(), erased.count());
    if won {
        assert_eq!(counts, (0, 0), "{against:?} was in time");
        assert_eq!((after.keys, after.segments), (before.keys, before.segments));
        assert!(after.assets.contains_key(&ASSET));
    } else {
        assert_eq!(counts, (1, 1), "once, whoever sweeps");
        assert!(after.keys.is_empty() && after.segments.is_empty());
        assert!(!after.assets.contains_key(&ASSET) && after.tombstones.contains_key(&ASSET));
    }
}
