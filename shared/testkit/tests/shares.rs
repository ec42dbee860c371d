//! Shares, as those who make them and those who hold their links find them.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use futures_util::FutureExt as _;
use vault_domain::access::{Level, Principal, Visibility};
use vault_domain::api_key::{KeyRole, Label, Scope, Scopes};
use vault_domain::asset::AssetState;
use vault_domain::audit::{Author, Event};
use vault_domain::credential::{Password, Role};
use vault_domain::error::Refusal;
use vault_domain::id::OrgId;
use vault_domain::member::{Actor, Subject};
use vault_domain::network::Networks;
use vault_domain::secret::SecretText;
use vault_domain::share::{FirstPlay, MaxViews, SharePassword};
use vault_domain::time::Timestamp;
use vault_domain::token::{Caller, MediaToken};
use vault_domain::usecase::access::{self, Placing};
use vault_domain::usecase::exchange_share::{self, Exchanged, GUESSES_PER_NETWORK};
use vault_domain::usecase::manage_shares::{self, Bound, NewShare, Wish};
use vault_domain::usecase::{
    Ask, authorize_playback, deliver_key, deliver_playlist, withdraw_asset,
};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, CLIENT, KEY, VIEWER};
use vault_testkit::clock::GOLDEN_NOW;
use vault_testkit::share::{SHARE, SHARE_PASSWORD, new_share, share};

fn now<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    work.now_or_never().expect("fakes never wait")
}

fn kit() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    kit
}

fn exchange(kit: &Kit, token: &SecretText, password: Option<&str>) -> Result<Exchanged, Refusal> {
    from(kit, token, password, "192.0.2.1")
}

fn from(
    kit: &Kit,
    token: &SecretText,
    password: Option<&str>,
    address: &str,
) -> Result<Exchanged, Refusal> {
    let mut source = builders::source();
    source.address = Some(address.parse().unwrap());
    let command = exchange_share::Command {
        token: SecretText::new(token.expose().to_owned()),
        password: password.map(|text| Password::parse(text.to_owned()).unwrap()),
        source,
    };
    now(exchange_share::run(&kit.exchange_share(), command))
}

fn play(kit: &Kit, token: &MediaToken) -> Result<authorize_playback::View, Refusal> {
    let command = authorize_playback::Command {
        token: MediaToken::parse(token.expose()).unwrap(),
        asset: ASSET,
        source: builders::source(),
        idempotency: None,
    };
    now(authorize_playback::run(&kit.authorize_playback(), command))
}

fn key(kit: &Kit, view: &authorize_playback::View) -> Result<(), Refusal> {
    let command = deliver_key::Command {
        ticket: Some(view.ticket.expose().to_owned()),
        asset: ASSET,
        key: KEY,
    };
    now(deliver_key::run(&kit.deliver_key(), command)).map(drop)
}

fn watching(kit: &Kit) -> authorize_playback::View {
    let token = kit.plant_share(|_| {});
    let traded = exchange(kit, &token, None).unwrap();
    let view = play(kit, &traded.token).unwrap();
    key(kit, &view).unwrap();
    view
}

fn change(kit: &Kit, wish: &Wish) -> Result<vault_domain::share::Share, Refusal> {
    let deps = kit.manage_shares();
    now(manage_shares::change(
        &deps,
        &builders::ask(),
        (ASSET, SHARE),
        wish,
    ))
}

fn revoke(kit: &Kit) {
    let deps = kit.manage_shares();
    now(manage_shares::revoke(
        &deps,
        &builders::ask(),
        (ASSET, SHARE),
    ))
    .unwrap();
}

fn create(kit: &Kit, ask: &Ask, new: NewShare) -> Result<manage_shares::Told, Refusal> {
    now(manage_shares::create(&kit.manage_shares(), ask, ASSET, new))
}

fn token_of(link: &SecretText) -> SecretText {
    let (base, token) = link.expose().split_once("/#/share?token=").unwrap();
    assert!(!base.contains('?'), "the token is in the fragment alone");
    SecretText::new(token.to_owned())
}

fn most(views: u64) -> MaxViews {
    MaxViews::parse(views).unwrap()
}

fn events(kit: &Kit) -> Vec<(Event, Author)> {
    let told = |s: &mut vault_testkit::cloud::State| {
        let told = s.audit.iter().map(|r| (r.event, r.author));
        told.collect()
    };
    kit.cloud.with(told)
}

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

fn viewer() -> Ask {
    builders::ask_of(Caller {
        subject: builders::viewer_subject(),
        role: Role::Viewer,
        ..builders::caller()
    })
}

fn by_key(scopes: Scopes) -> Ask {
    builders::ask_of(Caller {
        subject: Subject::ApiKey(CLIENT),
        role: Role::Editor,
        scopes,
        ..builders::caller()
    })
}

