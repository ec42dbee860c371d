//! From samples to segments: where to cut, what comes next, and the cipher over the whole.

use vault_domain::packaging::{Iv, PackageFault, PackagePlan, Segment, Step, TICKS_PER_SECOND};
use vault_domain::secret::ContentKey;

use crate::cipher::Cipher;
use crate::codec::{AudioCodec, VideoCodec, aac};
use crate::cut::{Cut, Cutter, Next};
use crate::fault::{Outcome, damaged, unsupported_feature};
use crate::feed::{Feed, Unit};
use crate::mp4::cursor::Cursor;
use crate::opening::Opened;
use crate::present::Ledger;
use crate::stop::Stop;
use crate::survey::overfull;
use crate::ts::{Mux, Program};
use crate::window::{Want, Windows};

/// A larger segment is refused: it has to be held whole.
const MAX_SEGMENT: u64 = 256 << 20;
/// A film may grow so many times in all, and by so many octets more: frames of a few octets fill
/// packets of 188. What would grow further repeats its parameter sets without end.
const MAX_GROWTH: u64 = 32;
const FREE_GROWTH: u64 = 64 << 20;
/// Sound frames are gathered into one PES packet up to so many octets or frames.
const GROUP_OCTETS: usize = 4096;
const GROUP_FRAMES: u32 = 16;
/// Ticks by which rounding may move a frame.
const MAX_SLIP: u64 = 90;
/// The windows' numbers of the tracks.
const VIDEO: usize = 0;
const AUDIO: usize = 1;

/// One track on its way into the stream.
pub(crate) struct Lane<C> {
    pub(crate) codec: C,
    pub(crate) feed: Feed,
}

/// The machine behind a film whose index is read.
pub(crate) struct Packer {
    video: Option<Lane<VideoCodec>>,
    audio: Option<Lane<AudioCodec>>,
    windows: Windows,
    mux: Mux,
    cutter: Cutter,
    ledger: Ledger,
    open: Option<Open>,
    group: Group,
    /// Octets that may still come out.
    left: u64,
}

/// A segment being written.
struct Open {
    cut: Cut,
    cipher: Option<Cipher>,
    out: Vec<u8>,
    begun: bool,
}

/// Sound frames gathered for one PES packet.
#[derive(Default)]
struct Group {
    frames: Vec<u8>,
    count: u32,
    show: i64,
    decode: i64,
}

impl Packer {
    /// For a file of `size` octets.
    pub(crate) fn new(opened: Opened, size: u64, plan: PackagePlan) -> Outcome<Self> {
        let Opened { video, audio } = opened;
        let surveys = [video.as_ref().map(|v| v.1), audio.as_ref().map(|a| a.1)];
        let each = || surveys.iter().flatten();
        let octets = each().fold(0_u64, |sum, s| sum.saturating_add(s.octets));
        if octets > size {
            return Err(overfull());
        }
        let file_end = each().map(|s| s.file_end).max().unwrap_or(0);
        let starts = each().map(|s| s.decode);
        let program = Program {
            video: video.as_ref().map(|(track, _)| track.codec.family),
            audio: audio.is_some(),
            marks_keys: video.as_ref().is_some_and(|(_, found)| found.marks_keys),
            first: starts.min().unwrap_or(0),
        };
        let ledger = Ledger::new(
            video
                .as_ref()
                .map(|(track, found)| (&track.codec, found.rate)),
            audio.as_ref().map(|(track, _)| &track.codec),
        );
        let video = video.map(|(t, s)| Lane {
            codec: t.codec,
            feed: Feed::new(t.samples, &s),
        });
        let audio = audio.map(|(t, s)| Lane {
            codec: t.codec,
            feed: Feed::new(t.samples, &s),
        });
        Ok(Self {
            video,
            audio,
            windows: Windows::new(file_end),
            mux: Mux::new(program),
            cutter: Cutter::new(plan, surveys),
            ledger,
            open: None,
            group: Group::default(),
            left: size.saturating_mul(MAX_GROWTH).saturating_add(FREE_GROWTH),
        })
    }

