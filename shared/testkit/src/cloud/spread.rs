//! Where the keys of views go, and by which rules that is looked at.

use async_trait::async_trait;
use vault_domain::audit::Record;
use vault_domain::member::Membership;
use vault_domain::playback::PlaybackSession;
use vault_domain::ports::{Change, SpreadRules, Stored, Trails};
use vault_domain::spread::{SpreadRule, Trail, Watch};

use super::{FakeCloud, State};

/// Puts a trail in the place of the one that was seen.
fn moved(state: &mut State, seen: &PlaybackSession, next: &Trail) -> Change {
    let there = state.playbacks.get_mut(&seen.id);
    let watch = there.and_then(|there| there.watch.as_mut());
    let trail = |watch: &Watch| watch.trail.clone();
    let before = seen.watch.as_ref().map(trail);
    let same = |own: &&mut Watch| own.trail.raised().is_none() && before == Some(trail(own));
    let Some(watch) = watch.filter(same) else {
        return Change::NotApplied;
    };
    watch.trail = next.clone();
    Change::Applied
}

#[async_trait]
impl Trails for FakeCloud {
    async fn move_on(&self, seen: &PlaybackSession, next: &Trail) -> Stored<Change> {
        self.call("trails.move_on", |s| Ok(moved(s, seen, next)))
            .await
    }
    async fn raise(&self, seen: &PlaybackSession, next: &Trail, record: &Record) -> Stored<Change> {
        self.call("trails.raise", |s| {
            if moved(s, seen, next) == Change::NotApplied {
                return Ok(Change::NotApplied);
            }
            let ended = s
                .playbacks
                .get(&seen.id)
                .is_some_and(PlaybackSession::is_watched_elsewhere);
            let lease = seen.lease.filter(|_| ended);
            if let Some(places) = lease.and_then(|own| s.places.get_mut(&own.of.0)) {
                places.0.remove(&seen.id);
            }
            s.audit.push(record.clone());
            Ok(Change::Applied)
        })
        .await
    }
}

#[async_trait]
impl SpreadRules for FakeCloud {
    async fn set_rule(
        &self,
        by: &Membership,
        (seen, next): (Option<&SpreadRule>, &SpreadRule),
        record: &Record,
    ) -> Stored<Change> {
        self.call("spread_rules.set_rule", |s| {
            let place = s.memberships.get(&(by.org, by.user));
            let stands = place.is_some_and(|place| place.role == by.role && place.active);
            if !stands || s.spread_rules.get(&by.org) != seen {
                return Ok(Change::NotApplied);
            }
            s.spread_rules.insert(by.org, *next);
            s.audit.push(record.clone());
            Ok(Change::Applied)
        })
        .await
    }
}
