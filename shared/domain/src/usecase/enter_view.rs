//! Give the cookies of an open view to the browser that shows its ticket: only a reply of the media host can set them.

use super::deliver_playlist::{Deps, open_view};
use crate::bounds::Visitor;
use crate::delivery::{self, Mode, ViewCookie};
use crate::error::Refusal;
use crate::id::PlaybackId;
use crate::time::Timestamp;

/// The cookies of a view, and for how many seconds.
pub struct Entered {
    /// The cookies.
    pub cookies: Vec<ViewCookie>,
    /// Until the view ends.
    pub seconds: u64,
    /// The view.
    pub playback: PlaybackId,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The cookies of the view of a ticket. They are the same each time.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::OtherOrigin`], [`Refusal::Conflict`] for a view whose bounds cookies cannot hold,
/// [`Refusal::WrongState`], [`Refusal::NotFound`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, ticket: &str, visitor: &Visitor) -> Result<Entered, Refusal> {
    let (session, _) = open_view(deps, ticket, |_| Ok(())).await?;
    session.bounds.deliver(Mode::Cookies)?;
    session.bounds.admit(visitor)?;
    Ok(Entered {
        cookies: delivery::cookies(&session, ticket),
        seconds: delivery::seconds_left(&session, deps.clock.now()),
        playback: session.id,
        expires_at: session.expires_at,
    })
}
