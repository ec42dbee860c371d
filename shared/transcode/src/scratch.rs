//! Scratch space: a folder of this process, with the source and what comes out.

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};

use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use vault_domain::preview::MAX_PICTURE_OCTETS;

/// The source's name in the folder. It says nothing: what a file is, its content tells.
pub(crate) const SOURCE: &str = "source";
/// The name of what comes out.
pub(crate) const OUTCOME: &str = "outcome.mp4";

/// The name of the poster.
pub(crate) const POSTER: &str = "poster.jpg";

/// The name of a sheet of the storyboard, from 0.
fn sheet(at: u32) -> String {
    format!("sheet-{at}.jpg")
}

/// What the names of sheets are made by.
pub(crate) const SHEETS: &str = "sheet-%d.jpg";

pub(crate) struct Scratch {
    parent: PathBuf,
    folder: PathBuf,
}

impl Scratch {
    /// Under `parent`, by the number of this process: others may share it.
    pub(crate) fn new(parent: PathBuf) -> Self {
        let folder = parent.join(format!("{PREFIX}{}", std::process::id()));
        Self { parent, folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Leaves an empty folder. What processes that are no more left beside it goes too: an environment outlives them.
    pub(crate) async fn clear(&self) -> io::Result<()> {
        tokio::fs::create_dir_all(&self.parent).await?;
        let mut entries = tokio::fs::read_dir(&self.parent).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
            let Some(process) = process.and_then(|number| number.parse::<u32>().ok()) else {
                continue;
            };
            let lives = Path::new("/proc").join(process.to_string()).exists();
            if process == std::process::id() || !lives {
                gone(tokio::fs::remove_dir_all(entry.path()).await)?;
            }
        }
        tokio::fs::create_dir_all(&self.folder).await
    }

    pub(crate) async fn append(&self, octets: &[u8]) -> io::Result<()> {
        let path = self.folder.join(SOURCE);
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .await?;
        file.write_all(octets).await?;
        file.flush().await
    }

    /// The octets of what came out.
    pub(crate) async fn outcome(&self) -> io::Result<u64> {
        Ok(tokio::fs::metadata(self.folder.join(OUTCOME)).await?.len())
    }

    /// Removes pictures of before, so that none is taken for what comes out next.
    pub(crate) async fn clear_pictures(&self) -> io::Result<()> {
        let mut entries = tokio::fs::read_dir(&self.folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            if entry.file_name() != SOURCE {
                gone(tokio::fs::remove_file(entry.path()).await)?;
            }
        }
        Ok(())
    }

    /// The poster and so many sheets, of those that there are. Of what is too large no more is read than it takes to see that.
    pub(crate) async fn pictures(&self, sheets: u32) -> io::Result<(Vec<u8>, Vec<Vec<u8>>)> {
        let poster = self.picture(POSTER).await?.unwrap_or_default();
        let mut all = Vec::new();
        for at in 0..sheets {
            match self.picture(&sheet(at)).await? {
                Some(octets) => all.push(octets),
                None => break,
            }
        }
        Ok((poster, all))
    }

    async fn picture(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(self.folder.join(name)).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut octets = Vec::new();
        let most = u64::try_from(MAX_PICTURE_OCTETS + 1).unwrap_or(u64::MAX);
        file.take(most).read_to_end(&mut octets).await?;
        Ok(Some(octets))
    }

    pub(crate) async fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.folder.join(OUTCOME)).await?;
        file.seek(SeekFrom::Start(offset)).await?;
        let mut octets = vec![0; len];
        file.read_exact(&mut octets).await?;
        Ok(octets)
    }
}

const PREFIX: &str = "workshop-";

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
