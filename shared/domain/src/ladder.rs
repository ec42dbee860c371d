//! The ladder: a film coded anew at lower rates, as further variant streams (RFC 8216 §2) beside the one that was packaged,
//! so that it also plays over a bad connection.
//!
//! A film is playable before any of them is there. Each is coded by a run of its own, cut at the same times as the film is,
//! and encrypted under the same keys, period by period, so that a player may change over at any segment and a key period
//! ends for all at the same time.

use crate::asset::Failure;
use crate::id::PackageId;
use crate::packaging::{Presentation, Rates, VideoRange};
use crate::time::Timestamp;

/// Lines of the shorter side, and kilobits a second at most of the pictures: those that Apple gives for H.264 (HLS Authoring
/// Specification for Apple Devices, "Video average bit rate").
const RUNGS: [(u16, u32); 5] = [
    (1080, 6_000),
    (720, 3_000),
    (540, 2_000),
    (432, 1_100),
    (360, 365),
];
/// Of a film's rate in per cent, what a variant may have at most to be worth its while.
const WORTH: u64 = 75;
/// Tries at one variant, after which asking for it once more changes nothing: each is minutes of a machine.
const MOST_ATTEMPTS: u8 = 20;
/// A player that knows nothing of its connection begins with at most so many bits a second.
const FIRST_RATE: u64 = 2_500_000;

/// Which variant of a package: its lines, and which try at coding it, from 1. What a dead try left is never taken for what a
/// later one wrote.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct VariantId {
    /// Lines of the shorter side.
    pub lines: u16,
    /// Which try.
    pub attempt: u8,
}

/// A variant of an asset's package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Which; attempt 0 is none yet.
    pub id: VariantId,
    /// Where it is.
    pub state: VariantState,
}

/// Where a variant is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariantState {
    /// To be coded.
    Waiting,
    /// A run has it for itself.
    Coding {
        /// Which run.
        run: PackageId,
        /// Until when.
        until: Timestamp,
    },
    /// Playable.
    Ready(Coded),
    /// Not to be had; the film plays without it.
    Failed(Failure),
}

impl VariantState {
    /// Its name as stored and shown.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Coding { .. } => "coding",
            Self::Ready(_) => "ready",
            Self::Failed(_) => "failed",
        }
    }
}

/// What the master playlist says of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coded {
    /// Of its pictures, by RFC 6381.
    pub codec: String,
    /// Width and height.
    pub resolution: (u32, u32),
    /// Frames in a thousand seconds.
    pub millirate: u32,
    /// `BANDWIDTH`, with the sounds and subtitles that are chosen beside it.
    pub peak_bandwidth: u64,
    /// `AVERAGE-BANDWIDTH`, of the same.
    pub average_bandwidth: u64,
    /// Octets of its file to download, if there is one.
    pub octets: Option<u64>,
}

impl Coded {
    /// Of a variant that was packaged as `own`, beside the film's own presentation.
    pub fn of(own: &Presentation, film: &Presentation) -> Self {
        let target = film.streams().flat_map(|(_, segments)| segments);
        let target = target.map(|segment| segment.ticks).max().unwrap_or(1);
        let main = Rates::of(&film.segments, target);
        let beside = |all: u64, main: u64| all.saturating_sub(main);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast of a float saturates"
        )]
        let millirate = (own.frame_rate * 1000.0).round() as u32;
        Self {
            codec: own.codecs.first().cloned().unwrap_or_default(),
            resolution: own.resolution,
            millirate,
            peak_bandwidth: own.peak_bandwidth + beside(film.peak_bandwidth, main.peak),
            average_bandwidth: own.average_bandwidth + beside(film.average_bandwidth, main.average),
            octets: None,
        }
    }
}

/// Kilobits a second at most of a variant's pictures; `None` if there is no variant of so many lines.
pub fn most_kilobits(lines: u16) -> Option<u32> {
    let mut rungs = RUNGS.iter();
    rungs.find_map(|(own, kilobits)| (*own == lines).then_some(*kilobits))
}

/// The variants that a film gets, by their lines: none with more than it has, none that saves too little. A sound gets none,
/// nor do pictures brighter than standard, which H.264 variants would not show as they are, nor a film that was packaged
/// before its clock was noted.
pub fn plan(film: &Presentation) -> Vec<u16> {
    let bright = matches!(film.video_range, Some(VideoRange::Hlg | VideoRange::Pq));
    let (width, height) = film.resolution;
    if bright || film.timing.is_none() {
        return Vec::new();
    }
    let most = film.average_bandwidth.saturating_mul(WORTH) / 100;
    let fits = |(lines, kilobits): &&(u16, u32)| {
        u32::from(*lines) <= width.min(height) && u64::from(*kilobits) * 1000 <= most
    };
    let rungs = RUNGS.iter().filter(fits);
    rungs.map(|(lines, _)| *lines).collect()
}

