//! Package an uploaded film: claim it, cut and encrypt it as it is read, publish it.

use std::sync::Arc;

use crate::asset::{Asset, AssetState, Failure};
use crate::audit::{Author, Event, Source};
use crate::conversion::ConversionOrder;
use crate::error::Refusal;
use crate::hls::{MAX_PACKAGE_SEGMENTS, MAX_SEGMENTS};
use crate::id::{AssetId, KeyId, OrgId, PackageId};
use crate::packaging::{Iv, PackageFault, PackagePlan, PackagerFactory, Packaging, Step};
use crate::ports::{
    Assets, Change, Charged, Claim, Clock, ContentKeys, Conversions, Entropy, KeyWrap, Manifest,
    MediaWrites, SourceHead, StoreError, Stored, Uploads, Workshop,
};
use crate::quota::Quota;
use crate::secret::ContentKey;
use crate::time::Timestamp;
use crate::usecase::background::Background;
use crate::usecase::finalize_upload;
use crate::usecase::progress::Progress;
use crate::usecase::scribe::Scribe;

/// What packaging needs.
pub struct Deps {
    /// The assets.
    pub assets: Arc<dyn Assets>,
    /// The uploads bucket.
    pub uploads: Arc<dyn Uploads>,
    /// Wrapped content keys.
    pub keys: Arc<dyn ContentKeys>,
    /// The media bucket.
    pub media: Arc<dyn MediaWrites>,
    /// Wraps content keys.
    pub wrap: Arc<dyn KeyWrap>,
    /// Makes packagers.
    pub packager: Arc<dyn PackagerFactory>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// How films are cut and keyed.
    pub plan: PackagePlan,
    /// How much an organisation may use where the operator did not say otherwise.
    pub quota: Quota,
    /// Where conversions are ordered of films that cannot be packaged as they are; without it they fail.
    pub conversions: Option<Arc<dyn Conversions>>,
}

/// A parsed event: an object was created under a source key.
#[derive(Debug, Clone)]
pub struct Command {
    /// The organisation in the key.
    pub org: OrgId,
    /// The asset in the key.
    pub asset: AssetId,
    /// When this run must be over; its lease ends then.
    pub deadline: Timestamp,
    /// No further delivery of this event is to come.
    pub last_try: bool,
    /// Lambda's id of the request.
    pub request: String,
}

/// What a delivery of the event came to. All of them mean: do not deliver it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The film is packaged now.
    Ready,
    /// It cannot be; the asset says why.
    Failed,
    /// It has to be converted first, and that is ordered.
    Ordered,
    /// There was nothing to do: a repeated, late or foreign event.
    Nothing,
}

/// Why this delivery is to be repeated later.
#[derive(Debug, thiserror::Error)]
pub enum Retry {
    /// Another run has the asset.
    #[error("another run is packaging this asset")]
    Busy,
    /// A store did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Packages the film of an event.
///
/// # Errors
/// [`Retry`]: deliver the event again.
pub async fn run(deps: &Deps, command: Command) -> Result<Outcome, Retry> {
    let Some(asset) = own(deps, &command).await? else {
        return Ok(Outcome::Nothing);
    };
    let scribe = scribe(deps, &command);
    let Some(asset) = arrived(deps, &scribe, asset).await? else {
        return Ok(Outcome::Nothing);
    };
    match claimed(deps, &scribe, &asset, &command).await? {
        Err(outcome) => Ok(outcome),
        Ok(run) => {
            let ended = run.all().await;
            run.end(ended, command.last_try).await
        }
    }
}

/// The asset of a delivery, if it is there and the organisation's.
pub(super) async fn own(deps: &Deps, command: &Command) -> Stored<Option<Asset>> {
    let asset = deps.assets.get(command.asset).await?;
    Ok(asset.filter(|a| a.announced.org == command.org))
}

/// Who writes of what a delivery does.
pub(super) fn scribe<'a>(deps: &'a Deps, command: &Command) -> Scribe<'a> {
    Scribe {
        entropy: &*deps.entropy,
        org: command.org,
        clock: &*deps.clock,
        author: Author::System,
        verdict: None,
        source: Source {
            request: command.request.clone(),
            ..Source::default()
        },
    }
}

