//! Films that ffmpeg makes, and a folder for each test.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use vault_domain::conversion::Probe;
use vault_domain::ports::{Clock, Workshop as _};
use vault_domain::time::Timestamp;
use vault_transcode::FfmpegWorkshop;

pub(crate) struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp(1_000_000)
    }
}

/// A folder of one test, removed with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Has ffmpeg make a film.
    pub(crate) fn film(&self, name: &str, arguments: &str) -> Vec<u8> {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.current_dir(&self.0).args(["-v", "error", "-y"]);
        ffmpeg.args(arguments.split_whitespace()).arg(name);
        assert!(ffmpeg.status().unwrap().success(), "{arguments}");
        std::fs::read(self.0.join(name)).unwrap()
    }

    /// A program in the place of ffmpeg.
    pub(crate) fn program(&self, name: &str, script: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;

        let path = self.0.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) fn workshop(&self) -> FfmpegWorkshop {
        FfmpegWorkshop::new("ffmpeg", self.0.join("scratch"), Arc::new(Noon))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) const PICTURES: &str = "-f lavfi -i testsrc2=s=320x180:r=25:d=5";
pub(crate) const SOUND: &str = "-f lavfi -i sine=f=440:d=5";

pub(crate) async fn probed(workshop: &FfmpegWorkshop, film: &[u8]) -> Result<Probe, &'static str> {
    workshop.clear().await.unwrap();
    for piece in film.chunks(100_000) {
        workshop.bring(piece).await.unwrap();
    }
    workshop.probe().await.unwrap().map_err(|fault| fault.code)
}
