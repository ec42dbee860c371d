//! A packager on script: so many segments of so many reads each, or a fault at a step.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use vault_domain::packaging::{
    Extent, Guide, Iv, Media, PackageFault, PackagePlan, PackagerFactory, Packaging, Presentation,
    Rendition, Segment, SegmentInfo, Step, Stream, TICKS_PER_SECOND, Timing,
};
use vault_domain::secret::ContentKey;

/// Called before each step with its number from 1: a test may change the world in the middle of a run.
pub type Watcher = Arc<dyn Fn(usize) + Send + Sync>;

/// What the packagers of one factory do.
#[derive(Clone)]
pub struct Script {
    /// Segments of each stream.
    pub segments: u32,
    /// Sounds beside the main stream.
    pub sounds: u8,
    /// Reads before each segment.
    pub reads: u32,
    /// Bits a second that a film is told to have.
    pub bandwidth: u64,
    /// What its index tells of the film, if not the truth.
    pub index: Option<Extent>,
    /// Width and height of its pictures.
    pub resolution: (u32, u32),
    /// Ends with this fault at that step, from 1.
    pub fault: Option<(usize, PackageFault)>,
    /// Sees every step.
    pub watcher: Option<Watcher>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            segments: 3,
            sounds: 0,
            reads: 1,
            bandwidth: 256,
            index: None,
            resolution: (1280, 720),
            fault: None,
            watcher: None,
        }
    }
}

/// Makes packagers of its present script.
#[derive(Default)]
pub struct ScriptedPackager(Mutex<Script>);

impl ScriptedPackager {
    /// A factory of a script.
    pub fn new(script: Script) -> Self {
        Self(Mutex::new(script))
    }
    /// Changes the script of packagers to come.
    pub fn set(&self, script: Script) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = script;
    }
    /// The present script.
    pub fn script(&self) -> Script {
        let script = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        script.clone()
    }
}

impl PackagerFactory for ScriptedPackager {
    fn start(&self, size: u64, plan: PackagePlan) -> Box<dyn Packaging> {
        Box::new(self.scripted(size, plan, None))
    }
    fn follow(&self, size: u64, guide: Guide) -> Box<dyn Packaging> {
        let plan = PackagePlan {
            segment_ms: 6_000,
            segments_per_key: 1,
        };
        Box::new(self.scripted(size, plan, Some(guide)))
    }
    fn zero(&self, timing: Timing) -> u64 {
        126_000_u64.saturating_add_signed(timing.first.saturating_neg())
    }
    /// Not a cipher: what went in can be told, and no text is left.
    fn seal(&self, segment: Vec<u8>, key: &ContentKey, iv: Iv) -> Result<Vec<u8>, PackageFault> {
        let stream = crate::crypto::sha256(&[key.expose(), &iv.0]);
        let stream = stream.iter().cycle();
        Ok(segment
            .iter()
            .zip(stream)
            .map(|(octet, own)| octet ^ own)
            .collect())
    }
}

