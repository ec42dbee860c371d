//! Any bytes as a film: a package or a fault, never a panic, a read outside the file or an endless run.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use vault_domain::hls::{PlaylistName, master};
use vault_domain::packaging::{Iv, PackagePlan, PackagerFactory as _, Step};
use vault_domain::secret::ContentKey;
use vault_media::HlsPackagers;

const PLAN: PackagePlan = PackagePlan {
    segment_ms: 500,
    segments_per_key: 2,
};

fuzz_target!(|film: &[u8]| {
    let mut machine = HlsPackagers.start(film.len() as u64, PLAN);
    let mut out = 0;
    let mut written = BTreeMap::new();
    for _ in 0..100_000 {
        match machine.step() {
            Err(fault) => {
                assert!(!fault.reason.is_empty());
                return;
            }
            Ok(Step::Read { offset, len }) => {
                let start = usize::try_from(offset).expect("an offset in memory");
                let end = start.checked_add(len).expect("an end in memory");
                machine.source(film.get(start..end).expect("a read inside the file"));
            }
            Ok(Step::NeedKey {
                stream, segment, ..
            }) => {
                let next = written.entry(stream).or_insert(0);
                assert_eq!(segment, *next, "the segments of a stream follow each other");
                *next += 1;
                let iv = Iv(u128::from(segment).to_be_bytes());
                machine.begin_segment(&ContentKey::new([7; 16]), iv);
            }
            Ok(Step::Segment(segment)) => out += segment.ciphertext.len(),
            Ok(Step::Done(told)) => {
                let segments = told.streams().flat_map(|(_, segments)| segments);
                assert_eq!(segments.map(|s| s.bytes).sum::<u64>(), out as u64);
                for (stream, segments) in told.streams() {
                    let written = written.get(&stream).copied().unwrap_or(0);
                    assert_eq!(segments.len(), written as usize, "{stream:?}");
                }
                well_formed(&master(&told));
                return;
            }
        }
    }
    panic!("it comes to no end");
});

/// Whatever the film says of itself adds no line and ends no quote.
fn well_formed(playlist: &str) {
    for line in playlist.lines() {
        let uri = PlaylistName::parse(line).is_some();
        assert!(line.starts_with("#EXT") || uri, "{line:?}");
        assert!(!line.contains(char::is_control), "{line:?}");
        assert_eq!(line.matches('"').count() % 2, 0, "{line:?}");
    }
}
