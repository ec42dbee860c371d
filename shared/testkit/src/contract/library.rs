//! The library: lists in pages, by filters, of one organisation alone; descriptions, one after the other.

use std::collections::BTreeSet;

use vault_domain::asset::{Asset, AssetState, NewAsset, Title};
use vault_domain::id::{AssetId, OrgId};
use vault_domain::library::{
    Description, Filter, Metadata, MetadataKey, MetadataValue, Patch, TitlePrefix,
};
use vault_domain::ports::{Assets, Change, Library};

use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// The ports over one table.
#[derive(Clone, Copy)]
pub struct LibraryStores<'a> {
    /// One by one.
    pub assets: &'a dyn Assets,
    /// As a library.
    pub library: &'a dyn Library,
}

/// Lists and descriptions.
pub async fn library_contract(stores: LibraryStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let all = stocked(stores, &sample).await;
    let org = all[0].org;
    lists(stores, org, &all).await;
    descriptions(stores, org, &all).await;
}

/// Seven assets of one organisation, of two uploaders, one a second; and two of another.
async fn stocked(stores: LibraryStores<'_>, sample: &Sample) -> Vec<NewAsset> {
    let (first, second) = (
        sample.new_asset(&builders::film(1_000)),
        sample.new_asset(&builders::film(1_000)),
    );
    let titles = [
        "Étude 1", "etude 2", "ÉTUDE 3", "Alpha", "Etude 4", "Zeta", "Étude 5",
    ];
    let own: Vec<_> = (1..)
        .zip(titles)
        .map(|(number, title)| NewAsset {
            id: sample.asset(),
            org: first.org,
            owner: if number % 2 == 0 {
                first.owner
            } else {
                second.owner
            },
            title: Title::parse(title).expect("a title"),
            created_at: GOLDEN_NOW.plus(number),
            ..first.clone()
        })
        .collect();
    let foreign = [1, 2].map(|number| NewAsset {
        id: sample.asset(),
        owner: first.owner,
        created_at: GOLDEN_NOW.plus(number),
        ..second.clone()
    });
    for new in own.iter().chain(&foreign) {
        stores
            .assets
            .reserve(new, &builders::QUOTA, &builders::record())
            .await
            .expect("reserve");
    }
    own
}

/// All that a filter leaves, page by page of this size.
async fn pages(stores: LibraryStores<'_>, org: OrgId, filter: &Filter, limit: usize) -> Vec<Asset> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let shelf = stores.library.list(org, filter, after.as_ref(), limit);
        let shelf = shelf.await.expect("list");
        assert!(shelf.assets.len() <= limit);
        all.extend(shelf.assets);
        if shelf.last.is_none() {
            return all;
        }
        assert_ne!(shelf.last, after, "the list goes on");
        after = shelf.last;
    }
}

fn ids(assets: &[Asset]) -> Vec<AssetId> {
    assets.iter().map(Asset::id).collect()
}

