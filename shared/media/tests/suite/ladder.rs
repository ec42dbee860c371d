//! Variants of films: coded anew by ffmpeg, cut where the film is cut, on the film's clock.

use std::path::{Path, PathBuf};

use vault_domain::packaging::{Guide, Presentation};

use crate::drive::{PLAN, Packaged, follow, package, scratch};
use crate::film::{H264, SOURCE, Source, ffmpeg, make};
use crate::probe::packets;

/// Where pictures stand in what came out, in ticks of the transport stream.
fn shown(dir: &Path, name: &str, packaged: &Packaged) -> Vec<i64> {
    let path = dir.join(name);
    std::fs::write(&path, packaged.plain().concat()).expect("a file");
    let mut shown: Vec<_> = packets(&path, "v:0")
        .iter()
        .map(|p| ticks(p.show))
        .collect();
    shown.sort_unstable();
    shown
}

#[expect(clippy::cast_possible_truncation, reason = "times of a short film")]
fn ticks(seconds: f64) -> i64 {
    (seconds * 90_000.0).round() as i64
}

/// The film at half its lines, with key frames where the film is cut; `more` comes before the input.
fn coded(film: &Path, told: &Presentation, more: &[&str]) -> PathBuf {
    let ends = Guide::of(told).expect("a clock").ends;
    let forced: Vec<_> = ends[..ends.len() - 1]
        .iter()
        .map(|end| (end - 90) * 100 / 9)
        .collect();
    let forced: Vec<_> = forced.iter().map(|at| format!("{at}us")).collect();
    let forced = forced.join(",");
    let out = film.with_extension("variant.mp4");
    let (source, target) = (film.to_str().expect("plain"), out.to_str().expect("plain"));
    let mut words = more.to_vec();
    words.extend(["-copyts", "-i", source, "-map", "0:V:0", "-map", "0:a:0?"]);
    words.extend([
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-vf",
        "scale=-2:ih/2",
    ]);
    words.extend(["-maxrate", "300k", "-bufsize", "600k", "-fps_mode", "vfr"]);
    words.extend(["-enc_time_base", "-1", "-force_key_frames", &forced]);
    words.extend(["-c:a", "copy", "-movflags", "+faststart", target]);
    ffmpeg(&words);
    out
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file")
}

#[test]
fn a_variant_has_the_films_segments_and_its_pictures_come_at_the_same_times() {
    let dir = scratch("ladder-variants");
    let odd = Source {
        rate: "30000/1001",
        ..SOURCE
    };
    let silent = Source {
        sound: false,
        ..SOURCE
    };
    // Key frames at odd places; B-frames, which a variant codes otherwise; an edit list that cuts into the film.
    let wild = [H264, &["-g", "77", "-bf", "0"]].concat();
    let late = [&["-output_ts_offset", "1.5"], H264].concat();
    let silence = &H264[..10];
    for (name, source, args) in [
        ("plain.mp4", SOURCE, H264),
        ("ntsc.mp4", odd, &wild[..]),
        ("late.mov", SOURCE, &late[..]),
        ("silent.mp4", silent, silence),
    ] {
        let film = make(&dir, name, source, args);
        let base = package(&read(&film), PLAN).expect("a film");
        let variant = follow(&read(&coded(&film, &base.told, &[])), &base.told).expect(name);
        let cut = |packaged: &Packaged| -> Vec<_> {
            let segments = packaged.told.segments.iter();
            segments.map(|own| (own.ticks, own.period)).collect()
        };
        assert_eq!(cut(&variant), cut(&base), "{name}");
        assert_eq!(variant.told.timing, base.told.timing, "{name}");
        let (own, film) = (
            shown(&dir, "variant.ts", &variant),
            shown(&dir, "film.ts", &base),
        );
        assert_eq!(own.len(), film.len(), "{name}: every picture is there");
        let furthest = own
            .iter()
            .zip(&film)
            .map(|(own, film)| own.abs_diff(*film))
            .max();
        assert!(furthest <= Some(2), "{name}: {furthest:?} ticks apart");
        assert!(
            variant.told.peak_bandwidth < base.told.peak_bandwidth,
            "{name}"
        );
    }
}

#[test]
fn a_film_that_follows_itself_comes_out_the_same() {
    let dir = scratch("ladder-itself");
    let film = read(&make(&dir, "film.mp4", SOURCE, H264));
    let base = package(&film, PLAN).expect("a film");
    let again = follow(&film, &base.told).expect("a film");
    assert!(again.segments == base.segments);
}

#[test]
fn what_has_no_key_frame_where_the_film_is_cut_or_another_length_is_refused() {
    let dir = scratch("ladder-unaligned");
    let film = make(&dir, "film.mp4", SOURCE, H264);
    let base = package(&read(&film), PLAN).expect("a film");
    let sparse = [H264, &["-g", "333", "-sc_threshold", "0"]].concat();
    let sparse = make(&dir, "sparse.mp4", SOURCE, &sparse);
    let short = coded(&film, &base.told, &["-t", "13"]);
    for other in [sparse, short] {
        let refused = follow(&read(&other), &base.told)
            .err()
            .map(|fault| fault.code);
        assert_eq!(refused, Some("not_aligned"), "{}", other.display());
    }
}

#[test]
fn sounds_of_a_variants_file_are_left_out_where_the_film_has_them_in_streams_of_their_own() {
    let dir = scratch("ladder-sounds");
    let one = make(&dir, "one.mp4", SOURCE, H264);
    let doubled = |film: &Path, name: &str| {
        let out = dir.join(name);
        let (source, target) = (film.to_str().expect("plain"), out.to_str().expect("plain"));
        let tracks = ["-map", "0:V", "-map", "0:a", "-map", "0:a"];
        let words = [
            &["-copyts", "-i", source][..],
            &tracks,
            &["-c", "copy", target],
        ];
        ffmpeg(&words.concat());
        out
    };
    let film = doubled(&one, "two.mp4");
    let base = package(&read(&film), PLAN).expect("a film");
    assert_eq!(base.told.renditions.len(), 2);
    let heard = doubled(&coded(&film, &base.told, &[]), "heard.mp4");
    let variant = follow(&read(&heard), &base.told).expect("a variant");
    assert_eq!(variant.told.codecs.len(), 1, "pictures alone");
    assert!(variant.told.renditions.is_empty());
    assert_eq!(variant.told.segments.len(), base.told.segments.len());
    assert_eq!(variant.segments.len(), variant.told.segments.len());
}
