//! Open a view: validate the media token anew, spend one view, make the one signature.

use std::sync::Arc;

use super::IdempotencyKey;
use super::gate::{Entered, Gate};
use super::spend::{invalid, usable};
use crate::access;
use crate::api_key::Scope;
use crate::asset::{Asset, AssetState, media_prefix};
use crate::audit::{Event, Source};
use crate::delivery::{self, Mode, Offered};
use crate::error::Refusal;
use crate::id::{AssetId, PackageId, PlaybackId};
use crate::playback::PlaybackSession;
use crate::ports::{Clock, Entropy, Hashing, Opening, PathTokens, Tickets, UrlSigner, Views};
use crate::secret::SecretText;
use crate::share::Share;
use crate::time::Timestamp;
use crate::token::{Action, Digest, Grant, MediaToken};

/// What opening a view needs.
pub struct Deps {
    /// Grants, assets and playback sessions.
    pub views: Arc<dyn Views>,
    /// May the token's owner still watch?
    pub gate: Gate,
    /// Digests.
    pub hashing: Arc<dyn Hashing>,
    /// Signs for CloudFront.
    pub signer: Arc<dyn UrlSigner>,
    /// Makes tickets.
    pub tickets: Arc<dyn Tickets>,
    /// Makes tokens for paths.
    pub path_tokens: Arc<dyn PathTokens>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The distribution's URL without a trailing slash.
    pub media_base: String,
    /// Seconds that a playback session lives.
    pub session_seconds: u64,
    /// The modes of delivery that there are.
    pub offered: Offered,
}

/// A parsed request to watch.
#[derive(Debug)]
pub struct Command {
    /// The media token.
    pub token: MediaToken,
    /// The asset in the path.
    pub asset: AssetId,
    /// From where.
    pub source: Source,
    /// Names this request, so that repeating it spends no second view.
    pub idempotency: Option<IdempotencyKey>,
}

/// An open view.
#[derive(Debug)]
pub struct View {
    /// Its session.
    pub session: PlaybackSession,
    /// The ticket that its playlist URL carries.
    pub ticket: SecretText,
}

impl View {
    /// The URL of its master playlist in a mode that goes through the distribution; `None` for [`Mode::Urls`].
    pub fn playlist_url(&self, deps: &Deps, mode: Mode) -> Option<String> {
        let ticket = self.ticket.expose();
        let token = deps.path_tokens.issue(&self.session, ticket);
        let credentials = (ticket, token.expose());
        delivery::playlist_url(mode, &deps.media_base, &self.session, credentials)
    }
}

/// Opens a view.
///
/// # Errors
/// [`Refusal::InvalidToken`] (unknown, expired, revoked), [`Refusal::Forbidden`] (another asset or action,
/// its owner has no access any more, the window of its share is over), [`Refusal::OutsideNetwork`],
/// [`Refusal::WrongState`], [`Refusal::NoViewsLeft`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<View, Refusal> {
    let now = deps.clock.now();
    let digest = deps.hashing.sha256(command.token.expose().as_bytes());
    let (grant, asset) = deps.views.admission(digest, command.asset).await?;
    let grant = usable(grant, command.asset, Action::Play, now)?;
    let (subject, org) = (grant.subject, grant.org);
    let entered = deps
        .gate
        .on_behalf(subject, org, Scope::Play, &command.source);
    let entered = entered.await?;
    let admitted = entered.asset(access::Action::Play, asset, "asset").await?;
    let package = playable(&admitted.asset)?;

    let id = match &command.idempotency {
        Some(key) => {
            PlaybackId::from_octets(key.derive(&*deps.hashing, "authorize_playback", &digest.0))
        }
        None => PlaybackId::random(&*deps.entropy)?,
    };
    let share = shared(&entered, &command.source)?;
    let ends = now.plus(deps.session_seconds);
    let until = [
        admitted.until,
        share.and_then(|share| share.expires_at),
        entered.support_until(),
    ];
    let ends = until.into_iter().flatten().fold(ends, Timestamp::min);
    // It was decided by the list that ended the views before: it is not one of them, be it in the same second.
    let opened = now.max(admitted.asset.views_from);
    let session = signed_session(deps, &grant, (id, package), opened, ends)?;
    let record = entered
        .scribe(admitted.verdict)
        .asset(Event::ViewOpened, grant.asset)?;
    let record = record.with("view", id).with("token", digest.short());
    let opening = match share {
        Some(share) => deps.views.open_shared(&session, share, &record).await?,
        None => deps.views.open(&session, &record).await?,
    };
    let session = match opening {
        Opening::Opened => session,
        Opening::AlreadyOpen => {
            let from = admitted.asset.views_from;
            reopened(deps, (id, digest), from, now).await?
        }
        Opening::Refused => return Err(spent(share, now)),
    };
    let ticket = deps.tickets.issue(&session.ticket());
    Ok(View { session, ticket })
}

/// The share whose link the viewer holds, if that is how they came, and if they come from where it may be used.
fn shared<'a>(entered: &'a Entered<'_>, source: &Source) -> Result<Option<&'a Share>, Refusal> {
    let Some(share) = entered.share() else {
        return Ok(None);
    };
    let from_there = source.address.is_some_and(|address| share.is_for(address));
    from_there
        .then_some(Some(share))
        .ok_or(Refusal::OutsideNetwork)
}

/// Why no view is opened.
fn spent(share: Option<&Share>, now: Timestamp) -> Refusal {
    let window = share.and_then(Share::play_until);
    if window.is_some_and(|end| now >= end) {
        return Refusal::Forbidden(
            "the time for playing this, which its first view began, is over",
        );
    }
    Refusal::NoViewsLeft
}

fn playable(asset: &Asset) -> Result<PackageId, Refusal> {
    match (asset.state, asset.package) {
        (AssetState::Ready, Some(package)) => Ok(package),
        (state, _) => Err(Refusal::WrongState(state)),
    }
}

fn signed_session(
    deps: &Deps,
    grant: &Grant,
    (id, package): (PlaybackId, PackageId),
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<PlaybackSession, Refusal> {
    // One signature serves every segment of this package and nothing else.
    let resource = format!(
        "{}/{}{package}/*",
        deps.media_base,
        media_prefix(grant.asset)
    );
    Ok(PlaybackSession {
        id,
        asset: grant.asset,
        package,
        grant: grant.digest,
        subject: grant.subject,
        org: grant.org,
        signature: deps.signer.sign(&resource, expires_at)?,
        opened_at: now,
        expires_at,
        revoked: false,
    })
}

/// The view that this request opened before, unless it ended since: no key would follow.
async fn reopened(
    deps: &Deps,
    (id, digest): (PlaybackId, Digest),
    views_from: Timestamp,
    now: Timestamp,
) -> Result<PlaybackSession, Refusal> {
    let session = deps.views.session(id).await?;
    session
        .filter(|s| s.grant == digest && s.is_live(now) && s.opened_at >= views_from)
        .ok_or(invalid("the view that it opened is over"))
}
