//! An open view: its playlists, taken apart.

use anyhow::{Context as _, Result, bail};

use super::api::{Api, text};

/// A playback session and what its playlists name.
pub(super) struct View {
    pub(super) asset: String,
    pub(super) playlist: String,
    pub(super) ticket: String,
    /// Signed URLs, in order.
    pub(super) segments: Vec<String>,
    /// URLs with the ticket, in order, each once.
    pub(super) keys: Vec<String>,
    pub(super) seconds: f64,
}

impl View {
    /// Spends one view of a media token and reads both playlists.
    pub(super) fn open(api: &Api, media_token: &str, asset: &str) -> Result<Self> {
        let told = api.open(media_token, asset)?.expect(201)?;
        Self::read(api, asset, text(&told, "playlist_url")?)
    }

    fn read(api: &Api, asset: &str, playlist: String) -> Result<Self> {
        let ticket = playlist
            .rsplit('/')
            .nth(1)
            .context("the playlist's URL holds no ticket")?
            .to_owned();
        let master = lines(api, &playlist)?;
        let name = master
            .iter()
            .find(|line| !line.starts_with('#'))
            .context("the master playlist is empty")?;
        let video = resolve(&playlist, name);
        let mut view = Self {
            asset: asset.to_owned(),
            playlist,
            ticket,
            segments: Vec::new(),
            keys: Vec::new(),
            seconds: 0.0,
        };
        for line in lines(api, &video)? {
            if let Some(duration) = line.strip_prefix("#EXTINF:") {
                view.seconds += duration
                    .trim_end_matches(',')
                    .parse::<f64>()
                    .context("EXTINF is not a number")?;
            } else if line.starts_with("#EXT-X-KEY:") {
                view.key(&video, &line)?;
            } else if !line.starts_with('#') && !line.is_empty() {
                view.segments.push(resolve(&video, &line));
            }
        }
        if view.segments.is_empty() || view.keys.is_empty() {
            bail!(
                "the playlist has {} segments and {} keys",
                view.segments.len(),
                view.keys.len()
            );
        }
        Ok(view)
    }

    fn key(&mut self, video: &str, line: &str) -> Result<()> {
        if !line.contains("METHOD=AES-128") {
            bail!("a segment is not encrypted with AES-128");
        }
        let uri = line
            .split_once("URI=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .context("a key without a URI")?
            .0;
        let url = resolve(video, uri);
        if self.keys.last() != Some(&url) {
            self.keys.push(url);
        }
        Ok(())
    }

    /// The first segment's signed URL.
    pub(super) fn segment(&self) -> &str {
        &self.segments[0]
    }

    /// The first key's URL, without the ticket.
    pub(super) fn key_path(&self) -> &str {
        self.keys[0].split('?').next().unwrap_or_default()
    }

    pub(super) fn key_with(&self, ticket: &str) -> String {
        format!("{}?token={ticket}", self.key_path())
    }
}

fn lines(api: &Api, url: &str) -> Result<Vec<String>> {
    let reply = api.fetch(url)?;
    if reply.status != 200 {
        bail!("the playlist was answered with {}", reply.shown());
    }
    Ok(reply.text().lines().map(str::to_owned).collect())
}

/// RFC 3986 §5.2, as far as playlists go.
fn resolve(base: &str, reference: &str) -> String {
    if reference.contains("://") {
        return reference.to_owned();
    }
    let mut folder = base.rsplit_once('/').map_or(base, |(folder, _)| folder);
    let mut rest = reference;
    while let Some(up) = rest.strip_prefix("../") {
        folder = folder.rsplit_once('/').map_or(folder, |(parent, _)| parent);
        rest = up;
    }
    format!("{folder}/{rest}")
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn references_resolve_against_the_playlist() {
        let base = "http://h:1/v1/playback/T/master.m3u8";
        assert_eq!(
            resolve(base, "video.m3u8"),
            "http://h:1/v1/playback/T/video.m3u8"
        );
        assert_eq!(
            resolve(base, "../../keys/a/b?token=T"),
            "http://h:1/v1/keys/a/b?token=T"
        );
        assert_eq!(resolve(base, "http://cdn/x.ts"), "http://cdn/x.ts");
    }
}
