//! Spaces: collections that access is granted to together, and who moves what in and out of them.

use vault_domain::id::SpaceId;
use vault_domain::usecase::access::ContainerChange;

use super::*;

fn space_of(made: &Container) -> SpaceId {
    SpaceId::parse(&made.id.to_string()).expect("a space")
}

/// The film in a collection in a space; the ids of both.
fn nested(kit: &Kit, around: Visibility) -> (CollectionId, SpaceId) {
    let (deps, owner) = (kit.access(), builders::ask());
    let space = builders::new_container(Kind::Space, "Newsroom", around);
    let space = now(access::create_container(&deps, &owner, space, None)).unwrap();
    let space = space_of(&space);
    let new = NewContainer {
        space: Some(space),
        ..collection("Rushes", Visibility::Organisation)
    };
    let made = now(access::create_container(&deps, &owner, new, None)).unwrap();
    let placing = Placing {
        visibility: None,
        collection: Move::Into(id_of(&made)),
        ..Placing::default()
    };
    now(access::place(&deps, &owner, ASSET, placing)).unwrap();
    (id_of(&made), space)
}

fn moved(kit: &Kit, ask: &Ask, id: CollectionId, space: Move<SpaceId>) -> Result<(), Refusal> {
    let wish = ContainerChange {
        space,
        ..ContainerChange::default()
    };
    now(access::change_container(
        &kit.access(),
        ask,
        id.into(),
        &wish,
    ))
    .map(drop)
}

fn grant(kit: &Kit, on: impl Into<ContainerId>, level: Level) {
    let (deps, owner) = (kit.access(), builders::ask());
    let wish = to_viewer(level);
    now(access::grant_on_container(&deps, &owner, on.into(), wish)).unwrap();
}

#[test]
fn a_space_lends_what_is_granted_on_it_and_closes_what_is_in_it() {
    let kit = kit();
    let (deps, owner) = (kit.access(), builders::ask());
    let (collection, space) = nested(&kit, Visibility::Organisation);
    assert!(reads(&kit, &viewer()).is_ok());
    let close = ContainerChange {
        visibility: Some(Visibility::Restricted),
        ..ContainerChange::default()
    };
    now(access::change_container(
        &deps,
        &owner,
        space.into(),
        &close,
    ))
    .unwrap();
    assert!(reads(&kit, &viewer()).is_err());
    for (id, what) in [
        (ContainerId::Collection(collection), "collection"),
        (ContainerId::Space(space), "space"),
    ] {
        let shown = now(access::show_container(&deps, &viewer(), id));
        assert!(matches!(shown, Err(Refusal::NotFound(told)) if told == what));
    }
    let (listed, _) = now(access::list_collections(&deps, &viewer(), None, None)).unwrap();
    assert_eq!(listed, []);
    let (listed, _) = now(access::list_spaces(&deps, &viewer(), None)).unwrap();
    assert_eq!(listed, []);

    grant(&kit, space, Level::View);
    assert!(reads(&kit, &viewer()).is_ok());
    let (listed, _) = now(access::list_collections(
        &deps,
        &viewer(),
        Some(space),
        None,
    ))
    .unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].space_id(), Some(space));
    let elsewhere = Some(SpaceId::from_octets([1; 16]));
    let (listed, _) = now(access::list_collections(&deps, &viewer(), elsewhere, None)).unwrap();
    assert_eq!(listed, []);
    grant(&kit, space, Level::None);
    grant(&kit, collection, Level::Manage);
    assert!(
        reads(&kit, &viewer()).is_err(),
        "who is shut out of the space is shut out"
    );
}

#[test]
fn the_record_says_that_it_was_the_space() {
    let kit = kit();
    let (_, space) = nested(&kit, Visibility::Restricted);
    let ends = GOLDEN_NOW.plus(60);
    let wish = Wish {
        expires_at: Some(ends),
        ..to_viewer(Level::View)
    };
    let (deps, owner) = (kit.access(), builders::ask());
    now(access::grant_on_container(
        &deps,
        &owner,
        space.into(),
        wish,
    ))
    .unwrap();
    let asset = kit.cloud.with(|s| s.assets[&ASSET].clone());
    let asked = viewer();
    let entered = now(deps.gate.enter(&asked)).unwrap();
    let admitted = now(entered.asset(vault_domain::access::Action::Play, Some(asset), "asset"));
    let admitted = admitted.unwrap();
    let policy = format!("granted-view {VIEWER} on {space}");
    assert_eq!(admitted.verdict.policies, [policy]);
    assert_eq!(admitted.until, Some(ends), "it ends with what was granted");
    let told: Vec<_> = events(&kit);
    for event in [
        Event::SpaceCreated,
        Event::CollectionCreated,
        Event::SpaceAccessChanged,
    ] {
        assert!(told.contains(&event), "{event:?} is not in {told:?}");
    }
}

