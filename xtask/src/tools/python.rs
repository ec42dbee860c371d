//! Python programs, each in an environment of its own, by uv from locks that pin every package.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::context::{Context, variable};
use crate::proc;
use crate::progress::{Progress, Step};

/// The versions that the locks were resolved for; the first found is taken.
const VERSIONS: [&str; 2] = ["3.13", "3.12"];

pub(super) fn localstack(context: &Context, progress: &Progress) -> Result<PathBuf> {
    let folder = environment(context, progress, "localstack", "LocalStack")?;
    Ok(folder.join("bin/python"))
}

pub(super) fn sam(context: &Context, progress: &Progress) -> Result<PathBuf> {
    Ok(environment(context, progress, "sam", "the SAM CLI")?.join("bin"))
}

pub(super) fn schemathesis(context: &Context, progress: &Progress) -> Result<PathBuf> {
    Ok(environment(context, progress, "schemathesis", "Schemathesis")?.join("bin"))
}

pub(super) fn cargo_lambda(context: &Context, progress: &Progress) -> Result<PathBuf> {
    Ok(environment(context, progress, "cargo-lambda", "cargo-lambda and Zig")?.join("bin"))
}

pub(super) fn imageio_ffmpeg(context: &Context, progress: &Progress) -> Result<PathBuf> {
    let folder = environment(context, progress, "imageio-ffmpeg", "imageio-ffmpeg")?;
    let script = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())";
    let told = proc::output(proc::command(folder.join("bin/python")).args(["-c", script]))?;
    Ok(PathBuf::from(told.trim()))
}

/// A static ffmpeg for Lambda's Amazon Linux 2023, whatever this machine is.
pub(super) fn lambda_ffmpeg(
    context: &Context,
    architecture: &str,
    progress: &Progress,
) -> Result<PathBuf> {
    let platform = match architecture {
        "arm64" => "aarch64-unknown-linux-gnu",
        "x86_64" => "x86_64-unknown-linux-gnu",
        other => bail!("no such architecture: {other} (arm64 or x86_64)"),
    };
    let lock = context.root.join("infra/local/imageio-ffmpeg.lock");
    let log = context.target().join("xtask/ffmpeg.log");
    let wheel = context.target().join("xtask/ffmpeg");
    let program = context.target().join("ffmpeg/bin/ffmpeg");
    progress.run(&format!("Fetching ffmpeg for {architecture}"), |step| {
        let uv = uv(context, &log, step)?;
        if wheel.exists() {
            std::fs::remove_dir_all(&wheel)?;
        }
        let mut install = proc::command(uv);
        install.args(["pip", "install", "--require-hashes", "--python-version"]);
        install.args([VERSIONS[0], "--python-platform", platform]);
        install
            .args(["--only-binary", ":all:", "--target"])
            .arg(&wheel);
        proc::run(install.arg("-r").arg(&lock), &log)?;
        let binaries = std::fs::read_dir(wheel.join("imageio_ffmpeg/binaries"))?;
        let mut binaries = binaries.flatten().map(|entry| entry.path());
        let is_ffmpeg = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with("ffmpeg"))
        };
        let found = binaries
            .find(is_ffmpeg)
            .context("the package holds no ffmpeg")?;
        if let Some(folder) = program.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::copy(found, &program)?;
        std::fs::remove_dir_all(&wheel)?;
        Ok(())
    })?;
    Ok(program)
}

/// Where LocalStack looks for the files of the seed, under its root.
pub(crate) const SEED: &str = "usr/lib/localstack";

/// An index of AWS's services that takes LocalStack seconds to make and then serves every start.
pub(super) fn localstack_seed(
    python: &Path,
    context: &Context,
    progress: &Progress,
) -> Result<PathBuf> {
    let environment = python
        .parent()
        .and_then(Path::parent)
        .context("a Python lies in bin")?;
    let folder = environment.join("seed");
    super::once(&folder, progress, "Preparing LocalStack, once", |_| {
        std::fs::create_dir_all(folder.join(SEED))?;
        let mut command = proc::command(python);
        command
            .args(["-m", "localstack.aws.spec"])
            .env("OVERRIDE_IN_DOCKER", "0")
            .env("FILESYSTEM_ROOT", &folder);
        proc::run(
            &mut command,
            &context.target().join("xtask/localstack-seed.log"),
        )
    })?;
    Ok(folder)
}

