//! The crash-point sweep over conversion: what is ordered where a film cannot be packaged as it is, and what becomes of
//! the order.

use vault_domain::asset::{Asset, AssetState};
use vault_domain::conversion::{ConversionOrder, KeyFrames, MAX_CONVERTED_LINES};
use vault_domain::packaging::PackageFault;
use vault_domain::ports::Clock as _;
use vault_domain::usecase::{convert_film, process_upload};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, ORG};
use vault_testkit::packager::Script;
use vault_testkit::sweep::{Answer, Scenario};
use vault_testkit::workshop::Craft;

const RUN_SECONDS: u64 = 900;

fn command(kit: &Kit, last_try: bool) -> process_upload::Command {
    process_upload::Command {
        org: ORG,
        asset: ASSET,
        deadline: kit.clock.now().plus(RUN_SECONDS),
        last_try,
        request: "req-1".to_owned(),
    }
}

async fn packaged(kit: &Kit) -> Answer {
    let outcome = process_upload::run(&kit.process_upload(), command(kit, false)).await;
    outcome
        .map(|outcome| format!("{outcome:?}"))
        .map_err(|retry| retry.to_string())
}

async fn converted(kit: &Kit, last_try: bool) -> Answer {
    let outcome = convert_film::run(&kit.convert_film(), command(kit, last_try)).await;
    outcome
        .map(|outcome| format!("{outcome:?}"))
        .map_err(|retry| retry.to_string())
}

/// A film that arrived, and in this state.
fn film(state: AssetState) -> Kit {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    kit.change_asset(|asset| asset.state = state);
    kit
}

/// It is of a codec that is not packaged as it is, which shows after a segment.
fn foreign() -> Kit {
    let kit = film(AssetState::Uploaded);
    kit.packager.set(Script {
        fault: Some((5, PackageFault::new("unsupported_codec", "VP9"))),
        ..Script::default()
    });
    kit
}

/// A run found that out, and let go of it.
fn ordered() -> Kit {
    let kit = film(AssetState::Processing);
    let run = vault_testkit::Sample::new(2).package();
    kit.change_asset(|asset| {
        *asset = Asset {
            package: Some(run),
            runs: vec![run],
            ..asset.clone()
        };
    });
    kit
}

fn crafted(change: impl FnOnce(&mut Craft)) -> Kit {
    let kit = ordered();
    let mut craft = Craft::default();
    change(&mut craft);
    kit.workshop.set(craft);
    kit
}

/// Deliveries of one order until one of them is done with it.
fn converting(
    name: &'static str,
    build: fn() -> Kit,
) -> Scenario<impl AsyncFn(&Kit, usize) -> Answer> {
    Scenario::new(name, build, async |kit: &Kit, _| {
        converted(kit, false).await
    })
    .between(|kit| kit.clock.advance(RUN_SECONDS))
    .or("Nothing")
}

#[test]
fn a_film_that_cannot_be_packaged_as_it_is_is_ordered_to_be_converted_at_every_cut() {
    Scenario::new(
        "process_upload, to be converted",
        foreign,
        async |kit: &Kit, _| packaged(kit).await,
    )
    .between(|kit| kit.clock.advance(RUN_SECONDS))
    .hold();
}

#[tokio::test]
async fn an_order_may_begin_as_soon_as_it_is_there() {
    let kit = foreign();
    assert_eq!(packaged(&kit).await, Ok("Ordered".to_owned()));
    let state = kit.cloud.snapshot();
    let order = ConversionOrder::Film {
        org: ORG,
        asset: ASSET,
    };
    assert_eq!(state.conversions, [order]);
    let asset = &state.assets[&ASSET];
    assert_eq!(
        (asset.state, asset.lease_until),
        (AssetState::Processing, None)
    );
    kit.packager.set(Script::default());
    assert_eq!(converted(&kit, false).await, Ok("Ready".to_owned()));
}

#[tokio::test]
async fn where_nothing_is_converted_the_film_fails_with_the_reason() {
    let kit = foreign();
    let deps = process_upload::Deps {
        conversions: None,
        ..kit.process_upload()
    };
    let outcome = process_upload::run(&deps, command(&kit, false)).await;
    assert_eq!(outcome.unwrap(), process_upload::Outcome::Failed);
    let state = kit.cloud.snapshot();
    let failure = state.assets[&ASSET].failure.clone();
    assert_eq!(failure.unwrap().code, "unsupported_codec");
    assert!(state.conversions.is_empty() && state.segments.is_empty());
}

#[tokio::test]
async fn a_damaged_film_is_not_converted() {
    for code in [
        "damaged_film",
        "film_cut_short",
        "not_a_film",
        "protected_film",
    ] {
        let kit = foreign();
        kit.packager.set(Script {
            fault: Some((5, PackageFault::new(code, "a reason"))),
            ..Script::default()
        });
        assert_eq!(packaged(&kit).await, Ok("Failed".to_owned()), "{code}");
        assert!(kit.cloud.snapshot().conversions.is_empty(), "{code}");
    }
}

