//! Quotas, as callers and the operator find them; uploads that nobody ends; and both cut off anywhere.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

mod abandoned;
mod cuts;
mod film;

use futures_util::FutureExt as _;
use vault_domain::asset::{Asset, AssetState, PartPlan};
use vault_domain::audit::Event;
use vault_domain::credential::Role;
use vault_domain::error::Refusal;
use vault_domain::id::OrgId;
use vault_domain::ports::Clock as _;
use vault_domain::quota::{Counted, OwnQuota, Setting, Tally, Usage};
use vault_domain::token::Caller;
use vault_domain::usecase::set_quota::{self, Wish};
use vault_domain::usecase::{begin_upload, deletion, organisation, process_upload};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, ORG, QUOTA};

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

fn announce(kit: &Kit, size: u64, key: Option<&str>) -> Result<Asset, Refusal> {
    let new = builders::new_asset(&builders::film(1_000));
    let command = begin_upload::Command {
        ask: builders::ask(),
        title: new.title,
        media_type: new.media_type,
        plan: PartPlan::of(size)?,
        checksum: None,
        idempotency: key.map(builders::idempotency_key),
    };
    let slot = now(begin_upload::run(&kit.begin_upload(), command));
    slot.map(|slot| slot.asset)
}

fn set(kit: &Kit, wishes: &[(Setting, Wish)]) -> Result<Tally, Refusal> {
    let command = set_quota::Command {
        org: ORG,
        wishes: wishes.to_vec(),
        request: "req-3".to_owned(),
    };
    now(set_quota::run(&kit.set_quota(), &command))
}

fn used(kit: &Kit) -> Usage {
    kit.cloud.with(|s| s.tally(ORG).used)
}

fn recorded(kit: &Kit, event: Event) -> usize {
    let is = |r: &&vault_domain::audit::Record| r.event == event;
    kit.cloud.with(|s| s.audit.iter().filter(is).count())
}

async fn deliver(kit: &Kit) -> Result<process_upload::Outcome, process_upload::Retry> {
    let command = process_upload::Command {
        org: ORG,
        asset: ASSET,
        deadline: kit.clock.now().plus(900),
        last_try: false,
        request: "req-4".to_owned(),
    };
    process_upload::run(&kit.process_upload(), command).await
}