/// An environment with what `infra/local/<name>.lock` lists.
fn environment(context: &Context, progress: &Progress, name: &str, title: &str) -> Result<PathBuf> {
    let lock = context
        .root
        .join("infra/local")
        .join(format!("{name}.lock"));
    let pinned = std::fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let folder = context
        .cache
        .join(format!("{name}-{}", super::short_hash(&pinned)));
    super::once(
        &folder,
        progress,
        &format!("Installing {title}, once"),
        |step| {
            let log = context.target().join(format!("xtask/{name}.log"));
            let uv = uv(context, &log, step)?;
            step.note("Python");
            let python = find_python(&uv).unwrap_or_else(|| VERSIONS[0].to_owned());
            let mut make = proc::command(&uv);
            make.args(["venv", "--quiet", "--allow-existing", "--python", &python]);
            proc::run(make.arg(&folder), &log)
                .context("no Python 3.12 or 3.13 was found, and uv could not download one")?;
            step.note("packages");
            let mut install = proc::command(&uv);
            install
                .args(["pip", "install", "--require-hashes", "--python"])
                .arg(folder.join("bin/python"));
            proc::run(install.arg("-r").arg(&lock), &log)?;
            step.note("");
            Ok(())
        },
    )?;
    Ok(folder)
}

/// uv itself: on PATH, in the cache, or put there by whichever way this machine's Python allows.
fn uv(context: &Context, log: &Path, step: &Step) -> Result<PathBuf> {
    let folder = context.cache.join("uv");
    let cached = folder.join("bin/uv");
    for found in [PathBuf::from("uv"), cached.clone()] {
        if works(&found) {
            return Ok(found);
        }
    }
    let mut pip = proc::command("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"]);
    if proc::run(pip.arg(&folder).arg("uv"), log).is_err() {
        // Debian's Python may come without pip, which an environment brings along.
        let venv = || {
            proc::run(
                proc::command("python3").args(["-m", "venv"]).arg(&folder),
                log,
            )
        };
        if venv().is_err() {
            super::system::install(context, &["python3-venv"], step)?;
            venv()?;
        }
        let mut pip = proc::command(folder.join("bin/pip"));
        proc::run(pip.args(["install", "--quiet", "uv"]), log)?;
    }
    if !works(&cached) {
        bail!("uv was installed but does not run: {}", cached.display());
    }
    Ok(cached)
}

fn works(uv: &Path) -> bool {
    proc::output(proc::command(uv).arg("--version")).is_ok()
}

fn find_python(uv: &Path) -> Option<String> {
    let pyenv =
        variable("PYENV_ROOT").or_else(|| variable("HOME").map(|home| format!("{home}/.pyenv")));
    let pyenv = pyenv.map(|root| PathBuf::from(root).join("versions"));
    for version in VERSIONS {
        let by_pyenv = pyenv
            .iter()
            .filter_map(|folder| std::fs::read_dir(folder).ok())
            .flatten()
            .flatten();
        let by_pyenv = by_pyenv
            .filter(|entry| {
                entry
                    .file_name()
                    .to_string_lossy()
                    .starts_with(&format!("{version}."))
            })
            .map(|entry| entry.path().join("bin/python3"));
        let on_path = std::iter::once(PathBuf::from(format!("python{version}")));
        if let Some(found) = on_path
            .chain(by_pyenv)
            .find(|python| is_version(python, version))
        {
            return Some(found.to_string_lossy().into_owned());
        }
        let mut find = proc::command(uv);
        if let Ok(found) =
            proc::output(find.args(["python", "find", "--no-python-downloads", version]))
        {
            return Some(found.trim().to_owned());
        }
    }
    None
}

/// A shim on PATH may exist for a version that is not there: only running it tells.
fn is_version(python: &Path, version: &str) -> bool {
    let script = "import sys, ssl, sqlite3; print('%d.%d' % sys.version_info[:2])";
    proc::output(proc::command(python).args(["-c", script]))
        .is_ok_and(|found| found.trim() == version)
}
