//! Open a view: validate the media token anew, spend one view, make the one signature.

use std::sync::Arc;

use super::IdempotencyKey;
use super::gate::{Admitted, Entered, Gate};
use super::spend::{invalid, usable};
use crate::access;
use crate::api_key::Scope;
use crate::asset::{Asset, AssetState, media_prefix};
use crate::audit::{Event, Source};
use crate::bounds::{DeviceSecret, Lease, Visitor};
use crate::delivery::{self, Mode, Offered};
use crate::error::Refusal;
use crate::id::{AssetId, PackageId, PlaybackId};
use crate::playback::{PlaybackSession, UrlSignature};
use crate::ports::{
    Clock, Entropy, Hashing, Opening, PathTokens, Stored, Tickets, UrlSigner, Views,
};
use crate::preview::PreviewSet;
use crate::secret::SecretText;
use crate::share::Share;
use crate::spread::{OnSpread, Trail, Watch};
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
    /// Makes and checks what refreshes views: tickets that open nothing else.
    pub refreshes: Arc<dyn Tickets>,
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
    /// Seconds after its opening until which a view may be refreshed; none are if it is 0.
    pub refresh_seconds: u64,
    /// The modes of delivery that there are.
    pub offered: Offered,
    /// Seconds for which a stream keeps its place without asking for a key, where they are counted.
    pub lease_seconds: u64,
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
    /// By whose player.
    pub visit: Visit,
    /// Names this request, so that repeating it spends no second view.
    pub idempotency: Option<IdempotencyKey>,
}

/// What a request says of the player that will show the film.
#[derive(Debug, Default)]
pub struct Visit {
    /// Of which page.
    pub origin: Option<String>,
    /// On which device.
    pub device: Option<DeviceSecret>,
    /// In which form the view is told.
    pub mode: Mode,
}

/// An open view.
#[derive(Debug)]
pub struct View {
    /// Its session.
    pub session: PlaybackSession,
    /// The ticket that its playlist URL carries.
    pub ticket: SecretText,
    /// What there is to be seen of the film beside it.
    pub previews: Option<PreviewSet>,
}

/// What lets a view live longer.
#[derive(Debug)]
pub struct Renewal {
    /// What its route asks for. It is in no URL that a player asks for.
    pub token: SecretText,
    /// In how many seconds it does something.
    pub seconds: u64,
}

impl View {
    /// What lets the view live longer, if it may and has not come to its last end.
    pub fn renewal(&self, deps: &Deps) -> Option<Renewal> {
        let from = self.session.refresh_from(deps.session_seconds)?;
        let claims = self.session.refresh()?;
        Some(Renewal {
            token: deps.refreshes.issue(&claims),
            seconds: from.since(deps.clock.now()),
        })
    }

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
/// [`Refusal::InvalidToken`] (unknown, expired, revoked, not begun), [`Refusal::Forbidden`] (another asset or action,
/// its owner has no access any more, its window or that of its share is over), [`Refusal::OutsideNetwork`],
/// [`Refusal::OtherOrigin`], [`Refusal::OtherDevice`], [`Refusal::Conflict`] for a mode that cannot hold the token's bounds,
/// [`Refusal::WrongState`], [`Refusal::NoViewsLeft`], [`Refusal::TooManyStreams`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<View, Refusal> {
    let now = deps.clock.now();
    let digest = deps.hashing.sha256(command.token.expose().as_bytes());
    let (grant, asset) = deps.views.admission(digest, command.asset).await?;
    let visitor = Visitor {
        address: command.source.address,
        origin: command.visit.origin.clone(),
    };
    let grant = usable(grant, (command.asset, Action::Play), &visitor, now)?;
    grant.bounds.deliver(command.visit.mode)?;
    let device = device(deps, &grant, &command.visit)?;
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
    let ends = end(deps, &entered, &admitted, now);
    // It was decided by the list that ended the views before: it is not one of them, be it in the same second.
    let opened = now.max(admitted.asset.views_from);
    let session = PlaybackSession {
        device,
        lease: lease(deps, &grant, (now, ends)),
        refresh_until: (deps.refresh_seconds > 0).then(|| now.plus(deps.refresh_seconds)),
        watch: watch(&entered, &command.source, opened),
        ..signed_session(deps, &grant, (id, package), opened, ends)?
    };
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
        Opening::Refused => return Err(spent(deps, &session, share, now).await?),
        Opening::Full => return Err(Refusal::TooManyStreams),
    };
    let ticket = deps.tickets.issue(&session.ticket());
    Ok(View {
        session,
        ticket,
        previews: admitted.asset.previewed(),
    })
}

