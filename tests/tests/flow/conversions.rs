//! Films that cannot be packaged as they were uploaded.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::process::Command;

    use serde_json::json;
    use vault_tests::api::refused;
    use vault_tests::films::{MATROSKA, RICH, SHORT, VP9};
    use vault_tests::view::Segment;
    use vault_tests::view::is_transport_stream;
    use vault_tests::{Http, people, sdk, unique};

    #[test]
    fn a_matroska_film_of_two_languages_is_converted_and_played_as_any_other() {
        let owner = people::owner();
        let asset = owner.ready(MATROSKA);
        let view = owner.view(&asset);
        let master = view.master();
        for told in [
            "RESOLUTION=192x108,FRAME-RATE=25.000",
            "CODECS=\"avc1.64",
            "LANGUAGE=\"en\"",
            "TYPE=SUBTITLES",
        ] {
            assert!(master.contains(told), "{told}: {master}");
        }
        let mut seconds = 0.0;
        for segment in view.stream("video.m3u8") {
            assert!(is_transport_stream(&segment.opened()));
            seconds += segment.seconds;
        }
        assert!((8.9..9.2).contains(&seconds), "{seconds}");
        let stored = sdk::objects("MediaBucket", &format!("media/{asset}/"));
        let package = stored.iter().map(|key| key.split('/').nth(2));
        let packages: std::collections::BTreeSet<_> = package.collect();
        assert_eq!(
            packages.len(),
            1,
            "of the run that found it out nothing is left"
        );
    }

    /// When the pictures of a stream are shown, as ffprobe sees them.
    fn shown(segments: &[Segment]) -> BTreeSet<String> {
        let octets: Vec<u8> = segments.iter().flat_map(Segment::opened).collect();
        let path = std::env::temp_dir().join(format!("stream-{}.ts", unique()));
        std::fs::write(&path, octets).expect("a file");
        let mut ffprobe = Command::new("ffprobe");
        ffprobe.args(["-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"]);
        ffprobe.args(["-show_entries", "packet=pts"]).arg(&path);
        let told = ffprobe.output().expect("ffprobe");
        std::fs::remove_file(&path).expect("a file of ours");
        assert!(told.status.success());
        let told = String::from_utf8(told.stdout).expect("text");
        told.lines()
            .map(|line| line.trim_end_matches(',').to_owned())
            .collect()
    }

    #[test]
    fn a_film_gets_variants_that_are_cut_where_it_is_and_share_its_keys() {
        let owner = people::owner();
        for film in [RICH.path(), matroska(&RICH.path())] {
            let asset = owner.upload(&std::fs::read(&film).expect("a film"));
            assert_eq!(owner.settled(&asset)["state"], "ready");
            let before = owner.view(&asset).master();
            assert!(!before.contains("video-"), "{before}");
            let asked = owner.laddered(&asset);
            let variants = asked["variants"].as_array().expect("variants");
            assert!(variants.len() >= 2, "{asked}");
            let view = owner.view(&asset);
            let master = view.master();
            let own = view.stream("video.m3u8");
            let pictures = shown(&own);
            let keys = |segments: &[Segment]| -> Vec<_> {
                segments
                    .iter()
                    .map(|s| (s.key.clone(), s.seconds.to_bits()))
                    .collect()
            };
            for variant in variants {
                assert_eq!(variant["stage"], "ready", "{asked}");
                let name = format!("video-{}.m3u8", variant["lines"]);
                assert!(master.contains(&format!("\n{name}\n")), "{master}");
                let segments = view.stream(&name);
                assert_eq!(keys(&segments), keys(&own), "{name}");
                assert_eq!(shown(&segments), pictures, "{name}");
            }
            for variant in variants {
                is_a_file(&owner, &asset, variant);
            }
            let again = owner.laddered(&asset);
            assert_eq!(again["variants"], asked["variants"], "made once");
        }
    }

    /// A variant comes as a file with pictures of so many lines, and sound.
    fn is_a_file(owner: &people::Person, asset: &str, variant: &serde_json::Value) {
        let wish = json!({ "rendition": format!("{}p", variant["lines"]) });
        let token = owner.api.download_token(&owner.access, asset);
        let path = format!("/v1/assets/{asset}/download");
        let told = owner
            .api
            .post(&path, Some(&token), &wish)
            .expect(201)
            .json();
        assert_eq!(
            (&told["size"], &told["content_type"]),
            (&variant["size"], &json!("video/mp4"))
        );
        let name = told["filename"].as_str().expect("a name");
        assert!(
            name.ends_with(&format!(" ({}p).mp4", variant["lines"])),
            "{name}"
        );
        let file = Http::default()
            .get(told["url"].as_str().expect("a URL"))
            .expect(200);
        assert_eq!(json!(file.body.len()), variant["size"]);
        let kept = std::env::temp_dir().join(format!("rendition-{}.mp4", unique()));
        std::fs::write(&kept, &file.body).expect("a file");
        let mut ffprobe = Command::new("ffprobe");
        ffprobe.args([
            "-v",
            "error",
            "-show_entries",
            "stream=codec_name,width,height",
            "-of",
            "csv=p=0",
        ]);
        let probed = ffprobe.arg(&kept).output().expect("ffprobe");
        std::fs::remove_file(&kept).expect("a file of ours");
        let shown = String::from_utf8(probed.stdout).expect("text");
        let mut streams: Vec<_> = shown.lines().collect();
        streams.sort_unstable();
        let [sound, pictures] = streams[..] else {
            panic!("{shown}");
        };
        assert_eq!(sound, "aac");
        assert!(
            pictures.starts_with("h264,") && pictures.ends_with(&format!(",{}", variant["lines"])),
            "{pictures}"
        );
    }

    /// The same film in a container that has to be converted.
    fn matroska(film: &std::path::Path) -> std::path::PathBuf {
        let out = std::env::temp_dir().join(format!("ladder-{}.mkv", unique()));
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg
            .args(["-v", "error", "-nostdin", "-y", "-i"])
            .arg(film);
        let made = ffmpeg.args(["-c", "copy"]).arg(&out).status();
        assert!(made.expect("ffmpeg").success());
        out
    }

    #[test]
    fn a_film_that_is_small_already_gets_no_variant_and_none_that_does_not_play() {
        let owner = people::owner();
        let asset = owner.ready(SHORT);
        let path = format!("/v1/assets/{asset}/ladder");
        let asked = owner.api.post_nothing(&path, &owner.access);
        assert_eq!(asked.expect(202).json()["variants"], json!([]));
        owner.api.withdraw(&owner.access, &asset).expect(200);
        let asked = owner.api.post_nothing(&path, &owner.access);
        refused(&asked, 403, "asset_withdrawn");
    }

    #[test]
    fn what_a_phone_turned_is_upright_for_every_player() {
        let lying = SHORT.path();
        let turned = std::env::temp_dir().join(format!("turned-{}.mp4", unique()));
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg
            .args(["-v", "error", "-nostdin", "-y", "-i"])
            .arg(lying);
        ffmpeg
            .args(["-c", "copy", "-metadata:s:v:0", "rotate=90"])
            .arg(&turned);
        assert!(ffmpeg.status().expect("ffmpeg").success());
        let octets = std::fs::read(&turned).expect("a film");
        std::fs::remove_file(&turned).expect("a film of ours");
        let owner = people::owner();
        let asset = owner.upload(&octets);
        let status = owner.settled(&asset);
        assert_eq!(status["state"], "ready", "{status}");
        let master = owner.view(&asset).master();
        assert!(master.contains("RESOLUTION=108x192"), "{master}");
    }

    #[test]
    fn an_mp4_of_another_codec_is_converted_and_its_original_is_kept() {
        let owner = people::owner();
        let asset = owner.ready(VP9);
        assert!(owner.view(&asset).master().contains("avc1.64"));
        let sources = sdk::objects(
            "UploadsBucket",
            &format!("uploads/{}/{asset}/", owner.organisation),
        );
        assert_eq!(sources.len(), 1, "{sources:?}");
    }
}
