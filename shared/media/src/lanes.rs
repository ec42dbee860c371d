//! The tracks of a film on their way into its streams.

use vault_domain::packaging::TICKS_PER_SECOND;

use crate::codec::{AudioCodec, VideoCodec, aac};
use crate::fault::Outcome;
use crate::feed::{Feed, Unit};
use crate::mp4::cursor::Cursor;
use crate::stop::Stop;
use crate::ts::Mux;
use crate::vtt::Cue;

/// Sound frames are gathered into one PES packet up to so many octets or frames.
const GROUP_OCTETS: usize = 4096;
const GROUP_FRAMES: u32 = 16;
/// Ticks by which rounding may move a frame.
const MAX_SLIP: u64 = 90;

/// All tracks.
pub(crate) struct Lanes {
    pub(crate) video: Option<Lane<VideoCodec>>,
    pub(crate) sounds: Vec<Sound>,
    pub(crate) texts: Vec<Text>,
}

/// One track on its way into the stream.
pub(crate) struct Lane<C> {
    pub(crate) codec: C,
    pub(crate) feed: Feed,
}

/// A sound, and the frames that are gathered.
pub(crate) struct Sound {
    pub(crate) lane: Lane<AudioCodec>,
    pub(crate) group: Group,
    /// Which stream it goes into, counted from the main one.
    pub(crate) output: usize,
}

/// Subtitles, and those that are on the screen.
pub(crate) struct Text {
    pub(crate) feed: Feed,
    /// When the last one ends.
    pub(crate) end: i64,
    pub(crate) cues: Vec<Cue>,
    pub(crate) output: usize,
}

/// The sample of each track that is next.
pub(crate) struct Heads {
    pub(crate) picture: Option<Unit>,
    pub(crate) sounds: Vec<Option<Unit>>,
    pub(crate) texts: Vec<Option<Unit>>,
}

/// Sound frames gathered for one PES packet.
#[derive(Default)]
pub(crate) struct Group {
    frames: Vec<u8>,
    pub(crate) count: u32,
    show: i64,
    decode: i64,
}

impl Lanes {
    pub(crate) fn len(&self) -> usize {
        usize::from(self.video.is_some()) + self.sounds.len() + self.texts.len()
    }

    /// The readers of the tables and fragments.
    pub(crate) fn cursors(&mut self) -> impl Iterator<Item = &mut Cursor> {
        let video = self.video.iter_mut().map(|lane| &mut lane.feed);
        let sounds = self.sounds.iter_mut().map(|sound| &mut sound.lane.feed);
        let texts = self.texts.iter_mut().map(|text| &mut text.feed);
        video.chain(sounds).chain(texts).map(Feed::cursor)
    }

    /// Looks at the next samples, into what is there for them.
    pub(crate) fn peek(&mut self, heads: &mut Heads) -> Result<(), Stop> {
        heads.picture = match &mut self.video {
            Some(lane) => lane.feed.peek()?,
            None => None,
        };
        heads.sounds.clear();
        for sound in &mut self.sounds {
            heads.sounds.push(sound.lane.feed.peek()?);
        }
        heads.texts.clear();
        for text in &mut self.texts {
            heads.texts.push(text.feed.peek()?);
        }
        Ok(())
    }
}

impl Heads {
    pub(crate) fn none() -> Self {
        Self {
            picture: None,
            sounds: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// All but this one.
    pub(crate) fn others(&self, unit: &Unit) -> Vec<Unit> {
        let all = self.sounds.iter().chain(&self.texts).chain([&self.picture]);
        all.flatten()
            .filter(|other| *other != unit)
            .copied()
            .collect()
    }
}

impl Group {
    pub(crate) fn add(&mut self, codec: &AudioCodec, frame: &[u8], unit: &Unit) -> Outcome<()> {
        if self.count == 0 {
            (self.show, self.decode) = (unit.show, unit.decode);
        }
        self.frames.extend_from_slice(&codec.adts(frame.len())?);
        self.frames.extend_from_slice(frame);
        self.count += 1;
        Ok(())
    }

    /// Whether a frame does not follow those gathered where they end.
    pub(crate) fn breaks_off(&self, codec: &AudioCodec, unit: &Unit) -> bool {
        let span = u64::from(self.count) * aac::FRAME * TICKS_PER_SECOND / u64::from(codec.rate);
        let end = self.show.saturating_add(span.cast_signed());
        self.count > 0 && unit.show.abs_diff(end) > MAX_SLIP
    }

    pub(crate) fn is_full(&self) -> bool {
        self.count >= GROUP_FRAMES || self.frames.len() >= GROUP_OCTETS
    }

    pub(crate) fn flush(&mut self, mux: &mut Mux, out: &mut Vec<u8>, ahead: Option<i64>) {
        mux.sound(out, &self.frames, (self.show, self.decode), ahead);
        self.frames.clear();
        self.count = 0;
    }
}
