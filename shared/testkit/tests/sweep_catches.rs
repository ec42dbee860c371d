//! The sweep can fail: use cases that are broken on purpose, each in a way that one cut brings to light.

use vault_domain::asset::AssetState;
use vault_domain::error::Refusal;
use vault_domain::id::{KeyId, PackageId, PlaybackId};
use vault_domain::ports::{
    Assets, Change, Claim, Clock as _, ContentKeys, Entropy as _, KeyWrap as _, MediaWrites as _,
    Sessions as _, StoreError, Stored, Uploads as _,
};
use vault_domain::secret::ContentKey;
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET};
use vault_testkit::sweep::{Answer, Scenario, Swept, answer};

fn caught(swept: &Swept, what: &str) {
    let found = swept
        .violations
        .iter()
        .any(|violation| violation.contains(what));
    assert!(found, "no `{what}` among {:#?}", swept.violations);
}

fn stored(outcome: Stored<String>) -> Answer {
    answer(outcome.map_err(Refusal::from), |text| text)
}

/// Spends a view and then opens the session: two writes where one transaction belongs.
async fn spends_then_opens(kit: &Kit) -> Stored<String> {
    let grant = builders::grant(&builders::media_token(1)).digest.0;
    let id = PlaybackId::from_octets([1; 16]);
    let spend = |s: &mut vault_testkit::cloud::State| {
        if s.playbacks.contains_key(&id) {
            return Ok(true);
        }
        let grant = s
            .grants
            .get_mut(&grant)
            .ok_or_else(|| StoreError::new("spend", "gone"))?;
        let left = grant.views < grant.max_views;
        grant.views += u32::from(left);
        Ok(left)
    };
    if !kit.cloud.call("broken.spend", spend).await? {
        return Ok("no views left".to_owned());
    }
    let session = vault_domain::playback::PlaybackSession {
        id,
        ..builders::playback()
    };
    kit.cloud
        .call("broken.open", |s| {
            s.playbacks.insert(id, session);
            Ok("a view".to_owned())
        })
        .await
}

#[test]
fn a_view_that_is_spent_before_its_session_opens_is_caught() {
    let build = || {
        let kit = Kit::with_users(1);
        kit.plant_ready();
        kit.plant_grant(&builders::media_token(1), |_| {});
        kit
    };
    let broken = async |kit: &Kit, _| stored(spends_then_opens(kit).await);
    let swept = Scenario::new("spends, then opens", build, broken).sweep();
    caught(&swept, "answered `no views left`");
    caught(&swept, "leaks 0 sessions of 1 spent views");
}

/// Packages without removing what dead runs left.
async fn forgets_the_dead(kit: &Kit) -> Stored<String> {
    let package = PackageId::random(&*kit.entropy)?;
    let now = kit.clock.now();
    let claim = kit
        .cloud
        .claim(ASSET, package, (now, now.plus(900)), &builders::record())
        .await?;
    if matches!(claim, Claim::NotClaimed) {
        return Ok("nothing".to_owned());
    }
    let (id, key) = (KeyId::random(&*kit.entropy)?, ContentKey::new([1; 16]));
    let wrapped = kit.wrap.wrap(&key, ASSET, id, package, [0; 12])?;
    ContentKeys::put(&*kit.cloud, &wrapped).await?;
    kit.cloud
        .put_segment(
            ASSET,
            package,
            (vault_domain::packaging::Stream::Main, 0),
            vec![0; 16],
        )
        .await?;
    kit.cloud
        .publish(ASSET, package, (6, &builders::QUOTA), &builders::record())
        .await?;
    Ok("ready".to_owned())
}

#[test]
fn the_remains_of_a_dead_run_are_caught() {
    let build = || {
        let kit = Kit::with_users(1);
        kit.plant(builders::asset(AssetState::Uploaded));
        kit
    };
    let broken = async |kit: &Kit, _| stored(forgets_the_dead(kit).await);
    let scenario = Scenario::new("forgets the dead", build, broken);
    let swept = scenario
        .between(|kit| kit.clock.advance(900))
        .or("nothing")
        .sweep();
    caught(&swept, "leaks a key of the dead package");
    caught(&swept, "of a dead package");
}

#[test]
fn a_lease_that_nothing_ends_is_caught() {
    let build = || {
        let kit = Kit::with_users(1);
        kit.plant(builders::asset(AssetState::Uploaded));
        kit
    };
    // The same use case, but time stands still between deliveries.
    let broken = async |kit: &Kit, _| stored(forgets_the_dead(kit).await);
    let swept = Scenario::new("stuck behind its lease", build, broken)
        .or("nothing")
        .sweep();
    caught(&swept, "the end lacks");
}

/// Begins a multipart upload without looking for the one that a dead request began.
async fn begins_blindly(kit: &Kit) -> Stored<String> {
    let new = builders::new_multipart_asset(&builders::film(1_000), 400);
    let asset = Assets::get(&*kit.cloud, ASSET).await?;
    if asset.is_some_and(|a| a.multipart.is_some()) {
        return Ok("begun".to_owned());
    }
    let multipart = kit.cloud.create_multipart(&new).await?;
    let change = kit.cloud.set_multipart(ASSET, &multipart).await?;
    assert_eq!(change, Change::Applied);
    Ok("begun".to_owned())
}

#[test]
fn a_stray_multipart_upload_is_caught() {
    let build = || {
        let kit = Kit::with_users(1);
        let film = builders::film(1_000);
        kit.plant(builders::announced(builders::new_multipart_asset(
            &film, 400,
        )));
        kit
    };
    let broken = async |kit: &Kit, _| stored(begins_blindly(kit).await);
    let swept = Scenario::new("begins blindly", build, broken).sweep();
    caught(&swept, "leaks the stray multipart upload");
}

#[test]
fn a_secret_in_a_store_is_caught() {
    let build = || Kit::with_users(1);
    let broken = async |kit: &Kit, _| {
        let token = kit.golden_refresh_token();
        let outcome = kit.cloud.call("broken.keep", |s| {
            let user = s.users.get_mut(&builders::OWNER).into_iter();
            for user in user {
                user.hash.0 = token.expose().to_owned();
            }
            Ok("kept".to_owned())
        });
        stored(outcome.await)
    };
    let swept = Scenario::new("keeps a secret", build, broken).sweep();
    caught(&swept, "a plaintext secret in a store");
}

/// Rotates by overwriting, so that a lost reply loses the session.
#[test]
fn a_token_lost_with_its_reply_is_caught() {
    let build = || {
        let kit = Kit::with_users(1);
        kit.plant_session();
        kit
    };
    let broken = async |kit: &Kit, _| {
        let rotate = async {
            let session = builders::session(kit.golden_refresh_token().expose());
            let mut nonce = [0; 16];
            kit.entropy.fill(&mut nonce)?;
            let next = vault_domain::token::Session {
                active: vault_domain::token::Digest([nonce[0]; 32]),
                nonce,
                ..session
            };
            let rotation = kit
                .cloud
                .rotate(session.active, &next, kit.clock.now())
                .await?;
            Ok(match rotation {
                vault_domain::ports::Rotation::Rotated => "a new token".to_owned(),
                _ => "refused".to_owned(),
            })
        };
        stored(rotate.await)
    };
    let swept = Scenario::new("loses the token", build, broken).sweep();
    caught(&swept, "answered `refused`");
}
