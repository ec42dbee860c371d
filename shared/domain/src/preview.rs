//! Previews: a poster, a storyboard to look through while seeking, and the peaks of the sound; made beside the film once it
//! plays, and kept from everybody from whom the film is kept.
//!
//! A run of the function that converts makes them in one go, under a name of its own: its objects and its key carry that
//! name, so that what a dead run left is never taken for what a later one made, and goes as a whole. They are one
//! attribute of the asset, no state of it: the film plays without them.

mod board;
mod files;
mod jpeg;
mod peaks;

pub use board::Board;
pub use files::{Files, Made, PreviewName, PreviewPlan, checked, preview_key};
pub use jpeg::MAX_PICTURE_OCTETS;
pub use peaks::{PEAKS_RATE, Peaks};

use crate::asset::Failure;
use crate::id::{KeyId, PackageId};
use crate::packaging::PackageFault;
use crate::time::Timestamp;

/// Tries, after which asking once more changes nothing: each is minutes of a machine.
const MOST_ATTEMPTS: u8 = 20;

/// The previews of an asset's package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previews {
    /// Which try, from 1; 0 before the first.
    pub attempt: u8,
    /// Runs that may have left something, the one that has it at this moment among them, and not the one
    /// that made what is ready. One for each try at most.
    pub runs: Vec<PackageId>,
    /// Where they are.
    pub state: PreviewState,
}

/// Where previews are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviewState {
    /// To be made.
    Waiting,
    /// A run has them for itself.
    Making {
        /// Which run.
        run: PackageId,
        /// Until when.
        until: Timestamp,
    },
    /// There to be fetched.
    Ready(PreviewSet),
    /// Not to be had; the film plays without them.
    Failed(Failure),
}

impl PreviewState {
    /// Its name as stored and shown.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Making { .. } => "making",
            Self::Ready(_) => "ready",
            Self::Failed(_) => "failed",
        }
    }
}

/// What there is of a film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviewSet {
    /// Which run made it.
    pub run: PackageId,
    /// The key that it is sealed under; its URLs name it. No player ever gets it.
    pub key: KeyId,
    /// Width and height of the poster, and how many sheets the storyboard has; none of a sound alone.
    pub pictures: Option<((u16, u16), u8)>,
    /// Are there peaks of the sound?
    pub waveform: bool,
}

const TOO_LONG: &str = "too_long_to_preview";

/// Making them took longer than one run may.
pub fn took_too_long() -> PackageFault {
    PackageFault::new(
        TOO_LONG,
        "Making previews of the film took longer than one run may take. It plays without them.",
    )
}

/// As they are asked for anew: what failed is to be tried again, unless it was often enough. `None` if that changes nothing.
pub fn asked(previews: Option<&Previews>) -> Option<Previews> {
    let Some(seen) = previews else {
        return Some(Previews {
            attempt: 0,
            runs: Vec::new(),
            state: PreviewState::Waiting,
        });
    };
    let failed = matches!(seen.state, PreviewState::Failed(_));
    (failed && seen.attempt < MOST_ATTEMPTS).then(|| Previews {
        state: PreviewState::Waiting,
        ..seen.clone()
    })
}

/// In the hands of a run, which is remembered. `None` if they may not be taken.
pub fn claimed(
    previews: Option<&Previews>,
    run: PackageId,
    (now, until): (Timestamp, Timestamp),
) -> Option<Previews> {
    let first = || asked(None);
    let seen = previews.cloned().or_else(first)?;
    let free = match &seen.state {
        PreviewState::Waiting => true,
        PreviewState::Making { until, .. } => *until <= now,
        PreviewState::Ready(_) | PreviewState::Failed(_) => false,
    };
    let attempt = seen.attempt.checked_add(1).filter(|_| free)?;
    let mut runs = seen.runs;
    runs.push(run);
    let state = if attempt > MOST_ATTEMPTS {
        // Every one of them died over it.
        PreviewState::Failed(Failure {
            code: "gave_up".to_owned(),
            reason: "Every try ended early. Ask the operator why.".to_owned(),
        })
    } else {
        PreviewState::Making { run, until }
    };
    Some(Previews {
        attempt,
        runs,
        state,
    })
}

