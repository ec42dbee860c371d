//! What the local cloud needs beyond Rust, Python and Node: installed once, into the cache, when missing.

mod dynoxide;
mod node;
mod python;
mod system;

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use data_encoding::HEXLOWER;
pub(crate) use python::SEED;
use sha2::{Digest as _, Sha256};

use crate::context::Context;
use crate::progress::{Progress, Step};

/// Where the installed tools are.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    /// The Python that has LocalStack.
    pub(crate) python: PathBuf,
    /// The folder of files that LocalStack would otherwise make anew at every start.
    pub(crate) localstack_seed: PathBuf,
    /// The DynamoDB server.
    pub(crate) dynoxide: PathBuf,
}

/// Installs what is missing. Takes milliseconds when nothing is.
pub(crate) fn ensure(context: &Context, progress: &Progress) -> Result<Tools> {
    std::fs::create_dir_all(&context.cache)
        .with_context(|| format!("cannot make {}", context.cache.display()))?;
    let _lock = lock(&context.cache.join("install.lock"))?;
    system::ensure(context, progress)?;
    node::ensure(context, progress)?;
    let dynoxide = dynoxide::ensure(context, progress)?;
    let python = python::localstack(context, progress)?;
    let localstack_seed = python::localstack_seed(&python, context, progress)?;
    Ok(Tools {
        python,
        localstack_seed,
        dynoxide,
    })
}

/// The folder of executables with `sam` and a Python that has boto3.
pub(crate) fn sam(context: &Context, progress: &Progress) -> Result<PathBuf> {
    let _lock = lock(&context.cache.join("install.lock"))?;
    python::sam(context, progress)
}

/// The folder of executables with `schemathesis` and `openapi-spec-validator`.
pub(crate) fn schemathesis(context: &Context, progress: &Progress) -> Result<PathBuf> {
    let _lock = lock(&context.cache.join("install.lock"))?;
    python::schemathesis(context, progress)
}

/// The ffmpeg that the Python package imageio-ffmpeg brings along.
pub(crate) fn imageio_ffmpeg(context: &Context, progress: &Progress) -> Result<PathBuf> {
    let _lock = lock(&context.cache.join("install.lock"))?;
    python::imageio_ffmpeg(context, progress)
}

/// `target/ffmpeg/bin/ffmpeg` for Lambda, from the same package as the bench's, whose hashes are locked.
pub(crate) fn lambda_ffmpeg(
    context: &Context,
    architecture: &str,
    progress: &Progress,
) -> Result<PathBuf> {
    let _lock = lock(&context.cache.join("install.lock"))?;
    python::lambda_ffmpeg(context, architecture, progress)
}

/// The versions of Uppy, where the tests of uploads look for them.
pub(crate) fn uploaders(context: &Context, progress: &Progress) -> Result<()> {
    let _lock = lock(&context.cache.join("install.lock"))?;
    node::uploaders(context, progress)
}

/// The folder of the player kit, with what compiles it.
pub(crate) fn kit(context: &Context, progress: &Progress) -> Result<PathBuf> {
    let _lock = lock(&context.cache.join("install.lock"))?;
    node::kit(context, progress)
}

/// The folder of the bench's Node handlers, with what they import.
pub(crate) fn bench_node(context: &Context, progress: &Progress) -> Result<PathBuf> {
    let _lock = lock(&context.cache.join("install.lock"))?;
    node::bench(context, progress)
}

/// The folder of executables with `cargo-lambda` and the Zig that it links with.
pub(crate) fn cargo_lambda(context: &Context, progress: &Progress) -> Result<PathBuf> {
    let _lock = lock(&context.cache.join("install.lock"))?;
    python::cargo_lambda(context, progress)
}

/// Holds back a second run of this tool until the first is done.
pub(crate) fn lock(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.lock()
        .with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

/// Makes `folder` by `install` unless an earlier run finished doing so.
fn once(
    folder: &Path,
    progress: &Progress,
    title: &str,
    install: impl FnOnce(&Step) -> Result<()>,
) -> Result<()> {
    let stamp = folder.join(".installed");
    if stamp.is_file() {
        return Ok(());
    }
    progress.run(title, |step| {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        install(step)?;
        std::fs::write(stamp, "")?;
        Ok(())
    })
}

fn short_hash(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes)[..5])
}
