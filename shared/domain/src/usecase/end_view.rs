//! End a view: its player goes, and gives its place to the next. Nothing else has to wait for a lease to run out.

use super::authorize_playback::Deps;
use super::deliver_key::{OVER, genuine};
use super::scribe::Scribe;
use crate::audit::{Author, Event, Source};
use crate::error::Refusal;
use crate::id::PlaybackId;
use crate::playback::PlaybackSession;

/// Ends the view of a ticket, or of what refreshes it: a view that is over and may be had back is ended by that. Whoever has
/// either may, and may again.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, ticket: &str, source: &Source) -> Result<PlaybackId, Refusal> {
    let now = deps.clock.now();
    let refresh = deps.refreshes.open(ticket);
    let refresh = refresh.filter(|claims| now < claims.expires_at);
    let claims = match &refresh {
        Some(claims) => *claims,
        None => genuine(&*deps.tickets, ticket, now)?,
    };
    let own = |session: &PlaybackSession| match &refresh {
        Some(claims) => session.refresh().as_ref() == Some(claims),
        None => session.as_of(&claims).is_some(),
    };
    let session = deps.views.session(claims.playback).await?;
    let session = session.filter(own).ok_or(OVER)?;
    if !session.has_ended() {
        let scribe = Scribe {
            entropy: &*deps.entropy,
            org: session.org,
            clock: &*deps.clock,
            author: Author::Caller(session.subject),
            verdict: None,
            source: source.clone(),
        };
        let record = scribe.asset(Event::ViewEnded, session.asset)?;
        deps.views
            .end(&session, &record.with("view", session.id))
            .await?;
    }
    Ok(session.id)
}
