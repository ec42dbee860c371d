//! Posters, storyboards and waveforms: made of a real film, and handed out to those who may watch it.

#[cfg(test)]
mod tests {
    use std::process::Command;

    use serde_json::{Value, json};
    use vault_tests::api::{refused, url};
    use vault_tests::http::Request;
    use vault_tests::people::Person;
    use vault_tests::{Http, people, sdk, unique};

    const COLOURS: [&str; 5] = ["red", "lime", "blue", "white", "yellow"];

    /// A film of five seconds, each of another colour, and a sound.
    fn colourful() -> Vec<u8> {
        let out = std::env::temp_dir().join(format!("colours-{}.mp4", unique()));
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-nostdin", "-y"]);
        for colour in COLOURS {
            let source = format!("color={colour}:s=320x180:r=25:d=1");
            ffmpeg.args(["-f", "lavfi", "-i", &source]);
        }
        ffmpeg.args(["-f", "lavfi", "-i", "sine=f=440:d=5", "-filter_complex"]);
        ffmpeg.args(["[0][1][2][3][4]concat=n=5[v]", "-map", "[v]", "-map", "5:a"]);
        ffmpeg.args(["-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "25"]);
        ffmpeg.args(["-c:a", "aac"]).arg(&out);
        assert!(ffmpeg.status().expect("ffmpeg").success());
        let octets = std::fs::read(&out).expect("a film");
        std::fs::remove_file(&out).expect("a film of ours");
        octets
    }

    /// The part of a picture that a spatial fragment names, as one colour.
    fn colour(picture: &[u8], fragment: &str) -> [u8; 3] {
        let place = fragment.strip_prefix("xywh=").expect("a place");
        let [x, y, width, height] = place.split(',').collect::<Vec<_>>()[..] else {
            panic!("{fragment}");
        };
        let path = std::env::temp_dir().join(format!("sheet-{}.jpg", unique()));
        std::fs::write(&path, picture).expect("a file");
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-i"]).arg(&path);
        let crop = format!("crop={width}:{height}:{x}:{y},scale=1:1");
        ffmpeg.args(["-vf", &crop, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]);
        let seen = ffmpeg.output().expect("ffmpeg");
        std::fs::remove_file(&path).expect("a file of ours");
        seen.stdout.try_into().expect("three octets")
    }

    fn playing(owner: &Person) -> String {
        let asset = owner.upload(&colourful());
        assert_eq!(owner.settled(&asset)["state"], "ready");
        asset
    }

    /// What the opening of a view tells.
    fn opened(owner: &Person, asset: &str) -> Value {
        let token = owner.api.media_token(&owner.access, asset);
        owner.api.open(&token, asset).expect(201).json()
    }

    fn of(view: &Value, name: &str) -> String {
        let url = view["previews"][name].as_str();
        url.unwrap_or_else(|| panic!("no {name}: {view}"))
            .to_owned()
    }

    #[test]
    fn a_film_shows_at_each_time_of_its_storyboard_what_it_shows_there() {
        let owner = people::owner();
        let asset = playing(&owner);
        assert!(opened(&owner, &asset)["previews"].is_null());
        let told = owner.previewed(&asset);
        let kinds = json!(["poster", "storyboard", "waveform"]);
        assert_eq!(told, json!({ "stage": "ready", "kinds": kinds }));
        let view = opened(&owner, &asset);
        let http = Http::default();
        let page = "https://app.example.org";
        let get = |url: &str| {
            let reply = http.send(&Request::new("GET", url).header("origin", page));
            let reply = reply.expect(200);
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
            reply
        };
        let poster = get(&of(&view, "poster"));
        assert_eq!(poster.header("content-type"), Some("image/jpeg"));
        assert!(poster.body.starts_with(&[0xFF, 0xD8, 0xFF]));
        let place = of(&view, "storyboard");
        let storyboard = get(&place);
        assert_eq!(storyboard.header("content-type"), Some("text/vtt"));
        let text = storyboard.text();
        let cues: Vec<_> = text.split("\n\n").skip(1).collect();
        assert_eq!(cues.len(), 5, "{text}");
        let (folder, _) = place.rsplit_once('/').expect("a folder");
        let seen = cues.iter().map(|cue| {
            let (_, named) = cue.split_once('\n').expect("a place");
            let (sheet, fragment) = named.trim().split_once('#').expect("a part of it");
            let sheet = get(&format!("{folder}/{sheet}"));
            assert_eq!(sheet.header("content-type"), Some("image/jpeg"));
            colour(&sheet.body, fragment).map(|part| part > 128)
        });
        let seen: Vec<_> = seen.collect();
        let colours = [
            [true, false, false],
            [false, true, false],
            [false, false, true],
            [true, true, true],
            [true, true, false],
        ];
        assert_eq!(seen, colours);
        let waveform = get(&of(&view, "waveform"));
        assert_eq!(waveform.header("content-type"), Some("application/json"));
        let waveform = waveform.json();
        let data = waveform["data"].as_array().expect("data");
        assert_eq!(waveform["length"].as_u64(), Some(data.len() as u64 / 2));
        assert!(
            data.iter()
                .any(|value| value.as_i64().is_some_and(|peak| peak > 8))
        );
        assert_eq!(owner.previewed(&asset), told, "made once");
    }

    #[test]
    fn previews_lie_where_no_signature_of_a_view_leads_and_are_no_pictures_there() {
        let owner = people::owner();
        let asset = playing(&owner);
        owner.previewed(&asset);
        let stored = sdk::objects("MediaBucket", &format!("media/{asset}/"));
        let previews: Vec<_> = stored
            .iter()
            .filter(|key| key.contains("/previews/"))
            .collect();
        assert_eq!(previews.len(), 4, "{stored:?}");
        let view = owner.view(&asset);
        let segment = &view.segments[0].url;
        let (path, query) = segment.split_once('?').expect("a signature");
        let (package, _) = path.rsplit_once('/').expect("a package");
        let (base, _) = package.split_once("/media/").expect("a base");
        let http = Http::default();
        for key in previews {
            let object = sdk::object("MediaBucket", key);
            assert!(!object.windows(3).any(|part| part == [0xFF, 0xD8, 0xFF]));
            assert!(!object.starts_with(b"WEBVTT") && !object.starts_with(b"{"));
            let refused = http.get(&format!("{base}/{key}?{query}"));
            assert_eq!(refused.status, 403, "{key}");
        }
    }

    #[test]
    fn a_view_that_is_over_gets_no_preview_and_another_films_gets_none_of_this_one() {
        let owner = people::owner();
        let asset = playing(&owner);
        owner.previewed(&asset);
        let (view, other) = (opened(&owner, &asset), opened(&owner, &asset));
        let poster = of(&view, "poster");
        let http = Http::default();
        http.get(&poster).expect(200);
        // The key of these, and the ticket of a stranger's view.
        let stranger = people::owner();
        let theirs = playing(&stranger);
        let their_view = stranger.view(&theirs);
        let (_, key) = poster.split_once("/previews/").expect("a key");
        let foreign = format!("/v1/playback/{}/previews/{key}", their_view.ticket());
        refused(&http.get(&url(&foreign)), 404, "not_found");
        let forged = format!("/v1/playback/x{}/previews/{key}", their_view.ticket());
        refused(&http.get(&url(&forged)), 401, "invalid_token");
        let (ticket, _) = poster.split_once("/previews/").expect("a ticket");
        http.send(&Request::new("POST", &format!("{ticket}/end")))
            .expect(200);
        for name in ["poster", "storyboard", "waveform"] {
            refused(&http.get(&of(&view, name)), 401, "invalid_token");
        }
        http.get(&of(&other, "poster")).expect(200);
        owner.api.withdraw(&owner.access, &asset).expect(200);
        refused(&http.get(&of(&other, "poster")), 403, "asset_withdrawn");
    }

    #[test]
    fn a_film_that_is_deleted_shows_nothing_of_itself() {
        let owner = people::owner();
        let asset = playing(&owner);
        owner.previewed(&asset);
        let view = opened(&owner, &asset);
        let path = format!("/v1/assets/{asset}");
        let gone = Request::new("DELETE", &url(&path)).bearer(&owner.access);
        Http::default().send(&gone).expect(200);
        refused(&Http::default().get(&of(&view, "poster")), 404, "not_found");
    }
}
