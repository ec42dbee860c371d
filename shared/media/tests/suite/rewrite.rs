//! Changes to a film's index, for tests: films that ffmpeg would not write.

use std::ops::Range;

/// Where the bodies of all boxes of that kind lie, found by their names.
pub(crate) fn bodies(film: &[u8], kind: [u8; 4]) -> Vec<Range<usize>> {
    let named = film
        .windows(4)
        .enumerate()
        .filter(|(_, name)| **name == kind);
    let starts = named.map(|(at, _)| at + 4);
    let range = |start: usize| {
        let size = word(film, start.checked_sub(8)?);
        let end = (start - 8).checked_add(size as usize)?;
        (start <= end && end <= film.len()).then_some(start..end)
    };
    starts.filter_map(range).collect()
}

pub(crate) fn word(film: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(film[at..at + 4].try_into().expect("four octets"))
}

pub(crate) fn set_word(film: &mut [u8], at: usize, value: u32) {
    film[at..at + 4].copy_from_slice(&value.to_be_bytes());
}

/// The same film with the media of its last track in a copy behind everything else.
pub(crate) fn sound_at_the_end(film: &[u8]) -> Vec<u8> {
    let mdat = bodies(film, *b"mdat").remove(0);
    let mut out = film.to_vec();
    let len = u32::try_from(mdat.len() + 8).expect("small");
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(b"mdat");
    let shift = u32::try_from(out.len() - mdat.start).expect("small");
    out.extend_from_slice(&film[mdat]);
    let table = bodies(film, *b"stco").pop().expect("a table of chunks");
    for entry in 0..word(film, table.start + 4) as usize {
        let at = table.start + 8 + entry * 4;
        set_word(&mut out, at, word(film, at) + shift);
    }
    out
}

/// The same film with 64-bit chunk offsets nowhere and one word of a box changed.
pub(crate) fn with_word(film: &[u8], kind: [u8; 4], at: usize, value: u32) -> Vec<u8> {
    let mut out = film.to_vec();
    let body = bodies(film, kind).remove(0);
    set_word(&mut out, body.start + at, value);
    out
}

/// The same film with every occurrence of a four-character code replaced.
pub(crate) fn renamed(film: &[u8], from: [u8; 4], to: [u8; 4]) -> Vec<u8> {
    let mut out = film.to_vec();
    for body in bodies(film, from) {
        out[body.start - 4..body.start].copy_from_slice(&to);
    }
    out
}