#[test]
fn converting_a_film_survives_every_cut() {
    converting("convert_film", ordered).hold();
}

#[test]
fn a_film_that_the_workshop_cannot_read_fails_and_leaves_nothing_at_every_cut() {
    converting("convert_film, unreadable", || {
        crafted(|craft| {
            craft.probe = Err(PackageFault::new("unreadable_film", "it is damaged"));
        })
    })
    .hold();
    converting("convert_film, damaged", || {
        crafted(|craft| {
            craft.outcome = Err(PackageFault::new("unreadable_film", "it is damaged"));
        })
    })
    .hold();
}

#[test]
fn a_film_that_is_withdrawn_meanwhile_is_left_alone_at_every_cut() {
    converting("convert_film, withdrawn", || film(AssetState::Withdrawn)).hold();
    converting("convert_film, ready", || {
        let kit = Kit::with_users(1);
        kit.plant_ready();
        kit
    })
    .hold();
}

#[tokio::test]
async fn what_comes_out_and_still_cannot_be_packaged_fails_and_is_ordered_no_second_time() {
    let kit = foreign();
    kit.change_asset(|asset| asset.state = AssetState::Processing);
    assert_eq!(converted(&kit, false).await, Ok("Failed".to_owned()));
    assert!(kit.cloud.snapshot().conversions.is_empty());
    assert!(kit.workshop.is_clear());
}

#[test]
fn a_film_that_is_more_than_films_may_be_is_not_encoded_at_any_cut() {
    converting("convert_film, too long", || {
        crafted(|craft| craft.length = Ok(1_000 * 60 + 1))
    })
    .hold();
    converting("convert_film, pictures too large", || {
        crafted(|craft| pictures(craft, (4_321, 4_321)))
    })
    .hold();
}

fn pictures(craft: &mut Craft, size: (u32, u32)) {
    if let Ok(probe) = &mut craft.probe {
        probe.pictures = Some(size);
    }
}

#[tokio::test]
async fn what_the_workshop_finds_decides_before_anything_is_encoded() {
    for (kit, code) in [
        (
            crafted(|craft| craft.length = Ok(1_000 * 60 + 1)),
            "film_too_long",
        ),
        (
            crafted(|craft| pictures(craft, (1, 8_193))),
            "pictures_too_large",
        ),
        (
            crafted(|craft| {
                craft.length = Err(PackageFault::new("unreadable_film", "it is damaged"));
            }),
            "unreadable_film",
        ),
    ] {
        assert_eq!(converted(&kit, false).await, Ok("Failed".to_owned()));
        let state = kit.cloud.snapshot();
        let failure = state.assets[&ASSET].failure.clone().unwrap();
        assert_eq!(failure.code, code);
        assert!(!failure.empties(), "a film that is sound stays");
        assert!(kit.workshop.encodings().is_empty(), "{code}");
        assert!(kit.workshop.is_clear() && state.segments.is_empty());
    }
    let upright = crafted(|craft| pictures(craft, (4_320, 8_192)));
    assert_eq!(converted(&upright, false).await, Ok("Ready".to_owned()));
}

#[tokio::test]
async fn a_source_larger_than_the_workshop_fails_before_any_of_it_is_read() {
    let kit = ordered();
    let deps = convert_film::Deps {
        max_source: 999,
        ..kit.convert_film()
    };
    let outcome = convert_film::run(&deps, command(&kit, false)).await;
    assert_eq!(outcome.unwrap(), convert_film::Outcome::Failed);
    let failure = kit.cloud.snapshot().assets[&ASSET].failure.clone();
    assert_eq!(failure.unwrap().code, "too_large_to_convert");
    assert!(!kit.cloud.calls().contains(&"uploads.read"));
}

#[tokio::test]
async fn the_workshop_gets_the_source_and_is_told_nothing_but_how_to_encode_it() {
    let kit = ordered();
    assert_eq!(converted(&kit, false).await, Ok("Ready".to_owned()));
    let encodings = kit.workshop.encodings();
    assert_eq!(encodings.len(), 1);
    assert_eq!(encodings[0].lines, MAX_CONVERTED_LINES);
    let every = KeyFrames::Every(kit.plan.segment_ms);
    assert_eq!(encodings[0].key_frames, every);
    assert!(kit.workshop.is_clear());
}

#[tokio::test]
async fn the_last_try_of_a_conversion_gives_up_with_a_reason() {
    let kit = ordered();
    kit.faults.arm(vec![vault_testkit::Fault {
        call: 5,
        mode: vault_testkit::Mode::FailBefore,
    }]);
    assert_eq!(converted(&kit, true).await, Ok("Failed".to_owned()));
    let failure = kit.cloud.snapshot().assets[&ASSET].failure.clone();
    assert_eq!(failure.unwrap().code, "gave_up");
}
