//! The library.

use std::cmp::Ordering;

use async_trait::async_trait;
use vault_domain::asset::AssetState;
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, OrgId};
use vault_domain::library::{Description, Filter, Place};
use vault_domain::ports::{Change, Library, Shelf, Stored};

use super::FakeCloud;

/// The order of a list: the latest first, or by title.
fn order(filter: &Filter, a: &Place, b: &Place) -> Ordering {
    if filter.title.is_some() {
        (&a.folded, a.id).cmp(&(&b.folded, b.id))
    } else {
        (b.created_at, b.id).cmp(&(a.created_at, a.id))
    }
}

#[async_trait]
impl Library for FakeCloud {
    async fn list(
        &self,
        org: OrgId,
        filter: &Filter,
        after: Option<&Place>,
        limit: usize,
    ) -> Stored<Shelf> {
        self.call("library.list", |s| {
            let own = s.assets.values().filter(|a| a.announced.org == org);
            let mut found: Vec<_> = own.filter(|a| filter.admits(a)).cloned().collect();
            found.sort_by(|a, b| order(filter, &Place::of(a), &Place::of(b)));
            found.retain(|asset| {
                let behind = |after| order(filter, after, &Place::of(asset)) == Ordering::Less;
                after.is_none_or(behind)
            });
            let more = found.len() > limit;
            found.truncate(limit);
            Ok(Shelf {
                last: found.last().filter(|_| more).map(Place::of),
                assets: found,
            })
        })
        .await
    }
    async fn describe(
        &self,
        id: AssetId,
        seen: u64,
        next: &Description,
        record: &Record,
    ) -> Stored<Change> {
        self.call("library.describe", |s| {
            let asset = s.assets.get_mut(&id);
            let asset = asset.filter(|asset| asset.state != AssetState::Withdrawn);
            let asset = asset.filter(|asset| asset.keeping.presence.is_kept());
            let Some(asset) = asset.filter(|asset| asset.description.version == seen) else {
                return Ok(Change::NotApplied);
            };
            asset.description = next.clone();
            s.audit.push(record.clone());
            Ok(Change::Applied)
        })
        .await
    }
}
