//! Node packages: hls.js for the reference page, playwright-core for the browser's driver, Uppy for the tests of uploads,
//! the AWS SDK for the handlers that the bench measures against.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::context::Context;
use crate::proc;
use crate::progress::Progress;

const FILES: [&str; 2] = ["package.json", "package-lock.json"];

pub(super) fn ensure(context: &Context, progress: &Progress) -> Result<()> {
    let title = "Installing hls.js and the browser's driver, once";
    install(context, progress, &context.players(), "players", title)
}

/// The versions of Uppy that uploads are tested with.
pub(super) fn uploaders(context: &Context, progress: &Progress) -> Result<()> {
    for name in ["uppy5", "uppy6"] {
        let clone = context.uploaders().join(name);
        let title = format!("Installing {name}, once");
        install(context, progress, &clone, name, &title)?;
    }
    Ok(())
}

/// The compiler of the player kit, where `npm test` looks for it.
pub(super) fn kit(context: &Context, progress: &Progress) -> Result<PathBuf> {
    let clone = context.root.join("clients/web");
    let title = "Installing the compiler of the player kit, once";
    install(context, progress, &clone, "clients-web", title)?;
    Ok(clone)
}

/// The folder of the bench's handlers, with what they import.
pub(super) fn bench(context: &Context, progress: &Progress) -> Result<PathBuf> {
    let clone = context.root.join("tests/bench/node");
    install(
        context,
        progress,
        &clone,
        "bench-node",
        "Installing the AWS SDK for Node, once",
    )?;
    Ok(clone)
}

/// Installs what the lock pins into the cache, and links it to where Node looks for it.
fn install(
    context: &Context,
    progress: &Progress,
    clone: &Path,
    name: &str,
    title: &str,
) -> Result<()> {
    let lock = clone.join(FILES[1]);
    let pinned = std::fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let folder = context
        .cache
        .join(format!("{name}-{}", super::short_hash(&pinned)));
    super::once(&folder, progress, title, |_| {
        if !proc::on_path("npm") {
            bail!("please install Node 20 or newer with npm");
        }
        for file in FILES {
            std::fs::copy(clone.join(file), folder.join(file))?;
        }
        let mut npm = proc::command("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&folder);
        proc::run(&mut npm, &context.target().join("xtask/npm.log"))
    })?;
    link(&folder.join("node_modules"), &clone.join("node_modules"))
}

fn link(target: &Path, link: &Path) -> Result<()> {
    if std::fs::read_link(link).is_ok_and(|old| old == target) {
        return Ok(());
    }
    match std::fs::symlink_metadata(link) {
        Ok(found) if found.is_dir() => std::fs::remove_dir_all(link)?,
        Ok(_) => std::fs::remove_file(link)?,
        Err(_) => {}
    }
    std::os::unix::fs::symlink(target, link)
        .with_context(|| format!("cannot make {}", link.display()))
}
