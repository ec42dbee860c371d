//! What verification finds: anything that one change makes of exports that were whole.

use proptest::prelude::*;
use proptest::sample::Index;
use vault_domain::audit::verify::{Anchor, Checked, Fault, check, join};
use vault_domain::audit::{Link, Sealed, export};
use vault_domain::id::OrgId;
use vault_testkit::builders;
use vault_testkit::crypto::FakeHashing;

use super::records;

/// Exports of one chain, so many records each.
fn exports(org: OrgId, sizes: &[usize]) -> Vec<String> {
    let count: usize = sizes.iter().sum();
    let mut all = records(7, org, 0..count as u64).into_iter();
    let mut last = Link::genesis(&FakeHashing, org);
    let file = |size: &usize| {
        let before = last;
        let sealed = all.by_ref().take(*size).map(|record| {
            last = last.next(&FakeHashing, &record);
            Sealed { record, link: last }
        });
        let sealed: Vec<_> = sealed.collect();
        export(&FakeHashing, org, &before, &sealed)
    };
    sizes
        .iter()
        .map(file)
        .map(|text| text.unwrap().unwrap())
        .collect()
}

/// The last record, and all faults, of files and between them.
fn verified(files: &[Vec<u8>], anchors: &[Anchor]) -> (Option<Link>, Vec<Fault>) {
    let (mut whole, mut faults): (Vec<Checked>, Vec<Fault>) = Default::default();
    for file in files {
        match check(&FakeHashing, file, anchors) {
            Ok(checked) => whole.push(checked),
            Err(fault) => faults.push(fault),
        }
    }
    faults.extend(whole.iter().flat_map(|file| file.faults.clone()));
    whole.sort_by_key(|file| file.first);
    let (end, between) = join(
        &FakeHashing,
        &whole.iter().collect::<Vec<_>>(),
        None,
        anchors,
    );
    faults.extend(between);
    (end, faults)
}

fn octets(texts: &[String]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.clone().into_bytes()).collect()
}

/// The one file of five records after a change of its lines, the first of which is the header.
fn changed(change: impl FnOnce(&mut Vec<String>)) -> Vec<Fault> {
    let text = exports(builders::ORG, &[5]).remove(0);
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    verified(&[(lines.join("\n") + "\n").into_bytes()], &[]).1
}

#[test]
fn what_is_wrong_is_told_precisely() {
    assert_eq!(changed(|_| ()), []);
    let removed = changed(|lines| drop(lines.drain(2..4)));
    assert_eq!(removed, [Fault::Removed(2, 3)]);
    let truncated = changed(|lines| lines.truncate(4));
    assert_eq!(truncated, [Fault::Truncated(4, 5)]);
    let swapped = changed(|lines| lines.swap(2, 3));
    assert_eq!(swapped, [Fault::Reordered(2, 3)]);
    let other = changed(|lines| lines[3] = lines[3].replace("r-2", "r-9"));
    assert_eq!(other, [Fault::Changed(3)]);
    let twice = changed(|lines| lines.insert(3, lines[2].clone()));
    assert_eq!(twice, [Fault::Repeated(2)]);
    let spaced = changed(|lines| lines[3] = lines[3].replace("\":", "\": "));
    assert_eq!(spaced, [Fault::NoRecord(4), Fault::Removed(3, 3)]);
    let counted = changed(|lines| lines[0] = lines[0].replace("\"count\":5", "\"count\":4"));
    assert_eq!(counted, [Fault::Header("count")]);
    let short = changed(|lines| {
        lines.pop();
        lines[0] = lines[0].replace("\"last\":5", "\"last\":4");
        lines[0] = lines[0].replace("\"count\":5", "\"count\":4");
    });
    assert_eq!(short, [Fault::Header("hash")]);
    let foreign = exports(OrgId::from_octets([9; 16]), &[5]).remove(0);
    let foreign = foreign.lines().nth(3).unwrap().to_owned();
    let foreign = changed(|lines| lines[3] = foreign);
    assert!(foreign.contains(&Fault::Foreign(3)), "{foreign:?}");
    let headless = changed(|lines| drop(lines.remove(0)));
    assert!(matches!(headless[..], [Fault::NoHeader(_)]));
}

#[test]
fn what_is_wrong_between_files_is_told_precisely() {
    let whole = octets(&exports(builders::ORG, &[2, 3, 2]));
    let (end, faults) = verified(&whole, &[]);
    assert_eq!((end.unwrap().sequence, faults), (7, vec![]));
    let gap = [whole[0].clone(), whole[2].clone()];
    assert_eq!(verified(&gap, &[]).1, [Fault::Missing(3, 5)]);
    assert_eq!(verified(&whole[1..], &[]).1, [Fault::Missing(1, 2)]);
    let longer = octets(&exports(builders::ORG, &[4])).remove(0);
    let overlap = [whole[0].clone(), whole[1].clone(), longer];
    let (_, faults) = verified(&overlap, &[]);
    assert!(
        faults.contains(&Fault::Overlapping(1, 2)) || faults.contains(&Fault::Overlapping(1, 4))
    );
}

