use super::*;

/// What is held of the index, its length, and the reads that it took.
fn scan_held(file: &[u8], paging: Paging) -> Result<(Index, usize), &'static str> {
    let mut scanner = Scanner::new(file.len() as u64, paging);
    for reads in 0..1000 {
        match scanner.step().map_err(|fault| fault.code)? {
            Scan::Found(index) => return Ok((index, reads)),
            Scan::Read { offset, len } => {
                let start = usize::try_from(offset).expect("small");
                assert!(
                    len > 0 && start + len <= file.len(),
                    "a read inside the file"
                );
                scanner.source(offset, &file[start..start + len]);
            }
        }
    }
    Err("endless")
}

fn scan(file: &[u8]) -> Result<(Vec<u8>, usize), &'static str> {
    let (index, reads) = scan_held(file, Paging::default())?;
    let whole = index.prefix(0..index.len()).to_vec();
    Ok((whole, reads))
}

fn boxed(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(body.len() + 8)
        .expect("small")
        .to_be_bytes()
        .to_vec();
    out.extend_from_slice(&kind);
    out.extend_from_slice(body);
    out
}

#[test]
fn the_index_is_found_at_either_end() {
    let (ftyp, moov) = (
        boxed(*b"ftyp", b"isom\0\0\0\0"),
        boxed(*b"moov", &vec![7; 300_000]),
    );
    let mdat = boxed(*b"mdat", &vec![9; 5_000_000]);
    let front = scan(&[&ftyp[..], &moov, &mdat].concat()).expect("found");
    assert_eq!(front, (vec![7; 300_000], 2));
    let back = scan(&[&ftyp[..], &mdat, &moov].concat()).expect("found");
    assert_eq!(back, (vec![7; 300_000], 3));
}

#[test]
fn wide_sizes_are_read() {
    let mut file = b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x14....".to_vec();
    file.extend_from_slice(&boxed(*b"moov", &[3; 500]));
    let (index, reads) = scan(&file).expect("found");
    assert_eq!((index.len(), reads), (500, 1));
}

#[test]
fn of_a_large_index_the_rows_are_left() {
    let table = boxed(*b"stsz", &vec![9; 3_000_000]);
    let described = boxed(*b"stsd", &[5; 100]);
    let stbl = boxed(*b"stbl", &[&described[..], &table, &described].concat());
    let tracks = [&boxed(*b"mvhd", &[1; 100])[..], &boxed(*b"trak", &stbl)].concat();
    let extras = boxed(*b"udta", &vec![7; 1_000_000]);
    let moov = boxed(*b"moov", &[&tracks[..], &extras].concat());
    let file = [&boxed(*b"ftyp", b"isom")[..], &moov].concat();
    let (index, reads) = scan_held(&file, Paging::default()).expect("found");
    assert_eq!(reads, 2, "the top, and what stands behind the table");
    // Headers of trak, stbl, stsz and udta, 64 octets of the table, and three descriptions.
    assert_eq!(index.held(), 4 * 8 + 64 + 3 * 108);
    assert_eq!(index.len(), moov.len() - 8);
    let behind = tracks.len() - 108;
    assert_eq!(index.prefix(behind..tracks.len()), described);
}

#[test]
fn a_large_index_of_too_many_parts_is_refused() {
    let whole = Paging { whole: 0, page: 64 };
    let broken = |inner: &[u8]| {
        let file = boxed(*b"moov", &boxed(*b"trak", inner));
        scan_held(&file, whole).map(drop)
    };
    // What is broken inside is left to whoever reads it.
    assert_eq!(broken(b"\0\0\0\x40stsz"), Ok(()));
    assert_eq!(broken(b"\0\0\0\x04stsz"), Ok(()));
    let many = boxed(*b"free", b"").repeat(6_000);
    assert_eq!(broken(&many), Err("index_too_large"));
    let large = boxed(*b"stsd", &vec![0; 100_000]).repeat(70);
    assert_eq!(broken(&large), Err("index_too_large"));
    assert_eq!(broken(b"\0\0\0\0"), Ok(()));
}

#[test]
fn broken_tops_are_faults() {
    assert_eq!(scan(b""), Err("not_a_film"));
    assert_eq!(scan(b"ftyp"), Err("not_a_film"));
    assert_eq!(scan(b"#!/bin/sh\necho hello\n"), Err("not_a_film"));
    assert_eq!(scan(&boxed(*b"ftyp", &[0; 64])), Err("film_cut_short"));
    assert_eq!(
        scan(&boxed(*b"moov", &[0; 64])[..40]),
        Err("film_cut_short")
    );
    assert_eq!(
        scan(&boxed(*b"mdat", &[0; 64])[..40]),
        Err("film_cut_short")
    );
    assert_eq!(
        scan(&[boxed(*b"ftyp", b"iso5"), boxed(*b"moof", b"")].concat()),
        Err("film_cut_short")
    );
    assert_eq!(
        scan(b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x03........"),
        Err("damaged_film")
    );
    assert_eq!(
        scan(b"\0\0\0\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff...."),
        Err("film_cut_short")
    );
    assert_eq!(
        scan(&boxed(*b"free", b"").repeat(20_000)),
        Err("damaged_film")
    );
}
