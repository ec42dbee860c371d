//! Where segments end: at key frames, or, where there is no picture, at any sound frame.

use vault_domain::packaging::{Guide, PackageFault, PackagePlan, TICKS_PER_SECOND};

use crate::cipher::BLOCK;
use crate::feed::{Feed, Unit};
use crate::mp4::cursor::Cursor;
use crate::search::{End, Leader, Search};
use crate::stop::Stop;
use crate::survey::{MAX_LEAD, Survey};

/// What says where segments end.
#[derive(Clone)]
pub(crate) enum Cuts {
    /// Wishes, which key frames decide on.
    Wished(PackagePlan),
    /// The cuts of the film that this is a variant of.
    Given(Guide),
}

impl Cuts {
    /// Are sounds and texts packaged? Of a variant whose film has them in streams of their own they are not.
    pub(crate) fn takes_sounds(&self) -> bool {
        match self {
            Self::Wished(_) => true,
            Self::Given(guide) => guide.sound,
        }
    }
    /// When the very first sample of the film is decoded, where that is given.
    pub(crate) fn first(&self) -> Option<i64> {
        match self {
            Self::Wished(_) => None,
            Self::Given(guide) => Some(guide.timing.first),
        }
    }
}

/// Ticks by which rounding to other clocks may move a picture: 2 ms, less than any lasts.
const SLACK: i64 = 180;
/// Ticks by which a variant may be longer or shorter than its film: about a picture and a sound frame.
const END_SLACK: i64 = 45_000;

/// Cuts a film into segments, one after the other, all streams at the same places.
pub(crate) struct Cutter {
    /// Wished length in ticks.
    wish: i64,
    cuts: Cuts,
    /// How many segments there are so far.
    made: usize,
    /// Where the next segment begins.
    at: i64,
    /// Where the picture ends, and the film.
    video_end: i64,
    end: i64,
    /// The next segment, whose end is being looked for.
    search: Option<Search>,
}

/// Where a segment has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    /// There, and others follow.
    At(i64),
    /// About there, with the film.
    Last(i64),
}

impl Given {
    /// Where it ends, given where it would.
    pub(crate) fn end(self, found: End) -> Result<End, Stop> {
        match (self, found) {
            (Self::At(end), End::At(found)) if found.abs_diff(end) <= SLACK.unsigned_abs() => {
                Ok(End::At(end))
            }
            (Self::Last(_), End::Film) => Ok(End::Film),
            _ => Err(not_aligned().into()),
        }
    }
}

/// The variant does not fall into the segments of its film.
pub(crate) fn not_aligned() -> PackageFault {
    PackageFault::new(
        "not_aligned",
        "Coded anew the film cannot be cut where it is cut as it was uploaded: its pictures or its sound come at other times.",
    )
}

/// A stretch of the film: one segment of each stream.
#[derive(Debug)]
pub(crate) struct Cut {
    ticks: u64,
    /// Where it ends.
    pub(crate) end: i64,
    pictures: u32,
    sounds: Vec<Left>,
    /// Octets of all samples in it.
    pub(crate) octets: u64,
    /// Pictures in it, of which `pictures` are still to be written.
    all_pictures: u32,
    first: bool,
}

/// Frames of one sound in a cut.
#[derive(Debug, Clone, Copy)]
struct Left {
    /// In all.
    all: u32,
    /// Still to be written.
    left: u32,
}

/// The sample to be written next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Picture(Unit),
    /// Of the sound of that number.
    Sound(usize, Unit),
    /// Of the subtitles of that number.
    Text(usize, Unit),
    /// The segments are whole.
    End,
}

