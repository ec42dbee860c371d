//! The record of what was done: lists, chains, exports.

use futures_util::future::BoxFuture;
use vault_domain::audit::{
    Author, Details, Entry, Event, Filter, Link, Place, Record, Sealed, Source, Span, Verdict, part,
};
use vault_domain::id::{OrgId, RecordId, SessionId, UserId};
use vault_domain::member::{Actor, Subject};
use vault_domain::ports::{
    AuditArchive, AuditChain, AuditExports, AuditLog, Change, Exported, Hashing as _, MAX_SEALED,
};
use vault_domain::token::Device;

use crate::clock::GOLDEN_NOW;
use crate::crypto::FakeHashing;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// Writes a record, as the transaction of an effect does.
pub type Write<'a> = &'a (dyn Fn(Record) -> BoxFuture<'static, ()> + Send + Sync);

/// The export under a key of the archive, if there is one.
pub type Fetched<'a> = &'a (dyn Fn(String) -> BoxFuture<'static, Option<String>> + Send + Sync);

/// The ports over one table, and what writes into it.
#[derive(Clone, Copy)]
pub struct AuditStores<'a> {
    /// Lists.
    pub log: &'a dyn AuditLog,
    /// Chains.
    pub chain: &'a dyn AuditChain,
    /// Exports.
    pub exports: &'a dyn AuditExports,
    /// Writes.
    pub write: Write<'a>,
}

/// A record of an organisation, so many seconds after the golden moment.
pub fn audit_record(sample: &Sample, org: OrgId, number: u64) -> Record {
    let plain = number.is_multiple_of(3);
    let person = Subject::Person {
        user: UserId::from_octets(sample.0.octets()),
        session: SessionId::from_octets(sample.0.octets()),
    };
    Record {
        id: RecordId::from_octets(sample.0.octets()),
        org,
        at: GOLDEN_NOW.plus(number),
        event: Event::ALL[usize::try_from(number).unwrap_or(0) % 4],
        author: if plain {
            Author::System
        } else {
            Author::Caller(person)
        },
        target: sample.asset().to_string(),
        asset: Some(sample.asset()).filter(|_| !plain),
        verdict: (!plain).then(|| Verdict {
            allowed: number.is_multiple_of(2),
            policies: vec!["member-sees".to_owned(), format!("grant-{number}")],
        }),
        source: Source {
            address: (!plain).then(|| [192, 0, 2, 7].into()),
            device: Device::of("Télé \"2\"\n\u{1f600}"),
            request: format!("r-{number}"),
        },
        details: Details::none().with("views", number).with("é", "\u{1}\\"),
    }
}

/// Lists, chains, exports.
pub async fn audit_contract(stores: AuditStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let org = OrgId::from_octets(sample.0.octets());
    let other = OrgId::from_octets(sample.0.octets());
    let all: Vec<_> = (1..=7).map(|n| audit_record(&sample, org, n)).collect();
    for record in &all {
        (stores.write)(record.clone()).await;
        (stores.write)(audit_record(&sample, other, record.at.since(GOLDEN_NOW))).await;
    }
    lists(stores, org, &all).await;
    let links = chains(stores, org, &all).await;
    exports(stores, org, &all, &links).await;
}

async fn pages(stores: AuditStores<'_>, org: OrgId, filter: &Filter, limit: usize) -> Vec<Entry> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let trail = stores.log.list(org, filter, after.as_ref(), limit);
        let trail = trail.await.expect("list");
        assert!(trail.entries.len() <= limit);
        all.extend(trail.entries);
        if trail.last.is_none() {
            return all;
        }
        assert_ne!(trail.last, after, "the list goes on");
        after = trail.last;
    }
}

