//! End a view: its player goes, and gives its place to the next. Nothing else has to wait for a lease to run out.

use super::authorize_playback::Deps;
use super::deliver_key::{OVER, genuine};
use super::scribe::Scribe;
use crate::audit::{Author, Event, Source};
use crate::error::Refusal;
use crate::id::PlaybackId;

/// Ends the view of a ticket. Whoever has the ticket may, and may again.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, ticket: &str, source: &Source) -> Result<PlaybackId, Refusal> {
    let ticket = genuine(&*deps.tickets, ticket, deps.clock.now())?;
    let session = deps.views.session(ticket.playback).await?;
    let session = session
        .filter(|session| session.as_of(&ticket).is_some())
        .ok_or(OVER)?;
    if !session.revoked {
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
