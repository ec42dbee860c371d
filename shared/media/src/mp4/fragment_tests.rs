use super::*;

fn boxed(kind: [u8; 4], words: &[u32]) -> Vec<u8> {
    let len = u32::try_from(8 + words.len() * 4).expect("small");
    let words = words.iter().flat_map(|word| word.to_be_bytes());
    [&len.to_be_bytes()[..], &kind]
        .concat()
        .into_iter()
        .chain(words)
        .collect()
}

fn within(kind: [u8; 4], boxes: &[Vec<u8>]) -> Vec<u8> {
    let body = boxes.concat();
    let len = u32::try_from(8 + body.len()).expect("small");
    [&len.to_be_bytes()[..], &kind, &body].concat()
}

const KNOWN: [Defaults; 2] = [
    Defaults {
        track: 1,
        description: 1,
        duration: 40,
        size: 9,
        flags: NOT_SYNC,
    },
    Defaults {
        track: 2,
        description: 1,
        duration: 1024,
        size: 5,
        flags: 0,
    },
];

fn samples(fragment: &Fragment) -> Vec<(u32, u64, u32, u32, i64, bool)> {
    let mut all = Vec::new();
    for run in (0..).map_while(|at| fragment.run(at)) {
        let mut offset = run.offset;
        for row in (0..run.count).map_while(|at| fragment.row(run, at)) {
            all.push((
                run.track,
                offset,
                row.duration,
                row.size,
                row.shift,
                row.key,
            ));
            offset += u64::from(row.size);
        }
    }
    all
}

#[test]
fn what_a_fragment_leaves_unsaid_comes_from_the_defaults() {
    let body = [
        boxed(*b"mfhd", &[0, 1]),
        within(
            *b"traf",
            &[
                boxed(*b"tfhd", &[0x2_0000, 1]),
                boxed(*b"tfdt", &[0, 900]),
                // An offset, other flags of the first sample, sizes and signed shifts.
                boxed(*b"trun", &[0x0100_0a05, 2, 100, 0, 7, 80, 8, u32::MAX]),
                boxed(*b"trun", &[0x100, 1, 33]),
            ],
        ),
        within(
            *b"traf",
            &[
                // Its own duration, size and flags; its data lies behind that of the track before.
                boxed(*b"tfhd", &[0x38, 2, 512, 6, NOT_SYNC]),
                boxed(*b"trun", &[0, 2]),
            ],
        ),
        within(
            *b"traf",
            &[boxed(*b"tfhd", &[0, 3]), boxed(*b"trun", &[0, 4])],
        ),
    ];
    let fragment = Fragment::parse((1000, 8), &body.concat(), &KNOWN).expect("sound");
    assert_eq!(
        samples(&fragment),
        [
            (1, 1100, 40, 7, 80, true),
            (1, 1107, 40, 8, -1, false),
            (1, 1115, 33, 9, 0, false),
            (2, 1124, 512, 6, 0, false),
            (2, 1130, 512, 6, 0, false),
        ]
    );
    let clocks: Vec<_> = (0..)
        .map_while(|at| fragment.run(at))
        .map(|run| run.clock)
        .collect();
    assert_eq!(clocks, [Some(900), None, None]);
    assert_eq!(fragment.behind, 1008 + body.concat().len() as u64);
}

#[test]
fn another_description_and_a_stated_base_are_seen() {
    let traf = within(
        *b"traf",
        &[
            boxed(*b"tfhd", &[0x3, 1, 0, 5000, 2]),
            boxed(*b"trun", &[1, 1, u32::MAX]),
        ],
    );
    let fragment = Fragment::parse((1000, 8), &traf, &KNOWN).expect("sound");
    let run = fragment.run(0).expect("a run");
    assert_eq!((run.offset, run.changed), (4999, true));
}

#[test]
fn counts_and_offsets_that_cannot_be_are_faults() {
    let code = |boxes: &[Vec<u8>]| {
        let traf = within(*b"traf", boxes);
        Fragment::parse((10, 8), &traf, &KNOWN)
            .err()
            .map(|fault| fault.code)
    };
    let head = boxed(*b"tfhd", &[0x2_0000, 1]);
    let with = |trun: &[u32]| code(&[head.clone(), boxed(*b"trun", trun)]);
    assert_eq!(with(&[0x200, 2, 9, 9]), None);
    assert_eq!(with(&[0x200, 3, 9, 9]), Some("damaged_film"));
    assert_eq!(with(&[0xf00, u32::MAX, 9, 9]), Some("damaged_film"));
    assert_eq!(with(&[0x200]), Some("damaged_film"));
    assert_eq!(
        with(&[0x1, 1, (-11_i32).cast_unsigned()]),
        Some("film_cut_short")
    );
    assert_eq!(code(&[boxed(*b"trun", &[0, 1])]), Some("damaged_film"));
    assert_eq!(code(&[boxed(*b"tfhd", &[0x8, 1])]), Some("damaged_film"));
    let late = boxed(*b"tfdt", &[0x0100_0000, u32::MAX, 0]);
    assert_eq!(code(&[head.clone(), late]), Some("damaged_film"));
    let many = [vec![head.clone()], vec![boxed(*b"trun", &[0, 1]); 9000]].concat();
    assert_eq!(code(&many), Some("damaged_film"));
}
