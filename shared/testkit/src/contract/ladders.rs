//! The ladder of an asset: changed in one step, of a package that plays.

use futures_util::future::join_all;
use vault_domain::deletion::Deletion;
use vault_domain::id::PackageId;
use vault_domain::ladder::{Variant, VariantState, asked, claimed, planned, settled};
use vault_domain::ports::{Assets, Change, Deletions, Ladders};
use vault_domain::time::Timestamp;

use super::publish_film;
use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::Sample;

const LEASE: (Timestamp, Timestamp) = (Timestamp(10), Timestamp(20));
/// Runs that want the same variant.
const RUNS: usize = 8;

/// Asked for, planned, claimed by one of many, settled; not of another package, nor of what is deleted or withdrawn.
pub async fn ladders_contract(
    assets: &dyn Assets,
    port: &dyn Ladders,
    deletions: &dyn Deletions,
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let new = sample.new_asset(&builders::film(1_000));
    let package = sample.package();
    publish_film(assets, &new, package).await;
    let ladder = async || {
        let asset = assets.get(new.id).await.expect("get");
        asset.expect("an asset").ladder
    };
    assert_eq!(ladder().await, None);
    let record = builders::record();
    let change = async |step: Step<'_>, record| {
        let changed = port.change(new.id, package, step, record).await;
        changed.expect("change")
    };
    assert_eq!(change(&asked, Some(&record)).await, Change::Applied);
    assert_eq!(ladder().await, Some(Vec::new()));
    let again = builders::record();
    assert_eq!(change(&asked, Some(&again)).await, Change::NotApplied);
    let plan = |ladder: Option<&[Variant]>| planned(ladder, &[720, 360]);
    let other = port.change(new.id, sample.package(), &plan, None).await;
    assert_eq!(
        other.expect("change"),
        Change::NotApplied,
        "another package"
    );
    assert_eq!(change(&plan, None).await, Change::Applied);
    assert_eq!(change(&plan, None).await, Change::NotApplied);

    let runs: Vec<PackageId> = (0..RUNS).map(|_| sample.package()).collect();
    let claim = async |run: &PackageId| {
        let step = |ladder: Option<&[Variant]>| claimed(ladder, 720, *run, LEASE);
        change(&step, None).await
    };
    let claims = join_all(runs.iter().map(claim)).await;
    let won: Vec<_> = claims.iter().zip(&runs).collect();
    let won: Vec<_> = won
        .iter()
        .filter(|(change, _)| **change == Change::Applied)
        .collect();
    assert_eq!(won.len(), 1, "one run has it");
    let run = *won[0].1;
    let held = ladder().await.expect("a ladder");
    let until = LEASE.1;
    assert_eq!(held[0].state, VariantState::Coding { run, until });
    assert_eq!((held[0].id.attempt, held[1].id.attempt), (1, 0));

    let settle = async |run: PackageId| {
        let step = |ladder: Option<&[Variant]>| settled(ladder, 720, run, &VariantState::Waiting);
        change(&step, None).await
    };
    assert_eq!(settle(sample.package()).await, Change::NotApplied);
    assert_eq!(settle(run).await, Change::Applied);
    let film = assets.get(new.id).await.expect("get").expect("an asset");
    let deletion = Deletion {
        at: GOLDEN_NOW,
        erase_at: GOLDEN_NOW.plus(86_400),
    };
    let written = builders::record();
    let deleted = deletions.delete(&film, deletion, &written).await;
    assert_eq!(deleted.expect("delete"), Change::Applied);
    assert_eq!(claim(&run).await, Change::NotApplied, "it is deleted");
    let withdrawn = assets.withdraw(new.id, &builders::record()).await;
    assert_eq!(withdrawn.expect("withdraw"), Change::Applied);
    assert_eq!(claim(&run).await, Change::NotApplied);
    let unknown = port.change(sample.asset(), package, &plan, None).await;
    assert_eq!(unknown.expect("change"), Change::NotApplied);
}

type Step<'a> = vault_domain::ports::LadderStep<'a>;
