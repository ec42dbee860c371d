//! Which streams a film becomes: pictures with their one sound, or each of several sounds for itself, and
//! subtitles.

use vault_domain::packaging::{Media, Stream};

use crate::codec::{AudioCodec, TextCodec, VideoCodec};
use crate::cut::not_aligned;
use crate::fault::Outcome;
use crate::feed::Feed;
use crate::lanes::{Group, Lane, Lanes, Sound, Text};
use crate::mp4::movie::Chosen;
use crate::opening::Opened;
use crate::present::{About, Choice, Ledger};
use crate::survey::{Survey, overfull};
use crate::ts::{Mux, Program};

/// A variant may be decoded so much earlier than its film: the clock of the streams goes back no further.
const MAX_EARLY: i64 = 45_000;

/// One stream: how it is written, and what was.
pub(crate) struct Output {
    pub(crate) writer: Writer,
    pub(crate) ledger: Ledger,
}

/// How a stream is written.
pub(crate) enum Writer {
    Ts(Box<Mux>),
    /// Where the clock of the transport streams stands at the beginning of the film.
    Vtt {
        zero: u64,
    },
}

/// Tracks and streams; the first stream is the main one.
pub(crate) struct Layout {
    pub(crate) lanes: Lanes,
    pub(crate) outputs: Vec<Output>,
    pub(crate) about: About,
    /// When the very first sample of all is decoded, on the clock of the streams.
    pub(crate) first: i64,
    /// Where the last sample ends in the file.
    pub(crate) file_end: u64,
    pub(crate) video: Option<Survey>,
    pub(crate) sounds: Vec<Survey>,
}

/// Of a file of `size` octets; the clock is that of the first sample of all, or of the one that `first` is given for.
pub(crate) fn lay_out(opened: Opened, size: u64, first: Option<i64>) -> Outcome<Layout> {
    let Opened {
        video,
        sounds,
        texts,
    } = opened;
    let found = |found: &[Survey]| found.to_vec();
    let heard: Vec<_> = sounds.iter().map(|(_, found)| *found).collect();
    let read: Vec<_> = texts.iter().map(|(_, found)| *found).collect();
    let seen = video.as_ref().map(|(_, found)| *found);
    let media = found(&heard).into_iter().chain(seen);
    let all: Vec<Survey> = media.chain(read).collect();
    let octets = all
        .iter()
        .fold(0_u64, |sum, s| sum.saturating_add(s.octets));
    if octets > size {
        return Err(overfull());
    }
    // Subtitles have no say in when the film begins.
    let own = heard.iter().chain(&seen).map(|found| found.decode).min();
    let own = own.unwrap_or(0);
    let first = first.unwrap_or(own);
    if own < first.saturating_sub(MAX_EARLY) {
        return Err(not_aligned());
    }
    let mut maker = Maker {
        first,
        outputs: Vec::new(),
    };
    let mut about = About::new(
        video
            .as_ref()
            .map(|(track, found)| (&track.codec, found.rate)),
        sounds.iter().map(|(track, _)| &track.codec),
    );
    maker.main(video.as_ref(), sounds.len());
    let video = video.map(|(track, found)| lane(track, &found));
    let has_video = video.is_some();
    let several = sounds.len() > 1;
    let sounds = (1..).zip(sounds).map(|(number, (track, found))| {
        let choice = choice(&track);
        let in_main = !several || (number == 1 && !has_video);
        let output = if in_main {
            about.main = several.then_some(choice);
            0
        } else {
            maker.sound(number, choice)
        };
        Sound {
            lane: lane(track, &found),
            group: Group::default(),
            output,
        }
    });
    let sounds = sounds.collect();
    let texts = (1..).zip(texts).map(|(number, (track, found))| Text {
        output: maker.text(number, &track),
        feed: Feed::new(track.samples, &found),
        end: found.end,
        cues: Vec::new(),
    });
    let texts = texts.collect();
    Ok(Layout {
        lanes: Lanes {
            video,
            sounds,
            texts,
        },
        outputs: maker.outputs,
        about,
        first,
        file_end: all.iter().map(|found| found.file_end).max().unwrap_or(0),
        video: seen,
        sounds: heard,
    })
}

fn lane<C>(track: Chosen<C>, found: &Survey) -> Lane<C> {
    Lane {
        codec: track.codec,
        feed: Feed::new(track.samples, found),
    }
}

fn choice(track: &Chosen<AudioCodec>) -> Choice {
    Choice {
        media: Media::Audio {
            channels: track.codec.heard(),
        },
        language: track.language.clone(),
    }
}

struct Maker {
    /// When the very first sample of all is decoded: the clocks of all streams are one.
    first: i64,
    outputs: Vec<Output>,
}

impl Maker {
    fn main(&mut self, video: Option<&(Chosen<VideoCodec>, Survey)>, sounds: usize) {
        let program = Program {
            video: video.map(|(track, _)| track.codec.family),
            audio: sounds == 1 || video.is_none(),
            marks_keys: video.is_some_and(|(_, found)| found.marks_keys),
            first: self.first,
        };
        self.add(Stream::Main, None, Writer::Ts(Box::new(Mux::new(program))));
    }

    fn sound(&mut self, number: u8, choice: Choice) -> usize {
        let program = Program {
            video: None,
            audio: true,
            marks_keys: false,
            first: self.first,
        };
        let writer = Writer::Ts(Box::new(Mux::new(program)));
        self.add(Stream::Audio(number), Some(choice), writer)
    }

    fn text(&mut self, number: u8, track: &Chosen<TextCodec>) -> usize {
        let choice = Choice {
            media: Media::Subtitles {
                forced: track.codec.forced,
            },
            language: track.language.clone(),
        };
        let zero = crate::ts::time(0, self.first);
        let stream = Stream::Subtitles(number);
        self.add(stream, Some(choice), Writer::Vtt { zero })
    }

    fn add(&mut self, stream: Stream, choice: Option<Choice>, writer: Writer) -> usize {
        let ledger = Ledger::new(stream, choice);
        self.outputs.push(Output { writer, ledger });
        self.outputs.len() - 1
    }
}
