//! Subtitles beside an asset: changed in one step, of what is there; their texts; what playlists need of them.

use futures_util::future::join_all;
use vault_domain::asset::{Title, text_key};
use vault_domain::deletion::Deletion;
use vault_domain::id::TextId;
use vault_domain::language::Language;
use vault_domain::packaging::Rates;
use vault_domain::ports::{Assets, Change, Deletions, SubtitlesChanges, SubtitlesStep, TextFiles};
use vault_domain::subtitles::{Brought, Kind, Part, Subtitles, Which};
use vault_domain::token::Digest;

use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// Texts that are brought at the same time.
const TEXTS: u8 = 8;

fn text(sample: &Sample, number: u8) -> Brought {
    Brought {
        id: TextId::from_octets(*sample.package().octets()),
        digest: Digest([number; 32]),
        cues: 3,
        name: Title::parse("Deutsch").ok(),
        default: number.is_multiple_of(2),
        at: GOLDEN_NOW,
    }
}

fn which(language: &str) -> Which {
    Which {
        language: Language::parse(language).expect("a language"),
        kind: Kind::Captions,
    }
}

/// Brought by many at once, none is lost; settled once; of an asset in any state, but not of what is deleted or withdrawn.
pub async fn subtitles_contract(
    assets: &dyn Assets,
    port: &dyn SubtitlesChanges,
    deletions: &dyn Deletions,
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let new = sample.new_asset(&builders::film(1_000));
    let written = builders::record();
    let reserved = assets.reserve(&new, &builders::QUOTA, &written);
    reserved.await.expect("reserve");
    let now = async || {
        let asset = assets.get(new.id).await.expect("get");
        asset.expect("an asset").subtitles
    };
    assert_eq!(now().await, Subtitles::default());
    let change = async |step: SubtitlesStep<'_>| {
        let record = builders::record();
        let changed = port.change(new.id, step, Some(&record)).await;
        changed.expect("change")
    };
    let texts: Vec<_> = (0..TEXTS).map(|number| text(&sample, number)).collect();
    let languages = ["de", "en", "fr", "sv", "da", "nb", "pt-BR", "zh-Hant"].map(which);
    let bring = async |at: usize| {
        let step = |all: &Subtitles| all.brought(&languages[at], &texts[at]);
        change(&step).await
    };
    let brought = join_all((0..languages.len()).map(bring)).await;
    assert!(brought.iter().all(|change| *change == Change::Applied));
    assert_eq!(now().await.entries.len(), languages.len(), "none is lost");
    assert_eq!(bring(0).await, Change::NotApplied, "once");

    let rates = Rates {
        peak: 9,
        average: 8,
    };
    let settle = async |_: u8| {
        let step = |all: &Subtitles| all.settled(texts[1].id, rates, GOLDEN_NOW);
        change(&step).await
    };
    let settled = join_all((0..TEXTS).map(settle)).await;
    let won = settled.iter().filter(|change| **change == Change::Applied);
    // Each writes the same: who finds just that may have written it, and lost the reply.
    assert!(won.count() >= 1, "it is listed");
    assert_eq!(settle(0).await, Change::NotApplied, "once");
    assert_eq!(now().await.part(texts[1].id, GOLDEN_NOW), Part::Listed);
    let remove = async || {
        let step = |all: &Subtitles| all.removed(&languages[1], GOLDEN_NOW);
        change(&step).await
    };
    assert_eq!(remove().await, Change::Applied);
    assert_eq!(remove().await, Change::NotApplied);
    assert_eq!(now().await.due(GOLDEN_NOW), [texts[1].id]);

    let film = assets.get(new.id).await.expect("get").expect("an asset");
    let deletion = Deletion {
        at: GOLDEN_NOW,
        erase_at: GOLDEN_NOW.plus(86_400),
    };
    let deleted = deletions.delete(&film, deletion, &builders::record()).await;
    assert_eq!(deleted.expect("delete"), Change::Applied);
    let any = |all: &Subtitles| all.removed(&languages[2], GOLDEN_NOW);
    assert_eq!(change(&any).await, Change::NotApplied, "it is deleted");
    let withdrawn = assets.withdraw(new.id, &builders::record()).await;
    assert_eq!(withdrawn.expect("withdraw"), Change::Applied);
    assert_eq!(change(&any).await, Change::NotApplied);
    let unknown = port.change(sample.asset(), &any, None).await;
    assert_eq!(unknown.expect("change"), Change::NotApplied);
}

/// A text is what was brought last, until it is forgotten, however often.
pub async fn text_files_contract(files: &dyn TextFiles, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let new = sample.new_asset(&builders::film(1_000));
    let key = text_key((new.org, new.id), text(&sample, 1).id);
    let other = text_key((new.org, new.id), text(&sample, 2).id);
    let fetch = async |key: &str| files.fetch(key).await.expect("fetch");
    assert_eq!(fetch(&key).await, None);
    for body in [&b"WEBVTT"[..], b"WEBVTT\n"] {
        files.bring(&key, body.to_vec()).await.expect("bring");
        assert_eq!(fetch(&key).await.as_deref(), Some(body));
    }
    files.bring(&other, vec![7]).await.expect("bring");
    for _ in 0..2 {
        files.forget(&key).await.expect("forget");
        assert_eq!(fetch(&key).await, None);
    }
    assert_eq!(fetch(&other).await, Some(vec![7]));
}