#[test]
fn who_manages_a_space_makes_and_removes_collections_in_it_and_nowhere_else() {
    let kit = kit();
    let deps = kit.access();
    let (collection_id, space) = nested(&kit, Visibility::Restricted);
    let new = |space| NewContainer {
        space,
        ..collection("Mine", Visibility::Organisation)
    };
    let make = |space| now(access::create_container(&deps, &viewer(), new(space), None));
    let remove = |id: CollectionId| now(access::delete_container(&deps, &viewer(), id.into()));
    assert!(matches!(make(Some(space)), Err(Refusal::NotFound("space"))));
    grant(&kit, space, Level::Edit);
    assert!(matches!(make(Some(space)), Err(Refusal::Forbidden(_))));
    assert!(matches!(remove(collection_id), Err(Refusal::Forbidden(_))));
    grant(&kit, space, Level::Manage);
    assert!(matches!(make(None), Err(Refusal::Forbidden(_))));
    let theirs = make(Some(space)).unwrap();
    remove(id_of(&theirs)).unwrap();
    let alone = now(access::delete_container(&deps, &viewer(), space.into()));
    assert!(matches!(alone, Err(Refusal::Forbidden(_))), "{alone:?}");
    let unknown = make(Some(SpaceId::from_octets([1; 16])));
    assert!(matches!(unknown, Err(Refusal::NotFound("space"))));
}

#[test]
fn nobody_gets_around_a_space_by_moving_what_is_in_it() {
    let kit = kit();
    let deps = kit.access();
    let (collection_id, space) = nested(&kit, Visibility::Restricted);
    // They decide on the collection and on the film, and not on the space.
    grant(&kit, collection_id, Level::Manage);
    let to_film = to_viewer(Level::Manage);
    now(access::grant(&deps, &builders::ask(), ASSET, to_film)).unwrap();
    let out = Placing {
        visibility: None,
        collection: Move::Out,
        ..Placing::default()
    };
    let film_out = || now(access::place(&deps, &viewer(), ASSET, out.clone())).map(drop);
    let refusals = [moved(&kit, &viewer(), collection_id, Move::Out), film_out()];
    for refusal in refusals {
        assert!(
            matches!(refusal, Err(Refusal::NotFound("space"))),
            "{refusal:?}"
        );
    }
    // A deleted space goes on closing, and is for admins to mend.
    now(access::delete_container(
        &deps,
        &builders::ask(),
        space.into(),
    ))
    .unwrap();
    let refusal = moved(&kit, &viewer(), collection_id, Move::Out);
    assert!(matches!(refusal, Err(Refusal::Forbidden(_))), "{refusal:?}");
    let refusal = film_out();
    assert!(matches!(refusal, Err(Refusal::Forbidden(_))), "{refusal:?}");
    moved(&kit, &builders::ask(), collection_id, Move::Out).unwrap();
    film_out().unwrap();
}

#[test]
fn a_collection_moves_between_spaces_by_whoever_decides_on_both_ends() {
    let kit = kit();
    let (collection_id, space) = nested(&kit, Visibility::Organisation);
    let other = builders::new_container(Kind::Space, "Lessons", Visibility::Restricted);
    let (deps, owner) = (kit.access(), builders::ask());
    let other = now(access::create_container(&deps, &owner, other, None)).unwrap();
    let other = space_of(&other);
    let to = |ask: &Ask, space| moved(&kit, ask, collection_id, Move::Into(space));
    grant(&kit, collection_id, Level::Manage);
    assert!(
        matches!(to(&viewer(), other), Err(Refusal::Forbidden(_))),
        "it leaves one"
    );
    grant(&kit, space, Level::Manage);
    assert!(matches!(
        to(&viewer(), other),
        Err(Refusal::NotFound("space"))
    ));
    grant(&kit, other, Level::Edit);
    to(&viewer(), other).unwrap();
    assert!(reads(&kit, &viewer()).is_ok());
    let before = kit.cloud.snapshot();
    to(&owner, other).unwrap();
    assert_eq!(
        kit.cloud.snapshot(),
        before,
        "saying it again changes nothing"
    );
}

#[test]
fn changes_of_spaces_survive_every_cut() {
    let in_space = || {
        let kit = kit();
        nested(&kit, Visibility::Organisation);
        kit
    };
    let ids = |kit: &Kit| {
        kit.cloud.with(|s| {
            let mut ids = s.containers.keys().map(|(_, id)| *id);
            let space = ids.clone().find(|id| id.kind() == Kind::Space);
            let collection = ids.find(|id| id.kind() == Kind::Collection);
            (space.unwrap(), collection.unwrap())
        })
    };
    Scenario::new("create_in_space", in_space, async move |kit: &Kit, _| {
        let (space, _) = ids(kit);
        let new = NewContainer {
            space: SpaceId::parse(&space.to_string()).ok(),
            ..collection("Dailies", Visibility::Organisation)
        };
        let key = builders::idempotency_key("k");
        let (deps, ask) = (kit.access(), builders::ask());
        let made = access::create_container(&deps, &ask, new, Some(&key)).await;
        answer(made, |made| format!("{:?}", made.space_id()))
    })
    .hold();
    Scenario::new("move_out", in_space, async move |kit: &Kit, _| {
        let (_, collection) = ids(kit);
        let out = ContainerChange {
            space: Move::Out,
            ..ContainerChange::default()
        };
        let ask = builders::ask();
        let changed = access::change_container(&kit.access(), &ask, collection, &out).await;
        answer(changed, |(now, _)| format!("{:?}", now.space_id()))
    })
    .hold();
}
