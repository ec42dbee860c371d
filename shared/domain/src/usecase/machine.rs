//! One run of a packager over a film, or over a variant of one: what it reads, the keys that it is given, where its segments
//! go.

use super::background::Background;
use super::process_upload::Deps;
use super::progress::Progress;
use crate::asset::Asset;
use crate::hls::{MAX_PACKAGE_SEGMENTS, MAX_SEGMENTS};
use crate::id::{AssetId, KeyId, PackageId};
use crate::ladder::VariantId;
use crate::packaging::{Extent, Guide, Iv, PackageFault, Packaging, Step, Stream};
use crate::ports::{Manifest, SourceHead, StoreError, Stored, Workshop};
use crate::quota::FilmLimits;
use crate::secret::ContentKey;
use crate::time::Timestamp;

/// What it works on, and until when.
pub(super) struct Machine<'a> {
    pub(super) deps: &'a Deps,
    pub(super) asset: &'a Asset,
    pub(super) package: PackageId,
    pub(super) deadline: Timestamp,
    /// The variant that it makes, and of which film: it is cut as the film is, under the film's keys.
    pub(super) variant: Option<(VariantId, &'a Manifest)>,
}

/// Where the octets of a film are.
#[derive(Clone, Copy)]
pub(super) enum Film<'a> {
    /// In the uploads bucket.
    Uploaded(&'a SourceHead),
    /// In the workshop, so many of them.
    Converted(&'a dyn Workshop, u64),
}

/// What a run came to.
pub(super) enum Packaged {
    Whole(Manifest),
    Fault(PackageFault),
}

impl Machine<'_> {
    /// Runs. Whatever it comes to, no write is under way any more: what is removed afterwards stays removed.
    pub(super) async fn run(&self, film: Film<'_>) -> Stored<Packaged> {
        let mut writes = Background::default();
        let packaged = self.steps(film, &mut writes).await;
        let written = writes.finish().await;
        match packaged? {
            Packaged::Whole(manifest) => written.map(|()| Packaged::Whole(manifest)),
            fault @ Packaged::Fault(_) => Ok(fault),
        }
    }

    fn packager(&self, size: u64) -> Result<Box<dyn Packaging>, PackageFault> {
        let packager = &self.deps.packager;
        match self.variant {
            None => Ok(packager.start(size, self.deps.plan)),
            Some((_, film)) => match Guide::of(&film.presentation) {
                Some(guide) => Ok(packager.follow(size, guide)),
                None => Err(PackageFault::new(
                    "packaged_before",
                    "The film was packaged before variants could be cut where it is cut. Upload it again.",
                )),
            },
        }
    }

    async fn steps<'s>(&'s self, film: Film<'_>, writes: &mut Background<'s>) -> Stored<Packaged> {
        let mut machine = match self.packager(film.size()) {
            Ok(machine) => machine,
            Err(fault) => return Ok(Packaged::Fault(fault)),
        };
        let limits = self.limits().await?;
        let mut keys = Keys {
            machine: self,
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
                    // Before the first key and the first segment: what is too much costs neither.
                    if let Some(Err(fault)) = machine.extent().map(|film| limits.admit(&film)) {
                        return Ok(Packaged::Fault(fault));
                    }
                    writes.beside(keys.begin(&mut *machine, period)).await?;
                }
                Ok(Step::Segment(segment))
                    if segment.number >= MAX_SEGMENTS || segments >= MAX_PACKAGE_SEGMENTS =>
                {
                    return Ok(Packaged::Fault(too_many_segments()));
                }
                Ok(Step::Segment(segment)) => {
                    segments += 1;
                    let stream = self.stream(segment.stream);
                    let (asset, place) = (self.asset.id(), (stream, segment.number));
                    let media = &self.deps.media;
                    let put = media.put_segment(asset, self.package, place, segment.ciphertext);
                    writes.begin(put).await?;
                }
                Ok(Step::Done(presentation)) => {
                    // What came out decides, whatever the index said.
                    if let Err(fault) = limits.admit(&presentation.extent()) {
                        return Ok(Packaged::Fault(fault));
                    }
                    return Ok(Packaged::Whole(Manifest {
                        presentation,
                        keys: keys.told(),
                        converted: false,
                        variant: self.variant.map(|(id, _)| id),
                    }));
                }
            }
        }
    }

    /// How large the film may be, by what the operator set; a variant is as large as its film allows.
    pub(super) async fn limits(&self) -> Stored<Limits> {
        if self.variant.is_some() {
            return Ok(Limits(None));
        }
        let tally = self.deps.usages.tally(self.asset.announced.org).await?;
        Ok(Limits(Some(tally.own.over(&self.deps.quota).film)))
    }

    fn own(&self) -> (AssetId, PackageId) {
        (self.asset.id(), self.package)
    }

    /// What a stream of the packager is of the package.
    fn stream(&self, own: Stream) -> Stream {
        match self.variant {
            Some((id, _)) => Stream::Variant(id),
            None => own,
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

    /// Tells how far the film is. It is for those who wait: lost or refused, it stops nothing. A variant is waited for by
    /// nobody.
    async fn tell(&self, percent: u8) -> Stored<()> {
        if self.variant.is_none() {
            let assets = &self.deps.assets;
            let _ = assets
                .progress(self.asset.id(), self.package, percent)
                .await;
        }
        Ok(())
    }
}

/// How large a film may be, where that is limited.
pub(super) struct Limits(Option<FilmLimits>);

impl Limits {
    pub(super) fn admit(&self, film: &Extent) -> Result<(), PackageFault> {
        let Some(limits) = &self.0 else {
            return Ok(());
        };
        limits.admits(film).map_err(|much| much.fault())
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

/// The key that a film has for a period.
pub(super) async fn film_key(
    deps: &Deps,
    (asset, package): (AssetId, PackageId),
    film: &Manifest,
    period: u32,
) -> Stored<ContentKey> {
    const OPERATION: &str = "content_keys.get";
    let id = usize::try_from(period).ok();
    let id = id.and_then(|period| film.keys.get(period));
    let id = id.and_then(|text| KeyId::parse(text).ok());
    let id = id.ok_or_else(|| StoreError::new(OPERATION, "the film names no such period"))?;
    let wrapped = deps.keys.key(asset, id).await?;
    let wrapped = wrapped.filter(|key| key.package == package);
    let missing = || StoreError::new(OPERATION, "the film's key is not there");
    deps.wrap.unwrap(&wrapped.ok_or_else(missing)?)
}

/// The content keys of a run, one a period; only the current one is in memory.
struct Keys<'a> {
    machine: &'a Machine<'a>,
    /// Those that were made.
    ids: Vec<KeyId>,
    current: Option<(u32, ContentKey)>,
}

impl Keys<'_> {
    /// Answers the machine. When a period begins its key is made and stored first, or that of the film is taken.
    async fn begin(&mut self, machine: &mut dyn Packaging, period: u32) -> Stored<()> {
        let deps = self.machine.deps;
        let key = match (self.current.take(), self.machine.variant) {
            (Some((own, key)), _) if own == period => key,
            (_, None) => self.fresh().await?,
            (_, Some((_, film))) => film_key(deps, self.machine.own(), film, period).await?,
        };
        let mut iv = [0; 16];
        deps.entropy.fill(&mut iv)?;
        machine.begin_segment(&key, Iv(iv));
        self.current = Some((period, key));
        Ok(())
    }

    /// The ids of the keys, as a manifest tells them.
    fn told(&self) -> Vec<String> {
        match self.machine.variant {
            Some((_, film)) => film.keys.clone(),
            None => self.ids.iter().map(ToString::to_string).collect(),
        }
    }

    async fn fresh(&mut self) -> Stored<ContentKey> {
        let Machine {
            deps,
            asset,
            package,
            ..
        } = self.machine;
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
