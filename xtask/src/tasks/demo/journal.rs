//! What happened, as lines while it happens, as a table and as JSON at the end.
//!
//! Facts hold titles, counts, times and sizes: never a password, a token or a signed URL.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow};
use serde::Serialize;
use serde_json::{Value, json};

use super::film::Film;
use crate::progress::{Progress, Step};
use crate::time;

/// Characters of an error that are kept.
const LONGEST: usize = 300;
/// Characters of a result in the table.
const COLUMN: usize = 72;

/// One line of the table.
#[derive(Serialize)]
struct Fact {
    chapter: &'static str,
    step: String,
    result: String,
    held: bool,
    milliseconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Value::is_null")]
    details: Value,
}

impl Fact {
    /// The result within the table's width.
    fn short(&self) -> String {
        if self.result.chars().count() <= COLUMN {
            return self.result.clone();
        }
        let kept: String = self.result.chars().take(COLUMN - 1).collect();
        format!("{kept}…")
    }
}

/// What a step has to say of itself.
#[derive(Default)]
pub(super) struct Told {
    pub(super) result: String,
    pub(super) bytes: Option<u64>,
    pub(super) details: Value,
}

impl Told {
    pub(super) fn of(result: impl Into<String>) -> Self {
        Self {
            result: result.into(),
            ..Self::default()
        }
    }

    pub(super) fn bytes(self, bytes: u64) -> Self {
        Self {
            bytes: Some(bytes),
            ..self
        }
    }

    pub(super) fn details(self, details: Value) -> Self {
        Self { details, ..self }
    }
}

pub(super) struct Journal {
    progress: Progress,
    chapter: &'static str,
    facts: Vec<Fact>,
}

impl Journal {
    pub(super) fn new(progress: Progress) -> Self {
        Self {
            progress,
            chapter: "",
            facts: Vec::new(),
        }
    }

    pub(super) fn chapter(&mut self, title: &'static str) {
        self.progress.heading(title);
        self.chapter = title;
    }

    /// A step of the main job: without it there is no next one.
    pub(super) fn step<T>(
        &mut self,
        title: &str,
        work: impl FnOnce(&Step) -> Result<(T, Told)>,
    ) -> Result<T> {
        let since = time::now();
        let step = self.progress.step(title);
        let outcome = work(&step);
        let told = match &outcome {
            Ok((_, told)) => {
                step.note(told.result.clone());
                step.done();
                Told {
                    result: told.result.clone(),
                    bytes: told.bytes,
                    details: told.details.clone(),
                }
            }
            Err(error) => {
                let told = Told::of(told_of(&format!("{error:#}")));
                step.note(told.result.clone());
                told
            }
        };
        self.keep(title, told, outcome.is_ok(), since.elapsed());
        outcome.map(|(value, _)| value)
    }

    /// A check: whether it holds or not, the next one is made too.
    pub(super) fn check(&mut self, title: &str, work: impl FnOnce(&Step) -> Result<Told>) {
        // A failure is kept as a fact, and counts in `held`.
        drop(self.step(title, |step| work(step).map(|told| ((), told))));
    }

    pub(super) fn held(&self) -> bool {
        self.facts.iter().all(|fact| fact.held)
    }

    fn keep(&mut self, title: &str, told: Told, held: bool, took: Duration) {
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let Told {
            result,
            bytes,
            details,
        } = told;
        self.facts.push(Fact {
            chapter: self.chapter,
            step: title.to_owned(),
            result,
            held,
            milliseconds,
            bytes,
            details,
        });
    }

    /// Lines of step, result, time and size, as wide as their contents.
    pub(super) fn table(&self) -> String {
        let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0).max(6);
        let first = width(&mut self.facts.iter().map(|fact| fact.step.chars().count()));
        let second = width(&mut self.facts.iter().map(|fact| fact.short().chars().count()));
        let rule = [first + 2, second, 8, 9]
            .map(|wide| "─".repeat(wide))
            .join("  ");
        let mut text = format!(
            "\n    {:first$}  {:second$}  {:>8}  {:>9}\n",
            "step", "result", "time", "size"
        );
        let mut chapter = "";
        for fact in &self.facts {
            if chapter != fact.chapter {
                let _ = writeln!(text, "  {rule}");
            }
            chapter = fact.chapter;
            let (mark, short) = (if fact.held { '✓' } else { '✗' }, fact.short());
            let size = fact.bytes.map(human).unwrap_or_default();
            let _ = writeln!(
                text,
                "  {mark} {:first$}  {short:second$}  {:>5} ms  {size:>9}",
                fact.step, fact.milliseconds
            );
        }
        text
    }

    pub(super) fn write(&self, path: &Path, film: &Film, took: Duration, held: bool) -> Result<()> {
        let film = json!({ "file": film.name(), "bytes": film.bytes, "seconds": film.seconds });
        let summary = json!({ "held": held, "seconds": took.as_secs_f64(), "film": film, "steps": self.facts });
        std::fs::write(path, serde_json::to_string_pretty(&summary)?)
            .map_err(|error| anyhow!("{}: {error}", path.display()))
    }
}

/// An error in a line, without what may be a secret: everything behind the host of a URL.
fn told_of(error: &str) -> String {
    let words = error.split_whitespace().map(|word| {
        let host = word
            .split_once("://")
            .map(|(scheme, rest)| (scheme, rest.split('/').next().unwrap_or_default()));
        host.map_or_else(
            || word.to_owned(),
            |(scheme, host)| format!("{scheme}://{host}/…"),
        )
    });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST).collect()
}

/// Bytes as a person reads them.
pub(super) fn human(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let Some((size, name)) = units.into_iter().find(|(size, _)| bytes >= *size) else {
        return format!("{bytes} B");
    };
    let tenths = (bytes + size / 20) / (size / 10);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::{Journal, Told, human};
    use crate::progress::Progress;

    #[test]
    fn sizes_read_well() {
        assert_eq!(
            [0, 999, 1_000, 12_063_045].map(human),
            ["0 B", "999 B", "1.0 kB", "12.1 MB"]
        );
    }

    #[test]
    fn a_check_that_fails_is_a_line_of_the_table_and_the_end_does_not_hold() {
        let mut journal = Journal::new(Progress::new());
        journal.check("a", |_| Ok(Told::of("fine").bytes(16)));
        assert!(journal.held());
        journal.check("b", |_| {
            anyhow::bail!("not so:\nhttp://h:1/v1/playback/SECRET/a?b and more")
        });
        assert!(!journal.held());
        let table = journal.table();
        assert!(
            table.contains("✓ a")
                && table.contains("✗ b")
                && table.contains("not so: http://h:1/… and more")
        );
    }
}
