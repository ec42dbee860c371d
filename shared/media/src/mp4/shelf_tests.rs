use super::*;

fn boxed(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len() + 8).expect("small");
    [&len.to_be_bytes()[..], &kind, body].concat()
}

/// Places of all fragments, and how often was read.
fn walk(file: &[u8], shelf: &Shelf) -> Result<(Vec<u64>, usize), &'static str> {
    let (mut from, mut found, mut reads) = (0, Vec::new(), 0);
    loop {
        match shelf.next(from) {
            Ok(None) => return Ok((found, reads)),
            Ok(Some(fragment)) => {
                from = fragment.behind;
                found.push(from);
            }
            Err(Stop::Fault(fault)) => return Err(fault.code),
            Err(Stop::Away(away)) => {
                reads += 1;
                assert!(reads < 100_000 && away.len > 0, "it comes to no end");
                let start = usize::try_from(away.offset).expect("small");
                shelf.fill(&away, &file[start..start + away.len]);
            }
        }
    }
}

fn shelf(file: &[u8]) -> Shelf {
    Shelf::new(file.len() as u64, Vec::new())
}

#[test]
fn fragments_far_apart_cost_a_read_each_and_close_together_one_for_many() {
    let (moof, small) = (boxed(*b"moof", &[]), boxed(*b"mdat", &[7; 5_000]));
    let far = [&moof[..], &boxed(*b"mdat", &vec![7; 300_000])]
        .concat()
        .repeat(9);
    assert_eq!(
        walk(&far, &shelf(&far)).map(|(f, r)| (f.len(), r)),
        Ok((9, 9))
    );
    let near = [&boxed(*b"styp", b"abcd")[..], &moof, &small]
        .concat()
        .repeat(500);
    let (found, reads) = walk(&near, &shelf(&near)).expect("sound");
    assert_eq!(found.len(), 500);
    assert!(reads <= 8, "{reads}");
}

#[test]
fn two_readers_at_different_places_both_come_to_the_end() {
    // One fragment fills most of what is held.
    let moof = boxed(*b"moof", &boxed(*b"free", &vec![0; 400_000]));
    let file = [&moof[..], &boxed(*b"mdat", &[1; 9])].concat().repeat(12);
    let shelf = shelf(&file);
    let (ahead, _) = walk(&file, &shelf).expect("sound");
    let (behind, _) = walk(&file, &shelf).expect("sound");
    assert_eq!((ahead.len(), &ahead), (12, &behind));
    assert!(shelf.lock().weight <= 2 * MAX_HELD);
}

#[test]
fn what_is_cut_too_large_or_endless_is_a_fault() {
    let code = |file: &[u8]| walk(file, &shelf(file)).map(drop);
    let moof = boxed(*b"moof", &[0; 64]);
    assert_eq!(code(&moof[..70]), Err("film_cut_short"));
    assert_eq!(
        code(&boxed(*b"mdat", &[0; 64])[..70]),
        Err("film_cut_short")
    );
    assert_eq!(code(b"\0\0\0\x04moof...."), Err("damaged_film"));
    assert_eq!(
        code(&boxed(*b"free", b"").repeat(2_000)),
        Err("damaged_film")
    );
    let large = boxed(*b"moof", &vec![0; 1 << 20]);
    assert_eq!(code(&large), Err("fragment_too_large"));
    assert_eq!(code(b"\0\0\0\0mdat anything"), Ok(()));
    assert_eq!(code(b"junk"), Ok(()));
}
