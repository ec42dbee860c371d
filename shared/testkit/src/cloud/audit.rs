//! The record of what was done: its chains, its lists, its exports.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vault_domain::audit::{Entry, Filter, Link, Place, Record, Sealed, part};
use vault_domain::id::{OrgId, RecordId};
use vault_domain::ports::{
    AuditArchive, AuditChain, AuditExports, AuditLog, Change, Exported, Hashing as _, MAX_EXPORTED,
    MAX_SEALED, StoreError, Stored, Trail, Waiting,
};

use vault_domain::token::Digest;

use super::{FakeCloud, State};
use crate::crypto::FakeHashing;

/// Places that a page of what waits has: few, so that tests turn pages.
const PAGE: usize = 3;

/// The chains, beside the records themselves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chains {
    /// The places of records.
    pub links: BTreeMap<RecordId, Link>,
    /// The last place of each chain.
    pub heads: BTreeMap<OrgId, Link>,
    /// Which records got their places together: first and last, of each organisation.
    pub seals: BTreeMap<(OrgId, u64), u64>,
    /// How far each is exported.
    pub exported: BTreeMap<OrgId, Exported>,
    /// What is kept, by key.
    pub archive: BTreeMap<String, String>,
}

impl Chains {
    fn exported(&self, org: OrgId) -> Exported {
        self.exported.get(&org).copied().unwrap_or_default()
    }

    /// Lines for the shape of the state.
    pub(super) fn lines(&self) -> Vec<String> {
        let links = self.links.iter().map(|(id, link)| format!("{id} {link:?}"));
        let heads = self.heads.iter();
        let heads = heads.map(|(org, link)| format!("head of {org} {link:?}"));
        let exported = self.exported.iter();
        let exported = exported.map(|(org, to)| format!("exported of {org} {to:?}"));
        let kept = self.archive.iter();
        let kept = kept.map(|(key, text)| format!("{key} {text}"));
        links.chain(heads).chain(exported).chain(kept).collect()
    }
}

fn of(state: &State, org: OrgId) -> impl Iterator<Item = &Record> {
    state.audit.iter().filter(move |record| record.org == org)
}

#[async_trait]
impl AuditLog for FakeCloud {
    async fn list(
        &self,
        org: OrgId,
        filter: &Filter,
        after: Option<&Place>,
        limit: usize,
    ) -> Stored<Trail> {
        self.call("audit_log.list", |s| {
            let mut found: Vec<_> = of(s, org).filter(|r| filter.admits(r)).collect();
            found.retain(|record| after.is_none_or(|after| Place::of(record) < *after));
            found.sort_by_key(|record| std::cmp::Reverse(Place::of(record)));
            let more = found.len() > limit;
            found.truncate(limit);
            let entry = |record: &&Record| Entry {
                record: (*record).clone(),
                link: s.chains.links.get(&record.id).copied(),
            };
            Ok(Trail {
                last: found.last().filter(|_| more).map(|r| Place::of(r)),
                entries: found.iter().map(entry).collect(),
            })
        })
        .await
    }
}

#[async_trait]
impl AuditChain for FakeCloud {
    async fn waiting(&self, number: u8, after: Option<(OrgId, Place)>) -> Stored<Waiting> {
        self.call("audit_chain.waiting", |s| {
            let waits = |record: &&Record| {
                part(record.org) == number && !s.chains.links.contains_key(&record.id)
            };
            let all = s.audit.iter().filter(waits);
            let mut places: Vec<_> = all.map(|r| (r.org, Place::of(r))).collect();
            places.sort_by_key(|(org, place)| (*place, *org));
            places.retain(|(org, place)| after.is_none_or(|(o, p)| (p, o) < (*place, *org)));
            let more = places.len() > PAGE;
            places.truncate(PAGE);
            let last = places.last().copied().filter(|_| more);
            Ok(Waiting { places, last })
        })
        .await
    }

    async fn unsealed(&self, org: OrgId, places: &[Place]) -> Stored<Vec<Record>> {
        assert!(places.len() <= MAX_SEALED, "more than one call takes");
        self.call("audit_chain.unsealed", |s| {
            let waits = |record: &&Record| {
                places.contains(&Place::of(record)) && !s.chains.links.contains_key(&record.id)
            };
            Ok(of(s, org).filter(waits).cloned().collect())
        })
        .await
    }

