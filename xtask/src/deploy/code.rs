//! Unpacks a function's package where LocalStack runs it from in place: under the bucket name
//! `hot-reload` a key is a folder. Storing the package in S3 and taking it out again would cost a
//! second of CPU time for every function.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

/// The bucket name that stands for this machine's folders.
pub(super) const BUCKET: &str = "hot-reload";

/// Returns the folder with what `package` holds. Its content names it: a new one is a new folder,
/// so that a function in use keeps its program.
pub(super) fn unpack(package: &Path, state: &Path) -> Result<PathBuf> {
    let bytes = std::fs::read(package)
        .with_context(|| format!("cannot read {}; cargo xtask package", package.display()))?;
    let name = HEXLOWER.encode(&Sha256::digest(&bytes)[..16]);
    let folder = state.join("functions").join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    let fresh = folder.with_extension("new");
    ZipArchive::new(File::open(package)?)
        .and_then(|mut archive| archive.extract(&fresh))
        .with_context(|| format!("cannot unpack {}", package.display()))?;
    std::fs::rename(&fresh, &folder)?;
    Ok(folder)
}
