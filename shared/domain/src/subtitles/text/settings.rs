//! Where on the picture a cue stands (W3C WebVTT §4.4): what is exactly one of the settings is kept, anything else is not.

/// Digits of a number of lines, or before the point of a percentage, at most; and behind that point.
const DIGITS: usize = 3;

/// The settings that are kept, each once; regions are left out with what would define them.
pub(super) fn kept<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut kept = String::new();
    let mut seen: Vec<&str> = Vec::new();
    for word in words {
        let Some((name, value)) = word.split_once(':') else {
            continue;
        };
        if !seen.contains(&name) && is_setting(name, value) {
            seen.push(name);
            if !kept.is_empty() {
                kept.push(' ');
            }
            kept.push_str(word);
        }
    }
    kept
}

fn is_setting(name: &str, value: &str) -> bool {
    let (own, aligned) = match value.split_once(',') {
        Some((own, aligned)) => (own, Some(aligned)),
        None => (value, None),
    };
    let aligned_to = |all: &[&str]| aligned.is_none_or(|aligned| all.contains(&aligned));
    match name {
        "vertical" => matches!(value, "rl" | "lr"),
        "line" => (is_percentage(own) || is_line(own)) && aligned_to(&["start", "center", "end"]),
        "position" => is_percentage(own) && aligned_to(&["line-left", "center", "line-right"]),
        "size" => is_percentage(value),
        "align" => matches!(value, "start" | "center" | "end" | "left" | "right"),
        _ => false,
    }
}

fn are_digits(text: &str) -> bool {
    (1..=DIGITS).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit())
}

fn is_line(text: &str) -> bool {
    are_digits(text.strip_prefix('-').unwrap_or(text))
}

/// 0 to 100 per cent.
fn is_percentage(text: &str) -> bool {
    let Some(number) = text.strip_suffix('%') else {
        return false;
    };
    let (whole, part) = match number.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (number, None),
    };
    let nothing = |part: &str| part.bytes().all(|c| c == b'0');
    let most = whole.parse::<u16>().is_ok_and(|whole| whole < 100)
        || (whole.trim_start_matches('0') == "100" && part.is_none_or(nothing));
    are_digits(whole) && part.is_none_or(are_digits) && most
}
