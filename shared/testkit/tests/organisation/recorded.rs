//! What is changed is on record, once, and what is refused or repeated is not.

use vault_domain::api_key::Overlap;
use vault_domain::audit::Event;
use vault_domain::credential::Role;
use vault_domain::member::OrgName;
use vault_domain::usecase::manage_api_keys;
use vault_domain::usecase::organisation::{self, Invite, Wish, Wishes};
use vault_testkit::Kit;
use vault_testkit::builders::{self, CLIENT, INVITATION, ORG, OWNER, VIEWER};

use crate::{change, member, now};

/// What was recorded since, and to what it was done.
fn since(kit: &Kit, before: usize) -> Vec<(Event, String)> {
    let records = kit.cloud.snapshot().audit;
    let records = records.into_iter().skip(before);
    records
        .inspect(|record| {
            assert_eq!(
                (record.org, record.source.clone()),
                (ORG, builders::source())
            );
            assert!(record.author.actor().is_some());
        })
        .map(|record| (record.event, record.target))
        .collect()
}

#[test]
fn every_change_of_members_and_settings_is_on_record_once() {
    let kit = Kit::with_users(1);
    kit.plant_invitation("late@example.org");
    let (caller, ask, deps) = (builders::caller(), builders::ask(), kit.organisation());
    let before = kit.cloud.snapshot().audit.len();
    for _ in 0..2 {
        for wish in [Wish::Role(Role::Editor), Wish::Disable, Wish::Enable] {
            change(&kit, &caller, VIEWER, wish).unwrap();
        }
        let wishes = Wishes {
            name: OrgName::parse("Another name").ok(),
            require_second_factor: None,
        };
        now(organisation::settle(&deps, &ask, &wishes)).unwrap();
    }
    let invite = Invite {
        email: builders::email("new@example.org"),
        role: Role::Viewer,
        idempotency: Some(builders::idempotency_key("k")),
    };
    let invited = now(organisation::invite(&deps, &ask, &invite)).unwrap();
    now(organisation::invite(&deps, &ask, &invite)).unwrap();
    now(organisation::revoke(&deps, &ask, INVITATION)).unwrap();
    assert!(now(organisation::revoke(&deps, &ask, INVITATION)).is_err());
    change(&kit, &caller, VIEWER, Wish::Remove).unwrap();
    assert!(change(&kit, &caller, OWNER, Wish::Role(Role::Admin)).is_err());
    let (viewer, org) = (VIEWER.to_string(), ORG.to_string());
    let of_viewer = |event| (event, viewer.clone());
    assert_eq!(
        since(&kit, before),
        [
            of_viewer(Event::MemberRoleChanged),
            of_viewer(Event::MemberDisabled),
            of_viewer(Event::MemberEnabled),
            (Event::OrganisationChanged, org.clone()),
            // Again, since they were enabled in between.
            of_viewer(Event::MemberDisabled),
            of_viewer(Event::MemberEnabled),
            (Event::MemberInvited, invited.id.to_string()),
            (Event::InvitationRevoked, INVITATION.to_string()),
            of_viewer(Event::MemberRemoved),
        ]
    );
}

#[test]
fn who_leaves_and_whose_sessions_end_is_on_record() {
    let kit = Kit::with_users(1);
    let caller = member(&kit, 1, Role::Editor);
    let before = kit.cloud.snapshot().audit.len();
    let deps = kit.organisation();
    now(organisation::leave(&deps, &builders::ask_of(caller))).unwrap();
    change(&kit, &builders::caller(), VIEWER, Wish::EndSessions).unwrap();
    now(organisation::end_sessions(&deps, &builders::ask())).unwrap();
    let events: Vec<_> = since(&kit, before)
        .into_iter()
        .map(|(event, _)| event)
        .collect();
    let expected = [
        Event::MemberLeft,
        Event::MemberSessionsEnded,
        Event::OrganisationSessionsEnded,
    ];
    assert_eq!(events, expected);
}

#[test]
fn every_change_of_an_api_key_is_on_record_once() {
    let kit = Kit::with_users(1);
    kit.plant_client(|_| ());
    let (ask, deps) = (builders::ask(), kit.manage_api_keys());
    let before = kit.cloud.snapshot().audit.len();
    now(manage_api_keys::rotate(&deps, &ask, CLIENT, Overlap::NONE)).unwrap();
    for _ in 0..2 {
        now(manage_api_keys::revoke(&deps, &ask, CLIENT)).unwrap();
    }
    assert!(now(manage_api_keys::rotate(&deps, &ask, CLIENT, Overlap::NONE)).is_err());
    let key = CLIENT.to_string();
    assert_eq!(
        since(&kit, before),
        [
            (Event::ApiKeyRotated, key.clone()),
            (Event::ApiKeyRevoked, key)
        ]
    );
}
