//! Shares: kept, traded and played.

use futures_util::future::join_all;
use vault_domain::api_key::Label;
use vault_domain::audit::Record;
use vault_domain::credential::PasswordHash;
use vault_domain::id::ShareId;
use vault_domain::network::Networks;
use vault_domain::ports::{
    Assets, Change, Keeping, MAX_SHARES, Opening, SHARES_LISTED, ShareErasure, ShareExchanges,
    Shares, Standings, Views,
};
use vault_domain::share::{FirstPlay, MaxViews, Share};
use vault_domain::time::Timestamp;
use vault_domain::token::Grant;

use super::publish_film;
use crate::builders;
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};
use crate::share::share;

/// Where shares are kept, traded and played.
#[derive(Clone, Copy)]
pub struct ShareStores<'a> {
    /// As they are managed.
    pub shares: &'a dyn Shares,
    /// Their end.
    pub erasure: &'a dyn ShareErasure,
    /// As strangers come with their links.
    pub exchanges: &'a dyn ShareExchanges,
    /// Their views.
    pub views: &'a dyn Views,
    /// Where whoever holds a link stands.
    pub standings: &'a dyn Standings,
    /// What is shared.
    pub assets: &'a dyn Assets,
}

/// The time of a record: far ahead, so that no store thinks over what ends then.
fn at(seconds: u64) -> Record {
    Record {
        at: when(seconds),
        ..builders::record()
    }
}

const fn when(seconds: u64) -> Timestamp {
    FAR_AHEAD.plus(seconds)
}

impl Sample {
    /// A share of an asset of its own, without a bound.
    pub fn share(&self) -> Share {
        let new = self.new_asset(&builders::film(10));
        Share {
            org: new.org,
            asset: new.id,
            ..self.share_beside(&share())
        }
    }
    /// Another share of the same asset.
    pub fn share_beside(&self, other: &Share) -> Share {
        Share {
            id: self.id(ShareId::from_octets),
            asked: self.digest(),
            ..other.clone()
        }
    }
    /// A media token of one view that a share was traded for.
    pub fn grant_of(&self, share: &Share) -> Grant {
        Grant {
            subject: share.subject(),
            org: share.org,
            max_views: 1,
            expires_at: when(10_000),
            ..self.grant(share.asset)
        }
    }
}

/// What is kept reads back; what rests on what was there does not take effect on anything else; as many stand as may;
/// a view of a share is spent with the media token's, both or neither.
pub async fn shares_contract(stores: ShareStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    keeping(stores, &sample).await;
    pages(stores, &sample).await;
    places(stores, &sample).await;
    trading(stores, &sample).await;
    playing(stores, &sample).await;
    windows(stores, &sample).await;
    plays_race(stores, &sample).await;
    erasing(stores, &sample).await;
}

async fn stored(stores: ShareStores<'_>, of: &Share) -> Option<Share> {
    let found = stores.shares.share(of.asset, of.id).await;
    found.expect("share")
}

async fn create(stores: ShareStores<'_>, share: &Share, seconds: u64) -> Keeping {
    let kept = stores.shares.create(share, &at(seconds)).await;
    kept.expect("create")
}

