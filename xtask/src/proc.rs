//! Other programs: run to the end with their output kept, or started and later found again.
//!
//! Every process started here carries a mark in its environment, which its children inherit. To end
//! "what we started" is to end the processes with our mark, and never one that merely looks alike.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::time;

/// Marks what one run of this tool started.
const RUN: &str = "REELVAULT_XTASK";
/// Marks what belongs to a local cloud; the value is its state folder.
const CLOUD: &str = "REELVAULT_CLOUD";

/// A command that carries the mark of this run.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env(RUN, run_mark()).stdin(Stdio::null());
    command
}

fn run_mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    MARK.get_or_init(|| format!("{}-{}", std::process::id(), time::unix_nanos()))
}

/// Runs to the end with all output in `log`; an error shows the log's last lines.
pub(crate) fn run(command: &mut Command, log: &Path) -> Result<()> {
    let out = open_log(log)?;
    let shown = shown(command);
    let status = command
        .stdout(out.try_clone()?)
        .stderr(out)
        .status()
        .with_context(|| format!("cannot start {shown}"))?;
    if !status.success() {
        bail!(
            "{shown} ended with {status}; {}:\n{}",
            log.display(),
            tail(log)
        );
    }
    Ok(())
}

/// Runs to the end and returns what it wrote to its standard output; the rest goes to ours.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("cannot start {shown}"))?;
    if !output.status.success() {
        bail!(
            "{shown} ended with {}:\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program of that name is on PATH.
pub(crate) fn on_path(program: &str) -> bool {
    let path = crate::context::variable("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let text: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    let text = text.join(" ");
    if text.len() > 160 {
        format!("{}…", text.chars().take(160).collect::<String>())
    } else {
        text
    }
}

fn open_log(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    File::create(path).with_context(|| format!("cannot write {}", path.display()))
}

/// The last lines of a log.
pub(crate) fn tail(path: &Path) -> String {
    let mut text = String::new();
    if let Ok(mut file) = File::open(path) {
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        let mut bytes = Vec::new();
        if file
            .seek(SeekFrom::Start(length.saturating_sub(8192)))
            .is_ok()
            && file.read_to_end(&mut bytes).is_ok()
        {
            text = String::from_utf8_lossy(&bytes).into_owned();
        }
    }
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// Starts a process of the cloud in `state`, out of reach of the terminal's Ctrl-C.
pub(crate) fn spawn(command: &mut Command, state: &Path, log: &Path) -> Result<Child> {
    let out = open_log(log)?;
    let shown = shown(command);
    command
        .env(CLOUD, state)
        .stdout(out.try_clone()?)
        .stderr(out)
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {shown}"))
}

/// The processes of the cloud in `state`, its functions included.
pub(crate) fn of_cloud(state: &Path) -> Vec<Pid> {
    marked(&format!("{CLOUD}={}", state.display()))
}

/// Ends the cloud in `state`: politely within `grace`, then without asking. Returns how many there were.
pub(crate) fn end_cloud(state: &Path, grace: Duration) -> usize {
    let found = of_cloud(state);
    if grace > Duration::ZERO {
        signal(&found, Signal::TERM);
        time::poll(grace, || of_cloud(state).is_empty().then_some(()));
    }
    // Killing once may miss what was being started at that moment.
    let mut ending = found.clone();
    time::poll(Duration::from_secs(10), || {
        let left = of_cloud(state);
        signal(&left, Signal::KILL);
        ending.extend(&left);
        let over = left.is_empty() && ending.iter().all(|process| is_over(*process));
        over.then_some(())
    });
    found.len()
}

/// Whether a process has let go of all it held, ports among it. A dying one loses its environment,
/// and with it our mark, some time before.
fn is_over(process: Pid) -> bool {
    let folder = format!("/proc/{}", process.as_raw_nonzero());
    let Ok(stat) = std::fs::read_to_string(format!("{folder}/stat")) else {
        return true;
    };
    let zombie = stat
        .rsplit(')')
        .next()
        .is_some_and(|rest| rest.starts_with(" Z"));
    let threads = std::fs::read_dir(format!("{folder}/task")).map_or(0, Iterator::count);
    zombie && threads <= 1
}

fn signal(processes: &[Pid], signal: Signal) {
    for process in processes {
        // It may have ended by itself in the meantime.
        let _ = kill_process(*process, signal);
    }
}

fn marked(mark: &str) -> Vec<Pid> {
    let own = std::process::id();
    let Ok(folders) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let ids = folders
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| u32::try_from(*id) != Ok(own))
        .filter(|id| carries(*id, mark))
        .filter_map(Pid::from_raw)
        .collect()
}

fn carries(process: i32, mark: &str) -> bool {
    std::fs::read(format!("/proc/{process}/environ")).is_ok_and(|environment| {
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == mark.as_bytes())
    })
}

static CLOUDS: Mutex<Vec<std::path::PathBuf>> = Mutex::new(Vec::new());

/// From now on an interrupt of this tool also ends the cloud in `state`.
pub(crate) fn end_on_interrupt(state: &Path) {
    CLOUDS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(state.to_owned());
}

/// From now on the cloud in `state` outlives this tool.
pub(crate) fn outlive(state: &Path) {
    CLOUDS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .retain(|other| other != state);
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Once interrupted, leaves the last word to the handler: what fails now fails because of it.
pub(crate) fn yield_to_interrupt() {
    while INTERRUPTED.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

/// On SIGINT, SIGTERM or SIGHUP: nothing that we started stays behind, save what outlives us.
pub(crate) fn install_interrupt_handler() -> Result<()> {
    ctrlc::set_handler(|| {
        INTERRUPTED.store(true, Ordering::SeqCst);
        let clouds = CLOUDS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for state in &clouds {
            end_cloud(state, Duration::ZERO);
        }
        let others = marked(&format!("{RUN}={}", run_mark()));
        let (_, rest): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|process| belongs_to_a_cloud(*process));
        signal(&rest, Signal::KILL);
        crate::progress::fail("interrupted");
        std::process::exit(130);
    })
    .context("cannot listen for interrupts")
}

fn belongs_to_a_cloud(process: Pid) -> bool {
    let prefix = format!("{CLOUD}=");
    std::fs::read(format!("/proc/{}/environ", process.as_raw_nonzero())).is_ok_and(|environment| {
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry.starts_with(prefix.as_bytes()))
    })
}
