//! Code a variant of a film that is ready: its source anew at a lower rate, cut where the film is cut, under the film's keys.
//!
//! The film plays all the while. A run takes the variant for itself; what it wrote is seen only once the ladder says so.

use super::convert_film::{Deps, brought};
use super::machine::{Film, Machine, Packaged};
use super::plan_ladder::ready;
use super::process_upload::{Outcome, Retry};
use crate::asset::{Failure, rendition_key};
use crate::conversion::{Encoding, too_large, took_too_long};
use crate::id::{AssetId, OrgId, PackageId};
use crate::ladder::{self, Coded, Variant, VariantId, VariantState};
use crate::packaging::PackageFault;
use crate::ports::{Change, Manifest, SourceHead, Stored};
use crate::time::Timestamp;

/// Octets that are kept in a second at least: a fifth of what S3 takes from a function of this size.
const KEPT_A_SECOND: u64 = 20_000_000;

/// A parsed order.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// The organisation in the order.
    pub org: OrgId,
    /// The asset.
    pub asset: AssetId,
    /// The package that it is a variant of.
    pub package: PackageId,
    /// Of how many lines.
    pub lines: u16,
    /// When this run must be over; its lease ends then.
    pub deadline: Timestamp,
    /// No further delivery of this order is to come.
    pub last_try: bool,
}

/// A variant in a run's hands.
struct Run<'a> {
    deps: &'a Deps,
    command: &'a Command,
    /// Its random name.
    name: PackageId,
    id: VariantId,
}

/// Codes and packages the variant of an order.
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
                "Storage was not available at every try. Ask for the ladder again later.",
            );
            run.failed(&gave_up).await
        }
        Err(error) => {
            // Best effort: without it the next delivery waits for the lease to end.
            let _ = run.settle(&VariantState::Waiting).await;
            Err(error.into())
        }
        Ok(Err(fault)) => run.failed(&fault).await,
        Ok(Ok(coded)) => run.ready(coded).await,
    }
}

/// The variant, if it is to be coded and nobody else has it; what earlier tries left is gone.
async fn claimed<'a>(deps: &'a Deps, command: &'a Command) -> Result<Option<Run<'a>>, Retry> {
    let id = PackageId::random(&*deps.process.entropy)?;
    let lease = (deps.process.clock.now(), command.deadline);
    let lines = command.lines;
    let step = |ladder: Option<&[_]>| ladder::claimed(ladder, lines, id, lease);
    let claim = deps
        .ladders
        .change(command.asset, command.package, &step, None);
    let applied = claim.await? == Change::Applied;
    let Some(variant) = current(deps, command).await? else {
        return Ok(None);
    };
    let run = Run {
        deps,
        command,
        name: id,
        id: variant.id,
    };
    let ours = match variant.state {
        VariantState::Coding { run, .. } if applied && run == id => true,
        VariantState::Coding { .. } => return Err(Retry::Busy),
        // Whoever found that out may have died before it could clean up.
        VariantState::Failed(_) => false,
        VariantState::Waiting | VariantState::Ready(_) => return Ok(None),
    };
    for attempt in 1..=variant.id.attempt {
        if !(ours && attempt == variant.id.attempt) {
            run.remove(VariantId { lines, attempt }).await?;
        }
    }
    Ok(ours.then_some(run))
}

/// The variant as it is.
async fn current(deps: &Deps, command: &Command) -> Stored<Option<Variant>> {
    let asset = ready(deps, command.org, command.asset).await?;
    let asset = asset.filter(|(_, package)| *package == command.package);
    let mut variants = asset
        .and_then(|(asset, _)| asset.ladder)
        .into_iter()
        .flatten();
    Ok(variants.find(|variant| variant.id.lines == command.lines))
}