async fn keeping(stores: ShareStores<'_>, sample: &Sample) {
    let whole = Share {
        expires_at: Some(when(1_000)),
        max_views: Some(MaxViews::parse(7).expect("a count")),
        first_play: Some(FirstPlay::parse(60).expect("a window")),
        password: Some(PasswordHash("$fake$12$abc".to_owned())),
        networks: Networks::parse("192.0.2.0/24 2001:db8::/32").expect("networks"),
        ..sample.share()
    };
    assert_eq!(stored(stores, &whole).await, None);
    assert_eq!(create(stores, &whole, 0).await, Keeping::Kept);
    assert_eq!(
        stored(stores, &whole).await.as_ref(),
        Some(&whole),
        "all fields"
    );
    assert_eq!(
        create(stores, &whole, 0).await,
        Keeping::Stale,
        "there is one"
    );
    let standing = stores.standings.standing(&whole.subject(), whole.org).await;
    assert_eq!(standing.expect("standing").share.as_ref(), Some(&whole));

    let next = Share {
        name: Label::parse("For everyone").expect("a name"),
        expires_at: None,
        max_views: None,
        version: 2,
        ..whole.clone()
    };
    let change = async |seen: &Share, next: &Share| {
        let changed = stores.shares.change(seen, next, &at(0)).await;
        changed.expect("change")
    };
    assert_eq!(change(&whole, &next).await, Keeping::Kept);
    assert_eq!(stored(stores, &whole).await.as_ref(), Some(&next));
    assert_eq!(
        change(&whole, &next).await,
        Keeping::Stale,
        "it was another"
    );

    let revoke = async || stores.shares.revoke(whole.asset, whole.id, &at(5)).await;
    assert_eq!(revoke().await.expect("revoke"), Change::Applied);
    let over = Share {
        revoked_at: Some(when(5)),
        version: 3,
        ..next.clone()
    };
    assert_eq!(stored(stores, &whole).await.as_ref(), Some(&over));
    assert_eq!(revoke().await.expect("revoke"), Change::NotApplied);
    let revived = Share {
        version: 4,
        ..over.clone()
    };
    assert_eq!(
        change(&over, &revived).await,
        Keeping::Stale,
        "it is over for good"
    );
    let unknown = sample.share();
    let none = stores
        .shares
        .revoke(unknown.asset, unknown.id, &at(0))
        .await;
    assert_eq!(none.expect("revoke"), Change::NotApplied);
    assert_eq!(
        stored(stores, &unknown).await,
        None,
        "no share is made by its end"
    );
}

async fn pages(stores: ShareStores<'_>, sample: &Sample) {
    let first = sample.share();
    let mut all = vec![first.clone()];
    all.extend((0..SHARES_LISTED).map(|_| sample.share_beside(&first)));
    for share in &all {
        assert_eq!(create(stores, share, 0).await, Keeping::Kept);
    }
    all.sort_by_key(|share| share.id.to_string());
    let page = async |after| {
        let listed = stores.shares.shares(first.asset, after).await;
        listed.expect("shares")
    };
    let (one, last) = (page(None).await, all[SHARES_LISTED - 1].id);
    assert_eq!(one, all[..SHARES_LISTED]);
    assert_eq!(page(Some(last)).await, all[SHARES_LISTED..]);
    assert_eq!(page(Some(all[SHARES_LISTED].id)).await, []);
}

async fn places(stores: ShareStores<'_>, sample: &Sample) {
    let first = Share {
        expires_at: Some(when(100)),
        ..sample.share()
    };
    assert_eq!(create(stores, &first, 0).await, Keeping::Kept);
    let endless = || Share {
        expires_at: None,
        ..sample.share_beside(&first)
    };
    let others: Vec<_> = (1..MAX_SHARES).map(|_| endless()).collect();
    for share in &others {
        assert_eq!(create(stores, share, 0).await, Keeping::Kept);
    }
    let late = endless();
    assert_eq!(create(stores, &late, 99).await, Keeping::Full);
    assert_eq!(stored(stores, &late).await, None, "nothing was kept");
    assert_eq!(
        create(stores, &late, 100).await,
        Keeping::Kept,
        "the first is over"
    );
    assert_eq!(create(stores, &endless(), 100).await, Keeping::Full);

    let again = Share {
        expires_at: None,
        version: 2,
        ..first.clone()
    };
    let revive = async || stores.shares.change(&first, &again, &at(100)).await;
    assert_eq!(
        revive().await.expect("change"),
        Keeping::Full,
        "its place is taken"
    );
    let renamed = Share {
        name: Label::parse("Over").expect("a name"),
        version: 2,
        ..first.clone()
    };
    let kept = stores.shares.change(&first, &renamed, &at(100)).await;
    assert_eq!(
        kept.expect("change"),
        Keeping::Kept,
        "what is over needs no place"
    );
    let again = Share {
        version: 3,
        ..again
    };
    let revoked = stores.shares.revoke(late.asset, late.id, &at(101)).await;
    assert_eq!(revoked.expect("revoke"), Change::Applied);
    let revived = stores.shares.change(&renamed, &again, &at(101)).await;
    assert_eq!(revived.expect("change"), Keeping::Kept, "there is a place");
    assert_eq!(create(stores, &endless(), 101).await, Keeping::Full);
}

