//! Programs that come from the system's package manager.

use anyhow::{Result, bail};

use crate::context::Context;
use crate::proc;
use crate::progress::{Progress, Step};

/// A Debian package and the programs any one of which shows that it is there.
const NEEDED: [(&str, &[&str]); 5] = [
    ("ffmpeg", &["ffmpeg"]),
    (
        "chromium",
        &["chromium", "chromium-browser", "google-chrome"],
    ),
    ("oathtool", &["oathtool"]),
    ("curl", &["curl"]),
    ("jq", &["jq"]),
];

pub(super) fn ensure(context: &Context, progress: &Progress) -> Result<()> {
    let missing: Vec<_> = NEEDED
        .iter()
        .filter(|(_, programs)| !programs.iter().any(|program| proc::on_path(program)))
        .map(|(package, _)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    progress.run(&format!("Installing {}", missing.join(" ")), |step| {
        install(context, &missing, step)
    })
}

/// Installs Debian packages, as root or by a sudo that asks for nothing.
pub(super) fn install(context: &Context, packages: &[&str], step: &Step) -> Result<()> {
    if !proc::on_path("apt-get") {
        bail!(
            "please install {}: only Debian's package manager is known here",
            packages.join(" ")
        );
    }
    let log = context.target().join("xtask/apt.log");
    step.note("package lists");
    apt(&["update"], &log)?;
    step.note("packages");
    let mut words = vec![
        "install",
        "-y",
        "--no-install-recommends",
        "-o",
        "DPkg::Lock::Timeout=600",
    ];
    words.extend(packages);
    apt(&words, &log)?;
    step.note("");
    Ok(())
}

fn apt(words: &[&str], log: &std::path::Path) -> Result<()> {
    let mut command = if rustix::process::geteuid().is_root() {
        proc::command("apt-get")
    } else {
        let mut sudo = proc::command("sudo");
        sudo.args(["-n", "apt-get"]);
        sudo
    };
    proc::run(
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive"),
        log,
    )
}
