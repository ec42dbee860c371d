//! Several sounds and subtitles, from the upload to what a player chooses.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::process::Command;

    use vault_tests::films::{MANIFOLD, SHORT};
    use vault_tests::view::{Segment, is_transport_stream};
    use vault_tests::{people, sdk};

    const STREAMS: [&str; 4] = [
        "video.m3u8",
        "audio-1.m3u8",
        "audio-2.m3u8",
        "subtitles-1.m3u8",
    ];

    #[test]
    fn a_film_of_two_languages_offers_both_and_its_subtitles() {
        let owner = people::owner();
        let view = owner.view(&owner.ready(MANIFOLD));
        let master = view.master();
        let offered: Vec<_> = master
            .lines()
            .filter_map(|line| line.strip_prefix("#EXT-X-MEDIA:"))
            .collect();
        assert_eq!(
            offered,
            [
                r#"TYPE=AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio-1.m3u8""#,
                r#"TYPE=AUDIO,GROUP-ID="audio",NAME="German",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="audio-2.m3u8""#,
                r#"TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="German",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="subtitles-1.m3u8""#,
            ],
            "{master}"
        );
        for told in [
            "RESOLUTION=192x108,FRAME-RATE=25.000",
            r#",AUDIO="audio",SUBTITLES="subtitles""#,
        ] {
            assert!(master.contains(told), "{master}");
        }
        for name in STREAMS {
            let segments = view.stream(name);
            let seconds: f64 = segments.iter().map(|segment| segment.seconds).sum();
            assert!((31.9..32.2).contains(&seconds), "{name}: {seconds}");
        }
    }

    #[test]
    fn every_stream_is_sealed_by_the_keys_of_the_view_and_found_under_its_package() {
        let owner = people::owner();
        let asset = owner.ready(MANIFOLD);
        let view = owner.view(&asset);
        let keys: BTreeSet<_> = view.keys().into_iter().map(str::to_owned).collect();
        assert_eq!(keys.len(), 2, "two key periods");
        let (mut ivs, mut queries, mut count) = (BTreeSet::new(), BTreeSet::new(), 0);
        for name in STREAMS {
            let segments = view.stream(name);
            let own: BTreeSet<_> = segments.iter().map(|own| own.key.clone()).collect();
            assert_eq!(own, keys, "{name}");
            for segment in segments {
                count += 1;
                let (_, query) = segment.url.split_once('?').expect("a signature");
                queries.insert(query.to_owned());
                assert!(ivs.insert(segment.iv), "an IV of its own");
                let opened = segment.opened();
                let right = if name.starts_with("subtitles") {
                    opened.starts_with(b"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:")
                } else {
                    is_transport_stream(&opened)
                };
                assert!(right, "{name}");
            }
        }
        assert_eq!(queries.len(), 1, "one signature serves all streams");
        let stored = sdk::objects("MediaBucket", &format!("media/{asset}/"));
        assert_eq!(stored.len(), count, "and nothing else is there");
        assert_eq!(sdk::count_under("KeysTable", &asset), keys.len());
    }

    #[test]
    fn each_sound_is_the_sources_frame_for_frame_and_the_subtitles_are_its_text() {
        let owner = people::owner();
        let view = owner.view(&owner.ready(MANIFOLD));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        for (at, name) in ["audio-1.m3u8", "audio-2.m3u8"].into_iter().enumerate() {
            let segments = view.stream(name);
            let clear: Vec<u8> = segments.iter().flat_map(Segment::opened).collect();
            let file = folder.join(format!("{}-{at}.ts", vault_tests::unique()));
            std::fs::write(&file, clear).expect("written");
            let is = frames(&file, "0:a:0", &["-bsf:a", "aac_adtstoasc"]);
            let was = frames(&MANIFOLD.path(), &format!("0:a:{at}"), &[]);
            assert!(is.len() > 1000 && is == was, "{name}");
        }
        let texts = view.stream("subtitles-1.m3u8");
        let text = |at: usize| String::from_utf8(texts[at].opened()).expect("UTF-8");
        let whole = "\n00:00:01.000 --> 00:00:08.000\nGrüße &amp; mehr\n";
        assert!(text(0).contains(whole), "{}", text(0));
        assert!(text(1).contains(whole), "shown on: {}", text(1));
        assert!(text(1).contains("\nEnde\n"), "{}", text(1));
        assert!(!text(2).contains("-->"), "{}", text(2));
    }

    /// Hashes of the coded frames of a stream.
    fn frames(file: &Path, stream: &str, filter: &[&str]) -> Vec<String> {
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-i"])
            .arg(file)
            .args(["-map", stream, "-c", "copy"])
            .args(filter)
            .args(["-f", "framemd5", "-"])
            .output()
            .expect("ffmpeg");
        let text = String::from_utf8(made.stdout).expect("text");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .map(|line| line.split(',').nth(5).unwrap_or_default().trim().to_owned())
            .collect()
    }

    #[test]
    fn a_stream_that_is_not_there_is_not_found_and_none_is_once_the_film_is_withdrawn() {
        let owner = people::owner();
        let plain = owner.view(&owner.ready(SHORT));
        for name in ["audio-1.m3u8", "subtitles-1.m3u8"] {
            assert_eq!(plain.listed(name).status, 404, "{name}");
        }
        assert!(!plain.master().contains("EXT-X-MEDIA"));
        let asset = owner.ready(MANIFOLD);
        let view = owner.view(&asset);
        for name in [
            "audio-3.m3u8",
            "audio-0.m3u8",
            "audio-01.m3u8",
            "subtitles-2.m3u8",
        ] {
            assert_eq!(view.listed(name).status, 404, "{name}");
        }
        let german = view.stream("audio-2.m3u8").remove(0);
        owner.api.withdraw(&owner.access, &asset).expect(200);
        for name in STREAMS {
            assert_eq!(view.listed(name).status, 403, "{name}");
        }
        assert_eq!(owner.api.http.get(&german.key).status, 403);
    }
}
