//! Media tokens: what they open, how often, for how long, and what stops a view.

use std::time::Duration;

use vault_domain::credential::Role;
use vault_tests::api::{refused, refused_token, url};
use vault_tests::films::SHORT;
use vault_tests::view::{View, granted};
use vault_tests::{Request, people, sdk, wait};

#[test]
fn a_media_token_opens_as_many_views_as_it_was_minted_for() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let minted = owner
        .api
        .exchange(
            &owner.access,
            &asset,
            &[("max_views", "2"), ("lifetime", "60")],
        )
        .expect(200);
    let told = minted.json();
    assert_eq!(
        (&told["expires_in"], &told["scope"], &told["token_type"]),
        (&60.into(), &"play".into(), &"Bearer".into())
    );
    assert_eq!(
        told["issued_token_type"],
        "urn:reelvault:params:oauth:token-type:media-token"
    );
    let token = minted.field("access_token");
    let (one, two) = (
        owner.api.open(&token, &asset).expect(201),
        owner.api.open(&token, &asset).expect(201),
    );
    assert_ne!(one.field("playback_id"), two.field("playback_id"));
    refused(&owner.api.open(&token, &asset), 403, "no_views_left");
    View::read(&one.field("playlist_url")).segments[0].opened();
}

#[test]
fn a_named_request_spends_one_view_however_often_it_is_sent() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let token = owner.api.media_token(&owner.access, &asset);
    let open = || {
        owner
            .api
            .open_named(&token, &asset, "the-same-view")
            .expect(201)
    };
    let (first, again) = (open(), open());
    assert_eq!(first.field("playback_id"), again.field("playback_id"));
    assert_eq!(first.field("playlist_url"), again.field("playlist_url"));
    refused(
        &owner.api.open_named(&token, &asset, "another-view"),
        403,
        "no_views_left",
    );
    refused(
        &owner.api.open_named(&token, &asset, "not\tvisible"),
        400,
        "malformed",
    );
}

#[test]
fn a_media_token_ends_with_its_lifetime() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let minted = owner
        .api
        .exchange(
            &owner.access,
            &asset,
            &[("max_views", "1000"), ("lifetime", "1")],
        )
        .expect(200);
    let token = minted.field("access_token");
    let limit = Duration::from_secs(10);
    let reply = wait::until("the end of the token", limit, || {
        Some(owner.api.open(&token, &asset)).filter(|reply| reply.status != 201)
    });
    refused(&reply, 401, "invalid_token");
    assert!(
        reply.field("detail").contains("expired"),
        "{}",
        reply.text()
    );
}

#[test]
fn a_media_token_opens_its_own_asset_for_its_own_action_alone() {
    let owner = people::owner();
    let (asset, another) = (owner.ready(SHORT), owner.ready(SHORT));
    let token = owner.api.media_token(&owner.access, &asset);
    refused(&owner.api.open(&token, &another), 403, "forbidden");
    let download = owner
        .api
        .exchange(&owner.access, &asset, &[("scope", "download")])
        .expect(200)
        .field("access_token");
    refused(&owner.api.open(&download, &asset), 403, "forbidden");
    owner.api.open(&token, &asset).expect(201);
    let unknown = format!("rvm_{}", "A".repeat(43));
    refused(&owner.api.open(&unknown, &asset), 401, "invalid_token");
}

#[test]
fn a_media_token_can_be_minted_while_the_film_is_on_its_way() {
    let owner = people::owner();
    let (asset, parts) = owner.send(&SHORT.octets());
    let token = owner.api.media_token(&owner.access, &asset);
    owner.api.post(
        &format!("/v1/uploads/{asset}/finalize"),
        Some(&owner.access),
        &parts,
    );
    owner.settled(&asset);
    owner.api.open(&token, &asset).expect(201);
}

