use super::*;
use crate::mp4::boxes::Node;
use crate::mp4::index::{Index, Paging};

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
    let index = Index::whole(&boxes.concat());
    Tables::parse(&index, &Node::root(&index))
}

fn reader(tables: Tables) -> Cursor {
    let fragments = None;
    Cursor::new(Samples { tables, fragments }, Place::default())
}

fn walk(tables: &Tables) -> Vec<Sample> {
    let mut cursor = reader(tables.clone());
    std::iter::from_fn(|| cursor.next().ok().flatten()).collect()
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
fn a_table_that_claims_more_than_it_holds_is_refused() {
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
    let changed = |boxes: &[Vec<u8>]| {
        let mut cursor = reader(parse(boxes).expect("sound"));
        while cursor.next().ok().flatten().is_some() {}
        cursor.place().changed()
    };
    let mut boxes = five_samples();
    assert_eq!(parse(&boxes).expect("sound").description(), 1);
    assert!(!changed(&boxes));
    boxes[3] = full(*b"stsc", &[2, 1, 2, 1, 3, 1, 2]);
    assert!(changed(&boxes));
}

#[test]
fn rows_that_are_away_are_asked_for_and_the_walk_goes_on_where_it_was() {
    let whole = walk(&parse(&five_samples()).expect("sound"));
    let file = five_samples().concat();
    // Of each table its header and counts, and pages of three rows of the widest.
    let paging = Paging { whole: 0, page: 36 };
    let mut index = Index::new(0, file.len(), paging);
    let mut at = 0;
    for table in five_samples() {
        index.keep(at, &table[..table.len().min(20)]);
        at += table.len();
    }
    let tables = Tables::parse(&index, &Node::root(&index)).expect("sound");
    let mut cursor = reader(tables);
    let (mut samples, mut reads) = (Vec::new(), 0);
    loop {
        match cursor.next() {
            Ok(Some(sample)) => samples.push(sample),
            Ok(None) => break,
            Err(Stop::Fault(fault)) => panic!("{}", fault.reason),
            Err(Stop::Away(Away { offset, len, .. })) => {
                assert!(cursor.waits());
                reads += 1;
                let start = usize::try_from(offset).expect("small");
                cursor.fill(&file[start..start + len]);
            }
        }
    }
    assert_eq!(samples, whole);
    assert!(reads >= 5, "{reads}");
}

#[test]
fn rows_without_end_that_say_nothing_are_damage() {
    let mut boxes = five_samples();
    let idle = [0, 7].repeat(5000);
    boxes[1] = full(*b"stts", &[&[5001], &idle[..], &[5, 1]].concat());
    assert!(walk(&parse(&boxes).expect("sound")).is_empty());
    let few = [0, 7].repeat(4000);
    boxes[1] = full(*b"stts", &[&[4001], &few[..], &[5, 1]].concat());
    assert_eq!(walk(&parse(&boxes).expect("sound")).len(), 5);
}

#[test]
fn a_sample_beyond_the_file_is_a_film_cut_short() {
    let sample = walk(&parse(&five_samples()).expect("sound")).pop();
    let sample = sample.expect("five");
    assert!(inside(sample, 3050).is_ok());
    let short = inside(sample, 3049).expect_err("short");
    assert_eq!(short.code, "film_cut_short");
}
