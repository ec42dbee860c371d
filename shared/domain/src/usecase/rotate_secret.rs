//! Turn a ring of keys by one of the four steps of Secrets Manager.
//!
//! Secrets Manager calls the steps one after the other, with the same token, and calls any of them again after a failure (User Guide,
//! "Lambda rotation functions"). A step that was done already does nothing. The ring is all there is to set and its own test, so
//! that `setSecret` only looks whether it was made.

use std::sync::Arc;

use crate::ports::{Change, Clock, Entropy, Rewraps, SecretVersions, Stages, StoreError, Stored};
use crate::rotation::{Kind, Next, PENDING, Ring, RingFault, Turn};
use crate::secret::SecretText;

/// Octets of randomness of a new key; it is their base64url, of 64 characters.
const OCTETS: usize = 48;
const MOVED: &str = "another version became the current one meanwhile";

/// What rotation needs.
pub struct Deps {
    /// The secrets that rotate, by ARN.
    pub secrets: Vec<(String, Kind)>,
    /// Their versions.
    pub versions: Arc<dyn SecretVersions>,
    /// What is shown of the master key's old versions.
    pub rewraps: Arc<dyn Rewraps>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New keys.
    pub entropy: Arc<dyn Entropy>,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Makes the next ring.
    Create,
    /// Sets nothing: the ring is in no other place.
    Set,
    /// Holds the next ring against the present one.
    Test,
    /// Puts it in force.
    Finish,
}

impl Step {
    /// As Secrets Manager names it.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "createSecret" => Self::Create,
            "setSecret" => Self::Set,
            "testSecret" => Self::Test,
            "finishSecret" => Self::Finish,
            _ => return None,
        })
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Order {
    /// ARN or name of the secret.
    pub secret: String,
    /// The version that is to become current.
    pub token: String,
    /// What to do.
    pub step: Step,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It had been done.
    Already,
    /// A next ring was made.
    Made(Turn),
    /// It is as it should be.
    Sound,
    /// It is in force.
    InForce,
}

/// Why nothing was done. No text of a secret is in it.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is none of the secrets that this stack rotates.
    #[error("this secret is not rotated here")]
    NotOurs,
    /// Rotation is not turned on for it.
    #[error("rotation is not turned on for this secret")]
    NotRotating,
    /// The token names no version that waits.
    #[error("this version of the secret is not pending")]
    NotPending,
    /// The step before was not done.
    #[error("this version of the secret was not made yet")]
    NotMade,
    /// The secret is no ring.
    #[error("{0}")]
    Broken(#[from] RingFault),
    /// The version cannot take the place of the current one: that changed meanwhile, or this one is not made from it.
    #[error("this version of the secret does not follow the current one; it was given up")]
    NoSuccessor,
    /// Its times are not true any more.
    #[error("this version of the secret waited too long; it was given up")]
    Stale,
    /// To be tried again.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// A secret of ours with a version that waits.
struct Turning<'a> {
    secret: &'a str,
    kind: Kind,
    from: String,
    to: &'a str,
}

/// Does a step; which kind of secret it was.
///
/// # Errors
/// [`Refused`]
pub async fn run(deps: &Deps, order: &Order) -> Result<(Kind, Done), Refused> {
    let (secret, kind) = ours(deps, &order.secret).ok_or(Refused::NotOurs)?;
    let stages = deps.versions.stages(secret).await?;
    let Stages {
        rotates,
        current,
        pending,
    } = stages;
    if !rotates {
        return Err(Refused::NotRotating);
    }
    let from = current.ok_or(Refused::NotMade)?;
    if from == order.token {
        return Ok((kind, Done::Already));
    }
    if pending.as_deref() != Some(&order.token) {
        return Err(Refused::NotPending);
    }
    let to = order.token.as_str();
    let turning = Turning {
        secret,
        kind,
        from,
        to,
    };
    let done = match order.step {
        Step::Create => create(deps, &turning).await?,
        Step::Set => {
            made(deps, &turning).await?;
            Done::Sound
        }
        Step::Test => {
            judge(deps, &turning).await?;
            Done::Sound
        }
        Step::Finish => finish(deps, &turning).await?,
    };
    Ok((kind, done))
}

