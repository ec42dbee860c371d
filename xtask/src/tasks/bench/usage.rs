//! What a process used, as Linux tells it under `/proc`.
//!
//! Not by `wait4`: the peak that it tells begins with the parent's, from before the program was loaded.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::{proc, time};

/// Ticks of `/proc/<pid>/stat` in a second: the same on every Linux.
const TICKS: f64 = 100.0;

/// CPU time and peak of resident memory.
#[derive(Clone, Copy)]
pub(super) struct Usage {
    pub(super) cpu_seconds: f64,
    pub(super) peak_mib: f64,
}

/// So far, of a process whose threads are all still there.
#[expect(
    clippy::cast_precision_loss,
    reason = "nanoseconds of one process are far below 2^52"
)]
pub(super) fn of_running(id: u32) -> Result<Usage> {
    let mut nanoseconds = 0;
    for thread in std::fs::read_dir(format!("/proc/{id}/task"))? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        let spent = text
            .split(' ')
            .next()
            .and_then(|word| word.parse::<u64>().ok());
        nanoseconds += spent.context("no CPU time")?;
    }
    let peak_mib = peak(id).context("no peak of memory")?;
    Ok(Usage {
        cpu_seconds: nanoseconds as f64 / 1e9,
        peak_mib,
    })
}

/// Runs a program to its end, its output in `log`.
pub(super) fn of_run(command: &mut Command, log: &Path) -> Result<Usage> {
    let out = std::fs::File::create(log)?;
    let mut child = command.stdout(out.try_clone()?).stderr(out).spawn()?;
    let id = child.id();
    let pid = i32::try_from(id)
        .ok()
        .and_then(Pid::from_raw)
        .context("no process id")?;
    let mut peak_mib = 0.0_f64;
    loop {
        peak_mib = peak_mib.max(peak(id).unwrap_or(0.0));
        // It stays a zombie until it is waited for, and a zombie still tells its CPU time.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        if waitid(WaitId::Pid(pid), options)?.is_some() {
            break;
        }
        time::pause(Duration::from_millis(4));
    }
    let cpu_seconds = ticks(id).context("no CPU time")? / TICKS;
    let status = child.wait()?;
    if !status.success() {
        let program = command.get_program().to_string_lossy();
        bail!(
            "{program} ended with {status}:
{}",
            proc::tail(log)
        );
    }
    Ok(Usage {
        cpu_seconds,
        peak_mib,
    })
}

/// `VmHWM`: the most memory that was resident at once.
fn peak(id: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// User and system time together, of the process and of those that it started and waited for (proc(5)); the name before them may hold anything but its own end.
fn ticks(id: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some(next()? + next()? + next()? + next()?)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    #[test]
    fn a_run_tells_its_cpu_time_and_peak() {
        let log = std::env::temp_dir().join(format!("xtask-usage-{}", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"]);
        let usage = super::of_run(&mut command, &log).unwrap();
        std::fs::remove_file(log).unwrap();
        assert!(usage.cpu_seconds > 0.0 && usage.peak_mib > 0.1);
        assert!(super::of_running(std::process::id()).unwrap().cpu_seconds > 0.0);
    }
}
