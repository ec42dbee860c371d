//! Make, list, change and end the shares of an asset.

use std::sync::Arc;

use super::IdempotencyKey;
use super::gate::{Admitted, Ask, Entered, Gate};
use crate::access::Action;
use crate::api_key::Label;
use crate::asset::{Asset, AssetState};
use crate::audit::{Event, Record, Verdict};
use crate::error::{Malformed, Refusal};
use crate::id::{AssetId, ShareId};
use crate::mail::Links;
use crate::network::Networks;
use crate::ports::{
    Assets, Change, Entropy, Hashing, Keeping, PasswordHasher, SHARES_LISTED, ShareTokens, Shares,
    StoreError, Stored,
};
use crate::secret::SecretText;
use crate::share::{FirstPlay, MaxViews, Share, SharePassword};
use crate::time::Timestamp;
use crate::token::Digest;

/// Tries of a change while others change the same.
const TRIES: usize = 10;

/// What managing shares needs.
pub struct Deps {
    /// Who may.
    pub gate: Gate,
    /// The assets.
    pub assets: Arc<dyn Assets>,
    /// The shares.
    pub shares: Arc<dyn Shares>,
    /// The tokens of their links.
    pub tokens: Arc<dyn ShareTokens>,
    /// Hashes their passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Ids of repeated requests.
    pub hashing: Arc<dyn Hashing>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Where the front end is.
    pub pages: Links,
}

/// A share to be made.
#[derive(Debug)]
pub struct NewShare {
    /// What people call it.
    pub name: Label,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Views that it may open.
    pub max_views: Option<MaxViews>,
    /// For how long after the first view others may be opened.
    pub first_play: Option<FirstPlay>,
    /// Its password.
    pub password: Option<SharePassword>,
    /// From where it may be used.
    pub networks: Networks,
    /// Names this request, so that repeating it makes no second share and tells the same link.
    pub idempotency: Option<IdempotencyKey>,
}

/// What becomes of a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bound<T> {
    /// It stays as it is.
    #[default]
    Stay,
    /// There is none any more.
    Lifted,
    /// It is this one.
    Set(T),
}

impl<T> Bound<T> {
    fn of(self, was: Option<T>) -> Option<T> {
        match self {
            Self::Stay => was,
            Self::Lifted => None,
            Self::Set(bound) => Some(bound),
        }
    }
}

/// A change of a share; what is not named stays.
#[derive(Debug, Default)]
pub struct Wish {
    /// Another name.
    pub name: Option<Label>,
    /// Another end.
    pub expires_at: Bound<Timestamp>,
    /// Other most views.
    pub max_views: Bound<MaxViews>,
}

/// A share and its link, told once.
#[derive(Debug)]
pub struct Told {
    /// The share.
    pub share: Share,
    /// Whoever holds it may watch.
    pub link: SecretText,
}

/// Makes a share, and tells its link. Under an [`IdempotencyKey`] the same request again tells the same link: it is
/// derived, not kept.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::WrongState`] for an asset that
/// will never play, [`Refusal::Malformed`] for an end that is past, [`Refusal::LimitReached`],
/// [`Refusal::IdempotencyMismatch`], [`Refusal::Conflict`] when what was made then is revoked, [`Refusal::Unavailable`].
pub async fn create(
    deps: &Deps,
    ask: &Ask,
    asset: AssetId,
    new: NewShare,
) -> Result<Told, Refusal> {
    let (entered, found, verdict) = admitted(deps, ask, asset).await?;
    if matches!(found.state, AssetState::Failed | AssetState::Withdrawn) {
        return Err(Refusal::WrongState(found.state));
    }
    yet_to_come(new.expires_at, entered.now)?;
    let share = made(deps, &entered, asset, &new)?;
    let scribe = entered.scribe(verdict);
    let record = scribe.of(Event::ShareCreated, share.id.to_string())?;
    let record = on(record, asset).with("name", share.name.as_str());
    match deps.shares.create(&share, &terms(record, &share)).await? {
        Keeping::Kept => Ok(told(deps, share)),
        Keeping::Full => Err(FULL),
        Keeping::Stale => repeated(deps, &share, &new).await,
    }
}

