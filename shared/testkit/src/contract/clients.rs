//! API keys.

use futures_util::future::join_all;
use vault_domain::api_key::{ApiKey, Overlap};
use vault_domain::credential::Role;
use vault_domain::member::{Standing, Subject};
use vault_domain::network::Networks;
use vault_domain::ports::{Change, Clients, Creation, Standings};

use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};

/// Keys: every field reads back; one of an id; listed by organisation until revoked; only the active secret of a key
/// that is not revoked is replaced.
pub async fn clients_contract(port: &dyn Clients, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let org = sample.owner().organisation.id;
    assert_eq!(port.list(org).await.expect("list"), vec![]);
    let plain = sample.api_key(org);
    let bounded = ApiKey {
        expires_at: Some(FAR_AHEAD),
        networks: Networks::parse("192.0.2.0/24 2001:db8::/32").expect("golden networks"),
        previous: Some((sample.digest(), FAR_AHEAD)),
        created_at: GOLDEN_NOW.plus(1),
        ..sample.api_key(org)
    };
    for key in [
        &plain,
        &bounded,
        &sample.api_key(sample.owner().organisation.id),
    ] {
        assert_eq!(get(port, key).await, None);
        let created = port.create(key, &builders::record()).await.expect("create");
        assert_eq!(created, Creation::Created);
        assert_eq!(get(port, key).await.as_ref(), Some(key), "all fields");
    }
    let listed = port.list(org).await.expect("list");
    assert_eq!(listed, [plain.clone(), bounded.clone()], "the oldest first");
    let usurper = ApiKey {
        id: plain.id,
        ..sample.api_key(org)
    };
    let taken = port
        .create(&usurper, &builders::record())
        .await
        .expect("create");
    assert_eq!(taken, Creation::Exists);
    assert_eq!(get(port, &plain).await.as_ref(), Some(&plain), "as it was");

    secrets(port, &sample, plain).await;
    uses(port, &sample, &bounded).await;
    ends(port, &sample, bounded).await;
    creations_race(port, &sample).await;
}

async fn get(port: &dyn Clients, key: &ApiKey) -> Option<ApiKey> {
    port.get(key.id).await.expect("get")
}

async fn secrets(port: &dyn Clients, sample: &Sample, key: ApiKey) {
    let hour = Overlap::parse(3_600).expect("a golden overlap");
    let rotate = async |next: &ApiKey, replaced| {
        port.rotate(next, replaced, &builders::record())
            .await
            .expect("rotate")
    };
    let next = key.rotated(sample.digest(), hour, GOLDEN_NOW);
    let stray = rotate(&next, sample.digest()).await;
    assert_eq!(stray, Change::NotApplied, "another secret");
    assert_eq!(rotate(&next, key.active).await, Change::Applied);
    assert_eq!(get(port, &key).await.as_ref(), Some(&next));
    let late = key.rotated(sample.digest(), hour, GOLDEN_NOW);
    assert_eq!(rotate(&late, key.active).await, Change::NotApplied);
    let last = next.rotated(sample.digest(), Overlap::NONE, GOLDEN_NOW);
    assert_eq!(rotate(&last, next.active).await, Change::Applied);
    assert_eq!(get(port, &key).await, Some(last), "no previous one is left");

    let nobody = sample.api_key(key.org);
    assert_eq!(rotate(&nobody, nobody.active).await, Change::NotApplied);
    assert_eq!(get(port, &nobody).await, None, "no key is made by it");
}

async fn uses(port: &dyn Clients, sample: &Sample, key: &ApiKey) {
    let used = async |at, since| port.used(key.id, at, since).await.expect("used");
    let noted = async || get(port, key).await.and_then(|key| key.last_used);
    let (first, second) = (GOLDEN_NOW.plus(10), GOLDEN_NOW.plus(20));
    used(first, GOLDEN_NOW).await;
    assert_eq!(noted().await, Some(first));
    used(second, GOLDEN_NOW).await;
    assert_eq!(noted().await, Some(first), "noted not long ago");
    used(second, first).await;
    assert_eq!(noted().await, Some(second));
    let nobody = sample.api_key(key.org);
    let none = port.used(nobody.id, first, first).await;
    none.expect("a use of no key is fine");
    assert_eq!(get(port, &nobody).await, None, "no key is made by it");
}

