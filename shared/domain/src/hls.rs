//! Playlists (RFC 8216), rendered for one playback session: any player works without headers or cookies.

pub mod styles;

use std::fmt::Write as _;

use crate::asset::segment_key;
use crate::id::TextId;
use crate::ladder::{Choice, Coded, Variant, choices};
use crate::packaging::{Presentation, SegmentInfo, Stream, TICKS_PER_SECOND, VideoRange};
use crate::playback::PlaybackSession;
use crate::ports::Manifest;
use crate::subtitles::Subtitles;

mod offer;

use offer::Offer;

/// Name of the media playlist beside the master playlist.
pub const VIDEO_PLAYLIST: &str = "video.m3u8";
/// Name of the master playlist.
pub const MASTER_PLAYLIST: &str = "master.m3u8";

/// Which of a session's playlists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaylistName {
    /// The list of renditions.
    Master,
    /// The segments and keys of the main stream.
    Video,
    /// Those of the variant of so many lines.
    Variant(u16),
    /// Those of one sound of several.
    Audio(u8),
    /// Those of subtitles.
    Subtitles(u8),
    /// Those of subtitles that were brought.
    Text(TextId),
}

impl PlaylistName {
    /// The playlist of a file name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            MASTER_PLAYLIST => return Some(Self::Master),
            VIDEO_PLAYLIST => return Some(Self::Video),
            _ => {}
        }
        let (kind, number) = name.strip_suffix(".m3u8")?.split_once('-')?;
        if let Some(id) = TextId::of_code(number).filter(|_| kind == "subtitles") {
            return Some(Self::Text(id));
        }
        // Written in one way only.
        let own: u16 = number.parse().ok()?;
        if !(1..10_000).contains(&own) || own.to_string() != number {
            return None;
        }
        // Of two digits at most: a film has no more of either.
        let of = u8::try_from(own).ok().filter(|own| *own < 100);
        match kind {
            "video" => Some(Self::Variant(own)),
            "audio" => of.map(Self::Audio),
            "subtitles" => of.map(Self::Subtitles),
            _ => None,
        }
    }

    /// The stream whose segments it lists, of its own manifest.
    pub const fn stream(self) -> Option<Stream> {
        match self {
            Self::Master => None,
            Self::Video | Self::Variant(_) => Some(Stream::Main),
            Self::Audio(number) => Some(Stream::Audio(number)),
            Self::Subtitles(number) => Some(Stream::Subtitles(number)),
            Self::Text(id) => Some(Stream::Text(id)),
        }
    }
}

/// The file name of a stream's playlist.
fn playlist_of(stream: Stream) -> String {
    match stream {
        Stream::Main => VIDEO_PLAYLIST.to_owned(),
        Stream::Audio(number) => format!("audio-{number}.m3u8"),
        Stream::Subtitles(number) => format!("subtitles-{number}.m3u8"),
        Stream::Variant(id) => format!("video-{}.m3u8", id.lines),
        Stream::Text(id) => format!("subtitles-{}.m3u8", id.code()),
    }
}

