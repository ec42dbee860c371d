//! Make the previews of a film that is ready: from its source, in one run of the workshop, sealed under a key of their own.
//!
//! The film plays all the while. A run takes them for itself; what it wrote is seen only once the asset says so.

use super::convert_film::{Deps, brought};
use super::machine::Machine;
use super::plan_ladder::ready;
use super::process_upload::{Outcome, Retry, remove};
use crate::asset::{Asset, Failure};
use crate::conversion::Probe;
use crate::id::{AssetId, KeyId, OrgId, PackageId};
use crate::packaging::PackageFault;
use crate::ports::{Change, Manifest, PreviewPlace, SourceHead, Stored};
use crate::preview::{self, Board, Files, Made, PreviewPlan, PreviewSet, PreviewState, Previews};
use crate::secret::ContentKey;
use crate::time::Timestamp;

/// A parsed order.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// The organisation in the order.
    pub org: OrgId,
    /// The asset.
    pub asset: AssetId,
    /// When this run must be over; its lease ends then.
    pub deadline: Timestamp,
    /// No further delivery of this order is to come.
    pub last_try: bool,
}

/// Previews in a run's hands.
struct Run<'a> {
    deps: &'a Deps,
    command: &'a Command,
    /// Of which package of the film.
    package: PackageId,
    /// Its random name, which all that it writes carries.
    name: PackageId,
}

/// Makes the previews of an order.
///
/// # Errors
/// [`Retry`]: deliver the order again.
pub async fn run(deps: &Deps, command: Command) -> Result<Outcome, Retry> {
    let Some(run) = claimed(deps, &command).await? else {
        return Ok(Outcome::Nothing);
    };
    let ended = run.all().await;
    // Best effort: whoever comes next clears first.
    let _ = deps.workshop.clear().await;
    match ended {
        Err(_) if command.last_try => {
            let gave_up = PackageFault::new(
                "gave_up",
                "Storage was not available at every try. Ask for the previews again later.",
            );
            run.failed(&gave_up).await
        }
        Err(error) => {
            // Best effort: without it the next delivery waits for the lease to end.
            let _ = run.settle(&PreviewState::Waiting).await;
            Err(error.into())
        }
        Ok(Err(fault)) => run.failed(&fault).await,
        Ok(Ok(set)) => run.ready(set).await,
    }
}

/// The previews, if they are to be made and nobody else has them; what earlier runs left is gone.
async fn claimed<'a>(deps: &'a Deps, command: &'a Command) -> Result<Option<Run<'a>>, Retry> {
    let Some((_, package)) = ready(deps, command.org, command.asset).await? else {
        return Ok(None);
    };
    let name = PackageId::random(&*deps.process.entropy)?;
    let run = Run {
        deps,
        command,
        package,
        name,
    };
    let lease = (deps.process.clock.now(), command.deadline);
    let step = |seen: Option<&Previews>| preview::claimed(seen, name, lease);
    let change = deps.previews.change(command.asset, package, &step, None);
    let applied = change.await? == Change::Applied;
    let current = ready(deps, command.org, command.asset).await?;
    let Some(seen) = current.and_then(|(asset, _)| asset.previews) else {
        return Ok(None);
    };
    let ours = match seen.state {
        PreviewState::Making { run, .. } if applied && run == name => true,
        PreviewState::Making { .. } => return Err(Retry::Busy),
        // Whoever found that out, or was overtaken, may have died before it could clean up.
        PreviewState::Failed(_) | PreviewState::Ready(_) => false,
        PreviewState::Waiting => return Ok(None),
    };
    for dead in seen.runs.iter().filter(|own| **own != name) {
        run.remove(*dead).await?;
    }
    Ok(ours.then_some(run))
}