/// A run that has the asset for itself, or what the delivery came to without one.
pub(super) async fn claimed<'a>(
    deps: &'a Deps,
    scribe: &'a Scribe<'a>,
    asset: &'a Asset,
    command: &Command,
) -> Result<Result<Run<'a>, Outcome>, Retry> {
    let package = PackageId::random(&*deps.entropy)?;
    let record = scribe.asset(Event::AssetProcessing, asset.id())?;
    let lease = (deps.clock.now(), command.deadline);
    let claim = deps.assets.claim(asset.id(), package, lease, &record);
    match claim.await? {
        Claim::Claimed { previous } => Ok(Ok(Run {
            deps,
            scribe,
            asset,
            package,
            previous,
            deadline: command.deadline,
        })),
        Claim::NotClaimed => {
            let current = deps.assets.get(asset.id()).await?;
            let busy = current.is_some_and(|a| a.state == AssetState::Processing);
            if busy {
                Err(Retry::Busy)
            } else {
                Ok(Err(Outcome::Nothing))
            }
        }
    }
}

/// The asset if there is a film to package, whoever noticed first that it arrived.
async fn arrived(deps: &Deps, scribe: &Scribe<'_>, asset: Asset) -> Result<Option<Asset>, Retry> {
    match asset.state {
        AssetState::Uploading => {}
        AssetState::Uploaded | AssetState::Processing => return Ok(Some(asset)),
        AssetState::Ready => return Ok(None),
        AssetState::Failed | AssetState::Withdrawn => {
            // Whoever had it in hand then may have died before it could clean up.
            finalize_upload::discard(&*deps.uploads, &asset).await?;
            for run in &asset.runs {
                remove(deps, asset.id(), *run).await?;
            }
            return Ok(None);
        }
    }
    match finalize_upload::settle((&*deps.assets, &*deps.uploads), scribe, asset).await {
        Ok(asset) => Ok(Some(asset)),
        Err(Refusal::Unavailable(error)) => Err(error.into()),
        // Nothing there any more, or not what was announced: the asset says so.
        Err(_) => Ok(None),
    }
}

/// Keys first: without them the segments are noise.
async fn remove(deps: &Deps, asset: AssetId, package: PackageId) -> Stored<()> {
    deps.keys.delete_package(asset, package).await?;
    deps.media.delete_package(asset, package).await
}

pub(super) struct Run<'a> {
    pub(super) deps: &'a Deps,
    scribe: &'a Scribe<'a>,
    pub(super) asset: &'a Asset,
    package: PackageId,
    /// Dead runs whose segments and keys are still to be removed.
    previous: Vec<PackageId>,
    pub(super) deadline: Timestamp,
}

