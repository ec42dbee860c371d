//! The policies against their schema, and what they come to.

use std::fmt::Write as _;

use cedar_policy::{Schema, ValidationMode, Validator};
use vault_domain::access::{Access, AccessList, Entry, Level, Principal, Visibility};
use vault_domain::api_key::{Scope, Scopes};
use vault_domain::asset::{Asset, AssetState, MediaType, NewAsset, PartPlan, Title};
use vault_domain::credential::Role;
use vault_domain::deletion::Keeping;
use vault_domain::id::{
    ApiKeyId, AssetId, CollectionId, GroupId, OrgId, SessionId, ShareId, UserId,
};
use vault_domain::library::Description;
use vault_domain::member::{Actor, Subject};
use vault_domain::support::SupportLevel;
use vault_domain::token::Caller;

use super::*;

mod containers;
mod support;

const ORG: OrgId = OrgId::from_octets([1; 16]);
const UPLOADER: UserId = UserId::from_octets([2; 16]);
const ASKER: UserId = UserId::from_octets([3; 16]);
const GROUP: GroupId = GroupId::from_octets([4; 16]);
const COLLECTION: CollectionId = CollectionId::from_octets([5; 16]);
const NOW: Timestamp = Timestamp(1_000);

fn asset() -> Asset {
    let title = Title::parse("A film").unwrap();
    Asset {
        description: Description::of(title.clone()),
        announced: NewAsset {
            id: AssetId::from_octets([6; 16]),
            org: ORG,
            owner: Actor::User(UPLOADER),
            title,
            media_type: MediaType::parse("video/mp4").unwrap(),
            plan: PartPlan::of(1).unwrap(),
            checksum: None,
            created_at: NOW,
        },
        state: AssetState::Ready,
        multipart: None,
        package: None,
        runs: Vec::new(),
        lease_until: None,
        progress: 0,
        ladder: None,
        previews: None,
        subtitles: vault_domain::subtitles::Subtitles::default(),
        scan: None,
        failure: None,
        reopened: 0,
        access: Access::default(),
        collection: None,
        views_from: Timestamp(0),
        keeping: Keeping::default(),
        charge: None,
    }
}

fn by(user: UserId, role: Role) -> Asker {
    Asker {
        caller: Caller {
            subject: Subject::Person {
                user,
                session: SessionId::from_octets([7; 16]),
            },
            org: ORG,
            role,
            scopes: Scopes::all(),
        },
        groups: Vec::new(),
        since: Timestamp(0),
    }
}

fn listed(to: Principal, level: Level, expires_at: Option<Timestamp>) -> AccessList {
    AccessList::stored(vec![Entry {
        to,
        level,
        expires_at,
        by: Actor::User(UPLOADER),
        at: Timestamp(1),
    }])
}

fn access(visibility: Visibility, entries: AccessList) -> Access {
    Access {
        visibility,
        entries,
        version: 1,
    }
}

fn asked(asker: &Asker, action: Action, on: &Resource<'_>) -> Verdict {
    // Everything that is decided is what the schema says, and is decided without an error.
    let (family, resource) = (
        entities::asker(asker).unwrap(),
        entities::resource(on).unwrap(),
    );
    let all = family.all.into_iter().chain(resource.all);
    Entities::from_entities(all, Some(&schema())).unwrap();
    CedarPolicies.decide(asker, action, on, NOW).unwrap()
}

fn may(asker: &Asker, action: Action, asset: &Asset) -> bool {
    asked(asker, action, &Resource::Asset(asset, None)).allowed
}

fn schema() -> Schema {
    Schema::from_cedarschema_str(SCHEMA).unwrap().0
}

#[test]
fn the_policies_hold_against_their_schema_and_say_their_names() {
    let set = named(POLICIES).unwrap();
    let result = Validator::new(schema()).validate(&set, ValidationMode::Strict);
    let errors: Vec<_> = result
        .validation_errors()
        .map(ToString::to_string)
        .collect();
    let warnings: Vec<_> = result
        .validation_warnings()
        .map(ToString::to_string)
        .collect();
    assert!(
        errors.is_empty() && warnings.is_empty(),
        "{errors:?} {warnings:?}"
    );
    let known = schema();
    for action in Action::ALL {
        let uid = entities::action(action.as_str()).unwrap();
        assert!(known.actions().any(|known| *known == uid), "{uid}");
    }
    assert_eq!(known.actions().count(), Action::ALL.len());
    for level in Level::ALL {
        let id = format!("granted-{}", level.as_str());
        assert!(
            set.template(&cedar_policy::PolicyId::new(&id)).is_some(),
            "{id}"
        );
    }
}

