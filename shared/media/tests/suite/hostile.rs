//! Mutated and truncated films: never a panic, a read outside the file, or an endless run.

use proptest::prelude::*;
use vault_domain::packaging::{Iv, PackagePlan, PackagerFactory as _, Step};
use vault_domain::secret::ContentKey;
use vault_media::HlsPackagers;

use crate::drive::{PLAN, attempt, clip, package, scratch};
use crate::film::{H264, SOURCE, Source, make};
use crate::rewrite::{bodies, sound_at_the_end};

/// A short film with B-frames, an edit list and its index in front: few octets, all tables.
fn small() -> Vec<u8> {
    static FILM: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let make = || {
        let source = Source {
            seconds: 2,
            ..SOURCE
        };
        let args = [
            H264,
            &["-b:v", "40k", "-b:a", "16k", "-movflags", "+faststart"],
        ]
        .concat();
        std::fs::read(make(&scratch("small"), "film.mp4", source, &args)).expect("the film")
    };
    FILM.get_or_init(make).clone()
}

/// Either a film or a fault; the driver itself holds reads, steps and accounts to their bounds.
pub(crate) fn survives(film: &[u8]) {
    if let Ok(packaged) = attempt(
        film,
        PackagePlan {
            segment_ms: 500,
            segments_per_key: 1,
        },
    ) {
        let bytes: usize = packaged.segments.iter().map(Vec::len).sum();
        assert!(
            bytes < 20 * film.len() + (1 << 20),
            "{bytes} octets out of {}",
            film.len()
        );
        assert!(packaged.read_bytes < 4 * film.len() as u64 + (64 << 20));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_index_is_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut film = small();
        let index = bodies(&film, *b"moov").remove(0);
        for (at, value) in changes {
            let at = index.start + at.index(index.len());
            film[at] = value;
        }
        survives(&film);
    }

    #[test]
    fn changed_words_of_the_index_are_survived(
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(vec![
                0, 1, 2, 7, 8, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0001_0000, 1_000_000,
            ])),
            1..4,
        ),
    ) {
        let mut film = small();
        let index = bodies(&film, *b"moov").remove(0);
        for (at, value) in changes {
            let at = index.start + at.index(index.len() - 4);
            crate::rewrite::set_word(&mut film, at, value);
        }
        survives(&film);
    }

    #[test]
    fn changed_and_cut_media_is_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut film = small();
        for (at, value) in changes {
            let at = at.index(film.len());
            film[at] = value;
        }
        survives(&film);
        film.truncate(cut.index(film.len()));
        survives(&film);
    }

    #[test]
    fn noise_behind_a_plausible_opening_is_survived(
        noise in prop::collection::vec(any::<u8>(), 0..2000),
        opening in prop::sample::select(vec![&b"\0\0\0\x08ftyp"[..], b"\0\0\x02\0moov", b"\0\0\0\0moov"]),
    ) {
        survives(&[opening, &noise].concat());
    }

    #[test]
    fn any_plan_is_survived(segment_ms in any::<u32>(), segments_per_key in any::<u32>()) {
        let _ = package(&small(), PackagePlan { segment_ms, segments_per_key });
    }
}

#[test]
fn the_same_film_gives_the_same_segments() {
    let (once, again) = (package(&clip(), PLAN), package(&clip(), PLAN));
    let (once, again) = (once.expect("packaged"), again.expect("packaged"));
    assert_eq!(once.segments, again.segments);
    assert_eq!(once.told, again.told);
}

#[test]
fn sound_far_from_its_pictures_costs_no_more_reading() {
    let clip = clip();
    let far = sound_at_the_end(&clip);
    let (near, apart) = (package(&clip, PLAN), package(&far, PLAN));
    let (near, apart) = (near.expect("packaged"), apart.expect("packaged"));
    assert_eq!(
        near.segments, apart.segments,
        "the place of the sound does not show"
    );
    assert!(
        apart.read_bytes <= far.len() as u64 * 11 / 10,
        "{} octets read",
        apart.read_bytes
    );
    assert!(near.reads < 10, "{} reads", near.reads);
    assert!(
        near.read_bytes <= clip.len() as u64 * 11 / 10,
        "{} octets read",
        near.read_bytes
    );
}

#[test]
fn a_driver_that_breaks_the_protocol_gets_a_fault() {
    let film = small();
    let mut machine = HlsPackagers.start(film.len() as u64, PLAN);
    assert!(matches!(machine.step(), Ok(Step::Read { offset: 0, .. })));
    assert!(
        matches!(machine.step(), Ok(Step::Read { offset: 0, .. })),
        "asked again"
    );
    machine.begin_segment(&ContentKey::new([1; 16]), Iv([2; 16]));
    machine.source(&film[..10]);
    assert_eq!(
        machine.step().expect_err("too short").code,
        "packaging_protocol"
    );
    assert_eq!(
        machine.step().expect_err("still").code,
        "packaging_protocol"
    );
    let mut machine = HlsPackagers.start(film.len() as u64, PLAN);
    machine.source(&film);
    assert_eq!(
        machine.step().expect_err("unasked").code,
        "packaging_protocol"
    );
}
