//! Where segments end: at key frames, or, where there is no picture, at any sound frame.

use vault_domain::packaging::{PackagePlan, TICKS_PER_SECOND};

use crate::cipher::BLOCK;
use crate::feed::{Feed, Unit};
use crate::mp4::cursor::Cursor;
use crate::search::{End, Leader, Search};
use crate::stop::Stop;
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
    /// The next segment, whose end is being looked for.
    search: Option<Search>,
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
            search: None,
        }
    }

    /// The key period of a segment.
    pub(crate) fn period(&self, segment: u32) -> u32 {
        segment / self.segments_per_key
    }

    /// The next segment, given what of the tracks is left; none if nothing is. If rows have to be read
    /// first it is asked again, with the tracks where they are.
    pub(crate) fn next(
        &mut self,
        video: Option<&mut Feed>,
        audio: Option<&mut Feed>,
    ) -> Result<Option<Cut>, Stop> {
        let mut search = match self.search.take() {
            Some(search) => search,
            None => match self.begin(video, audio)? {
                Some(search) => search,
                None => return Ok(None),
            },
        };
        let tail = (self.end.saturating_sub(self.video_end) > self.wish).then_some(self.video_end);
        let (counted, end) = match search.run(tail) {
            Ok(found) => found,
            Err(stop) => {
                self.search = Some(search);
                return Err(stop);
            }
        };
        let until = match end {
            End::At(end) => end,
            End::Film => self.end,
        };
        let ticks = until.saturating_sub(self.at).max(1);
        self.at = self.at.saturating_add(ticks);
        Ok(Some(Cut {
            ticks: ticks.cast_unsigned(),
            pictures: counted.pictures,
            sounds: counted.sounds,
            octets: counted.octets,
            first: true,
            frames: counted.sounds,
        }))
    }

    /// The readers of what lies ahead.
    pub(crate) fn cursors(&mut self) -> impl Iterator<Item = &mut Cursor> {
        self.search.iter_mut().flat_map(Search::cursors)
    }

    fn begin(
        &self,
        mut video: Option<&mut Feed>,
        mut audio: Option<&mut Feed>,
    ) -> Result<Option<Search>, Stop> {
        let picture = video.as_deref_mut().map_or(Ok(None), Feed::peek)?;
        let sound = audio.as_deref_mut().map_or(Ok(None), Feed::peek)?;
        let wished = self.at.saturating_add(self.wish);
        let without = |picture: &Unit, sound: &Unit| {
            // A stretch of sound long enough for a segment precedes the picture.
            picture.show >= wished && sound.show < picture.show
        };
        let (lead, leader, begin) = match (picture.zip(video), sound.zip(audio.as_deref())) {
            (Some((picture, _)), Some((sound, audio))) if without(&picture, &sound) => {
                let leader = Leader::sounds(Some(picture.show));
                (audio.clone(), leader, self.at.max(sound.show))
            }
            (Some((picture, video)), _) => {
                let begin = if picture.show < wished {
                    self.at
                } else {
                    picture.show
                };
                (video.clone(), Leader::Pictures, begin)
            }
            (None, Some((sound, audio))) => {
                (audio.clone(), Leader::sounds(None), self.at.max(sound.show))
            }
            (None, None) => return Ok(None),
        };
        let wished = begin.saturating_add(self.wish);
        let sound = audio.as_deref().cloned();
        Ok(Some(Search::new(lead, leader, wished, sound)))
    }
}

impl Cut {
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
