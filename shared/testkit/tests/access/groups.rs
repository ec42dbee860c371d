//! Groups and collections.

use super::*;

#[test]
fn a_group_and_a_collection_lend_what_is_granted_on_them() {
    let kit = kit();
    let (deps, owner) = (kit.access(), builders::ask());
    let closed = collection("Rushes", Visibility::Restricted);
    let made = now(access::create_container(&deps, &owner, closed, None)).unwrap();
    let placing = Placing {
        visibility: None,
        collection: Move::Into(id_of(&made)),
        ..Placing::default()
    };
    now(access::place(&deps, &owner, ASSET, placing)).unwrap();
    assert!(reads(&kit, &viewer()).is_err());
    let shown = now(access::show_container(&deps, &viewer(), made.id));
    assert!(matches!(shown, Err(Refusal::NotFound("collection"))));

    let group = now(access::create_group(&deps, &owner, name("Guests"), None)).unwrap();
    now(access::add_member(&deps, &owner, group.id, VIEWER)).unwrap();
    let wish = Wish {
        to: Principal::Group(group.id),
        level: Level::View,
        expires_at: Some(GOLDEN_NOW.plus(60)),
    };
    now(access::grant_on_container(&deps, &owner, made.id, wish)).unwrap();
    assert!(reads(&kit, &viewer()).is_ok());
    let (_, grants) = now(access::show_container(&deps, &viewer(), made.id)).unwrap();
    assert!(!grants, "they see it, and not who else does");
    kit.clock.set(GOLDEN_NOW.plus(60));
    assert!(reads(&kit, &viewer()).is_err(), "it is over");
    kit.clock.set(GOLDEN_NOW);
    now(access::remove_member(&deps, &owner, group.id, VIEWER)).unwrap();
    assert!(reads(&kit, &viewer()).is_err());
    now(access::add_member(&deps, &owner, group.id, VIEWER)).unwrap();
    now(access::delete_group(&deps, &owner, group.id)).unwrap();
    assert!(
        reads(&kit, &viewer()).is_err(),
        "a group that is gone opens nothing"
    );
    assert_eq!(kit.cloud.with(|s| s.grouped[&(ORG, VIEWER)].clone()), []);
    now(access::delete_group(&deps, &owner, group.id)).unwrap();
    let back = now(access::add_member(&deps, &owner, group.id, VIEWER));
    assert!(matches!(back, Err(Refusal::NotFound("group"))));
}

#[test]
fn groups_need_a_recent_proof() {
    let kit = kit();
    let (deps, owner) = (kit.access(), builders::ask());
    let group = now(access::create_group(&deps, &owner, name("Guests"), None)).unwrap();
    kit.cloud.with(|s| {
        let login = s.sessions.get_mut(&builders::SESSION).unwrap();
        login.authenticated_at = Timestamp(0);
    });
    let add = now(access::add_member(&deps, &owner, group.id, VIEWER));
    assert!(matches!(add, Err(Refusal::ReauthenticationNeeded)));
    let delete = now(access::delete_group(&deps, &owner, group.id));
    assert!(matches!(delete, Err(Refusal::ReauthenticationNeeded)));
}

#[test]
fn only_admins_and_owners_make_groups_collections_and_spaces() {
    let kit = kit();
    let deps = kit.access();
    let group = now(access::create_group(&deps, &viewer(), name("Mine"), None));
    assert!(matches!(group, Err(Refusal::Forbidden(_))));
    let new = collection("Mine", Visibility::Organisation);
    for kind in Kind::ALL {
        let new = NewContainer {
            kind,
            ..new.clone()
        };
        let made = now(access::create_container(&deps, &viewer(), new, None));
        assert!(matches!(made, Err(Refusal::Forbidden(_))));
    }
    assert!(matches!(
        now(access::list_groups(&deps, &viewer(), None)),
        Err(Refusal::Forbidden(_))
    ));
}

#[test]
fn who_may_not_manage_groups_learns_of_none() {
    let kit = kit();
    let (deps, owner) = (kit.access(), builders::ask());
    let group = now(access::create_group(&deps, &owner, name("Guests"), None)).unwrap();
    for id in [group.id, GroupId::from_octets([0x11; 16])] {
        let add = now(access::add_member(&deps, &viewer(), id, VIEWER));
        assert!(matches!(add, Err(Refusal::Forbidden(_))), "{add:?}");
        let remove = now(access::remove_member(&deps, &viewer(), id, VIEWER));
        assert!(matches!(remove, Err(Refusal::Forbidden(_))), "{remove:?}");
    }
}
