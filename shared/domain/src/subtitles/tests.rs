use super::*;

const NOW: Timestamp = Timestamp(1_000);
const RATES: Rates = Rates {
    peak: 8_000,
    average: 2_000,
};

fn which(language: &str, kind: Kind) -> Which {
    Which {
        language: Language::parse(language).unwrap(),
        kind,
    }
}

fn text(number: u8) -> Brought {
    Brought {
        id: TextId::from_octets([number; 16]),
        digest: Digest([number; 32]),
        cues: 3,
        name: None,
        default: false,
        at: NOW,
    }
}

fn with(which: &Which, number: u8) -> Subtitles {
    let subtitles = Subtitles::default().brought(which, &text(number)).unwrap();
    subtitles.settled(text(number).id, RATES, NOW).unwrap()
}

#[test]
fn what_replaces_a_text_takes_its_place_in_one_step() {
    let de = which("de", Kind::Subtitles);
    let (one, other) = (text(1), text(2));
    let brought = Subtitles::default().brought(&de, &one).unwrap();
    assert_eq!(brought.part(one.id, NOW), Part::Wanted);
    assert_eq!(brought.waiting().collect::<Vec<_>>(), [one.id]);
    assert_eq!(brought.entries[0].stage(), "waiting");
    assert_eq!(brought.brought(&de, &one), None, "once");
    let listed = brought.settled(one.id, RATES, NOW).unwrap();
    assert_eq!(listed.part(one.id, NOW), Part::Listed);
    assert_eq!(listed.settled(one.id, RATES, NOW), None, "once");
    let waiting = listed.brought(&de, &other).unwrap();
    assert_eq!(
        waiting.part(one.id, NOW),
        Part::Listed,
        "until the other is there"
    );
    let replaced = waiting.settled(other.id, RATES, NOW).unwrap();
    assert_eq!(replaced.part(other.id, NOW), Part::Listed);
    assert_eq!(
        replaced.part(one.id, NOW),
        Part::Replaced,
        "views that began have it"
    );
    assert_eq!(replaced.due(NOW), []);
    assert_eq!(replaced.due(NOW.plus(GRACE_SECONDS)), [one.id]);
    let cleared = replaced.cleared(&[one.id]).unwrap();
    assert_eq!(cleared.part(one.id, NOW), Part::None);
    assert_eq!(cleared.cleared(&[one.id]), None);
}

#[test]
fn what_is_overtaken_while_it_waits_is_to_be_removed_at_once_and_never_listed() {
    let de = which("de", Kind::Subtitles);
    let (one, other) = (text(1), text(2));
    let both = Subtitles::default().brought(&de, &one).unwrap();
    let both = both.brought(&de, &other).unwrap();
    assert_eq!(both.due(NOW), [one.id]);
    assert_eq!(both.settled(one.id, RATES, NOW), None);
    assert_eq!(both.waiting().collect::<Vec<_>>(), [other.id]);
}

#[test]
fn what_is_taken_away_leaves_nothing_to_anybody() {
    let de = which("de", Kind::Subtitles);
    let (one, other) = (text(1), text(2));
    let replaced = with(&de, 1).brought(&de, &other).unwrap();
    let replaced = replaced.settled(other.id, RATES, NOW).unwrap();
    let removed = replaced.removed(&de, NOW).unwrap();
    assert_eq!(removed.entries, []);
    assert_eq!(removed.due(NOW), [one.id, other.id]);
    assert_eq!(removed.removed(&de, NOW), None);
    for text in [one.id, other.id] {
        assert_eq!(removed.part(text, NOW), Part::None, "nor to open views");
    }
    let captions = which("de", Kind::Captions);
    assert_eq!(replaced.removed(&captions, NOW), None, "another kind");
}

#[test]
fn what_is_taken_away_takes_nothing_of_another_language_or_kind_with_it() {
    let (de, captions) = (which("de", Kind::Subtitles), which("de", Kind::Captions));
    let replaced = with(&de, 1).brought(&de, &text(2)).unwrap();
    let replaced = replaced.settled(text(2).id, RATES, NOW).unwrap();
    let both = replaced.brought(&captions, &text(3)).unwrap();
    let removed = both.removed(&captions, NOW).unwrap();
    assert_eq!(removed.due(NOW), [text(3).id]);
    assert_eq!(removed.part(text(1).id, NOW), Part::Replaced);
    let end = NOW.plus(GRACE_SECONDS);
    assert_eq!(
        removed.part(text(1).id, end),
        Part::None,
        "until they are over"
    );
}

#[test]
fn a_failure_is_told_beside_what_is_listed_and_the_same_text_may_come_again() {
    let de = which("de", Kind::Subtitles);
    let failure = Failure {
        code: "nothing_shown".to_owned(),
        reason: "r".to_owned(),
    };
    let other = text(2);
    let waiting = with(&de, 1).brought(&de, &other).unwrap();
    let again = Brought {
        id: text(3).id,
        ..other.clone()
    };
    assert_eq!(waiting.same(&de, &again), Some(other.id));
    let failed = waiting.failed(other.id, &failure).unwrap();
    assert_eq!(failed.entries[0].stage(), "failed");
    assert_eq!(
        (failed.part(other.id, NOW), failed.part(text(1).id, NOW)),
        (Part::Failed, Part::Listed)
    );
    assert_eq!(failed.settled(other.id, RATES, NOW), None);
    assert_eq!(failed.failed(other.id, &failure), None);
    assert_eq!(failed.same(&de, &other), None, "it is tried again");
    let named = Brought {
        name: Some(Title::parse("x").unwrap()),
        ..text(1)
    };
    assert_eq!(with(&de, 1).same(&de, &text(1)), Some(text(1).id));
    assert_eq!(with(&de, 1).same(&de, &named), None);
}

#[test]
fn one_is_shown_to_who_chooses_nothing() {
    let (de, en) = (which("de", Kind::Subtitles), which("en", Kind::Captions));
    let default = |number| Brought {
        default: true,
        ..text(number)
    };
    let first = Subtitles::default().brought(&de, &default(1)).unwrap();
    let first = first.settled(text(1).id, RATES, NOW).unwrap();
    let both = first.brought(&en, &default(2)).unwrap();
    assert!(
        both.entries[0].listed.as_ref().unwrap().text.default,
        "until then"
    );
    let both = both.settled(text(2).id, RATES, NOW).unwrap();
    let defaults = both
        .entries
        .iter()
        .map(|e| e.listed.as_ref().unwrap().text.default);
    assert_eq!(defaults.collect::<Vec<_>>(), [false, true]);
}

#[test]
fn there_are_so_many_languages_and_replaced_texts_and_no_more() {
    let mut all = Subtitles::default();
    for number in 0..MOST {
        let language = char::from(b'a' + u8::try_from(number % 26).unwrap());
        let language = format!("d{language}-x-{number}");
        let which = which(&language, Kind::Subtitles);
        all = all
            .brought(&which, &text(u8::try_from(number).unwrap()))
            .unwrap();
    }
    assert_eq!(all.brought(&which("sv", Kind::Forced), &text(90)), None);
    assert!(all.entries.is_sorted_by(|a, b| a.which < b.which));
    let de = which("de", Kind::Subtitles);
    let mut one = with(&de, 1);
    for number in 2..=40 {
        one = one.brought(&de, &text(number)).unwrap();
        one = one.settled(text(number).id, RATES, NOW).unwrap();
    }
    assert_eq!(one.leavings.len(), 39);
    assert_eq!(one.due(NOW).len(), 39 - MOST_REPLACED, "the oldest");
}
