//! Trading the link of a share.

use vault_domain::asset::AssetState;
use vault_domain::audit::Event;
use vault_domain::deletion::{Deletion, Presence};
use vault_domain::error::Refusal;
use vault_domain::id::OrgId;
use vault_domain::network::Networks;
use vault_domain::secret::SecretText;
use vault_domain::usecase::exchange_share;
use vault_domain::usecase::exchange_share::GUESSES_PER_NETWORK;
use vault_testkit::clock::GOLDEN_NOW;
use vault_testkit::share::{SHARE_PASSWORD, share};

use crate::{events, exchange, from, kit, most, play};

#[test]
fn every_bad_link_reads_the_same_and_a_forged_one_costs_no_call() {
    let kit = kit();
    let good = kit.plant_share(|_| {});
    let forged = SecretText::new(good.expose().replace("rvs_", "rvs_x"));
    let before = kit.cloud.calls().len();
    assert!(matches!(
        exchange(&kit, &forged, None),
        Err(Refusal::InvalidLink)
    ));
    assert_eq!(
        kit.cloud.calls().len(),
        before,
        "nothing was read, counted or recorded"
    );
    let unknown = kit.share_tokens_of(&vault_domain::share::Share {
        id: vault_domain::id::ShareId::from_octets([9; 16]),
        ..share()
    });
    assert!(matches!(
        exchange(&kit, &unknown, None),
        Err(Refusal::InvalidLink)
    ));
    let over = kit.plant_share(|share| share.expires_at = Some(GOLDEN_NOW));
    assert!(matches!(
        exchange(&kit, &over, None),
        Err(Refusal::InvalidLink)
    ));
    let used = kit.plant_share(|share| (share.max_views, share.views) = (Some(most(1)), 1));
    assert!(matches!(
        exchange(&kit, &used, None),
        Err(Refusal::InvalidLink)
    ));
    let foreign = kit.plant_share(|share| share.org = OrgId::from_octets([9; 16]));
    assert!(matches!(
        exchange(&kit, &foreign, None),
        Err(Refusal::InvalidLink)
    ));
    assert_eq!(events(&kit), [], "and none is on record");
}

#[test]
fn a_password_is_asked_for_compared_in_bounds_and_its_guesses_are_on_record() {
    let kit = kit();
    let token = kit.plant_guarded_share();
    assert!(matches!(
        exchange(&kit, &token, None),
        Err(Refusal::PasswordNeeded)
    ));
    assert_eq!((kit.hasher.verified(), events(&kit).len()), (0, 0));
    for _ in 0..GUESSES_PER_NETWORK {
        // A right one gives back what it took.
        exchange(&kit, &token, Some(SHARE_PASSWORD)).unwrap();
    }
    for _ in 0..GUESSES_PER_NETWORK {
        let wrong = exchange(&kit, &token, Some("open says me"));
        assert!(matches!(wrong, Err(Refusal::WrongPassword)), "{wrong:?}");
    }
    let compared = kit.hasher.verified();
    let throttled = exchange(&kit, &token, Some(SHARE_PASSWORD));
    assert!(
        matches!(throttled, Err(Refusal::Throttled { .. })),
        "{throttled:?}"
    );
    assert_eq!(
        kit.hasher.verified(),
        compared,
        "nothing is compared any more"
    );
    let denied = events(&kit)
        .into_iter()
        .filter(|(event, _)| *event == Event::AccessDenied);
    assert_eq!(
        u32::try_from(denied.count()),
        Ok(GUESSES_PER_NETWORK),
        "none when throttled"
    );
    from(&kit, &token, Some(SHARE_PASSWORD), "198.51.100.7").expect("another network");
    kit.clock.advance(900);
    exchange(&kit, &token, Some(SHARE_PASSWORD)).expect("another window");
}

#[test]
fn guesses_from_many_networks_come_to_an_end_too() {
    let kit = kit();
    let token = kit.plant_guarded_share();
    let mut compared = 0;
    for host in 0..30 {
        for _ in 0..GUESSES_PER_NETWORK {
            match from(
                &kit,
                &token,
                Some("open says me"),
                &format!("203.0.{host}.1"),
            ) {
                Err(Refusal::WrongPassword) => compared += 1,
                other => assert!(matches!(other, Err(Refusal::Throttled { .. })), "{other:?}"),
            }
        }
    }
    assert_eq!(compared, exchange_share::GUESSES_PER_SHARE);
}

#[test]
fn from_elsewhere_a_link_opens_nothing_and_the_record_of_it_is_bounded() {
    let kit = kit();
    let token = kit.plant_share(|share| {
        share.networks = Networks::parse("198.51.100.0/24").unwrap();
        share.password = Some(vault_testkit::crypto::FakeHasher::hash_of(SHARE_PASSWORD));
    });
    for _ in 0..50 {
        let refused = exchange(&kit, &token, Some(SHARE_PASSWORD));
        assert!(
            matches!(refused, Err(Refusal::OutsideNetwork)),
            "{refused:?}"
        );
    }
    assert_eq!(kit.hasher.verified(), 0, "no password is tried from there");
    let recorded = u32::try_from(events(&kit).len());
    assert_eq!(recorded, Ok(exchange_share::REFUSALS_ON_RECORD));
    let traded = from(&kit, &token, Some(SHARE_PASSWORD), "198.51.100.7").unwrap();
    assert!(
        matches!(play(&kit, &traded.token), Err(Refusal::OutsideNetwork)),
        "taken elsewhere"
    );
}

#[test]
fn an_asset_that_does_not_play_is_told_of_to_those_with_the_password_alone() {
    for state in [
        AssetState::Processing,
        AssetState::Failed,
        AssetState::Withdrawn,
    ] {
        let kit = kit();
        let token = kit.plant_guarded_share();
        kit.change_asset(|asset| asset.state = state);
        let wrong = exchange(&kit, &token, Some("open says me"));
        assert!(matches!(wrong, Err(Refusal::WrongPassword)), "{wrong:?}");
        let told = exchange(&kit, &token, Some(SHARE_PASSWORD));
        assert!(
            matches!(told, Err(Refusal::WrongState(found)) if found == state),
            "{told:?}"
        );
    }
    let kit = kit();
    let token = kit.plant_share(|_| {});
    kit.cloud.with(|s| s.assets.clear());
    assert!(matches!(
        exchange(&kit, &token, None),
        Err(Refusal::InvalidLink)
    ));
}

#[test]
fn the_link_to_a_deleted_film_is_a_bad_one_until_the_film_is_back() {
    let kit = kit();
    let token = kit.plant_share(|_| {});
    kit.change_asset(|asset| {
        asset.keeping.presence = Presence::Deleted(Deletion {
            at: GOLDEN_NOW,
            erase_at: GOLDEN_NOW.plus(60),
        });
    });
    assert!(matches!(
        exchange(&kit, &token, None),
        Err(Refusal::InvalidLink)
    ));
    kit.change_asset(|asset| asset.keeping.presence = Presence::Kept);
    assert!(exchange(&kit, &token, None).is_ok());
}