#[test]
fn what_is_known_from_elsewhere_finds_a_record_that_ends_early_or_was_written_anew() {
    let whole = octets(&exports(builders::ORG, &[2, 3, 2]));
    let end = verified(&whole, &[]).0.unwrap();
    let text = format!("{}:{}", end.sequence, end.hash_text());
    let anchor = Anchor::parse(&text).unwrap();
    let named = Anchor::parse(&format!("{}:{text}", builders::ORG)).unwrap();
    let elsewhere = Anchor::parse(&format!("{}:{text}", OrgId::from_octets([9; 16]))).unwrap();
    for known in [anchor, named] {
        assert_eq!(verified(&whole, &[known]).1, []);
        assert_eq!(verified(&whole[..2], &[known]).1, [Fault::Ends(5, 7)]);
    }
    // Without it nothing tells that there was more.
    assert_eq!(verified(&whole[..2], &[]).1, []);
    assert_eq!(verified(&whole[..2], &[elsewhere]).1, []);
    let zero = Anchor::parse(&format!("0:{}", end.hash_text())).unwrap();
    assert_eq!(verified(&whole, &[zero]).1, [Fault::Before(0)]);
    let anew = Link {
        hash: [7; 32],
        ..end
    };
    let anew = Anchor {
        org: None,
        link: anew,
    };
    assert_eq!(verified(&whole, &[anew]).1, [Fault::Rewritten(7)]);
    for bad in ["", "7", "7:", ":7", "7:aa", "x:7:aa", "-1:00"] {
        assert_eq!(Anchor::parse(bad), None, "{bad}");
    }
}

#[derive(Debug, Clone)]
enum Change {
    Delete(Index, Index),
    Swap(Index, Index, Index),
    Copy(Index, Index, Index),
    Octet(Index, Index, u8),
    Insert(Index, Index, u8),
    Cut(Index, Index),
    Drop(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), at()).prop_map(|(f, a)| Change::Delete(f, a)),
        (at(), at(), at()).prop_map(|(f, a, b)| Change::Swap(f, a, b)),
        (at(), at(), at()).prop_map(|(f, a, b)| Change::Copy(f, a, b)),
        (at(), at(), any::<u8>()).prop_map(|(f, a, o)| Change::Octet(f, a, o)),
        (at(), at(), any::<u8>()).prop_map(|(f, a, o)| Change::Insert(f, a, o)),
        (at(), at()).prop_map(|(f, a)| Change::Cut(f, a)),
        at().prop_map(Change::Drop),
    ]
}

/// The files after it.
fn after(change: &Change, files: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut files = files.to_vec();
    let lines = |file: &[u8]| -> Vec<Vec<u8>> {
        file.split_inclusive(|o| *o == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    };
    let count = files.len();
    match change {
        Change::Delete(f, a) => {
            let file = f.get_mut(&mut files);
            let mut kept = lines(file);
            kept.remove(a.index(kept.len()));
            *file = kept.concat();
        }
        Change::Swap(f, a, b) => {
            let file = f.get_mut(&mut files);
            let mut kept = lines(file);
            let (a, b) = (a.index(kept.len()), b.index(kept.len()));
            kept.swap(a, b);
            *file = kept.concat();
        }
        Change::Copy(f, a, b) => {
            let file = f.get_mut(&mut files);
            let mut kept = lines(file);
            let line = kept[a.index(kept.len())].clone();
            kept.insert(b.index(kept.len()), line);
            *file = kept.concat();
        }
        Change::Octet(f, a, octet) => {
            let file = f.get_mut(&mut files);
            *a.get_mut(file) = *octet;
        }
        Change::Insert(f, a, octet) => {
            let file = f.get_mut(&mut files);
            file.insert(a.index(file.len() + 1), *octet);
        }
        Change::Cut(f, a) => {
            let file = f.get_mut(&mut files);
            file.truncate(a.index(file.len()));
        }
        // All but the newest: what nothing follows is missed by nobody.
        Change::Drop(f) => drop(files.remove(f.index(count - 1))),
    }
    files
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_one_change_is_found(sizes in proptest::collection::vec(1_usize..5, 2..4), change in change()) {
        let whole = octets(&exports(builders::ORG, &sizes));
        prop_assert_eq!(verified(&whole, &[]).1, vec![]);
        let changed = after(&change, &whole);
        if changed != whole {
            prop_assert_ne!(verified(&changed, &[]).1, vec![], "{:?}", change);
        }
    }

    #[test]
    fn nothing_that_is_read_panics(text in ".{0,400}", octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(check(&FakeHashing, text.as_bytes(), &[]));
        drop(check(&FakeHashing, &octets, &[]));
    }
}