async fn ends(port: &dyn Clients, sample: &Sample, key: ApiKey) {
    let revoke = async |id, org| {
        port.revoke(id, org, &builders::record())
            .await
            .expect("revoke")
    };
    let elsewhere = sample.owner().organisation.id;
    assert_eq!(revoke(key.id, elsewhere).await, Change::NotApplied);
    let nobody = sample.api_key(key.org).id;
    assert_eq!(revoke(nobody, key.org).await, Change::NotApplied);
    assert!(!get(port, &key).await.expect("the key").revoked);
    for _ in 0..2 {
        assert_eq!(revoke(key.id, key.org).await, Change::Applied);
    }
    let found = get(port, &key).await.expect("a revoked key stays known");
    assert!(found.revoked);
    let listed = port.list(key.org).await.expect("list");
    assert!(listed.iter().all(|other| other.id != key.id), "{listed:?}");
    let next = found.rotated(sample.digest(), Overlap::NONE, GOLDEN_NOW);
    let rotated = port
        .rotate(&next, found.active, &builders::record())
        .await
        .expect("rotate");
    assert_eq!(rotated, Change::NotApplied, "a revoked key stays so");
    let again = port
        .create(&key, &builders::record())
        .await
        .expect("create");
    assert_eq!(again, Creation::Exists, "its id is never free again");
}

/// Of many keys of one id at once, one is created.
async fn creations_race(port: &dyn Clients, sample: &Sample) {
    let first = sample.api_key(sample.owner().organisation.id);
    let keys: Vec<ApiKey> = (0..8)
        .map(|_| ApiKey {
            id: first.id,
            ..sample.api_key(first.org)
        })
        .collect();
    let outcomes = join_all(
        keys.iter()
            .map(async |key| port.create(key, &builders::record()).await),
    )
    .await;
    let outcomes: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.expect("create"))
        .collect();
    let created = outcomes.iter().filter(|o| **o == Creation::Created).count();
    assert_eq!(created, 1, "{outcomes:?}");
    let listed = port.list(first.org).await.expect("list");
    assert_eq!(listed.len(), 1);
    assert!(keys.contains(&listed[0]), "one of them, whole");
}

/// Standing of an API key: one read gives the key, as it is at that moment.
pub async fn client_standings_contract(port: &dyn Standings, clients: &dyn Clients, seed: u64) {
    let _note = SeedNote(seed);
    // Other ids than those of the suite above, which runs on the same stores.
    let sample = Sample::new(!seed);
    let org = sample.owner().organisation.id;
    let key = ApiKey {
        expires_at: Some(GOLDEN_NOW.plus(60)),
        ..sample.api_key(org)
    };
    let subject = Subject::ApiKey(key.id);
    let read = async || port.standing(&subject, org).await.expect("standing");
    assert_eq!(read().await, Standing::default());
    clients
        .create(&key, &builders::record())
        .await
        .expect("create");
    let found = read().await;
    assert_eq!(found.client.as_ref(), Some(&key));
    assert_eq!(found.role(&subject, org, GOLDEN_NOW), Some(Role::Editor));
    let over = found.role(&subject, org, GOLDEN_NOW.plus(60));
    assert_eq!(over, None, "past its end");
    let elsewhere = sample.owner().organisation.id;
    assert_eq!(found.role(&subject, elsewhere, GOLDEN_NOW), None);
    let another = Subject::ApiKey(sample.api_key(org).id);
    assert_eq!(found.role(&another, org, GOLDEN_NOW), None);
    clients
        .revoke(key.id, org, &builders::record())
        .await
        .expect("revoke");
    let ended = read().await.role(&subject, org, GOLDEN_NOW);
    assert_eq!(ended, None, "a revoked key");
}
