//! The crash-point sweep over deletions, returns, holds, rules, and the end.

use vault_domain::deletion::{Aged, Days};
use vault_testkit::share::share;
use vault_testkit::sweep::{Answer, Scenario, answer};

use super::*;

fn told(asset: &Asset) -> String {
    format!("{:?}", asset.keeping.presence)
}

#[test]
fn a_deletion_survives_every_cut() {
    Scenario::new("delete", kit, async |kit: &Kit, _| {
        let done = deletion::delete(&kit.deletion(), &builders::ask(), ASSET).await;
        answer(done, |asset| told(&asset))
    })
    .hold();
}

#[test]
fn a_return_survives_every_cut() {
    let build = || {
        let kit = kit();
        delete(&kit).unwrap();
        kit
    };
    Scenario::new("restore", build, async |kit: &Kit, _| {
        let done = deletion::restore(&kit.deletion(), &builders::ask(), ASSET).await;
        answer(done, |asset| told(&asset))
    })
    .hold();
}

#[test]
fn a_hold_and_its_end_survive_every_cut() {
    let deleted = || {
        let kit = kit();
        delete(&kit).unwrap();
        kit
    };
    Scenario::new("hold", deleted, async |kit: &Kit, _| {
        let (deps, reason) = (kit.deletion(), Reason::parse("Case 1").unwrap());
        let done = deletion::place_hold(&deps, &builders::ask(), ASSET, &reason).await;
        answer(done, |asset| format!("{:?}", asset.keeping.hold))
    })
    .hold();
    let held = move || {
        let kit = deleted();
        hold(&kit, "Case 1").unwrap();
        kit
    };
    Scenario::new("release", held, async |kit: &Kit, _| {
        let done = deletion::release_hold(&kit.deletion(), &builders::ask(), ASSET).await;
        answer(done, |asset| format!("{:?}", asset.keeping.hold))
    })
    .hold();
}

#[test]
fn rules_survive_every_cut() {
    Scenario::new("rules", kit, async |kit: &Kit, _| {
        let rules = Retention {
            delete_after: Days::age(365, Aged::All).ok(),
            ..Retention::default()
        };
        let done = deletion::set_retention(&kit.deletion(), &builders::ask(), &rules).await;
        answer(done, |rules| format!("{rules:?}"))
    })
    .hold();
}

/// A run of the sweep, to its end.
async fn swept(kit: &Kit) -> Answer {
    match run(&kit.sweep_assets(), &command(kit)).await {
        Ok(run) if run.finished => Ok("swept".to_owned()),
        Ok(_) => Err("out of time".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A golden film with seven keys, and its time is over.
fn due() -> Kit {
    let kit = kit();
    let sample = vault_testkit::Sample::new(9);
    kit.cloud.with(|s| {
        for _ in 0..6 {
            let key = sample.wrapped_key(ASSET, builders::PACKAGE);
            s.keys.insert((key.asset, key.key), key);
        }
        for share in [share(), sample.share_beside(&share())] {
            s.shares.insert((share.asset, share.id), share);
        }
    });
    delete(&kit).unwrap();
    wait(&kit);
    kit
}

/// How much there is of the film: keys, ciphertext, source, shares.
fn stored(kit: &Kit) -> [usize; 4] {
    let (media, uploads) = (media_prefix(ASSET), uploads_prefix(ORG, ASSET));
    kit.cloud.with(|s| {
        let versions = |prefix: &str| {
            let own = s
                .noncurrent
                .iter()
                .filter(|(key, _)| key.starts_with(prefix));
            own.count()
        };
        [
            s.keys.len(),
            s.segments.len() + s.manifests.len() + versions(&media),
            s.uploads.objects.len() + versions(&uploads),
            s.shares.len(),
        ]
    })
}

/// Keys go before ciphertext, ciphertext before the source, the source before the shares, and those before what was said of it.
fn in_order(kit: &Kit, whole: [usize; 4]) {
    let [keys, media, source, shares] = stored(kit);
    assert!(
        keys == 0 || media == whole[1],
        "ciphertext went before the keys"
    );
    assert!(
        media == 0 || source == whole[2],
        "the source went before the ciphertext"
    );
    assert!(
        source == 0 || shares == whole[3],
        "shares went before the source"
    );
    let begun = [keys, media, source, shares] != whole;
    let Some(asset) = asset(kit) else {
        assert_eq!(
            [keys, media, source, shares],
            [0; 4],
            "the tombstone came too early"
        );
        return;
    };
    let erasing = matches!(asset.keeping.presence, Presence::Erasing(_));
    assert!(
        erasing || !begun,
        "something went that could have been had back"
    );
}

/// What of the state does not hang on when it came to its end: not the moment, nor when it is looked at again.
fn end(kit: &Kit) -> Vec<String> {
    let lines = kit.cloud.snapshot().shape().lines();
    let timeless = |line: &String| !line.contains(" due at ") && !line.contains("Tombstone");
    let mut lines: Vec<_> = lines.into_iter().filter(timeless).collect();
    lines.push(format!(
        "{:?} {:?}",
        stored(kit),
        kit.cloud.with(|s| s.tombstones.len())
    ));
    lines
}

#[test]
fn the_end_survives_every_cut_and_at_each_the_order_holds() {
    let whole = stored(&due());
    assert!(whole.iter().all(|left| *left > 1), "{whole:?}");
    let swept = Scenario::new("sweep", due, async |kit: &Kit, _| {
        let answer = swept(kit).await;
        in_order(kit, whole);
        answer
    })
    .between(move |kit| {
        in_order(kit, whole);
        // What failed is tried again an hour later.
        kit.clock.advance(3_600);
    })
    .end(end)
    .hold();
    assert!(
        swept.calls > 10,
        "in so many steps that a cut falls between them"
    );
}

#[test]
fn the_last_look_survives_every_cut() {
    let build = || {
        let kit = due();
        sweep(&kit).unwrap();
        kit.clock.advance(2 * 3_600);
        kit
    };
    Scenario::new("last look", build, async |kit: &Kit, _| swept(kit).await)
        .between(|kit| kit.clock.advance(3_600))
        .end(end)
        .hold();
}

#[test]
fn deleting_by_age_survives_every_cut() {
    let build = || {
        let kit = kit();
        let rules = Retention {
            delete_after: Days::age(1, Aged::All).ok(),
            ..Retention::default()
        };
        rule(&kit, rules).unwrap();
        kit.clock.advance(2 * DAY);
        kit
    };
    Scenario::new("age", build, async |kit: &Kit, _| swept(kit).await)
        .between(|kit| kit.clock.advance(3_600))
        .end(|kit| {
            vec![
                format!("{}", presence(kit).is_deleted()),
                format!("{}", recorded(kit, Event::AssetDeleted)),
            ]
        })
        .hold();
}