/// Where the octets of a film are.
#[derive(Clone, Copy)]
pub(super) enum Film<'a> {
    /// In the uploads bucket.
    Uploaded(&'a SourceHead),
    /// In the workshop, so many of them.
    Converted(&'a dyn Workshop, u64),
}

/// What a run of the machine came to.
enum Packaged {
    Whole(Manifest),
    Fault(PackageFault),
}

impl Run<'_> {
    async fn all(&self) -> Result<Outcome, Retry> {
        let Some(head) = self.source().await? else {
            return self.source_gone().await;
        };
        match self.machine(Film::Uploaded(&head)).await? {
            Packaged::Fault(fault) if fault.is_convertible() => match &self.deps.conversions {
                Some(conversions) => self.ordered(&**conversions).await,
                None => self.failed(&fault).await,
            },
            packaged => self.settled(packaged).await,
        }
    }

    /// Packages a film that was converted.
    pub(super) async fn converted(&self, film: Film<'_>) -> Result<Outcome, Retry> {
        let packaged = self.machine(film).await?;
        self.settled(packaged).await
    }

    async fn settled(&self, packaged: Packaged) -> Result<Outcome, Retry> {
        match packaged {
            Packaged::Fault(fault) => self.failed(&fault).await,
            Packaged::Whole(manifest) => self.publish(&manifest).await,
        }
    }

    /// The source as it is, once what dead runs left is removed.
    pub(super) async fn source(&self) -> Stored<Option<SourceHead>> {
        self.bury_previous().await?;
        self.deps.uploads.head(&self.asset.announced).await
    }

    /// There is none any more.
    pub(super) async fn source_gone(&self) -> Result<Outcome, Retry> {
        let gone = PackageFault::new("source_gone", "the uploaded film is not there any more");
        self.failed(&gone).await
    }

    /// Hands the asset on to the function that converts, and nothing of this run with it.
    async fn ordered(&self, conversions: &dyn Conversions) -> Result<Outcome, Retry> {
        let asset = self.asset.id();
        remove(self.deps, asset, self.package).await?;
        // The lease before the order: an order that finds it held waits for as long as a run may take.
        if self.deps.assets.release(asset, self.package).await? == Change::NotApplied {
            return self.overtaken().await;
        }
        let order = ConversionOrder::Film {
            org: self.asset.announced.org,
            asset,
        };
        conversions.order(&order).await?;
        Ok(Outcome::Ordered)
    }

    /// What the delivery came to: without storage a last try fails the film, and another lets go of it.
    pub(super) async fn end(
        &self,
        ended: Result<Outcome, Retry>,
        last_try: bool,
    ) -> Result<Outcome, Retry> {
        match ended {
            Err(Retry::Store(_)) if last_try => {
                let gave_up = PackageFault::new(
                    "gave_up",
                    "storage was not available at every try; upload the film again later",
                );
                self.failed(&gave_up).await
            }
            Err(Retry::Store(error)) => {
                // Best effort: without it the next delivery waits for the lease to end.
                let assets = &self.deps.assets;
                let _ = assets.release(self.asset.id(), self.package).await;
                Err(error.into())
            }
            ended => ended,
        }
    }

    /// Runs the machine. Whatever it comes to, no write is under way any more: what is removed
    /// afterwards stays removed.
    async fn machine(&self, film: Film<'_>) -> Stored<Packaged> {
        let mut writes = Background::default();
        let packaged = self.steps(film, &mut writes).await;
        let written = writes.finish().await;
        match packaged? {
            Packaged::Whole(manifest) => written.map(|()| Packaged::Whole(manifest)),
            fault @ Packaged::Fault(_) => Ok(fault),
        }
    }

    async fn steps<'s>(&'s self, film: Film<'_>, writes: &mut Background<'s>) -> Stored<Packaged> {
        let mut machine = self.deps.packager.start(film.size(), self.deps.plan);
        let mut keys = Keys {
            run: self,
            ids: Vec::new(),
            current: None,
        };
        let mut segments = 0;
        let mut progress = Progress::of(film.size());
        loop {
            if self.deps.clock.now() >= self.deadline {
                return Ok(Packaged::Fault(PackageFault::new(
                    "too_long",
                    "packaging took longer than one run may take; cut the film into parts",
                )));
            }
            match machine.step() {
                Err(fault) => return Ok(Packaged::Fault(fault)),
                Ok(Step::Read { offset, len }) => {
                    let read = self.read(film, offset, len);
                    machine.source(&writes.beside(read).await?);
                    if let Some(percent) = progress.read(len) {
                        writes.begin(Box::pin(self.tell(percent))).await?;
                    }
                }
                Ok(Step::NeedKey { period, .. }) => {
                    writes.beside(keys.begin(&mut *machine, period)).await?;
                }
                Ok(Step::Segment(segment))
                    if segment.number >= MAX_SEGMENTS || segments >= MAX_PACKAGE_SEGMENTS =>
                {
                    return Ok(Packaged::Fault(too_many_segments()));
                }
                Ok(Step::Segment(segment)) => {
                    segments += 1;
                    let (asset, place) = (self.asset.id(), (segment.stream, segment.number));
                    let media = &self.deps.media;
                    let put = media.put_segment(asset, self.package, place, segment.ciphertext);
                    writes.begin(put).await?;
                }
                Ok(Step::Done(presentation)) => {
                    let keys = keys.ids.iter().map(ToString::to_string).collect();
                    return Ok(Packaged::Whole(Manifest { presentation, keys }));
                }
            }
        }
    }

    pub(super) async fn read(&self, film: Film<'_>, offset: u64, len: usize) -> Stored<Vec<u8>> {
        let new = &self.asset.announced;
        match film {
            Film::Uploaded(head) => {
                let uploads = &self.deps.uploads;
                uploads.read(new, &head.etag, offset, len).await
            }
            Film::Converted(workshop, _) => workshop.read(offset, len).await,
        }
    }

    /// Tells how far the film is. It is for those who wait: lost or refused, it stops nothing.
    async fn tell(&self, percent: u8) -> Stored<()> {
        let assets = &self.deps.assets;
        let _ = assets
            .progress(self.asset.id(), self.package, percent)
            .await;
        Ok(())
    }

    async fn publish(&self, manifest: &Manifest) -> Result<Outcome, Retry> {
        let (deps, asset) = (self.deps, self.asset.id());
        deps.media
            .put_manifest(asset, self.package, manifest)
            .await?;
        let record = self.scribe.asset(Event::AssetReady, asset)?;
        let record = record.with("package", self.package);
        let film = (manifest.presentation.seconds(), &deps.quota);
        let published = deps.assets.publish(asset, self.package, film, &record);
        match published.await? {
            Charged::Applied => Ok(Outcome::Ready),
            Charged::NotApplied => self.overtaken().await,
            Charged::OverQuota(exceeded) => {
                let full = PackageFault::new(
                    "quota_exceeded",
                    format!(
                        "There is no room for the film: {exceeded}. Have films erased, or the quota raised, and upload it again."
                    ),
                );
                self.failed(&full).await
            }
        }
    }

    pub(super) async fn failed(&self, fault: &PackageFault) -> Result<Outcome, Retry> {
        let failure = Failure {
            code: fault.code.to_owned(),
            reason: fault.reason.clone(),
        };
        let (asset, package) = (self.asset.id(), Some(self.package));
        // The state first: a publication whose reply was lost stands, and a repeat removes what is left.
        let record = self.scribe.asset(Event::AssetFailed, asset)?;
        let record = record.with("code", &failure.code);
        let assets = &self.deps.assets;
        if assets.fail(asset, package, &failure, &record).await? == Change::NotApplied {
            return self.overtaken().await;
        }
        self.bury_previous().await?;
        remove(self.deps, asset, self.package).await?;
        let failed = Asset {
            failure: Some(failure),
            ..self.asset.clone()
        };
        finalize_upload::discard(&*self.deps.uploads, &failed).await?;
        Ok(Outcome::Failed)
    }

    /// The asset is not in this run's hands any more: it is settled already, withdrawn, or another run's.
    async fn overtaken(&self) -> Result<Outcome, Retry> {
        let current = self.deps.assets.get(self.asset.id()).await?;
        let ours = current
            .as_ref()
            .is_some_and(|a| a.package == Some(self.package));
        let state = current.map(|a| a.state);
        if ours && state == Some(AssetState::Ready) {
            return Ok(Outcome::Ready);
        }
        // Nobody will ever play this run's package.
        remove(self.deps, self.asset.id(), self.package).await?;
        match state {
            Some(AssetState::Failed) if ours => Ok(Outcome::Failed),
            // The event belongs to the run that has the asset now; should that one die, it must come again.
            Some(AssetState::Processing) => Err(Retry::Busy),
            _ => Ok(Outcome::Nothing),
        }
    }

    async fn bury_previous(&self) -> Stored<()> {
        for dead in &self.previous {
            remove(self.deps, self.asset.id(), *dead).await?;
        }
        Ok(())
    }
}

