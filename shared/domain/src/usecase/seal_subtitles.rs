//! Seal subtitles that were brought: cut where the film is cut, under the film's keys, and listed in one write. And remove
//! what nobody has any more.
//!
//! An order names a text, and says nothing of what is to be done: that stands on the asset. What is written of a text is the
//! same octets each time, so that no run needs it for itself; a run that comes too late removes what it wrote, and if it
//! dies before that its order comes again.

use std::sync::Arc;

use futures_util::future::join_all;

use super::process_upload::{Deps as Packaging, Outcome, Retry};
use crate::asset::{Asset, AssetState, Failure, text_key};
use crate::id::{AssetId, OrgId, PackageId, TextId};
use crate::packaging::{Guide, Iv, PackageFault, Presentation, Rates, SegmentInfo, Stream};
use crate::ports::{
    Change, Hashing, Manifest, MediaReads, StoreError, Stored, SubtitlesChanges, TextFiles,
};
use crate::secret::ContentKey;
use crate::subtitles::text::stored;
use crate::subtitles::{Part, Sheet, Subtitles, cut};
use crate::time::Timestamp;

/// Segments that are stored at a time.
const BESIDE: usize = 8;
/// What an IV is derived from beside the text and the number of the segment.
const IV_LABEL: &[u8] = b"reelvault subtitles 1";

/// What sealing needs.
pub struct Deps<'a> {
    /// Assets, keys, the media bucket, and the cipher.
    pub packaging: &'a Packaging,
    /// What the film was packaged as.
    pub manifests: Arc<dyn MediaReads>,
    /// The subtitles of assets.
    pub subtitles: Arc<dyn SubtitlesChanges>,
    /// Where texts are until they are sealed.
    pub files: Arc<dyn TextFiles>,
    /// Derives IVs.
    pub hashing: Arc<dyn Hashing>,
}

/// A parsed order.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// The organisation in the order.
    pub org: OrgId,
    /// The asset.
    pub asset: AssetId,
    /// The text.
    pub text: TextId,
    /// When this run must be over.
    pub deadline: Timestamp,
    /// No further delivery of this order is to come.
    pub last_try: bool,
}

/// Brings a text to where its asset says that it is.
///
/// # Errors
/// [`Retry`]: deliver the order again.
pub async fn run(deps: &Deps<'_>, command: Command) -> Result<Outcome, Retry> {
    let run = Run { deps, command };
    let Some(asset) = run.asset().await?.filter(changes) else {
        return Ok(Outcome::Nothing);
    };
    // First what nobody may have any more. What cannot be removed now holds up no other text: the order comes again.
    let swept = run.sweep(&asset).await;
    let outcome = run.brought(&asset).await?;
    swept?;
    Ok(outcome)
}

/// Of what is deleted or withdrawn nothing changes until it is erased, with all that is beside it.
fn changes(asset: &Asset) -> bool {
    asset.keeping.presence.is_kept() && asset.state != AssetState::Withdrawn
}

struct Run<'a> {
    deps: &'a Deps<'a>,
    command: Command,
}