#[test]
fn what_is_over_a_quota_is_refused_with_what_it_is_and_nothing_is_written() {
    let kit = Kit::with_users(1);
    announce(&kit, 900, None).unwrap();
    set(&kit, &[(Setting::All(Counted::Bytes), Wish::Most(1_000))]).unwrap();
    let before = kit.cloud.snapshot();
    let refused = announce(&kit, 101, None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the organisation's quota of bytes is 1000: 900 are used, and this needs 101 more"
    );
    assert_eq!(kit.cloud.snapshot(), before);
    announce(&kit, 100, None).unwrap();
    assert_eq!(used(&kit).bytes, 1_000);
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[test]
fn an_announcement_that_is_repeated_counts_once_and_is_told_however_full_it_is() {
    let kit = Kit::with_users(1);
    set(&kit, &[(Setting::All(Counted::Uploads), Wish::Most(1))]).unwrap();
    let first = announce(&kit, 10, Some("a")).unwrap();
    let again = announce(&kit, 10, Some("a")).unwrap();
    assert_eq!(first.id(), again.id());
    assert_eq!(used(&kit).uploads, 1);
    assert!(matches!(
        announce(&kit, 11, Some("a")),
        Err(Refusal::IdempotencyMismatch)
    ));
    let other = announce(&kit, 10, Some("b"));
    assert!(matches!(other, Err(Refusal::QuotaExceeded(e)) if e.of == Counted::Uploads));
}

#[test]
fn where_no_minute_is_left_nothing_is_brought_in() {
    let kit = Kit::with_users(1);
    set(&kit, &[(Setting::All(Counted::Minutes), Wish::Most(0))]).unwrap();
    let refused = announce(&kit, 10, None);
    assert!(matches!(refused, Err(Refusal::QuotaExceeded(e)) if e.of == Counted::Minutes));
}

#[test]
fn a_film_that_is_too_long_for_what_is_left_fails_with_a_reason_and_leaves_nothing() {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    set(&kit, &[(Setting::All(Counted::Minutes), Wish::Most(0))]).unwrap();
    let outcome = now(deliver(&kit)).unwrap();
    assert_eq!(outcome, process_upload::Outcome::Failed);
    let state = kit.cloud.snapshot();
    let failure = state.assets[&ASSET].failure.clone().unwrap();
    assert_eq!(failure.code, "quota_exceeded");
    assert!(
        failure.reason.contains("quota of minutes is 0"),
        "{}",
        failure.reason
    );
    assert!(state.keys.is_empty() && state.segments.is_empty() && state.manifests.is_empty());
    let left = used(&kit);
    assert_eq!((left.seconds, left.uploads, left.bytes), (0, 0, 1_000));
}

#[test]
fn a_film_counts_its_minutes_once_it_is_ready() {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    assert_eq!(used(&kit).seconds, 0);
    assert_eq!(now(deliver(&kit)).unwrap(), process_upload::Outcome::Ready);
    let state = kit.cloud.snapshot();
    let ticks = state
        .manifests
        .values()
        .next()
        .unwrap()
        .presentation
        .segments
        .iter();
    let seconds = ticks
        .map(|segment| segment.ticks)
        .sum::<u64>()
        .div_ceil(90_000);
    assert!(seconds > 0);
    assert_eq!(used(&kit).seconds, seconds);
}

#[test]
fn an_upload_that_was_deleted_goes_on_only_where_there_is_room_for_it() {
    let kit = Kit::with_users(1);
    set(&kit, &[(Setting::All(Counted::Uploads), Wish::Most(1))]).unwrap();
    let first = announce(&kit, 10, None).unwrap().id();
    now(deletion::delete(&kit.deletion(), &builders::ask(), first)).unwrap();
    assert_eq!(used(&kit).uploads, 0);
    let second = announce(&kit, 10, None).unwrap().id();
    let restore = || now(deletion::restore(&kit.deletion(), &builders::ask(), first));
    assert!(matches!(restore(), Err(Refusal::QuotaExceeded(_))));
    now(deletion::delete(&kit.deletion(), &builders::ask(), second)).unwrap();
    assert_eq!(restore().unwrap().state, AssetState::Uploading);
    assert_eq!((used(&kit).uploads, used(&kit).assets), (1, 2));
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[test]
fn the_operator_sets_a_quota_once_and_less_than_there_is_stops_only_what_is_new() {
    let kit = Kit::with_users(1);
    let first = announce(&kit, 10, None).unwrap().id();
    let wishes = [
        (Setting::All(Counted::Assets), Wish::Most(0)),
        (Setting::All(Counted::Bytes), Wish::Most(5)),
    ];
    let tally = set(&kit, &wishes).unwrap();
    assert_eq!((tally.own.assets, tally.own.bytes), (Some(0), Some(5)));
    assert_eq!(set(&kit, &wishes).unwrap(), tally);
    assert_eq!(
        recorded(&kit, Event::QuotaChanged),
        1,
        "again changes nothing"
    );
    assert!(announce(&kit, 1, None).is_err());
    let ask = builders::ask();
    let uploads = kit.begin_upload();
    let parts = now(begin_upload::sign_parts(&uploads, &ask, first, &[1.into()]));
    assert!(parts.is_ok(), "what is under way goes on");
    let back = [
        (Setting::All(Counted::Assets), Wish::Default),
        (Setting::All(Counted::Bytes), Wish::Keep),
    ];
    let tally = set(&kit, &back).unwrap();
    let wanted = OwnQuota {
        bytes: Some(5),
        version: 2,
        ..OwnQuota::default()
    };
    assert_eq!(tally.own, wanted);
    let record = kit.cloud.snapshot().audit.pop().unwrap();
    let told: Vec<_> = record.details.iter().collect();
    assert!(told.contains(&("max_assets", "default")) && told.contains(&("max_bytes", "5")));
    assert_eq!((record.org, record.source.request.as_str()), (ORG, "req-3"));
}

#[test]
fn there_is_no_quota_of_an_organisation_that_is_not() {
    let kit = Kit::with_users(1);
    let command = set_quota::Command {
        org: OrgId::from_octets([9; 16]),
        wishes: vec![(Setting::All(Counted::Bytes), Wish::Most(1))],
        request: String::new(),
    };
    let before = kit.cloud.snapshot();
    let refused = now(set_quota::run(&kit.set_quota(), &command));
    assert!(matches!(refused, Err(Refusal::NotFound("organisation"))));
    assert_eq!(kit.cloud.snapshot(), before);
}

#[test]
fn admins_and_owners_see_what_is_used_and_nobody_else() {
    let kit = Kit::with_users(1);
    announce(&kit, 10, None).unwrap();
    set(&kit, &[(Setting::All(Counted::Bytes), Wish::Most(99))]).unwrap();
    let deps = kit.organisation();
    let (usage, quota) = now(organisation::usage(&deps, &builders::ask())).unwrap();
    assert_eq!((usage.bytes, usage.uploads), (10, 1));
    assert_eq!((quota.bytes, quota.uploads), (99, QUOTA.uploads));
    let viewer = builders::ask_of(Caller {
        subject: builders::viewer_subject(),
        role: Role::Viewer,
        ..builders::caller()
    });
    let refused = now(organisation::usage(&deps, &viewer));
    assert!(matches!(refused, Err(Refusal::Forbidden(_))));
}
