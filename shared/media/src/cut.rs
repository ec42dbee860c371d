//! Where segments end: at key frames, or, where there is no picture, at any sound frame.

use vault_domain::packaging::{PackagePlan, TICKS_PER_SECOND};

use crate::cipher::BLOCK;
use crate::feed::{Feed, Unit};
use crate::survey::{MAX_LEAD, Survey};

/// Cuts a film into segments, one after the other.
pub(crate) struct Cutter {
    /// Wished length in ticks.
    wish: i64,
    segments_per_key: u32,
    /// Where the next segment begins.
    at: i64,
    /// Where the picture ends, and the film.
    video_end: i64,
    end: i64,
}

/// One segment to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    ticks: u64,
    pictures: u32,
    sounds: u32,
    /// Octets of all samples in it.
    pub(crate) octets: u64,
    first: bool,
    /// Sound frames in it, of which `sounds` are still to be written.
    frames: u32,
}

/// The sample to be written next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Picture(Unit),
    Sound(Unit),
    /// The segment is whole.
    End,
}

impl Cutter {
    pub(crate) fn new(plan: PackagePlan, [video, audio]: [Option<Survey>; 2]) -> Self {
        let ticks = u64::from(plan.segment_ms.max(1)) * TICKS_PER_SECOND / 1000;
        // The priming of an encoder precedes the film: it is carried, and not counted.
        let audio_start = audio.map(|a| {
            if a.start >= -2 * MAX_LEAD {
                a.start.max(0)
            } else {
                a.start
            }
        });
        let at = [video.map(|v| v.start), audio_start]
            .into_iter()
            .flatten()
            .min();
        let ends = [video.map(|v| v.end), audio.map(|a| a.end)];
        Self {
            wish: ticks.cast_signed(),
            segments_per_key: plan.segments_per_key.max(1),
            at: at.unwrap_or(0),
            video_end: video.map_or(i64::MIN, |v| v.end),
            end: ends.into_iter().flatten().max().unwrap_or(0),
        }
    }

    /// The key period of a segment.
    pub(crate) fn period(&self, segment: u32) -> u32 {
        segment / self.segments_per_key
    }

    /// The next segment, given what of the tracks is left; none if nothing is.
    pub(crate) fn next(&mut self, video: Option<&Feed>, audio: Option<&Feed>) -> Option<Cut> {
        let picture = video.and_then(Feed::peek);
        let sound = audio.and_then(Feed::peek);
        let mut cut = Cut {
            ticks: 0,
            pictures: 0,
            sounds: 0,
            octets: 0,
            first: true,
            frames: 0,
        };
        let wished = self.at.saturating_add(self.wish);
        let end = match (picture, sound) {
            (None, None) => return None,
            (None, Some(sound)) => self.sounds_only(sound, None, audio),
            (Some(picture), Some(sound)) if picture.show >= wished && sound.show < picture.show => {
                self.sounds_only(sound, Some(picture), audio)
            }
            (Some(picture), _) => self.pictures(&mut cut, picture, video),
        };
        cut.count_sounds(audio, end);
        let until = end.unwrap_or(self.end);
        cut.ticks = until.saturating_sub(self.at).max(1).cast_unsigned();
        self.at = self.at.saturating_add(cut.ticks.cast_signed());
        Some(cut)
    }

    /// Counts pictures up to the key frame that ends the segment; `None` is the end of the film.
    fn pictures(&self, cut: &mut Cut, first: &Unit, video: Option<&Feed>) -> Option<i64> {
        let begin = if first.show < self.at.saturating_add(self.wish) {
            self.at
        } else {
            first.show
        };
        let wished = begin.saturating_add(self.wish);
        let mut ahead = video.cloned()?;
        while let Some(unit) = ahead.take() {
            if cut.pictures > 0 && unit.key && unit.show >= wished {
                return Some(unit.show);
            }
            cut.pictures += 1;
            cut.octets += unit.size as u64;
        }
        let tail = self.end.saturating_sub(self.video_end);
        (tail > self.wish).then_some(self.video_end)
    }

    /// Where a segment without pictures ends; `None` is the end of the film.
    fn sounds_only(
        &self,
        first: &Unit,
        picture: Option<&Unit>,
        audio: Option<&Feed>,
    ) -> Option<i64> {
        let wished = self.at.max(first.show).saturating_add(self.wish);
        let mut ahead = audio.cloned()?;
        ahead.advance();
        let next = std::iter::from_fn(|| ahead.take()).find(|unit| unit.show >= wished);
        let ends = [
            next.map(|unit| unit.show),
            picture.map(|picture| picture.show),
        ];
        ends.into_iter().flatten().min()
    }
}

impl Cut {
    fn count_sounds(&mut self, audio: Option<&Feed>, end: Option<i64>) {
        let Some(mut ahead) = audio.cloned() else {
            return;
        };
        while let Some(unit) = ahead
            .take()
            .filter(|unit| end.is_none_or(|end| unit.show < end))
        {
            self.sounds += 1;
            self.octets += unit.size as u64;
            self.frames += 1;
        }
    }

    /// Length in ticks.
    pub(crate) fn ticks(&self) -> u64 {
        self.ticks
    }

    pub(crate) fn is_last_sound(&self) -> bool {
        self.sounds == 0
    }

    pub(crate) fn is_first_sound(&self) -> bool {
        self.sounds == self.frames
    }

    pub(crate) fn is_first_picture(&self) -> bool {
        self.first
    }

    pub(crate) fn took_picture(&mut self) {
        self.first = false;
        self.pictures = self.pictures.saturating_sub(1);
    }

    pub(crate) fn took_sound(&mut self) {
        self.sounds = self.sounds.saturating_sub(1);
    }

    /// About as many octets as the segment will have, rather more.
    pub(crate) fn room(&self) -> usize {
        let units = u64::from(self.pictures) * 200 + u64::from(self.frames) * 40;
        let payload = self.octets + self.octets / 40 + units + 4096;
        usize::try_from(payload).unwrap_or(0) + BLOCK
    }

    /// What is decoded next; a group of sound frames begun is finished first.
    pub(crate) fn next(&self, picture: Option<Unit>, sound: Option<Unit>, grouping: bool) -> Next {
        let picture = picture.filter(|_| self.pictures > 0);
        let sound = sound.filter(|_| self.sounds > 0);
        match (picture, sound) {
            (Some(picture), Some(sound)) if !grouping && picture.decode <= sound.decode => {
                Next::Picture(picture)
            }
            (_, Some(sound)) => Next::Sound(sound),
            (Some(picture), None) => Next::Picture(picture),
            (None, None) => Next::End,
        }
    }
}
