//! bcrypt alone, in a process of its own: what nobody who keeps passwords by it can go below.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use anyhow::{Context as _, Result, bail};

use super::super::contest::Worker;
use super::super::usage::{self, Usage};
use crate::proc;

/// A running `bcrypt_floor`; it ends when this is dropped.
pub(super) struct Floor {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Floor {
    pub(super) fn start(program: &Path, password: &str) -> Result<Self> {
        let mut child = proc::command(program)
            .arg(password)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let input = child.stdin.take().context("no pipe")?;
        let output = BufReader::new(child.stdout.take().context("no pipe")?);
        let mut floor = Self {
            child,
            input,
            output,
        };
        floor.told("ready")?;
        Ok(floor)
    }

    fn told(&mut self, expected: &str) -> Result<()> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.trim() != expected {
            bail!("bcrypt_floor: not {expected} but {line:?}");
        }
        Ok(())
    }
}

impl Worker for Floor {
    fn once(&mut self) -> Result<()> {
        self.input.write_all(b"\n")?;
        self.told("true")
    }

    fn usage(&self) -> Result<Usage> {
        usage::of_running(self.child.id())
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
