//! The worked example of docs/audit.md is true.

use vault_domain::audit::{Author, Details, Event, Record, Sealed, Source, Verdict, verify};
use vault_domain::audit::{Link, canonical, export, shown};
use vault_domain::id::{AssetId, OrgId, RecordId, SessionId, UserId};
use vault_domain::member::Subject;
use vault_domain::time::Timestamp;
use vault_domain::token::Device;
use vault_testkit::crypto::FakeHashing;

fn record() -> Record {
    let asset = AssetId::from_octets([6; 16]);
    Record {
        id: RecordId::from_octets([1; 16]),
        org: OrgId::from_octets([2; 16]),
        at: Timestamp(1_795_334_400),
        event: Event::TokenMinted,
        author: Author::Caller(Subject::Person {
            user: UserId::from_octets([4; 16]),
            session: SessionId::from_octets([5; 16]),
        }),
        target: asset.to_string(),
        asset: Some(asset),
        verdict: Some(Verdict {
            allowed: true,
            policies: vec!["member-sees".to_owned()],
        }),
        source: Source {
            address: Some([192, 0, 2, 7].into()),
            device: Device::of("Télé 2"),
            request: "r-1".to_owned(),
        },
        details: Details::none().with("views", 2),
    }
}

#[test]
fn the_worked_example_of_the_documentation_is_true() {
    let docs = include_str!("../../../../docs/audit.md");
    let record = record();
    let genesis = Link::genesis(&FakeHashing, record.org);
    let link = genesis.next(&FakeHashing, &record);
    let whole = canonical(&shown(&record, Some(&link)));
    let stated = [genesis.hash_text(), link.hash_text(), whole];
    for text in stated {
        assert!(docs.contains(&text), "docs/audit.md lacks {text}");
    }
    let sealed = [Sealed {
        record: record.clone(),
        link,
    }];
    let file = export(&FakeHashing, record.org, &genesis, &sealed)
        .unwrap()
        .unwrap();
    assert!(docs.contains(file.trim_end()), "docs/audit.md lacks {file}");
    let checked = verify::check(&FakeHashing, file.as_bytes(), &[]).unwrap();
    assert_eq!(checked.faults, []);
}
