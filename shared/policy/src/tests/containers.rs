//! Collections and spaces: what they lend, and what they close.

use vault_domain::access::{Container, Within};
use vault_domain::id::SpaceId;

use super::*;

const SPACE: SpaceId = SpaceId::from_octets([0x15; 16]);

/// A space.
pub(super) fn space(access: Access) -> Container {
    Container {
        id: SPACE.into(),
        org: ORG,
        name: Title::parse("Newsroom").unwrap(),
        access,
        created_at: NOW,
        within: None,
    }
}

/// A collection, in a space or in none.
pub(super) fn collection(access: Access, within: Option<Container>) -> Container {
    Container {
        id: COLLECTION.into(),
        within: within.map(|space| Within {
            id: SPACE,
            space: Some(Box::new(space)),
        }),
        ..space(access)
    }
}

fn open() -> Access {
    access(Visibility::Organisation, AccessList::default())
}

fn closed() -> Access {
    access(Visibility::Restricted, AccessList::default())
}

fn granting(level: Level) -> Access {
    let to = Principal::Actor(Actor::User(ASKER));
    access(Visibility::Restricted, listed(to, level, None))
}

fn within() -> Asset {
    Asset {
        collection: Some(COLLECTION),
        ..asset()
    }
}

fn plays(on: Option<&Container>) -> bool {
    let viewer = by(ASKER, Role::Viewer);
    asked(&viewer, Action::Play, &Resource::Asset(&within(), on)).allowed
}

#[test]
fn a_collection_lends_what_is_granted_on_it_and_closes_what_is_in_it() {
    let foreign = Container {
        org: OrgId::from_octets([9; 16]),
        ..collection(open(), None)
    };
    assert!(plays(Some(&collection(open(), None))));
    assert!(plays(Some(&collection(granting(Level::View), None))));
    assert!(!plays(Some(&collection(closed(), None))));
    assert!(!plays(None), "its collection is gone");
    assert!(!plays(Some(&foreign)), "not its collection");
    let (editor, closed) = (by(UPLOADER, Role::Editor), collection(closed(), None));
    let within = within();
    let on = Resource::Asset(&within, Some(&closed));
    assert!(
        asked(&editor, Action::Play, &on).allowed,
        "who brought it in"
    );
}

#[test]
fn a_space_lends_what_is_granted_on_it_and_closes_what_is_in_it() {
    let around = |space: Access, own: Access| collection(own, Some(self::space(space)));
    for (space, own, expected) in [
        (open(), open(), true),
        (closed(), open(), false),
        (open(), closed(), false),
        (granting(Level::View), open(), true),
        // Lent through both: what is granted on the space holds for all that is in it, closed or not.
        (granting(Level::View), closed(), true),
        (granting(Level::None), granting(Level::Manage), false),
        (granting(Level::Manage), granting(Level::None), false),
    ] {
        let on = around(space.clone(), own.clone());
        assert_eq!(plays(Some(&on)), expected, "{space:?} {own:?}");
        let viewer = by(ASKER, Role::Viewer);
        let seen = asked(&viewer, Action::See, &Resource::Container(&on)).allowed;
        assert_eq!(seen, expected, "{space:?} {own:?}");
    }
    let gone = Container {
        within: Some(Within {
            id: SPACE,
            space: None,
        }),
        ..collection(open(), None)
    };
    assert!(!plays(Some(&gone)), "its space is gone");
    let mut foreign = space(granting(Level::Manage));
    foreign.org = OrgId::from_octets([9; 16]);
    let foreign = collection(open(), Some(foreign));
    assert!(
        !plays(Some(&foreign)),
        "the space is another organisation's"
    );
}

#[test]
fn what_is_granted_on_a_collection_opens_nothing_of_the_space_around_it() {
    let viewer = by(ASKER, Role::Viewer);
    let (space, inside) = (
        space(closed()),
        collection(granting(Level::Manage), Some(space(closed()))),
    );
    for action in [Action::See, Action::Read, Action::Edit, Action::Grant] {
        assert!(asked(&viewer, action, &Resource::Container(&inside)).allowed);
        assert!(!asked(&viewer, action, &Resource::Container(&space)).allowed);
    }
}

/// The record tells on what was granted what decided.
#[test]
fn the_policy_that_decided_names_the_space() {
    let on = collection(closed(), Some(space(granting(Level::View))));
    let verdict = asked(
        &by(ASKER, Role::Viewer),
        Action::Play,
        &Resource::Asset(&within(), Some(&on)),
    );
    assert_eq!(
        verdict.policies,
        [format!("granted-view {ASKER} on {SPACE}")]
    );
}
