//! From samples to segments: where to cut, what comes next, and the cipher over the whole.

use std::collections::VecDeque;

use vault_domain::packaging::{Extent, Iv, PackageFault, Segment, Step, TICKS_PER_SECOND, Timing};
use vault_domain::secret::ContentKey;

use crate::cipher::Cipher;
use crate::codec::{aac, text};
use crate::cut::{Cut, Cuts, Cutter, Next};
use crate::fault::{Outcome, damaged, unsupported_feature};
use crate::feed::Unit;
use crate::lanes::{Heads, Lanes};
use crate::mp4::cursor::Cursor;
use crate::opening::Opened;
use crate::output::{Layout, Output, Writer, lay_out};
use crate::present::{About, presentation};
use crate::stop::Stop;
use crate::vtt::Cue;
use crate::window::{Want, Windows};

/// A larger segment is refused: it has to be held whole.
const MAX_SEGMENT: u64 = 256 << 20;
/// A film may grow so many times in all, and by so many octets more: frames of a few octets fill
/// packets of 188. What would grow further repeats its parameter sets without end.
const MAX_GROWTH: u64 = 32;
const FREE_GROWTH: u64 = 64 << 20;
/// The text of a sample stands in its first octets; styles may follow (3GPP TS 26.245 §5.17).
const MAX_TEXT: usize = 2 + u16::MAX as usize;
/// Subtitles of one stretch that are held, of all languages.
const MAX_TEXTS: usize = 2 << 20;

/// The machine behind a film whose index is read.
pub(crate) struct Packer {
    lanes: Lanes,
    outputs: Vec<Output>,
    windows: Windows,
    cutter: Cutter,
    about: About,
    timing: Timing,
    /// Ticks from where the first segment begins to the end of the last sample.
    length: u64,
    open: Option<Open>,
    heads: Heads,
    /// Octets of the subtitles that are held.
    texts: usize,
    /// Octets that may still come out.
    left: u64,
}

/// A stretch of the film being written: a segment of every stream that goes on.
struct Open {
    cut: Cut,
    parts: VecDeque<Part>,
    begun: bool,
    whole: bool,
}

/// A segment being written.
struct Part {
    output: usize,
    cipher: Option<Cipher>,
    out: Vec<u8>,
}

impl Packer {
    /// For a file of `size` octets.
    pub(crate) fn new(opened: Opened, size: u64, cuts: Cuts) -> Outcome<Self> {
        let Layout {
            lanes,
            outputs,
            about,
            first,
            file_end,
            video,
            sounds,
        } = lay_out(opened, size, cuts.first())?;
        let cutter = Cutter::new(cuts, video.as_ref(), &sounds);
        let ends = sounds.iter().chain(&video).map(|found| found.end);
        let length = ends.max().unwrap_or(0).saturating_sub(cutter.at());
        Ok(Self {
            windows: Windows::new(lanes.len(), file_end),
            lanes,
            outputs,
            timing: Timing {
                first,
                start: cutter.at(),
            },
            cutter,
            length: u64::try_from(length).unwrap_or(0),
            about,
            open: None,
            heads: Heads::none(),
            texts: 0,
            left: size.saturating_mul(MAX_GROWTH).saturating_add(FREE_GROWTH),
        })
    }