async fn lists(stores: AuditStores<'_>, org: OrgId, all: &[Record]) {
    let latest = |filter: &Filter| {
        let found = all.iter().rev().filter(|record| filter.admits(record));
        let found = found.cloned().map(|record| Entry { record, link: None });
        found.collect::<Vec<_>>()
    };
    let whole = Filter::default();
    for limit in [1, 2, 7, 100] {
        let listed = pages(stores, org, &whole, limit).await;
        assert_eq!(listed, latest(&whole), "the latest first, by {limit}");
    }
    let actor: Option<Actor> = all[0].author.actor();
    let at = |n: u64| GOLDEN_NOW.plus(n).0.to_string();
    let span = Span::parse(Some(&at(2)), Some(&at(5))).expect("a span");
    let with = |change: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::default();
        change(&mut filter);
        filter
    };
    for (filter, count) in [
        (with(&|f| f.event = Some(all[1].event)), 2),
        (with(&|f| f.actor = actor), 1),
        (with(&|f| f.asset = all[3].asset), 1),
        (with(&|f| f.span = span), 3),
        (with(&|f| (f.span, f.asset) = (span, all[6].asset)), 0),
    ] {
        let expected = latest(&filter);
        assert_eq!(expected.len(), count, "{filter:?}");
        assert_eq!(pages(stores, org, &filter, 1).await, expected, "{filter:?}");
    }
}

/// Places of the organisation that wait, in their order.
async fn waiting(stores: AuditStores<'_>, org: OrgId) -> Vec<Place> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = stores.chain.waiting(part(org), after).await;
        let page = page.expect("waiting");
        let own = page.places.iter().filter(|(of, _)| *of == org);
        all.extend(own.map(|(_, place)| *place));
        if page.last.is_none() {
            return all;
        }
        assert_ne!(page.last, after, "it goes on");
        after = page.last;
    }
}

/// The chain of these records after a link.
fn linked(after: Link, records: &[Record]) -> Vec<(Place, Link)> {
    let mut last = after;
    let link = |record| {
        last = last.next(&FakeHashing, record);
        (Place::of(record), last)
    };
    records.iter().map(link).collect()
}

async fn chains(stores: AuditStores<'_>, org: OrgId, all: &[Record]) -> Vec<Link> {
    let chain = stores.chain;
    let places: Vec<_> = all.iter().map(Place::of).collect();
    assert_eq!(waiting(stores, org).await, places, "the oldest first");
    let unsealed = async || {
        let mut found = chain.unsealed(org, &places).await.expect("unsealed");
        found.sort_by_key(Place::of);
        found
    };
    assert_eq!(unsealed().await, all);
    assert_eq!(chain.head(org).await.expect("head"), None);
    assert_eq!(chain.unsealed(org, &[]).await.expect("none"), []);

    let genesis = Link::genesis(&FakeHashing, org);
    let (first, rest) = all.split_at(5);
    let links = linked(genesis, first);
    let fifth = links[4].1;
    let seal = async |seen: Option<&Link>, links: &[(Place, Link)]| {
        chain.seal(org, seen, links).await.expect("seal")
    };
    assert_eq!(seal(Some(&fifth), &links).await, Change::NotApplied);
    assert_eq!(seal(None, &links).await, Change::Applied);
    assert_eq!(seal(None, &links).await, Change::NotApplied, "repeated");
    assert_eq!(chain.head(org).await.expect("head"), Some(fifth));
    assert_eq!(unsealed().await, rest);

    let next = linked(fifth, rest);
    let early = linked(genesis, rest);
    assert_eq!(seal(None, &early).await, Change::NotApplied, "too late");
    let stale = &links[3].1;
    assert_eq!(seal(Some(stale), &next).await, Change::NotApplied);
    let twice = linked(fifth, &all[4..]);
    assert_eq!(seal(Some(&fifth), &twice).await, Change::NotApplied);
    assert_eq!(unsealed().await, rest, "all or nothing");
    assert_eq!(chain.head(org).await.expect("head"), Some(fifth));
    assert_eq!(seal(Some(&fifth), &next).await, Change::Applied);
    assert_eq!(waiting(stores, org).await, []);
    assert_eq!(unsealed().await, []);

    let links: Vec<_> = links.iter().chain(&next).map(|(_, link)| *link).collect();
    let listed = pages(stores, org, &Filter::default(), 3).await;
    let listed: Vec<_> = listed.iter().rev().map(|entry| entry.link).collect();
    assert_eq!(listed, links.iter().copied().map(Some).collect::<Vec<_>>());
    links
}

