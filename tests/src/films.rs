//! Films: made once by ffmpeg and kept, and what a film should not be.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// A film of a moving pattern and a tone.
#[derive(Debug, Clone, Copy)]
pub struct Film {
    name: &'static str,
    seconds: u32,
    size: &'static str,
    encoders: &'static [&'static str],
}

/// H.264 and AAC, three key periods long.
pub const LONG: Film = Film {
    name: "long",
    seconds: 61,
    size: "192x108",
    encoders: H264,
};
/// H.264 and AAC, two segments.
pub const SHORT: Film = Film {
    name: "short",
    seconds: 9,
    size: "192x108",
    encoders: H264,
};
/// Enough octets for three parts of an upload.
pub const LARGE: Film = Film {
    name: "large-3",
    seconds: 8,
    size: "320x180",
    encoders: &[
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
        "-g",
        "50",
        "-qp",
        "0",
        "-vf",
        "noise=alls=60:allf=t",
        "-c:a",
        "aac",
    ],
};
/// H.264 and AAC of two megabits a second, with room for two variants; key frames at odd places.
pub const RICH: Film = Film {
    name: "rich-432",
    seconds: 30,
    size: "768x432",
    encoders: &[
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
        "-g",
        "77",
        "-crf",
        "26",
        "-vf",
        "noise=alls=8:allf=t",
        "-c:a",
        "aac",
    ],
};
/// H.264, two sounds (English, and German at half the volume) and German subtitles; two key periods long.
pub const MANIFOLD: Film = Film {
    name: "manifold",
    seconds: 32,
    size: "192x108",
    encoders: &[
        "-f",
        "srt",
        "-i",
        GERMAN,
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-map",
        "1:a",
        "-map",
        "2:s",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-pix_fmt",
        "yuv420p",
        "-bf",
        "3",
        "-g",
        "50",
        "-c:a",
        "aac",
        "-ac",
        "2",
        "-filter:a:1",
        "volume=0.5",
        "-c:s",
        "mov_text",
        "-metadata:s:a:0",
        "language=eng",
        "-metadata:s:a:1",
        "language=ger",
        "-metadata:s:s:0",
        "language=ger",
    ],
};
/// "Grüße & mehr" from 1 s to 8 s, "Ende" in bold from 8.5 s to 8.9 s, as `SubRip`.
const GERMAN: &str = "data:application/x-subrip;base64,MQowMDowMDowMSwwMDAgLS0+IDAwOjAwOjA4LDAwMApHcsO8w59lICYgbWVocgoKMgowMDowMDowOCw1MDAgLS0+IDAwOjAwOjA4LDkwMAo8Yj5FbmRlPC9iPgoK";
/// VP9 in MP4, which is not packaged.
pub const VP9: Film = Film {
    name: "vp9",
    seconds: 1,
    size: "64x36",
    encoders: &["-c:v", "libvpx-vp9", "-deadline", "realtime", "-an"],
};
/// Matroska of VP8 and Opus, in two languages and with German subtitles.
pub const MATROSKA: Film = Film {
    name: "matroska",
    seconds: 9,
    size: "192x108",
    encoders: &[
        "-f",
        "srt",
        "-i",
        GERMAN,
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-map",
        "1:a",
        "-map",
        "2:s",
        "-c:v",
        "libvpx",
        "-deadline",
        "realtime",
        "-c:a",
        "libopus",
        "-c:s",
        "srt",
        "-metadata:s:a:0",
        "language=eng",
        "-metadata:s:a:1",
        "language=ger",
        "-metadata:s:s:0",
        "language=ger",
        "-f",
        "matroska",
    ],
};

const H264: &[&str] = &[
    "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-bf", "3", "-g", "50",
    "-c:a", "aac", "-ac", "2",
];

impl Film {
    /// The file.
    ///
    /// # Panics
    /// ffmpeg is not there or fails.
    pub fn path(self) -> PathBuf {
        static MAKING: Mutex<()> = Mutex::new(());
        let _alone = MAKING
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-films");
        let path = folder.join(format!("{}.mp4", self.name));
        if !path.is_file() {
            std::fs::create_dir_all(&folder).expect("a folder for films");
            let fresh = folder.join(format!("{}-{}.mp4", self.name, crate::unique()));
            self.make(&fresh);
            std::fs::rename(fresh, &path).expect("a film in its place");
        }
        path
    }

    /// Its octets.
    pub fn octets(self) -> Vec<u8> {
        std::fs::read(self.path()).expect("the film")
    }

    fn make(self, path: &Path) {
        let picture = format!(
            "testsrc2=size={}:rate=25:duration={}",
            self.size, self.seconds
        );
        let sound = format!(
            "sine=frequency=440:sample_rate=44100:duration={}",
            self.seconds
        );
        let made = Command::new("ffmpeg")
            .args([
                "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", &picture, "-f", "lavfi",
                "-i", &sound,
            ])
            .args(self.encoders)
            .args(["-movflags", "+faststart"])
            .arg(path)
            .output()
            .expect("ffmpeg, which `cargo xtask test` installs");
        assert!(
            made.status.success(),
            "ffmpeg: {}",
            String::from_utf8_lossy(&made.stderr)
        );
    }
}

/// A film whose index, and no more, claims 2^31 - 1 samples of four octets.
pub fn two_to_the_31_samples() -> Vec<u8> {
    let mut film = SHORT.octets();
    let at = film
        .windows(4)
        .position(|kind| kind == b"stsz")
        .expect("a table of sizes");
    // After the kind: version and flags, one size for all, how many.
    film[at + 8..at + 12].copy_from_slice(&4_u32.to_be_bytes());
    film[at + 12..at + 16].copy_from_slice(&(u32::MAX >> 1).to_be_bytes());
    film
}

/// A film with one octet of its index changed: the kind of its first track.
pub fn mutated() -> Vec<u8> {
    let mut film = SHORT.octets();
    let at = film
        .windows(4)
        .position(|kind| kind == b"stbl")
        .expect("tables");
    film[at] = b'x';
    film
}
