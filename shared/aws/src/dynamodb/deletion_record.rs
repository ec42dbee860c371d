//! How assets are kept, what stays of them, and what is due, as attributes and records.
//!
//! | table | key | what |
//! | --- | --- | --- |
//! | assets | the asset | `deleted_at`, `erase_at`, `erasing_at`, `hold_reason`, `hold_at`, `restored_at` |
//! | assets | an erased asset | its tombstone, which no index lists |
//! | retention | an asset, or it and how often it had been reopened when its wait for a verdict began | that it is due: `at`, in a `part` of the index |
//! | retention | an organisation | its rules, and when they are to be looked at |

use vault_domain::deletion::{
    Aged, Days, Deletion, Due, Duty, Hold, Keeping, Presence, Reason, Retention, Tombstone,
};
use vault_domain::id::{AssetId, OrgId};

use super::record::{Corrupt, Fields, Item, PK, item, number, put_some, text, time};

/// Reads how an asset is kept.
pub(super) fn keeping(fields: Fields<'_>) -> Result<Keeping, Corrupt> {
    let deletion = fields.optional("deleted_at", |fields, name| {
        Ok(Deletion {
            at: fields.time(name)?,
            erase_at: fields.time("erase_at")?,
        })
    })?;
    let erasing = fields.has("erasing_at");
    let hold = fields.optional("hold_at", |fields, name| {
        Ok(Hold {
            reason: fields.parsed("hold_reason", Reason::stored)?,
            at: fields.time(name)?,
        })
    })?;
    Ok(Keeping {
        presence: match deletion {
            None if erasing => return Err(Corrupt("deleted_at")),
            None => Presence::Kept,
            Some(deletion) if erasing => Presence::Erasing(deletion),
            Some(deletion) => Presence::Deleted(deletion),
        },
        hold,
        restored_at: fields.optional("restored_at", Fields::time)?,
    })
}

/// Is this what stays of an asset?
pub(super) fn is_tombstone(item: &Item) -> bool {
    Fields(item).has("erased_at")
}

/// The tombstone: it has nothing that an index lists by.
pub(super) fn tombstone_item(tombstone: &Tombstone) -> Item {
    item([
        (PK, text(tombstone.id.to_string())),
        ("org", text(tombstone.org.to_string())),
        ("announced_at", time(tombstone.announced_at)),
        ("deleted_at", time(tombstone.deleted_at)),
        ("erased_at", time(tombstone.erased_at)),
    ])
}

pub(super) fn tombstone(item: &Item) -> Result<Tombstone, Corrupt> {
    let fields = Fields(item);
    Ok(Tombstone {
        id: fields.parsed(PK, |text| AssetId::parse(text).ok())?,
        org: fields.parsed("org", |text| OrgId::parse(text).ok())?,
        announced_at: fields.time("announced_at")?,
        deleted_at: fields.time("deleted_at")?,
        erased_at: fields.time("erased_at")?,
    })
}

/// The key of what is due, or of an organisation's rules.
pub(super) fn due_pk(due: &Due) -> String {
    match due.duty {
        Duty::Asset(id) => id.to_string(),
        Duty::Organisation => due.org.to_string(),
        Duty::Verdict(id, reopened) => format!("{id}{VERDICT}{reopened}"),
    }
}

/// Stands between an asset whose verdict is waited for and how often it had been reopened.
const VERDICT: &str = "#verdict#";

fn duty(text: &str, org: OrgId) -> Option<Duty> {
    if let Some((asset, reopened)) = text.split_once(VERDICT) {
        let asset = AssetId::parse(asset).ok()?;
        return Some(Duty::Verdict(asset, reopened.parse().ok()?));
    }
    let asset = AssetId::parse(text).ok().map(Duty::Asset);
    asset.or_else(|| (text == org.to_string()).then_some(Duty::Organisation))
}

/// That something is due.
pub(super) fn due_item(due: &Due) -> Item {
    item([
        (PK, text(due_pk(due))),
        ("org", text(due.org.to_string())),
        ("part", text(due.part().to_string())),
        ("at", time(due.at)),
    ])
}

pub(super) fn due(item: &Item) -> Result<Due, Corrupt> {
    let fields = Fields(item);
    let org = fields.parsed("org", |text| OrgId::parse(text).ok())?;
    let duty = fields.parsed(PK, |text| duty(text, org))?;
    let at = fields.time("at")?;
    Ok(Due { at, org, duty })
}

