//! The functions' binaries and the packages that `template.yaml` deploys.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::context::Context;
use crate::proc;
use crate::progress::Progress;
use crate::tools;

/// Paths of built programs by the name of their crate.
pub(crate) type Binaries = BTreeMap<String, PathBuf>;

/// The instruction set of the host, as Lambda calls it.
pub(crate) fn host_architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    }
}

/// The crate that stands in for API Gateway and CloudFront.
pub(crate) const EDGE: &str = "vault-edge";

/// Builds the functions and the edge for this machine and packages the functions.
pub(crate) fn local(context: &Context, progress: &Progress) -> Result<Binaries> {
    let functions = context.functions()?;
    let crates = functions
        .iter()
        .map(String::as_str)
        // Always in one build: features of shared dependencies unite, and half of them are built twice else.
        .chain([EDGE]);
    let mut arguments = vec!["--profile", "local"];
    arguments.extend(crates.flat_map(|name| ["-p", name]));
    let binaries = progress.run("Building the functions", |_| build(context, &arguments))?;
    progress.run("Packaging the functions", |step| {
        let _lock = tools::lock(&context.target().join("xtask/package.lock"))?;
        let mut renewed = 0;
        for function in &functions {
            let binary = binaries
                .get(function)
                .with_context(|| format!("{function} has no program"))?;
            renewed += usize::from(zip_if_changed(binary, &context.function_zip(function))?);
        }
        step.note(format!("{renewed} of {} changed", functions.len()));
        Ok(())
    })?;
    Ok(binaries)
}

/// Builds and packages the functions for AWS, by cargo-lambda with Zig as the linker.
pub(crate) fn release(context: &Context, architecture: &str, progress: &Progress) -> Result<()> {
    let target = match architecture {
        "arm64" => "aarch64-unknown-linux-gnu",
        "x86_64" => "x86_64-unknown-linux-gnu",
        other => bail!("no such architecture: {other} (arm64 or x86_64)"),
    };
    let bin = tools::cargo_lambda(context, progress)?;
    let functions = context.functions()?;
    progress.run(
        &format!("Building the functions for {architecture}"),
        |_| {
            let path = format!(
                "{}:{}",
                bin.display(),
                crate::context::variable("PATH").unwrap_or_default()
            );
            let mut command = proc::command(bin.join("cargo-lambda"));
            command.args([
                "lambda",
                "build",
                "--release",
                "--output-format",
                "zip",
                "--target",
                target,
            ]);
            command
                .arg("--lambda-dir")
                .arg(context.target().join("lambda"));
            for function in &functions {
                command.args(["-p", function]);
            }
            proc::run(
                command.current_dir(&context.root).env("PATH", path),
                &context.target().join("xtask/release.log"),
            )
        },
    )?;
    for function in &functions {
        // The next local build must not take this package for its own.
        drop(std::fs::remove_file(stamp_of(
            &context.function_zip(function),
        )));
    }
    Ok(())
}

/// `cargo build` with more arguments; Cargo itself tells where the programs are.
pub(crate) fn build(context: &Context, arguments: &[&str]) -> Result<Binaries> {
    let mut command = proc::command("cargo");
    command.args([
        "build",
        "--message-format",
        "json-render-diagnostics",
        "--quiet",
    ]);
    command.args(arguments);
    let shown = command
        .current_dir(&context.root)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()?;
    let output = shown.wait_with_output()?;
    if !output.status.success() {
        bail!("the build failed");
    }
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let programs = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let path = message["executable"].as_str()?;
        Some((
            message["target"]["name"].as_str()?.to_owned(),
            PathBuf::from(path),
        ))
    });
    Ok(programs.collect())
}

/// Whether a new package was written.
fn zip_if_changed(binary: &Path, package: &Path) -> Result<bool> {
    let metadata = std::fs::metadata(binary)?;
    let identity = format!(
        "{}\n{}\n{:?}\n",
        binary.display(),
        metadata.len(),
        metadata.modified()?
    );
    let stamp = stamp_of(package);
    if package.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|old| old == identity) {
        return Ok(false);
    }
    if let Some(folder) = package.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let fresh = package.with_extension("zip.new");
    write_zip(&std::fs::read(binary)?, &fresh)?;
    std::fs::rename(&fresh, package)?;
    std::fs::write(stamp, identity)?;
    Ok(true)
}

fn stamp_of(package: &Path) -> PathBuf {
    package.with_extension("zip.from")
}

/// One file `bootstrap`, executable, of a fixed date: the same binary gives the same package.
/// Not compressed: it goes no further than this machine.
fn write_zip(binary: &[u8], package: &Path) -> Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(File::create(package)?);
    zip.start_file("bootstrap", options)?;
    zip.write_all(binary)?;
    zip.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::write_zip;

    #[test]
    fn the_same_binary_gives_the_same_package() {
        let folder = std::env::temp_dir().join(format!("xtask-zip-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let packages = ["a.zip", "b.zip"].map(|name| {
            let path = folder.join(name);
            write_zip(b"\x7fELF", &path).unwrap();
            std::fs::read(path).unwrap()
        });
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(packages[0], packages[1]);
    }
}
