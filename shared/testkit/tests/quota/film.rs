//! What one film may be: its octets when it is announced, the rest when it is there to be looked at.

use vault_domain::asset::AssetState;
use vault_domain::audit::Event;
use vault_domain::error::Refusal;
use vault_domain::packaging::Extent;
use vault_domain::quota::{Measure, Setting};
use vault_domain::usecase::process_upload;
use vault_domain::usecase::set_quota::Wish;
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET};
use vault_testkit::packager::Script;

use crate::{announce, deliver, now, recorded, set, used};

fn may(kit: &Kit, measure: Measure, most: u64) {
    set(kit, &[(Setting::Film(measure), Wish::Most(most))]).unwrap();
}

fn arrived() -> Kit {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    kit
}

#[test]
fn a_film_of_more_octets_than_films_may_have_is_not_announced_and_nothing_is_written() {
    let kit = Kit::with_users(1);
    may(&kit, Measure::Bytes, 100);
    let before = kit.cloud.snapshot();
    let refused = announce(&kit, 101, None).unwrap_err();
    assert!(matches!(refused, Refusal::FilmTooLarge(much) if much.of == Measure::Bytes));
    assert_eq!(kit.cloud.snapshot(), before);
    announce(&kit, 100, None).unwrap();
    assert_eq!(used(&kit).bytes, 100);
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[test]
fn an_announcement_of_before_the_limit_is_told_when_it_is_repeated() {
    let kit = Kit::with_users(1);
    let first = announce(&kit, 101, Some("a")).unwrap();
    may(&kit, Measure::Bytes, 100);
    assert_eq!(announce(&kit, 101, Some("a")).unwrap().id(), first.id());
    let other = announce(&kit, 101, Some("b"));
    assert!(matches!(other, Err(Refusal::FilmTooLarge(_))));
}

#[test]
fn a_film_that_is_longer_or_larger_than_films_may_be_fails_before_its_first_key() {
    for (measure, most, code) in [
        (Measure::Minutes, 0, "film_too_long"),
        (Measure::LongSide, 1_279, "pictures_too_large"),
        (Measure::ShortSide, 719, "pictures_too_large"),
    ] {
        let kit = arrived();
        may(&kit, measure, most);
        let outcome = now(deliver(&kit)).unwrap();
        assert_eq!(outcome, process_upload::Outcome::Failed);
        kit.cloud.with(|s| {
            let asset = &s.assets[&ASSET];
            let failure = asset.failure.as_ref().unwrap();
            assert_eq!((asset.state, &*failure.code), (AssetState::Failed, code));
            assert!(s.segments.is_empty() && s.keys.is_empty());
            assert!(s.conversions.is_empty(), "it is not coded anew");
            assert!(!failure.empties(), "a film that is sound stays");
        });
        let calls = kit.faults.log();
        assert!(
            calls.iter().all(|call| call.name != "content_keys.put"),
            "{code}"
        );
        assert_eq!(recorded(&kit, Event::AssetFailed), 1);
        assert_eq!(kit.leaks(), Vec::<String>::new());
    }
}

#[test]
fn what_comes_out_decides_whatever_the_index_says() {
    let kit = arrived();
    may(&kit, Measure::Minutes, 1);
    kit.packager.set(Script {
        segments: 11,
        index: Some(Extent {
            seconds: 1,
            resolution: (16, 16),
        }),
        ..Script::default()
    });
    let outcome = now(deliver(&kit)).unwrap();
    assert_eq!(outcome, process_upload::Outcome::Failed);
    kit.cloud.with(|s| {
        let failure = s.assets[&ASSET].failure.as_ref().unwrap();
        assert_eq!(failure.code, "film_too_long");
        assert!(s.segments.is_empty() && s.keys.is_empty());
    });
}

#[test]
fn a_film_that_just_fits_is_packaged_upright_too() {
    for resolution in [(1280, 720), (720, 1280)] {
        let kit = arrived();
        may(&kit, Measure::LongSide, 1_280);
        may(&kit, Measure::ShortSide, 720);
        may(&kit, Measure::Minutes, 1);
        kit.packager.set(Script {
            resolution,
            ..Script::default()
        });
        let outcome = now(deliver(&kit)).unwrap();
        assert_eq!(outcome, process_upload::Outcome::Ready);
    }
}

#[test]
fn what_is_set_of_a_film_holds_until_it_is_taken_back() {
    let kit = Kit::with_users(1);
    may(&kit, Measure::Bytes, 0);
    assert!(announce(&kit, 1, None).is_err());
    set(&kit, &[(Setting::Film(Measure::Bytes), Wish::Default)]).unwrap();
    assert!(announce(&kit, 1, None).is_ok());
    assert_eq!(recorded(&kit, Event::QuotaChanged), 2);
}
