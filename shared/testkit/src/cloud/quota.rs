//! What organisations use, what the operator set for them, and uploads that nobody brought to an end.

use async_trait::async_trait;
use vault_domain::asset::{Asset, AssetState, Failure};
use vault_domain::audit::Record;
use vault_domain::deletion::{Due, due_part};
use vault_domain::id::OrgId;
use vault_domain::ports::{Abandonments, Change, Elder, QuotaChanges, Stored, Usages};
use vault_domain::quota::{ABANDONED_AFTER, Charge, OwnQuota, Tally, Usage};
use vault_domain::time::Timestamp;

use super::{FakeCloud, State};

/// What one call looks at: so few that three uploads take several.
const SOME: usize = 2;

impl State {
    /// What the organisation is said to use.
    pub fn tally(&self, org: OrgId) -> Tally {
        self.tallies.get(&org).copied().unwrap_or_default()
    }

    /// What its assets count for.
    pub fn counted(&self, org: OrgId) -> Usage {
        let own = self.assets.values().filter(|a| a.announced.org == org);
        let charges = own.filter_map(|asset| asset.charge);
        charges.fold(Usage::NONE, |sum, charge| sum.and(&charge.usage()))
    }

    /// An asset counts for something else now.
    pub(super) fn recharge(&mut self, org: OrgId, before: Option<Charge>, after: Option<Charge>) {
        if before == after {
            return;
        }
        let usage = |charge: Option<Charge>| charge.map_or(Usage::NONE, |charge| charge.usage());
        let tally = self.tallies.entry(org).or_default();
        tally.used = tally.used.and(&usage(after)).less(&usage(before));
    }

    /// Plants an asset as it is, with what it counts for.
    pub fn plant(&mut self, asset: Asset) {
        let (org, after) = (asset.announced.org, asset.charge);
        let looked_at = asset.announced.created_at.plus(ABANDONED_AFTER);
        let planted = self.assets.insert(asset.id(), asset);
        self.recharge(org, planted.and_then(|asset| asset.charge), after);
        if after.is_some_and(|charge| charge.upload) {
            self.waiting.entry(org).or_insert(looked_at);
        }
    }
}

#[async_trait]
impl Usages for FakeCloud {
    async fn tally(&self, org: OrgId) -> Stored<Tally> {
        self.call("usages.tally", |s| Ok(s.tally(org))).await
    }
}

#[async_trait]
impl QuotaChanges for FakeCloud {
    async fn set_quota(
        &self,
        org: OrgId,
        (seen, next): (&OwnQuota, &OwnQuota),
        record: &Record,
    ) -> Stored<Change> {
        self.call("quotas.set_quota", |s| {
            let version = s.tally(org).own.version;
            if !s.organisations.contains_key(&org) || version != seen.version {
                return Ok(Change::NotApplied);
            }
            s.tallies.entry(org).or_default().own = *next;
            s.audit.push(record.clone());
            Ok(Change::Applied)
        })
        .await
    }
    async fn is_known(&self, org: OrgId) -> Stored<bool> {
        let name = "quotas.is_known";
        self.call(name, |s| Ok(s.organisations.contains_key(&org)))
            .await
    }
}

#[async_trait]
impl Abandonments for FakeCloud {
    async fn waiting(
        &self,
        part: u8,
        until: Timestamp,
        after: Option<&Due>,
    ) -> Stored<(Vec<Due>, bool)> {
        self.call("abandonments.waiting", |s| {
            let all = s.waiting.iter();
            let all = all.map(|(org, at)| Due::organisation(*org, *at));
            let mut dues: Vec<_> = all
                .filter(|due| due_part(due.org.octets()) == part)
                .collect();
            dues.retain(|due| due.at <= until && after.is_none_or(|after| due > after));
            dues.sort_unstable();
            let more = dues.len() > SOME;
            dues.truncate(SOME);
            Ok((dues, more))
        })
        .await
    }
    async fn under_way(
        &self,
        org: OrgId,
        after: Option<Elder>,
    ) -> Stored<(Vec<Elder>, Option<Elder>)> {
        self.call("abandonments.under_way", |s| {
            let own = s.assets.values().filter(|a| a.announced.org == org);
            let own = own.filter(|a| a.state == AssetState::Uploading);
            let own = own.filter(|a| a.keeping.presence.is_kept());
            let placed = own.map(|a| (a.announced.created_at, a.id()));
            let mut placed: Vec<_> = placed.collect();
            placed.sort_unstable();
            let from = after.map(|(id, at)| (at, id));
            placed.retain(|place| from.is_none_or(|from| *place > from));
            let last = placed.get(SOME - 1).filter(|_| placed.len() > SOME);
            let last = last.map(|(at, id)| (*id, *at));
            placed.truncate(SOME);
            let elders = placed.into_iter().map(|(at, id)| (id, at));
            let free = |(id, _): &Elder| s.assets.get(id).is_some_and(|a| a.keeping.hold.is_none());
            Ok((elders.filter(free).collect(), last))
        })
        .await
    }
    async fn abandon(
        &self,
        seen: &Asset,
        failure: &Failure,
        now: Timestamp,
        record: &Record,
    ) -> Stored<Change> {
        self.call("abandonments.abandon", |s| {
            let admits = |a: &Asset| {
                let free = a.keeping.presence.is_kept() && a.keeping.hold.is_none();
                a.state == AssetState::Uploading && free
            };
            let apply = |a: &mut Asset| super::assets::fail(a, failure);
            let done = super::assets::change(s, seen.id(), admits, apply, Some(record));
            if done == Change::Applied {
                let due = Due::asset(seen.announced.org, seen.id(), now);
                s.dues.insert((due.org, due.duty), due.at);
            }
            Ok(done)
        })
        .await
    }
    async fn look_again(&self, due: &Due, at: Timestamp) -> Stored<Change> {
        self.call("abandonments.look_again", |s| {
            match s.waiting.get_mut(&due.org) {
                Some(waits) if *waits == due.at => {
                    *waits = at;
                    Ok(Change::Applied)
                }
                _ => Ok(Change::NotApplied),
            }
        })
        .await
    }
    async fn none_under_way(&self, due: &Due) -> Stored<Change> {
        self.call("abandonments.none_under_way", |s| {
            let idle = s.tally(due.org).used.uploads == 0;
            if !idle || s.waiting.get(&due.org) != Some(&due.at) {
                return Ok(Change::NotApplied);
            }
            s.waiting.remove(&due.org);
            Ok(Change::Applied)
        })
        .await
    }
}
