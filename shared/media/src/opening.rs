//! From the index to tracks that are known from end to end.

use crate::codec::{AudioCodec, VideoCodec};
use crate::fault::Outcome;
use crate::mp4::index::Index;
use crate::mp4::movie::{Chosen, Movie};
use crate::survey::{Start, Stop, Survey, Surveyor};

/// The tracks of a film, each with what the walk over its tables found.
pub(crate) struct Opened {
    pub(crate) video: Option<(Chosen<VideoCodec>, Survey)>,
    pub(crate) audio: Option<(Chosen<AudioCodec>, Survey)>,
}

/// A film whose tables are being walked: first those of the picture, then those of the sound.
pub(crate) struct Opening {
    movie: Movie,
    size: u64,
    walking: Option<Surveyor>,
    video: Option<Survey>,
    audio: Option<Survey>,
}

impl Opening {
    /// Of a file of `size` octets.
    pub(crate) fn new(index: &Index, size: u64) -> Outcome<Self> {
        Ok(Self {
            movie: Movie::parse(index)?,
            size,
            walking: None,
            video: None,
            audio: None,
        })
    }

    /// Goes on to the end of the tables; asked again after rows came that were away.
    pub(crate) fn run(&mut self) -> Result<Opened, Stop> {
        if let Some(track) = &self.movie.video
            && self.video.is_none()
        {
            self.video = Some(walk(&mut self.walking, track, self.size, Start::Key)?);
        }
        let warm = self.video.map_or(0, |found| found.start.min(0));
        if let Some(track) = &self.movie.audio
            && self.audio.is_none()
        {
            let start = Start::Before(warm);
            self.audio = Some(walk(&mut self.walking, track, self.size, start)?);
        }
        Ok(Opened {
            video: self.movie.video.take().zip(self.video),
            audio: self.movie.audio.take().zip(self.audio),
        })
    }

    /// Takes in the rows that were asked for.
    pub(crate) fn source(&mut self, octets: &[u8]) {
        if let Some(surveyor) = &mut self.walking {
            surveyor.cursor().fill(octets);
        }
    }
}

fn walk<C>(
    walking: &mut Option<Surveyor>,
    track: &Chosen<C>,
    size: u64,
    start: Start,
) -> Result<Survey, Stop> {
    let mut surveyor = match walking.take() {
        Some(surveyor) => surveyor,
        None => Surveyor::new(track, size, start)?,
    };
    let found = surveyor.run();
    if found.is_err() {
        *walking = Some(surveyor);
    }
    found
}