async fn trading(stores: ShareStores<'_>, sample: &Sample) {
    let new = sample.new_asset(&builders::film(10));
    let shared = Share {
        org: new.org,
        asset: new.id,
        expires_at: Some(when(50)),
        ..sample.share()
    };
    let presented = async || {
        let found = stores.exchanges.presented(&shared.claims()).await;
        found.expect("presented")
    };
    assert_eq!(presented().await, (None, None));
    assert_eq!(create(stores, &shared, 0).await, Keeping::Kept);
    assert_eq!(presented().await, (Some(shared.clone()), None));
    publish_film(stores.assets, &new, sample.package()).await;
    let (found, asset) = presented().await;
    assert_eq!(found.as_ref(), Some(&shared));
    assert_eq!(asset.map(|asset| asset.announced), Some(new));

    let exchange = async |grant: &Grant, seconds| {
        let traded = stores
            .exchanges
            .exchange(&shared, grant, &at(seconds))
            .await;
        traded.expect("exchange")
    };
    let known = async |grant: &Grant| {
        let found = stores.views.admission(grant.digest, grant.asset).await;
        found.expect("admission").0
    };
    let (good, late, after) = (
        sample.grant_of(&shared),
        sample.grant_of(&shared),
        sample.grant_of(&shared),
    );
    assert_eq!(exchange(&good, 49).await, Change::Applied);
    assert_eq!(known(&good).await, Some(good), "all fields");
    assert_eq!(exchange(&late, 50).await, Change::NotApplied, "it is over");
    let revoked = stores.shares.revoke(shared.asset, shared.id, &at(1)).await;
    assert_eq!(revoked.expect("revoke"), Change::Applied);
    assert_eq!(
        exchange(&after, 1).await,
        Change::NotApplied,
        "it is revoked"
    );
    assert_eq!((known(&late).await, known(&after).await), (None, None));
}

/// Trades the share and opens a view by it.
async fn play(stores: ShareStores<'_>, sample: &Sample, share: &Share, seconds: u64) -> Opening {
    let grant = sample.grant_of(share);
    let traded = stores.exchanges.exchange(share, &grant, &at(0)).await;
    assert_eq!(traded.expect("exchange"), Change::Applied);
    let session = sample.playback(&grant);
    let opened = stores
        .views
        .open_shared(&session, share, &at(seconds))
        .await;
    let opening = opened.expect("open_shared");
    let there = stores.views.session(session.id).await.expect("session");
    let spent = stores.views.admission(grant.digest, grant.asset).await;
    let spent = spent.expect("admission").0.map(|grant| grant.views);
    let open = opening == Opening::Opened;
    assert_eq!(
        (there.is_some(), spent),
        (open, Some(u32::from(open))),
        "all or nothing"
    );
    opening
}

