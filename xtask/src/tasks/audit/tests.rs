use vault_domain::audit::{Author, Details, Event, Record, Sealed, Source, export, key};
use vault_domain::id::RecordId;
use vault_domain::time::Timestamp;

use super::*;

fn record(org: OrgId, number: u8) -> Record {
    Record {
        id: RecordId::from_octets([number; 16]),
        org,
        at: Timestamp(u64::from(number)),
        event: Event::ViewOpened,
        author: Author::System,
        target: String::new(),
        asset: None,
        verdict: None,
        source: Source::default(),
        details: Details::none(),
    }
}

/// Two exports of each of two organisations, in folders as in the bucket.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("reelvault-{name}-{}", std::process::id()));
    for org in [[1; 16], [2; 16]].map(OrgId::from_octets) {
        let mut last = Link::genesis(&Sha, org);
        for numbers in [[1, 2], [3, 4]] {
            let before = last;
            let sealed = numbers.map(|number| {
                let record = record(org, number);
                last = last.next(&Sha, &record);
                Sealed { record, link: last }
            });
            let text = export(&Sha, org, &before, &sealed).unwrap().unwrap();
            let path = folder.join(key(org, before.sequence + 1, last.sequence));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }
    folder
}

fn asked(words: &[&str], folder: &Path) -> Result<()> {
    let words = ["verify"].iter().chain(words).map(Into::into);
    let words = words.chain([folder.into()]).collect();
    run(Arguments::from_vec(words))
}

#[test]
fn exports_are_proven_or_told_to_be_broken() {
    let folder = folder("verify");
    asked(&[], &folder).unwrap();
    let org = OrgId::from_octets([1; 16]);
    let (first, second) = (folder.join(key(org, 1, 2)), folder.join(key(org, 3, 4)));
    let told = |words: &[&str], path: &Path| asked(words, path).unwrap_err().to_string();
    // One file alone: from a record that is known.
    assert!(told(&[], &second).contains("no file has records 1 to 2"));
    let text = std::fs::read_to_string(&first).unwrap();
    let hash = text
        .lines()
        .last()
        .unwrap()
        .split("\"hash\":\"")
        .nth(1)
        .unwrap();
    let second_record = format!("2:{}", &hash[..64]);
    asked(&["--after", &second_record], &second).unwrap();
    let named = format!("{org}:{second_record}");
    asked(&["--head", &named], &folder).unwrap();
    let ahead = format!("{org}:5:{}", &hash[..64]);
    assert!(told(&["--head", &ahead], &folder).contains("is known to go to 5, and ends at 4"));
    assert!(told(&["--head", &second_record], &folder).contains("several organisations"));
    assert!(told(&["--heads"], &folder).contains("unknown argument"));
    std::fs::write(&first, text.replace("view.opened", "view.closed")).unwrap();
    let broken = told(&[], &folder);
    assert!(broken.contains("record 1 was changed") && broken.contains("record 2 was changed"));
    std::fs::remove_file(&first).unwrap();
    assert!(told(&[], &folder).contains("no file has records 1 to 2"));
    std::fs::remove_dir_all(&folder).unwrap();
}
