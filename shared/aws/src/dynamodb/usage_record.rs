//! What organisations use and may, as records; and the writes of a transaction that change it.
//!
//! | attribute | what |
//! | --- | --- |
//! | `pk` | the organisation |
//! | `assets`, `bytes`, `seconds`, `uploads` | how much there is |
//! | `max_assets`, `max_bytes`, `max_minutes`, `max_uploads`, `max_film_…` | what the operator set, and nobody else |
//! | `quota_version` | how often that changed |
//! | `part`, `at` | when its uploads under way are looked at, in the index `due` |
//!
//! A condition has no arithmetic: what may be there before is worked out from what the record was read to allow, and
//! the condition names the version of that. How much is there it need not know: others may have changed it meanwhile.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use vault_domain::deletion::due_part;
use vault_domain::id::OrgId;
use vault_domain::quota::{
    ABANDONED_AFTER, Charge, Counted, Exceeded, Measure, OwnQuota, PerFilm, Quota, Setting, Tally,
    Usage,
};
use vault_domain::time::Timestamp;

use super::record::{Corrupt, Fields, Item, PK, item, number, text, time};

/// The attribute that counts.
const fn attribute(counted: Counted) -> &'static str {
    match counted {
        Counted::Minutes => "seconds",
        _ => counted.as_str(),
    }
}

pub(super) fn usage_key(org: OrgId) -> Item {
    item([(PK, text(org.to_string()))])
}

pub(super) fn tally(item: &Item) -> Result<Tally, Corrupt> {
    let fields = Fields(item);
    let some = |name: &'static str| fields.optional(name, Fields::number);
    let used = |counted| Ok(some(attribute(counted))?.unwrap_or_default());
    Ok(Tally {
        used: Usage {
            assets: used(Counted::Assets)?,
            bytes: used(Counted::Bytes)?,
            seconds: used(Counted::Minutes)?,
            uploads: used(Counted::Uploads)?,
        },
        own: OwnQuota {
            assets: some(Counted::Assets.setting())?,
            bytes: some(Counted::Bytes.setting())?,
            minutes: some(Counted::Minutes.setting())?,
            uploads: some(Counted::Uploads.setting())?,
            film: PerFilm {
                bytes: some(Measure::Bytes.setting())?,
                minutes: some(Measure::Minutes.setting())?,
                long_side: some(Measure::LongSide.setting())?,
                short_side: some(Measure::ShortSide.setting())?,
            },
            version: some("quota_version")?.unwrap_or_default(),
        },
    })
}

/// What an asset counts for, as its attributes.
pub(super) fn charge(fields: Fields<'_>) -> Result<Option<Charge>, Corrupt> {
    let Some(bytes) = fields.optional("counted_bytes", Fields::number)? else {
        return Ok(None);
    };
    let seconds = fields.optional("counted_seconds", Fields::number)?;
    Ok(Some(Charge {
        bytes,
        seconds: seconds.unwrap_or_default(),
        upload: fields.has("counted_upload"),
    }))
}

/// The attributes of a new asset that counts.
pub(super) fn charged(bytes: u64) -> Item {
    item([
        ("counted_bytes", number(bytes)),
        ("counted_upload", number(1_u64)),
    ])
}

fn update(table: &str, org: OrgId) -> UpdateBuilder {
    Update::builder()
        .table_name(table)
        .set_key(Some(usage_key(org)))
}

/// What one asset counts for more, and less.
#[derive(Clone, Copy)]
pub(super) struct Difference {
    more: Usage,
    less: Usage,
}

impl Difference {
    pub(super) fn between(before: Option<Charge>, after: Option<Charge>) -> Self {
        let usage = |charge: Option<Charge>| charge.map_or(Usage::NONE, |charge| charge.usage());
        let (before, after) = (usage(before), usage(after));
        Self {
            more: after.less(&before),
            less: before.less(&after),
        }
    }

    /// `ADD …`, with what it names; none if nothing changes.
    fn added(&self, mut update: UpdateBuilder) -> (UpdateBuilder, Option<String>) {
        let mut added = Vec::new();
        for counted in Counted::ALL {
            let (more, less) = (self.more.part(counted), self.less.part(counted));
            if more == less {
                continue;
            }
            let name = attribute(counted);
            let by = match more {
                0 => format!("-{less}"),
                more => more.to_string(),
            };
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), AttributeValue::N(by));
            added.push(format!("#{name} :{name}"));
        }
        let expression = (!added.is_empty()).then(|| format!("ADD {}", added.join(", ")));
        (update, expression)
    }

    /// The write that counts it, with no condition; none if nothing changes. What there is too much of can only get less.
    pub(super) fn write(
        &self,
        table: &str,
        org: OrgId,
    ) -> Result<Option<TransactWriteItem>, BuildError> {
        let (update, Some(added)) = self.added(update(table, org)) else {
            return Ok(None);
        };
        let update = update.update_expression(added).build()?;
        Ok(Some(TransactWriteItem::builder().update(update).build()))
    }
}