/// The ladder with these variants waiting; `None` if it is planned already.
pub fn planned(ladder: Option<&[Variant]>, lines: &[u16]) -> Option<Vec<Variant>> {
    let unplanned = ladder.is_none_or(<[Variant]>::is_empty) && !lines.is_empty();
    let waiting = |lines: &u16| Variant {
        id: VariantId {
            lines: *lines,
            attempt: 0,
        },
        state: VariantState::Waiting,
    };
    unplanned.then(|| lines.iter().map(waiting).collect())
}

/// The ladder as it is asked for anew: what failed is to be tried again, unless it was often enough. `None` if that changes
/// nothing.
pub fn asked(ladder: Option<&[Variant]>) -> Option<Vec<Variant>> {
    let Some(ladder) = ladder else {
        return Some(Vec::new());
    };
    let mut again = ladder.to_vec();
    for variant in &mut again {
        let failed = matches!(variant.state, VariantState::Failed(_));
        if failed && variant.id.attempt < MOST_ATTEMPTS {
            variant.state = VariantState::Waiting;
        }
    }
    (again != ladder).then_some(again)
}

/// The ladder with a variant in the hands of a run; `None` if there is none that may be taken.
pub fn claimed(
    ladder: Option<&[Variant]>,
    lines: u16,
    run: PackageId,
    (now, until): (Timestamp, Timestamp),
) -> Option<Vec<Variant>> {
    with(ladder, lines, |variant| {
        let free = match &variant.state {
            VariantState::Waiting => true,
            VariantState::Coding { until, .. } => *until <= now,
            VariantState::Ready(_) | VariantState::Failed(_) => false,
        };
        let attempt = variant.id.attempt.checked_add(1).filter(|_| free)?;
        Some(Variant {
            id: VariantId { lines, attempt },
            state: VariantState::Coding { run, until },
        })
    })
}

/// The ladder with what a run's variant came to; `None` if the variant is not the run's any more.
pub fn settled(
    ladder: Option<&[Variant]>,
    lines: u16,
    run: PackageId,
    state: &VariantState,
) -> Option<Vec<Variant>> {
    with(ladder, lines, |variant| {
        let ours = matches!(&variant.state, VariantState::Coding { run: own, .. } if *own == run);
        ours.then(|| Variant {
            id: variant.id,
            state: state.clone(),
        })
    })
}

fn with(
    ladder: Option<&[Variant]>,
    lines: u16,
    change: impl FnOnce(&Variant) -> Option<Variant>,
) -> Option<Vec<Variant>> {
    let mut next = ladder?.to_vec();
    let variant = next.iter_mut().find(|variant| variant.id.lines == lines)?;
    *variant = change(variant)?;
    Some(next)
}

/// A stream of pictures to choose, the film's own or a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// The film as it was packaged.
    Film,
    /// A variant that is ready.
    Variant(VariantId, &'a Coded),
}

