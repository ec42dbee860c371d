//! Films that cannot be packaged as they were uploaded.

#[cfg(test)]
mod tests {
    use std::process::Command;

    use vault_tests::films::{MATROSKA, SHORT, VP9};
    use vault_tests::view::is_transport_stream;
    use vault_tests::{people, sdk, unique};

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
