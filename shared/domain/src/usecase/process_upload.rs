//! Package an uploaded film: claim it, cut and encrypt it as it is read, publish it.

use std::sync::Arc;

use crate::asset::{Asset, AssetState, Failure};
use crate::audit::{Author, Event, Source};
use crate::conversion::ConversionOrder;
use crate::deletion::Due;
use crate::error::Refusal;
use crate::id::{AssetId, OrgId, PackageId};
use crate::packaging::{PackageFault, PackagePlan, PackagerFactory, PackagingOrder};
use crate::ports::{
    Assets, Change, Charged, Claim, Clock, ContentKeys, Conversions, Entropy, KeyWrap, Manifest,
    MediaWrites, Packagings, Scans, SourceHead, StoreError, Stored, Uploads, Usages,
};
use crate::quota::Quota;
use crate::scan::{Scan, VERDICT_WITHIN};
use crate::time::Timestamp;
use crate::usecase::finalize_upload;
use crate::usecase::machine::{Film, Machine, Packaged};
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
    /// What organisations use, and what the operator set for them.
    pub usages: Arc<dyn Usages>,
    /// How much an organisation may use where the operator did not say otherwise.
    pub quota: Quota,
    /// Where conversions are ordered of films that cannot be packaged as they are; without it they fail.
    pub conversions: Option<Arc<dyn Conversions>>,
    /// Where the ladder of each film is ordered once it is packaged; none where films get none unasked.
    pub ladder: Option<Arc<dyn Conversions>>,
    /// Where its previews are; none where films get none unasked.
    pub previews: Option<Arc<dyn Conversions>>,
    /// Where it is ordered to seal subtitles that were brought before their film could be watched.
    pub texts: Arc<dyn Packagings>,
    /// Where verdicts about malware are noted; without it no film waits for one.
    pub scans: Option<Arc<dyn Scans>>,
}

impl Deps {
    /// Is a verdict about malware in the source still to come?
    pub(super) fn awaits_verdict(&self, asset: &Asset) -> bool {
        self.scans.is_some() && asset.scan.is_none()
    }

    /// May this be read of the asset's source? What was said of it was said of one object, and holds for no other.
    fn admits(&self, asset: &Asset, head: &SourceHead) -> bool {
        let clears = |scan: &Scan| scan.clears(head);
        let said = asset.scan.as_ref().map(clears);
        said.unwrap_or(self.scans.is_none())
    }
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
    /// It waits for a verdict about malware.
    Awaited,
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
    if deps.awaits_verdict(&asset) {
        return wait(deps, &asset).await;
    }
    match claimed(deps, &scribe, &asset, &command).await? {
        Err(outcome) => Ok(outcome),
        Ok(run) => {
            let ended = run.all().await;
            run.end(ended, command.last_try).await
        }
    }
}