impl Cutter {
    pub(crate) fn new(cuts: Cuts, video: Option<&Survey>, sounds: &[Survey]) -> Self {
        let ticks = match &cuts {
            Cuts::Wished(plan) => u64::from(plan.segment_ms.max(1)) * TICKS_PER_SECOND / 1000,
            Cuts::Given(_) => 0,
        };
        // The priming of an encoder precedes the film: it is carried, and not counted.
        let starts = sounds.iter().map(|a| {
            if a.start >= -2 * MAX_LEAD {
                a.start.max(0)
            } else {
                a.start
            }
        });
        let at = match &cuts {
            Cuts::Wished(_) => starts.chain(video.map(|v| v.start)).min(),
            Cuts::Given(guide) => Some(guide.timing.start),
        };
        let ends = sounds.iter().chain(video).map(|found| found.end);
        Self {
            wish: ticks.cast_signed(),
            cuts,
            made: 0,
            at: at.unwrap_or(0),
            video_end: video.map_or(i64::MIN, |v| v.end),
            end: ends.max().unwrap_or(0),
            search: None,
        }
    }

    /// Where the next segment begins.
    pub(crate) fn at(&self) -> i64 {
        self.at
    }

    /// The key period of a segment.
    pub(crate) fn period(&self, segment: u32) -> u32 {
        match &self.cuts {
            Cuts::Wished(plan) => segment / plan.segments_per_key.max(1),
            Cuts::Given(guide) => {
                let at = usize::try_from(segment).unwrap_or(usize::MAX);
                let period = guide.periods.get(at).or(guide.periods.last());
                period.copied().unwrap_or(0)
            }
        }
    }

    /// From when on a segment may end that begins at `begin`.
    fn wished(&self, begin: i64) -> i64 {
        match self.given() {
            None => begin.saturating_add(self.wish),
            Some(Given::At(end)) => end.saturating_sub(SLACK),
            Some(Given::Last(_)) => i64::MAX,
        }
    }

    /// Where the next segment has to end, if that is given.
    fn given(&self) -> Option<Given> {
        let Cuts::Given(guide) = &self.cuts else {
            return None;
        };
        match guide.ends.get(self.made..) {
            Some([end, _, ..]) => Some(Given::At(*end)),
            Some([end]) => Some(Given::Last(*end)),
            _ => Some(Given::Last(i64::MIN)),
        }
    }

    /// The next segment, given what of the tracks is left; none if nothing is. If rows have to be read
    /// first it is asked again, with the tracks where they are.
    pub(crate) fn next(
        &mut self,
        video: Option<&mut Feed>,
        sounds: &mut [&mut Feed],
    ) -> Result<Option<Cut>, Stop> {
        let mut search = match self.search.take() {
            Some(search) => search,
            None => match self.begin(video, sounds)? {
                Some(search) => search,
                None => return Ok(None),
            },
        };
        let given = self.given();
        let tail = match given {
            None => self.end.saturating_sub(self.video_end) > self.wish,
            Some(Given::At(_)) => true,
            Some(Given::Last(_)) => false,
        };
        let tail = tail.then_some(self.video_end);
        let (counted, end) = match search.run(tail, given) {
            Ok(found) => found,
            Err(stop) => {
                self.search = Some(search);
                return Err(stop);
            }
        };
        let until = match (end, given) {
            (End::At(end), _) => end,
            (End::Film, None) => self.end,
            (End::Film, Some(Given::Last(end)))
                if end.abs_diff(self.end) <= END_SLACK.unsigned_abs() =>
            {
                end
            }
            (End::Film, Some(_)) => return Err(not_aligned().into()),
        };
        self.made += 1;
        let ticks = until.saturating_sub(self.at).max(1);
        self.at = self.at.saturating_add(ticks);
        let left = |all| Left { all, left: all };
        Ok(Some(Cut {
            ticks: ticks.cast_unsigned(),
            end: self.at,
            pictures: counted.pictures,
            sounds: counted.sounds.into_iter().map(left).collect(),
            octets: counted.octets,
            all_pictures: counted.pictures,
            first: true,
        }))
    }

    /// The readers of what lies ahead.
    pub(crate) fn cursors(&mut self) -> impl Iterator<Item = &mut Cursor> {
        self.search.iter_mut().flat_map(Search::cursors)
    }

