//! Staff of the operator: what an owner lets them see, and never more, whatever else is said of anyone.

use vault_domain::id::SupportId;
use vault_domain::support::{Staff, SupportLevel};

use super::*;

/// Staff who were let in.
pub(super) fn staff(level: SupportLevel, org: OrgId) -> Asker {
    Asker {
        caller: Caller {
            subject: Subject::Support(Staff {
                user: UPLOADER,
                session: SessionId::from_octets([7; 16]),
                support: SupportId::from_octets([8; 16]),
                granted_by: ASKER,
            }),
            org,
            role: Role::Viewer,
            scopes: level.scopes(),
        },
        groups: Vec::new(),
        since: Timestamp(0),
    }
}

/// Requests that the schema does not know are decided as well, and refused.
fn allowed(asker: &Asker, action: Action, on: &Resource<'_>) -> bool {
    CedarPolicies
        .decide(asker, action, on, NOW)
        .unwrap()
        .allowed
}

/// Every visibility × every entry that could be meant for them × every action × every role that they could be read in: the
/// answer depends on the level and the action alone.
#[test]
fn support_looks_and_watches_and_does_nothing_else_whatever_lists_say() {
    let tos = [
        Principal::Actor(Actor::User(UPLOADER)),
        Principal::Actor(Actor::Support(SupportId::from_octets([8; 16]))),
        Principal::Role(Role::Viewer),
        Principal::Role(Role::Owner),
        Principal::Group(GROUP),
    ];
    for level in SupportLevel::ALL {
        let expected = |action| match action {
            Action::See | Action::List | Action::Read => true,
            Action::Play => level == SupportLevel::Watch,
            _ => false,
        };
        for visibility in [Visibility::Organisation, Visibility::Restricted] {
            for (to, granted) in tos
                .iter()
                .flat_map(|to| Level::ALL.map(|level| (*to, level)))
            {
                let lists = || access(visibility, listed(to, granted, None));
                let (own, within) = (
                    Asset {
                        access: lists(),
                        ..asset()
                    },
                    Asset {
                        access: lists(),
                        collection: Some(COLLECTION),
                        ..asset()
                    },
                );
                let around = containers::collection(lists(), Some(containers::space(lists())));
                for role in [Role::Owner, Role::Admin, Role::Editor, Role::Viewer] {
                    let mut asker = staff(level, ORG);
                    // Even if a mistake elsewhere gave them a role and a group.
                    asker.caller.role = role;
                    asker.groups = vec![GROUP];
                    for action in Action::ALL {
                        let told = format!("{level:?} {action:?} {to} {granted:?} {role:?}");
                        for on in [
                            Resource::Asset(&own, None),
                            Resource::Asset(&within, Some(&around)),
                            Resource::Asset(&within, None),
                        ] {
                            assert_eq!(allowed(&asker, action, &on), expected(action), "{told}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn support_stays_in_the_organisation_that_let_it_in() {
    let (film, around) = (asset(), containers::collection(Access::default(), None));
    for level in SupportLevel::ALL {
        let foreign = staff(level, OrgId::from_octets([9; 16]));
        for action in Action::ALL {
            for on in [
                Resource::Asset(&film, None),
                Resource::Container(&around),
                Resource::Organisation(ORG),
            ] {
                assert!(!allowed(&foreign, action, &on), "{level:?} {action:?}");
            }
        }
    }
}

/// What decided is told apart from what is everyone's.
#[test]
fn what_support_does_is_decided_by_its_own_policy() {
    let closed = Asset {
        access: access(Visibility::Restricted, AccessList::default()),
        ..asset()
    };
    let asker = staff(SupportLevel::Watch, ORG);
    let verdict = asked(&asker, Action::Play, &Resource::Asset(&closed, None));
    assert_eq!(verdict.policies, ["support"]);
    let on = Resource::Asset(&closed, None);
    let verdict = CedarPolicies.decide(&asker, Action::Delete, &on, NOW);
    let policies = verdict.unwrap().policies;
    assert!(
        policies.contains(&"support-only".to_owned()),
        "{policies:?}"
    );
    let bare = Asker {
        caller: Caller {
            scopes: Scopes::only(Scope::Withdraw),
            ..asker.caller
        },
        ..asker
    };
    assert!(
        !allowed(&bare, Action::Read, &on),
        "its scope bounds it too"
    );
}