/// What there is to choose: first what a player begins with that knows nothing of its connection (HLS players take the first
/// one listed), then the others, the largest first.
pub fn choices<'a>(film: &Presentation, ladder: &'a [Variant]) -> Vec<Choice<'a>> {
    let ready = ladder.iter().filter_map(|variant| match &variant.state {
        VariantState::Ready(coded) => Some(Choice::Variant(variant.id, coded)),
        _ => None,
    });
    let mut all: Vec<_> = std::iter::once(Choice::Film).chain(ready).collect();
    let rate = |choice: &Choice<'_>| match choice {
        Choice::Film => film.peak_bandwidth,
        Choice::Variant(_, coded) => coded.peak_bandwidth,
    };
    all.sort_by_key(|choice| std::cmp::Reverse(rate(choice)));
    let first = all.iter().position(|choice| rate(choice) <= FIRST_RATE);
    let first = first.unwrap_or(all.len() - 1);
    all[..=first].rotate_right(1);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packaging::Timing;

    fn film(resolution: (u32, u32), average_bandwidth: u64) -> Presentation {
        Presentation {
            codecs: vec!["avc1.640028".to_owned()],
            resolution,
            frame_rate: 25.0,
            peak_bandwidth: average_bandwidth,
            average_bandwidth,
            segments: Vec::new(),
            timing: Some(Timing { first: 0, start: 0 }),
            video_range: None,
            renditions: Vec::new(),
        }
    }

    const RUN: PackageId = PackageId::from_octets([1; 16]);
    const LEASE: (Timestamp, Timestamp) = (Timestamp(10), Timestamp(20));

    fn coded(peak_bandwidth: u64) -> VariantState {
        VariantState::Ready(Coded {
            codec: "avc1.64001f".to_owned(),
            resolution: (1280, 720),
            millirate: 25_000,
            peak_bandwidth,
            average_bandwidth: peak_bandwidth,
            octets: None,
        })
    }

    #[test]
    fn no_variant_has_more_lines_than_the_film_or_saves_too_little() {
        assert_eq!(
            plan(&film((3840, 2160), 40_000_000)),
            [1080, 720, 540, 432, 360]
        );
        assert_eq!(
            plan(&film((1080, 1920), 8_000_000)),
            [1080, 720, 540, 432, 360]
        );
        assert_eq!(plan(&film((1920, 1080), 7_999_999)), [720, 540, 432, 360]);
        assert_eq!(plan(&film((640, 360), 8_000_000)), [360]);
        for none in [
            film((640, 358), 8_000_000),
            film((1280, 720), 486_000),
            film((0, 0), 9),
        ] {
            assert_eq!(plan(&none), [0_u16; 0]);
        }
        let bright = Presentation {
            video_range: Some(VideoRange::Pq),
            ..film((3840, 2160), 40_000_000)
        };
        let old = Presentation {
            timing: None,
            ..film((3840, 2160), 40_000_000)
        };
        assert!(plan(&bright).is_empty() && plan(&old).is_empty());
    }

    #[test]
    fn a_ladder_is_planned_once_and_what_failed_is_tried_again_when_asked_for() {
        let ladder = planned(None, &[720, 360]).unwrap();
        assert_eq!(planned(Some(&ladder), &[1080]), None);
        assert_eq!(planned(None, &[]), None);
        assert_eq!(asked(None), Some(Vec::new()));
        assert_eq!(planned(Some(&[]), &[720, 360]).as_ref(), Some(&ladder));
        assert_eq!(asked(Some(&ladder)), None);
        let taken = claimed(Some(&ladder), 720, RUN, LEASE).unwrap();
        let failed = VariantState::Failed(Failure {
            code: "c".to_owned(),
            reason: "r".to_owned(),
        });
        let failed = settled(Some(&taken), 720, RUN, &failed).unwrap();
        let again = asked(Some(&failed)).unwrap();
        assert_eq!(again[0].state, VariantState::Waiting);
        assert_eq!(again[0].id.attempt, 1, "the next try is another");
        let mut often = failed;
        often[0].id.attempt = MOST_ATTEMPTS;
        assert_eq!(asked(Some(&often)), None, "not for ever");
    }

    #[test]
    fn a_variant_is_one_runs_until_its_lease_is_over() {
        let ladder = planned(None, &[720]).unwrap();
        let other = PackageId::from_octets([2; 16]);
        let taken = claimed(Some(&ladder), 720, RUN, LEASE).unwrap();
        assert_eq!(claimed(Some(&taken), 720, other, LEASE), None);
        let later = (Timestamp(20), Timestamp(30));
        let overtaken = claimed(Some(&taken), 720, other, later).unwrap();
        assert_eq!(overtaken[0].id.attempt, 2);
        assert_eq!(settled(Some(&overtaken), 720, RUN, &coded(1)), None);
        let ready = settled(Some(&overtaken), 720, other, &coded(1)).unwrap();
        let much_later = (Timestamp(90), Timestamp(99));
        assert_eq!(claimed(Some(&ready), 720, RUN, much_later), None);
        assert_eq!(claimed(Some(&ready), 360, RUN, much_later), None);
        assert_eq!(claimed(None, 720, RUN, much_later), None);
    }

    #[test]
    fn the_largest_that_a_common_connection_carries_comes_first() {
        let variant = |lines, state| Variant {
            id: VariantId { lines, attempt: 1 },
            state,
        };
        let ladder = [
            variant(720, coded(3_300_000)),
            variant(540, coded(2_200_000)),
            variant(360, coded(500_000)),
            variant(432, VariantState::Waiting),
        ];
        let lines = |film: &Presentation, ladder: &[Variant]| -> Vec<u16> {
            let choices = choices(film, ladder);
            let lines = choices.iter().map(|choice| match choice {
                Choice::Film => 0,
                Choice::Variant(id, _) => id.lines,
            });
            lines.collect()
        };
        assert_eq!(
            lines(&film((1920, 1080), 8_000_000), &ladder),
            [540, 0, 720, 360]
        );
        assert_eq!(lines(&film((1280, 720), 1_000_000), &[]), [0]);
        assert_eq!(
            lines(&film((1920, 1080), 9_000_000), &ladder[..1]),
            [720, 0]
        );
    }
}
