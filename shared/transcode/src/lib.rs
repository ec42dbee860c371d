//! The workshop: ffmpeg in a process of its own, over scratch space.
//!
//! The source is untrusted, and ffmpeg a large program in C. So it runs without our environment (no credentials, no
//! configuration), opens nothing but files (`-protocol_whitelist`), reads only containers that refer to no others
//! (`-format_whitelist`), and ends with the run. What comes out is read by our own reader, as an upload is.

mod arguments;
mod probe;
mod program;
mod scratch;

use async_trait::async_trait;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use vault_domain::conversion::{Encoding, Probe, outgrew, took_too_long};
use vault_domain::packaging::PackageFault;
use vault_domain::ports::{Clock, StoreError, Stored, Workshop};
use vault_domain::preview::{self, Made, Peaks, PreviewPlan};
use vault_domain::time::Timestamp;

use program::{End, Program};
use scratch::Scratch;

/// The workshop of this process.
pub struct FfmpegWorkshop {
    program: Program,
    scratch: Scratch,
    clock: Arc<dyn Clock>,
    complaint: Mutex<Option<String>>,
}

impl FfmpegWorkshop {
    /// With ffmpeg (5.1 or newer, with libx264) at `program`, and scratch space under `folder`.
    pub fn new(
        program: impl Into<PathBuf>,
        folder: impl Into<PathBuf>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            program: Program::new(program.into()),
            scratch: Scratch::new(folder.into()),
            clock,
            complaint: Mutex::default(),
        }
    }

    fn note(&self, complaint: Option<&str>) {
        // The last lines tell most; a line of a log is no place for all of them.
        let last = complaint.map(|all| {
            let from = all.len().saturating_sub(COMPLAINT);
            String::from_utf8_lossy(&all.as_bytes()[from..]).into_owned()
        });
        *self
            .complaint
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = last;
    }

    fn seconds_until(&self, deadline: Timestamp) -> u64 {
        deadline.0.saturating_sub(self.clock.now().0)
    }
}

/// Nothing that is read here, or damaged beyond reading.
fn unreadable() -> PackageFault {
    PackageFault::new(
        "unreadable_film",
        "The film cannot be read: it is damaged, incomplete, or of a kind that is not known. Export it as an MP4 with H.264 or HEVC video and AAC sound, and upload that.",
    )
}

/// Octets of a complaint that are told.
const COMPLAINT: usize = 400;
/// What ffmpeg says of `ENOSPC`, in the locale of an empty environment.
const NO_ROOM: &str = "No space left on device";

/// Seconds that looking at a source may take.
const PROBE_SECONDS: u64 = 60;

#[async_trait]
impl Workshop for FfmpegWorkshop {
    async fn clear(&self) -> Stored<()> {
        let cleared = self.scratch.clear().await;
        cleared.map_err(|error| StoreError::new("workshop.clear", error))
    }

    async fn bring(&self, octets: &[u8]) -> Stored<()> {
        let brought = self.scratch.append(octets).await;
        brought.map_err(|error| StoreError::new("workshop.bring", error))
    }

    async fn probe(&self) -> Stored<Result<Probe, PackageFault>> {
        const OPERATION: &str = "workshop.probe";
        let folder = self.scratch.folder();
        self.note(None);
        let words = arguments::probe();
        let ended = self.program.run(folder, &words, PROBE_SECONDS);
        match ended
            .await
            .map_err(|error| StoreError::new(OPERATION, error))?
        {
            End::Done(told) => Ok(probe::read(&told).ok_or_else(unreadable)),
            End::Refused(complaint) => {
                self.note(Some(&complaint));
                Ok(Err(unreadable()))
            }
            End::TimedOut => Ok(Err(unreadable())),
        }
    }

    async fn length(&self, deadline: Timestamp) -> Stored<Result<u64, PackageFault>> {
        const OPERATION: &str = "workshop.length";
        let folder = self.scratch.folder();
        let within = self.seconds_until(deadline);
        let words = arguments::measure();
        let ended = self.program.run(folder, &words, within);
        match ended
            .await
            .map_err(|error| StoreError::new(OPERATION, error))?
        {
            End::Done(told) => Ok(probe::seconds(&told).ok_or_else(unreadable)),
            End::Refused(complaint) => {
                self.note(Some(&complaint));
                Ok(Err(unreadable()))
            }
            End::TimedOut => Ok(Err(took_too_long())),
        }
    }

    async fn encode(
        &self,
        encoding: &Encoding,
        deadline: Timestamp,
    ) -> Stored<Result<u64, PackageFault>> {
        const OPERATION: &str = "workshop.encode";
        let folder = self.scratch.folder();
        let within = self.seconds_until(deadline);
        let words = arguments::encode(encoding);
        let ended = self.program.run(folder, &words, within);
        match ended
            .await
            .map_err(|error| StoreError::new(OPERATION, error))?
        {
            End::Done(_) => {
                let size = self.scratch.outcome().await;
                size.map(Ok)
                    .map_err(|error| StoreError::new(OPERATION, error))
            }
            End::Refused(complaint) => {
                self.note(Some(&complaint));
                let full = complaint.contains(NO_ROOM);
                Ok(Err(if full { outgrew() } else { unreadable() }))
            }
            End::TimedOut => Ok(Err(took_too_long())),
        }
    }

    async fn preview(
        &self,
        plan: &PreviewPlan,
        deadline: Timestamp,
    ) -> Stored<Result<Made, PackageFault>> {
        const OPERATION: &str = "workshop.preview";
        let failed = |error| StoreError::new(OPERATION, error);
        let cleared = self.scratch.clear_pictures().await;
        cleared.map_err(failed)?;
        let within = self.seconds_until(deadline);
        let words = arguments::preview(plan);
        let mut peaks = Peaks::default();
        let folder = self.scratch.folder();
        let ended = self
            .program
            .pour(folder, &words, within, |octets| peaks.push(octets));
        match ended.await.map_err(failed)? {
            End::Done(_) => {}
            End::Refused(complaint) => {
                self.note(Some(&complaint));
                return Ok(Err(unreadable()));
            }
            End::TimedOut => return Ok(Err(preview::took_too_long())),
        }
        let (poster, sheets) = match plan.pictures {
            Some(board) => self
                .scratch
                .pictures(board.sheets())
                .await
                .map_err(failed)?,
            None => Default::default(),
        };
        Ok(Ok(Made {
            poster,
            sheets,
            peaks: plan.sound.then_some(peaks),
        }))
    }

    fn complaint(&self) -> Option<String> {
        let complaint = self.complaint.lock();
        complaint.unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn read(&self, offset: u64, len: usize) -> Stored<Vec<u8>> {
        let read = self.scratch.read(offset, len).await;
        read.map_err(|error| StoreError::new("workshop.read", error))
    }
}