impl Run<'_> {
    async fn all(&self) -> Stored<Result<Coded, PackageFault>> {
        let (command, process) = (self.command, &self.deps.process);
        let gone = || {
            Ok(Err(PackageFault::new(
                "source_gone",
                "the film is not there any more",
            )))
        };
        let Some((asset, package)) = ready(self.deps, command.org, command.asset).await? else {
            return gone();
        };
        let film = self.deps.manifests.manifest(command.asset, package, None);
        let (film, head) = (film.await?, process.uploads.head(&asset.announced).await?);
        // Of a film that plays already nothing need have been said.
        let clears = |head: &SourceHead| asset.scan.as_ref().is_none_or(|scan| scan.clears(head));
        let head = head.filter(clears);
        let Some((film, head)) = film.zip(head) else {
            return gone();
        };
        let machine = Machine {
            deps: process,
            asset: &asset,
            package,
            deadline: command.deadline,
            variant: Some((self.id, &film)),
        };
        let (size, whole) = match self.encoded(&machine, &film, &head).await? {
            Ok(encoded) => encoded,
            Err(fault) => return Ok(Err(fault)),
        };
        match machine
            .run(Film::Converted(&*self.deps.workshop, size))
            .await?
        {
            Packaged::Fault(fault) => Ok(Err(fault)),
            Packaged::Whole(manifest) => {
                let put = process
                    .media
                    .put_manifest(command.asset, package, &manifest);
                put.await?;
                let coded = Coded::of(&manifest.presentation, &film.presentation);
                let octets = self.kept(size, whole).await?;
                Ok(Ok(Coded { octets, ..coded }))
            }
        }
    }

    /// Keeps the variant as a file to download, where such are kept and there is time for it; its octets. A variant that
    /// plays does not fail for the want of its file.
    async fn kept(&self, size: u64, whole: bool) -> Stored<Option<u64>> {
        let (deps, key) = (self.deps, self.file_key(self.id));
        let until = deps.process.clock.now().plus(1 + size / KEPT_A_SECOND);
        if !whole || until >= self.command.deadline {
            return Ok(None);
        }
        match deps.files.keep(&key, &*deps.workshop, size).await {
            Ok(()) => Ok(Some(size)),
            Err(_) if self.command.last_try => {
                deps.files.discard(&key).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn file_key(&self, id: VariantId) -> String {
        let command = self.command;
        rendition_key((command.org, command.asset), command.package, id)
    }

    /// The octets of the variant, in the workshop; and whether that has all that a file to download has.
    async fn encoded(
        &self,
        machine: &Machine<'_>,
        film: &Manifest,
        head: &SourceHead,
    ) -> Stored<Result<(u64, bool), PackageFault>> {
        let (workshop, most) = (&*self.deps.workshop, self.deps.max_source);
        if head.size > most {
            return Ok(Err(too_large(most)));
        }
        if !brought(workshop, machine, head).await? {
            return Ok(Err(took_too_long()));
        }
        let probe = match workshop.probe().await? {
            Ok(probe) => probe,
            Err(fault) => return Ok(Err(fault)),
        };
        let (lines, until) = (self.command.lines, machine.deadline);
        let keep = self.deps.keep_files;
        let encoding = match Encoding::variant(&probe, film, (lines, keep)) {
            Ok(encoding) => encoding,
            Err(fault) => return Ok(Err(fault)),
        };
        let encoded = workshop.encode(&encoding, until).await?;
        if encoded.is_err()
            && let Ok(pictures) = Encoding::variant(&probe, film, (lines, false))
            && pictures != encoding
        {
            // A sound that only the file would have had may be what is damaged.
            let encoded = workshop.encode(&pictures, until).await?;
            return Ok(encoded.map(|size| (size, false)));
        }
        Ok(encoded.map(|size| (size, keep)))
    }

    async fn ready(&self, coded: Coded) -> Result<Outcome, Retry> {
        if self.settle(&VariantState::Ready(coded)).await? == Change::Applied {
            return Ok(Outcome::Ready);
        }
        self.overtaken().await
    }

    async fn failed(&self, fault: &PackageFault) -> Result<Outcome, Retry> {
        let failure = Failure {
            code: fault.code.to_owned(),
            reason: fault.reason.clone(),
        };
        if self.settle(&VariantState::Failed(failure)).await? == Change::NotApplied {
            return self.overtaken().await;
        }
        self.remove(self.id).await?;
        Ok(Outcome::Failed)
    }

    /// The variant is another run's, or the asset plays no more: nobody will ever play what this run wrote.
    async fn overtaken(&self) -> Result<Outcome, Retry> {
        self.remove(self.id).await?;
        Ok(Outcome::Nothing)
    }

    async fn settle(&self, state: &VariantState) -> Stored<Change> {
        let Command {
            asset,
            package,
            lines,
            ..
        } = *self.command;
        let step = |ladder: Option<&[_]>| ladder::settled(ladder, lines, self.name, state);
        self.deps.ladders.change(asset, package, &step, None).await
    }

    async fn remove(&self, id: VariantId) -> Stored<()> {
        let Command { asset, package, .. } = *self.command;
        let media = &self.deps.process.media;
        media.delete_variant(asset, package, id).await?;
        self.deps.files.discard(&self.file_key(id)).await
    }
}