    async fn head(&self, org: OrgId) -> Stored<Option<Link>> {
        self.call("audit_chain.head", |s| {
            Ok(s.chains.heads.get(&org).copied())
        })
        .await
    }

    async fn seal(
        &self,
        org: OrgId,
        seen: Option<&Link>,
        links: &[(Place, Link)],
    ) -> Stored<Change> {
        assert!(links.len() <= MAX_SEALED, "more than one call takes");
        self.call("audit_chain.seal", |s| {
            let Some(((_, first), (_, last))) = links.first().zip(links.last()) else {
                return Ok(Change::NotApplied);
            };
            let there = |place: &Place| of(s, org).any(|record| Place::of(record) == *place);
            let waits = |place: &Place| there(place) && !s.chains.links.contains_key(&place.id);
            let all = links.iter().all(|(place, _)| waits(place));
            if s.chains.heads.get(&org) != seen || !all {
                return Ok(Change::NotApplied);
            }
            let given = links.iter().map(|(place, link)| (place.id, *link));
            s.chains.links.extend(given);
            s.chains.heads.insert(org, *last);
            s.chains.seals.insert((org, first.sequence), last.sequence);
            Ok(Change::Applied)
        })
        .await
    }
}

#[async_trait]
impl AuditExports for FakeCloud {
    async fn organisations(&self, after: Option<OrgId>) -> Stored<(Vec<OrgId>, Option<OrgId>)> {
        self.call("audit_exports.organisations", |s| {
            let orgs = s.chains.heads.keys().copied();
            let mut orgs: Vec<_> = orgs.filter(|org| after.is_none_or(|a| *org > a)).collect();
            let more = orgs.len() > PAGE;
            orgs.truncate(PAGE);
            let last = orgs.last().copied().filter(|_| more);
            Ok((orgs, last))
        })
        .await
    }

    async fn exported(&self, org: OrgId) -> Stored<Exported> {
        self.call("audit_exports.exported", |s| Ok(s.chains.exported(org)))
            .await
    }

    async fn sealed(&self, org: OrgId, after: u64) -> Stored<Vec<Sealed>> {
        self.call("audit_exports.sealed", |s| {
            let mut end = after;
            while let Some(last) = s.chains.seals.get(&(org, end + 1)) {
                if *last - after > MAX_EXPORTED as u64 {
                    break;
                }
                end = *last;
            }
            let sealed = |record: &Record| {
                let link = *s.chains.links.get(&record.id)?;
                let record = record.clone();
                let within = link.sequence > after && link.sequence <= end;
                within.then_some(Sealed { record, link })
            };
            let mut found: Vec<_> = of(s, org).filter_map(sealed).collect();
            found.sort_by_key(|sealed| sealed.link.sequence);
            if found.len() as u64 == end - after {
                return Ok(found);
            }
            let gone = "a record is not there";
            Err(StoreError::new("audit_exports.sealed", gone))
        })
        .await
    }

    async fn begin(&self, org: OrgId, seen: u64, until: u64) -> Stored<Change> {
        self.call("audit_exports.begin", |s| {
            let exported = s.chains.exported.entry(org).or_default();
            let to = exported.to.map_or(0, |link| link.sequence);
            if to != seen || exported.until.is_some() {
                return Ok(Change::NotApplied);
            }
            exported.until = Some(until);
            Ok(Change::Applied)
        })
        .await
    }

    async fn end(&self, org: OrgId, to: &Link) -> Stored<Change> {
        self.call("audit_exports.end", |s| {
            let exported = s.chains.exported.entry(org).or_default();
            if exported.until != Some(to.sequence) {
                return Ok(Change::NotApplied);
            }
            *exported = Exported {
                to: Some(*to),
                until: None,
            };
            Ok(Change::Applied)
        })
        .await
    }
}

#[async_trait]
impl AuditArchive for FakeCloud {
    async fn keep(&self, key: &str, export: String, sha256: Digest) -> Stored<()> {
        assert!(
            FakeHashing.sha256(export.as_bytes()) == sha256,
            "another's digest"
        );
        self.call("audit_archive.keep", |s| {
            s.chains.archive.entry(key.to_owned()).or_insert(export);
            Ok(())
        })
        .await
    }
}
