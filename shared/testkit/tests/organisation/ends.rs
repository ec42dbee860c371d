//! What ends when someone is disabled, removed or sent out, or leaves.

use vault_domain::credential::Role;
use vault_domain::ports::RefreshTokens as _;
use vault_domain::secret::SecretText;
use vault_domain::time::{Lifetime, Timestamp};
use vault_domain::token::{Action, Caller, RefreshClaims};
use vault_domain::usecase::organisation::{self, Wish};
use vault_domain::usecase::{deliver_key, exchange, refresh};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, KEY, VIEWER};

use crate::{change, now, place};

/// A viewer who watches: what they hold.
struct Watching {
    kit: Kit,
    refresh: SecretText,
    ticket: SecretText,
}

fn watching() -> Watching {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    let ticket = kit.plant_playback();
    let claims = RefreshClaims {
        session: builders::VIEWER_SESSION,
        generation: 1,
        nonce: [3; 16],
    };
    let refresh = kit.refresh_tokens.issue(&claims);
    kit.cloud.with(|s| {
        let session = s.sessions.get_mut(&builders::VIEWER_SESSION).unwrap();
        session.nonce = claims.nonce;
        session.active = builders::session(refresh.expose()).active;
    });
    Watching {
        kit,
        refresh,
        ticket,
    }
}

impl Watching {
    fn refreshes(&self) -> bool {
        now(refresh::run(
            &self.kit.refresh(),
            &self.refresh,
            &builders::source(),
        ))
        .is_ok()
    }
    fn exchanges(&self) -> bool {
        let command = exchange::Command {
            bounds: vault_domain::bounds::Bounds::default(),
            ask: builders::ask_of(Caller {
                subject: builders::viewer_subject(),
                role: Role::Viewer,
                ..builders::caller()
            }),
            asset: ASSET,
            action: Action::Play,
            lifetime: Lifetime::parse(300, exchange::LIFETIMES, "").unwrap(),
            max_views: exchange::Views::parse(1).unwrap(),
        };
        now(exchange::run(&self.kit.exchange(), command)).is_ok()
    }
    fn gets_a_key(&self) -> bool {
        let deps = self.kit.deliver_key();
        let command = deliver_key::Command {
            visitor: builders::visitor(),
            asset: ASSET,
            key: KEY,
            ticket: Some(self.ticket.expose().to_owned()),
        };
        now(deliver_key::run(&deps, command)).is_ok()
    }
    fn goes_on(&self) -> [bool; 3] {
        [self.refreshes(), self.exchanges(), self.gets_a_key()]
    }
}

#[test]
fn whoever_watches_goes_on_until_something_ends_it() {
    assert_eq!(watching().goes_on(), [true, true, true]);
}

#[test]
fn a_member_who_is_disabled_removed_or_sent_out_refreshes_exchanges_and_watches_no_more() {
    for wish in [Wish::Disable, Wish::Remove, Wish::EndSessions] {
        let held = watching();
        change(&held.kit, &builders::caller(), VIEWER, wish).unwrap();
        assert_eq!(held.goes_on(), [false, false, false], "{wish:?}");
    }
    let held = watching();
    let deps = held.kit.organisation();
    now(organisation::end_sessions(&deps, &builders::ask())).unwrap();
    assert_eq!(held.goes_on(), [false, false, false], "everyone's");
}

#[test]
fn whoever_is_disabled_and_enabled_again_signs_in_anew() {
    let held = watching();
    for wish in [Wish::Disable, Wish::Enable] {
        change(&held.kit, &builders::caller(), VIEWER, wish).unwrap();
    }
    assert!(place(&held.kit, VIEWER).unwrap().active);
    assert_eq!(
        held.goes_on(),
        [false, false, false],
        "old sessions stay over"
    );
    held.kit.cloud.with(|s| {
        let session = s.sessions.get_mut(&builders::VIEWER_SESSION).unwrap();
        session.opened_at = Timestamp(session.opened_at.0 + 1);
    });
    assert_eq!(
        held.goes_on(),
        [true, true, true],
        "a session that came after"
    );
}

#[test]
fn whoever_leaves_is_out_at_once() {
    let held = watching();
    let viewer = Caller {
        subject: builders::viewer_subject(),
        role: Role::Viewer,
        ..builders::caller()
    };
    now(organisation::leave(
        &held.kit.organisation(),
        &builders::ask_of(viewer),
    ))
    .unwrap();
    assert_eq!(held.goes_on(), [false, false, false]);
    let orgs = held.kit.cloud.with(|s| s.accounts[&VIEWER].orgs.clone());
    assert_eq!(orgs, []);
}
