//! Deletions, holds, rules, and the end of assets.

use std::ops::Bound;

use async_trait::async_trait;
use vault_domain::asset::{Asset, AssetState, manifests_prefix, media_prefix, uploads_prefix};
use vault_domain::audit::Record;
use vault_domain::deletion::{Deletion, Due, Duty, Hold, Presence, Retention, Rule, Tombstone};
use vault_domain::id::{AssetId, OrgId};
use vault_domain::member::Membership;
use vault_domain::ports::{
    Change, Charged, Deletions, Dues, Elder, Erasures, Gone, KeyErasure, MediaErasure,
    RetentionChanges, Retentions, ShareErasure, SourceErasure, Stored,
};
use vault_domain::quota::{ABANDONED_AFTER, Charge, Quota, Usage};
use vault_domain::time::Timestamp;

use super::{FakeCloud, State};

/// What one call looks at or removes: so few that a golden film takes several.
const SOME: usize = 2;

/// Changes the asset and records it, if it is there and admits it.
fn change(
    state: &mut State,
    id: AssetId,
    admits: impl FnOnce(&Asset) -> bool,
    apply: impl FnOnce(&mut Asset),
    record: &Record,
) -> Change {
    match state.assets.get_mut(&id) {
        Some(asset) if admits(asset) => {
            let (org, before) = (asset.announced.org, asset.charge);
            apply(asset);
            let after = asset.charge;
            state.recharge(org, before, after);
            state.audit.push(record.clone());
            Change::Applied
        }
        _ => Change::NotApplied,
    }
}

fn is_erasing(asset: &Asset) -> bool {
    matches!(asset.keeping.presence, Presence::Erasing(_))
}

fn due_now(state: &mut State, due: Due) {
    let key = (due.org, due.duty);
    state.dues.insert(key, due.at);
}

fn not_due(state: &mut State, asset: &Asset) {
    let key = (asset.announced.org, Duty::Asset(asset.id()));
    state.dues.remove(&key);
}

#[async_trait]
impl Deletions for FakeCloud {
    async fn delete(&self, seen: &Asset, deletion: Deletion, record: &Record) -> Stored<Change> {
        self.call("deletions.delete", |s| {
            let restored = seen.keeping.restored_at;
            let admits = |a: &Asset| {
                let free = a.keeping.presence.is_kept() && a.keeping.hold.is_none();
                free && a.keeping.restored_at == restored
            };
            let apply = |a: &mut Asset| {
                a.keeping.presence = Presence::Deleted(deletion);
                a.charge = a.charge.map(Charge::settled);
            };
            let done = change(s, seen.id(), admits, apply, record);
            if done == Change::Applied {
                let due = Due::asset(seen.announced.org, seen.id(), deletion.erase_at);
                due_now(s, due);
            }
            Ok(done)
        })
        .await
    }
    async fn restore(
        &self,
        seen: &Asset,
        (now, views_from): (Timestamp, Timestamp),
        defaults: &Quota,
        record: &Record,
    ) -> Stored<Charged> {
        self.call("deletions.restore", |s| {
            let Presence::Deleted(deletion) = seen.keeping.presence else {
                return Ok(Charged::NotApplied);
            };
            let upload = seen.state == AssetState::Uploading && seen.charge.is_some();
            let org = seen.announced.org;
            let admits = |a: &Asset| {
                let timely = deletion.erase_at > now || a.keeping.hold.is_some();
                let same = a.keeping.presence == Presence::Deleted(deletion);
                same && timely && a.state == seen.state
            };
            if !s.assets.get(&seen.id()).is_some_and(admits) {
                return Ok(Charged::NotApplied);
            }
            if upload && let Err(exceeded) = s.tally(org).admits(defaults, &Usage::UPLOAD) {
                return Ok(Charged::OverQuota(exceeded));
            }
            let apply = |a: &mut Asset| {
                a.keeping.presence = Presence::Kept;
                a.keeping.restored_at = Some(now);
                a.views_from = views_from;
                a.charge = a.charge.map(|charge| Charge { upload, ..charge });
            };
            change(s, seen.id(), |_| true, apply, record);
            not_due(s, seen);
            if upload {
                let looked_at = seen.announced.created_at.plus(ABANDONED_AFTER);
                s.waiting.entry(org).or_insert(looked_at);
            }
            Ok(Charged::Applied)
        })
        .await
    }
    async fn hold(&self, seen: &Asset, hold: &Hold, record: &Record) -> Stored<Change> {
        self.call("deletions.hold", |s| {
            let reason = |a: &Asset| a.keeping.hold.as_ref().map(|hold| hold.reason.clone());
            let admits = |a: &Asset| !is_erasing(a) && reason(a) == reason(seen);
            let apply = |a: &mut Asset| a.keeping.hold = Some(hold.clone());
            let done = change(s, seen.id(), admits, apply, record);
            if done == Change::Applied {
                not_due(s, seen);
            }
            Ok(done)
        })
        .await
    }
    async fn release(&self, seen: &Asset, record: &Record) -> Stored<Change> {
        self.call("deletions.release", |s| {
            let admits = |a: &Asset| {
                let reason = |a: &Asset| a.keeping.hold.as_ref().map(|hold| hold.reason.clone());
                let same = a.keeping.presence == seen.keeping.presence;
                same && a.keeping.hold.is_some() && reason(a) == reason(seen)
            };
            let apply = |a: &mut Asset| a.keeping.hold = None;
            let done = change(s, seen.id(), admits, apply, record);
            let deletion = seen.keeping.presence.deletion();
            if let Some(deletion) = deletion.filter(|_| done == Change::Applied) {
                let due = Due::asset(seen.announced.org, seen.id(), deletion.erase_at);
                due_now(s, due);
            }
            Ok(done)
        })
        .await
    }
}

