//! Take a verdict about malware in a source: what is clean is packaged, what holds malware fails and is removed, and what
//! was not scanned fails and may be tried again.
//!
//! Verdicts come at least once and in any order, before an upload is completed or long after, and of objects that are not
//! there any more. So one counts only if it is of just the object that is there; and a threat is never taken back.

use std::sync::Arc;

use super::process_upload::{self, Deps, Outcome, Retry, arrived, clear_failed, own, scribe};
use super::scribe::Scribe;
use crate::asset::{Asset, AssetState};
use crate::audit::Event;
use crate::ports::{Scans, Stored};
use crate::scan::{Finding, Scan, SourceVersion, Threats, Unscanned, infected};

/// A parsed verdict.
#[derive(Debug, Clone)]
pub struct Command {
    /// Which asset's source it is about, and of the delivery.
    pub delivery: process_upload::Command,
    /// Which object it is about.
    pub about: SourceVersion,
    /// What was found.
    pub finding: Finding,
}

/// Takes the verdict, and packages the film if that is what it waited for. Where none is waited for it is nothing.
///
/// # Errors
/// [`Retry`]: deliver the verdict again.
pub async fn run(deps: &Deps, command: Command) -> Result<Outcome, Retry> {
    let Some(scans) = &deps.scans else {
        return Ok(Outcome::Nothing);
    };
    let Some(asset) = own(deps, &command.delivery).await? else {
        return Ok(Outcome::Nothing);
    };
    let head = deps.uploads.head(&asset.announced).await?;
    if !head.is_some_and(|head| command.about.is(&head)) {
        return Ok(Outcome::Nothing);
    }
    let Command {
        delivery,
        about,
        finding,
    } = command;
    let scribe = scribe(deps, &delivery);
    let judge = Judge {
        deps,
        scans,
        scribe: &scribe,
        about,
    };
    match finding {
        Finding::Clean => {
            judge.noted(&asset, true, None).await?;
            drop(judge);
            process_upload::run(deps, delivery).await
        }
        Finding::Threat(threats) => judge.infected(asset, &threats).await,
        Finding::Unscanned(why) => judge.unscanned(asset, why).await,
    }
}

struct Judge<'a> {
    deps: &'a Deps,
    scans: &'a Arc<dyn Scans>,
    scribe: &'a Scribe<'a>,
    about: SourceVersion,
}

impl Judge<'_> {
    async fn noted(&self, asset: &Asset, clean: bool, threats: Option<&Threats>) -> Stored<()> {
        let record = self.scribe.asset(Event::AssetScanned, asset.id())?;
        let record = record.with("verdict", if clean { "clean" } else { "threat" });
        let mut record = record.with("version", self.about.version());
        if let Some(threats) = threats {
            record = record.with("threats", threats.as_str());
        }
        let scan = Scan {
            of: self.about.clone(),
            clean,
        };
        self.scans.judge(asset, &scan, &record).await?;
        Ok(())
    }

    /// A film that plays goes on playing: what is played is what we made of its samples. Its file is gone, unless the law holds it:
    /// then nobody gets it.
    async fn infected(&self, asset: Asset, threats: &Threats) -> Result<Outcome, Retry> {
        let deps = self.deps;
        self.noted(&asset, false, Some(threats)).await?;
        let failure = infected();
        let record = self.scribe.asset(Event::AssetFailed, asset.id())?;
        let record = record.with("code", &failure.code);
        deps.assets
            .fail(asset.id(), None, &failure, &record)
            .await?;
        let Some(current) = deps.assets.get(asset.id()).await? else {
            return Ok(Outcome::Failed);
        };
        if current.state == AssetState::Failed {
            clear_failed(deps, &current).await?;
        }
        if current.keeping.hold.is_none() {
            deps.uploads.delete(&asset.announced).await?;
        }
        Ok(Outcome::Failed)
    }

    /// Fails closed. What was found clean stays so: the scanner may be asked twice.
    async fn unscanned(&self, asset: Asset, why: Unscanned) -> Result<Outcome, Retry> {
        // First of all it has to be what was announced: only that may be tried again.
        let Some(asset) = arrived(self.deps, self.scribe, asset).await? else {
            return Ok(Outcome::Nothing);
        };
        let said = asset.scan.as_ref();
        if said.is_some_and(|scan| scan.clean && scan.of == self.about) {
            return Ok(Outcome::Nothing);
        }
        let failure = why.failure();
        let record = self.scribe.asset(Event::AssetFailed, asset.id())?;
        let record = record.with("code", &failure.code);
        let assets = &self.deps.assets;
        assets.fail(asset.id(), None, &failure, &record).await?;
        Ok(Outcome::Failed)
    }
}
