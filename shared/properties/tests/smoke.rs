//! Some input of each kind, the same every time: what a fuzzer would find first.

use arbitrary::{Arbitrary as _, Unstructured};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use vault_properties::{credentials, events, film, plan, playlists, subtitles};

const CLIP: &[u8] = include_bytes!("../../../tests/media/bigbuckbunny.mp4");

fn tried<S: Strategy>(cases: u32, input: &S, holds: impl Fn(S::Value)) {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let ended = runner.run(input, |given| {
        holds(given);
        Ok(())
    });
    assert_eq!(ended.map_err(|failure| failure.to_string()), Ok(()));
}

#[test]
fn films_that_were_changed_and_what_was_never_one() {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8);
    tried(
        40,
        &(changes, any::<prop::sample::Index>()),
        |(changes, end)| {
            let mut octets = CLIP.to_vec();
            // The index stands in front: changes there are read first.
            let front = octets.len().min(20_000);
            for (at, value) in changes {
                octets[at.index(front)] = value;
            }
            octets.truncate(octets.len() - end.index(front));
            film::holds(&octets);
        },
    );
    tried(
        500,
        &prop::collection::vec(any::<u8>(), 0..2_000),
        |octets| {
            film::holds(&octets);
        },
    );
}

#[test]
fn plans_of_any_size_and_keys_of_any_text() {
    let sizes = (any::<u64>(), any::<u64>(), 0_u32..64);
    tried(2_000, &(sizes, ".{0,80}"), |((size, part, shift), key)| {
        plan::holds(size >> shift, part >> shift, &key);
    });
}

const EVENTS: [&str; 6] = [
    include_str!("../../../events/process-upload.json"),
    include_str!("../../../events/process-upload.again.json"),
    include_str!("../../../events/process-upload.clean.json"),
    include_str!("../../../events/process-upload.threat.json"),
    include_str!("../../../events/process-upload.unscanned.json"),
    include_str!("../../../events/convert-film.json"),
];

#[test]
fn events_that_were_changed_and_any_text() {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 0..4);
    let bodies = EVENTS.map(|sample| {
        let batch: serde_json::Value = serde_json::from_str(sample).unwrap();
        batch["Records"][0]["body"].as_str().unwrap().to_owned()
    });
    let samples: Vec<String> = EVENTS
        .map(str::to_owned)
        .into_iter()
        .chain(bodies)
        .collect();
    tried(
        2_000,
        &(prop::sample::select(samples), changes),
        |(text, changes)| {
            let mut text: Vec<char> = text.chars().collect();
            for (at, other) in changes {
                let at = at.index(text.len());
                text[at] = other;
            }
            events::holds(&text.into_iter().collect::<String>());
        },
    );
    tried(500, &".{0,200}", |text| events::holds(&text));
}

#[test]
fn credentials_that_nobody_gave_out() {
    tried(2_000, &".{0,200}", |text| credentials::holds(&text));
    let alike = "(ast|key|rvm|org)_[a-z2-7]{0,60}(\\.[A-Za-z0-9_-]{0,60}){0,3}";
    tried(2_000, &alike, |text| credentials::holds(&text));
}

#[test]
fn playlists_of_any_package() {
    tried(
        500,
        &prop::collection::vec(any::<u8>(), 0..3_000),
        |octets| {
            let given = playlists::Given::arbitrary(&mut Unstructured::new(&octets));
            playlists::holds(&given.expect("any octets make one"));
        },
    );
}

#[test]
fn files_of_subtitles_that_nobody_wrote() {
    let piece = prop_oneof![
        Just("WEBVTT\n\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("1\r\n00:00:01,000 --> 00:00:02,5\r\n".to_owned()),
        Just("00:00.500 --> 99:00:00.000 line:-1 align:end\n".to_owned()),
        Just("STYLE\n".to_owned()),
        Just("<b><i></b>&lt;".to_owned()),
        ".{0,20}",
    ];
    let files = (any::<bool>(), prop::collection::vec(piece, 0..12));
    tried(1_000, &files, |(vtt, pieces)| {
        let head = if vtt { "WEBVTT\n\n" } else { "" };
        subtitles::holds(format!("{head}{}", pieces.concat()).as_bytes());
    });
    tried(500, &prop::collection::vec(any::<u8>(), 0..400), |octets| {
        subtitles::holds(&octets);
    });
}
