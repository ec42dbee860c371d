//! One walk over a track's tables before anything is read: is the film whole, when does the track
//! start and end, which samples are kept.

use vault_domain::packaging::{PackageFault, TICKS_PER_SECOND};

use crate::fault::{Outcome, damaged, unsupported_feature};
use crate::mp4::cursor::{Cursor, Place, Sample, inside};
use crate::mp4::movie::Chosen;
use crate::stop::Stop;

/// Larger single pictures than this are taken for damage.
const MAX_SAMPLE: u32 = 64 << 20;
/// The clock of MPEG-TS comes round after 26.5 hours.
const MAX_SECONDS: i64 = 24 * 3600;
/// Sound so much ahead of the picture is kept: the priming of every AAC encoder is shorter.
pub(crate) const MAX_LEAD: i64 = 9_000;

/// From a track's clock to 90 kHz ticks of the film.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeline {
    timescale: u32,
    /// Composition time that stands at the beginning of the track's edit.
    from: i64,
    /// Ticks before the track starts.
    delay: i64,
    /// How much later than allowed the tables decode; taken from every decoding time.
    lead: i64,
}

impl Timeline {
    pub(crate) fn shown(&self, compose: i64) -> i64 {
        rescale(compose.saturating_sub(self.from), self.timescale) + self.delay
    }

    pub(crate) fn decoded(&self, decode: i64) -> i64 {
        self.shown(decode.saturating_sub(self.lead))
    }

    pub(crate) fn lasts(&self, duration: u32) -> i64 {
        rescale(i64::from(duration), self.timescale)
    }

    pub(crate) fn timescale(&self) -> u32 {
        self.timescale
    }
}

/// To 90 kHz, rounded to the nearest tick.
fn rescale(value: i64, timescale: u32) -> i64 {
    const RATE: i64 = TICKS_PER_SECOND.cast_signed();
    let scale = i64::from(timescale);
    if let Some(product) = value
        .checked_mul(RATE)
        .and_then(|v| v.checked_add(scale / 2))
    {
        return product.div_euclid(scale);
    }
    let wide = i128::from(value) * i128::from(RATE) + i128::from(scale / 2);
    i64::try_from(wide.div_euclid(i128::from(scale))).unwrap_or(i64::MAX / 4)
}

/// What the walk found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Survey {
    pub(crate) line: Timeline,
    /// Where the first sample kept stands, and the number of the one behind the last.
    pub(crate) first: Place,
    pub(crate) last: u32,
    /// When the first sample kept is shown, and when the last one ends.
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// When the first sample kept is decoded.
    pub(crate) decode: i64,
    /// Octets of all samples, and where the last of them ends in the file.
    pub(crate) octets: u64,
    pub(crate) file_end: u64,
    /// Samples a second: on average if they come evenly, else the most that begin in any second.
    pub(crate) rate: f64,
    /// Whether it is said which samples are key frames.
    pub(crate) marks_keys: bool,
}

/// Where a track may start.
#[derive(Clone, Copy)]
pub(crate) enum Start {
    /// At the last key frame that is not behind the first picture shown.
    Key,
    /// At the first sample.
    First,
    /// At the last sample well before that tick, so that a decoder has warmed up by then.
    Before(i64),
}

/// A track on its walk, of a file of `size` octets and with at most so many samples.
pub(crate) struct Surveyor {
    cursor: Cursor,
    walk: Walk,
    start: Start,
    size: u64,
    /// Samples at most.
    most: u32,
    timescale: u32,
    /// The composition time behind the edit, counted from its beginning, in the track's ticks.
    until: i64,
}

impl Surveyor {
    pub(crate) fn new<C>(
        track: &Chosen<C>,
        (size, most): (u64, u32),
        start: Start,
    ) -> Outcome<Self> {
        Ok(Self {
            cursor: Cursor::new(track.samples.clone(), Place::default()),
            walk: Walk::new(timeline(track)?, track.samples.tables.marks_keys()),
            start,
            size,
            most,
            timescale: track.timescale,
            until: shown_until(track),
        })
    }

    /// The rows that are read first.
    pub(crate) fn cursor(&mut self) -> &mut Cursor {
        &mut self.cursor
    }

    /// Walks on to the end; asked again after rows came that were away. `None` is a track without samples.
    pub(crate) fn run(&mut self) -> Result<Option<Survey>, Stop> {
        let limit = i64::from(self.timescale) * MAX_SECONDS;
        let from = self.walk.line.from;
        loop {
            let place = self.cursor.place();
            let Some(sample) = self.cursor.next()? else {
                break;
            };
            let sample = inside(sample, self.size)?;
            if sample.size > MAX_SAMPLE {
                return Err(oversized().into());
            }
            self.walk.count(&sample);
            if self.walk.octets > self.size || place.sample() > self.most {
                return Err(overfull().into());
            }
            if sample.size == 0 {
                continue;
            }
            let shown = sample.compose.saturating_sub(from);
            if shown.saturating_abs() > limit || sample.decode.saturating_sub(from) > limit {
                return Err(too_long().into());
            }
            self.walk
                .keep(place, &sample, shown, self.until, self.start);
        }
        if self.cursor.place().changed() {
            return Err(changing().into());
        }
        if self.cursor.place().sample() == 0 {
            return Ok(None);
        }
        Ok(Some(self.walk.finish(self.timescale, self.until)?))
    }
}

struct Walk {
    line: Timeline,
    first: Option<(Place, Sample)>,
    last: u32,
    behind: Option<Sample>,
    end: i64,
    octets: u64,
    file_end: u64,
    marks_keys: bool,
    pace: Pace,
}

