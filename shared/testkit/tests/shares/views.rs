//! Watching by the link of a share.

use vault_domain::access::Visibility;
use vault_domain::audit::{Author, Event};
use vault_domain::error::Refusal;
use vault_domain::share::FirstPlay;
use vault_domain::usecase::access::Placing;
use vault_domain::usecase::manage_shares::{Bound, Wish};
use vault_domain::usecase::{access, deliver_playlist, manage_shares, withdraw_asset};
use vault_testkit::builders;
use vault_testkit::builders::ASSET;
use vault_testkit::clock::GOLDEN_NOW;
use vault_testkit::share::{SHARE, new_share, share};

use crate::{
    change, create, events, exchange, key, kit, most, now, play, revoke, token_of, watching,
};

#[test]
fn what_is_shared_is_watched_by_its_link_and_all_of_it_is_on_record() {
    let kit = kit();
    let told = create(&kit, &builders::ask(), new_share()).unwrap();
    let traded = exchange(&kit, &token_of(&told.link), None).unwrap();
    assert_eq!((traded.grant.max_views, traded.grant.asset), (1, ASSET));
    assert_eq!(traded.grant.expires_at, GOLDEN_NOW.plus(300));
    let view = play(&kit, &traded.token).unwrap();
    key(&kit, &view).unwrap();
    let name = vault_domain::hls::PlaylistName::Video;
    let command = deliver_playlist::Command {
        visitor: builders::visitor(),
        ticket: view.ticket.expose().to_owned(),
        name,
    };
    now(deliver_playlist::run(&kit.deliver_playlist(), command)).unwrap();
    let deps = kit.manage_shares();
    let (ask, id) = (builders::ask(), told.share.id);
    now(manage_shares::revoke(&deps, &ask, (ASSET, id))).unwrap();
    let (owner, holder) = (builders::caller().subject, told.share.subject());
    let (owner, holder) = (Author::Caller(owner), Author::Caller(holder));
    assert_eq!(
        events(&kit),
        [
            (Event::ShareCreated, owner),
            (Event::ShareExchanged, holder),
            (Event::ViewOpened, holder),
            (Event::ShareRevoked, owner),
        ]
    );
    let of_asset = kit
        .cloud
        .with(|s| s.audit.iter().all(|r| r.asset == Some(ASSET)));
    assert!(of_asset, "each says of which asset");
    let view = kit.cloud.with(|s| s.audit[2].clone());
    assert_eq!(view.verdict.unwrap().policies, ["share"]);
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[test]
fn a_revoked_share_gives_no_key_no_view_and_no_token() {
    let kit = kit();
    let view = watching(&kit);
    let token = kit.plant_share(|share| share.views = 1);
    kit.cloud
        .with(|s| s.shares.get_mut(&(ASSET, SHARE)).unwrap().first_played = Some(GOLDEN_NOW));
    let unused = exchange(&kit, &token, None).unwrap();
    revoke(&kit);
    assert!(matches!(
        key(&kit, &view),
        Err(Refusal::InvalidToken { .. })
    ));
    assert!(matches!(
        play(&kit, &unused.token),
        Err(Refusal::Forbidden(_))
    ));
    assert!(matches!(
        exchange(&kit, &token, None),
        Err(Refusal::InvalidLink)
    ));
    let command = deliver_playlist::Command {
        visitor: builders::visitor(),
        ticket: view.ticket.expose().to_owned(),
        name: vault_domain::hls::PlaylistName::Master,
    };
    let playlist = now(deliver_playlist::run(&kit.deliver_playlist(), command));
    assert!(matches!(playlist, Err(Refusal::InvalidToken { .. })));
}

#[test]
fn an_end_that_comes_sooner_bites_at_the_next_key() {
    let kit = kit();
    let view = watching(&kit);
    assert_eq!(view.session.expires_at, GOLDEN_NOW.plus(3_600));
    let sooner = Wish {
        expires_at: Bound::Set(GOLDEN_NOW.plus(60)),
        ..Wish::default()
    };
    change(&kit, &sooner).unwrap();
    kit.clock.advance(59);
    key(&kit, &view).unwrap();
    kit.clock.advance(1);
    assert!(matches!(
        key(&kit, &view),
        Err(Refusal::InvalidToken { .. })
    ));
    let lifted = Wish {
        expires_at: Bound::Lifted,
        ..Wish::default()
    };
    change(&kit, &lifted).unwrap();
    key(&kit, &view).unwrap();
    let past = Wish {
        expires_at: Bound::Set(GOLDEN_NOW),
        ..Wish::default()
    };
    assert!(matches!(change(&kit, &past), Err(Refusal::Malformed(_))));
}

#[test]
fn a_view_ends_with_its_share() {
    let kit = kit();
    let token = kit.plant_share(|share| share.expires_at = Some(GOLDEN_NOW.plus(100)));
    let traded = exchange(&kit, &token, None).unwrap();
    assert_eq!(traded.grant.expires_at, GOLDEN_NOW.plus(100));
    let view = play(&kit, &traded.token).unwrap();
    assert_eq!(view.session.expires_at, GOLDEN_NOW.plus(100));
}

#[test]
fn fewer_views_than_were_opened_end_them_all_and_as_many_go_on() {
    let kit = kit();
    let view = watching(&kit);
    let token = kit.share_tokens_of(&share());
    let second = exchange(&kit, &token, None).unwrap();
    play(&kit, &second.token).unwrap();
    let bound = |views| Wish {
        max_views: Bound::Set(most(views)),
        ..Wish::default()
    };
    change(&kit, &bound(2)).unwrap();
    key(&kit, &view).unwrap();
    assert!(
        matches!(exchange(&kit, &token, None), Err(Refusal::InvalidLink)),
        "used up"
    );
    change(&kit, &bound(1)).unwrap();
    assert!(matches!(
        key(&kit, &view),
        Err(Refusal::InvalidToken { .. })
    ));
    change(&kit, &bound(3)).unwrap();
    key(&kit, &view).unwrap();
}

#[test]
fn views_are_counted_over_all_tokens_of_a_share() {
    let kit = kit();
    let token = kit.plant_share(|share| share.max_views = Some(most(2)));
    let traded: Vec<_> = (0..3)
        .map(|_| exchange(&kit, &token, None).unwrap())
        .collect();
    play(&kit, &traded[0].token).unwrap();
    assert!(
        matches!(play(&kit, &traded[0].token), Err(Refusal::NoViewsLeft)),
        "one each"
    );
    play(&kit, &traded[1].token).unwrap();
    assert!(matches!(
        play(&kit, &traded[2].token),
        Err(Refusal::NoViewsLeft)
    ));
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[test]
fn the_first_view_begins_the_window_and_not_the_first_exchange() {
    let kit = kit();
    let token = kit.plant_share(|share| share.first_play = Some(FirstPlay::parse(60).unwrap()));
    exchange(&kit, &token, None).unwrap();
    kit.clock.advance(1_000);
    let (one, two) = (
        exchange(&kit, &token, None).unwrap(),
        exchange(&kit, &token, None).unwrap(),
    );
    let view = play(&kit, &one.token).unwrap();
    kit.clock.advance(60);
    let late = play(&kit, &two.token);
    assert!(
        matches!(late, Err(Refusal::Forbidden(why)) if why.contains("first view")),
        "{late:?}"
    );
    assert!(matches!(
        exchange(&kit, &token, None),
        Err(Refusal::InvalidLink)
    ));
    key(&kit, &view).unwrap();
}

#[test]
fn a_withdrawal_and_a_change_of_access_end_views_of_shares_as_any_others() {
    let kit = kit();
    let view = watching(&kit);
    let restricted = Placing {
        visibility: Some(Visibility::Restricted),
        ..Placing::default()
    };
    now(access::place(
        &kit.access(),
        &builders::ask(),
        ASSET,
        restricted,
    ))
    .unwrap();
    assert!(matches!(
        key(&kit, &view),
        Err(Refusal::InvalidToken { .. })
    ));
    let token = kit.share_tokens_of(&share());
    let again = exchange(&kit, &token, None).unwrap();
    let view = play(&kit, &again.token).expect("a share is for those who see nothing else");
    key(&kit, &view).unwrap();
    now(withdraw_asset::run(
        &kit.withdraw_asset(),
        &builders::ask(),
        ASSET,
    ))
    .unwrap();
    assert!(matches!(key(&kit, &view), Err(Refusal::WrongState(_))));
}

#[test]
fn a_share_outlives_the_place_of_whoever_made_it() {
    let kit = kit();
    let view = watching(&kit);
    kit.cloud.with(|s| s.memberships.clear());
    key(&kit, &view).expect("it stands for itself until somebody revokes it");
}
