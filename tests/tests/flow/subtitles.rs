//! Subtitles that are brought beside a film, from the file to what a player reads.

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use vault_tests::api::{refused, url};
    use vault_tests::films::{MANIFOLD, SHORT};
    use vault_tests::http::{Reply, Request};
    use vault_tests::people::{self, Person};
    use vault_tests::upload::PACKAGING;
    use vault_tests::{sdk, wait};

    const SRT: &str =
        "1\r\n00:00:01,000 --> 00:00:02,500\r\nGr\u{fc}\u{df}e <i>an</i> <script>alle</script>\r\n";
    const VTT: &str = "WEBVTT\n\n00:00.500 --> 00:03.000 line:0 region:x\nHello, world\n";

    fn path(asset: &str, language: &str) -> String {
        url(&format!("/v1/assets/{asset}/subtitles/{language}"))
    }

    fn put(who: &Person, path: &str, media_type: &str, file: &str) -> Reply {
        let request = Request::new("PUT", path).bearer(&who.access);
        who.api.http.send(&request.body(media_type, file))
    }

    fn delete(who: &Person, path: &str) -> Reply {
        let request = Request::new("DELETE", path).bearer(&who.access);
        who.api.http.send(&request)
    }

    fn listed(who: &Person, asset: &str) -> Value {
        let path = format!("/v1/assets/{asset}/subtitles");
        who.api.get(&path, &who.access).expect(200).json()
    }

    /// Waits until nothing of a film waits any more.
    fn settled(who: &Person, asset: &str) -> Value {
        wait::until("the subtitles", PACKAGING, || {
            let told = listed(who, asset);
            let all = told["subtitles"].as_array().expect("a list");
            let waits = all.iter().any(|one| one["stage"] == "waiting");
            (!waits).then(|| told.clone())
        })
    }

    /// The playlist of the first subtitles of a language, as a master playlist names it.
    fn playlist(master: &str, language: &str) -> Option<String> {
        let told = format!("LANGUAGE=\"{language}\"");
        let line = master
            .lines()
            .find(|line| line.contains("TYPE=SUBTITLES") && line.contains(&told))?;
        let (_, uri) = line.split_once("URI=\"")?;
        Some(uri.trim_end_matches('"').to_owned())
    }

    #[test]
    fn files_of_both_kinds_are_sealed_listed_replaced_and_taken_away() {
        let owner = people::owner();
        let asset = owner.ready(SHORT);
        let german = format!("{}?kind=captions&default=true", path(&asset, "DE"));
        let waiting = put(&owner, &german, "application/x-subrip", SRT).expect(202);
        assert_eq!(waiting.json()["language"], "de");
        put(&owner, &path(&asset, "en"), "text/vtt", VTT).expect(202);
        let told = settled(&owner, &asset);
        for one in told["subtitles"].as_array().expect("a list") {
            assert_eq!(one["stage"], "ready", "{told}");
        }

        let view = owner.view(&asset);
        let master = view.master();
        assert!(
            master.contains("CHARACTERISTICS=\"public.accessibility."),
            "{master}"
        );
        let name = playlist(&master, "de").expect("listed");
        let segments = view.stream(&name);
        assert_eq!(segments.len(), view.segments.len(), "cut where the film is");
        let text = String::from_utf8(segments[0].opened()).expect("UTF-8");
        let cue =
            "\n00:00:01.000 --> 00:00:02.500\nGrüße <i>an</i> &lt;script&gt;alle&lt;/script&gt;\n";
        assert!(
            text.starts_with("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:"),
            "{text}"
        );
        assert!(text.contains(cue), "{text}");
        let sealed = owner.api.http.get(&segments[0].url).expect(200).body;
        assert!(!sealed.starts_with(b"WEBVTT"), "ciphertext at rest");
        let own = sdk::objects(
            "UploadsBucket",
            &format!("uploads/{}/{asset}/", owner.organisation),
        );
        assert!(
            !own.iter().any(|key| key.contains("/subtitles/")),
            "{own:?}"
        );

        for mode in ["cookies", "path"] {
            let carried = owner.carried(&asset, mode);
            let master = carried.listed(&carried.playlist);
            assert!(playlist(&master, "en").is_some(), "{mode}: {master}");
        }

        let other = VTT.replace("Hello", "Goodbye");
        put(&owner, &path(&asset, "en"), "text/vtt", &other).expect(202);
        settled(&owner, &asset);
        let before = playlist(&master, "en").expect("listed");
        view.listed(&before).expect(200);
        let later = owner.view(&asset);
        let now = playlist(&later.master(), "en").expect("listed");
        assert_ne!(now, before);
        let text = String::from_utf8(later.stream(&now)[0].opened()).expect("UTF-8");
        assert!(
            text.contains("00:00:00.500 --> 00:00:03.000 line:0\nGoodbye, world\n"),
            "{text}"
        );

        delete(&owner, &german).expect(200);
        refused(&delete(&owner, &german), 404, "not_found");
        assert!(playlist(&owner.view(&asset).master(), "de").is_none());
        let code = name
            .trim_start_matches("subtitles-")
            .trim_end_matches(".m3u8");
        wait::until("the removal", PACKAGING, || {
            let stored = sdk::objects("MediaBucket", &format!("media/{asset}/"));
            (!stored.iter().any(|key| key.contains(code))).then_some(())
        });
    }

    #[test]
    fn a_file_that_is_brought_first_waits_for_its_film_and_takes_the_place_of_its_own() {
        let owner = people::owner();
        let asset = owner.upload(&MANIFOLD.octets());
        let srt = "00:00:03,0 --> 00:00:04,0\nMein Text\n";
        put(&owner, &path(&asset, "de"), "application/x-subrip", srt).expect(202);
        assert_eq!(owner.settled(&asset)["state"], "ready");
        settled(&owner, &asset);
        let view = owner.view(&asset);
        let master = view.master();
        assert_eq!(master.matches("TYPE=SUBTITLES").count(), 1, "{master}");
        let name = playlist(&master, "de").expect("listed");
        assert_ne!(name, "subtitles-1.m3u8");
        let text = String::from_utf8(view.stream(&name)[0].opened()).expect("UTF-8");
        assert!(text.contains("\nMein Text\n"), "{text}");
    }

    #[test]
    fn what_cannot_be_read_is_named_and_another_organisation_finds_nothing() {
        let owner = people::owner();
        let asset = owner.ready(SHORT);
        let german = path(&asset, "de");
        let wrong = put(
            &owner,
            &german,
            "text/vtt",
            "WEBVTT\n\n00:02.000 --> 00:01.000\nx\n",
        );
        refused(&wrong, 422, "subtitles_refused");
        assert!(wrong.text().contains("line 3"), "{}", wrong.text());
        refused(
            &put(&owner, &german, "text/vtt", SRT),
            422,
            "subtitles_refused",
        );
        refused(
            &put(&owner, &german, "text/plain", SRT),
            415,
            "wrong_media_type",
        );
        refused(
            &put(&owner, &path(&asset, "xx_y"), "text/vtt", VTT),
            400,
            "malformed",
        );
        let large = "x".repeat((1 << 20) + 1);
        refused(&put(&owner, &german, "text/vtt", &large), 413, "too_large");
        let stranger = people::owner();
        refused(&put(&stranger, &german, "text/vtt", VTT), 404, "not_found");
        refused(&delete(&stranger, &german), 404, "not_found");
        assert_eq!(listed(&owner, &asset)["subtitles"], serde_json::json!([]));
    }
}