/// With what a run came to; `None` if they are not the run's any more.
pub fn settled(
    previews: Option<&Previews>,
    run: PackageId,
    state: &PreviewState,
) -> Option<Previews> {
    let seen = previews?;
    let ours = matches!(&seen.state, PreviewState::Making { run: own, .. } if *own == run);
    let mut runs = seen.runs.clone();
    if matches!(state, PreviewState::Ready(_)) {
        // It removed what the others had left before it began; one that was overtaken may have gone on since.
        runs.retain(|other| *other != run);
    }
    ours.then(|| Previews {
        attempt: seen.attempt,
        runs,
        state: state.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: PackageId = PackageId::from_octets([1; 16]);
    const OTHER: PackageId = PackageId::from_octets([2; 16]);
    const LEASE: (Timestamp, Timestamp) = (Timestamp(10), Timestamp(20));
    const LATER: (Timestamp, Timestamp) = (Timestamp(20), Timestamp(30));

    fn failed() -> PreviewState {
        PreviewState::Failed(Failure {
            code: "c".to_owned(),
            reason: "r".to_owned(),
        })
    }

    fn ready() -> PreviewState {
        PreviewState::Ready(PreviewSet {
            run: OTHER,
            key: KeyId::from_octets([3; 16]),
            pictures: Some(((1280, 720), 1)),
            waveform: true,
        })
    }

    #[test]
    fn previews_are_one_runs_until_its_lease_is_over() {
        let taken = claimed(None, RUN, LEASE).unwrap();
        assert_eq!((taken.attempt, &taken.runs[..]), (1, &[RUN][..]));
        assert_eq!(claimed(Some(&taken), OTHER, LEASE), None);
        let overtaken = claimed(Some(&taken), OTHER, LATER).unwrap();
        assert_eq!(
            overtaken.runs,
            [RUN, OTHER],
            "what a dead run left is remembered"
        );
        assert_eq!(settled(Some(&overtaken), RUN, &ready()), None);
        let done = settled(Some(&overtaken), OTHER, &ready()).unwrap();
        assert_eq!(
            (done.attempt, &done.runs[..]),
            (2, &[RUN][..]),
            "it may write still"
        );
        assert_eq!(
            claimed(Some(&done), RUN, (Timestamp(90), Timestamp(99))),
            None
        );
        assert_eq!(asked(Some(&done)), None);
        assert_eq!(settled(None, RUN, &ready()), None);
    }

    #[test]
    fn what_failed_is_tried_again_when_it_is_asked_for_and_not_for_ever() {
        let waiting = asked(None).unwrap();
        assert_eq!(waiting.state, PreviewState::Waiting);
        assert_eq!(asked(Some(&waiting)), None);
        let taken = claimed(Some(&waiting), RUN, LEASE).unwrap();
        let lost = settled(Some(&taken), RUN, &failed()).unwrap();
        assert_eq!(lost.runs, [RUN], "until it is cleared");
        assert_eq!(claimed(Some(&lost), OTHER, LATER), None);
        let again = asked(Some(&lost)).unwrap();
        assert_eq!((again.attempt, &again.state), (1, &PreviewState::Waiting));
        let often = Previews {
            attempt: MOST_ATTEMPTS,
            ..lost
        };
        assert_eq!(asked(Some(&often)), None);
    }

    #[test]
    fn what_every_run_dies_of_is_given_up() {
        let mut previews = asked(None);
        for at in 0..u64::from(MOST_ATTEMPTS) {
            let lease = (Timestamp(at), Timestamp(at + 1));
            previews = claimed(previews.as_ref(), RUN, lease);
            let making = previews.as_ref().map(|own| own.state.as_str());
            assert_eq!(making, Some("making"));
        }
        let last = claimed(previews.as_ref(), RUN, (Timestamp(90), Timestamp(99))).unwrap();
        assert_eq!(last.state.as_str(), "failed");
        assert_eq!(asked(Some(&last)), None);
    }
}