/// The master playlist (RFC 8216 §4.3.4): the film as it was packaged, its variants that are there, and what can be chosen
/// beside them.
pub fn master(presentation: &Presentation, ladder: &[Variant], subtitles: &Subtitles) -> String {
    let offer = Offer::of(presentation, subtitles);
    // RFC 8216 §7: EXT-X-MEDIA needs version 4.
    let version = if offer.is_empty() { 3 } else { 4 };
    let mut text = format!("#EXTM3U\n#EXT-X-VERSION:{version}\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    offer.media_tags(&mut text);
    for choice in choices(presentation, ladder) {
        let stream = match choice {
            Choice::Film => {
                stream_tag(&mut text, presentation, None, &offer);
                Stream::Main
            }
            Choice::Variant(id, coded) => {
                stream_tag(&mut text, presentation, Some(coded), &offer);
                Stream::Variant(id)
            }
        };
        let _ = write!(text, "\n{}\n", playlist_of(stream));
    }
    text
}

/// `EXT-X-STREAM-INF` (RFC 8216 §4.3.4.2) of a film, or of a variant of it.
fn stream_tag(
    text: &mut String,
    presentation: &Presentation,
    variant: Option<&Coded>,
    offer: &Offer<'_>,
) {
    let mut codecs: Vec<&str> = presentation.codecs.iter().map(String::as_str).collect();
    let mut rates = (presentation.peak_bandwidth, presentation.average_bandwidth);
    let (mut width, mut height) = presentation.resolution;
    let mut rate = presentation.frame_rate;
    if let Some(coded) = variant {
        // The pictures' comes first; what is heard is the same.
        if let Some(pictures) = codecs.first_mut() {
            *pictures = &coded.codec;
        }
        rates = (coded.peak_bandwidth, coded.average_bandwidth);
        (width, height) = coded.resolution;
        rate = f64::from(coded.millirate) / 1000.0;
    }
    let beyond = offer.beyond();
    rates = (rates.0 + beyond.peak, rates.1 + beyond.average);
    let _ = write!(
        text,
        "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{}\"",
        rates.0,
        rates.1,
        codecs.join(",")
    );
    if (width, height) != (0, 0) {
        let _ = write!(text, ",RESOLUTION={width}x{height},FRAME-RATE={rate:.3}");
    }
    if let Some(range) = presentation.video_range {
        let range = match range {
            VideoRange::Sdr => "SDR",
            VideoRange::Hlg => "HLG",
            VideoRange::Pq => "PQ",
        };
        let _ = write!(text, ",VIDEO-RANGE={range}");
    }
    for group in ["audio", "subtitles"] {
        if offer.has(group) {
            let _ = write!(text, ",{}=\"{group}\"", group.to_ascii_uppercase());
        }
    }
}

/// Segments of a stream at most: the playlist of one view, with a signed URL and a ticketed key URL each,
/// has to go into the 6 MB of a Lambda function's reply.
pub const MAX_SEGMENTS: u32 = 5_200;
/// Segments of all streams of a package at most: what is told of them is read as one for every playlist.
pub const MAX_PACKAGE_SEGMENTS: usize = 40_000;

/// The media playlist (RFC 8216 §4.3.3) of a stream with signed segment URLs and ticketed key URLs; `None` if the
/// package has no such stream.
///
/// `media_base` is the distribution's URL without a trailing slash; `ticket` the text of the session's
/// playback ticket. Key URLs are relative to the playlist, so that any domain in front of the API serves.
pub fn media(
    (manifest, stream): (&Manifest, Stream),
    session: &PlaybackSession,
    ticket: &str,
    media_base: &str,
) -> Option<String> {
    let query = session.signature.query();
    listing(
        (manifest, stream),
        ("#EXT-X-VERSION:3\n", query.len() + ticket.len() + 340),
        |text, key| {
            let _ = write!(text, "../../keys/{}/{key}?token={ticket}", session.asset);
        },
        |text, number| {
            let key = segment_key(
                session.asset,
                session.package,
                named(manifest, stream),
                number,
            );
            let _ = write!(text, "{media_base}/{key}?{query}");
        },
    )
}

/// The stream of the manifest that a stream's playlist is of: subtitles that were brought have a manifest of their own.
const fn within(stream: Stream) -> Stream {
    match stream {
        Stream::Text(_) => Stream::Main,
        stream => stream,
    }
}

/// The stream that the names of the segments are of: in the manifest of a variant its own.
fn named(manifest: &Manifest, stream: Stream) -> Stream {
    match (stream, manifest.variant) {
        (Stream::Main, Some(id)) => Stream::Variant(id),
        (stream, _) => stream,
    }
}

/// The lines of a stream's segments, with about so many octets of `room` for each: `key` writes the URL of a key by its
/// id, `segment` that of a segment by its number.
fn listing(
    (manifest, stream): (&Manifest, Stream),
    (head, room): (&str, usize),
    key_url: impl Fn(&mut String, &str),
    segment_url: impl Fn(&mut String, u32),
) -> Option<String> {
    let segments = manifest.presentation.segments_of(within(stream))?;
    // One allocation for a film of any length.
    let mut text = String::with_capacity(512 + segments.len() * room);
    // RFC 8216 §6.2.4: the same for all streams.
    let all = manifest.presentation.streams();
    let all = all.flat_map(|(_, segments)| segments);
    let target = all.map(|s| rounded_seconds(s.ticks)).max().unwrap_or(1);
    let _ = write!(
        text,
        "#EXTM3U\n{head}#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    );
    for (number, segment) in (0_u32..).zip(segments) {
        let key = usize::try_from(segment.period)
            .ok()
            .and_then(|period| manifest.keys.get(period));
        if let Some(key) = key {
            text.push_str("#EXT-X-KEY:METHOD=AES-128,URI=\"");
            key_url(&mut text, key);
            let iv = data_encoding::HEXLOWER.encode(&segment.iv.0);
            let _ = writeln!(text, "\",IV=0x{iv}");
        }
        let _ = writeln!(text, "#EXTINF:{},", seconds(segment));
        segment_url(&mut text, number);
        text.push('\n');
    }
    text.push_str("#EXT-X-ENDLIST\n");
    Some(text)
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
    use crate::ladder::{VariantId, VariantState};
    use crate::packaging::{Iv, Media, Rendition};
    use crate::playback::UrlSignature;
    use crate::time::Timestamp;
    use crate::token::Digest;

    pub(super) fn manifest() -> Manifest {
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
                timing: None,
                video_range: None,
                renditions: Vec::new(),
            },
            keys: vec![
                KeyId::from_octets([1; 16]).to_string(),
                KeyId::from_octets([2; 16]).to_string(),
            ],
            converted: false,
            variant: None,
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
            bounds: crate::bounds::Bounds::default(),
            device: None,
            lease: None,
            refresh_until: None,
            before: None,
            watch: None,
        }
    }

    #[test]
    fn the_master_names_codecs_resolution_and_rates() {
        insta::assert_snapshot!(master(&manifest().presentation, &[], &Subtitles::default()));
    }

    #[test]
    fn the_video_playlist_signs_segments_and_tickets_keys() {
        insta::assert_snapshot!(listed(&manifest(), Stream::Main).unwrap());
    }

    fn listed(manifest: &Manifest, stream: Stream) -> Option<String> {
        media(
            (manifest, stream),
            &session(),
            "TICKET",
            "https://cdn.example",
        )
    }

    /// Two languages of sound and a commentary, subtitles and forced subtitles.
    pub(super) fn manifold() -> Manifest {
        let mut manifest = manifest();
        let segment = |ticks, period| SegmentInfo {
            ticks,
            bytes: 500,
            period,
            iv: Iv([8; 16]),
        };
        let audio = |number, language: Option<&str>| Rendition {
            stream: Stream::Audio(number),
            media: Media::Audio { channels: 2 },
            language: language.map(str::to_owned),
            segments: vec![segment(540_000, 0), segment(630_000, 0)],
        };
        let text = |number, language: Option<&str>, forced| Rendition {
            stream: Stream::Subtitles(number),
            media: Media::Subtitles { forced },
            ..audio(number, language)
        };
        manifest.presentation.video_range = Some(VideoRange::Hlg);
        manifest.presentation.renditions = vec![
            audio(1, Some("en")),
            audio(2, Some("de")),
            audio(3, Some("en")),
            audio(4, None),
            text(1, Some("pt-BR"), false),
            text(2, Some("pt-BR"), true),
            text(3, None, false),
        ];
        manifest
    }

    /// A variant of 720 lines that is there, and one that is not yet.
    pub(super) fn ladder() -> Vec<Variant> {
        let variant = |lines, state| Variant {
            id: VariantId { lines, attempt: 2 },
            state,
        };
        let coded = Coded {
            codec: "avc1.64001e".into(),
            resolution: (768, 432),
            millirate: 29_970,
            peak_bandwidth: 1_300_000,
            average_bandwidth: 1_200_000,
            octets: None,
        };
        vec![
            variant(432, VariantState::Ready(coded)),
            variant(360, VariantState::Waiting),
        ]
    }

    #[test]
    fn the_master_lists_the_variants_that_are_there() {
        insta::assert_snapshot!(master(
            &manifold().presentation,
            &ladder(),
            &Subtitles::default()
        ));
    }

    #[test]
    fn the_playlist_of_a_variant_names_its_own_segments_and_the_films_keys() {
        let own = Manifest {
            variant: Some(ladder()[0].id),
            ..manifest()
        };
        let film = listed(&manifest(), Stream::Main).unwrap();
        let variant = listed(&own, Stream::Main).unwrap();
        assert!(variant.contains("/video-432-2-00001.ts?"));
        assert_eq!(variant.replace("/video-432-2-", "/"), film);
    }

    #[test]
    fn the_master_offers_sounds_and_subtitles() {
        insta::assert_snapshot!(master(&manifold().presentation, &[], &Subtitles::default()));
    }

    #[test]
    fn a_stream_has_a_playlist_of_its_own_and_no_other() {
        let manifest = manifold();
        insta::assert_snapshot!(listed(&manifest, Stream::Subtitles(2)).unwrap());
        let main = listed(&manifest, Stream::Main).unwrap();
        assert!(
            main.contains("TARGETDURATION:7\n"),
            "the same of all streams"
        );
        for stream in [Stream::Audio(5), Stream::Subtitles(4), Stream::Subtitles(0)] {
            assert_eq!(listed(&manifest, stream), None);
        }
    }

    #[test]
    fn what_was_stored_of_a_package_before_is_read() {
        let stored = r#"{"presentation":{"codecs":["avc1.64001f"],"resolution":[1280,720],"frame_rate":25.0,
            "peak_bandwidth":9,"average_bandwidth":8,"segments":[{"ticks":540000,"bytes":192,"period":0,
            "iv":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}]},"keys":["key_x"]}"#;
        let manifest: Manifest = serde_json::from_str(stored).unwrap();
        assert!(manifest.presentation.renditions.is_empty());
        assert_eq!(manifest.presentation.seconds(), 6);
        let text = master(&manifest.presentation, &[], &Subtitles::default());
        assert!(text.contains("VERSION:3") && !text.contains("EXT-X-MEDIA"));
        let again = serde_json::to_value(&manifest).unwrap();
        let before: serde_json::Value = serde_json::from_str(stored).unwrap();
        assert_eq!(again, before, "and written as before");
    }

    #[test]
    fn the_longest_film_fits_into_a_reply() {
        let mut manifest = manifest();
        manifest.presentation.renditions = vec![Rendition {
            stream: Stream::Subtitles(255),
            media: Media::Subtitles { forced: false },
            language: None,
            segments: vec![manifest.presentation.segments[0]; MAX_SEGMENTS as usize],
        }];
        let mut session = session();
        // As long as they get: of an RSA signature in base64, and of a policy over a long domain name.
        session.signature = UrlSignature {
            policy: "P".repeat(310),
            signature: "S".repeat(344),
            key_pair_id: "K".repeat(14),
        };
        let ticket = "T".repeat(100);
        let base = format!("https://{}.example.org", "m".repeat(40));
        let text = media(
            (&manifest, Stream::Subtitles(255)),
            &session,
            &ticket,
            &base,
        )
        .unwrap();
        let reply = serde_json::to_string(&text).unwrap();
        assert!(reply.len() < 6_000_000, "{}", reply.len());
    }

    #[test]
    fn sound_alone_has_no_resolution() {
        let mut presentation = manifest().presentation;
        presentation.resolution = (0, 0);
        assert!(!master(&presentation, &[], &Subtitles::default()).contains("RESOLUTION"));
    }

    #[test]
    fn only_names_of_one_writing_are_playlists() {
        assert_eq!(
            PlaylistName::parse("master.m3u8"),
            Some(PlaylistName::Master)
        );
        let named = |name| PlaylistName::parse(name).and_then(PlaylistName::stream);
        assert_eq!(named("video.m3u8"), Some(Stream::Main));
        assert_eq!(
            PlaylistName::parse("video-720.m3u8"),
            Some(PlaylistName::Variant(720))
        );
        assert_eq!(named("audio-2.m3u8"), Some(Stream::Audio(2)));
        assert_eq!(named("subtitles-12.m3u8"), Some(Stream::Subtitles(12)));
        for other in [
            "../master.m3u8",
            "audio-0.m3u8",
            "audio-01.m3u8",
            "audio-+1.m3u8",
            "audio-100.m3u8",
            "audio-1",
            "video-0.m3u8",
            "video-10000.m3u8",
            "video-0720.m3u8",
            "subtitles.m3u8",
        ] {
            assert_eq!(PlaylistName::parse(other), None, "{other}");
        }
    }
}
