//! Playlists (RFC 8216), rendered for one playback session: any player works without headers or cookies.

use std::fmt::Write as _;

use crate::asset::segment_key;
use crate::packaging::{Presentation, SegmentInfo, TICKS_PER_SECOND};
use crate::playback::PlaybackSession;
use crate::ports::Manifest;

/// Name of the media playlist beside the master playlist.
pub const VIDEO_PLAYLIST: &str = "video.m3u8";
/// Name of the master playlist.
pub const MASTER_PLAYLIST: &str = "master.m3u8";

/// Which of a session's playlists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaylistName {
    /// The list of renditions.
    Master,
    /// The list of segments and keys.
    Video,
}

impl PlaylistName {
    /// The playlist of a file name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            MASTER_PLAYLIST => Some(Self::Master),
            VIDEO_PLAYLIST => Some(Self::Video),
            _ => None,
        }
    }
}

/// The master playlist (RFC 8216 §4.3.4): one variant as it was packaged.
pub fn master(presentation: &Presentation) -> String {
    let Presentation {
        codecs,
        resolution,
        frame_rate,
        peak_bandwidth,
        average_bandwidth,
        ..
    } = presentation;
    let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    let _ = write!(
        text,
        "#EXT-X-STREAM-INF:BANDWIDTH={peak_bandwidth},AVERAGE-BANDWIDTH={average_bandwidth},CODECS=\"{}\"",
        codecs.join(",")
    );
    if *resolution != (0, 0) {
        let _ = write!(
            text,
            ",RESOLUTION={}x{},FRAME-RATE={frame_rate:.3}",
            resolution.0, resolution.1
        );
    }
    let _ = write!(text, "\n{VIDEO_PLAYLIST}\n");
    text
}

/// Segments of a film at most: the playlist of one view, with a signed URL and a ticketed key URL each,
/// has to go into the 6 MB of a Lambda function's reply.
pub const MAX_SEGMENTS: u32 = 5_200;

/// The media playlist (RFC 8216 §4.3.3) with signed segment URLs and ticketed key URLs.
///
/// `media_base` is the distribution's URL without a trailing slash; `ticket` the text of the session's
/// playback ticket. Key URLs are relative to the playlist, so that any domain in front of the API serves.
pub fn video(
    manifest: &Manifest,
    session: &PlaybackSession,
    ticket: &str,
    media_base: &str,
) -> String {
    let segments = &manifest.presentation.segments;
    let query = session.signature.query();
    // About what a line of each kind takes: one allocation for a film of any length.
    let mut text = String::with_capacity(256 + segments.len() * (query.len() + ticket.len() + 320));
    let target = segments
        .iter()
        .map(|s| rounded_seconds(s.ticks))
        .max()
        .unwrap_or(1);
    let _ = write!(
        text,
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    );
    for (number, segment) in (0_u32..).zip(segments) {
        let key = usize::try_from(segment.period)
            .ok()
            .and_then(|period| manifest.keys.get(period));
        if let Some(key) = key {
            let _ = writeln!(
                text,
                "#EXT-X-KEY:METHOD=AES-128,URI=\"../../keys/{}/{key}?token={ticket}\",IV=0x{}",
                session.asset,
                data_encoding::HEXLOWER.encode(&segment.iv.0)
            );
        }
        let _ = write!(
            text,
            "#EXTINF:{},\n{media_base}/{}?{query}\n",
            seconds(segment),
            segment_key(session.asset, session.package, number)
        );
    }
    text.push_str("#EXT-X-ENDLIST\n");
    text
}

/// RFC 8216 §4.3.3.1: every duration, rounded, is at most the target.
const fn rounded_seconds(ticks: u64) -> u64 {
    let rounded = (ticks + TICKS_PER_SECOND / 2) / TICKS_PER_SECOND;
    if rounded == 0 { 1 } else { rounded }
}

/// A decimal of six digits: finer than a tick of 90 kHz.
fn seconds(segment: &SegmentInfo) -> String {
    let micros = (u128::from(segment.ticks) * 1_000_000 + 45_000) / u128::from(TICKS_PER_SECOND);
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AssetId, KeyId, OrgId, PackageId, PlaybackId};
    use crate::packaging::Iv;
    use crate::playback::UrlSignature;
    use crate::time::Timestamp;
    use crate::token::Digest;

    fn manifest() -> Manifest {
        let segment = |ticks, period| SegmentInfo {
            ticks,
            bytes: 1_000,
            period,
            iv: Iv([7; 16]),
        };
        Manifest {
            presentation: Presentation {
                codecs: vec!["avc1.64001f".into(), "mp4a.40.2".into()],
                resolution: (1280, 720),
                frame_rate: 25.0,
                peak_bandwidth: 1_800_000,
                average_bandwidth: 1_600_000,
                segments: vec![segment(540_000, 0), segment(583_200, 0), segment(45_001, 1)],
            },
            keys: vec![
                KeyId::from_octets([1; 16]).to_string(),
                KeyId::from_octets([2; 16]).to_string(),
            ],
        }
    }

    fn session() -> PlaybackSession {
        PlaybackSession {
            id: PlaybackId::from_octets([3; 16]),
            asset: AssetId::from_octets([4; 16]),
            package: PackageId::from_octets([5; 16]),
            grant: Digest([6; 32]),
            subject: crate::member::Subject::ApiKey(crate::id::ApiKeyId::from_octets([7; 16])),
            org: OrgId::from_octets([8; 16]),
            signature: UrlSignature {
                policy: "P".into(),
                signature: "S".into(),
                key_pair_id: "K".into(),
            },
            opened_at: Timestamp(1_000),
            expires_at: Timestamp(2_000),
            revoked: false,
        }
    }

    #[test]
    fn the_master_names_codecs_resolution_and_rates() {
        insta::assert_snapshot!(master(&manifest().presentation));
    }

    #[test]
    fn the_video_playlist_signs_segments_and_tickets_keys() {
        insta::assert_snapshot!(video(
            &manifest(),
            &session(),
            "TICKET",
            "https://cdn.example"
        ));
    }

    #[test]
    fn the_longest_film_fits_into_a_reply() {
        let mut manifest = manifest();
        manifest.presentation.segments =
            vec![manifest.presentation.segments[0]; MAX_SEGMENTS as usize];
        let mut session = session();
        // As long as they get: of an RSA signature in base64, and of a policy over a long domain name.
        session.signature = UrlSignature {
            policy: "P".repeat(310),
            signature: "S".repeat(344),
            key_pair_id: "K".repeat(14),
        };
        let ticket = "T".repeat(100);
        let base = format!("https://{}.example.org", "m".repeat(40));
        let text = video(&manifest, &session, &ticket, &base);
        let reply = serde_json::to_string(&text).unwrap();
        assert!(reply.len() < 6_000_000, "{}", reply.len());
    }

    #[test]
    fn sound_alone_has_no_resolution() {
        let mut presentation = manifest().presentation;
        presentation.resolution = (0, 0);
        assert!(!master(&presentation).contains("RESOLUTION"));
    }

    #[test]
    fn only_the_two_names_are_playlists() {
        assert_eq!(
            PlaylistName::parse("master.m3u8"),
            Some(PlaylistName::Master)
        );
        assert_eq!(PlaylistName::parse("../master.m3u8"), None);
    }
}
