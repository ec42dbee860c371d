//! The previews of an asset: changed in one step, of a package that plays; and their files, which go with their run.

use futures_util::future::join_all;
use vault_domain::asset::segment_key;
use vault_domain::deletion::Deletion;
use vault_domain::id::{AssetId, KeyId, PackageId};
use vault_domain::packaging::Stream;
use vault_domain::ports::{
    Assets, Change, Deletions, MediaWrites, PreviewChanges, PreviewReads, PreviewStep,
    PreviewWrites,
};
use vault_domain::preview::{
    PreviewName, PreviewSet, PreviewState, Previews, asked, claimed, preview_key, settled,
};
use vault_domain::time::Timestamp;

use super::{Fetch, publish_film};
use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::Sample;

const LEASE: (Timestamp, Timestamp) = (Timestamp(10), Timestamp(20));
/// Runs that want the same previews.
const RUNS: usize = 8;

/// Asked for, claimed by one of many, settled; not of another package, nor of what is deleted or withdrawn.
pub async fn previews_contract(
    assets: &dyn Assets,
    port: &dyn PreviewChanges,
    deletions: &dyn Deletions,
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let new = sample.new_asset(&builders::film(1_000));
    let package = sample.package();
    publish_film(assets, &new, package).await;
    let previews = async || {
        let asset = assets.get(new.id).await.expect("get");
        asset.expect("an asset").previews
    };
    assert_eq!(previews().await, None);
    let record = builders::record();
    let change = async |step: PreviewStep<'_>, record| {
        let changed = port.change(new.id, package, step, record).await;
        changed.expect("change")
    };
    let other = port.change(new.id, sample.package(), &asked, None).await;
    assert_eq!(
        other.expect("change"),
        Change::NotApplied,
        "another package"
    );
    assert_eq!(change(&asked, Some(&record)).await, Change::Applied);
    assert_eq!(previews().await, asked(None));
    let again = builders::record();
    assert_eq!(change(&asked, Some(&again)).await, Change::NotApplied);

    let runs: Vec<PackageId> = (0..RUNS).map(|_| sample.package()).collect();
    let claim = async |run: &PackageId| {
        let step = |found: Option<&Previews>| claimed(found, *run, LEASE);
        change(&step, None).await
    };
    let claims = join_all(runs.iter().map(claim)).await;
    let won = claims.iter().zip(&runs);
    let won: Vec<_> = won
        .filter(|(change, _)| **change == Change::Applied)
        .collect();
    assert_eq!(won.len(), 1, "one run has them");
    let run = *won[0].1;
    let held = previews().await.expect("previews");
    let until = LEASE.1;
    assert_eq!(held.state, PreviewState::Making { run, until });
    assert_eq!((held.attempt, &held.runs[..]), (1, &[run][..]));

    let ready = PreviewState::Ready(PreviewSet {
        run,
        key: KeyId::from_octets(sample.0.octets()),
        pictures: Some(((1280, 720), 10)),
        waveform: true,
    });
    let settle = async |run: PackageId| {
        let step = |found: Option<&Previews>| settled(found, run, &ready);
        change(&step, None).await
    };
    assert_eq!(settle(sample.package()).await, Change::NotApplied);
    assert_eq!(settle(run).await, Change::Applied);
    let told = previews().await.expect("previews");
    assert_eq!((told.runs.len(), told.state), (0, ready.clone()));
    assert_eq!(claim(&run).await, Change::NotApplied, "they are made once");

    let film = assets.get(new.id).await.expect("get").expect("an asset");
    let deletion = Deletion {
        at: GOLDEN_NOW,
        erase_at: GOLDEN_NOW.plus(86_400),
    };
    let written = builders::record();
    let deleted = deletions.delete(&film, deletion, &written).await;
    assert_eq!(deleted.expect("delete"), Change::Applied);
    let touched = |found: Option<&Previews>| {
        let previews = found.cloned()?;
        let attempt = previews.attempt + 1;
        Some(Previews {
            attempt,
            ..previews
        })
    };
    assert_eq!(change(&touched, None).await, Change::NotApplied);
    let withdrawn = assets.withdraw(new.id, &builders::record()).await;
    assert_eq!(withdrawn.expect("withdraw"), Change::Applied);
    assert_eq!(change(&touched, None).await, Change::NotApplied);
    let unknown = port.change(sample.asset(), package, &asked, None).await;
    assert_eq!(unknown.expect("change"), Change::NotApplied);
}

/// Kept as they are, replaced, and removed with their run alone.
pub async fn preview_files_contract(
    (packages, writes): (&dyn MediaWrites, &dyn PreviewWrites),
    reads: &dyn PreviewReads,
    fetch: Fetch<'_>,
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let asset = AssetId::from_octets(sample.0.octets());
    let (doomed, kept) = (sample.package(), sample.package());
    let read = async |run, name| reads.preview(asset, run, name).await.expect("preview");
    let put = async |run, name, octets| {
        let put = writes.put_preview(asset, run, name, octets).await;
        put.expect("put_preview");
    };
    let names = [
        PreviewName::Poster,
        PreviewName::Storyboard,
        PreviewName::Sheet(9),
        PreviewName::Waveform,
    ];
    for run in [doomed, kept] {
        for name in names {
            assert_eq!(read(run, name).await, None);
            put(run, name, vec![1; 9]).await;
            put(run, name, name.to_string().into_bytes()).await;
            let octets = name.to_string().into_bytes();
            assert_eq!(read(run, name).await, Some(octets.clone()));
            assert_eq!(fetch(preview_key(asset, run, name)).await, Some(octets));
        }
    }
    let film = packages
        .put_segment(asset, kept, (Stream::Main, 1), vec![2])
        .await;
    film.expect("put_segment");
    for _ in 0..2 {
        let removed = packages.delete_package(asset, doomed).await;
        removed.expect("delete_package");
    }
    for name in names {
        assert_eq!(read(doomed, name).await, None);
        assert!(read(kept, name).await.is_some());
    }
    let segment = fetch(segment_key(asset, kept, Stream::Main, 1)).await;
    assert_eq!(segment, Some(vec![2]));
}