/// When a view ends that is opened or refreshed now: whatever it was admitted by may end first.
pub(super) fn end(
    deps: &Deps,
    entered: &Entered<'_>,
    admitted: &Admitted,
    now: Timestamp,
) -> Timestamp {
    let until = [
        admitted.until,
        entered.share().and_then(|share| share.expires_at),
        entered.support_until(),
    ];
    let longest = now.plus(deps.session_seconds);
    until.into_iter().flatten().fold(longest, Timestamp::min)
}

/// The share whose link the viewer holds, if that is how they came, and if they come from where it may be used.
pub(super) fn shared<'a>(
    entered: &'a Entered<'_>,
    source: &Source,
) -> Result<Option<&'a Share>, Refusal> {
    let Some(share) = entered.share() else {
        return Ok(None);
    };
    let from_there = source.address.is_some_and(|address| share.is_for(address));
    from_there
        .then_some(Some(share))
        .ok_or(Refusal::OutsideNetwork)
}

const ANOTHER: Refusal = Refusal::OtherDevice("its first view was opened on another");

/// The digest of the device's secret, if the token is for one device and this may be it.
pub(super) fn device(deps: &Deps, grant: &Grant, visit: &Visit) -> Result<Option<Digest>, Refusal> {
    if !grant.bounds.one_device {
        return Ok(None);
    }
    let secret = visit.device.as_ref();
    let secret = secret.ok_or(Refusal::OtherDevice("send its secret as `device`"))?;
    let digest = deps.hashing.sha256(secret.expose().as_bytes());
    match grant.device {
        Some(first) if first != digest => Err(ANOTHER),
        _ => Ok(Some(digest)),
    }
}

/// A place among the streams of the token, or of the viewer whom its minter named: nobody else's tokens take any of theirs.
fn lease(deps: &Deps, grant: &Grant, (now, ends): (Timestamp, Timestamp)) -> Option<Lease> {
    let of = match &grant.bounds.viewer {
        Some(viewer) => {
            let (org, minter) = (grant.org, grant.subject.actor());
            format!("streams of a viewer\n{org}\n{minter}\n{}", viewer.as_str())
        }
        None => format!("streams of a token\n{}", grant.digest.hex()),
    };
    grant.bounds.max_streams.map(|most| Lease {
        of: deps.hashing.sha256(of.as_bytes()),
        most,
        seconds: deps.lease_seconds,
        until: now.plus(deps.lease_seconds).min(ends),
    })
}

/// Why no view is opened, by what is stored now: another view may have been the first a moment ago.
async fn spent(
    deps: &Deps,
    session: &PlaybackSession,
    share: Option<&Share>,
    now: Timestamp,
) -> Result<Refusal, Refusal> {
    let (grant, _) = deps.views.admission(session.grant, session.asset).await?;
    let own = grant.as_ref().and_then(|grant| grant.play_until);
    let windows = [share.and_then(Share::play_until), own];
    if windows.into_iter().flatten().any(|end| now >= end) {
        return Ok(Refusal::Forbidden(
            "the time for playing this, which its first view began, is over",
        ));
    }
    let first = grant.and_then(|grant| grant.device);
    if session.device.is_some() && first.is_some() && first != session.device {
        return Ok(ANOTHER);
    }
    Ok(Refusal::NoViewsLeft)
}

pub(super) fn playable(asset: &Asset) -> Result<PackageId, Refusal> {
    match (asset.state, asset.package) {
        (AssetState::Ready, Some(package)) => Ok(package),
        (state, _) => Err(Refusal::WrongState(state)),
    }
}

/// One signature serves every segment of this package and nothing else.
pub(super) fn signature(
    deps: &Deps,
    (asset, package): (AssetId, PackageId),
    until: Timestamp,
) -> Stored<UrlSignature> {
    let folder = media_prefix(asset);
    let resource = format!("{}/{folder}{package}/*", deps.media_base);
    deps.signer.sign(&resource, until)
}

fn signed_session(
    deps: &Deps,
    grant: &Grant,
    (id, package): (PlaybackId, PackageId),
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<PlaybackSession, Refusal> {
    Ok(PlaybackSession {
        id,
        asset: grant.asset,
        package,
        grant: grant.digest,
        subject: grant.subject,
        org: grant.org,
        signature: signature(deps, (grant.asset, package), expires_at)?,
        opened_at: now,
        expires_at,
        revoked: false,
        bounds: grant.bounds.clone(),
        device: None,
        lease: None,
        refresh_until: None,
        before: None,
        watch: None,
    })
}

/// The look at where its keys go, by the organisation's rule of this moment, if it wants one.
fn watch(entered: &Entered<'_>, source: &Source, now: Timestamp) -> Option<Watch> {
    let rule = entered.spread();
    (rule.answer() != OnSpread::Off).then(|| Watch {
        rule,
        trail: Trail::opened(source.address, now),
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
