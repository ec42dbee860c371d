//! Signing in, and refresh tokens: rotation, the grace of a lost reply, and reuse.

use std::time::Duration;

use vault_domain::credential::Role;
use vault_tests::api::{refused, refused_token};
use vault_tests::{people, sdk, wait};

/// Seconds that the parent of the active token still works.
const GRACE: Duration = Duration::from_secs(10);

#[test]
fn a_sign_in_gives_a_pair_that_no_cache_keeps() {
    let owner = people::owner();
    let reply = owner.api.login(&owner.email, &owner.password).expect(200);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let pair = reply.json();
    assert_eq!(
        (&pair["token_type"], &pair["expires_in"]),
        (&"Bearer".into(), &600.into())
    );
    assert!(pair["refresh_token"].as_str().unwrap().starts_with("rvr_"));
}

#[test]
fn an_address_in_capitals_is_the_same_account() {
    let owner = people::owner();
    owner
        .api
        .login(
            &format!(" {} ", owner.email.to_uppercase()),
            &owner.password,
        )
        .expect(200);
}

#[test]
fn a_wrong_password_and_an_unknown_address_are_told_in_the_same_words() {
    let owner = people::owner();
    let wrong = owner.api.login(&owner.email, "not the password");
    let unknown = owner.api.login("nobody@example.org", "not the password");
    for reply in [&wrong, &unknown] {
        refused(reply, 401, "bad_credentials");
    }
    assert_eq!(wrong.field("detail"), unknown.field("detail"));
}

#[test]
fn whoever_may_not_sign_in_any_more_loses_the_session_too() {
    let owner = people::owner();
    let editor = people::colleague(&owner, Role::Editor);
    let off = aws_sdk_dynamodb::types::AttributeValue::Bool(false);
    sdk::set_place(&owner.organisation, &editor.user, "active", off);
    refused(
        &editor.api.login(&editor.email, &editor.password),
        401,
        "bad_credentials",
    );
    refused_token(
        &editor.api.refresh(&editor.refresh),
        "invalid_grant",
        "invalid_token",
    );
}

#[test]
fn a_refresh_token_is_traded_once_and_its_lost_reply_is_given_again() {
    let owner = people::owner();
    let first = owner.api.refresh(&owner.refresh).expect(200);
    let (next, access) = (first.field("refresh_token"), first.field("access_token"));
    assert_ne!(next, owner.refresh);
    assert_eq!(
        owner
            .api
            .status(&access, "ast_aaaaaaaaaaaaaaaaaaaaaaaaaa")
            .status,
        404,
        "the new access token works"
    );
    // Two tabs, or a reply that was lost: the parent gives the active token again.
    let again = owner.api.refresh(&owner.refresh).expect(200);
    assert_eq!(again.field("refresh_token"), next);
}

#[test]
fn a_reused_refresh_token_ends_the_whole_family() {
    let owner = people::owner();
    let second = owner
        .api
        .refresh(&owner.refresh)
        .expect(200)
        .field("refresh_token");
    let third = owner
        .api
        .refresh(&second)
        .expect(200)
        .field("refresh_token");
    // The grandparent: no lost reply explains it.
    refused_token(
        &owner.api.refresh(&owner.refresh),
        "invalid_grant",
        "refresh_reused",
    );
    for dead in [&third, &second] {
        refused_token(&owner.api.refresh(dead), "invalid_grant", "invalid_token");
    }
    owner.api.login(&owner.email, &owner.password).expect(200);
}

#[test]
fn a_parent_that_comes_after_the_grace_is_reuse() {
    let owner = people::owner();
    let next = owner
        .api
        .refresh(&owner.refresh)
        .expect(200)
        .field("refresh_token");
    let since = wait::now();
    wait::until("the end of the grace", 2 * GRACE, || {
        (since.elapsed() > GRACE + Duration::from_secs(2)).then_some(())
    });
    refused_token(
        &owner.api.refresh(&owner.refresh),
        "invalid_grant",
        "refresh_reused",
    );
    refused_token(&owner.api.refresh(&next), "invalid_grant", "invalid_token");
}

#[test]
fn a_forged_refresh_token_ends_nothing() {
    let owner = people::owner();
    let mut forged = owner.refresh.clone();
    let last = if forged.pop() == Some('A') { 'E' } else { 'A' };
    forged.push(last);
    refused_token(
        &owner.api.refresh(&forged),
        "invalid_grant",
        "invalid_token",
    );
    owner.api.refresh(&owner.refresh).expect(200);
}
