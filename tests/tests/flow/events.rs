//! Events at least once, in any order, of whatever: none changes what is settled.

use std::time::Duration;

use vault_tests::films::SHORT;
use vault_tests::{Person, logs, people, queue, sdk, wait};

/// Waits until the packager has said of so many deliveries that nothing was to be done.
pub(crate) fn handled(asset: &str, count: usize) {
    wait::until("the handling of events", Duration::from_mins(1), || {
        let lines = logs::lines_with(&[asset]);
        let idle = lines
            .iter()
            .filter(|line| line.contains("processed") && line.contains("Nothing"))
            .count();
        (idle >= count).then_some(())
    });
}

fn source_key(person: &Person, asset: &str) -> String {
    format!("uploads/{}/{asset}/source", person.organisation)
}

#[test]
fn an_event_that_comes_again_changes_nothing() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let view = owner.view(&asset);
    let left = |asset: &str| {
        let mut objects = sdk::objects("MediaBucket", &format!("media/{asset}/"));
        objects.extend(sdk::objects("MediaBucket", &format!("manifests/{asset}/")));
        (objects, sdk::count_under("KeysTable", asset))
    };
    let before = left(&asset);
    let key = source_key(&owner, &asset);
    queue::send(&queue::object_created(&key));
    // As the emulator writes it, and as AWS could.
    queue::send(&queue::object_created(&key.replace('/', "%2F")));
    queue::send(&queue::object_created(&key));
    handled(&asset, 3);
    assert_eq!(left(&asset), before, "no second package, nothing removed");
    for segment in &view.segments {
        segment.opened();
    }
}

#[test]
fn an_event_of_a_film_that_failed_does_not_revive_it() {
    let owner = people::owner();
    let asset = owner.upload(b"#!/bin/sh\nrm -rf /\n");
    let before = owner.settled(&asset);
    queue::send(&queue::object_created(&source_key(&owner, &asset)));
    handled(&asset, 1);
    assert_eq!(owner.settled(&asset), before);
}

#[test]
fn an_event_under_another_organisations_name_is_nobodys() {
    let (owner, stranger) = (people::owner(), people::owner());
    let octets = SHORT.octets();
    let slot = owner.announce(&vault_tests::upload::announcement(octets.len()));
    queue::send(&queue::object_created(&source_key(
        &stranger,
        &slot.asset_id,
    )));
    handled(&slot.asset_id, 1);
    assert_eq!(
        owner.api.status(&owner.access, &slot.asset_id).json()["state"],
        "uploading"
    );
}

#[test]
fn an_event_before_its_object_leaves_the_upload_as_it_is() {
    let owner = people::owner();
    let octets = SHORT.octets();
    let slot = owner.announce(&vault_tests::upload::announcement(octets.len()));
    queue::send(&queue::object_created(&source_key(&owner, &slot.asset_id)));
    handled(&slot.asset_id, 1);
    assert_eq!(
        owner.api.status(&owner.access, &slot.asset_id).json()["state"],
        "uploading"
    );
    slot.parts[0].put(&octets).expect(200);
    owner.api.finalize(&owner.access, &slot.asset_id);
    assert_eq!(owner.settled(&slot.asset_id)["state"], "ready");
}
