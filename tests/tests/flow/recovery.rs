//! Links in mails: a password is reset, an invitation accepted, an address verified, each once.

use std::time::Duration;

use serde_json::json;
use vault_domain::credential::Role;
use vault_domain::id::{InvitationId, OrgId, UserId};
use vault_domain::mail::{INVITATION_SECONDS, MailOrder, MailQueue as _};
use vault_domain::member::{Actor, Invitation};
use vault_domain::ports::Invitations as _;
use vault_domain::time::Timestamp;
use vault_testkit::Sample;
use vault_tests::api::{refused, refused_token};
use vault_tests::films::SHORT;
use vault_tests::{Person, cloud, mail, people, sdk, seed, unique, wait};

/// A password that no earlier run had.
fn fresh() -> String {
    format!("seven unrelated things {}", unique())
}

fn post(person: &Person, path: &str, body: &serde_json::Value) -> vault_tests::Reply {
    person.api.post(path, None, body)
}

fn forgot(person: &Person, email: &str) {
    let told = post(person, "/v1/password/forgot", &json!({ "email": email }));
    told.expect(202);
}

/// Signs in as soon as the second of the new password is over.
fn signed_in(person: &Person, email: &str, password: &str) {
    wait::until("a sign-in", Duration::from_secs(5), || {
        (person.api.login(email, password).status == 200).then_some(())
    });
}

#[test]
fn a_forgotten_password_is_reset_by_mail_and_everything_before_it_is_over() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let view = owner.view(&asset);
    view.segments[0].opened();
    forgot(&owner, &owner.email);
    let token = mail::token(&owner.email, "reset", &[]);

    let weak = json!({ "token": token, "new_password": "reelvault" });
    refused(
        &post(&owner, "/v1/password/reset", &weak),
        422,
        "weak_password",
    );
    let password = fresh();
    let good = json!({ "token": token, "new_password": password });
    post(&owner, "/v1/password/reset", &good).expect(200);
    let twice = post(&owner, "/v1/password/reset", &good);
    refused(&twice, 400, "invalid_link");

    refused(
        &owner.api.login(&owner.email, &owner.password),
        401,
        "bad_credentials",
    );
    refused_token(
        &owner.api.refresh(&owner.refresh),
        "invalid_grant",
        "invalid_token",
    );
    for url in view.keys() {
        let key = owner.api.http.get(url);
        assert_eq!(
            key.status,
            401,
            "playing stops at the next key: {}",
            key.text()
        );
    }
    signed_in(&owner, &owner.email, &password);
    wait::until("the notice", Duration::from_secs(30), || {
        let mails = mail::mailbox(&owner.email);
        mails
            .iter()
            .any(|text| text.contains("The password was changed"))
            .then_some(())
    });
}

#[test]
fn a_newer_link_voids_the_older_one() {
    let owner = people::owner();
    forgot(&owner, &owner.email);
    let older = mail::token(&owner.email, "reset", &[]);
    forgot(&owner, &owner.email);
    let newer = mail::token(&owner.email, "reset", &[&older]);
    let reset = |token: &str| {
        let body = json!({ "token": token, "new_password": fresh() });
        post(&owner, "/v1/password/reset", &body)
    };
    refused(&reset(&older), 400, "invalid_link");
    reset(&newer).expect(200);
}

#[test]
fn an_address_that_nobody_has_gets_no_mail_and_the_same_reply() {
    let owner = people::owner();
    let nobody = format!("nobody-{}@example.org", unique());
    forgot(&owner, &nobody);
    forgot(&owner, &owner.email);
    mail::token(&owner.email, "reset", &[]);
    mail::settled();
    assert_eq!(mail::mailbox(&nobody), Vec::<String>::new());
}

/// Invites an address into a person's organisation, as the function that manages organisations does.
fn invite(by: &Person, email: &str, role: Role) -> Invitation {
    let sample = Sample::new(seed());
    let invitation = Invitation {
        id: InvitationId::from_octets(sample.0.octets()),
        org: OrgId::parse(&by.organisation).unwrap(),
        email: vault_testkit::builders::email(email),
        role,
        attempt: 1,
        expires_at: Timestamp(wait::epoch() + INVITATION_SECONDS),
        invited_by: Actor::User(UserId::parse(&by.user).unwrap()),
    };
    let invitations = vault_aws::dynamodb::DynamoInvitations::new(
        sdk::sdk().dynamodb(),
        cloud().output("MembersTable"),
    );
    sdk::block_on(invitations.create(&invitation)).unwrap();
    let queue = vault_aws::sqs::SqsMailQueue::new(sdk::sdk().sqs(), cloud().output("MailQueueUrl"));
    let order = MailOrder::Invitation {
        org: invitation.org,
        invitation: invitation.id,
        attempt: 1,
    };
    sdk::block_on(queue.order(&order)).unwrap();
    invitation
}

#[test]
fn an_invitation_is_accepted_once_by_someone_new_and_by_someone_who_is_there() {
    let (host, guest) = (people::owner(), people::owner());
    let newcomer = format!("new-{}@example.org", unique());
    invite(&host, &newcomer, Role::Editor);
    let token = mail::token(&newcomer, "invitation", &[]);
    let password = fresh();
    let good = json!({ "token": token, "password": password });
    let place = post(&host, "/v1/invitations/accept", &good).expect(200);
    assert_eq!(place.field("organisation_id"), host.organisation);
    assert_eq!(place.field("role"), "editor");
    let twice = post(&host, "/v1/invitations/accept", &good);
    refused(&twice, 400, "invalid_link");
    signed_in(&host, &newcomer, &password);

    invite(&host, &guest.email, Role::Viewer);
    let token = mail::token(&guest.email, "invitation", &[]);
    let place = post(&host, "/v1/invitations/accept", &json!({ "token": token })).expect(200);
    assert_eq!(place.field("user_id"), guest.user);
    let there = json!({
        "email": guest.email, "password": guest.password, "organisation_id": host.organisation,
    });
    let session = post(&guest, "/v1/login", &there).expect(200);
    assert_eq!(session.field("organisation_id"), host.organisation);
}

#[test]
fn an_owner_comes_in_by_a_link_and_nobody_else_saw_the_password() {
    let caller = people::owner();
    let email = format!("owner-{}@example.org", unique());
    let wish = json!({ "organisation": "Tests", "email": email, "invite": true });
    let made = sdk::invoke("BootstrapOwnerFunction", &wish).json();
    assert!(made["password"].is_null(), "{made}");
    let (token, password) = (mail::token(&email, "reset", &[]), fresh());
    let body = json!({ "token": token, "new_password": password });
    post(&caller, "/v1/password/reset", &body).expect(200);
    signed_in(&caller, &email, &password);
}

#[test]
fn an_owner_whose_address_is_in_doubt_comes_in_after_verifying_it() {
    let caller = people::owner();
    let email = format!("owner-{}@example.org", unique());
    let wish = json!({ "organisation": "Tests", "email": email, "verified": false });
    let made = sdk::invoke("BootstrapOwnerFunction", &wish).json();
    let password = made["password"].as_str().unwrap();
    refused(&caller.api.login(&email, password), 401, "bad_credentials");
    let token = mail::token(&email, "verify", &[]);
    let body = json!({ "token": token });
    post(&caller, "/v1/email/verify", &body).expect(200);
    signed_in(&caller, &email, password);
}
