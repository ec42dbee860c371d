//! Trade an access token for a media token (RFC 8693).

use std::sync::Arc;

use super::gate::{Ask, Gate};
use crate::access;
use crate::asset::AssetState;
use crate::audit::Event;
use crate::bounds::Bounds;
use crate::error::{Malformed, Refusal};
use crate::id::AssetId;
use crate::ports::{Assets, Clock, Entropy, Grants, Hashing};
use crate::time::Lifetime;
use crate::token::{Action, Grant, MediaToken};

/// Lifetimes that a media token may have, in seconds: one second to a day.
pub const LIFETIMES: std::ops::RangeInclusive<u64> = 1..=86_400;
/// The lifetime when none is asked for.
pub const DEFAULT_LIFETIME: u64 = 300;
/// Most views of one token.
pub const MAX_VIEWS: u32 = 1_000;

/// What the exchange needs.
pub struct Deps {
    /// Who may.
    pub gate: Gate,
    /// The assets.
    pub assets: Arc<dyn Assets>,
    /// Where media tokens are kept, as digests.
    pub grants: Arc<dyn Grants>,
    /// Digests.
    pub hashing: Arc<dyn Hashing>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// How many views a media token may open: 1 to 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Views(u32);

impl Views {
    /// Parses a count.
    ///
    /// # Errors
    /// [`Malformed`] outside 1 to 1,000.
    pub fn parse(count: u32) -> Result<Self, Malformed> {
        if (1..=MAX_VIEWS).contains(&count) {
            Ok(Self(count))
        } else {
            Err(Malformed {
                field: "max_views",
                expected: "1 to 1000",
            })
        }
    }
}

/// A parsed request for a media token.
#[derive(Debug)]
pub struct Command {
    /// Who asks, by a verified access token.
    pub ask: Ask,
    /// For which asset.
    pub asset: AssetId,
    /// For what.
    pub action: Action,
    /// For how long.
    pub lifetime: Lifetime,
    /// For how many views.
    pub max_views: Views,
    /// What else it is to be bounded by.
    pub bounds: Bounds,
}

/// A media token, told once.
#[derive(Debug)]
pub struct Minted {
    /// The token.
    pub token: MediaToken,
    /// What is stored of it.
    pub grant: Grant,
}

const NEVER: Malformed = Malformed {
    field: "not_before",
    expected: "seconds of Unix time before the token ends, which is `lifetime` seconds from now",
};

/// A copy is a copy, however often it is fetched: a token for one opens one download.
fn check_views(action: Action, views: Views) -> Result<(), Malformed> {
    match (action, views) {
        (Action::Play, _) | (Action::Download, Views(1)) => Ok(()),
        (Action::Download, _) => Err(Malformed {
            field: "max_views",
            expected: "1, or nothing: a token for a download opens one",
        }),
    }
}

/// Mints a media token. One whose reply is lost is never known to anyone and ends by its lifetime.
///
/// # Errors
/// [`Refusal::NotFound`] for an asset that the caller cannot see, [`Refusal::WrongState`] for one that
/// will never play, [`Refusal::Malformed`] for several downloads, bounds that a download cannot have, and one that would end
/// before it begins, [`Refusal::Forbidden`], [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<Minted, Refusal> {
    let Command {
        ask,
        asset,
        action,
        lifetime,
        max_views,
        bounds,
    } = command;
    check_views(action, max_views)?;
    let bounds = bounds.of_action(action)?;
    let expires_at = deps.clock.now().plus(lifetime.seconds());
    if bounds.not_before.is_some_and(|begin| begin >= expires_at) {
        return Err(NEVER.into());
    }
    // The role as it is now, not as it was when the access token was made.
    let entered = deps.gate.enter(&ask).await?;
    let found = deps.assets.get(asset).await?;
    let wanted = match action {
        Action::Play => access::Action::Play,
        Action::Download => access::Action::Download,
    };
    let admitted = entered.asset(wanted, found, "asset").await?;
    let (found, caller) = (admitted.asset, ask.caller);
    if matches!(found.state, AssetState::Failed | AssetState::Withdrawn) {
        return Err(Refusal::WrongState(found.state));
    }
    let token = MediaToken::random(&*deps.entropy)?;
    let grant = Grant {
        digest: deps.hashing.sha256(token.expose().as_bytes()),
        asset,
        action,
        subject: caller.subject,
        org: caller.org,
        max_views: max_views.0,
        views: 0,
        expires_at,
        revoked: false,
        bounds,
        play_until: None,
        device: None,
    };
    let record = entered
        .scribe(admitted.verdict)
        .asset(Event::TokenMinted, asset)?;
    let record = record
        .with("action", action.as_str())
        .with("token", grant.digest.short())
        .with("max_views", grant.max_views)
        .with("expires_at", grant.expires_at.0);
    deps.grants.create(&grant, &record).await?;
    Ok(Minted { token, grant })
}