async fn lists(stores: LibraryStores<'_>, org: OrgId, all: &[NewAsset]) {
    let latest: Vec<_> = all.iter().rev().map(|new| new.id).collect();
    for limit in [1, 2, 7, 100] {
        let listed = pages(stores, org, &Filter::default(), limit).await;
        assert_eq!(ids(&listed), latest, "the latest first, by {limit}");
    }
    let owner = all[0].owner;
    let theirs = Filter {
        owner: Some(owner),
        ..Filter::default()
    };
    let expected: Vec<_> = all.iter().rev().filter(|new| new.owner == owner).collect();
    let expected: Vec<_> = expected.iter().map(|new| new.id).collect();
    assert_eq!(ids(&pages(stores, org, &theirs, 2).await), expected);

    let moved = [all[1].id, all[4].id];
    for id in moved {
        let marked = stores
            .assets
            .mark_uploaded(id, &builders::record())
            .await
            .expect("mark");
        assert_eq!(marked, Change::Applied);
    }
    let withdrawn = stores
        .assets
        .withdraw(all[5].id, &builders::record())
        .await
        .expect("withdraw");
    assert_eq!(withdrawn, Change::Applied);
    let in_state = |state| Filter {
        state: Some(state),
        ..Filter::default()
    };
    for (state, expected) in [
        (AssetState::Uploaded, vec![all[4].id, all[1].id]),
        (AssetState::Withdrawn, vec![all[5].id]),
        (AssetState::Ready, vec![]),
        (
            AssetState::Uploading,
            [6, 3, 2, 0].map(|at: usize| all[at].id).to_vec(),
        ),
    ] {
        let listed = pages(stores, org, &in_state(state), 1).await;
        assert_eq!(ids(&listed), expected, "{state}");
    }
    let both = Filter {
        owner: Some(owner),
        ..in_state(AssetState::Uploading)
    };
    let expected = [6, 2, 0].map(|at: usize| all[at].id).to_vec();
    assert_eq!(ids(&pages(stores, org, &both, 1).await), expected);

    let titled = |prefix: &str| Filter {
        title: Some(TitlePrefix::parse(prefix).expect("a prefix")),
        ..Filter::default()
    };
    let found = pages(stores, org, &titled("ÉTU"), 2).await;
    let expected = [0, 2, 6].map(|at: usize| all[at].id).to_vec();
    assert_eq!(ids(&found), expected, "in the order of titles");
    let found = pages(stores, org, &titled("etude"), 1).await;
    assert_eq!(ids(&found), [all[1].id, all[4].id]);
    assert_eq!(pages(stores, org, &titled("x"), 2).await, []);
    let every = Filter {
        state: Some(AssetState::Uploaded),
        owner: Some(all[1].owner),
        ..titled("e")
    };
    assert_eq!(ids(&pages(stores, org, &every, 1).await), [all[1].id]);
}

async fn descriptions(stores: LibraryStores<'_>, org: OrgId, all: &[NewAsset]) {
    let id = all[3].id;
    let read = async || {
        let asset = stores.assets.get(id).await.expect("get");
        asset.expect("the asset").description
    };
    let entry = |text: &str| {
        let key = MetadataKey::parse("note").expect("a key");
        (key, MetadataValue::text(text).expect("a text"))
    };
    let patch = |title: &str, note: &str| Patch {
        title: Some(Title::parse(title).expect("a title")),
        cleared: false,
        metadata: vec![{
            let (key, value) = entry(note);
            (key, Some(value))
        }],
    };
    let before = read().await;
    assert_eq!(before, Description::of(all[3].title.clone()));
    let one = patch("Omega", "one").applied(&before).expect("one");
    let other = patch("Psi", "other").applied(&before).expect("other");
    let describe = async |seen, next: &Description| {
        let record = builders::record();
        let done = stores.library.describe(id, seen, next, &record).await;
        done.expect("describe")
    };
    assert_eq!(describe(0, &one).await, Change::Applied);
    assert_eq!(describe(0, &one).await, Change::NotApplied, "it is there");
    assert_eq!(describe(0, &other).await, Change::NotApplied, "too late");
    assert_eq!(read().await, one);
    assert_eq!(one.metadata, Metadata::of([entry("one")]).expect("one"));
    let two = patch("Omega", "two").applied(&one).expect("two");
    assert_eq!(describe(1, &two).await, Change::Applied);
    assert_eq!(describe(1, &one).await, Change::NotApplied);
    assert_eq!(read().await, two);
    let record = builders::record();
    let gone = stores.library.describe(all[5].id, 0, &one, &record).await;
    assert_eq!(gone.expect("describe"), Change::NotApplied, "withdrawn");
    // Found by its new title alone, and all else goes on as before.
    let titled = |prefix: &str| Filter {
        title: Some(TitlePrefix::parse(prefix).expect("a prefix")),
        ..Filter::default()
    };
    assert_eq!(ids(&pages(stores, org, &titled("omega"), 5).await), [id]);
    assert_eq!(pages(stores, org, &titled("alpha"), 5).await, []);
    stores
        .assets
        .mark_uploaded(id, &builders::record())
        .await
        .expect("mark");
    assert_eq!(read().await, two);
    let nobody = AssetId::from_octets([0; 16]);
    let nobody = stores.library.describe(nobody, 0, &one, &record).await;
    assert_eq!(nobody.expect("describe"), Change::NotApplied);
    let listed = pages(stores, org, &Filter::default(), 3).await;
    let listed: BTreeSet<_> = ids(&listed).into_iter().collect();
    assert_eq!(listed, all.iter().map(|new| new.id).collect());
}
