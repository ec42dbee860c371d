//! An open view: its playlists, and its segments in the clear.

use aws_lc_rs::cipher::{AES_128, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use crate::http::{Http, Reply};
use crate::people::Person;

/// An open view.
#[derive(Debug, Clone)]
pub struct View {
    /// URL of its master playlist.
    pub playlist: String,
    /// URL of its media playlist.
    pub video: String,
    /// Its segments, in order.
    pub segments: Vec<Segment>,
}

/// A segment, encrypted.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Signed URL.
    pub url: String,
    /// URL of its key.
    pub key: String,
    /// Its initialisation vector.
    pub iv: [u8; 16],
    /// Seconds.
    pub seconds: f64,
}

impl Person {
    /// Mints a media token of one view, spends it, and reads the playlists.
    pub fn view(&self, asset: &str) -> View {
        let token = self.api.media_token(&self.access, asset);
        View::read(
            &self
                .api
                .open(&token, asset)
                .expect(201)
                .field("playlist_url"),
        )
    }
}

impl View {
    /// Reads the playlists of an open view.
    pub fn read(playlist: &str) -> Self {
        let http = Http::default();
        let master = http.get(playlist).expect(200);
        assert_eq!(
            master.header("content-type"),
            Some("application/vnd.apple.mpegurl")
        );
        let text = master.text();
        assert!(text.starts_with("#EXTM3U\n"), "{text}");
        let name = text
            .lines()
            .find(|line| !line.starts_with('#'))
            .expect("a variant");
        let video = resolved(playlist, name);
        let text = http.get(&video).expect(200).text();
        assert!(text.ends_with("#EXT-X-ENDLIST\n"), "{text}");
        Self {
            playlist: playlist.to_owned(),
            segments: segments(&video, &text),
            video,
        }
    }

    /// The text of its master playlist.
    pub fn master(&self) -> String {
        Http::default().get(&self.playlist).expect(200).text()
    }

    /// The reply to a request for another of its playlists.
    pub fn listed(&self, name: &str) -> Reply {
        Http::default().get(&resolved(&self.playlist, name))
    }

    /// The segments of one of the streams that can be chosen, by the name of its playlist.
    pub fn stream(&self, name: &str) -> Vec<Segment> {
        let text = self.listed(name).expect(200).text();
        assert!(text.ends_with("#EXT-X-ENDLIST\n"), "{text}");
        segments(&resolved(&self.playlist, name), &text)
    }

    /// URLs of its keys, each once, in order.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<_> = self
            .segments
            .iter()
            .map(|segment| segment.key.as_str())
            .collect();
        keys.dedup();
        keys
    }

    /// The ticket in its URLs.
    pub fn ticket(&self) -> &str {
        self.playlist
            .rsplit('/')
            .nth(1)
            .expect("a ticket in the path")
    }
}

pub(crate) fn segments(video: &str, text: &str) -> Vec<Segment> {
    let (mut key, mut iv, mut seconds) = (String::new(), [0; 16], 0.0);
    let mut segments = Vec::new();
    for line in text.lines() {
        if let Some(attributes) = line.strip_prefix("#EXT-X-KEY:METHOD=AES-128,") {
            key = resolved(video, attribute(attributes, "URI=\"", '"'));
            let hex = attribute(attributes, "IV=0x", ',');
            iv = data_encoding::HEXLOWER
                .decode(hex.as_bytes())
                .ok()
                .and_then(|iv| iv.try_into().ok())
                .expect("an IV");
        } else if let Some(duration) = line.strip_prefix("#EXTINF:") {
            seconds = duration.trim_end_matches(',').parse().expect("a duration");
        } else if !line.starts_with('#') {
            segments.push(Segment {
                url: resolved(video, line),
                key: key.clone(),
                iv,
                seconds,
            });
        }
    }
    segments
}

fn attribute<'a>(attributes: &'a str, opening: &str, end: char) -> &'a str {
    let (_, rest) = attributes.split_once(opening).expect("the attribute");
    rest.split(end).next().unwrap_or(rest)
}

/// RFC 3986 §5.2, as far as playlists of ours need it.
pub fn resolved(base: &str, reference: &str) -> String {
    let base = base.split('?').next().unwrap_or(base);
    if reference.contains("://") {
        return reference.to_owned();
    }
    let (mut folder, mut rest) = (
        base.rsplit_once('/').map_or("", |(folder, _)| folder),
        reference,
    );
    while let Some(behind) = rest.strip_prefix("../") {
        (folder, rest) = (
            folder.rsplit_once('/').map_or("", |(parent, _)| parent),
            behind,
        );
    }
    format!("{folder}/{rest}")
}

impl Segment {
    /// Fetches it and its key; the segment in the clear.
    ///
    /// # Panics
    /// The key does not open it.
    pub fn opened(&self) -> Vec<u8> {
        self.opened_by(|url| Http::default().get(url))
    }

    /// The same by a player of its own.
    ///
    /// # Panics
    /// The key does not open it.
    pub fn opened_by(&self, fetch: impl Fn(&str) -> Reply) -> Vec<u8> {
        let key = granted(&fetch(&self.key));
        let mut octets = fetch(&self.url).expect(200).body;
        let cipher = UnboundCipherKey::new(&AES_128, &key).expect("16 octets");
        let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(cipher).expect("AES-128-CBC");
        let iv = DecryptionContext::Iv128(FixedLength::from(self.iv));
        cipher
            .decrypt(&mut octets, iv)
            .expect("the key opens the segment")
            .to_vec()
    }
}

/// A key as it is handed out: 16 octets that nobody may keep.
pub fn granted(reply: &Reply) -> Vec<u8> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(
        reply.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(reply.body.len(), 16);
    reply.body.clone()
}

/// Is it an MPEG transport stream: packets of 188 octets that begin with 0x47?
pub fn is_transport_stream(octets: &[u8]) -> bool {
    let packets = octets.chunks(188);
    !octets.is_empty()
        && packets
            .into_iter()
            .all(|packet| packet.len() == 188 && packet[0] == 0x47)
}
