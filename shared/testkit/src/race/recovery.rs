//! One link used by many at once, and many requests for links.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::credential::Email;
use vault_domain::error::Refusal;
use vault_domain::link::{Link, LinkToken, Purpose};
use vault_domain::ports::{Change, Directory};
use vault_domain::usecase::recover_account::{
    Acceptance, Deps, Forgotten, NewSecret, PER_ADDRESS, PER_NETWORK, accept, forgot, reset,
};

use super::{RUNNERS, Way, together};
use crate::builders;
use crate::builders::{email, password};
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};

/// Requests of a flood.
const FLOOD: usize = 1_000;

async fn put(deps: &Deps, octets: &[u8; 32], purpose: Purpose) {
    let token = LinkToken::of(octets);
    let digest = deps.hashing.sha256(token.secret().expose().as_bytes());
    let link = Link {
        purpose,
        expires_at: FAR_AHEAD,
    };
    let put = deps.links.put(digest, &link).await.expect("links.put");
    assert_eq!(put, Change::Applied);
}

/// Of outcomes of one link's uses: how many took effect. The rest are told that it is used.
fn effects<T: std::fmt::Debug>(outcomes: Vec<Result<T, Refusal>>) -> Vec<T> {
    let effect = |outcome: Result<T, Refusal>| match outcome {
        Ok(done) => Some(done),
        // Whoever comes a moment later can see the place that the first one got.
        Err(Refusal::InvalidLink | Refusal::Conflict(_)) => None,
        Err(other) => unreachable!("a use of a link came to {other}"),
    };
    outcomes.into_iter().filter_map(effect).collect()
}

/// A hundred passwords set by one link at once: one takes effect, and it is the one that is stored.
pub async fn race_resets(deps: Arc<Deps>, directory: &dyn Directory, seed: u64, way: Way) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let owner = sample.owner();
    directory.create_owner(&owner).await.expect("create_owner");
    let octets: [u8; 32] = sample.0.octets();
    let purpose = Purpose::Reset {
        user: owner.user.id,
        email: owner.user.email.clone(),
    };
    put(&deps, &octets, purpose).await;
    let runners = (0..RUNNERS).map(|number| {
        let deps = Arc::clone(&deps);
        let runner: BoxFuture<'static, Result<usize, Refusal>> = Box::pin(async move {
            let wish = NewSecret {
                token: LinkToken::of(&octets),
                password: password(&format!("unrelated thing of number {number}")),
                source: builders::source(),
            };
            reset(&deps, wish).await.map(|()| number)
        });
        runner
    });
    let winners = effects(together(way, runners.collect()).await);
    assert_eq!(winners.len(), 1, "one use of a link: {winners:?}");
    let user = directory.by_id(owner.user.id).await.expect("by_id");
    let wanted = password(&format!("unrelated thing of number {}", winners[0]));
    let hash = user.map(|user| user.hash);
    assert!(deps.hasher.verify(&wanted, hash.as_ref()).expect("verify"));
}

/// A hundred acceptances of one invitation at once, by an address that is new: one account, one place.
pub async fn race_acceptances(deps: Arc<Deps>, directory: &dyn Directory, seed: u64, way: Way) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let owner = sample.owner();
    directory.create_owner(&owner).await.expect("create_owner");
    let invitation = sample.invitation_of(&owner);
    let created = deps.invitations.create(&invitation).await;
    created.expect("invitations.create");
    let octets: [u8; 32] = sample.0.octets();
    let purpose = Purpose::Invitation {
        org: invitation.org,
        invitation: invitation.id,
        attempt: invitation.attempt,
    };
    put(&deps, &octets, purpose).await;
    let runners = (0..RUNNERS).map(|_| {
        let deps = Arc::clone(&deps);
        let runner: BoxFuture<'static, _> = Box::pin(async move {
            let wish = Acceptance {
                token: LinkToken::of(&octets),
                password: Some(password("seven unrelated things")),
                source: builders::source(),
            };
            accept(&deps, wish).await
        });
        runner
    });
    let places = effects(together(way, runners.collect()).await);
    assert_eq!(places.len(), 1, "one use of a link: {places:?}");
    let user = directory.by_email(&invitation.email).await;
    let user = user.expect("by_email").expect("the newcomer");
    assert_eq!(user.id, places[0].user);
}

/// A thousand requests at once for one address, from as many networks, and then for as many addresses from one: exactly
/// the budget is ordered. `ordered` tells how many mails were ordered so far.
pub async fn race_forgotten(
    deps: Arc<Deps>,
    ordered: &(dyn Fn() -> usize + Send + Sync),
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let address = || IpAddr::from(Ipv6Addr::from(sample.0.octets::<16>()));
    let (one, home) = (sample.owner().user.email, address());
    let same = |_| (one.clone(), address());
    let other = |_| {
        let name = sample.digest().hex();
        (email(&format!("{name}@example.org")), home)
    };
    let before = ordered();
    let taken = flood(&deps, (0..FLOOD).map(same).collect(), way).await;
    assert_eq!(taken, FLOOD, "an address hears nothing of its budget");
    assert_eq!(ordered() - before, PER_ADDRESS as usize);
    let before = ordered();
    let taken = flood(&deps, (0..FLOOD).map(other).collect(), way).await;
    assert_eq!(taken, PER_NETWORK as usize);
    assert_eq!(ordered() - before, PER_NETWORK as usize);
}

/// How many of these requests were taken; the rest were throttled.
async fn flood(deps: &Arc<Deps>, wishes: Vec<(Email, IpAddr)>, way: Way) -> usize {
    let runners = wishes.into_iter().map(|(email, address)| {
        let deps = Arc::clone(deps);
        let runner: BoxFuture<'static, bool> = Box::pin(async move {
            match forgot(&deps, Forgotten { email, address }).await {
                Ok(()) => true,
                Err(Refusal::Throttled { .. }) => false,
                Err(other) => unreachable!("a request for a link came to {other}"),
            }
        });
        runner
    });
    let taken = together(way, runners.collect()).await.into_iter();
    taken.filter(|taken| *taken).count()
}