    pub(crate) fn step(&mut self) -> Outcome<Step> {
        let Some(mut open) = self.open.take() else {
            return match self.next_segment() {
                Ok(step) => Ok(step),
                Err(stop) => stop.step(),
            };
        };
        if open.cipher.is_none() {
            self.open = Some(open);
            return Ok(self.need_key());
        }
        match self.fill(&mut open) {
            Ok(Some(Want { offset, len })) => {
                self.open = Some(open);
                Ok(Step::Read { offset, len })
            }
            Ok(None) => self.seal(open),
            Err(stop) => {
                self.open = Some(open);
                stop.step()
            }
        }
    }

    /// Takes in what was asked for last: rows of a table if a reader waits for some, else samples.
    pub(crate) fn source(&mut self, octets: &[u8]) {
        if let Some(cursor) = self.cursors().find(|cursor| cursor.waits()) {
            return cursor.fill(octets);
        }
        self.windows.fill(octets);
    }

    fn cursors(&mut self) -> impl Iterator<Item = &mut Cursor> {
        let video = self.video.as_mut().map(|lane| lane.feed.cursor());
        let audio = self.audio.as_mut().map(|lane| lane.feed.cursor());
        let here = video.into_iter().chain(audio);
        here.chain(self.cutter.cursors())
    }

    pub(crate) fn begin_segment(&mut self, key: &ContentKey, iv: Iv) -> Outcome<()> {
        if let Some(open) = self.open.as_mut().filter(|open| !open.begun) {
            open.cipher = Some(Cipher::new(key, iv)?);
        }
        Ok(())
    }

    fn next_segment(&mut self) -> Result<Step, Stop> {
        let video = self.video.as_mut().map(|lane| &mut lane.feed);
        let audio = self.audio.as_mut().map(|lane| &mut lane.feed);
        let Some(cut) = self.cutter.next(video, audio)? else {
            return Ok(Step::Done(self.ledger.presentation()));
        };
        if cut.octets > MAX_SEGMENT {
            return Err(sparse().into());
        }
        self.open = Some(Open {
            cut,
            cipher: None,
            out: Vec::new(),
            begun: false,
        });
        Ok(self.need_key())
    }

    fn need_key(&self) -> Step {
        let segment = self.ledger.count();
        Step::NeedKey {
            segment,
            period: self.cutter.period(segment),
        }
    }

    /// Writes what is held; what is wanted comes back, or nothing when the segment is whole.
    fn fill(&mut self, open: &mut Open) -> Result<Option<Want>, Stop> {
        if !open.begun {
            open.begun = true;
            open.out.reserve_exact(open.cut.room());
            self.mux.begin(&mut open.out);
        }
        loop {
            if open.out.len() as u64 > MAX_SEGMENT {
                return Err(sparse().into());
            }
            let picture = peek(self.video.as_mut())?;
            let sound = peek(self.audio.as_mut())?;
            let want = match open.cut.next(picture, sound, self.group.count > 0) {
                Next::Picture(unit) => self.picture(open, &unit, sound.as_ref())?,
                Next::Sound(unit) => self.sound(open, &unit, picture.as_ref())?,
                Next::End => return Ok(None),
            };
            if want.is_some() {
                return Ok(want);
            }
        }
    }

    fn picture(
        &mut self,
        open: &mut Open,
        unit: &Unit,
        sound: Option<&Unit>,
    ) -> Outcome<Option<Want>> {
        let Some(lane) = self.video.as_mut() else {
            return Ok(None);
        };
        let Some(sample) = self.windows.get(unit) else {
            return self
                .windows
                .want(VIDEO, (&lane.feed, unit), sound)
                .map(Some);
        };
        let entry = self.mux.picture(&mut open.out, &lane.codec, unit, sample)?;
        if open.cut.is_first_picture() && !entry {
            return Err(no_entry());
        }
        lane.feed.advance();
        open.cut.took_picture();
        Ok(None)
    }

