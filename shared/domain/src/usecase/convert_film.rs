//! Convert a film that cannot be packaged as it was uploaded, and package what comes out: a run like that of
//! [`process_upload`], with a workshop in the middle.

use std::sync::Arc;

use super::machine::{Film, Machine};
use super::process_upload::{self, Run, claimed, order_rest, own, scribe, wait};
use crate::asset::AssetState;
use crate::conversion::{Encoding, Probe, too_large, took_too_long};
use crate::packaging::{Extent, PackageFault};
use crate::ports::{
    Conversions, Ladders, MediaReads, RenditionFiles, SourceHead, Stored, Workshop,
};

pub use super::process_upload::{Command, Outcome, Retry};

/// Octets that are brought into the workshop at a time.
const PIECE: u64 = 8 << 20;

/// What converting needs.
pub struct Deps {
    /// What packaging needs; a film that was converted is converted no second time.
    pub process: process_upload::Deps,
    /// Where films are encoded.
    pub workshop: Arc<dyn Workshop>,
    /// Octets of the largest source that is converted.
    pub max_source: u64,
    /// What films were packaged as, for their variants.
    pub manifests: Arc<dyn MediaReads>,
    /// The variants.
    pub ladders: Arc<dyn Ladders>,
    /// Where variants are ordered.
    pub orders: Arc<dyn Conversions>,
    /// Files of variants to download.
    pub files: Arc<dyn RenditionFiles>,
    /// Is each variant kept as such a file?
    pub keep_files: bool,
}

/// Converts and packages the film of an order.
///
/// # Errors
/// [`Retry`]: deliver the order again.
pub async fn run(deps: &Deps, command: Command) -> Result<Outcome, Retry> {
    let process = &deps.process;
    let asset = own(process, &command).await?;
    if let Some(ready) = asset.as_ref().filter(|a| a.state == AssetState::Ready) {
        // Whoever published it may have died before it could ask for the ladder.
        order_rest(process, ready.id(), command.org).await?;
    }
    let awaits = |state| matches!(state, AssetState::Uploaded | AssetState::Processing);
    let Some(asset) = asset.filter(|a| awaits(a.state)) else {
        return Ok(Outcome::Nothing);
    };
    if process.awaits_verdict(&asset) {
        // Ordered before the scan was switched on: the verdict orders it again, and the wait has an end.
        return wait(process, &asset).await;
    }
    let scribe = scribe(process, &command);
    match claimed(process, &scribe, &asset, &command).await? {
        Err(outcome) => Ok(outcome),
        Ok(run) => {
            let ended = all(deps, &run).await;
            // Best effort: whoever comes next clears first.
            let _ = deps.workshop.clear().await;
            run.end(ended, command.last_try).await
        }
    }
}

async fn all(deps: &Deps, run: &Run<'_>) -> Result<Outcome, Retry> {
    let Some(head) = run.source().await? else {
        return run.source_gone().await;
    };
    match encoded(deps, run, &head).await? {
        Ok(size) => run.converted(Film::Converted(&*deps.workshop, size)).await,
        Err(fault) => run.failed(&fault).await,
    }
}

/// The octets of the converted film, in the workshop.
async fn encoded(
    deps: &Deps,
    run: &Run<'_>,
    head: &SourceHead,
) -> Stored<Result<u64, PackageFault>> {
    if head.size > deps.max_source {
        return Ok(Err(too_large(deps.max_source)));
    }
    if !brought(&*deps.workshop, &run.machine, head).await? {
        return Ok(Err(took_too_long()));
    }
    let probe = match deps.workshop.probe().await? {
        Ok(probe) => probe,
        Err(fault) => return Ok(Err(fault)),
    };
    let encoding = match Encoding::whole(&probe, deps.process.plan.segment_ms) {
        Ok(encoding) => encoding,
        Err(fault) => return Ok(Err(fault)),
    };
    match admitted(deps, run, &probe).await? {
        Ok(()) => deps.workshop.encode(&encoding, run.machine.deadline).await,
        Err(fault) => Ok(Err(fault)),
    }
}

/// May it be so large and so long? What cannot come in is not encoded first. What is cheap to know is asked first.
async fn admitted(deps: &Deps, run: &Run<'_>, probe: &Probe) -> Stored<Result<(), PackageFault>> {
    let of = |seconds| Extent {
        seconds,
        resolution: probe.pictures.unwrap_or_default(),
    };
    let limits = run.machine.limits().await?;
    if let Err(fault) = limits.admit(&of(0)) {
        return Ok(Err(fault));
    }
    let length = deps.workshop.length(run.machine.deadline).await?;
    Ok(length.and_then(|seconds| limits.admit(&of(seconds))))
}

/// Brings the source into the workshop; not if time is up before.
pub(super) async fn brought(
    workshop: &dyn Workshop,
    machine: &Machine<'_>,
    head: &SourceHead,
) -> Stored<bool> {
    workshop.clear().await?;
    let mut offset = 0;
    while offset < head.size {
        if machine.deps.clock.now() >= machine.deadline {
            return Ok(false);
        }
        let len = PIECE.min(head.size - offset);
        let piece = usize::try_from(len).unwrap_or(usize::MAX);
        let octets = machine.read(Film::Uploaded(head), offset, piece).await?;
        workshop.bring(&octets).await?;
        offset += len;
    }
    Ok(true)
}
