//! A player of our own for each mode of delivery: what a client has to do, and no more.

use crate::http::{Http, Reply, Request};
use crate::people::Person;
use crate::view::{Segment, resolved, segments};

/// The modes that go through the distribution.
pub const SHARED: [&str; 3] = ["cookies", "query", "path"];

/// A view in one of the modes.
#[derive(Debug, Clone)]
pub struct Carried {
    /// The URL of its master playlist.
    pub playlist: String,
    /// Names, values and paths of its cookies.
    pub cookies: Vec<[String; 3]>,
    /// Where a browser gets them.
    pub cookies_url: Option<String>,
}

impl Person {
    /// A view of one view's media token, in a mode.
    pub fn carried(&self, asset: &str, mode: &str) -> Carried {
        let token = self.api.media_token(&self.access, asset);
        let opened = self.api.open_as(&token, asset, mode).expect(201);
        assert_eq!(opened.field("mode"), mode);
        let told = opened.json();
        let cookies = told["cookies"].as_array().cloned().unwrap_or_default();
        let parts = ["name", "value", "path"];
        let cookies = cookies
            .iter()
            .map(|cookie| parts.map(|part| cookie[part].as_str().expect("a text").to_owned()));
        Carried {
            playlist: opened.field("playlist_url"),
            cookies: cookies.collect(),
            cookies_url: told["cookies_url"].as_str().map(str::to_owned),
        }
    }
}

impl Carried {
    /// Fetches a URL with the cookies that go with its path.
    pub fn fetch(&self, url: &str) -> Reply {
        Http::default().send(&self.request("GET", url))
    }

    /// The request that [`Self::fetch`] sends.
    pub fn request(&self, method: &str, url: &str) -> Request {
        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
        let goes = |cookie: &&[String; 3]| format!("/{path}").starts_with(&cookie[2]);
        let line = self.cookies.iter().filter(goes);
        let line = line.map(|[name, value, _]| format!("{name}={value}"));
        let line = line.collect::<Vec<_>>().join("; ");
        let request = Request::new(method, url);
        if line.is_empty() {
            request
        } else {
            request.header("cookie", &line)
        }
    }

    /// The text of a playlist, with its variables replaced by what its own URL has.
    pub fn listed(&self, url: &str) -> String {
        let reply = self.fetch(url).expect(200);
        let media = Some("application/vnd.apple.mpegurl");
        assert_eq!(reply.header("content-type"), media);
        let query = url.split_once('?').map_or("", |(_, query)| query);
        query.split('&').fold(reply.text(), |text, pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            text.replace(&format!("{{${name}}}"), value)
        })
    }

    /// The URL of its media playlist.
    pub fn video(&self) -> String {
        let master = self.listed(&self.playlist);
        let name = master.lines().find(|line| !line.starts_with('#'));
        resolved(&self.playlist, name.expect("a variant"))
    }

    /// Its segments.
    pub fn segments(&self) -> Vec<Segment> {
        let video = self.video();
        let text = self.listed(&video);
        assert!(text.ends_with("#EXT-X-ENDLIST\n"), "{text}");
        segments(&video, &text)
    }
}
