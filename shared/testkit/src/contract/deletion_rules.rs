//! Rules by which assets go, and what is old enough for them.

use vault_domain::asset::NewAsset;
use vault_domain::deletion::{Aged, DAY, Days, Due, Duty, Retention, Rule};
use vault_domain::ports::Change;

use super::deletion::{AT, Suite, record};
use super::publish_film;
use crate::builders;

impl Suite<'_> {
    /// Five of one organisation, one a day, of which the third is held and the fourth is deleted.
    pub(super) async fn age(&self) {
        let first = self.sample.new_asset(&builders::film(1_000));
        let all = (0..5).map(|day| NewAsset {
            id: self.sample.asset(),
            created_at: AT.plus(day * DAY),
            ..first.clone()
        });
        let all: Vec<_> = all.collect();
        for new in &all {
            publish_film(self.stores.assets, new, self.sample.package()).await;
        }
        let held = self.get(all[2].id).await.expect("there");
        assert_eq!(self.place(&held, "kept").await, Change::Applied);
        let gone = self.get(all[3].id).await.expect("there");
        assert_eq!(self.delete(&gone).await, Change::Applied);
        let rule = |of| Rule {
            of,
            after: Days::stored(10),
        };
        let aged = async |of, now| {
            let (mut ids, mut after) = (Vec::new(), None);
            loop {
                let rule = rule(of);
                let page = self.stores.erasures.aged(first.org, &rule, now, after);
                let (some, more) = page.await.expect("aged");
                ids.extend(some);
                after = more;
                if after.is_none() {
                    return ids;
                }
            }
        };
        let (two, ten) = (AT.plus(11 * DAY), AT.plus(20 * DAY));
        assert_eq!(aged(Aged::All, AT).await, []);
        assert_eq!(aged(Aged::All, two).await, [all[0].id, all[1].id]);
        assert_eq!(aged(Aged::All, ten).await, [0, 1, 4].map(|n| all[n].id));
        assert_eq!(aged(Aged::Withdrawn, ten).await, []);
        let withdrawn = self.stores.assets.withdraw(all[1].id, &record()).await;
        assert_eq!(withdrawn.expect("withdraw"), Change::Applied);
        assert_eq!(aged(Aged::Withdrawn, ten).await, [all[1].id]);
    }

    pub(super) async fn rules(&self) {
        let owner = self.sample.owner();
        let created = self.stores.directory.create_owner(&owner).await;
        created.expect("create_owner");
        let (org, by) = (owner.organisation.id, owner.membership);
        let due = Due::organisation(org, AT);
        let (retentions, rules) = (self.stores.retentions, self.stores.rules);
        let none = retentions.retention(org).await.expect("retention");
        assert_eq!(none, Retention::default());
        let first = Retention {
            recovery: Days::stored(0),
            failed_after: Some(Days::stored(7)),
            version: 1,
            ..none
        };
        let set = async |seen: &Retention, next: &Retention| {
            let written = record();
            let set = rules.set_retention(&by, (seen, next), AT, &written);
            set.await.expect("set_retention")
        };
        assert_eq!(set(&none, &first).await, Change::Applied);
        assert_eq!(
            set(&none, &first).await,
            Change::NotApplied,
            "not as it was seen"
        );
        assert_eq!(retentions.retention(org).await.expect("retention"), first);
        assert_eq!(self.due(&due).await, Some(AT));
        assert_eq!(due.duty, Duty::Organisation);
        let dues = self.stores.dues;
        let settled = dues.settle(&due).await.expect("settle");
        assert_eq!(settled, Change::Applied);
        assert_eq!(
            retentions.retention(org).await.expect("retention"),
            first,
            "rules stay"
        );
        let second = Retention {
            failed_after: None,
            version: 2,
            ..first
        };
        assert_eq!(set(&first, &second).await, Change::Applied);
        assert_eq!(self.due(&due).await, None, "nothing goes by itself");
        let mut stranger = by;
        stranger.role = vault_domain::credential::Role::Admin;
        let written = record();
        let denied = rules.set_retention(&stranger, (&second, &first), AT, &written);
        assert_eq!(
            denied.await.expect("set_retention"),
            Change::NotApplied,
            "no such place"
        );
        assert_eq!(retentions.retention(org).await.expect("retention"), second);
    }
}