/// The ARN ends in six random characters behind the name; Secrets Manager tells the ARN, LocalStack the name.
fn ours<'a>(deps: &'a Deps, id: &str) -> Option<(&'a str, Kind)> {
    let is = |arn: &str| {
        let named = arn.split_once(":secret:").map(|(_, name)| name);
        let named = named.and_then(|name| name.rsplit_once('-'));
        arn == id || named.is_some_and(|(name, _)| name == id)
    };
    let (arn, kind) = deps.secrets.iter().find(|(arn, _)| is(arn))?;
    Some((arn, *kind))
}

async fn read(deps: &Deps, turning: &Turning<'_>, version: &str) -> Result<Ring, Refused> {
    let text = deps.versions.text(turning.secret, version).await?;
    Ok(Ring::parse(&text.ok_or(Refused::NotMade)?)?)
}

async fn made(deps: &Deps, turning: &Turning<'_>) -> Result<Ring, Refused> {
    read(deps, turning, turning.to).await
}

async fn create(deps: &Deps, turning: &Turning<'_>) -> Result<Done, Refused> {
    let made = deps.versions.text(turning.secret, turning.to).await?;
    if made.is_some() {
        return Ok(Done::Already);
    }
    let ring = read(deps, turning, &turning.from).await?;
    let next = Next {
        now: deps.clock.now(),
        material: material(deps)?,
        unused: unused(deps, turning.kind, &ring).await?,
    };
    let (ring, turn) = ring.turned(turning.kind.keep(), next);
    let text = ring.text();
    let put = deps.versions.put_pending(turning.secret, turning.to, &text);
    Ok(match put.await? {
        Change::Applied => Done::Made(turn),
        // Another run of this step was first; its key is as good.
        Change::NotApplied => Done::Already,
    })
}

fn material(deps: &Deps) -> Stored<SecretText> {
    let mut octets = [0; OCTETS];
    deps.entropy.fill(&mut octets)?;
    let text = data_encoding::BASE64URL_NOPAD.encode(&octets);
    Ok(SecretText::new(text))
}

/// Is it shown that nothing is wrapped under an old master key?
async fn unused(deps: &Deps, kind: Kind, ring: &Ring) -> Stored<bool> {
    if kind != Kind::MasterKey {
        return Ok(false);
    }
    let pass = deps.rewraps.pass().await?;
    Ok(pass.is_some_and(|pass| pass.proves(ring.current(), ring.current_since())))
}

/// A version that cannot take effect is given up, so that it does not stand in the way of the next rotation.
async fn judge(deps: &Deps, turning: &Turning<'_>) -> Result<(), Refused> {
    let after = made(deps, turning).await?;
    let before = read(deps, turning, &turning.from).await?;
    let now = deps.clock.now();
    let fault = if !after.follows(&before, turning.kind.keep(), now) {
        Refused::NoSuccessor
    } else if after
        .published_after(&before)
        .is_some_and(|at| now > at.plus(PENDING))
    {
        Refused::Stale
    } else {
        return Ok(());
    };
    deps.versions.abandon(turning.secret, turning.to).await?;
    Err(fault)
}

async fn finish(deps: &Deps, turning: &Turning<'_>) -> Result<Done, Refused> {
    judge(deps, turning).await?;
    let promoted = deps
        .versions
        .promote(turning.secret, &turning.from, turning.to);
    match promoted.await? {
        Change::Applied => Ok(Done::InForce),
        // Whoever moved the label meanwhile may have moved it here; the next try sees it.
        Change::NotApplied => Err(StoreError::new("rotation.finish", MOVED).into()),
    }
}
