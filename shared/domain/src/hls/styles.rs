//! Playlists that are the same for everyone who may fetch them: URLs are relative, and what lets a viewer in comes with the
//! request, by cookies, by the path or by the query.

use std::fmt::Write as _;

use super::{listing, master as listed, named};
use crate::asset::segment_name;
use crate::delivery::{KEY_PARAMETER, TICKET_PARAMETER};
use crate::id::AssetId;
use crate::ladder::Variant;
use crate::packaging::{Presentation, Stream};
use crate::ports::Manifest;
use crate::subtitles::Subtitles;

/// How the URLs of a playlist keep what let it be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Not at all: cookies are sent anyway, and a relative URL keeps the path that it is relative to.
    Relative,
    /// By variables of the query (draft-pantos-hls-rfc8216bis §4.4.2.3, `EXT-X-DEFINE:QUERYPARAM`).
    Query,
}

/// The parameters of CloudFront's signature in a query; all of them are SHA-256. A hyphen may be in the name of a variable
/// (draft-pantos-hls-rfc8216bis §4.4.2.3), but Shaka 5.2 does not find it: so the id of the key comes by another parameter.
const SIGNATURE: &str =
    "Policy={$Policy}&Signature={$Signature}&Key-Pair-Id={$kid}&Hash-Algorithm=SHA256";
/// The variables that those and the ticket are of.
const VARIABLES: [&str; 4] = ["Policy", "Signature", KEY_PARAMETER, TICKET_PARAMETER];

impl Style {
    /// What comes after `#EXTM3U`: the version that the text needs, and the variables.
    fn head(self, version: u8) -> String {
        match self {
            Self::Relative => format!("#EXT-X-VERSION:{version}\n"),
            // draft-pantos-hls-rfc8216bis §8: QUERYPARAM needs version 11.
            Self::Query => {
                VARIABLES
                    .iter()
                    .fold("#EXT-X-VERSION:11\n".to_owned(), |mut head, name| {
                        let _ = writeln!(head, "#EXT-X-DEFINE:QUERYPARAM=\"{name}\"");
                        head
                    })
            }
        }
    }

    /// What is put behind the URL of a playlist.
    fn playlist_query(self) -> String {
        match self {
            Self::Relative => String::new(),
            Self::Query => format!(
                "?{SIGNATURE}&{KEY_PARAMETER}={{${KEY_PARAMETER}}}&{TICKET_PARAMETER}={{${TICKET_PARAMETER}}}"
            ),
        }
    }
}

/// The master playlist.
pub fn master(
    style: Style,
    presentation: &Presentation,
    ladder: &[Variant],
    subtitles: &Subtitles,
) -> String {
    let query = style.playlist_query();
    let mut text = String::new();
    for line in listed(presentation, ladder, subtitles).lines() {
        if let Some(version) = line.strip_prefix("#EXT-X-VERSION:") {
            text.push_str(&style.head(version.parse().unwrap_or(1)));
            continue;
        }
        text.push_str(line);
        if let Some(quoted) = line
            .strip_suffix('"')
            .filter(|l| l.starts_with("#EXT-X-MEDIA:") && l.contains(",URI=\""))
        {
            // The URI is the last attribute.
            text.truncate(text.len() - line.len() + quoted.len());
            let _ = write!(text, "{query}\"");
        } else if !line.starts_with('#') {
            text.push_str(&query);
        }
        text.push('\n');
    }
    text
}

/// The media playlist of a stream; `None` if the package has no such stream. The folder of a package is
/// `/media/{asset}/{package}/`, keys are at `/keys/{asset}/`, and the playlists of [`Style::Query`] lie one folder deeper.
pub fn media(
    (manifest, stream): (&Manifest, Stream),
    style: Style,
    asset: AssetId,
) -> Option<String> {
    // About what a segment's lines take beside its IV and the key's name.
    let (up, room) = match style {
        Style::Relative => ("", 60),
        Style::Query => ("../", 190),
    };
    listing(
        (manifest, stream),
        (&style.head(3), room),
        |text, key| {
            let _ = write!(text, "{up}../../../keys/{asset}/{key}");
            if style == Style::Query {
                let _ = write!(text, "?{TICKET_PARAMETER}={{${TICKET_PARAMETER}}}");
            }
        },
        |text, number| {
            let _ = write!(
                text,
                "{up}{}",
                segment_name(named(manifest, stream), number)
            );
            if style == Style::Query {
                let _ = write!(text, "?{SIGNATURE}");
            }
        },
    )
}

#[cfg(test)]
mod tests;