impl ScriptedPackager {
    fn scripted(&self, size: u64, plan: PackagePlan, guide: Option<Guide>) -> Scripted {
        let mut script = self.script();
        if let Some(guide) = &guide {
            script.segments = u32::try_from(guide.ends.len()).unwrap_or(u32::MAX);
            script.sounds = 0;
        }
        Scripted {
            script,
            size,
            plan,
            guide,
            steps: 0,
            awaits: Awaits::Nothing,
            reads: 0,
            key: None,
            ivs: BTreeSet::new(),
            segments: Vec::new(),
            sounds: Vec::new(),
            turn: 0,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaits {
    Nothing,
    Source(usize),
    Key,
    Broken(&'static str),
}

struct Scripted {
    script: Script,
    size: u64,
    plan: PackagePlan,
    /// Of the film that this is a variant of.
    guide: Option<Guide>,
    steps: usize,
    awaits: Awaits,
    reads: u32,
    key: Option<([u8; 16], Iv)>,
    ivs: BTreeSet<([u8; 16], [u8; 16])>,
    segments: Vec<SegmentInfo>,
    sounds: Vec<Vec<SegmentInfo>>,
    /// Which sound is next; 0 is the main stream.
    turn: u8,
}

impl Scripted {
    /// The segments of a stream so far.
    fn told(&mut self, turn: u8) -> &mut Vec<SegmentInfo> {
        let Some(sound) = usize::from(turn).checked_sub(1) else {
            return &mut self.segments;
        };
        if self.sounds.len() <= sound {
            self.sounds.resize(sound + 1, Vec::new());
        }
        &mut self.sounds[sound]
    }

    fn stream(&self) -> Stream {
        match self.turn {
            0 => Stream::Main,
            number => Stream::Audio(number),
        }
    }

    /// Segments of the stream whose turn it is.
    fn number(&self) -> u32 {
        let told = match usize::from(self.turn).checked_sub(1) {
            None => Some(&self.segments),
            Some(sound) => self.sounds.get(sound),
        };
        told.map_or(0, |told| u32::try_from(told.len()).unwrap_or(u32::MAX))
    }

    fn period(&self) -> u32 {
        let at = usize::try_from(self.number()).unwrap_or(usize::MAX);
        match &self.guide {
            Some(guide) => guide.periods.get(at).copied().unwrap_or(0),
            None => self.number() / self.plan.segments_per_key.max(1),
        }
    }

    fn read(&mut self) -> Step {
        let of = u64::from(self.script.segments.max(1) * self.script.reads.max(1));
        let at = u64::from(self.number() * self.script.reads.max(1) + self.reads);
        let (from, to) = (self.size * at / of, self.size * (at + 1) / of);
        self.reads += 1;
        let len = usize::try_from(to - from).unwrap_or(usize::MAX);
        self.awaits = Awaits::Source(len);
        Step::Read { offset: from, len }
    }

    fn segment(&mut self, key: [u8; 16], iv: Iv) -> Step {
        let number = self.number();
        let stream = crate::crypto::sha256(&[&key, &iv.0, &number.to_be_bytes()]);
        let ciphertext = stream.repeat(6);
        let info = SegmentInfo {
            ticks: u64::from(self.plan.segment_ms) * TICKS_PER_SECOND / 1_000,
            bytes: 192,
            period: self.period(),
            iv,
        };
        let (stream, turn) = (self.stream(), self.turn);
        self.told(turn).push(info);
        self.turn = (turn + 1) % (self.script.sounds + 1);
        if self.turn == 0 {
            self.reads = 0;
        }
        Step::Segment(Segment {
            stream,
            number,
            ciphertext,
        })
    }

    fn renditions(&self) -> Vec<Rendition> {
        let sounds = (1..).zip(&self.sounds);
        let rendition = |(number, segments): (u8, &Vec<SegmentInfo>)| Rendition {
            stream: Stream::Audio(number),
            media: Media::Audio { channels: 2 },
            language: None,
            segments: segments.clone(),
        };
        sounds.map(rendition).collect()
    }

    /// A film has room for a variant or two, and a variant is small.
    fn bandwidth(&self) -> u64 {
        if self.guide.is_some() {
            400_000
        } else {
            self.script.bandwidth
        }
    }

    fn done(&self) -> Step {
        Step::Done(Presentation {
            codecs: vec!["avc1.64001f".to_owned(), "mp4a.40.2".to_owned()],
            resolution: self.script.resolution,
            frame_rate: 25.0,
            peak_bandwidth: self.bandwidth(),
            average_bandwidth: self.bandwidth(),
            segments: self.segments.clone(),
            timing: Some(Timing { first: 0, start: 0 }),
            video_range: None,
            renditions: self.renditions(),
        })
    }
}

impl Packaging for Scripted {
    fn step(&mut self) -> Result<Step, PackageFault> {
        self.steps += 1;
        if let Some(watcher) = &self.script.watcher {
            watcher(self.steps);
        }
        match self.awaits {
            Awaits::Nothing => {}
            Awaits::Source(_) => return Err(PackageFault::new("misuse", "a read has no answer")),
            Awaits::Key => return Err(PackageFault::new("misuse", "a key is missing")),
            Awaits::Broken(how) => return Err(PackageFault::new("misuse", how)),
        }
        if let Some((at, fault)) = &self.script.fault
            && *at == self.steps
        {
            return Err(fault.clone());
        }
        if self.turn == 0 && self.number() == self.script.segments {
            return Ok(self.done());
        }
        if self.reads < self.script.reads {
            return Ok(self.read());
        }
        if let Some((key, iv)) = self.key.take() {
            return Ok(self.segment(key, iv));
        }
        self.awaits = Awaits::Key;
        Ok(Step::NeedKey {
            stream: self.stream(),
            segment: self.number(),
            period: self.period(),
        })
    }

    fn source(&mut self, bytes: &[u8]) {
        self.awaits = match self.awaits {
            Awaits::Source(len) if len == bytes.len() => Awaits::Nothing,
            _ => Awaits::Broken("a read was answered with another length"),
        };
    }

    fn extent(&self) -> Option<Extent> {
        let length = u64::from(self.script.segments) * u64::from(self.plan.segment_ms);
        let truth = Extent {
            seconds: length.div_ceil(1_000),
            resolution: self.script.resolution,
        };
        Some(self.script.index.unwrap_or(truth))
    }

    fn begin_segment(&mut self, key: &ContentKey, iv: Iv) {
        self.awaits = if self.awaits == Awaits::Key && self.ivs.insert((*key.expose(), iv.0)) {
            self.key = Some((*key.expose(), iv));
            Awaits::Nothing
        } else {
            Awaits::Broken("a key that was not asked for, or an IV that was used before")
        };
    }
}
