//! Media tokens that are spent on downloads.

use futures_util::future::join_all;
use vault_domain::asset::AssetState;
use vault_domain::download::Download;
use vault_domain::ports::{Assets, Downloads, Grants, Opening};
use vault_domain::time::Timestamp;
use vault_domain::token::{Action, Grant};

use super::publish_film;
use crate::builders;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// Grants and downloads: a grant is spent and its download stored, both or neither, once, however many try at once.
pub async fn downloads_contract(
    port: &dyn Downloads,
    grants: &dyn Grants,
    assets: &dyn Assets,
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    admission(port, grants, assets, &sample).await;
    spending(port, grants, &sample).await;
    refusals(port, grants, &sample).await;
    spends_race(port, grants, &sample).await;
    repeats_race(port, grants, &sample).await;
}

async fn stored(port: &dyn Downloads, grant: &Grant) -> Option<Grant> {
    let read = port.admission(grant.digest, grant.asset).await;
    read.expect("admission").0
}

fn new_grant(sample: &Sample, max_views: u32) -> Grant {
    Grant {
        action: Action::Download,
        max_views,
        ..sample.grant(sample.asset())
    }
}

async fn made(grants: &dyn Grants, sample: &Sample, max_views: u32) -> Grant {
    let grant = new_grant(sample, max_views);
    grants
        .create(&grant, &builders::record())
        .await
        .expect("create");
    grant
}

async fn admission(port: &dyn Downloads, grants: &dyn Grants, assets: &dyn Assets, of: &Sample) {
    let new = of.new_asset(&builders::film(10));
    let grant = Grant {
        asset: new.id,
        ..new_grant(of, 1)
    };
    let read = async || {
        port.admission(grant.digest, new.id)
            .await
            .expect("admission")
    };
    assert_eq!(read().await, (None, None));
    grants
        .create(&grant, &builders::record())
        .await
        .expect("create");
    assert_eq!(
        read().await,
        (Some(grant.clone()), None),
        "all fields read back"
    );
    publish_film(assets, &new, of.package()).await;
    let (found, asset) = read().await;
    let asset = asset.expect("the asset");
    assert_eq!((found, &asset.announced), (Some(grant), &new));
    assert_eq!(asset.state, AssetState::Ready);
}

async fn spending(port: &dyn Downloads, grants: &dyn Grants, sample: &Sample) {
    // Of a time when a token for downloads could be made for several views.
    let grant = made(grants, sample, 9).await;
    let (first, second) = (sample.download(&grant), sample.download(&grant));
    assert_eq!(port.download(first.id).await.expect("download"), None);
    let open = async |download| {
        port.open(download, &builders::record())
            .await
            .expect("open")
    };

    assert_eq!(open(&first).await, Opening::Opened);
    let read = port.download(first.id).await.expect("download");
    assert_eq!(read, Some(first), "all fields read back");
    assert_eq!(open(&first).await, Opening::AlreadyOpen);
    assert_eq!(
        open(&second).await,
        Opening::Refused,
        "one, whatever max_views"
    );
    let neither = port.download(second.id).await.expect("download");
    assert_eq!(neither, None, "neither was stored");
    assert_eq!(
        stored(port, &grant).await,
        Some(Grant {
            views: 1,
            ..grant.clone()
        })
    );
}

async fn refusals(port: &dyn Downloads, grants: &dyn Grants, sample: &Sample) {
    let revoked = Grant {
        revoked: true,
        ..new_grant(sample, 1)
    };
    let play = Grant {
        action: Action::Play,
        ..new_grant(sample, 1)
    };
    for grant in [revoked, play] {
        grants
            .create(&grant, &builders::record())
            .await
            .expect("create");
        let download = sample.download(&grant);
        refuses(port, &download).await;
        assert_eq!(stored(port, &grant).await, Some(grant), "nothing was spent");
    }
    let unknown = new_grant(sample, 1);
    refuses(port, &sample.download(&unknown)).await;
    assert_eq!(
        stored(port, &unknown).await,
        None,
        "no grant is made by a spend"
    );

    let grant = made(grants, sample, 1).await;
    let download = sample.download(&grant);
    let astray = Download {
        asset: sample.asset(),
        ..download
    };
    refuses(port, &astray).await;
    let late = Download {
        opened_at: grant.expires_at,
        ..download
    };
    refuses(port, &late).await;
    let in_time = Download {
        opened_at: Timestamp(grant.expires_at.0 - 1),
        ..download
    };
    assert_eq!(
        port.open(&in_time, &builders::record())
            .await
            .expect("open"),
        Opening::Opened
    );
}

async fn refuses(port: &dyn Downloads, download: &Download) {
    assert_eq!(
        port.open(download, &builders::record())
            .await
            .expect("open"),
        Opening::Refused
    );
    assert_eq!(port.download(download.id).await.expect("download"), None);
}

/// Many downloads at once on one grant: one opens.
async fn spends_race(port: &dyn Downloads, grants: &dyn Grants, sample: &Sample) {
    let grant = made(grants, sample, 1).await;
    let downloads: Vec<_> = (0..30).map(|_| sample.download(&grant)).collect();
    let outcomes = join_all(
        downloads
            .iter()
            .map(async |download| port.open(download, &builders::record()).await),
    )
    .await;
    let mut opened = 0;
    for (outcome, download) in outcomes.into_iter().zip(&downloads) {
        let outcome = outcome.expect("open");
        let there = port.download(download.id).await.expect("download");
        let there = there.is_some();
        assert_eq!(
            outcome == Opening::Opened,
            there,
            "both or neither: {outcome:?}"
        );
        opened += u32::from(there);
    }
    assert_eq!(opened, 1);
    assert_eq!(stored(port, &grant).await.map(|g| g.views), Some(1));
}

/// One download many times at once: it opens once.
async fn repeats_race(port: &dyn Downloads, grants: &dyn Grants, sample: &Sample) {
    let grant = made(grants, sample, 1).await;
    let download = sample.download(&grant);
    let outcomes =
        join_all((0..20).map(async |_| port.open(&download, &builders::record()).await)).await;
    let count = |wanted: &Opening| {
        let same = outcomes.iter().flatten().filter(|o| *o == wanted);
        same.count()
    };
    assert_eq!(
        (count(&Opening::Opened), count(&Opening::AlreadyOpen)),
        (1, 19)
    );
    assert_eq!(stored(port, &grant).await.map(|g| g.views), Some(1));
}