/// The rules of an organisation; `due` if they are to be looked at.
pub(super) fn rules_item(org: OrgId, rules: &Retention, due: Option<&Due>) -> Item {
    let mut written = item([
        (PK, text(org.to_string())),
        ("org", text(org.to_string())),
        ("recovery_days", number(rules.recovery.get())),
        ("version", number(rules.version)),
    ]);
    for aged in Aged::ALL {
        let days = rules.after(aged).map(|days| number(days.get()));
        put_some(&mut written, aged.name(), days);
    }
    written.extend(due.into_iter().flat_map(due_item));
    written
}

pub(super) fn rules(item: &Item) -> Result<Retention, Corrupt> {
    let fields = Fields(item);
    let days = |aged: Aged| {
        fields.optional(aged.name(), |fields, name| {
            fields.number(name).map(Days::stored)
        })
    };
    Ok(Retention {
        recovery: fields.number("recovery_days").map(Days::stored)?,
        delete_after: days(Aged::All)?,
        failed_after: days(Aged::Failed)?,
        withdrawn_after: days(Aged::Withdrawn)?,
        version: fields.number("version")?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use vault_domain::time::Timestamp;

    use super::super::record::checks::reads_back;
    use super::*;

    pub(in crate::dynamodb) fn erasing() -> Keeping {
        Keeping {
            presence: Presence::Erasing(Deletion {
                at: Timestamp(20),
                erase_at: Timestamp(21),
            }),
            hold: Some(Hold {
                reason: Reason::parse("a case").unwrap(),
                at: Timestamp(22),
            }),
            restored_at: Some(Timestamp(23)),
        }
    }

    pub(in crate::dynamodb) fn attributes() -> Item {
        item([
            ("deleted_at", number(20_u64)),
            ("erase_at", number(21_u64)),
            ("erasing_at", number(24_u64)),
            ("hold_reason", text("a case")),
            ("hold_at", number(22_u64)),
            ("restored_at", number(23_u64)),
        ])
    }

    #[test]
    fn keeping_reads_back_and_what_lacks_a_part_is_corrupt() {
        let read = |item: &Item| keeping(Fields(item));
        assert_eq!(read(&attributes()), Ok(erasing()));
        assert_eq!(read(&Item::new()), Ok(Keeping::default()));
        for name in ["erase_at", "hold_reason"] {
            let mut without = attributes();
            without.remove(name);
            assert_eq!(read(&without), Err(Corrupt(name)));
        }
        let mut odd = attributes();
        odd.remove("deleted_at");
        assert_eq!(read(&odd), Err(Corrupt("deleted_at")));
    }

    #[test]
    fn a_tombstone_reads_back_and_no_index_lists_it() {
        let stone = Tombstone {
            id: AssetId::from_octets([1; 16]),
            org: OrgId::from_octets([2; 16]),
            announced_at: Timestamp(3),
            deleted_at: Timestamp(4),
            erased_at: Timestamp(5),
        };
        let written = tombstone_item(&stone);
        let required = [PK, "org", "announced_at", "deleted_at", "erased_at"];
        reads_back(&stone, &written, tombstone, &required);
        assert!(is_tombstone(&written) && !is_tombstone(&attributes()));
        for key in ["created_at", "shelf", "by_owner", "collection", "folded"] {
            assert!(!written.contains_key(key), "{key} is a key of an index");
        }
    }

    #[test]
    fn dues_and_rules_read_back() {
        let org = OrgId::from_octets([9; 16]);
        let asset = Due::asset(org, AssetId::from_octets([7; 16]), Timestamp(8));
        let whole = Due::organisation(org, Timestamp(9));
        for wanted in [asset, whole] {
            reads_back(&wanted, &due_item(&wanted), due, &[PK, "org", "at"]);
        }
        let all = Retention {
            recovery: Days::stored(0),
            delete_after: Some(Days::stored(1)),
            failed_after: Some(Days::stored(2)),
            withdrawn_after: Some(Days::stored(3)),
            version: 4,
        };
        let written = rules_item(org, &all, Some(&whole));
        reads_back(&all, &written, rules, &["recovery_days", "version"]);
        assert_eq!(
            due(&written),
            Ok(whole),
            "rules are due in their own record"
        );
        let quiet = rules_item(org, &Retention::default(), None);
        assert_eq!(rules(&quiet), Ok(Retention::default()));
        assert!(!quiet.contains_key("part"), "and stand in no index if not");
    }
}