#[async_trait]
impl Retentions for FakeCloud {
    async fn retention(&self, org: OrgId) -> Stored<Retention> {
        let name = "retentions.retention";
        self.call(name, |s| Ok(s.rules.get(&org).copied().unwrap_or_default()))
            .await
    }
}

#[async_trait]
impl RetentionChanges for FakeCloud {
    async fn set_retention(
        &self,
        by: &Membership,
        (seen, next): (&Retention, &Retention),
        now: Timestamp,
        record: &Record,
    ) -> Stored<Change> {
        self.call("retentions.set_retention", |s| {
            let place = s.memberships.get(&(by.org, by.user));
            let stands = place.is_some_and(|place| place.role == by.role && place.active);
            let version = s.rules.get(&by.org).map_or(0, |rules| rules.version);
            if !stands || version != seen.version {
                return Ok(Change::NotApplied);
            }
            s.rules.insert(by.org, *next);
            s.dues.remove(&(by.org, Duty::Organisation));
            if next.rules().next().is_some() {
                due_now(s, Due::organisation(by.org, now));
            }
            s.audit.push(record.clone());
            Ok(Change::Applied)
        })
        .await
    }
}

/// Takes it out, if it is due as it was seen.
fn taken(state: &mut State, due: &Due) -> Change {
    let key = (due.org, due.duty);
    if state.dues.get(&key) == Some(&due.at) {
        state.dues.remove(&key);
        Change::Applied
    } else {
        Change::NotApplied
    }
}

#[async_trait]
impl Dues for FakeCloud {
    async fn due(
        &self,
        part: u8,
        until: Timestamp,
        after: Option<&Due>,
    ) -> Stored<(Vec<Due>, bool)> {
        self.call("dues.due", |s| {
            let all = s.dues.iter();
            let all = all.map(|((org, duty), at)| Due {
                at: *at,
                org: *org,
                duty: *duty,
            });
            let mut dues: Vec<_> = all.filter(|due| due.part() == part).collect();
            dues.retain(|due| due.at <= until && after.is_none_or(|after| due > after));
            dues.sort_unstable();
            let more = dues.len() > SOME;
            dues.truncate(SOME);
            Ok((dues, more))
        })
        .await
    }
    async fn postpone(&self, due: &Due, to: Timestamp) -> Stored<Change> {
        self.call("dues.postpone", |s| {
            let done = taken(s, due);
            if done == Change::Applied {
                due_now(s, Due { at: to, ..*due });
            }
            Ok(done)
        })
        .await
    }
    async fn settle(&self, due: &Due) -> Stored<Change> {
        self.call("dues.settle", |s| Ok(taken(s, due))).await
    }
}

fn bury(state: &mut State, tombstone: &Tombstone, again_at: Timestamp, record: &Record) -> Change {
    let there = state.assets.get(&tombstone.id);
    if !there.is_some_and(is_erasing) {
        return Change::NotApplied;
    }
    let erased = state.assets.remove(&tombstone.id);
    state.recharge(tombstone.org, erased.and_then(|asset| asset.charge), None);
    state.tombstones.insert(tombstone.id, *tombstone);
    due_now(state, Due::asset(tombstone.org, tombstone.id, again_at));
    state.audit.push(record.clone());
    Change::Applied
}

