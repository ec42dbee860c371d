//! Who looks at the record, and how they turn its pages.

use vault_domain::api_key::Scopes;
use vault_domain::audit::{Filter, Span};
use vault_domain::credential::Role;
use vault_domain::error::Refusal;
use vault_domain::id::OrgId;
use vault_domain::member::Subject;
use vault_domain::page::PageSize;
use vault_domain::token::Caller;
use vault_domain::usecase::read_audit::{self, Page};
use vault_testkit::Kit;
use vault_testkit::builders::{self, CLIENT, ORG, OWNER, SESSION};
use vault_testkit::sweep::{Scenario, answer};

use super::{now, records, seal, waiting};

fn page(
    kit: &Kit,
    caller: &Caller,
    filter: &Filter,
    cursor: Option<&str>,
    size: &str,
) -> Result<Page, Refusal> {
    let size = PageSize::parse(size).unwrap();
    let (deps, ask) = (kit.read_audit(), builders::ask_of(*caller));
    now(read_audit::list(&deps, &ask, filter, cursor, size))
}

#[test]
fn owners_and_admins_as_they_stand_now_look_and_nobody_else() {
    for (role, may) in [
        (Role::Owner, true),
        (Role::Admin, true),
        (Role::Editor, false),
        (Role::Viewer, false),
    ] {
        let kit = waiting(0..3);
        kit.cloud
            .with(|s| s.memberships.get_mut(&(ORG, OWNER)).unwrap().role = role);
        let got = page(&kit, &builders::caller(), &Filter::default(), None, "10");
        assert_eq!(got.is_ok(), may, "{role:?}");
        let forbidden = matches!(got, Err(Refusal::Forbidden(_)));
        assert_eq!(forbidden, !may);
    }
    let kit = waiting(0..3);
    kit.plant_client(|_| ());
    let key = Caller {
        subject: Subject::ApiKey(CLIENT),
        scopes: Scopes::all(),
        ..builders::caller()
    };
    let got = page(&kit, &key, &Filter::default(), None, "10");
    assert!(matches!(got, Err(Refusal::Forbidden(_))), "a key");
    kit.cloud
        .with(|s| s.sessions.get_mut(&SESSION).unwrap().revoked = true);
    let got = page(&kit, &builders::caller(), &Filter::default(), None, "10");
    assert!(matches!(got, Err(Refusal::InvalidToken { .. })));
}

#[test]
fn pages_show_what_is_sealed_and_what_is_not_and_nothing_of_others() {
    let kit = waiting(0..5);
    seal(&kit);
    let foreign = records(9, OrgId::from_octets([9; 16]), 0..5);
    let fresh = records(8, ORG, 5..7);
    kit.cloud
        .with(|s| s.audit.extend(foreign.into_iter().chain(fresh)));
    let (mut sequences, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let caller = builders::caller();
        let got = page(&kit, &caller, &Filter::default(), cursor.as_deref(), "2");
        let got = got.unwrap();
        let links = got.entries.iter().map(|entry| entry.link);
        sequences.extend(links.map(|link| link.map(|link| link.sequence)));
        cursor = got.cursor;
        if cursor.is_none() {
            break;
        }
    }
    let expected = [None, None, Some(5), Some(4), Some(3), Some(2), Some(1)];
    assert_eq!(sequences, expected);
}

#[test]
fn a_cursor_goes_on_in_its_own_list_alone() {
    let kit = waiting(0..7);
    let caller = builders::caller();
    let early = Filter {
        span: Span::parse(Some("5"), None).unwrap(),
        ..Filter::default()
    };
    let first = page(&kit, &caller, &early, None, "2").unwrap();
    let cursor = first.cursor.unwrap();
    page(&kit, &caller, &early, Some(&cursor), "2").unwrap();
    let record = &first.entries[0].record;
    let all = Filter::default;
    for other in [
        all(),
        Filter {
            event: Some(record.event),
            ..early.clone()
        },
        Filter {
            actor: record.author.actor(),
            ..early.clone()
        },
        Filter {
            asset: kit.cloud.snapshot().audit[1].asset,
            ..early.clone()
        },
        Filter {
            span: Span::parse(Some("5"), Some("9")).unwrap(),
            ..all()
        },
    ] {
        if other == early {
            continue;
        }
        let got = page(&kit, &caller, &other, Some(&cursor), "2");
        let refused = matches!(got, Err(Refusal::Malformed(m)) if m.field == "cursor");
        assert!(refused, "{other:?}");
    }
    let long = "A".repeat(100_000);
    for bad in ["", "x", "====", &cursor[..20], long.as_str()] {
        assert!(page(&kit, &caller, &early, Some(bad), "2").is_err());
    }
}

#[test]
fn looking_changes_nothing_at_every_cut() {
    Scenario::new(
        "read_audit",
        || waiting(0..4),
        async |kit: &Kit, _| {
            let (deps, ask) = (kit.read_audit(), builders::ask());
            let size = PageSize::default();
            let got = read_audit::list(&deps, &ask, &Filter::default(), None, size).await;
            answer(got, |page| format!("{} records", page.entries.len()))
        },
    )
    .hold();
}
