//! A workshop on script: it takes what is brought, and tells what it is told to.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use vault_domain::conversion::{Encoding, Probe, Sound};
use vault_domain::packaging::PackageFault;
use vault_domain::ports::{StoreError, Stored, Workshop};
use vault_domain::preview::{self, Made, Peaks, PreviewPlan};
use vault_domain::time::Timestamp;

use crate::clock::FixedClock;
use crate::fault::Faults;

/// What a workshop does.
#[derive(Debug, Clone)]
pub struct Craft {
    /// What it finds in a source.
    pub probe: Result<Probe, PackageFault>,
    /// How many seconds it counts in it.
    pub length: Result<u64, PackageFault>,
    /// What it makes of it.
    pub outcome: Result<Vec<u8>, PackageFault>,
    /// What pictures it makes of it; as they should be if that is not said.
    pub pictures: Option<Made>,
    /// Are its sounds damaged, so that it is coded without them alone?
    pub damaged_sounds: bool,
    /// Does it take too long to decode all pictures?
    pub slow: bool,
    /// Seconds that pass while previews are made.
    pub takes: u64,
}

impl Default for Craft {
    fn default() -> Self {
        Self {
            probe: Ok(Probe {
                pictures: Some((1280, 720)),
                sounds: vec![Sound {
                    channels: 2,
                    rate: 48_000,
                }],
                texts: Vec::new(),
            }),
            length: Ok(18),
            outcome: Ok(crate::builders::film(2_000)),
            pictures: None,
            damaged_sounds: false,
            slow: false,
            takes: 0,
        }
    }
}

/// What lies in its scratch space: of this process alone, so it is no part of the cloud.
#[derive(Debug, Default)]
struct Bench {
    craft: Craft,
    source: Vec<u8>,
    outcome: Option<Vec<u8>>,
    encodings: Vec<Encoding>,
    previews: Vec<(PreviewPlan, Timestamp)>,
}

/// The workshop.
#[derive(Debug, Default)]
pub struct FakeWorkshop {
    clock: Arc<FixedClock>,
    faults: Arc<Faults>,
    bench: Mutex<Bench>,
}

impl FakeWorkshop {
    /// One whose calls are subject to a plan, and take time by this clock.
    pub fn new(clock: Arc<FixedClock>, faults: Arc<Faults>) -> Self {
        Self {
            clock,
            faults,
            bench: Mutex::default(),
        }
    }
    /// Changes what it does.
    pub fn set(&self, craft: Craft) {
        self.with(|bench| bench.craft = craft);
    }
    /// What it was asked to encode.
    pub fn encodings(&self) -> Vec<Encoding> {
        self.with(|bench| bench.encodings.clone())
    }
    /// What previews it was asked for, and until when.
    pub fn previews(&self) -> Vec<(PreviewPlan, Timestamp)> {
        self.with(|bench| bench.previews.clone())
    }
    /// Is its scratch space empty?
    pub fn is_clear(&self) -> bool {
        self.with(|bench| bench.source.is_empty() && bench.outcome.is_none())
    }
    fn with<T>(&self, act: impl FnOnce(&mut Bench) -> T) -> T {
        act(&mut self.bench.lock().unwrap_or_else(PoisonError::into_inner))
    }
    async fn call<T: Send>(
        &self,
        name: &'static str,
        effect: impl FnOnce(&mut Bench) -> Stored<T> + Send,
    ) -> Stored<T> {
        self.faults.call(name, || self.with(effect)).await
    }
}

#[async_trait]
impl Workshop for FakeWorkshop {
    async fn clear(&self) -> Stored<()> {
        self.call("workshop.clear", |bench| {
            bench.source.clear();
            bench.outcome = None;
            Ok(())
        })
        .await
    }
    async fn bring(&self, octets: &[u8]) -> Stored<()> {
        self.call("workshop.bring", |bench| {
            bench.source.extend_from_slice(octets);
            Ok(())
        })
        .await
    }
    async fn probe(&self) -> Stored<Result<Probe, PackageFault>> {
        self.call("workshop.probe", |bench| Ok(bench.craft.probe.clone()))
            .await
    }
    async fn length(&self, _deadline: Timestamp) -> Stored<Result<u64, PackageFault>> {
        self.call("workshop.length", |bench| Ok(bench.craft.length.clone()))
            .await
    }
    async fn encode(
        &self,
        encoding: &Encoding,
        _deadline: Timestamp,
    ) -> Stored<Result<u64, PackageFault>> {
        self.call("workshop.encode", |bench| {
            bench.encodings.push(encoding.clone());
            let outcome = if bench.craft.damaged_sounds && !encoding.source.sounds.is_empty() {
                Err(PackageFault::new("unreadable_film", "its sound is damaged"))
            } else {
                bench.craft.outcome.clone()
            };
            bench.outcome = outcome.clone().ok();
            Ok(outcome.map(|octets| octets.len() as u64))
        })
        .await
    }
    async fn preview(
        &self,
        plan: &PreviewPlan,
        deadline: Timestamp,
    ) -> Stored<Result<Made, PackageFault>> {
        self.call("workshop.preview", |bench| {
            bench.previews.push((*plan, deadline));
            self.clock.advance(bench.craft.takes);
            if bench.craft.slow && plan.may_hurry() {
                return Ok(Err(preview::took_too_long()));
            }
            if bench.craft.damaged_sounds && plan.sound {
                let fault = PackageFault::new("unreadable_film", "its sound is damaged");
                return Ok(Err(fault));
            }
            let outcome = bench.craft.outcome.as_ref().map(|_| ());
            let made = bench.craft.pictures.clone();
            let made = outcome.map(|()| made.unwrap_or_else(|| crafted(plan)));
            Ok(made.map_err(PackageFault::clone))
        })
        .await
    }
    fn complaint(&self) -> Option<String> {
        None
    }
    async fn read(&self, offset: u64, len: usize) -> Stored<Vec<u8>> {
        self.call("workshop.read", |bench| {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let outcome = bench.outcome.as_deref().unwrap_or_default();
            let range = outcome.get(start..start.saturating_add(len));
            let missing = || StoreError::new("workshop.read", "nothing of the kind is there");
            range.map(<[u8]>::to_vec).ok_or_else(missing)
        })
        .await
    }
}

/// The previews of a film as they should be.
pub(crate) fn crafted(plan: &PreviewPlan) -> Made {
    let mut made = Made::default();
    if let Some(board) = &plan.pictures {
        let pixels = |many: u32, each: u32| u16::try_from(many * each).unwrap_or(u16::MAX);
        let size = (pixels(board.columns, 160), pixels(board.rows, 90));
        made.poster = jpeg((640, 360));
        made.sheets = (0..board.sheets()).map(|_| jpeg(size)).collect();
    }
    if plan.sound {
        let mut peaks = Peaks::default();
        peaks.push(&[0, 16, 0, 32]);
        made.peaks = Some(peaks);
    }
    made
}

/// The least that is taken for a JPEG picture of this width and height.
pub fn jpeg((width, height): (u16, u16)) -> Vec<u8> {
    let mut octets = vec![0xFF, 0xD8, 0xFF, 0xC0, 0, 9, 8];
    octets.extend(height.to_be_bytes());
    octets.extend(width.to_be_bytes());
    octets.extend([3, 0, 0xFF, 0xD9]);
    octets
}
