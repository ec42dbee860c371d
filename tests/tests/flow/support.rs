//! Support access through the real functions: nothing is seen until the owner grants it, and nothing after they ended it.

use std::sync::OnceLock;

use serde_json::{Value, json};
use vault_aws::dynamodb::{DynamoDirectory, DynamoMembers};
use vault_domain::credential::Role;
use vault_domain::id::OrgId;
use vault_domain::ports::{Directory as _, Members as _, OwnerOutcome};
use vault_testkit::Sample;
use vault_tests::api::{ACCESS_TOKEN, EXCHANGE, refused, refused_token, url};
use vault_tests::films::SHORT;
use vault_tests::people::{self, Person};
use vault_tests::view::View;
use vault_tests::{Http, Reply, Request, cloud, sdk, seed};

use crate::factors::with_second_factor;

/// The organisation that the local cloud names as the operator's: see xtask.
const OPERATOR: &str = "org_mzxw6ytboi2dembrgaydambqga";

/// The operator's organisation, made once. Whoever owns it is nobody of these tests.
fn operator() -> &'static str {
    static MADE: OnceLock<()> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut owner = Sample::new(seed()).owner();
        let org = OrgId::parse(OPERATOR).expect("an id");
        let members = DynamoMembers::new(sdk::sdk().dynamodb(), cloud().output("MembersTable"));
        // An earlier run may have made it.
        let known = sdk::block_on(members.organisation(org)).expect("a look");
        if known.is_some() {
            return;
        }
        (owner.organisation.id, owner.membership.org) = (org, org);
        owner.account.orgs = vec![org];
        let (users, members) = (cloud().output("UsersTable"), cloud().output("MembersTable"));
        let directory = DynamoDirectory::new(sdk::sdk().dynamodb(), users, members);
        let made = sdk::block_on(directory.create_owner(&owner));
        assert_eq!(made.expect("the operator"), OwnerOutcome::Created);
    });
    OPERATOR
}

/// A member of the staff, signed in with a second factor.
fn staff(of: &Person) -> Person {
    let home = Person {
        organisation: operator().to_owned(),
        ..of.clone()
    };
    let plain = people::colleague(&home, Role::Viewer);
    let entered = enter(
        &plain,
        "urn:reelvault:support:org_aaaaaaaaaaaaaaaaaaaaaaaaaa:sup_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    );
    refused_token(&entered, "invalid_request", "invalid_token");
    with_second_factor(plain)
}

fn enter(by: &Person, resource: &str) -> Reply {
    by.api.token(&[
        ("grant_type", EXCHANGE),
        ("subject_token", by.access.as_str()),
        ("subject_token_type", ACCESS_TOKEN),
        ("requested_token_type", ACCESS_TOKEN),
        ("resource", resource),
    ])
}

fn grant(by: &Person, level: &str) -> Value {
    let body = json!({ "purpose": "Ticket 7", "level": level, "expires_in": 3_600 });
    let path = "/v1/organisation/support";
    by.api
        .post(path, Some(&by.access), &body)
        .expect(201)
        .json()
}

fn end(by: &Person, id: &str) -> Reply {
    let path = format!("/v1/organisation/support/{id}");
    let request = Request::new("DELETE", &url(&path));
    Http::default().send(&request.bearer(&by.access))
}

fn text(of: &Value) -> String {
    of.as_str().expect("a text").to_owned()
}

#[test]
fn staff_see_what_the_owner_granted_until_they_ended_it_and_all_of_it_is_on_record() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let helper = staff(&owner);
    let shown = |access: &str| owner.api.get(&format!("/v1/assets/{asset}"), access);
    refused(&shown(&helper.access), 404, "not_found");

    let made = grant(&owner, "watch");
    let (id, resource) = (text(&made["support_id"]), text(&made["resource"]));
    let entered = enter(&helper, &resource).expect(200);
    assert!(entered.json().get("refresh_token").is_none());
    let inside = entered.field("access_token");
    let listed = owner.api.get("/v1/assets", &inside).expect(200).json();
    assert_eq!(
        listed["assets"].as_array().map(Vec::len),
        Some(1),
        "{listed}"
    );
    shown(&inside).expect(200);
    let record = owner.api.get("/v1/audit", &inside).expect(200);
    assert!(record.text().contains("support.used"));
    let media = owner.api.media_token(&inside, &asset);
    let opened = owner.api.open(&media, &asset).expect(201);
    let view = View::read(&opened.field("playlist_url"));
    view.segments[0].opened();
    for refusal in [
        owner.api.withdraw(&inside, &asset),
        owner.api.get("/v1/organisation", &inside),
        owner.api.get("/v1/account", &inside),
        owner.api.get("/v1/api-keys", &inside),
        owner
            .api
            .get(&format!("/v1/assets/{asset}/access"), &inside),
    ] {
        refused(&refusal, 403, "forbidden");
    }

    let came = owner.api.get("/v1/organisation/support", &owner.access);
    let came = came.expect(200).json()["support"][0]["used_by"].clone();
    assert_eq!(
        came,
        json!([{ "user_id": helper.user, "email": helper.email }])
    );
    end(&owner, &id).expect(200);
    end(&owner, &id).expect(200);
    let key = view.keys()[0].to_owned();
    refused(&Http::default().get(&key), 401, "invalid_token");
    refused(&Http::default().get(&view.playlist), 401, "invalid_token");
    refused(&shown(&inside), 401, "invalid_token");
    refused_token(&enter(&helper, &resource), "invalid_target", "not_found");

    let path = format!("/v1/audit?actor={id}");
    let told = owner.api.get(&path, &owner.access).expect(200).json();
    let records = told["records"].as_array().expect("records");
    let mut events: Vec<_> = records.iter().map(|one| text(&one["event"])).collect();
    // Those of one second are in no order.
    events.sort();
    let used = "support.used";
    let wanted = [
        "support.entered",
        used,
        used,
        used,
        used,
        used,
        "token.minted",
        "view.opened",
    ];
    assert_eq!(events[..], wanted, "{told}");
    let of_helper = records
        .iter()
        .all(|one| text(&one["author"]).contains(&helper.user));
    assert!(of_helper, "{told}");
}

#[test]
fn who_looks_does_not_watch_and_who_is_no_staff_learns_nothing() {
    let (owner, stranger) = (people::owner(), people::owner());
    let asset = owner.ready(SHORT);
    let helper = staff(&owner);
    let made = grant(&owner, "look");
    let resource = text(&made["resource"]);
    let inside = enter(&helper, &resource).expect(200).field("access_token");
    owner.api.get("/v1/assets", &inside).expect(200);
    refused_token(
        &owner.api.exchange(&inside, &asset, &[]),
        "invalid_scope",
        "forbidden",
    );
    let unknown = resource.replace(&text(&made["support_id"]), "sup_aaaaaaaaaaaaaaaaaaaaaaaaaa");
    for (by, resource) in [
        (&stranger, &resource),
        (&helper, &unknown),
        (&owner, &resource),
    ] {
        refused_token(&enter(by, resource), "invalid_target", "not_found");
    }
    let admin = people::colleague(&owner, Role::Admin);
    let body = json!({ "purpose": "Ticket 8", "level": "look", "expires_in": 60 });
    let by_admin = admin
        .api
        .post("/v1/organisation/support", Some(&admin.access), &body);
    refused(&by_admin, 403, "forbidden");
    end(&admin, &text(&made["support_id"])).expect(200);
    refused(&owner.api.get("/v1/assets", &inside), 401, "invalid_token");
}