/// Role × action × what it is about, each with the policies that decide: a change of the policies shows here.
#[test]
fn what_every_role_may_is_this_table() {
    let open = asset();
    let closed = Asset {
        access: access(Visibility::Restricted, AccessList::default()),
        ..asset()
    };
    let restricted = || access(Visibility::Restricted, AccessList::default());
    let collection = containers::collection(restricted(), None);
    let space = containers::space(restricted());
    let people = [
        ("viewer", by(ASKER, Role::Viewer)),
        ("editor", by(ASKER, Role::Editor)),
        ("its editor", by(UPLOADER, Role::Editor)),
        ("its uploader, now a viewer", by(UPLOADER, Role::Viewer)),
        ("admin", by(ASKER, Role::Admin)),
        ("owner", by(ASKER, Role::Owner)),
        ("support, look", support::staff(SupportLevel::Look, ORG)),
        ("support, watch", support::staff(SupportLevel::Watch, ORG)),
    ];
    let resources = [
        ("organisation", Resource::Organisation(ORG)),
        ("asset", Resource::Asset(&open, None)),
        ("restricted asset", Resource::Asset(&closed, None)),
        ("restricted collection", Resource::Container(&collection)),
        ("restricted space", Resource::Container(&space)),
    ];
    let mut table = String::new();
    for (what, on) in &resources {
        for (who, asker) in &people {
            let _ = write!(table, "{what}, {who}:");
            for action in Action::ALL {
                let verdict = asked(asker, action, on);
                if verdict.allowed {
                    let _ = write!(
                        table,
                        " {} ({})",
                        action.as_str(),
                        verdict.policies.join(", ")
                    );
                }
            }
            table.push('\n');
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn no_role_and_no_grant_reaches_into_another_organisation() {
    for role in [Role::Owner, Role::Admin, Role::Editor, Role::Viewer] {
        for to in [
            Principal::Actor(Actor::User(ASKER)),
            Principal::Group(GROUP),
            Principal::Role(role),
        ] {
            let granted = Asset {
                access: access(Visibility::Organisation, listed(to, Level::Manage, None)),
                ..asset()
            };
            let stranger = Asker {
                caller: Caller {
                    org: OrgId::from_octets([9; 16]),
                    ..by(ASKER, role).caller
                },
                groups: vec![GROUP],
                since: Timestamp(0),
            };
            for action in Action::ALL {
                assert!(
                    !may(&stranger, action, &granted),
                    "{role:?} {to} {action:?}"
                );
            }
        }
    }
}

#[test]
fn a_grant_holds_for_its_principal_until_it_ends_and_says_that_it_decided() {
    let viewer = by(ASKER, Role::Viewer);
    let member = Asker {
        groups: vec![GROUP],
        ..viewer.clone()
    };
    for (to, holder) in [
        (Principal::Actor(Actor::User(ASKER)), &viewer),
        (Principal::Group(GROUP), &member),
        (Principal::Role(Role::Viewer), &viewer),
    ] {
        for (level, most) in [
            (Level::View, Action::Play),
            (Level::Download, Action::Download),
            (Level::Edit, Action::Edit),
            (Level::Manage, Action::Grant),
            (Level::Manage, Action::Share),
        ] {
            let granted = |end| Asset {
                access: access(Visibility::Restricted, listed(to, level, end)),
                ..asset()
            };
            let live = granted(Some(NOW.plus(1)));
            let verdict = asked(holder, most, &Resource::Asset(&live, None));
            assert!(verdict.allowed, "{to} {level:?}");
            let id = format!("granted-{} {to} on {}", level.as_str(), live.id());
            assert_eq!(verdict.policies, [id]);
            assert!(!may(holder, most, &granted(Some(NOW))), "it is over");
            let editor = by(UserId::from_octets([8; 16]), Role::Editor);
            assert!(!may(&editor, Action::See, &live), "another's");
        }
    }
}

#[test]
fn what_was_granted_to_an_earlier_place_of_theirs_is_not_theirs_now() {
    let to = Principal::Actor(Actor::User(ASKER));
    let old = |level| Asset {
        access: access(Visibility::Restricted, listed(to, level, None)),
        ..asset()
    };
    let back = Asker {
        since: Timestamp(2),
        ..by(ASKER, Role::Viewer)
    };
    assert!(!may(&back, Action::See, &old(Level::Manage)));
    let editor = Asker {
        caller: by(ASKER, Role::Editor).caller,
        ..back
    };
    let open = Asset {
        access: Access {
            visibility: Visibility::Organisation,
            ..old(Level::None).access
        },
        ..asset()
    };
    assert!(!may(&editor, Action::See, &open), "shut out is shut out");
}

#[test]
fn shut_out_wins_over_every_grant_but_never_over_admins_and_owners() {
    let shut = |role| Asset {
        access: access(
            Visibility::Organisation,
            AccessList::stored(
                listed(Principal::Role(role), Level::None, None)
                    .iter()
                    .chain(listed(Principal::Actor(Actor::User(ASKER)), Level::Manage, None).iter())
                    .copied()
                    .collect(),
            ),
        ),
        ..asset()
    };
    for role in [Role::Viewer, Role::Editor] {
        for action in Action::ALL {
            assert!(
                !may(&by(ASKER, role), action, &shut(role)),
                "{role:?} {action:?}"
            );
        }
    }
    assert!(may(
        &by(ASKER, Role::Owner),
        Action::Grant,
        &shut(Role::Owner)
    ));
}

#[test]
fn a_scope_bounds_whoever_holds_the_token() {
    let scopes = [
        (Action::List, Scope::Read),
        (Action::Read, Scope::Read),
        (Action::Play, Scope::Play),
        (Action::Download, Scope::Download),
        (Action::Upload, Scope::Upload),
        (Action::Edit, Scope::Edit),
        (Action::Delete, Scope::Withdraw),
        (Action::Share, Scope::Share),
    ];
    for (action, needed) in scopes {
        for scope in Scope::ALL {
            let owner = by(ASKER, Role::Owner);
            let bound = Asker {
                caller: Caller {
                    scopes: Scopes::only(scope),
                    ..owner.caller
                },
                ..owner
            };
            let asset = asset();
            let on = if action == Action::List {
                Resource::Organisation(ORG)
            } else {
                Resource::Asset(&asset, None)
            };
            let verdict = asked(&bound, action, &on);
            assert_eq!(verdict.allowed, scope == needed, "{action:?} by {scope:?}");
        }
    }
}

#[test]
fn an_api_key_decides_on_what_it_brought_in_and_grants_nothing() {
    let key = ApiKeyId::from_octets([8; 16]);
    let asker = Asker {
        caller: Caller {
            subject: Subject::ApiKey(key),
            ..by(ASKER, Role::Editor).caller
        },
        groups: Vec::new(),
        since: Timestamp(0),
    };
    let own = Asset {
        announced: NewAsset {
            owner: Actor::ApiKey(key),
            ..asset().announced
        },
        access: access(Visibility::Restricted, AccessList::default()),
        ..asset()
    };
    assert!(may(&asker, Action::Delete, &own));
    let verdict = asked(&asker, Action::Grant, &Resource::Asset(&own, None));
    assert_eq!(
        (verdict.allowed, verdict.policies),
        (false, vec!["people-only".to_owned()])
    );
    assert!(!may(&asker, Action::Edit, &asset()), "another's");
    assert!(may(&asker, Action::Share, &own) && !may(&asker, Action::Share, &asset()));
    let bound = Asker {
        caller: Caller {
            scopes: Scopes::only(Scope::Withdraw),
            ..asker.caller
        },
        ..asker
    };
    assert!(!may(&bound, Action::Share, &own), "without the scope");
}

#[test]
fn the_holder_of_a_link_plays_what_it_is_for_and_may_nothing_else() {
    let closed = Asset {
        access: access(Visibility::Restricted, AccessList::default()),
        ..asset()
    };
    let holder = |asset, org| Asker {
        caller: Caller {
            subject: Subject::Share {
                asset,
                share: ShareId::from_octets([8; 16]),
            },
            org,
            scopes: Scopes::only(Scope::Play),
            ..by(ASKER, Role::Viewer).caller
        },
        groups: Vec::new(),
        since: Timestamp(0),
    };
    // Requests that the schema does not know are decided as well, and refused.
    let decided = |asker: &Asker, action, asset: &Asset| {
        let on = Resource::Asset(asset, None);
        CedarPolicies.decide(asker, action, &on, NOW).unwrap()
    };
    let own = holder(closed.id(), ORG);
    let verdict = asked(&own, Action::Play, &Resource::Asset(&closed, None));
    assert_eq!(
        (verdict.allowed, verdict.policies),
        (true, vec!["share".to_owned()])
    );
    for action in Action::ALL {
        let allowed = decided(&own, action, &closed).allowed;
        assert_eq!(allowed, action == Action::Play, "{action:?}");
        let other = holder(AssetId::from_octets([9; 16]), ORG);
        assert!(
            !decided(&other, action, &asset()).allowed,
            "another's {action:?}"
        );
        let stranger = holder(closed.id(), OrgId::from_octets([9; 16]));
        assert!(
            !decided(&stranger, action, &closed).allowed,
            "foreign {action:?}"
        );
    }
    for action in [
        Action::List,
        Action::Upload,
        Action::Administer,
        Action::See,
    ] {
        let on = Resource::Organisation(ORG);
        assert!(
            !CedarPolicies
                .decide(&own, action, &on, NOW)
                .unwrap()
                .allowed
        );
    }
    // Nor do lists reach it, be they for the role that a share is read in.
    let shut = Asset {
        access: access(
            Visibility::Organisation,
            listed(Principal::Role(Role::Viewer), Level::None, None),
        ),
        ..asset()
    };
    assert!(decided(&own, Action::Play, &shut).allowed);
    let granted = Asset {
        access: access(
            Visibility::Organisation,
            listed(Principal::Role(Role::Viewer), Level::Manage, None),
        ),
        ..asset()
    };
    assert!(!decided(&own, Action::Edit, &granted).allowed);
}