async fn exports(stores: AuditStores<'_>, org: OrgId, all: &[Record], links: &[Link]) {
    let exports = stores.exports;
    let (mut orgs, mut after) = (Vec::new(), None);
    loop {
        let (some, last) = exports.organisations(after).await.expect("organisations");
        orgs.extend(some);
        after = last;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(orgs.iter().filter(|found| **found == org).count(), 1);
    let whole = all.iter().cloned().zip(links.iter().copied());
    let whole: Vec<_> = whole
        .map(|(record, link)| Sealed { record, link })
        .collect();
    for (after, from) in [(0, 0), (5, 5), (7, 7)] {
        let found = exports.sealed(org, after).await.expect("sealed");
        assert_eq!(found, whole[from..], "after {after}");
    }
    let exported = async || exports.exported(org).await.expect("exported");
    assert_eq!(exported().await, Exported::default());
    let begin = async |seen, until| exports.begin(org, seen, until).await.expect("begin");
    let end = async |to| exports.end(org, to).await.expect("end");
    assert_eq!(
        end(&links[6]).await,
        Change::NotApplied,
        "none is under way"
    );
    assert_eq!(begin(5, 7).await, Change::NotApplied, "5 is not exported");
    assert_eq!(begin(0, 7).await, Change::Applied);
    assert_eq!(begin(0, 7).await, Change::NotApplied, "one is under way");
    assert_eq!(exported().await.until, Some(7));
    assert_eq!(end(&links[4]).await, Change::NotApplied, "another");
    assert_eq!(end(&links[6]).await, Change::Applied);
    assert_eq!(end(&links[6]).await, Change::NotApplied, "repeated");
    let to = Some(links[6]);
    assert_eq!(exported().await, Exported { to, until: None });
    assert_eq!(begin(0, 7).await, Change::NotApplied, "it was exported");
    assert_eq!(begin(7, 9).await, Change::Applied);
    let until = Some(9);
    assert_eq!(exported().await, Exported { to, until });
}

/// As many records as get their places at once.
pub async fn audit_contract_of_many(stores: AuditStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let org = OrgId::from_octets(sample.0.octets());
    let mut all = Vec::new();
    for number in 0..MAX_SEALED as u64 {
        let record = audit_record(&sample, org, number);
        (stores.write)(record.clone()).await;
        all.push(record);
    }
    let links = linked(Link::genesis(&FakeHashing, org), &all);
    let sealed = stores.chain.seal(org, None, &links).await;
    assert_eq!(sealed.expect("seal"), Change::Applied);
    let found = stores.exports.sealed(org, 0).await.expect("sealed");
    let found: Vec<_> = found.into_iter().map(|sealed| sealed.record).collect();
    assert_eq!(found, all);
}

/// What is kept stays as it is.
pub async fn audit_archive_contract(archive: &dyn AuditArchive, fetch: Fetched<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let org = OrgId::from_octets(Sample::new(seed).0.octets());
    let key = vault_domain::audit::key(org, 1, 7);
    assert_eq!(fetch(key.clone()).await, None);
    for text in ["one\n", "one\n", "another\n"] {
        let sha256 = FakeHashing.sha256(text.as_bytes());
        let kept = archive.keep(&key, text.to_owned(), sha256).await;
        kept.expect("keep");
        assert_eq!(fetch(key.clone()).await.as_deref(), Some("one\n"));
    }
}
