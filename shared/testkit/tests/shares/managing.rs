//! Making, changing and ending shares.

use vault_domain::access::{Level, Principal};
use vault_domain::api_key::{KeyRole, Label, Scope, Scopes};
use vault_domain::asset::AssetState;
use vault_domain::audit::Event;
use vault_domain::credential::Role;
use vault_domain::error::Refusal;
use vault_domain::id::OrgId;
use vault_domain::member::{Actor, Subject};
use vault_domain::share::SharePassword;
use vault_domain::time::Timestamp;
use vault_domain::token::Caller;
use vault_domain::usecase::manage_shares::{NewShare, Wish};
use vault_domain::usecase::{Ask, access, manage_shares};
use vault_testkit::builders;
use vault_testkit::builders::{ASSET, CLIENT, VIEWER};
use vault_testkit::clock::GOLDEN_NOW;
use vault_testkit::share::new_share;

use crate::{change, create, events, kit, now, revoke};

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