/// A change that needs room.
#[derive(Clone, Copy)]
pub(super) struct Taking<'a> {
    pub(super) org: OrgId,
    /// What it needs room for.
    pub(super) room: Usage,
    /// What of that it counts.
    pub(super) difference: Difference,
    pub(super) defaults: &'a Quota,
    /// When an upload was announced that is under way from now on.
    pub(super) upload: Option<Timestamp>,
}

impl Taking<'_> {
    /// The write that counts it while there is room, by what the record was read to allow.
    ///
    /// # Errors
    /// By what was read, there is none.
    pub(super) fn write(
        &self,
        table: &str,
        read: &Tally,
    ) -> Result<Result<TransactWriteItem, BuildError>, Exceeded> {
        read.admits(self.defaults, &self.room)?;
        let quota = read.own.over(self.defaults);
        let mut conditions = vec![same_version(&read.own).to_owned()];
        let mut update = with_version(update(table, self.org), &read.own);
        for counted in Counted::ALL {
            let needed = self.room.part(counted);
            if needed == 0 {
                continue;
            }
            let (name, most) = (attribute(counted), quota.most(counted));
            // Room was read to be there: the quota alone is no less than what is needed.
            let before = most.saturating_sub(needed);
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}_before"), number(before));
            conditions.push(format!(
                "(attribute_not_exists(#{name}) OR #{name} <= :{name}_before)"
            ));
        }
        let (update, added) = self.difference.added(update);
        let (update, waits) = self.waiting(update);
        let parts = [added, waits].into_iter().flatten();
        let expression = parts.collect::<Vec<_>>().join(" ");
        let built = update
            .update_expression(expression)
            .condition_expression(conditions.join(" AND "))
            .build();
        Ok(built.map(|update| TransactWriteItem::builder().update(update).build()))
    }

    fn waiting(&self, update: UpdateBuilder) -> (UpdateBuilder, Option<String>) {
        let Some(announced) = self.upload else {
            return (update, None);
        };
        let update = update
            .expression_attribute_names("#part", "part")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":part", text(part(self.org)))
            .expression_attribute_values(":at", time(announced.plus(ABANDONED_AFTER)));
        let waits = "SET #part = :part, #at = if_not_exists(#at, :at)".to_owned();
        (update, Some(waits))
    }
}

/// The part of the index in which an organisation is.
pub(super) fn part(org: OrgId) -> String {
    due_part(org.octets()).to_string()
}

const fn same_version(own: &OwnQuota) -> &'static str {
    if own.version == 0 {
        "attribute_not_exists(quota_version)"
    } else {
        "quota_version = :version"
    }
}

fn with_version(update: UpdateBuilder, own: &OwnQuota) -> UpdateBuilder {
    if own.version == 0 {
        return update;
    }
    update.expression_attribute_values(":version", number(own.version))
}

/// The write that puts an own quota in the place of the one that was seen.
pub(super) fn set_quota(
    table: &str,
    org: OrgId,
    (seen, next): (&OwnQuota, &OwnQuota),
) -> Result<TransactWriteItem, BuildError> {
    let mut update = with_version(update(table, org), seen)
        .condition_expression(same_version(seen))
        .expression_attribute_values(":next", number(next.version));
    let (mut set, mut removed) = (vec!["quota_version = :next".to_owned()], Vec::new());
    for setting in Setting::ALL {
        let name = setting.as_str();
        match next.of(setting) {
            Some(most) => {
                update = update.expression_attribute_values(format!(":{name}"), number(most));
                set.push(format!("{name} = :{name}"));
            }
            None => removed.push(name),
        }
    }
    let mut expression = format!("SET {}", set.join(", "));
    if !removed.is_empty() {
        expression.push_str(" REMOVE ");
        expression.push_str(&removed.join(", "));
    }
    let update = update.update_expression(expression).build()?;
    Ok(TransactWriteItem::builder().update(update).build())
}

#[cfg(test)]
mod tests {
    use vault_domain::quota::FilmLimits;

    use super::super::record::checks::reads_back;
    use super::*;