/// Leaves it as it is: the verdict brings it back here, and a sweep ends it if none ever comes.
pub(super) async fn wait(deps: &Deps, asset: &Asset) -> Result<Outcome, Retry> {
    if let Some(scans) = &deps.scans {
        let whose = (asset.announced.org, asset.id(), asset.reopened);
        let until = deps.clock.now().plus(VERDICT_WITHIN);
        scans.wait(&Due::verdict(whose, until)).await?;
    }
    Ok(Outcome::Awaited)
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
            machine: Machine {
                deps,
                asset,
                package,
                deadline: command.deadline,
                variant: None,
            },
            scribe,
            previous,
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
pub(super) async fn arrived(
    deps: &Deps,
    scribe: &Scribe<'_>,
    asset: Asset,
) -> Result<Option<Asset>, Retry> {
    match asset.state {
        AssetState::Uploading => {}
        AssetState::Uploaded | AssetState::Processing => return Ok(Some(asset)),
        AssetState::Ready => {
            // Whoever published it may have died before it could ask for what belongs beside it.
            order_beside(deps, asset.id(), asset.announced.org).await?;
            return Ok(None);
        }
        AssetState::Failed | AssetState::Withdrawn => {
            // Whoever had it in hand then may have died before it could clean up.
            clear_failed(deps, &asset).await?;
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

/// Removes what the runs of what failed left, and then its bytes, if it failed so that they go and nothing holds them: while they
/// are there a delivery that was cut off is done again.
pub(super) async fn clear_failed(deps: &Deps, asset: &Asset) -> Stored<()> {
    for run in &asset.runs {
        remove(deps, asset.id(), *run).await?;
    }
    if asset.keeping.hold.is_none() {
        finalize_upload::discard(&*deps.uploads, asset).await?;
    }
    Ok(())
}

/// Asks for what comes once a film can be watched: its previews, which are soon made, and its ladder, where films get them;
/// and the subtitles that waited for it. Asked twice they are made once.
pub(super) async fn order_beside(deps: &Deps, asset: AssetId, org: OrgId) -> Stored<()> {
    if let Some(orders) = &deps.previews {
        let order = ConversionOrder::Previews { org, asset };
        orders.order(&order).await?;
    }
    if let Some(orders) = &deps.ladder {
        let order = ConversionOrder::Ladder { org, asset };
        orders.order(&order).await?;
    }
    // As they are now: others may have been brought while it was packaged.
    let Some(now) = deps.assets.get(asset).await? else {
        return Ok(());
    };
    for text in now.subtitles.waiting() {
        let text = Some(text);
        deps.texts
            .order(&PackagingOrder { org, asset, text })
            .await?;
    }
    Ok(())
}

/// Keys first: without them the segments are noise.
pub(super) async fn remove(deps: &Deps, asset: AssetId, package: PackageId) -> Stored<()> {
    deps.keys.delete_package(asset, package).await?;
    deps.media.delete_package(asset, package).await
}

/// A run that has an asset for itself.
pub(super) struct Run<'a> {
    pub(super) machine: Machine<'a>,
    scribe: &'a Scribe<'a>,
    /// Dead runs whose segments and keys are still to be removed.
    previous: Vec<PackageId>,
}

impl Run<'_> {
    async fn all(&self) -> Result<Outcome, Retry> {
        let Some(head) = self.source().await? else {
            return self.source_gone().await;
        };
        match self.machine.run(Film::Uploaded(&head)).await? {
            Packaged::Fault(fault) if fault.is_convertible() => {
                match &self.machine.deps.conversions {
                    Some(conversions) => self.ordered(&**conversions).await,
                    None => self.failed(&fault).await,
                }
            }
            packaged => self.settled(packaged, false).await,
        }
    }

    /// Packages a film that was converted.
    pub(super) async fn converted(&self, film: Film<'_>) -> Result<Outcome, Retry> {
        let packaged = self.machine.run(film).await?;
        self.settled(packaged, true).await
    }

    async fn settled(&self, packaged: Packaged, converted: bool) -> Result<Outcome, Retry> {
        match packaged {
            Packaged::Fault(fault) => self.failed(&fault).await,
            Packaged::Whole(manifest) => {
                let manifest = Manifest {
                    converted,
                    ..manifest
                };
                self.publish(&manifest).await
            }
        }
    }

    /// The source as it is, once what dead runs left is removed; none if it is not the one that was cleared of malware.
    pub(super) async fn source(&self) -> Stored<Option<SourceHead>> {
        self.bury_previous().await?;
        let (deps, asset) = (self.machine.deps, self.machine.asset);
        let head = deps.uploads.head(&asset.announced).await?;
        Ok(head.filter(|head| deps.admits(asset, head)))
    }

    /// There is none any more.
    pub(super) async fn source_gone(&self) -> Result<Outcome, Retry> {
        let gone = PackageFault::new(
            Failure::SOURCE_GONE,
            "the uploaded film is not there any more",
        );
        self.failed(&gone).await
    }

    /// Hands the asset on to the function that converts, and nothing of this run with it.
    async fn ordered(&self, conversions: &dyn Conversions) -> Result<Outcome, Retry> {
        let asset = self.machine.asset.id();
        remove(self.machine.deps, asset, self.machine.package).await?;
        // The lease before the order: an order that finds it held waits for as long as a run may take.
        if self
            .machine
            .deps
            .assets
            .release(asset, self.machine.package)
            .await?
            == Change::NotApplied
        {
            return self.overtaken().await;
        }
        let order = ConversionOrder::Film {
            org: self.machine.asset.announced.org,
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
                let assets = &self.machine.deps.assets;
                let _ = assets
                    .release(self.machine.asset.id(), self.machine.package)
                    .await;
                Err(error.into())
            }
            ended => ended,
        }
    }

    async fn publish(&self, manifest: &Manifest) -> Result<Outcome, Retry> {
        let (deps, asset) = (self.machine.deps, self.machine.asset.id());
        deps.media
            .put_manifest(asset, self.machine.package, manifest)
            .await?;
        let record = self.scribe.asset(Event::AssetReady, asset)?;
        let record = record.with("package", self.machine.package);
        let film = (manifest.presentation.seconds(), &deps.quota);
        let published = deps
            .assets
            .publish(asset, self.machine.package, film, &record);
        match published.await? {
            Charged::Applied => {
                order_beside(deps, asset, self.machine.asset.announced.org).await?;
                Ok(Outcome::Ready)
            }
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
        let (asset, package) = (self.machine.asset.id(), Some(self.machine.package));
        // The state first: a publication whose reply was lost stands, and a repeat removes what is left.
        let record = self.scribe.asset(Event::AssetFailed, asset)?;
        let record = record.with("code", &failure.code);
        let assets = &self.machine.deps.assets;
        if assets.fail(asset, package, &failure, &record).await? == Change::NotApplied {
            return self.overtaken().await;
        }
        self.bury_previous().await?;
        remove(self.machine.deps, asset, self.machine.package).await?;
        let failed = Asset {
            failure: Some(failure),
            ..self.machine.asset.clone()
        };
        finalize_upload::discard(&*self.machine.deps.uploads, &failed).await?;
        Ok(Outcome::Failed)
    }

    /// The asset is not in this run's hands any more: it is settled already, withdrawn, or another run's.
    async fn overtaken(&self) -> Result<Outcome, Retry> {
        let current = self
            .machine
            .deps
            .assets
            .get(self.machine.asset.id())
            .await?;
        let ours = current
            .as_ref()
            .is_some_and(|a| a.package == Some(self.machine.package));
        let state = current.map(|a| a.state);
        if ours && state == Some(AssetState::Ready) {
            return Ok(Outcome::Ready);
        }
        // Nobody will ever play this run's package.
        remove(
            self.machine.deps,
            self.machine.asset.id(),
            self.machine.package,
        )
        .await?;
        match state {
            Some(AssetState::Failed) if ours => Ok(Outcome::Failed),
            // The event belongs to the run that has the asset now; should that one die, it must come again.
            Some(AssetState::Processing) => Err(Retry::Busy),
            _ => Ok(Outcome::Nothing),
        }
    }

    async fn bury_previous(&self) -> Stored<()> {
        for dead in &self.previous {
            remove(self.machine.deps, self.machine.asset.id(), *dead).await?;
        }
        Ok(())
    }
}
