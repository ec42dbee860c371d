//! Whatever ends a person's standing ends it everywhere at once: refreshing, new media tokens, new views, and the
//! playlists and keys of a view that is under way.

#![expect(
    clippy::expect_used,
    clippy::semicolon_if_nothing_returned,
    reason = "a test tells what is wrong by panicking, and its helpers read like sentences"
)]

use futures_util::FutureExt as _;
use vault_domain::bounds::Bounds;
use vault_domain::error::Refusal;
use vault_domain::hls::PlaylistName;
use vault_domain::member::Subject;
use vault_domain::ports::{Clock as _, RefreshTokens as _};
use vault_domain::time::Lifetime;
use vault_domain::token::{Action, Caller, RefreshClaims, SESSION_IDLE_SECONDS};
use vault_domain::usecase::{authorize_playback, deliver_key, deliver_playlist, exchange, refresh};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, KEY, ORG, VIEWER, VIEWER_SESSION};
use vault_testkit::cloud::State;

/// A viewer in the middle of a film, with a media token for another view in hand.
fn watching() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    kit.plant_playback();
    kit.plant_grant(&builders::media_token(2), |_| {});
    let claims = claims();
    let token = kit.refresh_tokens.issue(&claims);
    kit.cloud.with(|s| {
        let session = s.sessions.get_mut(&VIEWER_SESSION).expect("planted");
        session.nonce = claims.nonce;
        session.active = builders::session(token.expose()).active;
    });
    kit
}

const fn claims() -> RefreshClaims {
    RefreshClaims {
        session: VIEWER_SESSION,
        generation: 1,
        nonce: [0x53; 16],
    }
}

fn now<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<(), String> {
    let done = work.now_or_never().expect("fakes never wait");
    done.map(drop).map_err(|refusal| refusal.to_string())
}

/// What the viewer may still do: refresh, exchange, open, playlist, key.
fn powers(kit: &Kit) -> [Result<(), String>; 5] {
    let caller = Caller {
        subject: builders::viewer_subject(),
        ..builders::caller()
    };
    let exchanged = exchange::Command {
        bounds: Bounds::default(),
        ask: builders::ask_of(caller),
        asset: ASSET,
        action: Action::Play,
        lifetime: Lifetime::parse(300, exchange::LIFETIMES, "").expect("a lifetime"),
        max_views: exchange::Views::parse(1).expect("a view"),
    };
    let opened = authorize_playback::Command {
        visit: authorize_playback::Visit::default(),
        token: builders::media_token(2),
        source: builders::source(),
        asset: ASSET,
        idempotency: None,
    };
    let playlist = deliver_playlist::Command {
        visitor: builders::visitor(),
        ticket: kit.golden_ticket().expose().to_owned(),
        name: PlaylistName::Video,
    };
    let key = deliver_key::Command {
        visitor: builders::visitor(),
        ticket: Some(kit.golden_ticket().expose().to_owned()),
        asset: ASSET,
        key: KEY,
    };
    let token = kit.refresh_tokens.issue(&claims());
    [
        now(exchange::run(&kit.exchange(), exchanged)),
        now(authorize_playback::run(&kit.authorize_playback(), opened)),
        now(deliver_playlist::run(&kit.deliver_playlist(), playlist)),
        now(deliver_key::run(&kit.deliver_key(), key)),
        now(refresh::run(&kit.refresh(), &token, &builders::source())),
    ]
}

fn ended_by(end: impl FnOnce(&mut State)) {
    let kit = watching();
    kit.cloud.with(end);
    for (number, power) in powers(&kit).into_iter().enumerate() {
        assert!(power.is_err(), "power {number} is left");
    }
}

#[test]
fn a_person_in_good_standing_may_do_all_of_it() {
    for power in powers(&watching()) {
        assert_eq!(power, Ok(()));
    }
}

#[test]
fn a_revoked_session_a_new_password_and_a_disabled_account_end_it() {
    ended_by(|s| {
        s.sessions
            .get_mut(&VIEWER_SESSION)
            .expect("planted")
            .revoked = true
    });
    ended_by(|s| {
        s.sessions.remove(&VIEWER_SESSION);
    });
    ended_by(|s| {
        let account = s.accounts.get_mut(&VIEWER).expect("planted");
        account.sessions_from = vault_testkit::clock::GOLDEN_NOW.plus(1);
    });
    ended_by(|s| s.accounts.get_mut(&VIEWER).expect("planted").active = false);
    ended_by(|s| {
        s.accounts.remove(&VIEWER);
    });
}

#[test]
fn a_place_that_is_disabled_lost_or_begun_anew_ends_it() {
    let place = (ORG, VIEWER);
    ended_by(|s| s.memberships.get_mut(&place).expect("planted").active = false);
    ended_by(|s| {
        s.memberships.remove(&place);
    });
    let later = vault_testkit::clock::GOLDEN_NOW.plus(1);
    ended_by(|s| s.memberships.get_mut(&place).expect("planted").since = later);
    ended_by(|s| {
        s.memberships
            .get_mut(&place)
            .expect("planted")
            .sessions_from = later
    });
}

#[test]
fn an_organisation_can_end_all_sessions_and_ask_for_a_second_factor() {
    let later = vault_testkit::clock::GOLDEN_NOW.plus(1);
    ended_by(|s| {
        s.organisations
            .get_mut(&ORG)
            .expect("planted")
            .sessions_from = later
    });
    ended_by(|s| {
        s.organisations
            .get_mut(&ORG)
            .expect("planted")
            .require_second_factor = true
    });
    ended_by(|s| {
        s.organisations.remove(&ORG);
    });
    let kit = watching();
    kit.cloud.with(|s| {
        s.organisations
            .get_mut(&ORG)
            .expect("planted")
            .require_second_factor = true;
        s.sessions
            .get_mut(&VIEWER_SESSION)
            .expect("planted")
            .second_factor = true;
    });
    for power in powers(&kit) {
        assert_eq!(power, Ok(()), "a session with a second factor goes on");
    }
}

#[test]
fn another_organisations_session_and_another_persons_are_of_no_use() {
    ended_by(|s| {
        let session = s.sessions.get_mut(&VIEWER_SESSION).expect("planted");
        session.org = vault_domain::id::OrgId::from_octets([9; 16]);
    });
    let kit = watching();
    let stolen = Subject::Person {
        user: builders::OWNER,
        session: VIEWER_SESSION,
    };
    kit.cloud.with(|s| {
        for playback in s.playbacks.values_mut() {
            playback.subject = stolen;
        }
    });
    let [_, _, playlist, key, _] = powers(&kit);
    assert!(
        playlist.is_err() && key.is_err(),
        "the ticket names another"
    );
}

#[test]
fn a_session_that_nobody_uses_for_a_week_cannot_be_renewed() {
    let kit = watching();
    kit.clock.advance(SESSION_IDLE_SECONDS - 1);
    let token = kit.refresh_tokens.issue(&claims());
    assert_eq!(
        now(refresh::run(&kit.refresh(), &token, &builders::source())),
        Ok(())
    );
    let kit = watching();
    kit.clock.advance(SESSION_IDLE_SECONDS);
    assert!(now(refresh::run(&kit.refresh(), &token, &builders::source())).is_err());
    assert!(kit.clock.now() < builders::viewer_session().expires_at);
}
