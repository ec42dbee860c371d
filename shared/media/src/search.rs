//! The look ahead for the end of a segment; it can be broken off where rows have to be read first.

use crate::cut::Given;
use crate::feed::{Feed, Unit};
use crate::mp4::cursor::Cursor;
use crate::stop::Stop;

/// A look ahead for the end of a segment.
pub(crate) struct Search {
    counted: Counted,
    /// From when on it may end.
    wished: i64,
    /// The track that says where it ends: that of the pictures, or of the sound where there are none.
    lead: Feed,
    leader: Leader,
    /// Where it ends, once found.
    end: Option<End>,
    /// The sounds, for the count of what lies before the end.
    sounds: Vec<Feed>,
}

/// Where a segment ends.
#[derive(Clone, Copy)]
pub(crate) enum End {
    At(i64),
    /// With the film.
    Film,
}

/// What decides where a segment ends.
#[derive(Clone, Copy)]
pub(crate) enum Leader {
    Pictures,
    /// Sound up to the next picture, if there is one.
    Sounds {
        begun: bool,
        picture: Option<i64>,
    },
}

/// What lies before the end.
#[derive(Clone, Default)]
pub(crate) struct Counted {
    pub(crate) pictures: u32,
    /// Of each sound.
    pub(crate) sounds: Vec<u32>,
    pub(crate) octets: u64,
}

impl End {
    fn is_behind(self, unit: &Unit) -> bool {
        match self {
            Self::At(end) => unit.show < end,
            Self::Film => true,
        }
    }
}

impl From<Option<i64>> for End {
    fn from(end: Option<i64>) -> Self {
        end.map_or(Self::Film, Self::At)
    }
}

impl Leader {
    pub(crate) fn sounds(picture: Option<i64>) -> Self {
        let begun = false;
        Self::Sounds { begun, picture }
    }
}

impl Search {
    /// From `lead` on, not before `wished`; `sounds` are where the sounds are.
    pub(crate) fn new(lead: Feed, leader: Leader, wished: i64, sounds: Vec<Feed>) -> Self {
        Self {
            counted: Counted {
                sounds: vec![0; sounds.len()],
                ..Counted::default()
            },
            wished,
            lead,
            leader,
            end: None,
            sounds,
        }
    }

    /// The readers of what lies ahead.
    pub(crate) fn cursors(&mut self) -> impl Iterator<Item = &mut Cursor> {
        let lead = std::iter::once(&mut self.lead);
        lead.chain(&mut self.sounds).map(Feed::cursor)
    }

    /// Goes on to the end of the segment; `tail` is its end if no picture follows, and `given` where it has to be.
    pub(crate) fn run(
        &mut self,
        tail: Option<i64>,
        given: Option<Given>,
    ) -> Result<(Counted, End), Stop> {
        let end = if let Some(end) = self.end {
            end
        } else {
            let found = match self.leader {
                Leader::Pictures => self.pictures()?.or(tail).into(),
                Leader::Sounds { .. } => self.sounds_only()?.into(),
            };
            given.map_or(Ok(found), |given| given.end(found))?
        };
        self.end = Some(end);
        for (sound, count) in self.sounds.iter_mut().zip(&mut self.counted.sounds) {
            while let Some(unit) = sound.peek()?
                && end.is_behind(&unit)
            {
                *count += 1;
                self.counted.octets += unit.size as u64;
                sound.advance();
            }
        }
        Ok((std::mem::take(&mut self.counted), end))
    }

    /// Counts pictures up to the key frame that ends the segment; `None` is the end of the pictures.
    fn pictures(&mut self) -> Result<Option<i64>, Stop> {
        while let Some(unit) = self.lead.peek()? {
            if self.counted.pictures > 0 && unit.key && unit.show >= self.wished {
                return Ok(Some(unit.show));
            }
            self.counted.pictures += 1;
            self.counted.octets += unit.size as u64;
            self.lead.advance();
        }
        Ok(None)
    }

    /// Where a segment without pictures ends; `None` is the end of the film.
    fn sounds_only(&mut self) -> Result<Option<i64>, Stop> {
        let Leader::Sounds { begun, picture } = &mut self.leader else {
            return Ok(None);
        };
        let mut next = None;
        while let Some(unit) = self.lead.peek()? {
            if *begun && unit.show >= self.wished {
                next = Some(unit.show);
                break;
            }
            *begun = true;
            self.lead.advance();
        }
        Ok([next, *picture].into_iter().flatten().min())
    }
}
