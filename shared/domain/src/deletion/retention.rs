//! By which rules of an organisation its assets go.

use crate::asset::{Asset, AssetState};
use crate::error::Malformed;
use crate::time::Timestamp;

/// Seconds of a day.
pub const DAY: u64 = 86_400;

/// Most days of a rule: ten years.
const MOST_DAYS: u64 = 3_650;
/// Most days in which what was deleted can be had back.
const MOST_RECOVERY: u64 = 365;
/// Days in which it can, where no one said otherwise.
const RECOVERY: Days = Days(30);

/// Whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(u64);

impl Days {
    /// 0 to 365 days in which what was deleted can be had back.
    ///
    /// # Errors
    /// [`Malformed`] for more.
    pub fn recovery(days: u64) -> Result<Self, Malformed> {
        let expected = "0 to 365 days";
        Self::within(days, (0, MOST_RECOVERY), "recovery_days", expected)
    }
    /// 1 to 3,650 days after which something goes, by the rule's name.
    ///
    /// # Errors
    /// [`Malformed`] for fewer or more.
    pub fn age(days: u64, rule: Aged) -> Result<Self, Malformed> {
        let expected = "1 to 3650 days, or null";
        Self::within(days, (1, MOST_DAYS), rule.name(), expected)
    }
    /// Reads what was stored, by whatever bounds it was taken then.
    pub const fn stored(days: u64) -> Self {
        Self(days)
    }
    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
    /// As seconds.
    pub const fn seconds(self) -> u64 {
        self.0.saturating_mul(DAY)
    }

    fn within(
        days: u64,
        (least, most): (u64, u64),
        field: &'static str,
        expected: &'static str,
    ) -> Result<Self, Malformed> {
        let fits = (least..=most).contains(&days);
        fits.then_some(Self(days))
            .ok_or(Malformed { field, expected })
    }
}

/// Which assets a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aged {
    /// All of them.
    All,
    /// Those that failed.
    Failed,
    /// Those that were withdrawn.
    Withdrawn,
}

impl Aged {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Failed, Self::Withdrawn, Self::All];

    /// The name of the rule.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "delete_after_days",
            Self::Failed => "failed_after_days",
            Self::Withdrawn => "withdrawn_after_days",
        }
    }

    /// The state that they are in; none for all.
    pub const fn state(self) -> Option<AssetState> {
        match self {
            Self::All => None,
            Self::Failed => Some(AssetState::Failed),
            Self::Withdrawn => Some(AssetState::Withdrawn),
        }
    }
}

/// One rule: what goes, and after how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What.
    pub of: Aged,
    /// After how long.
    pub after: Days,
}

impl Rule {
    /// Assets that were brought in before are older than the rule.
    pub const fn before(&self, now: Timestamp) -> Timestamp {
        Timestamp(now.0.saturating_sub(self.after.seconds()))
    }

    /// Is it time for this one? Its age counts from when it was brought in, or last had back.
    pub fn admits(&self, asset: &Asset, now: Timestamp) -> bool {
        let keeping = &asset.keeping;
        let since = keeping.restored_at.unwrap_or(asset.announced.created_at);
        let of = self.of.state().is_none_or(|state| state == asset.state);
        let free = keeping.presence.is_kept() && keeping.hold.is_none();
        of && free && since <= self.before(now)
    }
}

/// An organisation's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long what was deleted can be had back.
    pub recovery: Days,
    /// After how long every asset goes.
    pub delete_after: Option<Days>,
    /// After how long one that failed goes.
    pub failed_after: Option<Days>,
    /// After how long one that was withdrawn goes.
    pub withdrawn_after: Option<Days>,
    /// How often any of it changed.
    pub version: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            recovery: RECOVERY,
            delete_after: None,
            failed_after: None,
            withdrawn_after: None,
            version: 0,
        }
    }
}

impl Retention {
    /// After how long these go.
    pub const fn after(&self, aged: Aged) -> Option<Days> {
        match aged {
            Aged::All => self.delete_after,
            Aged::Failed => self.failed_after,
            Aged::Withdrawn => self.withdrawn_after,
        }
    }
    /// The rules by which assets go by themselves.
    pub fn rules(&self) -> impl Iterator<Item = Rule> {
        let rule = |of| self.after(of).map(|after| Rule { of, after });
        Aged::ALL.into_iter().filter_map(rule)
    }
    /// Do both say the same?
    pub fn says(&self, other: &Self) -> bool {
        let version = other.version;
        Self { version, ..*self } == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_within_their_bounds() {
        assert!(Days::recovery(0).is_ok() && Days::recovery(365).is_ok());
        assert!(Days::recovery(366).is_err());
        for aged in Aged::ALL {
            assert!(Days::age(1, aged).is_ok() && Days::age(3_650, aged).is_ok());
            assert_eq!(Days::age(0, aged).unwrap_err().field, aged.name());
            assert!(Days::age(3_651, aged).is_err());
        }
    }

    #[test]
    fn nothing_goes_by_itself_until_somebody_says_so() {
        let none = Retention::default();
        assert_eq!((none.rules().count(), none.recovery.get()), (0, 30));
        let some = Retention {
            failed_after: Days::age(7, Aged::Failed).ok(),
            version: 1,
            ..none
        };
        let rules: Vec<_> = some
            .rules()
            .map(|rule| (rule.of, rule.after.get()))
            .collect();
        assert_eq!(rules, [(Aged::Failed, 7)]);
        assert!(!some.says(&none));
        assert!(none.says(&Retention { version: 5, ..none }));
    }
}