impl Film<'_> {
    const fn size(self) -> u64 {
        match self {
            Self::Uploaded(head) => head.size,
            Self::Converted(_, size) => size,
        }
    }
}

fn too_many_segments() -> PackageFault {
    PackageFault::new(
        "film_too_long",
        format!(
            "The film would become more than {MAX_SEGMENTS} segments, or with all its sounds and subtitles more than {MAX_PACKAGE_SEGMENTS}, more than playlists can hold. Upload it in parts, or have the operator choose longer segments."
        ),
    )
}

/// The content keys of a run, one a period; only the current one is in memory.
struct Keys<'a> {
    run: &'a Run<'a>,
    ids: Vec<KeyId>,
    current: Option<ContentKey>,
}

impl Keys<'_> {
    /// Answers the machine, storing a fresh wrapped key first when a period begins.
    async fn begin(&mut self, machine: &mut dyn Packaging, period: u32) -> Stored<()> {
        let deps = self.run.deps;
        let key = match self.current.take() {
            Some(key) if usize::try_from(period) == Ok(self.ids.len().saturating_sub(1)) => key,
            _ => self.fresh().await?,
        };
        let mut iv = [0; 16];
        deps.entropy.fill(&mut iv)?;
        machine.begin_segment(&key, Iv(iv));
        self.current = Some(key);
        Ok(())
    }

    async fn fresh(&mut self) -> Stored<ContentKey> {
        let Run {
            deps,
            asset,
            package,
            ..
        } = self.run;
        let id = KeyId::random(&*deps.entropy)?;
        let mut octets = [0; 16];
        deps.entropy.fill(&mut octets)?;
        let mut nonce = [0; 12];
        deps.entropy.fill(&mut nonce)?;
        let key = ContentKey::new(octets);
        deps.keys
            .put(&deps.wrap.wrap(&key, asset.id(), id, *package, nonce)?)
            .await?;
        self.ids.push(id);
        Ok(key)
    }
}