/// The shares of an asset, a page of them, and the last of it if more may follow.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn list(
    deps: &Deps,
    ask: &Ask,
    asset: AssetId,
    after: Option<ShareId>,
) -> Result<(Vec<Share>, Option<ShareId>), Refusal> {
    admitted(deps, ask, asset).await?;
    let found = deps.shares.shares(asset, after).await?;
    let last = found.last().filter(|_| found.len() == SHARES_LISTED);
    let last = last.map(|last| last.id);
    Ok((found, last))
}

/// Changes a share that is not revoked. What is made less is less at the next key of views that are open.
///
/// # Errors
/// As [`list`]; [`Refusal::Malformed`] for an end that is past, [`Refusal::Conflict`] for one that is revoked,
/// [`Refusal::LimitReached`] for one that was over and would stand again.
pub async fn change(
    deps: &Deps,
    ask: &Ask,
    (asset, id): (AssetId, ShareId),
    wish: &Wish,
) -> Result<Share, Refusal> {
    for _ in 0..TRIES {
        let (entered, _, verdict) = admitted(deps, ask, asset).await?;
        let seen = known(deps, asset, id).await?;
        yet_to_come(wish.expires_at.of(None), entered.now)?;
        let next = changed(&seen, wish);
        if next == seen {
            return Ok(seen);
        }
        if seen.revoked_at.is_some() {
            return Err(REVOKED);
        }
        let next = Share {
            version: seen.version + 1,
            ..next
        };
        let record = entered
            .scribe(verdict)
            .of(Event::ShareChanged, id.to_string())?;
        let record = on(record, asset).with("name", next.name.as_str());
        let record = terms(record, &next);
        match deps.shares.change(&seen, &next, &record).await? {
            Keeping::Kept => return Ok(next),
            Keeping::Full => return Err(FULL),
            Keeping::Stale => {}
        }
    }
    Err(StoreError::new("shares.change", "it is changed by too many at once").into())
}

/// Ends a share for good: nothing is opened by it from this moment, and no view of it gets another key. Repeating is fine.
///
/// # Errors
/// As [`list`].
pub async fn revoke(
    deps: &Deps,
    ask: &Ask,
    (asset, id): (AssetId, ShareId),
) -> Result<Share, Refusal> {
    let (entered, _, verdict) = admitted(deps, ask, asset).await?;
    let seen = known(deps, asset, id).await?;
    if seen.revoked_at.is_some() {
        return Ok(seen);
    }
    let record = entered
        .scribe(verdict)
        .of(Event::ShareRevoked, id.to_string())?;
    let record = on(record, asset).with("name", seen.name.as_str());
    match deps.shares.revoke(asset, id, &record).await? {
        Change::Applied => Ok(Share {
            revoked_at: Some(entered.now),
            version: seen.version + 1,
            ..seen
        }),
        // Somebody else's revocation, or our own of before.
        Change::NotApplied => known(deps, asset, id).await,
    }
}

const FULL: Refusal =
    Refusal::LimitReached("100 shares of this asset stand; revoke one, or wait until one ends");
const REVOKED: Refusal =
    Refusal::Conflict("this share is revoked, for good; make another one under another key");

async fn admitted<'a>(
    deps: &'a Deps,
    ask: &'a Ask,
    asset: AssetId,
) -> Result<(Entered<'a>, Asset, Verdict), Refusal> {
    let entered = deps.gate.enter(ask).await?;
    let found = deps.assets.get(asset).await?;
    let Admitted { asset, verdict, .. } = entered.asset(Action::Share, found, "asset").await?;
    Ok((entered, asset, verdict))
}

async fn known(deps: &Deps, asset: AssetId, id: ShareId) -> Result<Share, Refusal> {
    let found = deps.shares.share(asset, id).await?;
    found.ok_or(Refusal::NotFound("share"))
}

