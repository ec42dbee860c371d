use std::sync::Arc;

use super::*;
use crate::mp4::boxes::Node;

fn full(kind: [u8; 4], words: &[u32]) -> Vec<u8> {
    let mut out = u32::try_from(12 + words.len() * 4)
        .expect("small")
        .to_be_bytes()
        .to_vec();
    out.extend_from_slice(&kind);
    out.extend_from_slice(&[0; 4]);
    for word in words {
        out.extend_from_slice(&word.to_be_bytes());
    }
    out
}

fn parse(boxes: &[Vec<u8>]) -> Outcome<Tables> {
    let index = Arc::new(boxes.concat());
    let raw = Arc::clone(&index);
    Tables::parse(&index, &Node::root(&raw))
}

fn walk(tables: &Tables) -> Vec<Sample> {
    let mut cursor = Cursor::default();
    std::iter::from_fn(|| cursor.next(tables)).collect()
}

fn five_samples() -> Vec<Vec<u8>> {
    vec![
        full(*b"stsz", &[0, 5, 10, 20, 30, 40, 50]),
        full(*b"stts", &[3, 2, 100, 0, 7, 3, 50]),
        full(*b"ctts", &[2, 1, 100, 4, (-20_i32).cast_unsigned()]),
        full(*b"stsc", &[2, 1, 2, 1, 3, 1, 1]),
        full(*b"stco", &[3, 1000, 2000, 3000]),
        full(*b"stss", &[2, 1, 4]),
    ]
}

#[test]
fn samples_come_out_of_the_tables_in_order() {
    let samples = walk(&parse(&five_samples()).expect("sound tables"));
    let got: Vec<_> = samples
        .iter()
        .map(|s| (s.offset, s.size, s.decode, s.compose, s.duration, s.key))
        .collect();
    assert_eq!(
        got,
        [
            (1000, 10, 0, 100, 100, true),
            (1010, 20, 100, 80, 100, false),
            (2000, 30, 200, 180, 50, false),
            (2030, 40, 250, 230, 50, true),
            (3000, 50, 300, 280, 50, false),
        ]
    );
}

#[test]
fn a_table_that_claims_more_than_it_holds_is_refused_without_allocation() {
    let mut boxes = five_samples();
    boxes[0] = full(*b"stsz", &[0, 0x8000_0000, 1, 2]);
    assert_eq!(
        parse(&boxes).map(|_| ()).expect_err("refused").code,
        "damaged_film"
    );
    boxes[0] = full(*b"stsz", &[7, 0x8000_0000]);
    assert_eq!(
        parse(&boxes).map(|_| ()).expect_err("refused").code,
        "damaged_film"
    );
}

#[test]
fn tables_that_are_too_short_for_the_samples_end_the_walk() {
    for (at, replacement) in [
        (1, full(*b"stts", &[1, 2, 100])),
        (2, full(*b"ctts", &[1, 4, 0])),
        (3, full(*b"stsc", &[1, 1, 1, 1])),
        (3, full(*b"stsc", &[1, 0, 2, 1])),
        (3, full(*b"stsc", &[1, 2, 2, 1])),
        (3, full(*b"stsc", &[1, 1, 0, 1])),
        (4, full(*b"stco", &[1, 1000])),
    ] {
        let mut boxes = five_samples();
        boxes[at] = replacement;
        assert!(walk(&parse(&boxes).expect("each table alone is sound")).len() < 5);
    }
}

#[test]
fn compact_sizes_are_read() {
    let mut boxes = five_samples();
    boxes[0] = full(*b"stz2", &[4, 5, 0x1234_5000]);
    let sizes = |boxes: &[Vec<u8>]| -> Vec<u32> {
        walk(&parse(boxes).expect("sound"))
            .iter()
            .map(|s| s.size)
            .collect()
    };
    assert_eq!(sizes(&boxes), [1, 2, 3, 4, 5]);
    boxes[0] = full(*b"stz2", &[16, 5, 0x0001_0002, 0x0003_0004, 0x0005_0000]);
    assert_eq!(sizes(&boxes), [1, 2, 3, 4, 5]);
}

#[test]
fn chunk_offsets_of_64_bits_are_read() {
    let mut boxes = five_samples();
    boxes[4] = full(*b"co64", &[3, 1, 0, 2, 0, 3, 7]);
    let offsets: Vec<u64> = walk(&parse(&boxes).expect("sound"))
        .iter()
        .map(|s| s.offset)
        .collect();
    let high = |word: u64| word << 32;
    assert_eq!(
        offsets,
        [high(1), high(1) + 10, high(2), high(2) + 30, high(3) + 7]
    );
}

#[test]
fn differing_sample_descriptions_are_noticed() {
    let mut boxes = five_samples();
    assert_eq!(parse(&boxes).expect("sound").description(), Some(1));
    boxes[3] = full(*b"stsc", &[2, 1, 2, 1, 3, 1, 2]);
    assert_eq!(parse(&boxes).expect("sound").description(), None);
}

#[test]
fn a_sample_beyond_the_file_is_a_film_cut_short() {
    let sample = walk(&parse(&five_samples()).expect("sound")).pop();
    assert!(short_of(sample, 3050).is_ok());
    assert_eq!(
        short_of(sample, 3049).expect_err("short").code,
        "film_cut_short"
    );
    assert_eq!(short_of(None, 3049).expect_err("none").code, "damaged_film");
}
