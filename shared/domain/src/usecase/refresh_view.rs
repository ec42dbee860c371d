//! Let a view live longer: everything that it was opened by is looked at anew, and no view is spent
//! ([ADR 39](../../../../docs/adr/0039-long-playback.md)).

use super::authorize_playback::{Deps, View, Visit, device, end, playable, shared, signature};
use super::deliver_key::OVER;
use super::gate::Entered;
use super::spend::invalid;
use crate::access;
use crate::api_key::Scope;
use crate::asset::Asset;
use crate::audit::{Event, Record, Source, Verdict};
use crate::bounds::Visitor;
use crate::error::Refusal;
use crate::playback::{Before, PlaybackSession, Ticket};
use crate::ports::{Refreshing, Stored};
use crate::preview::PreviewSet;
use crate::time::Timestamp;
use crate::token::Grant;

/// A parsed request to watch on.
pub struct Command {
    /// What the opening gave for it.
    pub token: String,
    /// From where.
    pub source: Source,
    /// By whose player.
    pub visit: Visit,
}

/// The view as it is from now on. It is the same as before while it is not time, and once it has come to its last end; the
/// same request again finds what the first one did.
///
/// # Errors
/// Before any I/O: [`Refusal::InvalidToken`] (forged, or its last moment is over). After the reads:
/// [`Refusal::InvalidToken`] (its view was ended, what let it in was taken away, its media token is revoked),
/// [`Refusal::WatchedElsewhere`], and those of an opening
/// but for what is counted there: no view is spent. [`Refusal::TooManyStreams`] if its place was given to another.
pub async fn run(deps: &Deps, command: Command) -> Result<View, Refusal> {
    let now = deps.clock.now();
    let claims = genuine(deps, &command.token, now)?;
    let Known {
        session,
        grant,
        asset,
    } = known(deps, &claims).await?;
    let (visit, source) = (&command.visit, &command.source);
    let visitor = Visitor {
        address: source.address,
        origin: visit.origin.clone(),
    };
    session.bounds.admit(&visitor)?;
    session.bounds.deliver(visit.mode)?;
    if device(deps, &grant, visit)? != session.device {
        return Err(Refusal::OtherDevice("the view was opened on another"));
    }
    let entered = deps
        .gate
        .on_behalf(session.subject, session.org, Scope::Play, source)
        .await?;
    let admitted = entered.asset(access::Action::Play, asset, "asset").await?;
    let package = playable(&admitted.asset)?;
    if package != session.package || session.opened_at < admitted.asset.views_from {
        return Err(OVER);
    }
    shared(&entered, source)?;
    let ends = end(deps, &entered, &admitted, now).min(claims.expires_at);
    let previews = admitted.asset.previewed();
    let told = |session| told(deps, (session, previews), now);
    let Some(next) = later(deps, &session, (now, ends))? else {
        return told(session);
    };
    let record = record(&entered, admitted.verdict, &next)?;
    match deps.views.refresh(&session, &next, &record).await? {
        Refreshing::Refreshed => told(next),
        Refreshing::Stale => told(known(deps, &claims).await?.session),
        Refreshing::Refused => Err(invalid("it is revoked")),
        Refreshing::Full => Err(Refusal::TooManyStreams),
    }
}

/// What a genuine token says, whose last moment is not over.
fn genuine(deps: &Deps, text: &str, now: Timestamp) -> Result<Ticket, Refusal> {
    let invalid = |why| Refusal::InvalidToken {
        what: "refresh token of a view",
        why,
    };
    let claims = deps.refreshes.open(text).ok_or(invalid("it is forged"))?;
    if now >= claims.expires_at {
        return Err(invalid("it is expired"));
    }
    Ok(claims)
}

/// What a refresh is about, as it stands now.
struct Known {
    session: PlaybackSession,
    grant: Grant,
    asset: Option<Asset>,
}

/// The view of a token, unless it was ended early or its media token is revoked. That it is over by itself is why one
/// refreshes.
async fn known(deps: &Deps, claims: &Ticket) -> Result<Known, Refusal> {
    let session = deps.views.session(claims.playback).await?;
    let own = |session: &PlaybackSession| session.refresh().as_ref() == Some(claims);
    let session = session.filter(|session| !session.revoked && own(session));
    let session = session.ok_or(OVER)?;
    if session.is_watched_elsewhere() {
        return Err(Refusal::WatchedElsewhere);
    }
    let (grant, asset) = deps.views.admission(session.grant, session.asset).await?;
    let grant = grant.filter(|grant| !grant.revoked);
    Ok(Known {
        session,
        grant: grant.ok_or(invalid("it is revoked"))?,
        asset,
    })
}

/// The view with a later end, if it is time for one and there is one.
fn later(
    deps: &Deps,
    session: &PlaybackSession,
    (now, ends): (Timestamp, Timestamp),
) -> Stored<Option<PlaybackSession>> {
    let from = session.refresh_from(deps.session_seconds);
    if ends <= session.expires_at || from.is_none_or(|from| now < from) {
        return Ok(None);
    }
    let of = (session.asset, session.package);
    Ok(Some(PlaybackSession {
        signature: signature(deps, of, ends)?,
        expires_at: ends,
        before: Some(Before {
            expires_at: session.expires_at,
            signature: session.signature.clone(),
        }),
        lease: session.lease.map(|lease| lease.renewed(now, ends)),
        ..session.clone()
    }))
}

fn record(entered: &Entered<'_>, verdict: Verdict, next: &PlaybackSession) -> Stored<Record> {
    let record = entered
        .scribe(verdict)
        .asset(Event::ViewRefreshed, next.asset)?;
    let record = record.with("view", next.id);
    Ok(record.with("token", next.grant.short()))
}

/// The view, if it is open.
fn told(
    deps: &Deps,
    (session, previews): (PlaybackSession, Option<PreviewSet>),
    now: Timestamp,
) -> Result<View, Refusal> {
    let session = Some(session).filter(|session| session.is_live(now));
    let session = session.ok_or(OVER)?;
    let ticket = deps.tickets.issue(&session.ticket());
    Ok(View {
        session,
        ticket,
        previews,
    })
}