#[test]
fn limits_that_are_none_are_refused() {
    let owner = people::owner();
    let asset = owner.send(&SHORT.octets()).0;
    let bad = [
        ("lifetime", "0"),
        ("lifetime", "86401"),
        ("lifetime", "-1"),
        ("lifetime", "1e3"),
        ("max_views", "0"),
        ("max_views", "1001"),
        ("max_views", "4294967297"),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:id_token",
        ),
        (
            "requested_token_type",
            "urn:ietf:params:oauth:token-type:id_token",
        ),
    ];
    for field in bad {
        let reply = owner.api.exchange(&owner.access, &asset, &[field]);
        refused_token(&reply, "invalid_request", "malformed");
    }
    let others = [
        ("scope", "everything", "invalid_scope"),
        ("resource", "urn:reelvault:asset:ast_x", "invalid_target"),
        ("resource", "https://example.org", "invalid_target"),
    ];
    for (field, value, error) in others {
        let reply = owner.api.exchange(&owner.access, &asset, &[(field, value)]);
        refused_token(&reply, error, "malformed");
    }
}

#[test]
fn a_key_is_refused_without_a_ticket_with_a_forged_one_and_with_anothers() {
    let owner = people::owner();
    let (mine, another) = (owner.ready(SHORT), owner.ready(SHORT));
    let (mine, another) = (owner.view(&mine), owner.view(&another));
    let http = owner.api.http;
    let (bare, _) = mine.keys()[0].split_once('?').unwrap();
    refused(&http.get(bare), 401, "unauthenticated");
    let ticket = mine.ticket();
    let flipped = format!(
        "{}{}",
        if ticket.starts_with('A') { "B" } else { "A" },
        &ticket[1..]
    );
    refused(
        &http.get(&format!("{bare}?token={flipped}")),
        401,
        "invalid_token",
    );
    refused(
        &http.get(&format!("{bare}?token={}", another.ticket())),
        403,
        "forbidden",
    );
    refused(
        &http.get(&format!("{bare}?token={}", "x".repeat(4_000))),
        401,
        "invalid_token",
    );
    let unknown = bare.rsplit_once('/').unwrap().0.to_owned() + "/key_aaaaaaaaaaaaaaaaaaaaaaaaaa";
    refused(
        &http.get(&format!("{unknown}?token={ticket}")),
        404,
        "not_found",
    );
    granted(&http.get(mine.keys()[0]));
}

#[test]
fn a_revoked_session_and_a_revoked_media_token_stop_at_once() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let yes = || aws_sdk_dynamodb::types::AttributeValue::Bool(true);
    let token = owner
        .api
        .exchange(&owner.access, &asset, &[("max_views", "9")])
        .expect(200)
        .field("access_token");
    let opened = owner.api.open(&token, &asset).expect(201);
    let view = View::read(&opened.field("playlist_url"));
    sdk::set(
        "PlaybackTable",
        &opened.field("playback_id"),
        "revoked",
        yes(),
    );
    let http = owner.api.http;
    for url in [view.keys()[0], &view.playlist, &view.video] {
        refused(&http.get(url), 401, "invalid_token");
    }
    sdk::set("GrantsTable", &digest(&token), "revoked", yes());
    refused(&owner.api.open(&token, &asset), 401, "invalid_token");
}

fn digest(token: &str) -> String {
    use vault_domain::ports::Hashing as _;
    vault_crypto::entropy::Sha256.sha256(token.as_bytes()).hex()
}

#[test]
fn a_viewer_whose_access_ends_opens_no_further_view() {
    let owner = people::owner();
    let viewer = people::colleague(&owner, Role::Viewer);
    let asset = owner.ready(SHORT);
    let token = viewer
        .api
        .exchange(&viewer.access, &asset, &[("max_views", "2")])
        .expect(200)
        .field("access_token");
    viewer.api.open(&token, &asset).expect(201);
    let off = aws_sdk_dynamodb::types::AttributeValue::Bool(false);
    sdk::set_place(&owner.organisation, &viewer.user, "active", off);
    refused(&viewer.api.open(&token, &asset), 403, "forbidden");
    refused_token(
        &viewer.api.exchange(&viewer.access, &asset, &[]),
        "invalid_request",
        "invalid_token",
    );
}

#[test]
fn an_access_token_is_no_media_token_and_the_other_way_round() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    refused(&owner.api.open(&owner.access, &asset), 401, "invalid_token");
    let token = owner.api.media_token(&owner.access, &asset);
    refused(&owner.api.status(&token, &asset), 401, "invalid_token");
    let none = owner.api.http.send(&Request::new(
        "POST",
        &url(&format!("/v1/assets/{asset}/playback")),
    ));
    refused(&none, 401, "unauthenticated");
}
