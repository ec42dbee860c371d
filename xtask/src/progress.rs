//! What a person sees: steps that tick off with their time, a bar where the size is known.
//!
//! On a terminal the running step is one line that moves; elsewhere each finished step is one line.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::time;

const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const BAR: usize = 24;

/// The display of one task. Cheap to clone; steps run one after the other.
#[derive(Clone)]
pub(crate) struct Progress {
    terminal: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// A heading between groups of steps.
    pub(crate) fn heading(&self, text: &str) {
        say(&format!("\n{}", self.paint("1", text)));
    }

    /// Begins a step. Dropping it without [`Step::done`] marks it as failed.
    pub(crate) fn step(&self, title: &str) -> Step {
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(title)),
            wake: Condvar::new(),
        });
        let spinner = self.terminal.then(|| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || spin(&shared))
        });
        Step {
            progress: self.clone(),
            shared,
            spinner,
            since: time::now(),
        }
    }

    /// Runs `work` as a step; its text result, if not empty, stands behind the title.
    pub(crate) fn run<T>(
        &self,
        title: &str,
        work: impl FnOnce(&Step) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let step = self.step(title);
        let value = work(&step)?;
        step.done();
        Ok(value)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.terminal {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// A step under way.
pub(crate) struct Step {
    progress: Progress,
    shared: Arc<Shared>,
    spinner: Option<JoinHandle<()>>,
    since: Instant,
}

impl Step {
    /// Says what is happening within the step; the last note stays beside the finished line.
    pub(crate) fn note(&self, text: impl Into<String>) {
        self.shared.lock().note = text.into();
        self.shared.wake.notify_one();
    }

    /// Shows how far the step is, with `done` of `total` in any unit.
    pub(crate) fn portion(&self, done: u64, total: u64) {
        self.shared.lock().portion = Some((done, total));
        self.shared.wake.notify_one();
    }

    /// Ends the step well.
    pub(crate) fn done(mut self) {
        self.finish("32", "✓");
    }

    fn finish(&mut self, colour: &str, mark: &str) {
        self.shared.lock().over = true;
        self.shared.wake.notify_one();
        if let Some(spinner) = self.spinner.take() {
            // A spinner that panicked has nothing left to say.
            drop(spinner.join());
        }
        let (title, note) = {
            let state = self.shared.lock();
            (state.title.clone(), state.note.clone())
        };
        let mark = self.progress.paint(colour, mark);
        let note = if note.is_empty() {
            String::new()
        } else {
            self.progress.paint("2", &format!("  {note}"))
        };
        let seconds = self.progress.paint(
            "2",
            &format!("  {:.1} s", self.since.elapsed().as_secs_f32()),
        );
        let clear = if self.progress.terminal {
            "\r\x1b[K"
        } else {
            ""
        };
        say(&format!("{clear}{mark} {title}{note}{seconds}"));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.shared.lock().over {
            self.finish("31", "✗");
        }
    }
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct State {
    title: String,
    note: String,
    portion: Option<(u64, u64)>,
    over: bool,
}

impl State {
    fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            note: String::new(),
            portion: None,
            over: false,
        }
    }

    fn render(&self, frame: &str, elapsed: Duration) -> String {
        let bar = self
            .portion
            .map(|(done, total)| bar(done, total))
            .unwrap_or_default();
        let width = terminal_width();
        let text = format!(
            "{frame} {}{bar}  {}  {:.0} s",
            self.title,
            self.note,
            elapsed.as_secs_f32()
        );
        text.chars().take(width.saturating_sub(1)).collect()
    }
}

fn bar(done: u64, total: u64) -> String {
    let total = total.max(1);
    let done = done.min(total);
    let filled = usize::try_from(done * BAR as u64 / total).unwrap_or(BAR);
    format!(
        "  {}{} {:>3} %",
        "█".repeat(filled),
        "░".repeat(BAR - filled),
        done * 100 / total
    )
}

fn terminal_width() -> usize {
    rustix::termios::tcgetwinsize(std::io::stderr())
        .map_or(80, |size| usize::from(size.ws_col))
        .max(20)
}

fn spin(shared: &Shared) {
    let since = time::now();
    for frame in FRAMES.iter().cycle() {
        let state = shared.lock();
        if state.over {
            return;
        }
        let line = state.render(frame, since.elapsed());
        let waited = shared.wake.wait_timeout(state, Duration::from_millis(90));
        drop(waited);
        write_raw(&format!("\r\x1b[K{line}"));
    }
}

/// One line to the person at the terminal.
pub(crate) fn say(text: &str) {
    write_raw(&format!("{text}\n"));
}

/// The last line of a task that failed.
pub(crate) fn fail(text: &str) {
    say(&format!("xtask: {text}"));
}

fn write_raw(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // When nobody reads, nothing is lost that matters.
    drop(stderr.write_all(text.as_bytes()));
    drop(stderr.flush());
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_is_never_longer_than_full() {
        assert!(bar(7, 5).contains("100 %"));
        assert!(bar(0, 0).contains("0 %"));
        assert_eq!(bar(1, 2).chars().filter(|c| *c == '█').count(), 12);
    }
}
