//! Wrapped content keys, as written and as read on the hot path.

use vault_domain::asset::AssetState;
use vault_domain::credential::Role;
use vault_domain::id::AssetId;
use vault_domain::member::Standing;
use vault_domain::playback::WrappedKey;
use vault_domain::ports::{Assets, ContentKeys, Grants, KeyReads, Opening, Views};
use vault_domain::time::Timestamp;

use super::{Viewers, publish_film};
use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// Keys of a run: more than one batch of 25 is removed, of this run of this asset alone.
pub async fn content_keys_contract(port: &dyn ContentKeys, reads: &dyn KeyReads, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let asset = AssetId::from_octets(sample.0.octets());
    let other_asset = AssetId::from_octets(sample.0.octets());
    let (doomed, kept) = (sample.package(), sample.package());
    let of = |asset, package, count: usize| {
        let keys = (0..count).map(|_| sample.wrapped_key(asset, package));
        keys.collect::<Vec<_>>()
    };
    let gone = of(asset, doomed, 60);
    let mut stay = of(asset, kept, 30);
    stay.extend(of(other_asset, doomed, 2));
    for key in gone.iter().chain(&stay) {
        port.put(key).await.expect("put");
    }
    port.put(&gone[0])
        .await
        .expect("putting the same again is fine");
    for key in gone.iter().chain(&stay) {
        assert_eq!(
            stored(reads, &sample, key).await.as_ref(),
            Some(key),
            "all fields read back"
        );
    }
    let read = port.key(asset, stay[0].key).await.expect("key");
    assert_eq!(read.as_ref(), Some(&stay[0]));
    let read = port.key(other_asset, stay[0].key).await.expect("key");
    assert_eq!(read, None, "of another asset");
    port.delete_package(asset, doomed)
        .await
        .expect("delete_package");
    for key in &gone {
        assert_eq!(stored(reads, &sample, key).await, None, "removed");
    }
    for key in &stay {
        assert_eq!(
            stored(reads, &sample, key).await.as_ref(),
            Some(key),
            "another's stays"
        );
    }
    port.delete_package(asset, doomed)
        .await
        .expect("removing again is fine");
}

async fn stored(reads: &dyn KeyReads, sample: &Sample, key: &WrappedKey) -> Option<WrappedKey> {
    let nobody = sample.playback(&sample.grant(key.asset)).ticket();
    let bundle = reads.bundle(&nobody, key.key).await.expect("bundle");
    assert_eq!(bundle.session, None);
    bundle.key
}

/// Where [`key_reads_contract`] puts what it reads.
#[derive(Clone, Copy)]
pub struct KeyStores<'a> {
    /// The assets.
    pub assets: &'a dyn Assets,
    /// The keys.
    pub keys: &'a dyn ContentKeys,
    /// The grants.
    pub grants: &'a dyn Grants,
    /// The playback sessions.
    pub views: &'a dyn Views,
    /// Who watches.
    pub viewers: Viewers<'a>,
}

/// One read gives session, state and key, each if it is there, as they are at that moment.
pub async fn key_reads_contract(port: &dyn KeyReads, stores: KeyStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let new = sample.new_asset(&builders::film(10));
    let package = sample.package();
    let key = sample.wrapped_key(new.id, package);
    let login = sample.session();
    let grant = vault_domain::token::Grant {
        subject: login.subject(),
        org: login.org,
        ..sample.grant(new.id)
    };
    let session = vault_domain::playback::PlaybackSession {
        package,
        ..sample.playback(&grant)
    };
    let ticket = session.ticket();
    let read = async || port.bundle(&ticket, key.key).await.expect("bundle");

    let nothing = read().await;
    assert!(nothing.session.is_none() && nothing.asset.is_none() && nothing.key.is_none());
    assert_eq!(nothing.standing, Standing::default());

    publish_film(stores.assets, &new, package).await;
    assert_eq!(read().await.asset, Some((AssetState::Ready, Timestamp(0))));
    stores.keys.put(&key).await.expect("keys.put");
    stores
        .grants
        .create(&grant, &builders::record())
        .await
        .expect("grants.create");
    let opened = stores
        .views
        .open(&session, &builders::record())
        .await
        .expect("views.open");
    assert_eq!(opened, Opening::Opened);
    let all = read().await;
    assert_eq!(all.session.as_ref(), Some(&session), "all fields read back");
    assert_eq!(
        (all.asset, all.key.as_ref()),
        (Some((AssetState::Ready, Timestamp(0))), Some(&key))
    );

    stores
        .assets
        .withdraw(new.id, &builders::record())
        .await
        .expect("assets.withdraw");
    let withdrawn = read().await.asset;
    assert_eq!(
        withdrawn,
        Some((AssetState::Withdrawn, Timestamp(0))),
        "from that moment on"
    );

    let other = sample.new_asset(&builders::film(10));
    let astray = vault_domain::playback::Ticket {
        asset: other.id,
        ..ticket
    };
    let stray = port.bundle(&astray, key.key).await.expect("bundle");
    assert!(
        stray.asset.is_none() && stray.key.is_none(),
        "a key belongs to its asset"
    );

    let login = stores.viewers.sign_in(&sample).await;
    let (subject, org) = (login.subject(), login.org);
    let ticket = vault_domain::playback::Ticket {
        subject,
        org,
        ..ticket
    };
    let read = async || port.bundle(&ticket, key.key).await.expect("bundle");
    let all = read().await;
    assert_eq!(
        all.standing.role(&subject, org, GOLDEN_NOW),
        Some(Role::Owner)
    );
    assert_eq!(all.key.as_ref(), Some(&key), "all in the same read");
    let revoked = stores
        .viewers
        .sessions
        .revoke(login.id, &builders::record())
        .await;
    revoked.expect("revoke");
    let ended = read().await.standing;
    assert_eq!(
        ended.role(&subject, org, GOLDEN_NOW),
        None,
        "from that moment on"
    );
}
