//! Where things are: the clone, the cache shared by all clones, the ports.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

const DEFAULT_PORT: u16 = 4566;

/// What every task starts from. Read once from the environment.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// The clone's root folder.
    pub(crate) root: PathBuf,
    /// Tools and downloads, shared by all clones of this user.
    pub(crate) cache: PathBuf,
    /// The first of the ports in use; see [`crate::cloud::Ports`].
    pub(crate) base_port: u16,
}

impl Context {
    pub(crate) fn from_env() -> Result<Self> {
        let manifest =
            variable("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest)
            .parent()
            .context("xtask lies in the root folder")?;
        let cache = variable("REELVAULT_CACHE")
            .map(PathBuf::from)
            .map_or_else(default_cache, Ok)?;
        let base_port = match variable("REELVAULT_PORT") {
            None => DEFAULT_PORT,
            Some(port) => port
                .parse()
                .with_context(|| format!("REELVAULT_PORT is not a port: {port}"))?,
        };
        Ok(Self {
            root: root.to_owned(),
            cache,
            base_port,
        })
    }

    /// The folder for everything this tool makes, whatever `CARGO_TARGET_DIR` says: the template
    /// names the function packages in it.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// The browser's drivers, and beside them in `node_modules` what they and the page need.
    pub(crate) fn players(&self) -> PathBuf {
        self.root.join("tests/players")
    }

    /// What people upload with, one folder each.
    pub(crate) fn uploaders(&self) -> PathBuf {
        self.root.join("tests/uploaders")
    }

    /// The package of a function, where `template.yaml` expects it.
    pub(crate) fn function_zip(&self, function: &str) -> PathBuf {
        self.target()
            .join("lambda")
            .join(function)
            .join("bootstrap.zip")
    }

    /// Names of the functions, which are the names of their crates and folders.
    pub(crate) fn functions(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.root.join("functions"))? {
            let entry = entry?;
            if entry.path().join("Cargo.toml").is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}

fn default_cache() -> Result<PathBuf> {
    let home = variable("HOME").context("HOME is not set; set REELVAULT_CACHE to a folder")?;
    Ok(Path::new(&home).join(".cache/reelvault"))
}

/// A variable of the environment; empty counts as absent.
#[expect(
    clippy::disallowed_methods,
    reason = "a tool is configured by its environment; this is the one look-up"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
