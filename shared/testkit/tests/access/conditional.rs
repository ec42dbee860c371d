//! Changes that rest on what was seen (RFC 9110 §13.1.1).

use super::*;
use vault_domain::usecase::IfMatch;
use vault_domain::usecase::access::ContainerChange;

fn tag(tag: &str) -> IfMatch {
    IfMatch::OneOf(vec![tag.to_owned()])
}

fn unlucky<T>(outcome: &Result<T, Refusal>) {
    assert!(matches!(outcome, Err(Refusal::PreconditionFailed)));
}

#[test]
fn who_sees_an_asset_changes_only_as_it_was_seen() {
    let kit = kit();
    let (deps, owner) = (kit.access(), builders::ask());
    let seen = now(access::show(&deps, &owner, ASSET)).unwrap();
    now(access::grant(&deps, &owner, ASSET, to_viewer(Level::View))).unwrap();
    let restrict = |rests_on| {
        let placing = Placing {
            visibility: Some(Visibility::Restricted),
            rests_on,
            ..Placing::default()
        };
        now(access::place(&deps, &owner, ASSET, placing))
    };
    let before = kit.cloud.snapshot();
    unlucky(&restrict(tag(&seen.access.tag())));
    assert_eq!(kit.cloud.snapshot(), before);
    let there = now(access::show(&deps, &owner, ASSET)).unwrap();
    let tag = tag(&there.access.tag());
    let next = restrict(tag.clone()).unwrap();
    assert_ne!(next.access.tag(), there.access.tag());
    let again = restrict(tag).unwrap();
    assert_eq!(again, next, "an answer that was lost is given again");
}

#[test]
fn a_container_changes_only_as_it_was_seen() {
    let kit = kit();
    let (deps, owner) = (kit.access(), builders::ask());
    for kind in Kind::ALL {
        let new = NewContainer {
            kind,
            name: name("Rushes"),
            visibility: Visibility::Restricted,
            space: None,
        };
        let made = now(access::create_container(&deps, &owner, new, None)).unwrap();
        let rename = |text: &str, rests_on| {
            let change = ContainerChange {
                name: Some(name(text)),
                rests_on,
                ..ContainerChange::default()
            };
            now(access::change_container(&deps, &owner, made.id, &change))
        };
        let first = tag(&made.access.tag());
        let (mine, _) = rename("Mine", first.clone()).unwrap();
        unlucky(&rename("Theirs", first.clone()));
        assert_eq!(rename("Mine", first).unwrap().0, mine);
        let wish = to_viewer(Level::View);
        now(access::grant_on_container(&deps, &owner, made.id, wish)).unwrap();
        unlucky(&rename("Theirs", tag(&mine.access.tag())));
        assert!(rename("Theirs", IfMatch::Any).is_ok());
    }
}

#[test]
fn a_group_is_renamed_only_as_it_was_seen() {
    let kit = kit();
    let (deps, owner) = (kit.access(), builders::ask());
    let made = now(access::create_group(&deps, &owner, name("Guests"), None)).unwrap();
    let rename = |text: &str, rests_on: &IfMatch| {
        let text = name(text);
        now(access::rename_group(
            &deps, &owner, made.id, rests_on, &text,
        ))
    };
    let first = tag(&access::group_tag(&deps, &made));
    let mine = rename("Mine", &first).unwrap();
    unlucky(&rename("Theirs", &first));
    assert_eq!(rename("Mine", &first).unwrap(), mine);
    let second = tag(&access::group_tag(&deps, &mine));
    assert_eq!(rename("Guests", &second).unwrap(), made);
}
