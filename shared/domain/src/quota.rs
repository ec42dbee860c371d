//! Quotas of organisations: what counts, how much of it there may be, and how much there is.
//!
//! | counts | from | until |
//! | --- | --- | --- |
//! | an asset | its announcement | its tombstone |
//! | its bytes, as announced | its announcement | its tombstone, or until it failed in a way that removes them |
//! | its minutes, by the second | it is ready | its tombstone |
//! | an upload under way | its announcement | it arrived, failed, or was withdrawn or deleted |
//!
//! What is withdrawn, deleted and not yet erased, or failed with its source kept counts: it takes room.
//!
//! Beside what there may be of all, there is [what one film may be](film).

use crate::error::Malformed;

mod film;

pub use film::{FilmLimits, Measure, PerFilm, TooMuch};

/// The most that any quota can be: what JSON's numbers hold to the unit, with room.
pub const MAX_QUOTA: u64 = 1_000_000_000_000_000;
/// Seconds after which an upload that nobody brought to an end is over. The lifecycle rule of the bucket ends multipart
/// uploads at the same age.
pub const ABANDONED_AFTER: u64 = 7 * 86_400;

const MINUTE: u64 = 60;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Assets.
    Assets,
    /// Octets of their sources.
    Bytes,
    /// Minutes of those that can be watched.
    Minutes,
    /// Uploads under way.
    Uploads,
}

impl Counted {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Assets, Self::Bytes, Self::Minutes, Self::Uploads];

    /// The name, as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assets => "assets",
            Self::Bytes => "bytes",
            Self::Minutes => "minutes",
            Self::Uploads => "uploads",
        }
    }
    /// The name of what the operator sets.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Assets => "max_assets",
            Self::Bytes => "max_bytes",
            Self::Minutes => "max_minutes",
            Self::Uploads => "max_uploads",
        }
    }
}

/// What the operator sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// How much there may be of all.
    All(Counted),
    /// What one film may be.
    Film(Measure),
}

impl Setting {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::All(Counted::Assets),
        Self::All(Counted::Bytes),
        Self::All(Counted::Minutes),
        Self::All(Counted::Uploads),
        Self::Film(Measure::Bytes),
        Self::Film(Measure::Minutes),
        Self::Film(Measure::LongSide),
        Self::Film(Measure::ShortSide),
    ];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All(counted) => counted.setting(),
            Self::Film(measure) => measure.setting(),
        }
    }
    /// Takes a limit.
    ///
    /// # Errors
    /// [`Malformed`] when it is more than [`MAX_QUOTA`].
    pub fn limit(self, number: u64) -> Result<u64, Malformed> {
        let malformed = Malformed {
            field: self.as_str(),
            expected: "0 to 1000000000000000, or null for the default",
        };
        (number <= MAX_QUOTA).then_some(number).ok_or(malformed)
    }
}

/// How much of each there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Assets.
    pub assets: u64,
    /// Octets.
    pub bytes: u64,
    /// Minutes.
    pub minutes: u64,
    /// Uploads under way.
    pub uploads: u64,
    /// What one film may be.
    pub film: FilmLimits,
}

impl Quota {
    /// That of one.
    pub const fn of(&self, counted: Counted) -> u64 {
        match counted {
            Counted::Assets => self.assets,
            Counted::Bytes => self.bytes,
            Counted::Minutes => self.minutes,
            Counted::Uploads => self.uploads,
        }
    }
}

/// What the operator set for one organisation; what is not set is the deployment's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnQuota {
    /// Assets.
    pub assets: Option<u64>,
    /// Octets.
    pub bytes: Option<u64>,
    /// Minutes.
    pub minutes: Option<u64>,
    /// Uploads under way.
    pub uploads: Option<u64>,
    /// What one film may be.
    pub film: PerFilm<Option<u64>>,
    /// How often any of it changed.
    pub version: u64,
}

