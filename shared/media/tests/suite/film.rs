//! Films made for a test by ffmpeg.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs ffmpeg and expects it to succeed in silence.
pub(crate) fn ffmpeg(args: &[&str]) -> String {
    run("ffmpeg", &[&["-y", "-nostdin"], args].concat())
}

/// Runs a tool with errors as its only complaint, and expects none.
pub(crate) fn run(tool: &str, args: &[&str]) -> String {
    let output = Command::new(tool)
        .args(["-v", "error"])
        .args(args)
        .output()
        .unwrap_or_else(|fault| panic!("{tool} is needed for this test: {fault}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && said.is_empty(),
        "{tool} {args:?}: {said}"
    );
    String::from_utf8(output.stdout).expect("text")
}

/// A film of moving patterns and a tone; `args` are the encoders and the muxer.
pub(crate) fn make(dir: &Path, file: &str, source: Source, args: &[&str]) -> PathBuf {
    let out = dir.join(file);
    let picture = format!(
        "testsrc2=size=192x108:rate={}:duration={}",
        source.rate, source.seconds
    );
    let sound = format!(
        "sine=frequency=440:sample_rate=44100:duration={}",
        source.seconds
    );
    let mut all: Vec<&str> = Vec::new();
    if source.picture {
        all.extend(["-f", "lavfi", "-i", &picture]);
    }
    if source.sound {
        all.extend(["-f", "lavfi", "-i", &sound]);
    }
    all.extend(args);
    let out_name = out.to_str().expect("a plain path");
    all.push(out_name);
    ffmpeg(&all);
    out
}

/// What is filmed.
#[derive(Clone, Copy)]
pub(crate) struct Source {
    pub(crate) rate: &'static str,
    pub(crate) seconds: u32,
    pub(crate) picture: bool,
    pub(crate) sound: bool,
}

pub(crate) const SOURCE: Source = Source {
    rate: "25",
    seconds: 20,
    picture: true,
    sound: true,
};

/// H.264 with B-frames and a key frame every two seconds, AAC stereo.
pub(crate) const H264: &[&str] = &[
    "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-bf", "3", "-g", "50",
    "-c:a", "aac", "-ac", "2",
];