async fn playing(stores: ShareStores<'_>, sample: &Sample) {
    let shared = Share {
        max_views: Some(MaxViews::parse(2).expect("a count")),
        expires_at: Some(when(500)),
        ..sample.share()
    };
    assert_eq!(create(stores, &shared, 0).await, Keeping::Kept);
    let grant = sample.grant_of(&shared);
    let traded = stores.exchanges.exchange(&shared, &grant, &at(0)).await;
    assert_eq!(traded.expect("exchange"), Change::Applied);
    let session = sample.playback(&grant);
    let open = async |session| {
        let opened = stores.views.open_shared(session, &shared, &at(10)).await;
        opened.expect("open_shared")
    };
    assert_eq!(open(&session).await, Opening::Opened);
    assert_eq!(open(&session).await, Opening::AlreadyOpen);
    let once = Share {
        views: 1,
        first_played: Some(when(10)),
        ..shared.clone()
    };
    assert_eq!(stored(stores, &shared).await, Some(once), "counted once");
    let other = sample.playback(&grant);
    assert_eq!(open(&other).await, Opening::Refused, "the token is spent");
    assert_eq!(
        stored(stores, &shared).await.map(|s| s.views),
        Some(1),
        "neither"
    );
    assert_eq!(play(stores, sample, &shared, 20).await, Opening::Opened);
    assert_eq!(
        play(stores, sample, &shared, 21).await,
        Opening::Refused,
        "two in all"
    );
    assert_eq!(open(&session).await, Opening::AlreadyOpen, "even then");
    let after = stored(stores, &shared).await.expect("the share");
    assert_eq!((after.views, after.first_played), (2, Some(when(10))));

    let ending = Share {
        expires_at: Some(when(30)),
        ..sample.share()
    };
    assert_eq!(create(stores, &ending, 0).await, Keeping::Kept);
    assert_eq!(
        play(stores, sample, &ending, 30).await,
        Opening::Refused,
        "it is over"
    );
    let grant = sample.grant_of(&ending);
    let traded = stores.exchanges.exchange(&ending, &grant, &at(0)).await;
    assert_eq!(traded.expect("exchange"), Change::Applied);
    let revoked = stores.shares.revoke(ending.asset, ending.id, &at(1)).await;
    assert_eq!(revoked.expect("revoke"), Change::Applied);
    let session = sample.playback(&grant);
    let opened = stores.views.open_shared(&session, &ending, &at(2)).await;
    assert_eq!(
        opened.expect("open_shared"),
        Opening::Refused,
        "it is revoked"
    );
}

async fn windows(stores: ShareStores<'_>, sample: &Sample) {
    let shared = Share {
        first_play: Some(FirstPlay::parse(60).expect("a window")),
        ..sample.share()
    };
    assert_eq!(create(stores, &shared, 0).await, Keeping::Kept);
    assert_eq!(play(stores, sample, &shared, 1_000).await, Opening::Opened);
    assert_eq!(play(stores, sample, &shared, 1_059).await, Opening::Opened);
    assert_eq!(play(stores, sample, &shared, 1_060).await, Opening::Refused);
    let after = stored(stores, &shared).await.expect("the share");
    assert_eq!(
        after.play_until(),
        Some(when(1_060)),
        "the first one began it"
    );
    assert_eq!(after.views, 2);
}

/// Many tokens of one share at once, which opens three views: three open.
async fn plays_race(stores: ShareStores<'_>, sample: &Sample) {
    let shared = Share {
        max_views: Some(MaxViews::parse(3).expect("a count")),
        ..sample.share()
    };
    assert_eq!(create(stores, &shared, 0).await, Keeping::Kept);
    let plays = (0..20).map(|_| play(stores, sample, &shared, 1));
    let outcomes = join_all(plays).await;
    let opened = outcomes.iter().filter(|o| **o == Opening::Opened).count();
    assert_eq!(opened, 3);
    assert_eq!(stored(stores, &shared).await.map(|s| s.views), Some(3));
}

/// All of an asset go, whatever became of them, and its places with them; those of another stay.
async fn erasing(stores: ShareStores<'_>, sample: &Sample) {
    let (first, kept) = (sample.share(), sample.share());
    let others: Vec<_> = (1..MAX_SHARES)
        .map(|_| sample.share_beside(&first))
        .collect();
    for share in others.iter().chain([&first, &kept]) {
        assert_eq!(create(stores, share, 0).await, Keeping::Kept);
    }
    let ended = stores.shares.revoke(first.asset, first.id, &at(1)).await;
    assert_eq!(ended.expect("revoke"), Change::Applied);
    let mut removed = 0;
    loop {
        let gone = stores.erasure.erase_shares(first.asset).await;
        let gone = gone.expect("an erasure");
        removed += gone.removed;
        if !gone.more {
            break;
        }
    }
    assert!(removed >= MAX_SHARES as u64, "{removed} of {MAX_SHARES}");
    let again = stores.erasure.erase_shares(first.asset).await;
    assert_eq!(again.expect("an erasure").removed, 0, "none is left");
    let left = stores.shares.shares(first.asset, None).await;
    assert_eq!(left.expect("shares"), Vec::new());
    assert_eq!(stored(stores, &kept).await, Some(kept));
    let anew = sample.share_beside(&first);
    assert_eq!(create(stores, &anew, 2).await, Keeping::Kept);
}
