//! Views, and what ends them.

use super::*;

fn gets_a_key(kit: &Kit) -> Result<(), Refusal> {
    let command = deliver_key::Command {
        visitor: builders::visitor(),
        ticket: Some(kit.golden_ticket().expose().to_owned()),
        asset: ASSET,
        key: KEY,
    };
    now(deliver_key::run(&kit.deliver_key(), command)).map(drop)
}

#[test]
fn what_is_taken_away_ends_views_at_the_next_key_and_what_is_given_does_not() {
    let kit = kit();
    kit.plant_playback();
    let (deps, owner) = (kit.access(), builders::ask());
    now(access::grant(&deps, &owner, ASSET, to_viewer(Level::View))).unwrap();
    assert!(gets_a_key(&kit).is_ok());
    now(access::grant(&deps, &owner, ASSET, to_viewer(Level::None))).unwrap();
    assert!(matches!(
        gets_a_key(&kit),
        Err(Refusal::InvalidToken { .. })
    ));
}

#[test]
fn a_view_ends_with_what_was_granted() {
    let kit = kit();
    restrict(&kit);
    kit.plant_grant(&builders::media_token(2), |grant| {
        grant.subject = builders::viewer_subject();
    });
    let wish = Wish {
        expires_at: Some(GOLDEN_NOW.plus(90)),
        ..to_viewer(Level::View)
    };
    now(access::grant(&kit.access(), &builders::ask(), ASSET, wish)).unwrap();
    let command = authorize_playback::Command {
        visit: authorize_playback::Visit::default(),
        token: builders::media_token(2),
        asset: ASSET,
        source: builders::source(),
        idempotency: None,
    };
    let view = now(authorize_playback::run(&kit.authorize_playback(), command)).unwrap();
    assert_eq!(view.session.expires_at, GOLDEN_NOW.plus(90));
    let from = kit.cloud.with(|s| s.assets[&ASSET].views_from);
    assert!(from > GOLDEN_NOW, "views of before are over");
    assert_eq!(
        view.session.opened_at, from,
        "and this one is not of before"
    );
}

#[test]
fn the_same_request_again_opens_no_view_that_ended_meanwhile() {
    let kit = kit();
    kit.plant_grant(&builders::media_token(2), |grant| {
        grant.subject = builders::caller().subject;
    });
    let open = || {
        let command = authorize_playback::Command {
            visit: authorize_playback::Visit::default(),
            token: builders::media_token(2),
            asset: ASSET,
            source: builders::source(),
            idempotency: Some(builders::idempotency_key("k")),
        };
        now(authorize_playback::run(&kit.authorize_playback(), command))
    };
    let first = open().unwrap().session.id;
    assert_eq!(open().unwrap().session.id, first);
    restrict(&kit);
    let again = open().map(drop);
    assert!(
        matches!(again, Err(Refusal::InvalidToken { .. })),
        "{again:?}"
    );
}

#[test]
fn what_is_taken_away_twice_in_a_second_ends_the_view_in_between() {
    let kit = kit();
    kit.plant_grant(&builders::media_token(2), |grant| {
        grant.subject = builders::viewer_subject();
    });
    let (deps, owner) = (kit.access(), builders::ask());
    restrict(&kit);
    now(access::grant(&deps, &owner, ASSET, to_viewer(Level::View))).unwrap();
    let command = authorize_playback::Command {
        visit: authorize_playback::Visit::default(),
        token: builders::media_token(2),
        asset: ASSET,
        source: builders::source(),
        idempotency: None,
    };
    let view = now(authorize_playback::run(&kit.authorize_playback(), command)).unwrap();
    let principal = to_viewer(Level::View).to;
    now(access::revoke(&deps, &owner, ASSET, principal)).unwrap();
    let from = kit.cloud.with(|s| s.assets[&ASSET].views_from);
    assert!(view.session.opened_at < from, "it is over");
}
