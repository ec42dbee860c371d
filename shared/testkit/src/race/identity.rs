//! Parallel guesses of a password, parallel refreshes of one token.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use vault_domain::credential::Email;
use vault_domain::error::Refusal;
use vault_domain::ports::Directory;
use vault_domain::token::{RefreshClaims, Session};
use vault_domain::usecase::{Origin, guard, login, refresh};

use super::{RUNNERS, Way, together};
use crate::builders;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// A hundred wrong passwords at once: see [`race_guesses`].
pub async fn race_wrong_passwords(
    deps: Arc<login::Deps>,
    directory: &dyn Directory,
    compared: &(dyn Fn() -> usize + Send + Sync),
    seed: u64,
    way: Way,
) {
    race_guesses(RUNNERS, deps, directory, compared, (seed, way)).await;
}

/// So many wrong passwords at once, from as many networks: exactly [`guard::ATTEMPTS_PER_ACCOUNT`] of them are compared, for an account
/// that exists and for one that does not. `compared` tells how many hashes were computed so far.
pub async fn race_guesses(
    guesses: usize,
    deps: Arc<login::Deps>,
    directory: &dyn Directory,
    compared: &(dyn Fn() -> usize + Send + Sync),
    (seed, way): (u64, Way),
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let owner = sample.owner();
    directory.create_owner(&owner).await.expect("create_owner");
    for email in [owner.user.email, sample.owner().user.email] {
        let before = compared();
        let runners = (0..guesses).map(|_| {
            let address = IpAddr::V6(Ipv6Addr::from(sample.0.octets::<16>()));
            let (deps, email) = (Arc::clone(&deps), email.clone());
            let runner: futures_util::future::BoxFuture<'static, bool> =
                Box::pin(async move { is_compared(&deps, email, address).await });
            runner
        });
        let outcomes = together(way, runners.collect()).await;
        let allowed = usize::try_from(guard::ATTEMPTS_PER_ACCOUNT).unwrap_or_default();
        let refused = outcomes.iter().filter(|compared| **compared).count();
        assert_eq!(compared() - before, allowed, "hashes that were computed");
        assert_eq!(
            refused, allowed,
            "guesses that were answered; the rest are throttled"
        );
    }
}

/// Was the guess compared, or throttled?
async fn is_compared(deps: &login::Deps, email: Email, address: IpAddr) -> bool {
    let command = login::Command {
        email,
        password: builders::password("a wrong guess"),
        organisation: None,
        device: None,
        proof: None,
        origin: Origin {
            address,
            ..builders::origin()
        },
    };
    match login::run(deps, command).await {
        Err(Refusal::BadCredentials) => true,
        Err(Refusal::Throttled { .. }) => false,
        other => unreachable!("a wrong password came to {other:?}"),
    }
}

/// A hundred refreshes of one token at once: one rotation, and all get the same active token.
pub async fn race_refreshes(
    deps: Arc<refresh::Deps>,
    directory: &dyn Directory,
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let owner = sample.owner();
    directory.create_owner(&owner).await.expect("create_owner");
    let (session, now) = (sample.session_of(&owner), deps.clock.now());
    let id = session.id;
    let claims = RefreshClaims {
        session: id,
        generation: 1,
        nonce: session.nonce,
    };
    let token = deps.refresh.issue(&claims);
    let session = Session {
        active: deps.hashing.sha256(token.expose().as_bytes()),
        opened_at: now,
        authenticated_at: now,
        rotated_at: now,
        ..session
    };
    deps.sessions
        .open(&session, &builders::record())
        .await
        .expect("sessions.open");

    let token = Arc::new(token);
    let runners = (0..RUNNERS).map(|_| {
        let (deps, token) = (Arc::clone(&deps), Arc::clone(&token));
        let runner: futures_util::future::BoxFuture<'static, String> = Box::pin(async move {
            let pair = refresh::run(&deps, &token, &builders::source())
                .await
                .expect("a refresh within the grace");
            pair.refresh.expose().to_owned()
        });
        runner
    });
    let outcomes = together(way, runners.collect()).await;
    let after = deps
        .sessions
        .get(id)
        .await
        .expect("sessions.get")
        .expect("the session");
    assert_eq!(
        (after.generation, after.revoked),
        (2, false),
        "one rotation"
    );
    for refreshed in outcomes {
        let digest = deps.hashing.sha256(refreshed.as_bytes());
        assert_eq!(digest, after.active, "everyone gets the active token");
    }
}