#[test]
fn whoever_may_manage_an_asset_may_share_it_and_nobody_else() {
    let kit = kit();
    let refused = create(&kit, &viewer(), new_share());
    assert!(matches!(refused, Err(Refusal::Forbidden(_))), "{refused:?}");
    let listed = now(manage_shares::list(
        &kit.manage_shares(),
        &viewer(),
        ASSET,
        None,
    ));
    assert!(matches!(listed, Err(Refusal::Forbidden(_))), "{listed:?}");
    let wish = access::Wish {
        to: Principal::Actor(Actor::User(VIEWER)),
        level: Level::Manage,
        expires_at: None,
    };
    now(access::grant(&kit.access(), &builders::ask(), ASSET, wish)).unwrap();
    create(&kit, &viewer(), new_share()).expect("a level of manage");
    let strange = builders::ask_of(Caller {
        org: OrgId::from_octets([9; 16]),
        ..builders::caller()
    });
    let refused = create(&kit, &strange, new_share());
    assert!(
        matches!(refused, Err(Refusal::InvalidToken { .. })),
        "{refused:?}"
    );
}

#[test]
fn an_api_key_shares_what_it_brought_in_if_its_scope_says_so() {
    let kit = kit();
    kit.plant_client(|key| key.role = KeyRole::Editor);
    kit.change_asset(|asset| asset.announced.owner = Actor::ApiKey(CLIENT));
    let without = create(&kit, &by_key(Scopes::only(Scope::Edit)), new_share());
    assert!(matches!(without, Err(Refusal::Forbidden(_))), "{without:?}");
    let told = create(&kit, &by_key(Scopes::only(Scope::Share)), new_share()).unwrap();
    assert_eq!(told.share.created_by, Actor::ApiKey(CLIENT));
    kit.change_asset(|asset| asset.announced.owner = Actor::User(VIEWER));
    let others = create(&kit, &by_key(Scopes::only(Scope::Share)), new_share());
    assert!(matches!(others, Err(Refusal::Forbidden(_))), "{others:?}");
}

#[test]
fn the_same_request_tells_the_same_link_and_another_under_its_name_is_refused() {
    let kit = kit();
    let new = |name: &str, password: Option<&str>| NewShare {
        name: Label::parse(name).unwrap(),
        password: password.map(|text| SharePassword::parse(text.to_owned()).unwrap()),
        idempotency: Some(builders::idempotency_key("k")),
        ..new_share()
    };
    let first = create(&kit, &builders::ask(), new("A", Some("open sesame"))).unwrap();
    let renamed = Wish {
        name: Some(Label::parse("B").unwrap()),
        ..Wish::default()
    };
    let id = first.share.id;
    now(manage_shares::change(
        &kit.manage_shares(),
        &builders::ask(),
        (ASSET, id),
        &renamed,
    ))
    .unwrap();
    let again = create(&kit, &builders::ask(), new("A", Some("open sesame"))).unwrap();
    assert_eq!(again.link.expose(), first.link.expose());
    assert_eq!(again.share.name.as_str(), "B", "as it is now");
    for other in [
        new("A", Some("open says me")),
        new("A", None),
        new("B", Some("open sesame")),
    ] {
        let refused = create(&kit, &builders::ask(), other);
        assert!(
            matches!(refused, Err(Refusal::IdempotencyMismatch)),
            "{refused:?}"
        );
    }
    assert_eq!(kit.cloud.with(|s| s.shares.len()), 1);
    now(manage_shares::revoke(
        &kit.manage_shares(),
        &builders::ask(),
        (ASSET, id),
    ))
    .unwrap();
    let over = create(&kit, &builders::ask(), new("A", Some("open sesame")));
    assert!(matches!(over, Err(Refusal::Conflict(_))), "{over:?}");
}

#[test]
fn a_share_that_is_revoked_stays_so_and_one_that_would_be_born_over_is_not_made() {
    let kit = kit();
    kit.plant_share(|_| {});
    revoke(&kit);
    revoke(&kit);
    let name = Wish {
        name: Some(Label::parse("B").unwrap()),
        ..Wish::default()
    };
    assert!(matches!(change(&kit, &name), Err(Refusal::Conflict(_))));
    let revocations = events(&kit)
        .into_iter()
        .filter(|(event, _)| *event == Event::ShareRevoked);
    assert_eq!(revocations.count(), 1, "once");
    let past = NewShare {
        expires_at: Some(Timestamp(GOLDEN_NOW.0)),
        ..new_share()
    };
    assert!(matches!(
        create(&kit, &builders::ask(), past),
        Err(Refusal::Malformed(_))
    ));
    kit.change_asset(|asset| asset.state = AssetState::Withdrawn);
    let withdrawn = create(&kit, &builders::ask(), new_share());
    assert!(
        matches!(withdrawn, Err(Refusal::WrongState(_))),
        "{withdrawn:?}"
    );
}

#[test]
fn a_change_that_says_what_stands_changes_nothing() {
    let kit = kit();
    kit.plant_share(|_| {});
    assert_eq!(change(&kit, &Wish::default()).unwrap().version, 1);
    assert_eq!(events(&kit), []);
    let name = Wish {
        name: Some(Label::parse("B").unwrap()),
        ..Wish::default()
    };
    assert_eq!(change(&kit, &name).unwrap().version, 2);
    assert_eq!(
        change(&kit, &name).unwrap().version,
        2,
        "it says so already"
    );
    assert_eq!(events(&kit).len(), 1);
}
