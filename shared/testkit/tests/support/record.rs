//! Each use is on the record of the organisation, before its answer.

use vault_domain::audit::{Author, Event, Filter as Records};
use vault_domain::error::Refusal;
use vault_domain::library::Filter;
use vault_domain::member::Subject;
use vault_domain::page::PageSize;
use vault_domain::usecase::{library, read_audit};
use vault_testkit::builders::{self, ASSET, ORG};
use vault_testkit::support::{HELPER, SUPPORT, staff};
use vault_testkit::{Fault, Kit, Mode};

use crate::{enter, key, kit, mint, now, play};

fn look(kit: &Kit, caller: vault_domain::token::Caller) -> Result<(), Refusal> {
    let (deps, ask) = (kit.library(), builders::ask_of(caller));
    let size = PageSize::default();
    now(library::list(&deps, &ask, &Filter::default(), None, size)).map(drop)?;
    now(library::show(&deps, &ask, ASSET)).map(drop)?;
    let (deps, filter) = (kit.read_audit(), Records::default());
    now(read_audit::list(&deps, &ask, &filter, None, size)).map(drop)
}

#[test]
fn all_that_support_does_is_on_record_with_who_of_the_staff_did_it() {
    let kit = kit();
    kit.plant_support(|_| {});
    let caller = enter(&kit).unwrap();
    look(&kit, caller).unwrap();
    let view = play(&kit, mint(&kit, caller).unwrap()).unwrap();
    key(&kit, &view).unwrap();
    let records = kit.cloud.with(|s| s.audit.clone());
    let told: Vec<_> = records
        .iter()
        .map(|record| {
            let mut details = record.details.iter();
            let action = details.find(|(name, _)| *name == "action");
            (record.event, action.map_or("", |(_, action)| action))
        })
        .collect();
    assert_eq!(
        told,
        [
            (Event::SupportEntered, ""),
            (Event::SupportUsed, "list"),
            (Event::SupportUsed, "read"),
            (Event::SupportUsed, "audit"),
            (Event::SupportUsed, "play"),
            (Event::TokenMinted, "play"),
            (Event::SupportUsed, "play"),
            (Event::ViewOpened, ""),
        ]
    );
    for record in &records {
        assert_eq!(record.org, ORG);
        assert_eq!(record.author, Author::Caller(Subject::Support(staff())));
        assert_eq!(
            record.author.actor().unwrap().to_string(),
            SUPPORT.to_string()
        );
        assert!(record.author.to_string().contains(&HELPER.to_string()));
    }
    let helper = HELPER.to_string();
    let named = |record: &&vault_domain::audit::Record| {
        let mut details = record.details.iter();
        details.any(|(name, value)| name == "staff" && value == helper)
    };
    assert_eq!(records.iter().filter(named).count(), 6);
    let verdict = records[2].verdict.as_ref().unwrap();
    assert_eq!(verdict.policies, ["support"]);
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

/// What cannot be recorded is not answered.
#[test]
fn without_a_record_support_sees_nothing() {
    let kit = kit();
    kit.plant_support(|_| {});
    let caller = enter(&kit).unwrap();
    let before = kit.cloud.with(|s| s.audit.len());
    let read = |what: fn(&Kit, vault_domain::token::Caller) -> Result<(), Refusal>| {
        // Once in another world, to know where the record is written.
        let other = self::kit();
        other.plant_support(|_| {});
        other.faults.arm(Vec::new());
        what(&other, caller).unwrap();
        let note = other.faults.log();
        let note = note.iter().position(|call| call.name == "records.note");
        let (call, mode) = (note.unwrap() + 1, Mode::FailBefore);
        kit.faults.arm(vec![Fault { call, mode }]);
        let refused = what(&kit, caller);
        assert!(
            matches!(refused, Err(Refusal::Unavailable(_))),
            "{refused:?}"
        );
        kit.faults.arm(Vec::new());
    };
    read(|kit, caller| {
        let (deps, ask) = (kit.library(), builders::ask_of(caller));
        now(library::show(&deps, &ask, ASSET)).map(drop)
    });
    read(|kit, caller| {
        let (deps, ask) = (kit.library(), builders::ask_of(caller));
        let size = PageSize::default();
        now(library::list(&deps, &ask, &Filter::default(), None, size)).map(drop)
    });
    read(|kit, caller| {
        let (deps, ask) = (kit.read_audit(), builders::ask_of(caller));
        let (filter, size) = (Records::default(), PageSize::default());
        now(read_audit::list(&deps, &ask, &filter, None, size)).map(drop)
    });
    read(|kit, caller| mint(kit, caller).map(drop));
    assert_eq!(kit.cloud.with(|s| s.audit.len()), before);
}

/// The owner finds all of it by the id of the grant, that support looked at the record among it.
#[test]
fn the_owner_reads_what_was_done_by_what_they_granted() {
    let kit = kit();
    kit.plant_support(|_| {});
    look(&kit, enter(&kit).unwrap()).unwrap();
    let filter = Records {
        actor: Some(vault_domain::member::Actor::Support(SUPPORT)),
        ..Records::default()
    };
    let (deps, ask) = (kit.read_audit(), builders::ask());
    let page = now(read_audit::list(
        &deps,
        &ask,
        &filter,
        None,
        PageSize::default(),
    ));
    assert_eq!(page.unwrap().entries.len(), 4);
}