    fn sound(
        &mut self,
        open: &mut Open,
        unit: &Unit,
        picture: Option<&Unit>,
    ) -> Outcome<Option<Want>> {
        let Some(lane) = self.audio.as_mut() else {
            return Ok(None);
        };
        let Some(sample) = self.windows.get(unit) else {
            return self
                .windows
                .want(AUDIO, (&lane.feed, unit), picture)
                .map(Some);
        };
        if self.group.breaks_off(&lane.codec, unit) {
            // Within a PES packet frames follow each other without a gap.
            let ahead = picture.map(|picture| picture.decode);
            self.group.flush(&mut self.mux, &mut open.out, ahead);
        }
        self.group.add(&lane.codec, sample, unit)?;
        lane.feed.advance();
        // The first frame of a segment stands alone: a demuxer learns the rate from it, and cannot
        // time what follows in the same PES packet before it knows the rate.
        let alone = open.cut.is_first_sound();
        open.cut.took_sound();
        let even = u64::from(unit.duration) * u64::from(lane.codec.rate)
            == aac::FRAME * u64::from(lane.feed.timescale());
        if alone || !even || open.cut.is_last_sound() || self.group.is_full() {
            let ahead = picture.map(|picture| picture.decode);
            self.group.flush(&mut self.mux, &mut open.out, ahead);
        }
        Ok(None)
    }

    fn seal(&mut self, mut open: Open) -> Outcome<Step> {
        let Some(cipher) = open.cipher else {
            return Ok(self.need_key());
        };
        cipher.seal(&mut open.out)?;
        let grown = || damaged("it would become many times larger than it is");
        self.left = self
            .left
            .checked_sub(open.out.len() as u64)
            .ok_or_else(grown)?;
        let number = self.ledger.count();
        let period = self.cutter.period(number);
        self.ledger
            .add(open.cut.ticks(), open.out.len() as u64, period, cipher.iv());
        Ok(Step::Segment(Segment {
            number,
            ciphertext: open.out,
        }))
    }
}

fn peek<C>(lane: Option<&mut Lane<C>>) -> Result<Option<Unit>, Stop> {
    lane.map_or(Ok(None), |lane| lane.feed.peek())
}

impl Group {
    fn add(&mut self, codec: &AudioCodec, frame: &[u8], unit: &Unit) -> Outcome<()> {
        if self.count == 0 {
            (self.show, self.decode) = (unit.show, unit.decode);
        }
        self.frames.extend_from_slice(&codec.adts(frame.len())?);
        self.frames.extend_from_slice(frame);
        self.count += 1;
        Ok(())
    }

    /// Whether a frame does not follow those gathered where they end.
    fn breaks_off(&self, codec: &AudioCodec, unit: &Unit) -> bool {
        let span = u64::from(self.count) * aac::FRAME * TICKS_PER_SECOND / u64::from(codec.rate);
        let end = self.show.saturating_add(span.cast_signed());
        self.count > 0 && unit.show.abs_diff(end) > MAX_SLIP
    }

    fn is_full(&self) -> bool {
        self.count >= GROUP_FRAMES || self.frames.len() >= GROUP_OCTETS
    }

    fn flush(&mut self, mux: &mut Mux, out: &mut Vec<u8>, ahead: Option<i64>) {
        mux.sound(out, &self.frames, (self.show, self.decode), ahead);
        self.frames.clear();
        self.count = 0;
    }
}

fn sparse() -> PackageFault {
    unsupported_feature(
        "key_frames_too_far_apart",
        "The film's key frames, the pictures from which a player can start, are so far apart that one piece would exceed 256 MiB",
    )
}

fn no_entry() -> PackageFault {
    unsupported_feature(
        "no_key_frames",
        "The film does not say which of its pictures are key frames, and where it has to be cut there is none",
    )
}