    fn begin(
        &self,
        mut video: Option<&mut Feed>,
        sounds: &mut [&mut Feed],
    ) -> Result<Option<Search>, Stop> {
        let picture = video.as_deref_mut().map_or(Ok(None), Feed::peek)?;
        // The first sound that goes on leads where there is no picture.
        let mut leading = None;
        for (at, feed) in sounds.iter_mut().enumerate() {
            let sound = feed.peek()?;
            leading = leading.or(sound.map(|sound| (sound, at)));
        }
        let all: Vec<Feed> = sounds.iter().map(|feed| Feed::clone(feed)).collect();
        let leading = leading.and_then(|(sound, at)| Some((sound, all.get(at)?)));
        // Given cuts need no wish: where a sound precedes the picture for long, the film was cut before the picture.
        let wished = match self.given() {
            Some(Given::At(end) | Given::Last(end)) => end.saturating_sub(SLACK),
            None => self.at.saturating_add(self.wish),
        };
        let without = |picture: &Unit, sound: &Unit| {
            // A stretch of sound long enough for a segment precedes the picture.
            picture.show >= wished && sound.show < picture.show
        };
        let (lead, leader, begin) = match (picture.zip(video), leading) {
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
        let wished = self.wished(begin);
        Ok(Some(Search::new(lead, leader, wished, all)))
    }
}

impl Cut {
    /// Length in ticks.
    pub(crate) fn ticks(&self) -> u64 {
        self.ticks
    }

    pub(crate) fn is_last_sound(&self, at: usize) -> bool {
        self.sounds.get(at).is_none_or(|sound| sound.left == 0)
    }

    pub(crate) fn is_first_sound(&self, at: usize) -> bool {
        self.sounds
            .get(at)
            .is_some_and(|sound| sound.left == sound.all)
    }

    pub(crate) fn is_first_picture(&self) -> bool {
        self.first
    }

    pub(crate) fn took_picture(&mut self) {
        self.first = false;
        self.pictures = self.pictures.saturating_sub(1);
    }

    pub(crate) fn took_sound(&mut self, at: usize) {
        if let Some(sound) = self.sounds.get_mut(at) {
            sound.left = sound.left.saturating_sub(1);
        }
    }

    /// About as many octets as a segment will have, rather more: of the main stream with this one sound, or
    /// without.
    pub(crate) fn room(&self, sound: Option<usize>, pictures: bool) -> usize {
        let frames = sound
            .and_then(|at| self.sounds.get(at))
            .map_or(0, |sound| sound.all);
        let pictures = if pictures { self.all_pictures } else { 0 };
        let units = u64::from(pictures) * 200 + u64::from(frames) * 40;
        let samples = if pictures > 0 {
            self.octets
        } else {
            // Most sounds stay below 400 kbit/s; a louder one grows.
            u64::from(frames) * 1024
        };
        let payload = samples + samples / 40 + units + 4096;
        usize::try_from(payload).unwrap_or(0) + BLOCK
    }

    /// What is decoded next; a group of sound frames begun is finished first. Of each track the sample that is
    /// next, if there is one; `grouping` is the sound of the group.
    pub(crate) fn next(
        &self,
        picture: Option<Unit>,
        sounds: &[Option<Unit>],
        texts: &[Option<Unit>],
        grouping: Option<usize>,
    ) -> Next {
        let sound = |at: usize| {
            let goes_on = !self.is_last_sound(at);
            let unit = sounds.get(at).copied().flatten();
            unit.filter(|_| goes_on).map(|unit| Next::Sound(at, unit))
        };
        if let Some(next) = grouping.and_then(sound) {
            return next;
        }
        let picture = picture.filter(|_| self.pictures > 0).map(Next::Picture);
        let texts = texts.iter().enumerate().filter_map(|(at, unit)| {
            let unit = unit.filter(|unit| unit.show < self.end)?;
            Some(Next::Text(at, unit))
        });
        let all = picture
            .into_iter()
            .chain((0..sounds.len()).filter_map(sound))
            .chain(texts);
        // The first of those that are decoded at the same time.
        all.min_by_key(Next::decode).unwrap_or(Next::End)
    }
}

impl Next {
    fn decode(&self) -> i64 {
        match self {
            Self::Picture(unit) | Self::Sound(_, unit) | Self::Text(_, unit) => unit.decode,
            Self::End => i64::MAX,
        }
    }
}
