//! Any bytes as a film: a package or a fault, never a panic, a read outside the file or an endless run. And as a variant: of
//! itself, which is cut as it was, and of another film, by any cuts.

use std::collections::BTreeMap;

use vault_domain::hls::{PlaylistName, master};
use vault_domain::packaging::{
    Guide, Iv, PackagePlan, PackagerFactory as _, Packaging, Presentation, Step, Stream, Timing,
};
use vault_domain::secret::ContentKey;
use vault_domain::subtitles::Subtitles;
use vault_media::HlsPackagers;

const PLAN: PackagePlan = PackagePlan {
    segment_ms: 500,
    segments_per_key: 2,
};

/// A package or a fault, the same again, and a playlist of it that is well formed.
///
/// # Panics
/// It is not so.
pub fn holds(film: &[u8]) {
    let size = film.len() as u64;
    packaged(HlsPackagers.follow(size, any_guide(film)), film);
    let Some((told, segments)) = packaged(HlsPackagers.start(size, PLAN), film) else {
        return;
    };
    well_formed(&master(&told, &[], &Subtitles::default()));
    let guide = Guide::of(&told).expect("its clock is noted");
    // A film may have several sounds, and then its cuts are by the first; it still follows itself or says why not. Streams
    // beside the main one are no part of a variant.
    if let Some((again, same)) = packaged(HlsPackagers.follow(size, guide), film) {
        assert_eq!(again.segments, told.segments);
        assert_eq!(again.timing, told.timing);
        let main = |segments: Segments| -> Vec<_> {
            segments
                .into_iter()
                .filter(|(stream, _)| *stream == Stream::Main)
                .collect()
        };
        assert!(main(same) == main(segments));
    }
}

/// Cuts of a film that this is no variant of: numbers of any size, of the last octets.
fn any_guide(film: &[u8]) -> Guide {
    let (numbers, _) = film.as_chunks::<8>();
    let mut numbers = numbers
        .iter()
        .rev()
        .map(|octets| i64::from_le_bytes(*octets));
    let timing = Timing {
        first: numbers.next().unwrap_or(0),
        start: numbers.next().unwrap_or(0),
    };
    let ends: Vec<_> = numbers.take(6).collect();
    Guide {
        timing,
        periods: (0..).take(ends.len()).collect(),
        sound: film.len().is_multiple_of(2),
        ends,
    }
}

/// Segments in the order in which they came.
type Segments = Vec<(Stream, Vec<u8>)>;

/// What comes out of it, unless it says what is wrong.
fn packaged(mut machine: Box<dyn Packaging>, film: &[u8]) -> Option<(Presentation, Segments)> {
    let mut out = Vec::new();
    let mut written = BTreeMap::new();
    for _ in 0..100_000 {
        match machine.step() {
            Err(fault) => {
                assert!(!fault.reason.is_empty());
                return None;
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
            Ok(Step::Segment(segment)) => out.push((segment.stream, segment.ciphertext)),
            Ok(Step::Done(told)) => {
                let segments = told.streams().flat_map(|(_, segments)| segments);
                let sum = out
                    .iter()
                    .map(|(_, sealed)| sealed.len() as u64)
                    .sum::<u64>();
                assert_eq!(segments.map(|s| s.bytes).sum::<u64>(), sum);
                for (stream, segments) in told.streams() {
                    let written = written.get(&stream).copied().unwrap_or(0);
                    assert_eq!(segments.len(), written as usize, "{stream:?}");
                }
                return Some((told, out));
            }
        }
    }
    panic!("it comes to no end");
}

/// Whatever the film says of itself adds no line and ends no quote.
pub(crate) fn well_formed(playlist: &str) {
    for line in playlist.lines() {
        let uri = PlaylistName::parse(line).is_some();
        assert!(line.starts_with("#EXT") || uri, "{line:?}");
        assert!(!line.contains(char::is_control), "{line:?}");
        assert_eq!(line.matches('"').count() % 2, 0, "{line:?}");
    }
}
