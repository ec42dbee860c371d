//! What one film may be: its octets, its minutes, and the sides of its pictures.

use crate::packaging::{Extent, PackageFault};

/// What is measured of a film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Octets of its source.
    Bytes,
    /// Minutes that it lasts; one that has begun is whole.
    Minutes,
    /// Pixels of the longer side of its pictures: a film that is turned is as large as one that is not.
    LongSide,
    /// Pixels of the shorter side.
    ShortSide,
}

impl Measure {
    /// The name of what the operator sets.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Bytes => "max_film_bytes",
            Self::Minutes => "max_film_minutes",
            Self::LongSide => "max_film_long_side",
            Self::ShortSide => "max_film_short_side",
        }
    }
    const fn told(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Minutes => "minutes",
            Self::LongSide => "pixels on the longer side",
            Self::ShortSide => "pixels on the shorter side",
        }
    }
}

/// One of something for each that is measured of a film.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PerFilm<T> {
    /// For octets.
    pub bytes: T,
    /// For minutes.
    pub minutes: T,
    /// For pixels of the longer side.
    pub long_side: T,
    /// For pixels of the shorter side.
    pub short_side: T,
}

impl<T: Copy> PerFilm<T> {
    /// That of one.
    pub const fn of(&self, measure: Measure) -> T {
        match measure {
            Measure::Bytes => self.bytes,
            Measure::Minutes => self.minutes,
            Measure::LongSide => self.long_side,
            Measure::ShortSide => self.short_side,
        }
    }
    /// That of one, to be set.
    pub const fn of_mut(&mut self, measure: Measure) -> &mut T {
        match measure {
            Measure::Bytes => &mut self.bytes,
            Measure::Minutes => &mut self.minutes,
            Measure::LongSide => &mut self.long_side,
            Measure::ShortSide => &mut self.short_side,
        }
    }
}

impl PerFilm<Option<u64>> {
    /// What holds: the default, of what is not set.
    pub fn over(&self, defaults: &FilmLimits) -> FilmLimits {
        FilmLimits {
            bytes: self.bytes.unwrap_or(defaults.bytes),
            minutes: self.minutes.unwrap_or(defaults.minutes),
            long_side: self.long_side.unwrap_or(defaults.long_side),
            short_side: self.short_side.unwrap_or(defaults.short_side),
        }
    }
}

/// How large a film may be at most.
pub type FilmLimits = PerFilm<u64>;

impl FilmLimits {
    /// May a film of so many octets come in?
    ///
    /// # Errors
    /// It is larger than films may be.
    pub fn admits_bytes(&self, bytes: u64) -> Result<(), TooMuch> {
        self.holds(Measure::Bytes, bytes)
    }

    /// May a film be so long, and its pictures so large? Of sound alone the pictures are nothing.
    ///
    /// # Errors
    /// The first measure in which it is more than films may be.
    pub fn admits(&self, film: &Extent) -> Result<(), TooMuch> {
        let (width, height) = film.resolution;
        self.holds(Measure::Minutes, film.seconds.div_ceil(60))?;
        self.holds(Measure::LongSide, u64::from(width.max(height)))?;
        self.holds(Measure::ShortSide, u64::from(width.min(height)))
    }

    fn holds(&self, of: Measure, found: u64) -> Result<(), TooMuch> {
        let limit = self.of(of);
        if found <= limit {
            return Ok(());
        }
        Err(TooMuch { of, limit, found })
    }
}

/// A film that is more than films of its organisation may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a film of the organisation may have {limit} {} at most, and this one has {found}", .of.told())]
pub struct TooMuch {
    /// In which measure.
    pub of: Measure,
    /// How much it may be.
    pub limit: u64,
    /// How much it is.
    pub found: u64,
}

impl TooMuch {
    /// Why a film fails that came in, and turned out to be too much.
    pub fn fault(&self) -> PackageFault {
        let code = match self.of {
            Measure::Bytes => "film_too_large",
            Measure::Minutes => "film_too_long",
            Measure::LongSide | Measure::ShortSide => "pictures_too_large",
        };
        let remedy = match self.of {
            Measure::Bytes => "Export it at a lower rate",
            Measure::Minutes => "Upload it in parts",
            Measure::LongSide | Measure::ShortSide => "Export it with smaller pictures",
        };
        PackageFault::new(
            code,
            format!("The film is refused: {self}. {remedy}, or have the limit raised."),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: FilmLimits = FilmLimits {
        bytes: 1_000,
        minutes: 2,
        long_side: 1920,
        short_side: 1080,
    };

    fn extent(seconds: u64, resolution: (u32, u32)) -> Extent {
        Extent {
            seconds,
            resolution,
        }
    }

    #[test]
    fn what_just_fits_is_admitted_and_one_more_is_not() {
        assert_eq!(LIMITS.admits_bytes(1_000), Ok(()));
        let refused = LIMITS.admits_bytes(1_001).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a film of the organisation may have 1000 bytes at most, and this one has 1001"
        );
        assert_eq!(LIMITS.admits(&extent(120, (1920, 1080))), Ok(()));
        assert_eq!(LIMITS.admits(&extent(120, (0, 0))), Ok(()), "sound alone");
        for (film, of, found, code) in [
            (
                extent(121, (1920, 1080)),
                Measure::Minutes,
                3,
                "film_too_long",
            ),
            (
                extent(1, (1921, 1)),
                Measure::LongSide,
                1921,
                "pictures_too_large",
            ),
            (
                extent(1, (1081, 1082)),
                Measure::ShortSide,
                1081,
                "pictures_too_large",
            ),
        ] {
            let refused = LIMITS.admits(&film).unwrap_err();
            assert_eq!((refused.of, refused.found), (of, found));
            assert_eq!(refused.fault().code, code);
            assert!(!refused.fault().is_convertible());
        }
    }

    #[test]
    fn what_the_operator_set_holds_before_the_default() {
        let own = PerFilm {
            minutes: Some(0),
            ..PerFilm::default()
        };
        let limits = own.over(&LIMITS);
        assert_eq!((limits.minutes, limits.bytes), (0, 1_000));
        assert!(limits.admits(&extent(1, (0, 0))).is_err());
    }

    proptest! {
        #[test]
        fn a_film_that_is_turned_is_as_large_as_one_that_is_not(
            width in 0..4_000_u32, height in 0..4_000_u32,
        ) {
            let (film, turned) = (extent(1, (width, height)), extent(1, (height, width)));
            prop_assert_eq!(LIMITS.admits(&film), LIMITS.admits(&turned));
        }
    }
}
