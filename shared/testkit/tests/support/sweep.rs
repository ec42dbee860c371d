//! The crash-point sweep over granting, ending and coming in.

use vault_domain::support::SupportLevel;
use vault_domain::usecase::{enter_support, organisation};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ORG};
use vault_testkit::support::{SUPPORT, helper};
use vault_testkit::sweep::{Scenario, answer};

use crate::{kit, wish};

fn granted() -> Kit {
    let kit = kit();
    kit.plant_support(|_| {});
    kit
}

#[test]
fn granting_under_a_key_survives_every_cut() {
    Scenario::new("grant support", kit, async |kit: &Kit, _| {
        let (deps, ask) = (kit.organisation(), builders::ask());
        let new = wish(SupportLevel::Look, Some("one-and-the-same"));
        let granted = organisation::grant_support(&deps, &ask, &new).await;
        answer(granted, |grant| {
            format!("{} {}", grant.id, grant.level.as_str())
        })
    })
    .hold();
}

#[test]
fn ending_survives_every_cut() {
    Scenario::new("end support", granted, async |kit: &Kit, _| {
        let (deps, ask) = (kit.organisation(), builders::ask());
        let ended = organisation::end_support(&deps, &ask, SUPPORT).await;
        answer(ended, |()| "ended".to_owned())
    })
    .hold();
}

/// Whoever repeats it comes in again, and that is on record as well.
#[test]
fn coming_in_survives_every_cut() {
    Scenario::new("enter support", granted, async |kit: &Kit, _| {
        let command = enter_support::Command {
            ask: builders::ask_of(helper()),
            org: ORG,
            support: SUPPORT,
        };
        let entered = enter_support::run(&kit.enter_support(), command).await;
        answer(entered, |entered| format!("{} s", entered.expires_in))
    })
    .without(&["audit"])
    .hold();
}