    const DEFAULTS: Quota = Quota {
        assets: 10,
        bytes: 1_000,
        minutes: 2,
        uploads: 3,
        film: FilmLimits {
            bytes: 1_000,
            minutes: 2,
            long_side: 1920,
            short_side: 1080,
        },
    };

    fn org() -> OrgId {
        OrgId::from_octets([1; 16])
    }

    fn of(write: &TransactWriteItem) -> &Update {
        write.update().unwrap()
    }

    fn value(update: &Update, name: &str) -> String {
        let values = update.expression_attribute_values().unwrap();
        values[name].as_n().unwrap().clone()
    }

    #[test]
    fn a_tally_and_a_charge_read_back() {
        let wanted = Tally {
            used: Usage {
                assets: 1,
                bytes: 2,
                seconds: 3,
                uploads: 4,
            },
            own: OwnQuota {
                bytes: Some(5),
                version: 6,
                ..OwnQuota::default()
            },
        };
        let written = item([
            (PK, text(org().to_string())),
            ("assets", number(1_u64)),
            ("bytes", number(2_u64)),
            ("seconds", number(3_u64)),
            ("uploads", number(4_u64)),
            ("max_bytes", number(5_u64)),
            ("quota_version", number(6_u64)),
        ]);
        reads_back(&wanted, &written, tally, &[]);
        assert_eq!(tally(&usage_key(org())), Ok(Tally::default()));
        let new = charge(Fields(&charged(7)));
        assert_eq!(new, Ok(Some(Charge::announced(7))));
        assert_eq!(charge(Fields(&Item::new())), Ok(None));
    }

    #[test]
    fn what_is_given_back_is_exactly_what_it_counted_for() {
        let charge = Charge {
            bytes: 7,
            seconds: 9,
            upload: true,
        };
        let write = Difference::between(Some(charge), None).write("usage", org());
        let write = write.unwrap().unwrap();
        let update = of(&write);
        assert_eq!(
            update.update_expression(),
            "ADD #assets :assets, #bytes :bytes, #seconds :seconds, #uploads :uploads"
        );
        for (name, by) in [
            (":assets", "-1"),
            (":bytes", "-7"),
            (":seconds", "-9"),
            (":uploads", "-1"),
        ] {
            assert_eq!(value(update, name), by);
        }
        assert_eq!(update.condition_expression(), None);
        for same in [None, Some(charge)] {
            let nothing = Difference::between(same, same).write("usage", org());
            assert!(nothing.unwrap().is_none());
        }
    }

    #[test]
    fn room_is_a_condition_on_what_there_is_before() {
        let taking = Taking {
            org: org(),
            room: Usage::announcement(100),
            difference: Difference::between(None, Some(Charge::announced(100))),
            defaults: &DEFAULTS,
            upload: Some(Timestamp(5)),
        };
        let own = OwnQuota {
            bytes: Some(500),
            version: 3,
            ..OwnQuota::default()
        };
        let read = Tally {
            used: Usage::NONE,
            own,
        };
        let write = taking.write("usage", &read).unwrap().unwrap();
        let update = of(&write);
        let condition = update.condition_expression().unwrap();
        assert!(
            condition.contains("quota_version = :version"),
            "{condition}"
        );
        for (name, before) in [
            (":assets_before", "9"),
            (":bytes_before", "400"),
            (":seconds_before", "119"),
            (":uploads_before", "2"),
            (":version", "3"),
            (":at", "604805"),
        ] {
            assert_eq!(value(update, name), before);
        }
        assert!(!update.update_expression().contains("seconds"));
        let full = Tally {
            used: Usage {
                bytes: 401,
                ..Usage::NONE
            },
            own,
        };
        let refused = taking.write("usage", &full).unwrap_err();
        assert_eq!((refused.of, refused.limit), (Counted::Bytes, 500));
    }

    #[test]
    fn an_own_quota_is_set_and_taken_away_in_one_write() {
        let next = OwnQuota {
            uploads: Some(4),
            version: 1,
            ..OwnQuota::default()
        };
        let write = set_quota("usage", org(), (&OwnQuota::default(), &next)).unwrap();
        let update = of(&write);
        assert_eq!(
            update.update_expression(),
            "SET quota_version = :next, max_uploads = :max_uploads REMOVE max_assets, max_bytes, max_minutes, \
             max_film_bytes, max_film_minutes, max_film_long_side, max_film_short_side"
        );
        assert_eq!(
            update.condition_expression(),
            Some("attribute_not_exists(quota_version)")
        );
    }
}
