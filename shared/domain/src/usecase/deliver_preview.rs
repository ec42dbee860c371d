//! Hand out a preview of an open view's film: decided anew each time, as a key is.

use std::sync::Arc;

use super::deliver_key::{admitted, genuine};
use crate::bounds::Visitor;
use crate::error::Refusal;
use crate::id::KeyId;
use crate::ports::{Clock, KeyReads, KeyWrap, PreviewPlace, PreviewReads, PreviewSeal, Tickets};
use crate::preview::PreviewName;

/// What a delivery needs. It writes nothing: a picture to seek by is no stream that would have a place among those that
/// play, and where a view goes its keys tell.
pub struct Deps {
    /// The one read that decides.
    pub reads: Arc<dyn KeyReads>,
    /// The media bucket.
    pub files: Arc<dyn PreviewReads>,
    /// Unwraps keys.
    pub wrap: Arc<dyn KeyWrap>,
    /// Opens previews.
    pub seal: Arc<dyn PreviewSeal>,
    /// Checks tickets.
    pub tickets: Arc<dyn Tickets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A parsed request for a preview.
pub struct Command {
    /// The ticket in the path.
    pub ticket: String,
    /// The key in the path.
    pub key: KeyId,
    /// Which.
    pub name: PreviewName,
    /// From where.
    pub visitor: Visitor,
}

/// The octets of a preview, after exactly one strongly consistent read of what decides.
///
/// # Errors
/// Before any I/O: [`Refusal::InvalidToken`]. After the read: [`Refusal::InvalidToken`] when the session is over,
/// [`Refusal::OutsideNetwork`], [`Refusal::OtherOrigin`], [`Refusal::WatchedElsewhere`], [`Refusal::WrongState`] when the asset
/// is withdrawn, [`Refusal::NotFound`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<Vec<u8>, Refusal> {
    const NONE: Refusal = Refusal::NotFound("preview");
    let now = deps.clock.now();
    let ticket = genuine(&*deps.tickets, &command.ticket, now)?;
    let bundle = deps.reads.bundle(&ticket, command.key).await?;
    let (session, key) = admitted(bundle, &ticket, &command.visitor, now)?;
    // A key of the film's own package is for its segments, and opens nothing here.
    let own = key.filter(|key| key.asset == session.asset && key.package != session.package);
    let wrapped = own.ok_or(NONE)?;
    let place = PreviewPlace {
        asset: wrapped.asset,
        run: wrapped.package,
        name: command.name,
    };
    let PreviewPlace { asset, run, name } = place;
    let sealed = deps.files.preview(asset, run, name).await?.ok_or(NONE)?;
    let key = deps.wrap.unwrap(&wrapped)?;
    Ok(deps.seal.open(&key, place, sealed)?)
}
