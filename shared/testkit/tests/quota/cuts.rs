//! The crash-point sweep: what is counted is what there is, wherever a run is cut and done again.

use vault_domain::quota::ABANDONED_AFTER;
use vault_domain::usecase::sweep_assets;
use vault_testkit::sweep::{Answer, Scenario, answer};

use super::*;
use crate::abandoned::{begun, command};

#[test]
fn an_announcement_that_is_over_a_quota_survives_every_cut() {
    let full = || {
        let kit = Kit::with_users(1);
        announce(&kit, 10, None).unwrap();
        set(&kit, &[(Setting::All(Counted::Uploads), Wish::Most(1))]).unwrap();
        kit
    };
    Scenario::new("begin_upload, full", full, async |kit: &Kit, _| {
        let new = builders::new_asset(&builders::film(1_000));
        let command = begin_upload::Command {
            ask: builders::ask(),
            title: new.title,
            media_type: new.media_type,
            plan: new.plan,
            checksum: None,
            idempotency: None,
        };
        let done = begin_upload::run(&kit.begin_upload(), command).await;
        answer(done, |_| "announced".to_owned())
    })
    .refused("the organisation's quota of uploads is 1: 1 are used, and this needs 1 more")
    .hold();
}

#[test]
fn a_film_that_there_is_no_room_for_survives_every_cut() {
    let full = || {
        let kit = Kit::with_users(1);
        let film = builders::film(1_000);
        kit.plant_arrived(builders::new_asset(&film), film);
        set(&kit, &[(Setting::All(Counted::Minutes), Wish::Most(0))]).unwrap();
        kit
    };
    Scenario::new("process_upload, full", full, async |kit: &Kit, _| {
        let outcome = deliver(kit).await;
        // Whoever comes again finds it settled.
        outcome
            .map(|_| "settled".to_owned())
            .map_err(|error| error.to_string())
    })
    .between(|kit| kit.clock.advance(900))
    .hold();
}

async fn swept(kit: &Kit) -> Answer {
    match sweep_assets::run(&kit.sweep_assets(), &command(kit)).await {
        Ok(run) if run.finished => Ok("swept".to_owned()),
        Ok(_) => Err("out of time".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn the_end_of_an_upload_that_nobody_ended_survives_every_cut() {
    let build = || {
        let kit = begun();
        kit.clock.advance(ABANDONED_AFTER);
        kit
    };
    let swept = Scenario::new("abandon", build, async |kit: &Kit, _| swept(kit).await)
        // What failed is tried again an hour later.
        .between(|kit| kit.clock.advance(3_600))
        .hold();
    assert!(
        swept.calls > 10,
        "in so many steps that a cut falls between"
    );
}

#[test]
fn setting_a_quota_survives_every_cut() {
    let build = || Kit::with_users(1);
    Scenario::new("set_quota", build, async |kit: &Kit, _| {
        let command = set_quota::Command {
            org: ORG,
            wishes: vec![(Setting::All(Counted::Bytes), Wish::Most(7))],
            request: "req-3".to_owned(),
        };
        let done = set_quota::run(&kit.set_quota(), &command).await;
        answer(done, |tally| format!("{tally:?}"))
    })
    .hold();
}

#[test]
fn deleting_an_upload_and_having_it_back_survive_every_cut() {
    let deleted = || {
        let kit = begun();
        now(deletion::delete(&kit.deletion(), &builders::ask(), ASSET)).unwrap();
        kit
    };
    Scenario::new("delete an upload", begun, async |kit: &Kit, _| {
        let done = deletion::delete(&kit.deletion(), &builders::ask(), ASSET).await;
        answer(done, |asset| asset.state.to_string())
    })
    .hold();
    Scenario::new("restore an upload", deleted, async |kit: &Kit, _| {
        let done = deletion::restore(&kit.deletion(), &builders::ask(), ASSET).await;
        answer(done, |asset| asset.state.to_string())
    })
    .hold();
}
