//! Films whose index is too large to be held whole.

use std::path::Path;

use crate::drive::scratch;
use crate::film::{H264, ffmpeg};
use crate::films::faithful;
use crate::rewrite::bodies;

#[test]
fn a_film_of_many_frames_comes_out_as_it_went_in() {
    let dir = scratch("long");
    let name = |file: &str| dir.join(file).to_str().expect("a plain path").to_owned();
    let (short, out) = (name("short.mp4"), name("long.mp4"));
    // Pictures as small as they get: what counts is how many there are.
    let picture = "testsrc2=size=32x32:rate=50:duration=20";
    let sound = "sine=frequency=440:sample_rate=48000:duration=20";
    let inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound];
    ffmpeg(&[&inputs[..], H264, &[&short]].concat());
    ffmpeg(&["-stream_loop", "69", "-i", &short, "-c", "copy", &out]);
    let long = Path::new(&out);
    let film = std::fs::read(long).expect("the film");
    let index = bodies(&film, *b"moov").remove(0).len();
    assert!(index > 1 << 20, "an index of {index} octets");
    let packaged = faithful("long", long);
    assert!(packaged.segments.len() > 200);
    // Each row is read when the film is walked, when a segment's end is looked for, and when it is written.
    let tables = packaged.read_bytes - film.len() as u64;
    assert!(
        tables < 4 * index as u64,
        "{tables} octets of an index of {index}"
    );
}
