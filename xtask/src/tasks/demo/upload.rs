//! Uploads: announce, send the parts straight to S3, finalize, wait until it is packaged.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::SendBody;

use super::api::{Api, Reply};
use crate::progress::Step;
use crate::time;

const PARALLEL: usize = 2;
/// Part URLs asked for at once.
const BATCH: u32 = 20;
const PACKAGING_LIMIT: Duration = Duration::from_mins(5);

/// What `POST /v1/uploads` returns.
#[derive(Deserialize)]
pub(super) struct Slot {
    pub(super) asset_id: String,
    pub(super) kind: String,
    pub(super) part_size: u64,
    pub(super) part_count: u32,
    parts: Vec<Part>,
}

#[derive(Clone, Deserialize)]
struct Part {
    number: u32,
    size: u64,
    url: String,
    headers: BTreeMap<String, String>,
}

/// Announces a film.
pub(super) fn announce(api: &Api, access: &str, path: &Path) -> Result<Slot> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mov = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("mov"));
    let wish = json!({
        "filename": name,
        "size": std::fs::metadata(path)?.len(),
        "content_type": if mov { "video/quicktime" } else { "video/mp4" },
        "title": path.file_stem().unwrap_or_default().to_string_lossy(),
    });
    let told = api
        .post("/v1/uploads", Some(access), Some(&wish))?
        .expect(201)?;
    serde_json::from_value(told).context("the upload slot has another form than expected")
}

/// Sends every part by its presigned URL; the list is what finalize wants to hear.
pub(super) fn send(
    api: &Api,
    access: &str,
    slot: &Slot,
    path: &Path,
    step: &Step,
) -> Result<Value> {
    let sender = Sender {
        api,
        access,
        slot,
        path,
        sent: AtomicU64::new(0),
        step,
    };
    let next = Mutex::new(1..=slot.part_count);
    let work = || -> Result<Vec<Value>> {
        let mut sent = Vec::new();
        loop {
            let number = next
                .lock()
                .map_err(|_| anyhow::anyhow!("a sender panicked"))?
                .next();
            let Some(number) = number else {
                return Ok(sent);
            };
            sent.push(json!({ "number": number, "etag": sender.part(number)? }));
        }
    };
    let mut parts = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..PARALLEL).map(|_| scope.spawn(work)).collect();
        let done = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| bail!("a sender panicked")));
        done.collect::<Result<Vec<_>>>()
    })?
    .concat();
    parts.sort_by_key(|part| part["number"].as_u64());
    Ok(json!({ "parts": parts }))
}

struct Sender<'a> {
    api: &'a Api,
    access: &'a str,
    slot: &'a Slot,
    path: &'a Path,
    sent: AtomicU64,
    step: &'a Step,
}

impl Sender<'_> {
    fn part(&self, number: u32) -> Result<String> {
        let part = self.signed(number)?;
        let mut file = File::open(self.path)?;
        file.seek(SeekFrom::Start(u64::from(number - 1) * self.slot.part_size))?;
        let mut body = Counted {
            inner: file.take(part.size),
            sent: &self.sent,
            step: self.step,
            total: self.total()?,
        };
        let mut request = self
            .api
            .agent()
            .put(&part.url)
            .header("content-length", part.size.to_string());
        let own = |name: &str| {
            name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("host")
        };
        for (name, value) in part.headers.iter().filter(|(name, _)| !own(name)) {
            request = request.header(name, value);
        }
        let reply = Reply::read(request.send(SendBody::from_reader(&mut body))?)?;
        if reply.status != 200 {
            bail!("S3 answered part {number} with {}", reply.shown());
        }
        reply.etag.context("S3 gave no ETag")
    }

    fn total(&self) -> Result<u64> {
        Ok(std::fs::metadata(self.path)?.len())
    }

    /// From the announcement, or signed now.
    fn signed(&self, number: u32) -> Result<Part> {
        let find = |parts: &[Part]| parts.iter().find(|part| part.number == number).cloned();
        if let Some(part) = find(&self.slot.parts) {
            return Ok(part);
        }
        let last = number.saturating_add(BATCH - 1).min(self.slot.part_count);
        let wish = json!({ "part_numbers": (number..=last).collect::<Vec<_>>() });
        let path = format!("/v1/uploads/{}/parts", self.slot.asset_id);
        let told = self
            .api
            .post(&path, Some(self.access), Some(&wish))?
            .expect(200)?;
        let slot: Slot = serde_json::from_value(told)
            .context("the signed parts have another form than expected")?;
        find(&slot.parts).with_context(|| format!("part {number} was not signed"))
    }
}

/// Tells the display how far the bytes are.
struct Counted<'a> {
    inner: std::io::Take<File>,
    sent: &'a AtomicU64,
    step: &'a Step,
    total: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let sent = self.sent.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
        self.step.portion(sent, self.total);
        Ok(count)
    }
}

/// Completes and verifies the upload; its state.
pub(super) fn finalize(api: &Api, access: &str, asset: &str, parts: &Value) -> Result<String> {
    let reply = api.post(
        &format!("/v1/uploads/{asset}/finalize"),
        Some(access),
        Some(parts),
    )?;
    // 200 when the packager was faster than this request.
    let expected = if reply.status == 200 { 200 } else { 202 };
    super::api::text(&reply.expect(expected)?, "state")
}

/// Polls until the film is ready; the states that were seen, in order.
pub(super) fn packaged(api: &Api, access: &str, asset: &str, step: &Step) -> Result<Vec<String>> {
    let path = format!("/v1/uploads/{asset}");
    let mut seen: Vec<String> = Vec::new();
    let end = time::poll(PACKAGING_LIMIT, || {
        let told = api.get(&path, access).and_then(|reply| reply.expect(200));
        let told = match told {
            Ok(told) => told,
            Err(error) => return Some(Err(error)),
        };
        let state = told["state"].as_str().unwrap_or_default().to_owned();
        step.note(state.clone());
        if seen.last() != Some(&state) {
            seen.push(state.clone());
        }
        match state.as_str() {
            "ready" => Some(Ok(())),
            "failed" | "withdrawn" => Some(Err(anyhow::anyhow!(
                "{state}: {}",
                told["reason"].as_str().unwrap_or("no reason")
            ))),
            _ => None,
        }
    });
    end.with_context(|| {
        format!(
            "still {} after {} s",
            seen.join(", "),
            PACKAGING_LIMIT.as_secs()
        )
    })??;
    Ok(seen)
}
