//! How much of a password is left when common words, rows and years are taken away.

use std::collections::HashSet;

use zeroize::Zeroizing;

/// What a piece adds to a password. The unit is about a digit's worth, three bits.
const WORD: usize = 3;
const ROW: usize = 2;
const YEAR: usize = 2;
const SIGN: usize = 1;
const LETTER: usize = 2;
/// A password that comes to no more than this is its pieces: two words and two digits, one word and five.
const LITTLE: usize = 8;
/// Fewer characters are no word and no row.
const SHORTEST: usize = 3;

/// What people run a finger along, forwards or backwards: the alphabets, digits, rows and columns of
/// QWERTY, QWERTZ, AZERTY and ЙЦУКЕН, and two rows by turns.
const ROWS: [&str; 27] = [
    "abcdefghijklmnopqrstuvwxyz",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "01234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiopü",
    "yxcvbnm,.-",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "zaq12wsxcde34rfvbgt56yhnmju7",
    "qazxswedcvfrtgbnhyujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1a2s3d4f5g6h7j8k9l",
    "a1s2d3f4g5h6j7k8l9",
    "1z2x3c4v5b6n7m",
    "qawsedrftgyhujikolp",
    "azsxdcfvgbhnjmk",
    "1a2b3c4d5e6f7g8h9i",
    "147258369",
    "10203040506070809000",
    "01020304050607080910",
];

/// What a password is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover {
    /// Words of the list, and little else.
    Words,
    /// Rows, repeated characters and years, and little else.
    Rows,
    /// Enough that is neither.
    Strange,
}

impl Cover {
    /// The cheapest way to put the text together, with or without signs between words and doubled keys.
    /// `words` holds [`skeleton`]s. Time: octets² × rows, bounded by the 72 octets of a password.
    pub(super) fn of(text: &str, words: &HashSet<Vec<char>>) -> Self {
        let lower: Zeroizing<Vec<char>> =
            Zeroizing::new(text.chars().flat_map(char::to_lowercase).collect());
        let (price, worded) = cheapest(&lower, words)
            .min(joined(&lower, words))
            .min(single(&lower, words));
        match (price <= LITTLE, worded) {
            (true, true) => Self::Words,
            (true, false) => Self::Rows,
            (false, _) => Self::Strange,
        }
    }
}

/// The least price without the signs between the words, for as many kinds of signs as there are.
fn joined(text: &[char], words: &HashSet<Vec<char>>) -> (usize, bool) {
    let kept = text.iter().copied().filter(|c| c.is_alphanumeric());
    let kept: Zeroizing<Vec<char>> = Zeroizing::new(kept.collect());
    if kept.len() * 2 < text.len() {
        return (usize::MAX, false);
    }
    let signs: HashSet<&char> = text.iter().filter(|c| !c.is_alphanumeric()).collect();
    let (price, worded) = cheapest(&kept, words);
    (price + signs.len() * SIGN, worded)
}

/// The least price with every doubled character typed once, and a sign's worth for the doubling.
fn single(text: &[char], words: &HashSet<Vec<char>>) -> (usize, bool) {
    let mut once = Zeroizing::new(text.to_vec());
    once.dedup();
    let (price, worded) = cheapest(&once, words);
    (price + SIGN, worded)
}

/// The least price of the text, and whether a word is part of it.
fn cheapest(text: &[char], words: &HashSet<Vec<char>>) -> (usize, bool) {
    let plain: Zeroizing<Vec<char>> = Zeroizing::new(text.iter().copied().map(plain).collect());
    let longest = words.iter().map(Vec::len).max().unwrap_or(0);
    let mut best = vec![(usize::MAX, false); text.len() + 1];
    best[0] = (0, false);
    for start in 0..text.len() {
        let (so_far, worded) = best[start];
        let mut offer = |length: usize, price: usize, word: bool| {
            let end = &mut best[start + length];
            *end = (*end).min((so_far + price, worded || word));
        };
        let rest = &text[start..];
        offer(
            1,
            if rest[0].is_alphabetic() {
                LETTER
            } else {
                SIGN
            },
            false,
        );
        if year(rest) {
            offer(4, YEAR, false);
        }
        for length in SHORTEST..=row(rest) {
            offer(length, ROW, false);
        }
        for length in SHORTEST..=longest.min(rest.len()) {
            if words.contains(&plain[start..start + length]) {
                offer(length, WORD, true);
            }
        }
    }
    best[text.len()]
}

/// A word as it is compared: lower case, and every sign as the letter that it is taken for.
pub(super) fn skeleton(word: &str) -> Vec<char> {
    word.chars()
        .flat_map(char::to_lowercase)
        .map(plain)
        .collect()
}

/// One character for all that are written for one another; `i` stands for `l` too, for `1` is both.
fn plain(c: char) -> char {
    match c {
        '4' | '@' => 'a',
        '8' => 'b',
        '(' => 'c',
        '3' | '€' => 'e',
        '9' | '6' => 'g',
        '1' | '!' | '|' | 'l' => 'i',
        '0' => 'o',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '2' => 'z',
        other => other,
    }
}

/// Does it begin with a year from 1900 to 2099?
fn year(rest: &[char]) -> bool {
    matches!(rest, ['1', '9', a, b, ..] | ['2', '0', a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit())
}

/// How many characters at the beginning are one and the same, or neighbours in one of [`ROWS`].
fn row(rest: &[char]) -> usize {
    let same = rest.iter().take_while(|c| **c == rest[0]).count();
    let keys = || rest.iter().copied().map(unshifted);
    let along = ROWS.iter().map(|row| {
        let forwards = shared(keys(), row.chars());
        forwards.max(shared(keys(), row.chars().rev()))
    });
    along.fold(same, usize::max)
}

/// How many keys follow the track from where it first holds the first of them.
fn shared(keys: impl Iterator<Item = char>, track: impl Iterator<Item = char>) -> usize {
    let mut keys = keys.peekable();
    let first = keys.peek().copied();
    keys.zip(track.skip_while(|c| Some(*c) != first))
        .take_while(|(key, tracked)| key == tracked)
        .count()
}

/// The digit under a sign of a US keyboard.
fn unshifted(c: char) -> char {
    match c {
        '!' => '1',
        '@' => '2',
        '#' => '3',
        '$' => '4',
        '%' => '5',
        '^' => '6',
        '&' => '7',
        '*' => '8',
        '(' => '9',
        ')' => '0',
        other => other,
    }
}
