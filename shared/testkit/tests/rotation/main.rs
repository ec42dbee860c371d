//! Secrets that rotate, and keys that are brought under the new master key.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

mod rewrap;
mod turn;

use vault_domain::ports::Clock as _;
use vault_domain::rotation::{Kind, Ring};
use vault_domain::secret::SecretText;
use vault_domain::usecase::rotate_secret::{self, Done, Order, Refused, Step};
use vault_testkit::Kit;
use vault_testkit::rotation::secret_arn;

const STEPS: [Step; 4] = [Step::Create, Step::Set, Step::Test, Step::Finish];

fn now<T>(future: impl Future<Output = T>) -> T {
    use futures_util::FutureExt as _;
    future.now_or_never().unwrap()
}

/// A world with all secrets in it.
fn world() -> Kit {
    let kit = Kit::new(1);
    for kind in Kind::ALL {
        kit.plant_secret(kind);
    }
    kit
}

/// What Secrets Manager does first: it announces the version.
fn announce(kit: &Kit, kind: Kind, token: &str) {
    kit.cloud.with(|s| {
        let secret = s.secrets.get_mut(&secret_arn(kind)).unwrap();
        secret.stages.pending = Some(token.to_owned());
    });
}

fn order(kind: Kind, token: &str, step: Step) -> Order {
    Order {
        secret: secret_arn(kind),
        token: token.to_owned(),
        step,
    }
}

fn step(kit: &Kit, kind: Kind, token: &str, step: Step) -> Result<Done, Refused> {
    let order = order(kind, token, step);
    now(rotate_secret::run(&kit.rotate_secret(), &order)).map(|(_, done)| done)
}

/// A whole rotation.
fn rotate(kit: &Kit, kind: Kind, token: &str) -> Vec<Done> {
    announce(kit, kind, token);
    let steps = STEPS.map(|one| step(kit, kind, token, one).unwrap());
    // The versions stay after it, and their label may too.
    steps.into()
}

/// The ring in force.
fn ring(kit: &Kit, kind: Kind) -> Ring {
    let text = kit.cloud.with(|s| {
        let secret = &s.secrets[&secret_arn(kind)];
        let current = secret.stages.current.as_ref().unwrap();
        secret.versions[current].clone()
    });
    Ring::parse(&SecretText::new(text)).unwrap()
}

fn names(ring: &Ring) -> String {
    let names: Vec<_> = ring.versions().map(|(name, _)| name).collect();
    format!("{} then {:?} of {names:?}", ring.current(), ring.next())
}

fn time(kit: &Kit) -> vault_domain::time::Timestamp {
    kit.clock.now()
}
