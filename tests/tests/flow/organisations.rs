//! An organisation and its people: roles, what ends with them, and who is always left.

use serde_json::json;
use vault_domain::credential::Role;
use vault_tests::api::{refused, refused_token};
use vault_tests::films::SHORT;
use vault_tests::{Person, Reply, people};

fn change(by: &Person, of: &Person, what: &str) -> Reply {
    let path = format!("/v1/organisation/members/{}/{what}", of.user);
    by.api.post_nothing(&path, &by.access)
}

fn role(by: &Person, of: &Person, role: &str) -> Reply {
    let path = format!("/v1/organisation/members/{}/role", of.user);
    by.api
        .post(&path, Some(&by.access), &json!({ "role": role }))
}

#[test]
fn members_are_listed_with_their_addresses_page_by_page() {
    let owner = people::owner();
    let all = [
        people::colleague(&owner, Role::Admin),
        people::colleague(&owner, Role::Viewer),
        owner.clone(),
    ];
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/organisation/members?limit=2{cursor}");
        let page = owner.api.get(&path, &owner.access).expect(200).json();
        let members = page["members"].as_array().cloned().unwrap_or_default();
        found.extend(
            members
                .iter()
                .map(|m| m["email"].as_str().map(str::to_owned)),
        );
        let Some(next) = page["cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    found.sort();
    let mut expected: Vec<_> = all
        .iter()
        .map(|person| Some(person.email.clone()))
        .collect();
    expected.sort();
    assert_eq!(found, expected);
    let stranger = people::owner();
    people::colleague(&stranger, Role::Viewer);
    let page = stranger
        .api
        .get("/v1/organisation/members?limit=1", &stranger.access);
    let foreign = page.expect(200).field("cursor");
    let path = format!("/v1/organisation/members?cursor={foreign}");
    refused(&owner.api.get(&path, &owner.access), 400, "malformed");
}

#[test]
fn whoever_is_disabled_or_removed_is_out_at_once_and_their_film_stops_at_the_next_key() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    for what in ["disable", "remove"] {
        let viewer = people::colleague(&owner, Role::Viewer);
        let view = viewer.view(&asset);
        view.segments[0].opened();
        change(&owner, &viewer, what).expect(200);
        let key = viewer.api.http.get(&view.segments[0].key);
        refused(&key, 401, "invalid_token");
        refused_token(
            &viewer.api.refresh(&viewer.refresh),
            "invalid_grant",
            "invalid_token",
        );
        let exchange = viewer.api.exchange(&viewer.access, &asset, &[]);
        refused_token(&exchange, "invalid_request", "invalid_token");
        let own = viewer.api.get("/v1/organisation", &viewer.access);
        refused(&own, 401, "invalid_token");
    }
}

#[test]
fn a_role_given_by_the_owner_counts_at_once_and_nobody_raises_themselves() {
    let owner = people::owner();
    let viewer = people::colleague(&owner, Role::Viewer);
    refused(&role(&viewer, &viewer, "owner"), 403, "forbidden");
    role(&owner, &viewer, "admin").expect(200);
    let shown = viewer.api.get("/v1/organisation", &viewer.access);
    assert_eq!(shown.expect(200).field("role"), "admin");
    refused(&role(&viewer, &viewer, "owner"), 403, "forbidden");
    refused(&change(&viewer, &owner, "remove"), 403, "forbidden");
}

#[test]
fn the_last_owner_stays_and_one_of_two_may_leave() {
    let owner = people::owner();
    let leave = |person: &Person| {
        let path = "/v1/organisation/leave";
        person.api.post_nothing(path, &person.access)
    };
    refused(&leave(&owner), 409, "conflict");
    let second = people::colleague(&owner, Role::Admin);
    role(&owner, &second, "owner").expect(200);
    leave(&owner).expect(200);
    refused(&leave(&second), 409, "conflict");
    refused(&leave(&owner), 401, "invalid_token");
}

#[test]
fn someone_of_another_organisation_does_not_exist() {
    let (owner, stranger) = (people::owner(), people::owner());
    for what in ["disable", "remove", "end-sessions"] {
        refused(&change(&owner, &stranger, what), 404, "not_found");
    }
    refused(&role(&owner, &stranger, "viewer"), 404, "not_found");
    stranger
        .api
        .get("/v1/organisation", &stranger.access)
        .expect(200);
}

#[test]
fn an_invitation_stands_once_an_address_and_can_be_taken_back() {
    let owner = people::owner();
    let email = format!("new-{}@example.org", vault_tests::unique());
    let invite = |email: &str| {
        let body = json!({ "email": email, "role": "viewer" });
        owner
            .api
            .post("/v1/organisation/invitations", Some(&owner.access), &body)
    };
    let list = || {
        let path = "/v1/organisation/invitations";
        let listed = owner.api.get(path, &owner.access).expect(200).json();
        listed["invitations"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    refused(&invite(&owner.email), 409, "conflict");
    invite(&email).expect(201);
    let second = invite(&email).expect(201).field("invitation_id");
    let open = list();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0]["invitation_id"], second);
    let revoke = || {
        let path = format!("/v1/organisation/invitations/{second}/revoke");
        owner.api.post_nothing(&path, &owner.access)
    };
    revoke().expect(200);
    refused(&revoke(), 404, "not_found");
    assert!(list().is_empty());
}
