//! Render a playlist of an open view.

use std::sync::Arc;

use crate::asset::{Asset, AssetState};
use crate::bounds::Visitor;
use crate::error::Refusal;
use crate::hls::{self, PlaylistName};
use crate::playback::{PlaybackSession, Ticket};
use crate::ports::{Clock, Manifest, MediaReads, PlaylistReads, Tickets};
use crate::subtitles::Part;

/// What rendering needs.
pub struct Deps {
    /// Sessions and assets.
    pub reads: Arc<dyn PlaylistReads>,
    /// The media bucket.
    pub media: Arc<dyn MediaReads>,
    /// Checks tickets.
    pub tickets: Arc<dyn Tickets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The distribution's URL without a trailing slash.
    pub media_base: String,
}

/// A parsed request for a playlist.
pub struct Command {
    /// The ticket in the path.
    pub ticket: String,
    /// Which playlist.
    pub name: PlaylistName,
    /// From where.
    pub visitor: Visitor,
}

/// The playlist's text.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::OutsideNetwork`], [`Refusal::OtherOrigin`], [`Refusal::WrongState`],
/// [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<String, Refusal> {
    let view = open_view(deps, &command.ticket, |_| Ok(())).await?;
    view.0.bounds.admit(&command.visitor)?;
    let manifest = manifest(deps, &view, command.name).await?;
    let (session, asset) = view;
    let Some(stream) = command.name.stream() else {
        let ladder = asset.ladder.unwrap_or_default();
        return Ok(hls::master(
            &manifest.presentation,
            &ladder,
            &asset.subtitles,
        ));
    };
    let listed = hls::media(
        (&manifest, stream),
        &session,
        &command.ticket,
        &deps.media_base,
    );
    listed.ok_or(Refusal::NotFound("playlist"))
}

/// What a playlist is of: the package of a view, or a variant of it that is there to be played.
pub(super) async fn manifest(
    deps: &Deps,
    (session, asset): &(PlaybackSession, Asset),
    name: PlaylistName,
) -> Result<Manifest, Refusal> {
    const NONE: Refusal = Refusal::NotFound("playlist");
    let (id, package) = (session.asset, session.package);
    let variant = match name {
        PlaylistName::Variant(lines) => Some(asset.variant(lines).ok_or(NONE)?),
        // A view that began before it was replaced has it still.
        PlaylistName::Text(text) => {
            let part = asset.subtitles.part(text, deps.clock.now());
            if !matches!(part, Part::Listed | Part::Replaced) {
                return Err(NONE);
            }
            return deps.media.text(id, package, text).await?.ok_or(NONE);
        }
        _ => None,
    };
    let manifest = deps.media.manifest(id, package, variant).await?;
    manifest.ok_or(NONE)
}

/// The view of a ticket with its asset, if it is open, its viewer may still watch, and its asset can be watched. What is `wanted` of the
/// ticket itself is asked before any I/O.
///
/// # Errors
/// Those of [`run`], and of `wanted`.
pub(super) async fn open_view(
    deps: &Deps,
    text: &str,
    wanted: impl FnOnce(&Ticket) -> Result<(), Refusal>,
) -> Result<(PlaybackSession, Asset), Refusal> {
    let now = deps.clock.now();
    let ticket = super::deliver_key::genuine(&*deps.tickets, text, now)?;
    wanted(&ticket)?;
    let bundle = deps.reads.bundle(&ticket).await?;
    let session = super::deliver_key::still_open(bundle.session, &bundle.standing, &ticket, now)?;
    let asset = bundle.asset.filter(|a| a.keeping.presence.is_kept());
    let asset = asset.ok_or(Refusal::NotFound("asset"))?;
    if asset.state != AssetState::Ready {
        return Err(Refusal::WrongState(asset.state));
    }
    if session.opened_at < asset.views_from {
        return Err(super::deliver_key::OVER);
    }
    Ok((session, asset))
}