    pub(crate) fn step(&mut self) -> Outcome<Step> {
        let Some(mut open) = self.open.take() else {
            return match self.next_segments() {
                Ok(step) => Ok(step),
                Err(stop) => stop.step(),
            };
        };
        if let Some(part) = open.parts.iter().find(|part| part.cipher.is_none()) {
            let step = self.need_key(part.output);
            self.open = Some(open);
            return Ok(step);
        }
        if !open.whole {
            match self.fill(&mut open) {
                Ok(Some(Want { offset, len })) => {
                    self.open = Some(open);
                    return Ok(Step::Read { offset, len });
                }
                Ok(None) => open.whole = true,
                Err(stop) => {
                    self.open = Some(open);
                    return stop.step();
                }
            }
        }
        let part = open.parts.pop_front();
        let ticks = open.cut.ticks();
        if !open.parts.is_empty() {
            self.open = Some(open);
        }
        match part {
            Some(part) => self.seal(part, ticks),
            None => self.step(),
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
        self.lanes.cursors().chain(self.cutter.cursors())
    }

    /// By the walk over its tables.
    pub(crate) fn extent(&self) -> Extent {
        Extent {
            seconds: self.length.div_ceil(TICKS_PER_SECOND),
            resolution: self.about.resolution,
        }
    }

    pub(crate) fn begin_segment(&mut self, key: &ContentKey, iv: Iv) -> Outcome<()> {
        let open = self.open.as_mut().filter(|open| !open.begun);
        let part = open.and_then(|open| {
            let mut parts = open.parts.iter_mut();
            parts.find(|part| part.cipher.is_none())
        });
        if let Some(part) = part {
            part.cipher = Some(Cipher::new(key, iv)?);
        }
        Ok(())
    }

    fn next_segments(&mut self) -> Result<Step, Stop> {
        let video = self.lanes.video.as_mut().map(|lane| &mut lane.feed);
        let sounds = self.lanes.sounds.iter_mut();
        let mut sounds: Vec<_> = sounds.map(|sound| &mut sound.lane.feed).collect();
        let Some(cut) = self.cutter.next(video, &mut sounds)? else {
            let ledgers = std::mem::take(&mut self.outputs);
            let ledgers = ledgers.into_iter().map(|output| output.ledger).collect();
            let told = presentation(&mut self.about, self.timing, ledgers);
            return Ok(Step::Done(told));
        };
        if cut.octets > MAX_SEGMENT {
            return Err(sparse().into());
        }
        self.lanes.peek(&mut self.heads)?;
        let going = self.going();
        let part = |output| Part {
            output,
            cipher: None,
            out: Vec::new(),
        };
        let parts: VecDeque<_> = going.into_iter().map(part).collect();
        let step = parts.front().map(|part| self.need_key(part.output));
        self.open = Some(Open {
            cut,
            parts,
            begun: false,
            whole: false,
        });
        step.map_or_else(|| Ok(self.step()?), Ok)
    }

    /// The streams that have something left; subtitles last as long as the film.
    fn going(&self) -> Vec<usize> {
        let mut going = vec![false; self.outputs.len()];
        let sounds = self.lanes.sounds.iter().zip(&self.heads.sounds);
        let sounds = sounds.filter(|(_, head)| head.is_some());
        let texts = self.lanes.texts.iter().map(|text| text.output);
        let picture = self.heads.picture.map(|_| 0);
        let all = sounds.map(|(sound, _)| sound.output).chain(texts);
        for output in all.chain(picture) {
            going[output] = true;
        }
        let going = going.into_iter().enumerate();
        going.filter_map(|(at, goes)| goes.then_some(at)).collect()
    }

    fn need_key(&self, output: usize) -> Step {
        let ledger = &self.outputs[output].ledger;
        let segment = ledger.count();
        Step::NeedKey {
            stream: ledger.stream,
            segment,
            period: self.cutter.period(segment),
        }
    }

    /// Writes what is held; what is wanted comes back, or nothing when the segments are whole.
    fn fill(&mut self, open: &mut Open) -> Result<Option<Want>, Stop> {
        if !open.begun {
            open.begun = true;
            self.begin(open);
        }
        loop {
            if open
                .parts
                .iter()
                .any(|part| part.out.len() as u64 > MAX_SEGMENT)
            {
                return Err(sparse().into());
            }
            self.lanes.peek(&mut self.heads)?;
            let mut sounds = self.lanes.sounds.iter();
            let grouping = sounds.position(|sound| sound.group.count > 0);
            let Heads {
                picture,
                sounds,
                texts,
            } = &self.heads;
            let want = match open.cut.next(*picture, sounds, texts, grouping) {
                Next::Picture(unit) => self.picture(open, &unit)?,
                Next::Sound(at, unit) => self.sound(open, at, &unit)?,
                Next::Text(at, unit) => self.text(at, &unit)?,
                Next::End => {
                    self.end(open);
                    return Ok(None);
                }
            };
            if want.is_some() {
                return Ok(want);
            }
        }
    }

    fn begin(&mut self, open: &mut Open) {
        for part in &mut open.parts {
            let output = &mut self.outputs[part.output];
            if let Writer::Ts(mux) = &mut output.writer {
                let sound = self.lanes.sounds.iter();
                let mut sound = sound.map(|sound| sound.output);
                let sound = sound.position(|own| own == part.output);
                let room = open.cut.room(sound, part.output == 0);
                part.out.reserve_exact(room);
                mux.begin(&mut part.out);
            }
        }
    }

    fn picture(&mut self, open: &mut Open, unit: &Unit) -> Outcome<Option<Want>> {
        let Some(lane) = self.lanes.video.as_mut() else {
            return Ok(None);
        };
        let Some(sample) = self.windows.get(unit) else {
            let others = self.heads.others(unit);
            return self.windows.want(0, (&lane.feed, unit), &others).map(Some);
        };
        let Some((mux, out)) = written(&mut self.outputs, &mut open.parts, 0) else {
            return Ok(None);
        };
        let entry = mux.picture(out, &lane.codec, unit, sample)?;
        if open.cut.is_first_picture() && !entry {
            return Err(no_entry());
        }
        lane.feed.advance();
        open.cut.took_picture();
        Ok(None)
    }

    fn sound(&mut self, open: &mut Open, at: usize, unit: &Unit) -> Outcome<Option<Want>> {
        let own = usize::from(self.lanes.video.is_some()) + at;
        let Some(sound) = self.lanes.sounds.get_mut(at) else {
            return Ok(None);
        };
        let (lane, group) = (&mut sound.lane, &mut sound.group);
        let Some(sample) = self.windows.get(unit) else {
            let others = self.heads.others(unit);
            return self
                .windows
                .want(own, (&lane.feed, unit), &others)
                .map(Some);
        };
        let Some((mux, out)) = written(&mut self.outputs, &mut open.parts, sound.output) else {
            return Ok(None);
        };
        let ahead = self.heads.picture.map(|picture| picture.decode);
        if group.breaks_off(&lane.codec, unit) {
            // Within a PES packet frames follow each other without a gap.
            group.flush(mux, out, ahead);
        }
        group.add(&lane.codec, sample, unit)?;
        lane.feed.advance();
        // The first frame of a segment stands alone: a demuxer learns the rate from it, and cannot
        // time what follows in the same PES packet before it knows the rate.
        let alone = open.cut.is_first_sound(at);
        open.cut.took_sound(at);
        let even = u64::from(unit.duration) * u64::from(lane.codec.rate)
            == aac::FRAME * u64::from(lane.feed.timescale());
        if alone || !even || open.cut.is_last_sound(at) || group.is_full() {
            group.flush(mux, out, ahead);
        }
        Ok(None)
    }

    fn text(&mut self, at: usize, unit: &Unit) -> Outcome<Option<Want>> {
        let own = usize::from(self.lanes.video.is_some()) + self.lanes.sounds.len() + at;
        let Some(track) = self.lanes.texts.get_mut(at) else {
            return Ok(None);
        };
        // Two octets say that nothing is shown.
        if unit.size > 2 {
            let read = Unit {
                size: unit.size.min(MAX_TEXT),
                ..*unit
            };
            let Some(sample) = self.windows.get(&read) else {
                let others = self.heads.others(unit);
                return self
                    .windows
                    .want(own, (&track.feed, &read), &others)
                    .map(Some);
            };
            let end = unit.show.saturating_add(track.feed.lasts(unit));
            let cue = Cue::new(unit.show, end.min(track.end), &text::text(sample)?);
            self.texts += cue.as_ref().map_or(0, Cue::weight);
            track.cues.extend(cue);
            if self.texts > MAX_TEXTS {
                return Err(damaged("it shows more text at a time than anybody reads"));
            }
        }
        track.feed.advance();
        Ok(None)
    }

    /// Writes the subtitles that are shown in the stretch.
    fn end(&mut self, open: &mut Open) {
        for text in &mut self.lanes.texts {
            let mut parts = open.parts.iter_mut();
            let part = parts.find(|part| part.output == text.output);
            if let Some(part) = part
                && let Writer::Vtt { zero } = self.outputs[text.output].writer
            {
                crate::vtt::segment(&mut part.out, zero, &text.cues);
            }
            text.cues.retain(|cue| cue.end > open.cut.end);
        }
        let held = self.lanes.texts.iter().flat_map(|text| &text.cues);
        self.texts = held.map(Cue::weight).sum();
    }

    fn seal(&mut self, mut part: Part, ticks: u64) -> Outcome<Step> {
        let Some(cipher) = part.cipher else {
            return Ok(self.need_key(part.output));
        };
        cipher.seal(&mut part.out)?;
        let grown = || damaged("it would become many times larger than it is");
        let len = part.out.len() as u64;
        self.left = self.left.checked_sub(len).ok_or_else(grown)?;
        let ledger = &mut self.outputs[part.output].ledger;
        let number = ledger.count();
        ledger.add(ticks, len, self.cutter.period(number), cipher.iv());
        Ok(Step::Segment(Segment {
            stream: ledger.stream,
            number,
            ciphertext: part.out,
        }))
    }
}

/// What a stream is written with, and where to.
fn written<'p>(
    outputs: &'p mut [Output],
    parts: &'p mut VecDeque<Part>,
    output: usize,
) -> Option<(&'p mut crate::ts::Mux, &'p mut Vec<u8>)> {
    let part = parts.iter_mut().find(|part| part.output == output)?;
    match &mut outputs.get_mut(output)?.writer {
        Writer::Ts(mux) => Some((mux, &mut part.out)),
        Writer::Vtt { .. } => None,
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
