//! What is left of the text of a cue: characters, and tags that players show without knowing anything else.

/// Tags that stay, without classes and annotations (W3C WebVTT §4.2).
const KEPT: [&str; 5] = ["b", "i", "u", "ruby", "rt"];
/// Tags that go, and what is between them stays: of WebVTT, and what SRT files have of HTML.
const DROPPED: [&str; 7] = ["c", "v", "lang", "font", "span", "s", "p"];
/// Tags within each other at most.
const DEEP: usize = 8;
/// Characters of a reference at most, between `&` and `;`.
const REFERENCE: usize = 8;

/// The text of a cue's lines. Nothing in it ends the cue, and nothing but those tags means anything; empty if nothing is
/// to be seen.
pub(super) fn reduced(lines: &[&str]) -> String {
    let mut out = Out::default();
    for line in lines {
        out.line(line);
        out.text.push('\n');
    }
    out.end()
}

#[derive(Default)]
struct Out {
    text: String,
    /// Tags that are open.
    open: Vec<&'static str>,
    /// Is there anything to be seen?
    visible: bool,
}

impl Out {
    fn line(&mut self, line: &str) {
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            let taken = match c {
                '<' => self.tag(rest),
                '&' => self.reference(rest),
                // How SRT files say where a text stands: `{\an8}`.
                '{' if rest.starts_with("{\\") => overridden(rest),
                _ => None,
            };
            let taken = taken.unwrap_or_else(|| {
                self.character(c);
                c.len_utf8()
            });
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// As it stands for itself.
    fn character(&mut self, c: char) {
        match c {
            '&' => self.text.push_str("&amp;"),
            '<' => self.text.push_str("&lt;"),
            '>' => self.text.push_str("&gt;"),
            '\t' => self.text.push(' '),
            '\0' => self.text.push('\u{fffd}'),
            // What is no override as it came is none as it is written.
            '\\' if self.text.ends_with('{') => self.text.push_str(" \\"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => return,
            c => self.text.push(c),
        }
        self.visible |= !c.is_whitespace();
    }

    /// The octets of a tag, if there is one that is known; what is none is text.
    fn tag(&mut self, rest: &str) -> Option<usize> {
        let inner = rest.get(1..)?;
        // A search that ends at the next one: whatever is in a line, it is looked at twice at most.
        let end = inner.find(['>', '<'])?;
        let (inner, close) = (inner.get(..end)?, inner.get(end..)?);
        if !close.starts_with('>') {
            return None;
        }
        let taken = end + 2;
        let (ends, name) = match inner.strip_prefix('/') {
            Some(name) => (true, name),
            None => (false, inner),
        };
        let name = name
            .split(['.', ' ', '\t', '/'])
            .next()?
            .to_ascii_lowercase();
        if let Some(kept) = KEPT.iter().find(|kept| **kept == name) {
            if ends {
                self.close(kept);
            } else {
                self.begin(kept);
            }
            return Some(taken);
        }
        if name == "br" {
            self.text.push('\n');
            return Some(taken);
        }
        let stamp = |c: u8| c.is_ascii_digit() || matches!(c, b':' | b'.');
        let is_stamp = inner.contains(':') && inner.bytes().all(stamp);
        (is_stamp || DROPPED.contains(&name.as_str())).then_some(taken)
    }

    fn begin(&mut self, tag: &'static str) {
        let fits = match tag {
            "rt" => self.open.last() == Some(&"ruby"),
            _ => !self.open.contains(&tag),
        };
        if fits && self.open.len() < DEEP {
            self.open.push(tag);
            self.text.push('<');
            self.text.push_str(tag);
            self.text.push('>');
        }
    }

    /// Closes a tag that is open, and all within it.
    fn close(&mut self, tag: &str) {
        let Some(at) = self.open.iter().position(|open| *open == tag) else {
            return;
        };
        for open in self.open.drain(at..).rev() {
            self.text.push_str("</");
            self.text.push_str(open);
            self.text.push('>');
        }
    }

    /// The octets of a character reference, if there is one that is known (W3C WebVTT §6.4; numbers as HTML has them).
    fn reference(&mut self, rest: &str) -> Option<usize> {
        let inner = rest.get(1..)?;
        let end = inner
            .char_indices()
            .take(REFERENCE + 1)
            .find(|(_, c)| *c == ';')?
            .0;
        let name = inner.get(..end)?;
        let number = |text: &str, radix| {
            let number = u32::from_str_radix(text, radix).ok();
            number.and_then(char::from_u32)
        };
        let c = match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "nbsp" => '\u{a0}',
            "lrm" => '\u{200e}',
            "rlm" => '\u{200f}',
            _ => match name.strip_prefix('#')? {
                hex if hex.starts_with(['x', 'X']) => number(hex.get(1..)?, 16)?,
                decimal => number(decimal, 10)?,
            },
        };
        self.character(c);
        Some(end + 2)
    }

    /// Without lines in which there is nothing: an empty one would end the cue.
    fn end(mut self) -> String {
        self.close_all();
        if !self.visible {
            return String::new();
        }
        let lines = self.text.split('\n').map(str::trim_end);
        let mut text = String::with_capacity(self.text.len());
        for line in lines.filter(|line| !line.is_empty()) {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
        }
        text
    }

    fn close_all(&mut self) {
        if let Some(first) = self.open.first().copied() {
            // Before the last end of line, which goes.
            while self.text.ends_with('\n') {
                self.text.pop();
            }
            self.close(first);
        }
    }
}

/// The octets of an override of another kind of subtitles.
fn overridden(rest: &str) -> Option<usize> {
    let end = rest.get(1..)?.find(['}', '{'])?;
    rest.get(1 + end..)?.starts_with('}').then_some(end + 2)
}
