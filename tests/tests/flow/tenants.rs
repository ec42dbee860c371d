//! Who sees and does what: another organisation's films do not exist, and each role has its bounds.

use serde_json::json;
use vault_domain::credential::Role;
use vault_tests::api::{refused, refused_token};
use vault_tests::films::SHORT;
use vault_tests::people;
use vault_tests::upload::announcement;

#[test]
fn another_organisations_film_does_not_exist_on_any_route() {
    let (owner, stranger) = (people::owner(), people::owner());
    let asset = owner.ready(SHORT);
    let (api, access) = (stranger.api, stranger.access.as_str());
    refused(&api.status(access, &asset), 404, "not_found");
    refused(&api.finalize(access, &asset), 404, "not_found");
    refused(&api.withdraw(access, &asset), 404, "not_found");
    let parts = api.post(
        &format!("/v1/uploads/{asset}/parts"),
        Some(access),
        &json!({ "part_numbers": [1] }),
    );
    refused(&parts, 404, "not_found");
    refused_token(
        &api.exchange(access, &asset, &[]),
        "invalid_target",
        "not_found",
    );
    // The same words as for a film that never was.
    let nothing = api.status(access, "ast_aaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_eq!(
        nothing.field("detail"),
        api.status(access, &asset).field("detail")
    );
    let own = stranger.ready(SHORT);
    let token = api.media_token(access, &own);
    refused(&api.open(&token, &asset), 403, "forbidden");
    assert_eq!(
        owner.api.status(&owner.access, &asset).json()["state"],
        "ready",
        "nothing happened to it"
    );
}

#[test]
fn the_same_idempotency_key_of_two_organisations_names_two_films() {
    let announce = || {
        let person = people::owner();
        let request = vault_tests::Request::new("POST", &vault_tests::api::url("/v1/uploads"));
        let request = request
            .bearer(&person.access)
            .header("idempotency-key", "one-and-the-same");
        person
            .api
            .http
            .send(&request.body("application/json", announcement(10).to_string()))
            .expect(201)
    };
    assert_ne!(announce().field("asset_id"), announce().field("asset_id"));
}

#[test]
fn a_viewer_watches_and_does_nothing_else() {
    let owner = people::owner();
    let viewer = people::colleague(&owner, Role::Viewer);
    let asset = owner.ready(SHORT);
    let announced = viewer
        .api
        .post("/v1/uploads", Some(&viewer.access), &announcement(10));
    refused(&announced, 403, "forbidden");
    refused(
        &viewer.api.finalize(&viewer.access, &asset),
        403,
        "forbidden",
    );
    refused(
        &viewer.api.withdraw(&viewer.access, &asset),
        403,
        "forbidden",
    );
    let download = viewer
        .api
        .exchange(&viewer.access, &asset, &[("scope", "download")]);
    refused_token(&download, "invalid_scope", "forbidden");
    assert_eq!(
        viewer.api.status(&viewer.access, &asset).expect(200).json()["state"],
        "ready"
    );
    viewer.view(&asset).segments[0].opened();
}

#[test]
fn an_editor_finishes_and_withdraws_their_own_films_alone() {
    let owner = people::owner();
    let (editor, other) = (
        people::colleague(&owner, Role::Editor),
        people::colleague(&owner, Role::Editor),
    );
    let (asset, _) = editor.send(&SHORT.octets());
    refused(&other.api.finalize(&other.access, &asset), 403, "forbidden");
    let parts = json!({ "part_numbers": [1] });
    let signed = other.api.post(
        &format!("/v1/uploads/{asset}/parts"),
        Some(&other.access),
        &parts,
    );
    refused(&signed, 403, "forbidden");
    editor.api.finalize(&editor.access, &asset);
    editor.settled(&asset);
    refused(&other.api.withdraw(&other.access, &asset), 403, "forbidden");
    other.view(&asset).segments[0].opened();
    editor.api.withdraw(&editor.access, &asset).expect(200);
}

#[test]
fn an_admin_finishes_and_withdraws_anyones_films() {
    let owner = people::owner();
    let (editor, admin) = (
        people::colleague(&owner, Role::Editor),
        people::colleague(&owner, Role::Admin),
    );
    let (asset, _) = editor.send(&SHORT.octets());
    let told = admin.api.finalize(&admin.access, &asset);
    assert!(matches!(told.status, 200 | 202), "{}", told.text());
    admin.settled(&asset);
    admin.api.withdraw(&admin.access, &asset).expect(200);
}

#[test]
fn a_role_that_was_taken_away_mints_no_download_token() {
    let owner = people::owner();
    let editor = people::colleague(&owner, Role::Editor);
    let asset = owner.ready(SHORT);
    editor
        .api
        .exchange(&editor.access, &asset, &[("scope", "download")])
        .expect(200);
    let viewer = aws_sdk_dynamodb::types::AttributeValue::S("viewer".to_owned());
    vault_tests::sdk::set_place(&owner.organisation, &editor.user, "role", viewer);
    let again = editor
        .api
        .exchange(&editor.access, &asset, &[("scope", "download")]);
    refused_token(&again, "invalid_scope", "forbidden");
}
