//! Records that an earlier version wrote.

use aws_sdk_dynamodb::types::AttributeValue;
use vault_domain::library::{Description, Filter};
use vault_domain::ports::{Assets as _, Change, Charged, Claim, Library as _, Stored, Usages as _};
use vault_testkit::clock::GOLDEN_NOW;
use vault_testkit::{Sample, builders};
use vault_tests::{cloud, seed};

use crate::stores::Stores;

/// A stack may hold assets that were announced before there was a library, and before they counted for anything.
#[tokio::test]
async fn assets_of_before_the_library_go_their_way() {
    let stores = Stores::new();
    let sample = Sample::new(seed());
    let (package, later) = (sample.package(), GOLDEN_NOW.plus(60));
    let new = sample.new_asset(&builders::film(1_000));
    let table = cloud().output("AssetsTable");
    stores
        .assets
        .reserve(&new, &builders::QUOTA, &builders::record())
        .await
        .expect("reserve");
    let request = stores.sdk.dynamodb().update_item().table_name(table);
    request
        .key("pk", AttributeValue::S(new.id.to_string()))
        .update_expression("REMOVE shelves, shelf, by_owner, folded, counted_bytes, counted_upload")
        .send()
        .await
        .expect("an old record");
    let (assets, id) = (&stores.assets, new.id);
    let applied = |change: Stored<Change>| assert_eq!(change.expect("it"), Change::Applied);
    applied(assets.mark_uploaded(id, &builders::record()).await);
    let claim = assets
        .claim(id, package, (GOLDEN_NOW, later), &builders::record())
        .await;
    assert!(matches!(claim.expect("claim"), Claim::Claimed { .. }));
    let film = (6, &builders::QUOTA);
    let published = assets.publish(id, package, film, &builders::record()).await;
    assert_eq!(published.expect("publish"), Charged::Applied);
    let every = Filter::default();
    let all = stores.library.list(new.org, &every, None, 5);
    let all = all.await.expect("list").assets;
    assert_eq!(all.len(), 1, "it is listed");
    let next = Description {
        version: 1,
        ..all[0].description.clone()
    };
    let described = stores
        .library
        .describe(id, 0, &next, &builders::record())
        .await;
    applied(described);
    let before = stores.usages.tally(new.org).await.expect("tally");
    applied(assets.withdraw(id, &builders::record()).await);
    let after = stores.usages.tally(new.org).await.expect("tally");
    assert_eq!(
        after, before,
        "it gives back nothing that it was not counted for"
    );
}
