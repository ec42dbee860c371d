//! One run of the program.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

/// Octets of what it says that are kept; the rest is read and let go, so that it never waits for us.
const KEPT: u64 = 64 << 10;

pub(crate) struct Program(PathBuf);

/// How a run ended.
#[derive(Debug)]
pub(crate) enum End {
    /// It did what it was asked, and said this.
    Done(String),
    /// It could not, and said this.
    Refused(String),
    /// It was ended, having run for as long as it may.
    TimedOut,
}

impl Program {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Runs it in `folder` for `seconds` at most.
    ///
    /// An error is one of the machine: it did not start, or somebody else ended it.
    pub(crate) async fn run(
        &self,
        folder: &Path,
        arguments: &[String],
        seconds: u64,
    ) -> io::Result<End> {
        let mut told = Vec::new();
        let room = usize::try_from(KEPT).unwrap_or(usize::MAX);
        let keep = |octets: &[u8]| {
            let left = room.saturating_sub(told.len()).min(octets.len());
            told.extend_from_slice(&octets[..left]);
        };
        let ended = self.pour(folder, arguments, seconds, keep).await?;
        Ok(match ended {
            End::Done(_) => End::Done(String::from_utf8_lossy(&told).into_owned()),
            other => other,
        })
    }

    /// Runs it likewise, and gives what it writes to its output to `sink`, piece by piece: all that it does not say.
    pub(crate) async fn pour(
        &self,
        folder: &Path,
        arguments: &[String],
        seconds: u64,
        mut sink: impl FnMut(&[u8]),
    ) -> io::Result<End> {
        // Whoever takes over the decoder runs as our user: our environment and memory, and the credentials in them, are
        // not to be read through /proc (prctl(2), PR_SET_DUMPABLE). The program itself is dumpable again by its start.
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
        let mut child = Command::new(&self.0)
            .args(arguments)
            .env_clear()
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (told, complaint) = (child.stdout.take(), child.stderr.take());
        let all = async {
            let (poured, complaint) = tokio::join!(poured(told, &mut sink), kept(complaint));
            poured?;
            Ok::<_, io::Error>((child.wait().await?, complaint?))
        };
        let limit = Duration::from_secs(seconds);
        let Ok(ended) = tokio::time::timeout(limit, all).await else {
            // Dropped here, and with it the process.
            child.kill().await?;
            return Ok(End::TimedOut);
        };
        let (status, complaint) = ended?;
        if status.success() {
            return Ok(End::Done(String::new()));
        }
        if status.code().is_none() {
            let last = complaint.lines().last().unwrap_or_default();
            return Err(io::Error::other(format!(
                "ffmpeg ended by {status}: {last}"
            )));
        }
        Ok(End::Refused(complaint))
    }
}

/// The first octets that are said, as text; all of it is read.
async fn kept(stream: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let Some(mut stream) = stream else {
        return Ok(String::new());
    };
    let mut octets = Vec::new();
    (&mut stream).take(KEPT).read_to_end(&mut octets).await?;
    let mut rest = [0; 4096];
    while stream.read(&mut rest).await? > 0 {}
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

/// All that is written, to whoever wants it.
async fn poured(
    stream: Option<impl AsyncRead + Unpin>,
    sink: &mut impl FnMut(&[u8]),
) -> io::Result<()> {
    let Some(mut stream) = stream else {
        return Ok(());
    };
    let mut piece = vec![0; 64 << 10];
    loop {
        match stream.read(&mut piece).await? {
            0 => return Ok(()),
            read => sink(&piece[..read]),
        }
    }
}
