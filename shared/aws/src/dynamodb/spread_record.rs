//! A rule by which views are looked at, as attributes: of its organisation's record, and of each view that was opened under it.

use vault_domain::id::OrgId;
use vault_domain::spread::{OnSpread, SpreadRule};

use super::record::{Corrupt, Fields, Item, PK, SK, item, number, text};

/// What becomes of a view.
pub(super) const ON_SPREAD: &str = "on_spread";
const MAX_NETWORKS: &str = "max_networks";
const MAX_RETURNS: &str = "max_returns";
const WINDOW: &str = "spread_window";

/// All of them.
#[cfg(test)]
pub(super) const NAMES: [&str; 4] = [ON_SPREAD, MAX_NETWORKS, MAX_RETURNS, WINDOW];

pub(super) fn attributes(rule: &SpreadRule) -> Item {
    item([
        (ON_SPREAD, text(rule.answer().as_str())),
        (MAX_NETWORKS, number(rule.max_networks())),
        (MAX_RETURNS, number(rule.max_returns())),
        (WINDOW, number(rule.window())),
    ])
}

pub(super) fn rule(fields: Fields<'_>) -> Result<SpreadRule, Corrupt> {
    let answer = fields.parsed(ON_SPREAD, |text| OnSpread::parse(text).ok())?;
    let most = (fields.number(MAX_NETWORKS)?, fields.number(MAX_RETURNS)?);
    let rule = SpreadRule::parse(answer, most, fields.number(WINDOW)?);
    rule.map_err(|bad| match bad.field {
        "max_networks" => Corrupt(MAX_NETWORKS),
        "max_returns" => Corrupt(MAX_RETURNS),
        _ => Corrupt(WINDOW),
    })
}

/// Sort key of an organisation's rule.
pub(super) const SPREAD: &str = "spread";

/// Key of an organisation's rule.
pub(super) fn key(org: OrgId) -> Item {
    item([(PK, text(org.to_string())), (SK, text(SPREAD))])
}

#[cfg(test)]
mod tests {
    use super::super::playback_record::tests::watched;
    use super::super::record::checks::reads_back;
    use super::*;

    #[test]
    fn a_rule_reads_back_and_a_broken_one_is_corrupt() {
        let one = watched().rule;
        let read = |item: &Item| rule(Fields(item));
        reads_back(&one, &attributes(&one), read, &NAMES);
        for (name, value) in [(MAX_NETWORKS, 1_u64), (MAX_RETURNS, 11), (WINDOW, 59)] {
            let mut broken = attributes(&one);
            broken.insert(name.to_owned(), number(value));
            assert_eq!(read(&broken), Err(Corrupt(name)));
        }
    }
}