impl OwnQuota {
    /// That of one, if it is set.
    pub const fn of(&self, setting: Setting) -> Option<u64> {
        match setting {
            Setting::All(Counted::Assets) => self.assets,
            Setting::All(Counted::Bytes) => self.bytes,
            Setting::All(Counted::Minutes) => self.minutes,
            Setting::All(Counted::Uploads) => self.uploads,
            Setting::Film(measure) => self.film.of(measure),
        }
    }
    /// That of one, to be set.
    pub const fn of_mut(&mut self, setting: Setting) -> &mut Option<u64> {
        match setting {
            Setting::All(Counted::Assets) => &mut self.assets,
            Setting::All(Counted::Bytes) => &mut self.bytes,
            Setting::All(Counted::Minutes) => &mut self.minutes,
            Setting::All(Counted::Uploads) => &mut self.uploads,
            Setting::Film(measure) => self.film.of_mut(measure),
        }
    }
    /// What holds.
    pub fn over(&self, defaults: &Quota) -> Quota {
        Quota {
            assets: self.assets.unwrap_or(defaults.assets),
            bytes: self.bytes.unwrap_or(defaults.bytes),
            minutes: self.minutes.unwrap_or(defaults.minutes),
            uploads: self.uploads.unwrap_or(defaults.uploads),
            film: self.film.over(&defaults.film),
        }
    }
    /// Do both say the same?
    pub fn says(&self, other: &Self) -> bool {
        let version = other.version;
        Self { version, ..*self } == *other
    }
}

/// How much of each there is, of an organisation or of one asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Assets.
    pub assets: u64,
    /// Octets.
    pub bytes: u64,
    /// Seconds.
    pub seconds: u64,
    /// Uploads under way.
    pub uploads: u64,
}

impl Usage {
    /// How much of one; minutes that have begun are whole.
    pub const fn of(&self, counted: Counted) -> u64 {
        match counted {
            Counted::Assets => self.assets,
            Counted::Bytes => self.bytes,
            Counted::Minutes => self.seconds.div_ceil(MINUTE),
            Counted::Uploads => self.uploads,
        }
    }
    /// Both together.
    #[must_use]
    pub const fn and(&self, other: &Self) -> Self {
        Self {
            assets: self.assets.saturating_add(other.assets),
            bytes: self.bytes.saturating_add(other.bytes),
            seconds: self.seconds.saturating_add(other.seconds),
            uploads: self.uploads.saturating_add(other.uploads),
        }
    }
    /// This without the other, which is a part of it.
    #[must_use]
    pub const fn less(&self, other: &Self) -> Self {
        Self {
            assets: self.assets.saturating_sub(other.assets),
            bytes: self.bytes.saturating_sub(other.bytes),
            seconds: self.seconds.saturating_sub(other.seconds),
            uploads: self.uploads.saturating_sub(other.uploads),
        }
    }
    /// What a new asset of so many octets needs room for: a film is at least a second long.
    pub const fn announcement(bytes: u64) -> Self {
        Self {
            seconds: 1,
            ..Charge::announced(bytes).usage()
        }
    }
    /// A film of so many seconds.
    pub const fn film(seconds: u64) -> Self {
        Self {
            seconds,
            ..Self::NONE
        }
    }
    /// One more upload under way.
    pub const UPLOAD: Self = Self {
        uploads: 1,
        ..Self::NONE
    };
    /// Nothing.
    pub const NONE: Self = Self {
        assets: 0,
        bytes: 0,
        seconds: 0,
        uploads: 0,
    };
}

/// What one asset counts for now. An asset of before there were quotas has none, and gives none back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// Octets.
    pub bytes: u64,
    /// Seconds.
    pub seconds: u64,
    /// Does it count as an upload under way?
    pub upload: bool,
}

impl Charge {
    /// Of a new asset of so many octets.
    pub const fn announced(bytes: u64) -> Self {
        Self {
            bytes,
            seconds: 0,
            upload: true,
        }
    }
    /// The upload is not under way any more.
    #[must_use]
    pub const fn settled(self) -> Self {
        Self {
            upload: false,
            ..self
        }
    }
    /// Its bytes are removed.
    #[must_use]
    pub const fn emptied(self) -> Self {
        Self { bytes: 0, ..self }
    }
    /// What it counts for.
    pub const fn usage(&self) -> Usage {
        Usage {
            assets: 1,
            bytes: self.bytes,
            seconds: self.seconds,
            uploads: if self.upload { 1 } else { 0 },
        }
    }
}

/// What an organisation's record of usage says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How much there is.
    pub used: Usage,
    /// What the operator set.
    pub own: OwnQuota,
}

impl Tally {
    /// Is there room for this much more? Of what it needs nothing of, there may be too much already.
    ///
    /// # Errors
    /// The first quota that has not enough room.
    pub fn admits(&self, defaults: &Quota, more: &Usage) -> Result<(), Exceeded> {
        let quota = self.own.over(defaults);
        let after = self.used.and(more);
        let short = Counted::ALL.into_iter().find(|counted| {
            let needs = more.part(*counted) > 0;
            needs && after.of(*counted) > quota.of(*counted)
        });
        let Some(of) = short else { return Ok(()) };
        Err(Exceeded {
            of,
            limit: quota.of(of),
            used: self.used.of(of),
            needed: more.of(of),
        })
    }