impl Run<'_> {
    async fn all(&self) -> Stored<Result<PreviewSet, PackageFault>> {
        let (command, process) = (self.command, &self.deps.process);
        let found = ready(self.deps, command.org, command.asset).await?;
        let Some((asset, package)) = found.filter(|(_, package)| *package == self.package) else {
            return Ok(Err(gone()));
        };
        let manifests = &self.deps.manifests;
        let film = manifests.manifest(command.asset, package, None).await?;
        let head = process.uploads.head(&asset.announced).await?;
        // Of a film that plays already nothing need have been said.
        let clears = |head: &SourceHead| asset.scan.as_ref().is_none_or(|scan| scan.clears(head));
        let Some((film, head)) = film.zip(head.filter(clears)) else {
            return Ok(Err(gone()));
        };
        let (plan, made) = match self.made(&asset, &film, &head).await? {
            Ok(made) => made,
            Err(fault) => return Ok(Err(fault)),
        };
        if process.clock.now() >= command.deadline {
            // Another run may have them by now, and have cleared already.
            return Ok(Err(preview::took_too_long()));
        }
        let key = KeyId::random(&*process.entropy)?;
        match preview::checked(&plan, made, (self.name, key)) {
            Ok((set, files)) => self.keep(key, files).await.map(|()| Ok(set)),
            Err(fault) => Ok(Err(fault)),
        }
    }

    /// What the workshop makes of the source, unchecked.
    async fn made(
        &self,
        asset: &Asset,
        film: &Manifest,
        head: &SourceHead,
    ) -> Stored<Result<(PreviewPlan, Made), PackageFault>> {
        let (workshop, most) = (&*self.deps.workshop, self.deps.max_source);
        let machine = Machine {
            deps: &self.deps.process,
            asset,
            package: self.package,
            deadline: self.command.deadline,
            variant: None,
        };
        if head.size > most {
            return Ok(Err(too_large(most)));
        }
        if !brought(workshop, &machine, head).await? {
            return Ok(Err(preview::took_too_long()));
        }
        let mut plan = match workshop.probe().await? {
            Ok(probe) => planned(&probe, film),
            Err(fault) => return Ok(Err(fault)),
        };
        loop {
            let until = self.until(&plan);
            let fault = match workshop.preview(&plan, until).await? {
                Ok(made) => return Ok(Ok((plan, made))),
                Err(fault) => fault,
            };
            let Some(instead) = plan.instead(&fault) else {
                return Ok(Err(fault));
            };
            plan = instead;
        }
    }

    /// Until when the workshop may try: where it could hurry afterwards, half of the time is kept for that.
    fn until(&self, plan: &PreviewPlan) -> Timestamp {
        let (now, deadline) = (self.deps.process.clock.now(), self.command.deadline);
        if plan.may_hurry() {
            now.plus(deadline.0.saturating_sub(now.0) / 2)
        } else {
            deadline
        }
    }

    /// Stores the files, under a key that is stored first.
    async fn keep(&self, id: KeyId, files: Files) -> Stored<()> {
        let (process, asset) = (&self.deps.process, self.command.asset);
        let mut octets = [0; 16];
        process.entropy.fill(&mut octets)?;
        let key = ContentKey::new(octets);
        let nonce = self.nonce()?;
        let wrapped = process.wrap.wrap(&key, asset, id, self.name, nonce)?;
        process.keys.put(&wrapped).await?;
        let run = self.name;
        for (name, octets) in files {
            let place = PreviewPlace { asset, run, name };
            let sealed = self.deps.seal.seal(&key, place, self.nonce()?, octets)?;
            let put = self
                .deps
                .preview_files
                .put_preview(asset, run, name, sealed);
            put.await?;
        }
        Ok(())
    }

    fn nonce(&self) -> Stored<[u8; 12]> {
        let mut nonce = [0; 12];
        self.deps.process.entropy.fill(&mut nonce)?;
        Ok(nonce)
    }

    async fn ready(&self, set: PreviewSet) -> Result<Outcome, Retry> {
        if self.settle(&PreviewState::Ready(set)).await? == Change::Applied {
            return Ok(Outcome::Ready);
        }
        self.overtaken().await
    }

    async fn failed(&self, fault: &PackageFault) -> Result<Outcome, Retry> {
        let failure = Failure {
            code: fault.code.to_owned(),
            reason: fault.reason.clone(),
        };
        if self.settle(&PreviewState::Failed(failure)).await? == Change::NotApplied {
            return self.overtaken().await;
        }
        self.remove(self.name).await?;
        Ok(Outcome::Failed)
    }

    /// They are another run's, or the asset plays no more: nobody will ever see what this run wrote.
    async fn overtaken(&self) -> Result<Outcome, Retry> {
        self.remove(self.name).await?;
        Ok(Outcome::Nothing)
    }

    async fn settle(&self, state: &PreviewState) -> Stored<Change> {
        let step = |seen: Option<&Previews>| preview::settled(seen, self.name, state);
        let previews = &self.deps.previews;
        let change = previews.change(self.command.asset, self.package, &step, None);
        change.await
    }

    async fn remove(&self, run: PackageId) -> Stored<()> {
        remove(&self.deps.process, self.command.asset, run).await
    }
}

/// What is to be made, by what the source is and what the film became.
fn planned(probe: &Probe, manifest: &Manifest) -> PreviewPlan {
    let film = &manifest.presentation;
    let ticks = || film.segments.iter().map(|segment| segment.ticks);
    let length_ms = ticks().fold(0, u64::saturating_add) / TICKS_PER_MS;
    let shows = probe.pictures.is_some() && film.resolution != (0, 0);
    let board = shows.then(|| Board::of(length_ms));
    // Each segment begins with a key frame: one of the source, unless the film was converted.
    let apart = ticks().max().filter(|_| !manifest.converted);
    let dense = |board: Board| apart.is_some_and(|apart| board.by_key_frames(apart / TICKS_PER_MS));
    PreviewPlan {
        pictures: board,
        key_frames: board.is_some_and(dense),
        sound: !probe.sounds.is_empty(),
    }
}

/// Of 90 kHz.
const TICKS_PER_MS: u64 = 90;

fn gone() -> PackageFault {
    PackageFault::new(Failure::SOURCE_GONE, "the film is not there any more")
}

fn too_large(most: u64) -> PackageFault {
    PackageFault::new(
        "too_large_to_preview",
        format!(
            "Previews are made only of films of up to {} MB. The film plays without them.",
            most / 1_000_000
        ),
    )
}
