//! A person takes their data with them and goes: nothing of them is left but what they did.

use serde_json::json;
use vault_domain::credential::Role;
use vault_tests::api::{refused, refused_token};
use vault_tests::films::SHORT;
use vault_tests::people;

#[test]
fn a_person_takes_their_data_with_them_and_is_erased() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let viewer = people::colleague(&owner, Role::Viewer);
    let view = viewer.view(&asset);
    view.segments[0].opened();

    let export = viewer.api.get("/v1/account/export", &viewer.access);
    let export = export.expect(200).json();
    assert_eq!(export["email"], viewer.email.as_str());
    assert_eq!(export["organisations"][0]["role"], "viewer");
    let records = export["more"]["records"].as_str().unwrap_or_default();
    let own = viewer.api.get(records, &viewer.access).expect(200).json();
    let opened = own["records"].as_array().into_iter().flatten();
    let opened = opened.filter(|record| record["event"] == "view.opened");
    assert_eq!(opened.count(), 1, "{own}");
    refused(
        &viewer.api.get("/v1/audit", &viewer.access),
        403,
        "forbidden",
    );

    let erase = |address: &str| {
        let body = json!({ "email": address });
        let path = "/v1/account/erase";
        viewer.api.post(path, Some(&viewer.access), &body)
    };
    refused(&erase("somebody.else@example.org"), 400, "malformed");
    view.segments[0].opened();
    let erased = erase(&viewer.email).expect(200);
    assert_eq!(erased.field("user_id"), viewer.user);

    let key = viewer.api.http.get(&view.segments[0].key);
    refused(&key, 401, "invalid_token");
    let refreshed = viewer.api.refresh(&viewer.refresh);
    refused_token(&refreshed, "invalid_grant", "invalid_token");
    refused(&erase(&viewer.email), 401, "invalid_token");
    let login = viewer.api.login(&viewer.email, &viewer.password);
    refused(&login, 401, "bad_credentials");
    let members = owner.api.get("/v1/organisation/members", &owner.access);
    let members = members.expect(200).text();
    assert!(!members.contains(&viewer.user) && !members.contains(&viewer.email));
    // What they did is still known, under an id that names nobody.
    let path = format!("/v1/audit?actor={}&event=account.erased", viewer.user);
    let kept = owner.api.get(&path, &owner.access).expect(200).json();
    assert_eq!(kept["records"].as_array().map(Vec::len), Some(1), "{kept}");

    let body = json!({ "email": owner.email });
    let last = owner
        .api
        .post("/v1/account/erase", Some(&owner.access), &body);
    refused(&last, 409, "conflict");
}