    /// May a film of so many octets come in?
    ///
    /// # Errors
    /// It is larger than films of the organisation may be.
    pub fn admits_film(&self, defaults: &Quota, bytes: u64) -> Result<(), TooMuch> {
        self.own.over(defaults).film.admits_bytes(bytes)
    }
}

impl Usage {
    /// How much of one, in the unit in which it is counted: minutes by the second.
    pub const fn part(&self, counted: Counted) -> u64 {
        match counted {
            Counted::Minutes => self.seconds,
            _ => self.of(counted),
        }
    }
}

impl Quota {
    /// That of one, in the unit in which it is counted.
    pub const fn most(&self, counted: Counted) -> u64 {
        match counted {
            Counted::Minutes => self.minutes.saturating_mul(MINUTE),
            _ => self.of(counted),
        }
    }
}

/// A quota that has not enough room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the organisation's quota of {} is {limit}: {used} are used, and this needs {needed} more", .of.as_str()
)]
pub struct Exceeded {
    /// Which.
    pub of: Counted,
    /// How much there may be.
    pub limit: u64,
    /// How much there is.
    pub used: u64,
    /// How much more was needed.
    pub needed: u64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DEFAULTS: Quota = Quota {
        assets: 10,
        bytes: 1_000,
        minutes: 2,
        uploads: 3,
        film: FilmLimits {
            bytes: 1_000,
            minutes: 2,
            long_side: 1920,
            short_side: 1080,
        },
    };

    fn tally(used: Usage) -> Tally {
        let own = OwnQuota::default();
        Tally { used, own }
    }

    #[test]
    fn what_just_fits_is_admitted_and_one_more_is_not() {
        let used = Usage {
            assets: 9,
            bytes: 900,
            seconds: 119,
            uploads: 2,
        };
        assert_eq!(
            tally(used).admits(&DEFAULTS, &Usage::announcement(100)),
            Ok(())
        );
        for (more, of, limit, was, needed) in [
            (Usage::announcement(101), Counted::Bytes, 1_000, 900, 101),
            (Usage::film(2), Counted::Minutes, 2, 2, 1),
        ] {
            let refused = tally(used).admits(&DEFAULTS, &more).unwrap_err();
            let told = (refused.of, refused.limit, refused.used, refused.needed);
            assert_eq!(told, (of, limit, was, needed));
        }
        let full = used.and(&Charge::announced(0).usage());
        let refused = tally(full).admits(&DEFAULTS, &Usage::announcement(1));
        assert_eq!(refused.unwrap_err().of, Counted::Assets);
        let refused = tally(full).admits(&DEFAULTS, &Usage::UPLOAD);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "the organisation's quota of uploads is 3: 3 are used, and this needs 1 more"
        );
    }

    #[test]
    fn where_there_is_too_much_already_only_what_needs_more_of_it_is_refused() {
        let used = Usage {
            bytes: 5_000,
            ..Usage::default()
        };
        assert_eq!(tally(used).admits(&DEFAULTS, &Usage::film(60)), Ok(()));
        assert!(
            tally(used)
                .admits(&DEFAULTS, &Usage::announcement(1))
                .is_err()
        );
    }

    #[test]
    fn what_the_operator_set_holds_before_the_default() {
        let own = OwnQuota {
            bytes: Some(0),
            uploads: Some(50),
            version: 1,
            ..OwnQuota::default()
        };
        let quota = own.over(&DEFAULTS);
        assert_eq!((quota.assets, quota.bytes, quota.uploads), (10, 0, 50));
        assert!(own.says(&OwnQuota { version: 9, ..own }));
        assert!(!own.says(&OwnQuota::default()));
    }

    #[test]
    fn a_limit_is_within_what_json_holds() {
        for setting in Setting::ALL {
            assert_eq!(setting.limit(0), Ok(0));
            assert_eq!(setting.limit(MAX_QUOTA), Ok(MAX_QUOTA));
            let refused = setting.limit(MAX_QUOTA + 1).unwrap_err();
            assert_eq!(refused.field, setting.as_str());
        }
    }

    proptest! {
        #[test]
        fn what_is_admitted_is_within_the_quota_by_the_unit_it_is_counted_in(
            used in 0..200_u64, more in 1..200_u64, limit in 0..5_u64,
        ) {
            let quota = Quota { minutes: limit, ..DEFAULTS };
            let admitted = tally(Usage::film(used)).admits(&quota, &Usage::film(more)).is_ok();
            prop_assert_eq!(admitted, used + more <= quota.most(Counted::Minutes));
        }
    }
}
