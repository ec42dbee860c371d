//! Withdrawing a film: every view of it stops at once.

use vault_tests::api::{refused, refused_token};
use vault_tests::films::SHORT;
use vault_tests::view::granted;
use vault_tests::{Http, cloud, people};

fn invalidations_of(asset: &str) -> Vec<serde_json::Value> {
    let recorded = Http::default()
        .get(&format!("{}/_edge/invalidations", cloud().api_url))
        .expect(200)
        .json();
    let path = format!("/media/{asset}/*");
    let all = recorded.as_array().cloned().unwrap_or_default();
    all.into_iter()
        .filter(|batch| batch["paths"] == serde_json::json!([path]))
        .collect()
}

#[test]
fn from_the_moment_of_the_reply_no_view_gets_a_key_or_a_playlist() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let token = owner
        .api
        .exchange(&owner.access, &asset, &[("max_views", "9")])
        .expect(200)
        .field("access_token");
    let views = [owner.view(&asset), owner.view(&asset)];
    for view in &views {
        granted(&owner.api.http.get(view.keys()[0]));
    }
    let told = owner.api.withdraw(&owner.access, &asset).expect(200).json();
    assert_eq!(
        told,
        serde_json::json!({ "asset_id": asset, "state": "withdrawn" })
    );
    for view in &views {
        for url in [view.keys()[0], &view.playlist, &view.video] {
            refused(&owner.api.http.get(url), 403, "asset_withdrawn");
        }
    }
    refused(&owner.api.open(&token, &asset), 403, "asset_withdrawn");
    refused_token(
        &owner.api.exchange(&owner.access, &asset, &[]),
        "invalid_target",
        "asset_withdrawn",
    );
    assert_eq!(
        owner.api.status(&owner.access, &asset).expect(200).json()["state"],
        "withdrawn"
    );
}

#[test]
fn its_copies_are_invalidated_once_however_often_it_is_withdrawn() {
    let owner = people::owner();
    let (asset, kept) = (owner.ready(SHORT), owner.ready(SHORT));
    for _ in 0..3 {
        owner.api.withdraw(&owner.access, &asset).expect(200);
    }
    let recorded = invalidations_of(&asset);
    assert_eq!(recorded.len(), 1, "{recorded:?}");
    assert_eq!(
        recorded[0]["distribution_id"],
        cloud().output("DistributionId")
    );
    assert!(invalidations_of(&kept).is_empty());
    owner.view(&kept).segments[0].opened();
}

#[test]
fn a_film_that_is_withdrawn_on_its_way_never_becomes_ready() {
    let owner = people::owner();
    let octets = SHORT.octets();
    let slot = owner.announce(&vault_tests::upload::announcement(octets.len()));
    owner
        .api
        .withdraw(&owner.access, &slot.asset_id)
        .expect(200);
    slot.parts[0].put(&octets).expect(200);
    let told = owner
        .api
        .finalize(&owner.access, &slot.asset_id)
        .expect(200);
    assert_eq!(told.json()["state"], "withdrawn", "{}", told.text());
    crate::events::handled(&slot.asset_id, 1);
    assert_eq!(
        owner.api.status(&owner.access, &slot.asset_id).json()["state"],
        "withdrawn"
    );
    assert!(
        vault_tests::sdk::objects("MediaBucket", &format!("media/{}/", slot.asset_id)).is_empty()
    );
    assert_eq!(
        vault_tests::sdk::count_under("KeysTable", &slot.asset_id),
        0
    );
}
