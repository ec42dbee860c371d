//! From the index to tracks that are known from end to end.

use crate::codec::{AudioCodec, TextCodec, VideoCodec};
use crate::fault::{Outcome, not_a_film};
use crate::mp4::index::Index;
use crate::mp4::movie::{Chosen, Movie};
use crate::mp4::rows::Away;
use crate::mp4::table::MAX_SAMPLES;
use crate::stop::Stop;
use crate::survey::{Start, Survey, Surveyor};

/// More texts than this are no subtitles: one every sixth of a second for a day.
const MAX_TEXTS: u32 = 500_000;

/// The tracks of a film, each with what the walk over its samples found.
pub(crate) struct Opened {
    pub(crate) video: Option<(Chosen<VideoCodec>, Survey)>,
    pub(crate) sounds: Vec<(Chosen<AudioCodec>, Survey)>,
    pub(crate) texts: Vec<(Chosen<TextCodec>, Survey)>,
}

/// A film whose samples are being walked: where only tables tell of them one track after the other, and
/// where fragments do, all tracks together, for a fragment tells of all.
pub(crate) struct Opening {
    movie: Movie,
    /// Octets of the file, and samples of a track at most.
    bounds: (u64, u32),
    video: Option<Walker>,
    sounds: Vec<Walker>,
    texts: Vec<Walker>,
    asked: Option<Away>,
}

/// A track on its walk, or at its end.
enum Walker {
    Walking(Box<Surveyor>),
    Done(Option<Survey>),
}

impl Opening {
    /// Of a file of `size` octets; of its pictures alone if its sounds and texts are of no use.
    pub(crate) fn new(index: &Index, size: u64, with_sounds: bool) -> Outcome<Self> {
        let mut movie = Movie::parse(index, size)?;
        if !with_sounds {
            movie.sounds.clear();
            movie.texts.clear();
        }
        let tracks = movie.sounds.len() + usize::from(movie.video.is_some());
        let share = 2 * MAX_SAMPLES / u32::try_from(tracks.max(2)).unwrap_or(u32::MAX);
        let bounds = (size, share);
        let video = movie.video.as_ref();
        let video = video.map(|track| Walker::new(track, bounds, Start::Key));
        let sounds = movie.sounds.iter();
        let sounds = sounds.map(|track| Walker::new(track, bounds, Start::Before(0)));
        let texts = movie.texts.iter();
        let texts = texts.map(|track| Walker::new(track, (size, MAX_TEXTS), Start::First));
        Ok(Self {
            video: video.transpose()?,
            sounds: sounds.collect::<Outcome<_>>()?,
            texts: texts.collect::<Outcome<_>>()?,
            movie,
            bounds,
            asked: None,
        })
    }

    /// Goes on to the end of the samples; asked again after what was away came.
    pub(crate) fn run(&mut self) -> Result<Opened, Stop> {
        let mut round = Round {
            together: self.movie.is_fragmented,
            away: None,
        };
        if let Some(video) = &mut self.video
            && round.walk(video)?
            && let Some(found) = video.found()
            && found.start < 0
        {
            // The picture starts early, so that it can be decoded by then: the sound starts with it.
            let start = Start::Before(found.start);
            for (track, walker) in self.movie.sounds.iter().zip(&mut self.sounds) {
                *walker = Walker::new(track, self.bounds, start)?;
            }
        }
        for walker in self.sounds.iter_mut().chain(&mut self.texts) {
            round.walk(walker)?;
        }
        if let Some(away) = round.away {
            self.asked = Some(away);
            return Err(away.into());
        }
        self.opened()
    }

    fn opened(&mut self) -> Result<Opened, Stop> {
        let video = self.video.as_ref().and_then(Walker::found);
        let opened = Opened {
            video: self.movie.video.take().zip(video),
            sounds: found(&mut self.movie.sounds, &self.sounds),
            texts: found(&mut self.movie.texts, &self.texts),
        };
        if opened.video.is_none() && opened.sounds.is_empty() {
            return Err(not_a_film("an MP4 file without picture and sound").into());
        }
        Ok(opened)
    }

    /// Takes in what was asked for.
    pub(crate) fn source(&mut self, octets: &[u8]) {
        let Some(asked) = self.asked.take() else {
            return;
        };
        let video = self.video.iter_mut();
        for walker in video.chain(&mut self.sounds).chain(&mut self.texts) {
            if let Walker::Walking(surveyor) = walker {
                surveyor.cursor().answer(&asked, octets);
            }
        }
    }
}

/// The tracks that have samples.
fn found<C>(tracks: &mut Vec<Chosen<C>>, walkers: &[Walker]) -> Vec<(Chosen<C>, Survey)> {
    let tracks = tracks.drain(..).zip(walkers);
    tracks
        .filter_map(|(track, walker)| Some((track, walker.found()?)))
        .collect()
}

/// One go over all walks.
struct Round {
    together: bool,
    /// What has to be read first, of all that walks need the first in the file.
    away: Option<Away>,
}

impl Round {
    /// Whether the walk came to its end just now.
    fn walk(&mut self, walker: &mut Walker) -> Result<bool, Stop> {
        let Walker::Walking(surveyor) = walker else {
            return Ok(false);
        };
        if self.away.is_some() && !self.together {
            return Ok(false);
        }
        match surveyor.run() {
            Ok(found) => {
                *walker = Walker::Done(found);
                Ok(true)
            }
            Err(Stop::Away(away)) => {
                if self.away.is_none_or(|first| away.offset < first.offset) {
                    self.away = Some(away);
                }
                Ok(false)
            }
            Err(stop) => Err(stop),
        }
    }
}

impl Walker {
    fn new<C>(track: &Chosen<C>, bounds: (u64, u32), start: Start) -> Outcome<Self> {
        let surveyor = Surveyor::new(track, bounds, start)?;
        Ok(Self::Walking(Box::new(surveyor)))
    }

    fn found(&self) -> Option<Survey> {
        match self {
            Self::Done(found) => *found,
            Self::Walking(_) => None,
        }
    }
}
