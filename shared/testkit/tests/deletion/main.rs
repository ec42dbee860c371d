//! How assets go, as callers find it; the end of them; and both cut off anywhere.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

mod age;
mod cuts;
mod erased;
mod gone;
mod held;
mod rules;

use futures_util::FutureExt as _;
use vault_domain::asset::{Asset, AssetState, media_prefix, uploads_prefix};
use vault_domain::audit::Event;
use vault_domain::credential::Role;
use vault_domain::deletion::{DAY, Presence, Reason, Retention};
use vault_domain::error::Refusal;
use vault_domain::ports::{Clock as _, Stored};
use vault_domain::token::Caller;
use vault_domain::usecase::sweep_assets::{Command, Run, run};
use vault_domain::usecase::{Ask, deletion};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, ORG};
use vault_testkit::cloud::Object;

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

/// The golden film with its source, a segment of a dead run, and a removed version of each.
fn kit() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    let (media, uploads) = (media_prefix(ASSET), uploads_prefix(ORG, ASSET));
    kit.cloud.with(|s| {
        let source = Object::new(builders::film(1_000));
        s.uploads.objects.insert(format!("{uploads}source"), source);
        let versions = [format!("{media}old/00000.ts"), format!("{uploads}source")];
        s.noncurrent.extend(versions.map(|key| (key, vec![3; 64])));
    });
    kit
}

fn viewer() -> Ask {
    builders::ask_of(Caller {
        subject: builders::viewer_subject(),
        role: Role::Viewer,
        ..builders::caller()
    })
}

fn delete(kit: &Kit) -> Result<Asset, Refusal> {
    now(deletion::delete(&kit.deletion(), &builders::ask(), ASSET))
}

fn restore(kit: &Kit) -> Result<Asset, Refusal> {
    now(deletion::restore(&kit.deletion(), &builders::ask(), ASSET))
}

fn hold(kit: &Kit, reason: &str) -> Result<Asset, Refusal> {
    let reason = Reason::parse(reason).unwrap();
    let deps = kit.deletion();
    now(deletion::place_hold(
        &deps,
        &builders::ask(),
        ASSET,
        &reason,
    ))
}

fn release(kit: &Kit) -> Result<Asset, Refusal> {
    let deps = kit.deletion();
    now(deletion::release_hold(&deps, &builders::ask(), ASSET))
}

fn rule(kit: &Kit, rules: Retention) -> Result<Retention, Refusal> {
    let deps = kit.deletion();
    now(deletion::set_retention(&deps, &builders::ask(), &rules))
}

fn command(kit: &Kit) -> Command {
    Command {
        deadline: kit.clock.now().plus(600),
        request: "req-2".to_owned(),
    }
}

fn sweep(kit: &Kit) -> Stored<Run> {
    now(run(&kit.sweep_assets(), &command(kit)))
}

fn asset(kit: &Kit) -> Option<Asset> {
    kit.cloud.with(|s| s.assets.get(&ASSET).cloned())
}

fn presence(kit: &Kit) -> Presence {
    asset(kit).unwrap().keeping.presence
}

/// How often this is on record.
fn recorded(kit: &Kit, event: Event) -> usize {
    let is = |r: &&vault_domain::audit::Record| r.event == event;
    kit.cloud.with(|s| s.audit.iter().filter(is).count())
}

/// Past the time in which what is deleted now can be had back.
fn wait(kit: &Kit) {
    kit.clock.advance(30 * DAY);
}

#[test]
fn an_asset_goes_and_comes_back_as_it_was() {
    let kit = kit();
    let before = asset(&kit).unwrap();
    let deleted = delete(&kit).unwrap();
    let deletion = deleted.keeping.presence.deletion().unwrap();
    assert_eq!(deletion.erase_at, deletion.at.plus(30 * DAY));
    assert_eq!(deleted.state, AssetState::Ready, "its state stays");
    kit.clock.advance(60);
    assert_eq!(delete(&kit).unwrap(), deleted, "again is the same deletion");
    assert_eq!(recorded(&kit, Event::AssetDeleted), 1);

    restore(&kit).unwrap();
    restore(&kit).unwrap();
    assert_eq!(recorded(&kit, Event::AssetRestored), 1);
    let mut after = asset(&kit).unwrap();
    assert_eq!(after.keeping.restored_at, Some(kit.clock.now()));
    assert_eq!(after.views_from, kit.clock.now().plus(1));
    after.keeping.restored_at = None;
    after.views_from = before.views_from;
    assert_eq!(after, before);
    assert!(kit.cloud.with(|s| s.dues.is_empty()), "it is not due");
    assert_eq!(sweep(&kit).unwrap().erased, 0);
}

#[test]
fn each_deletion_clears_caches_once() {
    let kit = kit();
    delete(&kit).unwrap();
    delete(&kit).unwrap();
    assert_eq!(kit.cloud.with(|s| s.invalidations.len()), 1);
    restore(&kit).unwrap();
    kit.clock.advance(60);
    delete(&kit).unwrap();
    assert_eq!(kit.cloud.with(|s| s.invalidations.len()), 2);
}

#[test]
fn it_comes_back_until_the_moment_that_was_promised_and_not_after() {
    let late = kit();
    delete(&late).unwrap();
    late.clock.advance(30 * DAY - 1);
    late.plant_session();
    restore(&late).unwrap();
    let kit = kit();
    delete(&kit).unwrap();
    wait(&kit);
    assert!(matches!(restore(&kit), Err(Refusal::Conflict(_))));
    assert!(presence(&kit).is_deleted(), "it is not erased yet");
    sweep(&kit).unwrap();
    assert!(matches!(restore(&kit), Err(Refusal::NotFound("asset"))));
    assert!(matches!(delete(&kit), Err(Refusal::NotFound("asset"))));
}