/// How evenly samples come.
#[derive(Default)]
struct Pace {
    before: Option<i64>,
    least: i64,
    longest: i64,
    /// The second at hand, and how many came in it.
    second: i64,
    count: u32,
    most: u32,
}

impl Walk {
    fn new(line: Timeline, marks_keys: bool) -> Self {
        let (first, behind) = (None, None);
        Self {
            line,
            first,
            last: 0,
            behind,
            end: i64::MIN,
            octets: 0,
            file_end: 0,
            marks_keys,
            pace: Pace::default(),
        }
    }

    fn count(&mut self, sample: &Sample) {
        // Each is below 2^32 and their number below 2^25: the sum cannot overflow.
        self.octets += u64::from(sample.size);
        self.file_end = self.file_end.max(sample.offset + u64::from(sample.size));
        self.marks_keys |= !sample.key;
        let early = sample.decode.saturating_sub(sample.compose);
        self.line.lead = self.line.lead.max(early);
    }

    fn keep(&mut self, place: Place, sample: &Sample, shown: i64, until: i64, start: Start) {
        let may_start = match start {
            Start::Key => sample.key && shown <= 0,
            Start::First => false,
            Start::Before(tick) => self.line.shown(sample.compose) <= tick - MAX_LEAD,
        };
        let must_start = self.first.is_none() && (sample.key || !matches!(start, Start::Key));
        if may_start || must_start {
            self.first = Some((place, *sample));
            self.end = i64::MIN;
            self.pace = Pace::default();
        }
        if self.first.is_some() && shown < until {
            self.last = place.sample() + 1;
            self.behind = Some(*sample);
            self.pace.count(sample.decode, self.line.timescale);
            self.end = self
                .end
                .max(sample.compose.saturating_add(i64::from(sample.duration)));
        }
    }

    fn finish(&self, timescale: u32, until: i64) -> Outcome<Survey> {
        let line = self.line;
        let (first, sample) = self.first.ok_or_else(no_keys)?;
        let Some(behind) = self.behind.filter(|_| self.last > first.sample()) else {
            return Err(damaged("its edit list shows nothing"));
        };
        let end = self.end.min(line.from.saturating_add(until));
        let span = behind.decode - sample.decode + i64::from(behind.duration);
        let count = f64::from(self.last - first.sample());
        #[expect(
            clippy::cast_precision_loss,
            reason = "a span of time is far below 2^52 ticks"
        )]
        let rate = if self.pace.varies() {
            f64::from(self.pace.most)
        } else if span > 0 {
            count * f64::from(timescale) / span as f64
        } else {
            0.0
        };
        Ok(Survey {
            line,
            first,
            last: self.last,
            start: line.shown(sample.compose),
            end: line.shown(end),
            decode: line.decoded(sample.decode),
            octets: self.octets,
            file_end: self.file_end,
            rate,
            marks_keys: self.marks_keys,
        })
    }
}

impl Pace {
    fn count(&mut self, decode: i64, timescale: u32) {
        if let Some(before) = self.before.replace(decode) {
            let step = decode.saturating_sub(before);
            self.least = if self.longest == 0 {
                step
            } else {
                self.least.min(step)
            };
            self.longest = self.longest.max(step);
        }
        let second = decode.div_euclid(i64::from(timescale));
        self.count = if second == self.second {
            self.count + 1
        } else {
            1
        };
        self.second = second;
        self.most = self.most.max(self.count);
    }

    /// Rounding to the track's clock moves a sample by a tick at most, so a step by two.
    fn varies(&self) -> bool {
        self.longest - self.least > 2
    }
}

/// The track's clock; how much its tables decode late is found on the walk.
fn timeline<C>(track: &Chosen<C>) -> Outcome<Timeline> {
    let delay = i64::try_from(track.edit.delay);
    let delay = delay.map_or(i64::MAX, |delay| rescale(delay, track.film_timescale));
    if delay > MAX_SECONDS * TICKS_PER_SECOND.cast_signed() {
        return Err(too_long());
    }
    Ok(Timeline {
        timescale: track.timescale,
        from: track.edit.from,
        delay,
        lead: 0,
    })
}

/// The composition time behind the edit, counted from its beginning, in the track's ticks.
fn shown_until<C>(track: &Chosen<C>) -> i64 {
    let Some(length) = track.edit.length else {
        return i64::MAX;
    };
    let ticks = u128::from(length) * u128::from(track.timescale);
    i64::try_from(ticks.div_ceil(u128::from(track.film_timescale))).unwrap_or(i64::MAX)
}

fn too_long() -> PackageFault {
    unsupported_feature(
        "film_too_long",
        "The film claims to last for more than 24 hours",
    )
}

pub(crate) fn overfull() -> PackageFault {
    damaged("its index names more pictures and sound than the file can hold")
}

fn changing() -> PackageFault {
    unsupported_feature(
        "changing_format_not_supported",
        "The film changes its format in the middle, as when clips are joined without exporting them as one",
    )
}

fn oversized() -> PackageFault {
    damaged("one of its pictures claims to be larger than 64 MiB")
}

fn no_keys() -> PackageFault {
    unsupported_feature(
        "no_key_frames",
        "The film has no key frames, the pictures from which a player can start",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_to_the_nearest_tick() {
        assert_eq!(rescale(1001, 30_000), 3003);
        assert_eq!(rescale(1024, 44_100), 2090);
        assert_eq!(rescale(-1024, 48_000), -1920);
        assert_eq!(rescale(1, 4_000_000_000), 0);
        assert_eq!(rescale(1 << 50, 1 << 30), (1 << 20) * 90_000);
    }
}