fn yet_to_come(end: Option<Timestamp>, now: Timestamp) -> Result<(), Malformed> {
    if end.is_some_and(|end| end <= now) {
        return Err(Malformed {
            field: "expires_at",
            expected: "a moment that is yet to come, in seconds of Unix time",
        });
    }
    Ok(())
}

fn made(
    deps: &Deps,
    entered: &Entered<'_>,
    asset: AssetId,
    new: &NewShare,
) -> Result<Share, Refusal> {
    let caller = &entered.asker.caller;
    let by = caller.subject.actor();
    let id = match &new.idempotency {
        Some(key) => {
            let owner = format!("{} {by} {asset}", caller.org);
            ShareId::from_octets(key.derive(&*deps.hashing, "create_share", owner.as_bytes()))
        }
        None => ShareId::random(&*deps.entropy)?,
    };
    let password = new.password.as_ref();
    let password = password.map(|password| deps.hasher.hash(password.password()));
    Ok(Share {
        id,
        org: caller.org,
        asset,
        name: new.name.clone(),
        expires_at: new.expires_at,
        max_views: new.max_views,
        first_play: new.first_play,
        password: password.transpose()?,
        networks: new.networks.clone(),
        created_by: by,
        created_at: entered.now,
        asked: asked(deps, new),
        version: 1,
        views: 0,
        first_played: None,
        revoked_at: None,
    })
}

/// What was asked for, but for the password: that is compared with its hash.
fn asked(deps: &Deps, new: &NewShare) -> Digest {
    let (most, window) = (
        new.max_views.map(MaxViews::count),
        new.first_play.map(FirstPlay::seconds),
    );
    let (end, with_password) = (new.expires_at.map(|end| end.0), new.password.is_some());
    let (name, networks) = (new.name.as_str(), &new.networks);
    let text = format!("{end:?} {most:?} {window:?} {with_password} {networks} {name}");
    deps.hashing.sha256(text.as_bytes())
}

/// The share that the same request made before.
async fn repeated(deps: &Deps, made: &Share, new: &NewShare) -> Result<Told, Refusal> {
    let there = known(deps, made.asset, made.id).await?;
    if there.org != made.org || there.asked != made.asked || !same_password(deps, &there, new)? {
        return Err(Refusal::IdempotencyMismatch);
    }
    if there.revoked_at.is_some() {
        return Err(REVOKED);
    }
    Ok(told(deps, there))
}

fn same_password(deps: &Deps, there: &Share, new: &NewShare) -> Stored<bool> {
    match (&there.password, &new.password) {
        (Some(hash), Some(password)) => deps.hasher.verify(password.password(), Some(hash)),
        (kept, given) => Ok(kept.is_none() && given.is_none()),
    }
}

fn told(deps: &Deps, share: Share) -> Told {
    let token = deps.tokens.issue(&share.claims());
    Told {
        link: deps.pages.share(&token),
        share,
    }
}

fn changed(seen: &Share, wish: &Wish) -> Share {
    Share {
        name: wish.name.clone().unwrap_or_else(|| seen.name.clone()),
        expires_at: wish.expires_at.of(seen.expires_at),
        max_views: wish.max_views.of(seen.max_views),
        ..seen.clone()
    }
}

fn on(record: Record, asset: AssetId) -> Record {
    Record {
        asset: Some(asset),
        ..record
    }
}

/// The record with what the share allows.
fn terms(record: Record, share: &Share) -> Record {
    let told = [
        ("expires_at", share.expires_at.map(|end| end.0.to_string())),
        ("max_views", share.max_views.map(|n| n.count().to_string())),
        (
            "first_play_seconds",
            share.first_play.map(|window| window.seconds().to_string()),
        ),
        (
            "networks",
            (share.networks != Networks::everywhere()).then(|| share.networks.to_string()),
        ),
        (
            "password",
            share.password.as_ref().map(|_| "yes".to_owned()),
        ),
    ];
    let told = told.into_iter();
    told.filter_map(|(name, value)| Some((name, value?)))
        .fold(record, |record, (name, value)| record.with(name, value))
}
