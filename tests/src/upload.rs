//! Uploads: announced, sent by their signed URLs, finalized, packaged.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::films::Film;
use crate::http::{Http, Reply, Request};
use crate::people::Person;
use crate::wait;

/// Longer than packaging of a small film takes on a busy machine.
pub const PACKAGING: Duration = Duration::from_mins(2);

/// What `POST /v1/uploads` returns.
#[derive(Debug, Deserialize)]
pub struct Slot {
    /// `ast_…`
    pub asset_id: String,
    /// `single` or `multipart`.
    pub kind: String,
    /// How many parts.
    pub part_count: u32,
    /// Signed parts.
    pub parts: Vec<Part>,
}

/// A signed part.
#[derive(Debug, Clone, Deserialize)]
pub struct Part {
    /// From 1.
    pub number: u32,
    /// Octets.
    pub size: u64,
    /// Where to.
    pub url: String,
    /// To be sent as they are.
    pub headers: BTreeMap<String, String>,
}

impl Part {
    /// The client's PUT, of whatever octets.
    pub fn put(&self, octets: &[u8]) -> Reply {
        let request = self
            .headers
            .iter()
            .fold(Request::new("PUT", &self.url), |request, (name, value)| {
                request.header(name, value)
            });
        Http::default().send(&request.octets(octets.to_vec()))
    }
}

/// The announcement of octets, without a checksum.
pub fn announcement(octets: usize) -> Value {
    json!({ "filename": "film.mp4", "size": octets, "content_type": "video/mp4", "title": "A film" })
}

/// The same with the SHA-256 of the octets that are to come.
pub fn with_checksum(octets: usize, of: &[u8]) -> Value {
    use vault_domain::ports::Hashing as _;
    let digest = vault_crypto::entropy::Sha256.sha256(of).0;
    let mut wish = announcement(octets);
    wish["checksum"] = json!({ "algorithm": "sha256", "value": STANDARD.encode(digest) });
    wish
}

impl Person {
    /// Announces.
    pub fn announce(&self, wish: &Value) -> Slot {
        let told = self
            .api
            .post("/v1/uploads", Some(&self.access), wish)
            .expect(201);
        serde_json::from_value(told.json()).expect("a slot")
    }

    /// Announces and sends these octets, and does not finalize. The parts, as finalize takes them.
    pub fn send(&self, octets: &[u8]) -> (String, Value) {
        let slot = self.announce(&announcement(octets.len()));
        let mut rest = octets;
        let mut sent = Vec::new();
        for part in &slot.parts {
            let (own, behind) = rest.split_at(usize::try_from(part.size).expect("a size"));
            let stored = part.put(own).expect(200);
            sent.push(
                json!({ "number": part.number, "etag": stored.header("etag").expect("an ETag") }),
            );
            rest = behind;
        }
        assert!(rest.is_empty(), "every octet has its part");
        (slot.asset_id, json!({ "parts": sent }))
    }

    /// Uploads and finalizes; the asset.
    pub fn upload(&self, octets: &[u8]) -> String {
        let (asset, parts) = self.send(octets);
        let path = format!("/v1/uploads/{asset}/finalize");
        let told = self.api.post(&path, Some(&self.access), &parts);
        assert!(
            matches!(told.status, 200 | 202),
            "{} {}",
            told.status,
            told.text()
        );
        asset
    }

    /// Finalizes without naming parts: S3's own list serves.
    pub fn finish(&self, asset: &str) {
        let told = self.api.finalize(&self.access, asset);
        // 200 when the packager was faster than this request.
        assert!(
            matches!(told.status, 200 | 202),
            "{} {}",
            told.status,
            told.text()
        );
    }

    /// Waits for the end of an asset's packaging; its status then.
    pub fn settled(&self, asset: &str) -> Value {
        wait::until(&format!("the packaging of {asset}"), PACKAGING, || {
            let status = self.api.status(&self.access, asset).expect(200).json();
            matches!(
                status["state"].as_str(),
                Some("ready" | "failed" | "withdrawn")
            )
            .then_some(status)
        })
    }

    /// Uploads a film that can be packaged, and waits until it is.
    pub fn ready(&self, film: Film) -> String {
        let asset = self.upload(&film.octets());
        let status = self.settled(&asset);
        assert_eq!(status["state"], "ready", "{status}");
        asset
    }

    /// Asks for the ladder of a film, and waits until all of it is settled: the asset as it is then.
    pub fn laddered(&self, asset: &str) -> Value {
        let path = format!("/v1/assets/{asset}/ladder");
        self.api.post_nothing(&path, &self.access).expect(202);
        let show = format!("/v1/assets/{asset}");
        wait::until("the ladder", PACKAGING, || {
            let shown = self.api.get(&show, &self.access).expect(200).json();
            let variants = shown["variants"].as_array()?;
            let settled = |of: &Value| matches!(of["stage"].as_str(), Some("ready" | "failed"));
            (!variants.is_empty() && variants.iter().all(settled)).then(|| shown.clone())
        })
    }

    /// Asks for the previews of a film, and waits until they are settled: what the asset tells of them then.
    pub fn previewed(&self, asset: &str) -> Value {
        let path = format!("/v1/assets/{asset}/previews");
        self.api.post_nothing(&path, &self.access).expect(202);
        let show = format!("/v1/assets/{asset}");
        wait::until("the previews", PACKAGING, || {
            let shown = self.api.get(&show, &self.access).expect(200).json();
            let previews = shown["previews"].clone();
            let settled = matches!(previews["stage"].as_str(), Some("ready" | "failed"));
            settled.then_some(previews)
        })
    }

    /// Uploads what cannot be packaged; the code that it fails with.
    pub fn failing(&self, octets: &[u8]) -> String {
        let status = self.settled(&self.upload(octets));
        assert_eq!(status["state"], "failed", "{status}");
        let reason = status["reason"].as_str().unwrap_or_default();
        assert!(
            reason.len() > 20 && reason.contains(' '),
            "no sentence for a person: {reason:?}"
        );
        status["code"].as_str().unwrap_or_default().to_owned()
    }
}
