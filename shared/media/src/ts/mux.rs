//! The program of a film: tables, pictures, sound and clock into one transport stream.

use crate::codec::nal::{START_CODE, VideoCodec};
use crate::fault::Outcome;
use crate::feed::Unit;
use crate::ts::packet::{Mark, Packets, Stream};
use crate::ts::{pes, psi};

/// The clock is so far behind decoding: time for a decoder to fill its buffer.
const CLOCK_DELAY: i64 = 63_000;
/// Decoding of the first sample stands here.
const FIRST_DECODE: i64 = 126_000;
/// The clock comes at least every 100 ms (ISO/IEC 13818-1 §2.7.2).
const CLOCK_EVERY: i64 = 8_100;
/// Times have 33 bits.
const TIME_MASK: i64 = (1 << 33) - 1;

/// What is added to a tick of the film whose first sample is decoded at `first`.
const fn shift(first: i64) -> i64 {
    FIRST_DECODE - first
}

const fn masked(tick: i64) -> u64 {
    (tick & TIME_MASK).cast_unsigned()
}

/// The time stamp of a tick of the film whose first sample is decoded at `first`.
pub(crate) const fn time(tick: i64, first: i64) -> u64 {
    masked(tick.saturating_add(shift(first)))
}

/// What the program consists of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    pub(crate) video: Option<crate::codec::nal::Family>,
    pub(crate) audio: bool,
    /// Whether the index tells key frames apart; if not, the pictures themselves do.
    pub(crate) marks_keys: bool,
    /// Decoding tick of the very first sample.
    pub(crate) first: i64,
}

/// The multiplexer; its counters run on from segment to segment.
pub(crate) struct Mux {
    association: (Stream, Vec<u8>),
    map: (Stream, Vec<u8>),
    video: Stream,
    audio: Stream,
    has_video: bool,
    marks_keys: bool,
    shift: i64,
    /// Decoding tick at which the clock was written last.
    clocked: Option<i64>,
}

impl Mux {
    pub(crate) fn new(program: Program) -> Self {
        Self {
            association: (Stream::new(0), psi::association()),
            map: (
                Stream::new(psi::PMT_PID),
                psi::map(program.video, program.audio),
            ),
            video: Stream::new(psi::VIDEO_PID),
            audio: Stream::new(psi::AUDIO_PID),
            has_video: program.video.is_some(),
            marks_keys: program.marks_keys,
            shift: shift(program.first),
            clocked: None,
        }
    }

    /// Begins a segment with the program's tables.
    pub(crate) fn begin(&mut self, out: &mut Vec<u8>) {
        psi::write(out, &mut self.association.0, &self.association.1);
        psi::write(out, &mut self.map.0, &self.map.1);
        self.clocked = None;
    }

    fn time(&self, tick: i64) -> u64 {
        masked(tick.saturating_add(self.shift))
    }

    fn pcr(&mut self, decode: i64) -> u64 {
        self.clocked = Some(decode);
        self.time(decode.saturating_sub(CLOCK_DELAY))
    }

    /// One access unit, a key frame behind its parameter sets; tells whether it is a key frame.
    pub(crate) fn picture(
        &mut self,
        out: &mut Vec<u8>,
        codec: &VideoCodec,
        unit: &Unit,
        sample: &[u8],
    ) -> Outcome<bool> {
        let found = codec.survey(sample)?;
        let delimiter = if found.has_delimiter {
            &[][..]
        } else {
            codec.delimiter()
        };
        let entry = unit.key && (self.marks_keys || found.is_entry);
        let wants_sets = entry && !found.has_parameters;
        let sets = if wants_sets {
            &codec.parameters[..]
        } else {
            &[]
        };
        let payload = delimiter.len() + sets.len() + found.octets;
        let (show, decode) = (self.time(unit.show), self.time(unit.decode));
        let header = pes::Header::new(0xe0, payload, show, decode);
        let mark = Mark {
            entry,
            pcr: Some(self.pcr(unit.decode)),
        };
        let len = header.octets().len() + payload;
        let mut packets = Packets::begin(out, &mut self.video, len, mark);
        packets.put(header.octets());
        packets.put(delimiter);
        let mut nals = codec.nals(sample);
        // A delimiter of the film's own stays first, before the parameter sets.
        if found.has_delimiter
            && let Some(nal) = nals.next()
        {
            packets.put(&START_CODE);
            packets.put(nal?);
        }
        packets.put(sets);
        for nal in nals {
            packets.put(&START_CODE);
            packets.put(nal?);
        }
        Ok(entry)
    }

    /// Several ADTS frames in one PES packet; `ahead` is the next picture's decoding tick, which
    /// the clock must not overtake.
    pub(crate) fn sound(
        &mut self,
        out: &mut Vec<u8>,
        frames: &[u8],
        (show, decode): (i64, i64),
        ahead: Option<i64>,
    ) {
        let time = self.time(show);
        let header = pes::Header::new(0xc0, frames.len(), time, time);
        let mut mark = Mark::default();
        if !self.has_video {
            mark = Mark {
                entry: self.clocked.is_none(),
                pcr: Some(self.pcr(decode)),
            };
        } else if self.clock_is_due(decode) && ahead.is_none_or(|ahead| decode <= ahead) {
            let pcr = self.pcr(decode);
            self.video.clock(out, pcr);
        }
        let len = header.octets().len() + frames.len();
        let mut packets = Packets::begin(out, &mut self.audio, len, mark);
        packets.put(header.octets());
        packets.put(frames);
    }

    fn clock_is_due(&self, decode: i64) -> bool {
        self.clocked
            .is_none_or(|clocked| decode.saturating_sub(clocked) >= CLOCK_EVERY)
    }
}
