//! Invitations: how many, of whom, as what.

use vault_domain::credential::Role;
use vault_domain::error::Refusal;
use vault_domain::id::OrgId;
use vault_domain::mail::MailOrder;
use vault_domain::member::Invitation;
use vault_domain::token::Caller;
use vault_domain::usecase::organisation::{self, Invite};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ORG};
use vault_testkit::clock::GOLDEN_NOW;

use crate::{member, now};

fn invite(
    kit: &Kit,
    caller: &Caller,
    email: &str,
    key: Option<&str>,
) -> Result<Invitation, Refusal> {
    let wish = Invite {
        email: builders::email(email),
        role: Role::Viewer,
        idempotency: key.map(builders::idempotency_key),
    };
    now(organisation::invite(
        &kit.organisation(),
        &builders::ask_of(*caller),
        &wish,
    ))
}

fn open(kit: &Kit) -> Vec<Invitation> {
    now(organisation::invitations(
        &kit.organisation(),
        &builders::ask(),
    ))
    .unwrap()
}

fn orders(kit: &Kit) -> Vec<MailOrder> {
    kit.cloud.with(|s| s.mail_orders.clone())
}

#[test]
fn an_invitation_is_told_by_mail_and_listed_until_it_expires() {
    let kit = Kit::with_users(1);
    let invitation = invite(&kit, &builders::caller(), "new@example.org", None).unwrap();
    let told = MailOrder::Invitation {
        org: ORG,
        invitation: invitation.id,
        attempt: 1,
    };
    assert_eq!(orders(&kit), [told]);
    assert_eq!(open(&kit), [invitation]);
    kit.clock.advance(vault_domain::mail::INVITATION_SECONDS);
    let now = GOLDEN_NOW.plus(vault_domain::mail::INVITATION_SECONDS);
    kit.cloud.with(|s| {
        let session = s.sessions.get_mut(&builders::SESSION).unwrap();
        (session.authenticated_at, session.rotated_at) = (now, now);
    });
    assert_eq!(open(&kit), []);
    invite(&kit, &builders::caller(), "other@example.org", None).unwrap();
    let left = kit.cloud.with(|s| s.invitations.len());
    assert_eq!(left, 1, "what is over is swept up");
}

#[test]
fn inviting_again_voids_the_link_before_and_sends_another() {
    let kit = Kit::with_users(1);
    let caller = builders::caller();
    let first = invite(&kit, &caller, "new@example.org", None).unwrap();
    let second = invite(&kit, &caller, " NEW@example.org", None).unwrap();
    assert_eq!((first.attempt, second.attempt), (1, 2));
    assert_eq!(open(&kit), [second], "one of an address");
    let links: Vec<_> = orders(&kit);
    assert!(links.len() == 2 && links[0] != links[1], "{links:?}");
}

#[test]
fn a_request_of_the_same_name_sends_no_other_link_and_another_wish_is_told_from_it() {
    let kit = Kit::with_users(1);
    let caller = builders::caller();
    let first = invite(&kit, &caller, "new@example.org", Some("k")).unwrap();
    let again = invite(&kit, &caller, "new@example.org", Some("k")).unwrap();
    assert_eq!(first, again);
    let orders = orders(&kit);
    assert_eq!(orders.len(), 2, "the order is repeated with the request");
    assert_eq!(orders[0], orders[1], "and makes the same link");
    let other = invite(&kit, &caller, "other@example.org", Some("k"));
    assert!(
        matches!(other, Err(Refusal::IdempotencyMismatch)),
        "{other:?}"
    );
    let admin = member(&kit, 1, Role::Admin);
    let theirs = invite(&kit, &admin, "other@example.org", Some("k")).unwrap();
    assert_ne!(theirs.id, first.id, "a name is its caller's own");
}

#[test]
fn a_member_is_not_invited_and_nobody_is_as_an_owner() {
    let kit = Kit::with_users(1);
    let caller = builders::caller();
    let known = invite(&kit, &caller, "vic@example.org", None);
    assert!(matches!(known, Err(Refusal::Conflict(_))), "{known:?}");
    for (caller, role, may) in [
        (caller, Role::Owner, false),
        (caller, Role::Admin, true),
        (member(&kit, 1, Role::Admin), Role::Owner, false),
        (member(&kit, 2, Role::Admin), Role::Admin, true),
        (member(&kit, 3, Role::Editor), Role::Viewer, false),
        (member(&kit, 4, Role::Viewer), Role::Viewer, false),
    ] {
        let wish = Invite {
            email: builders::email("new@example.org"),
            role,
            idempotency: None,
        };
        let invited = now(organisation::invite(
            &kit.organisation(),
            &builders::ask_of(caller),
            &wish,
        ));
        assert_eq!(invited.is_ok(), may, "{:?} {role:?}", caller.role);
        assert!(may || matches!(invited, Err(Refusal::Forbidden(_))));
    }
}

#[test]
fn the_hundred_and_first_invitation_waits_for_room() {
    let kit = Kit::with_users(1);
    let caller = builders::caller();
    let mut last = None;
    for number in 0..100 {
        // Fifty an hour.
        if number == 50 {
            let late = invite(&kit, &caller, "late@example.org", None);
            assert!(matches!(late, Err(Refusal::Throttled { .. })), "{late:?}");
            kit.clock.advance(3_600);
            kit.cloud.with(|s| {
                let session = s.sessions.get_mut(&builders::SESSION).unwrap();
                session.authenticated_at = GOLDEN_NOW.plus(3_600);
            });
        }
        let email = format!("n{number}@example.org");
        last = Some(invite(&kit, &caller, &email, None).unwrap());
    }
    kit.cloud.with(|s| s.limits.clear());
    let full = invite(&kit, &caller, "late@example.org", None);
    assert!(matches!(full, Err(Refusal::LimitReached(_))), "{full:?}");
    invite(&kit, &caller, "n7@example.org", None).expect("again, in its own place");
    let deps = kit.organisation();
    now(organisation::revoke(
        &deps,
        &builders::ask_of(caller),
        last.unwrap().id,
    ))
    .unwrap();
    invite(&kit, &caller, "late@example.org", None).expect("there is room");
    assert_eq!(open(&kit).len(), 100);
}

#[test]
fn an_invitation_of_another_organisation_is_not_there_to_be_taken_back() {
    let kit = Kit::with_users(1);
    let elsewhere = OrgId::from_octets([9; 16]);
    let theirs = Invitation {
        org: elsewhere,
        ..builders::invitation("new@example.org")
    };
    kit.cloud
        .with(|s| s.invitations.insert((elsewhere, theirs.id), theirs.clone()));
    let deps = kit.organisation();
    let revoked = now(organisation::revoke(&deps, &builders::ask(), theirs.id));
    assert!(
        matches!(revoked, Err(Refusal::NotFound("invitation"))),
        "{revoked:?}"
    );
    assert_eq!(open(&kit), []);
}