#[async_trait]
impl Erasures for FakeCloud {
    async fn begin(&self, id: AssetId, now: Timestamp, record: &Record) -> Stored<Change> {
        self.call("erasures.begin", |s| {
            let deletion = s.assets.get(&id).map(|asset| asset.keeping.presence);
            let Some(Presence::Deleted(deletion)) = deletion else {
                return Ok(Change::NotApplied);
            };
            let admits = |a: &Asset| deletion.erase_at <= now && a.keeping.hold.is_none();
            let apply = |a: &mut Asset| {
                a.keeping.presence = Presence::Erasing(deletion);
                a.state = AssetState::Withdrawn;
                a.lease_until = None;
            };
            Ok(change(s, id, admits, apply, record))
        })
        .await
    }
    async fn bury(
        &self,
        tombstone: &Tombstone,
        again_at: Timestamp,
        record: &Record,
    ) -> Stored<Change> {
        self.call("erasures.bury", |s| {
            Ok(bury(s, tombstone, again_at, record))
        })
        .await
    }
    async fn tombstone(&self, id: AssetId) -> Stored<Option<Tombstone>> {
        let name = "erasures.tombstone";
        self.call(name, |s| Ok(s.tombstones.get(&id).copied()))
            .await
    }
    async fn aged(
        &self,
        org: OrgId,
        rule: &Rule,
        now: Timestamp,
        after: Option<Elder>,
    ) -> Stored<(Vec<AssetId>, Option<Elder>)> {
        self.call("erasures.aged", |s| {
            let own = s.assets.values().filter(|a| a.announced.org == org);
            let older = own.filter(|a| a.announced.created_at <= rule.before(now));
            let placed = older.map(|a| (a.announced.created_at, a.id()));
            let mut placed: Vec<_> = placed.collect();
            placed.sort_unstable();
            let from = after.map(|(id, at)| (at, id));
            placed.retain(|place| from.is_none_or(|from| *place > from));
            let last = placed.get(SOME - 1).filter(|_| placed.len() > SOME);
            let last = last.map(|(at, id)| (*id, *at));
            placed.truncate(SOME);
            let ids = placed.into_iter().map(|(_, id)| id);
            let meant = ids.filter(|id| s.assets.get(id).is_some_and(|a| rule.admits(a, now)));
            Ok((meant.collect(), last))
        })
        .await
    }
}

/// Takes some of what stands under a prefix.
fn some_under<T>(
    objects: &mut std::collections::BTreeMap<String, T>,
    prefix: &str,
    room: usize,
) -> usize {
    let from = (Bound::Included(prefix.to_owned()), Bound::Unbounded);
    let keys = objects.range(from).map(|(key, _)| key.clone());
    let keys: Vec<_> = keys
        .take_while(|key| key.starts_with(prefix))
        .take(room)
        .collect();
    for key in &keys {
        objects.remove(key);
    }
    keys.len()
}

/// Takes some of the versions under a prefix that are not the current ones.
fn some_noncurrent(state: &mut State, prefix: &str, room: usize) -> usize {
    let before = state.noncurrent.len();
    let mut left = room;
    state.noncurrent.retain(|(key, _)| {
        let goes = left > 0 && key.starts_with(prefix);
        left -= usize::from(goes);
        !goes
    });
    before - state.noncurrent.len()
}

fn gone(removed: usize) -> Gone {
    Gone {
        removed: u64::try_from(removed).unwrap_or(u64::MAX),
        more: removed == SOME,
    }
}

#[async_trait]
impl KeyErasure for FakeCloud {
    async fn erase_keys(&self, asset: AssetId) -> Stored<Gone> {
        self.call("keys.erase", |s| {
            let own = s.keys.keys().filter(|(of, _)| *of == asset).copied();
            let own: Vec<_> = own.take(SOME).collect();
            for key in &own {
                s.keys.remove(key);
            }
            Ok(gone(own.len()))
        })
        .await
    }
}

#[async_trait]
impl ShareErasure for FakeCloud {
    async fn erase_shares(&self, asset: AssetId) -> Stored<Gone> {
        self.call("shares.erase", |s| {
            let own = s.shares.keys().filter(|(of, _)| *of == asset).copied();
            let own: Vec<_> = own.take(SOME).collect();
            for key in &own {
                s.shares.remove(key);
            }
            Ok(gone(own.len()))
        })
        .await
    }
}

#[async_trait]
impl MediaErasure for FakeCloud {
    async fn erase_media(&self, asset: AssetId) -> Stored<Gone> {
        self.call("media.erase", |s| {
            let (segments, manifests) = (media_prefix(asset), manifests_prefix(asset));
            let mut removed = some_noncurrent(s, &segments, SOME);
            removed += some_under(&mut s.segments, &segments, SOME - removed);
            removed += some_under(&mut s.manifests, &manifests, SOME - removed);
            Ok(gone(removed))
        })
        .await
    }
}

#[async_trait]
impl SourceErasure for FakeCloud {
    async fn erase_source(&self, org: OrgId, asset: AssetId) -> Stored<Gone> {
        self.call("uploads.erase", |s| {
            let prefix = uploads_prefix(org, asset);
            let uploads = &mut s.uploads.multiparts;
            uploads.retain(|_, upload| !upload.key.starts_with(&prefix));
            let mut removed = some_noncurrent(s, &prefix, SOME);
            removed += some_under(&mut s.uploads.objects, &prefix, SOME - removed);
            Ok(gone(removed))
        })
        .await
    }
}
