//! Render a playlist that is the same for everyone who may fetch it, for the distribution to keep for a moment.
//!
//! The distribution asks for a signature, for cookies or for a token in the path at every request; what it does not have it
//! asks for here, with the ticket of whoever asked, and here everything is decided as for a playlist of one view.

use super::deliver_playlist::{Deps, manifest, open_view};
use crate::error::Refusal;
use crate::hls::PlaylistName;
use crate::hls::styles::{self, Style};
use crate::id::{AssetId, PackageId};

/// A parsed request for a playlist of a package.
pub struct Command {
    /// The ticket that came with it, if any.
    pub ticket: Option<String>,
    /// The asset in the path.
    pub asset: AssetId,
    /// The package in the path.
    pub package: PackageId,
    /// How its URLs keep what lets a viewer in.
    pub style: Style,
    /// Which playlist.
    pub name: PlaylistName,
}

/// The playlist's text: of the path alone, whoever asks.
///
/// # Errors
/// Before any I/O: [`Refusal::Unauthenticated`], [`Refusal::InvalidToken`], [`Refusal::Forbidden`] for another asset.
/// After the read: those of a view that is over, [`Refusal::NotFound`] for another package, [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<String, Refusal> {
    let need = Refusal::Unauthenticated("a playback ticket, as a cookie or as `token`");
    let ticket = command.ticket.as_deref().ok_or(need)?;
    let view = open_view(deps, ticket, |ticket| {
        let other = Refusal::Forbidden("this playback ticket is for another asset");
        (ticket.asset == command.asset).then_some(()).ok_or(other)
    });
    let view = view.await?;
    if view.0.package != command.package {
        return Err(Refusal::NotFound("playlist"));
    }
    let manifest = manifest(deps, &view, command.name).await?;
    let (session, asset) = view;
    let Some(stream) = command.name.stream() else {
        let ladder = asset.ladder.unwrap_or_default();
        return Ok(styles::master(
            command.style,
            &manifest.presentation,
            &ladder,
            &asset.subtitles,
        ));
    };
    let listed = styles::media((&manifest, stream), command.style, session.asset);
    listed.ok_or(Refusal::NotFound("playlist"))
}
