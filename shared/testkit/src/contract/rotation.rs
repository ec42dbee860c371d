//! Versions of secrets, and all wrapped keys.

use std::collections::BTreeSet;

use vault_domain::id::AssetId;
use vault_domain::playback::WrappedKey;
use vault_domain::ports::{
    Change, ContentKeys, KeyErasure, Rewraps, SecretVersions, Stages, Stored,
};
use vault_domain::rotation::{Cursor, Pass};
use vault_domain::secret::SecretText;
use vault_domain::time::Timestamp;

use crate::entropy::SeedNote;
use crate::sample::Sample;

/// A secret of one version, of this text: versions come, take over from the one that is named, and are given up.
pub async fn secret_versions_contract(port: &dyn SecretVersions, (secret, text): (&str, &str)) {
    let stages = async || port.stages(secret).await.expect("stages");
    let told = async |version: &str| {
        let told = port.text(secret, version).await.expect("text");
        told.map(|text| text.expose().to_owned())
    };
    let put = async |version: &str, text: &str| {
        let text = SecretText::new(text.to_owned());
        let put = port.put_pending(secret, version, &text).await;
        put.expect("put_pending")
    };
    let Stages {
        current, pending, ..
    } = stages().await;
    let first = current.expect("a current version");
    assert_eq!(pending, None);
    assert_eq!(told(&first).await.as_deref(), Some(text));

    let second = "22222222-2222-2222-2222-222222222222";
    let other = "33333333-3333-3333-3333-333333333333";
    assert_eq!(told(second).await, None, "it has no text yet");
    assert_eq!(put(second, "two").await, Change::Applied);
    assert_eq!(told(second).await.as_deref(), Some("two"));
    let now = stages().await;
    assert_eq!(now.current.as_deref(), Some(first.as_str()), "it stays");
    assert_eq!(now.pending.as_deref(), Some(second));

    let promote = async |from: &str, to: &str| {
        let moved = port.promote(secret, from, to).await;
        moved.expect("promote")
    };
    assert_eq!(promote(second, &first).await, Change::NotApplied);
    assert_eq!(promote(&first, second).await, Change::Applied);
    assert_eq!(stages().await.current.as_deref(), Some(second));
    assert_eq!(promote(&first, second).await, Change::NotApplied, "again");
    assert_eq!(
        told(&first).await.as_deref(),
        Some(text),
        "it can be had back"
    );

    let abandon = async |version: &str| {
        let abandoned = port.abandon(secret, version).await;
        abandoned.expect("abandon")
    };
    assert_eq!(abandon(second).await, Change::Applied);
    assert_eq!(abandon(second).await, Change::NotApplied, "again");
    assert_eq!(stages().await.pending, None);
    assert_eq!(put(second, "another").await, Change::NotApplied);
    assert_eq!(
        told(second).await.as_deref(),
        Some("two"),
        "not overwritten"
    );
    assert_eq!(put(other, "three").await, Change::Applied);
    assert_eq!(abandon(other).await, Change::Applied);
    assert_eq!(stages().await.current.as_deref(), Some(second));
}

/// Where [`rewraps_contract`] puts what it reads.
#[derive(Clone, Copy)]
pub struct RewrapStores<'a> {
    /// The keys.
    pub keys: &'a dyn ContentKeys,
    /// Their end.
    pub erasure: &'a dyn KeyErasure,
}

/// Keys of no other: all are gone over, a record is replaced by what was made of it and of no other, and what is erased stays so.
pub async fn rewraps_contract(port: &dyn Rewraps, stores: RewrapStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    assert_eq!(port.pass().await.expect("pass"), None);
    let mut keys = Vec::new();
    for count in [1, 150, 150] {
        let asset = AssetId::from_octets(sample.0.octets());
        let package = sample.package();
        keys.extend((0..count).map(|_| sample.wrapped_key(asset, package)));
    }
    for key in &keys {
        stores.keys.put(key).await.expect("put");
    }
    passes(port).await;
    let names = |keys: &[WrappedKey]| {
        let names = keys.iter();
        let names = names.map(|key| (key.asset, key.key, key.master.clone(), key.sealed));
        names.collect::<BTreeSet<_>>()
    };
    assert_eq!(
        names(&all(port).await.expect("pages")),
        names(&keys),
        "each key, and nothing else"
    );

    let before = &keys[0];
    let after = WrappedKey {
        master: "2".to_owned(),
        nonce: sample.0.octets(),
        sealed: sample.0.octets(),
        ..before.clone()
    };
    let replace = async |before: &WrappedKey, after: &WrappedKey| {
        let replaced = port.replace(before, after).await;
        replaced.expect("replace")
    };
    assert_eq!(replace(before, &after).await, Change::Applied);
    assert_eq!(replace(before, &after).await, Change::NotApplied, "again");
    let mut changed = keys.clone();
    changed[0] = after.clone();
    assert_eq!(names(&all(port).await.expect("pages")), names(&changed));

    let gone = stores.erasure.erase_keys(before.asset).await;
    gone.expect("erase_keys");
    assert_eq!(replace(&after, before).await, Change::NotApplied);
    let left = names(&all(port).await.expect("pages"));
    assert_eq!(left, names(&keys[1..]), "what is erased stays so");
}

async fn passes(port: &dyn Rewraps) {
    let (pk, sk) = ("ast_x".to_owned(), "key_x".to_owned());
    let mut pass = Pass::new("2".to_owned(), Timestamp(1_800_000_000));
    pass.after = Some(Cursor { pk, sk });
    (pass.seen, pass.rewrapped, pass.unreadable) = (7, 3, 1);
    port.save(&pass).await.expect("save");
    assert_eq!(port.pass().await.expect("pass").as_ref(), Some(&pass));
    pass.after = None;
    pass.finished = true;
    port.save(&pass).await.expect("save");
    assert_eq!(port.pass().await.expect("pass"), Some(pass));
}

async fn all(port: &dyn Rewraps) -> Stored<Vec<WrappedKey>> {
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = port.page(after.as_ref()).await?;
        assert_eq!(page.corrupt, 0);
        keys.extend(page.keys);
        after = page.next;
        if after.is_none() {
            return Ok(keys);
        }
    }
}