impl Run<'_> {
    /// The text of the order.
    async fn brought(&self, asset: &Asset) -> Result<Outcome, Retry> {
        let (deps, text) = (self.deps, self.command.text);
        match asset.subtitles.part(text, deps.packaging.clock.now()) {
            Part::Wanted => {}
            Part::Listed | Part::Replaced => {
                // Whoever sealed it may have died before it could clean up.
                deps.files.forget(&self.key()).await?;
                return Ok(Outcome::Nothing);
            }
            Part::Failed | Part::None => {
                self.remove(asset, text).await?;
                return Ok(Outcome::Nothing);
            }
        }
        let Some(package) = asset.package.filter(|package| asset.plays(*package)) else {
            // Whoever publishes the film orders it again.
            return Ok(Outcome::Nothing);
        };
        match self.rated(package).await {
            // Another run has sealed it meanwhile, or whoever brings it has yet to store it, and orders it then.
            Ok(None) => Ok(Outcome::Nothing),
            Ok(Some(Ok(rates))) => self.settle(asset, rates).await,
            Ok(Some(Err(fault))) => self.fail(asset, &fault).await,
            Err(_) if self.command.last_try => {
                let gave_up = PackageFault::new(
                    "gave_up",
                    "Storage was not available at every try. Bring the subtitles again later.",
                );
                self.fail(asset, &gave_up).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What the text takes of a connection, once it is sealed; none if it is not there.
    async fn rated(&self, package: PackageId) -> Stored<Option<Result<Rates, PackageFault>>> {
        match self.deps.files.fetch(&self.key()).await? {
            Some(text) => self.sealed(package, &text).await.map(Some),
            None => Ok(None),
        }
    }

    /// The asset as it is, if it is there and the organisation's.
    async fn asset(&self) -> Stored<Option<Asset>> {
        let asset = self.deps.packaging.assets.get(self.command.asset).await?;
        Ok(asset.filter(|asset| asset.announced.org == self.command.org))
    }

    fn key_of(&self, text: TextId) -> String {
        text_key((self.command.org, self.command.asset), text)
    }

    fn key(&self) -> String {
        self.key_of(self.command.text)
    }

    /// Removes all of a text: first what it can be read from. What is held stays until nobody holds it any more.
    async fn remove(&self, asset: &Asset, text: TextId) -> Stored<()> {
        if asset.keeping.hold.is_some() {
            return Ok(());
        }
        self.deps.files.forget(&self.key_of(text)).await?;
        match asset.package {
            Some(package) => {
                let media = &self.deps.packaging.media;
                media.delete_text(self.command.asset, package, text).await
            }
            None => Ok(()),
        }
    }

    /// Removes what is to be removed of any text of the asset.
    async fn sweep(&self, asset: &Asset) -> Stored<()> {
        let due = asset.subtitles.due(self.deps.packaging.clock.now());
        // What is held stays on record as well.
        if due.is_empty() || asset.keeping.hold.is_some() {
            return Ok(());
        }
        for text in &due {
            self.remove(asset, *text).await?;
        }
        let step = |subtitles: &Subtitles| subtitles.cleared(&due);
        self.change(&step).await.map(|_| ())
    }

    async fn change(
        &self,
        step: &(dyn Fn(&Subtitles) -> Option<Subtitles> + Sync),
    ) -> Stored<Change> {
        let subtitles = &self.deps.subtitles;
        subtitles.change(self.command.asset, step, None).await
    }

    async fn settle(&self, asset: &Asset, rates: Rates) -> Result<Outcome, Retry> {
        let (text, now) = (self.command.text, self.deps.packaging.clock.now());
        let step = |subtitles: &Subtitles| subtitles.settled(text, rates, now);
        if self.change(&step).await? == Change::Applied {
            self.deps.files.forget(&self.key()).await?;
            return Ok(Outcome::Ready);
        }
        self.overtaken(asset).await
    }

    async fn fail(&self, asset: &Asset, fault: &PackageFault) -> Result<Outcome, Retry> {
        let failure = Failure {
            code: fault.code.to_owned(),
            reason: fault.reason.clone(),
        };
        let text = self.command.text;
        let step = |subtitles: &Subtitles| subtitles.failed(text, &failure);
        if self.change(&step).await? == Change::NotApplied {
            return self.overtaken(asset).await;
        }
        self.remove(asset, text).await?;
        Ok(Outcome::Failed)
    }

    /// Another run was first, or the text is not wanted any more: what this one wrote is of no use.
    async fn overtaken(&self, seen: &Asset) -> Result<Outcome, Retry> {
        let (text, now) = (self.command.text, self.deps.packaging.clock.now());
        let asset = self.asset().await?;
        if asset.as_ref().is_some_and(|asset| !changes(asset)) {
            // Had back, it has what it had; erased, nothing of it is left.
            return Ok(Outcome::Nothing);
        }
        let part = asset.map_or(Part::None, |asset| asset.subtitles.part(text, now));
        if matches!(part, Part::Failed | Part::None) {
            self.remove(seen, text).await?;
        }
        Ok(Outcome::Nothing)
    }

    /// Writes it, and tells what it takes of a connection.
    async fn sealed(&self, package: PackageId, text: &[u8]) -> Stored<Result<Rates, PackageFault>> {
        let (deps, command) = (self.deps, &self.command);
        let film = deps.manifests.manifest(command.asset, package, None);
        let film = film.await?;
        let missing = || StoreError::new("media.manifest", "of what plays there is none");
        let film = film.ok_or_else(missing)?;
        let Some(guide) = Guide::of(&film.presentation) else {
            return Ok(Err(PackageFault::new(
                "packaged_before",
                "The film was packaged before subtitles could be cut where it is cut. Upload it again.",
            )));
        };
        let cues = stored(text).map_err(|fault| StoreError::new("texts.read", fault))?;
        let cut = match cut(cues, &guide) {
            Ok(cut) => cut,
            Err(fault) => return Ok(Err(fault)),
        };
        let zero = deps.packaging.packager.zero(guide.timing);
        let mut sealing = Sealing {
            run: self,
            package,
            film: &film,
            key: None,
            segments: Vec::new(),
        };
        let mut some = Vec::with_capacity(BESIDE);
        for sheet in cut.sheets(zero) {
            some.push(sealing.seal(sheet).await?);
            if some.len() == BESIDE {
                sealing.put(&mut some).await?;
            }
        }
        sealing.put(&mut some).await?;
        sealing.told().await.map(Ok)
    }

    fn iv(&self, number: u32) -> Iv {
        let parts = [IV_LABEL, self.command.text.octets(), &number.to_be_bytes()];
        let digest = self.deps.hashing.sha256(&parts.concat());
        let (iv, _) = digest.0.split_at(16);
        Iv(iv.try_into().unwrap_or_default())
    }
}

struct Sealing<'a> {
    run: &'a Run<'a>,
    package: PackageId,
    film: &'a Manifest,
    key: Option<(u32, ContentKey)>,
    segments: Vec<SegmentInfo>,
}

impl Sealing<'_> {
    async fn seal(&mut self, sheet: Sheet) -> Stored<(u32, Vec<u8>)> {
        const OPERATION: &str = "texts.seal";
        let at = self.segments.len();
        let film = self.film.presentation.segments.get(at);
        let film = film.ok_or_else(|| StoreError::new(OPERATION, "more segments than the film"))?;
        let deps = self.run.deps;
        let key = match self.key.take() {
            Some((period, key)) if period == film.period => key,
            _ => self.known(film.period).await?,
        };
        let iv = self.run.iv(sheet.number);
        let sealed = deps.packaging.packager.seal(sheet.text, &key, iv);
        let sealed = sealed.map_err(|fault| StoreError::new(OPERATION, fault))?;
        self.key = Some((film.period, key));
        self.segments.push(SegmentInfo {
            bytes: sealed.len() as u64,
            iv,
            ..*film
        });
        Ok((sheet.number, sealed))
    }

    /// The film's key of a period.
    async fn known(&self, period: u32) -> Stored<ContentKey> {
        let (packaging, asset) = (self.run.deps.packaging, self.run.command.asset);
        super::machine::film_key(packaging, (asset, self.package), self.film, period).await
    }

    /// Stores some, and waits for all of them: no write is under way afterwards, whatever became of it.
    async fn put(&self, some: &mut Vec<(u32, Vec<u8>)>) -> Stored<()> {
        let command = &self.run.command;
        let packaging = self.run.deps.packaging;
        if packaging.clock.now() >= command.deadline {
            return Err(StoreError::new("texts.put", "the run took too long"));
        }
        let puts = some.drain(..).map(|(number, sealed)| {
            let place = (Stream::Text(command.text), number);
            packaging
                .media
                .put_segment(command.asset, self.package, place, sealed)
        });
        let all = join_all(puts).await;
        all.into_iter().collect()
    }

    /// Stores what playlists need of it.
    async fn told(self) -> Stored<Rates> {
        let command = &self.run.command;
        let film = &self.film.presentation;
        let target = film.streams().flat_map(|(_, segments)| segments);
        let target = target.map(|segment| segment.ticks).max().unwrap_or(1);
        let own = Rates::of(&self.segments, target);
        let manifest = Manifest {
            presentation: Presentation {
                codecs: Vec::new(),
                resolution: (0, 0),
                frame_rate: 0.0,
                peak_bandwidth: own.peak,
                average_bandwidth: own.average,
                segments: self.segments,
                timing: film.timing,
                video_range: None,
                renditions: Vec::new(),
            },
            keys: self.film.keys.clone(),
            converted: self.film.converted,
            variant: None,
        };
        let put = self.run.deps.packaging.media.put_text(
            command.asset,
            self.package,
            command.text,
            &manifest,
        );
        put.await?;
        // The film counts the largest of its own subtitles already.
        let counted = film.renditions.iter().filter(|own| own.is_text());
        let counted = counted.map(|own| Rates::of(&own.segments, target));
        let counted = counted.fold(Rates::default(), Rates::most);
        Ok(Rates {
            peak: own.peak.saturating_sub(counted.peak),
            average: own.average.saturating_sub(counted.average),
        })
    }
}
