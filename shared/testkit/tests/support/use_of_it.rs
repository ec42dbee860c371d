//! What support may do, and what it may not.

use vault_domain::access::{Access, AccessList, Entry, Level, Principal, Visibility};
use vault_domain::credential::Role;
use vault_domain::error::Refusal;
use vault_domain::library::{Filter, Patch};
use vault_domain::member::Actor;
use vault_domain::page::PageSize;
use vault_domain::ports::AccessTokens as _;
use vault_domain::support::SupportLevel;
use vault_domain::token::Caller;
use vault_domain::usecase::IfMatch;
use vault_domain::usecase::library;
use vault_domain::usecase::{caller, introspect, revoke_token, withdraw_asset};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, OWNER};
use vault_testkit::support::{SUPPORT, support_caller};

use crate::{end, enter, key, kit, mint, now, play};

fn listed(kit: &Kit, caller: Caller) -> Result<usize, Refusal> {
    let (deps, ask) = (kit.library(), builders::ask_of(caller));
    let size = PageSize::default();
    let page = now(library::list(&deps, &ask, &Filter::default(), None, size));
    page.map(|page| page.assets.len())
}

fn shown(kit: &Kit, caller: Caller) -> Result<(), Refusal> {
    let ask = builders::ask_of(caller);
    now(library::show(&kit.library(), &ask, ASSET)).map(drop)
}

/// Whatever lists say, and even of those who are shut out.
#[test]
fn support_looks_at_everything_whatever_its_visibility_and_watches_if_that_was_granted() {
    for level in SupportLevel::ALL {
        let kit = kit();
        let shut = Entry {
            to: Principal::Role(Role::Viewer),
            level: Level::None,
            expires_at: None,
            by: Actor::User(OWNER),
            at: vault_testkit::clock::GOLDEN_NOW,
        };
        kit.change_asset(|asset| {
            asset.access = Access {
                visibility: Visibility::Restricted,
                entries: AccessList::stored(vec![shut]),
                version: 1,
            };
        });
        kit.plant_support(|grant| grant.level = level);
        let caller = enter(&kit).unwrap();
        assert_eq!(listed(&kit, caller).unwrap(), 1);
        shown(&kit, caller).unwrap();
        let minted = mint(&kit, caller);
        if level == SupportLevel::Watch {
            let view = play(&kit, minted.unwrap()).unwrap();
            key(&kit, &view).unwrap();
        } else {
            assert!(matches!(minted, Err(Refusal::Forbidden(_))));
        }
    }
}

#[test]
fn support_changes_nothing_even_where_a_list_would_let_anyone() {
    let kit = kit();
    let all = Entry {
        to: Principal::Role(Role::Viewer),
        level: Level::Manage,
        expires_at: None,
        by: Actor::User(OWNER),
        at: vault_testkit::clock::GOLDEN_NOW,
    };
    kit.change_asset(|asset| asset.access.entries = AccessList::stored(vec![all]));
    kit.plant_support(|_| {});
    let caller = enter(&kit).unwrap();
    let before = kit.cloud.snapshot().assets;
    let ask = builders::ask_of(caller);
    let (deps, patch) = (kit.library(), Patch::default());
    let edited = library::edit(&deps, &ask, ASSET, &IfMatch::Any, &patch);
    let told = now(edited).unwrap_err().to_string();
    assert!(told.contains("support looks"), "{told}");
    let withdrawn = now(withdraw_asset::run(&kit.withdraw_asset(), &ask, ASSET)).map(drop);
    assert!(matches!(withdrawn, Err(Refusal::Forbidden(_))));
    assert_eq!(kit.cloud.snapshot().assets, before);
}

/// Everything that does not ask for support by name refuses its tokens without looking anything up.
#[test]
fn a_token_of_support_is_none_where_nobody_asked_for_it() {
    let kit = kit();
    let inside = support_caller(SupportLevel::Watch);
    let now = vault_domain::ports::Clock::now(&*kit.clock);
    let token = kit.access.issue(&inside, now, 600).unwrap();
    let refused = caller(&*kit.access, &*kit.clock, Some(token.expose()));
    assert!(matches!(refused, Err(Refusal::Forbidden(_))));
    assert_eq!(kit.cloud.calls(), Vec::<&str>::new());
}

#[test]
fn the_staffs_own_token_opens_nothing_of_another_organisation() {
    let kit = kit();
    kit.plant_support(|_| {});
    let home = vault_testkit::support::helper();
    assert_eq!(listed(&kit, home).unwrap(), 0);
    assert!(matches!(shown(&kit, home), Err(Refusal::NotFound(_))));
    // Nor does a token that claims to be support without a grant.
    kit.cloud.with(|s| s.supports.clear());
    let bold = support_caller(SupportLevel::Watch);
    assert!(matches!(
        listed(&kit, bold),
        Err(Refusal::InvalidToken { .. })
    ));
}

#[test]
fn whoever_let_support_in_is_told_of_its_token_and_nothing_but_the_end_revokes_it() {
    let kit = kit();
    kit.plant_support(|_| {});
    let at = vault_domain::ports::Clock::now(&*kit.clock);
    let inside = support_caller(SupportLevel::Watch);
    let token = kit.access.issue(&inside, at, 600).unwrap();
    let asker = introspect::Asker::Person(builders::caller());
    let told = || now(introspect::run(&kit.introspect(), &asker, &token)).unwrap();
    assert_eq!(told().unwrap().actor(), Actor::Support(SUPPORT));
    let revoked = now(revoke_token::run(
        &kit.revoke_token(),
        &token,
        builders::source(),
    ));
    assert_eq!(revoked.unwrap(), revoke_token::Revocation::Unsupported);
    end(&kit, builders::caller(), SUPPORT).unwrap();
    assert_eq!(told(), None);
}
