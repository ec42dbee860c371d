//! The browser: a person's way through the reference page, hls.js on a playlist, and Uppy's uploads.

#[cfg(test)]
mod tests {
    use std::process::Command;

    use serde_json::{Value, json};
    use vault_tests::films::{LARGE, LONG, MANIFOLD, RICH, SHORT};
    use vault_tests::{Person, cloud, people, python, sdk};

    /// Runs a driver of the browser; what it saw.
    fn run(command: &mut Command) -> Value {
        let output = command
            .env("NO_PROXY", "127.0.0.1,localhost")
            .output()
            .expect("node");
        let seen: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && seen["ok"] == true,
            "{seen:#}\n{complaint}"
        );
        seen
    }

    #[test]
    fn a_person_signs_in_uploads_watches_and_withdraws() {
        let owner = people::owner();
        let mut node = Command::new("node");
        node.arg(python::player("page.mjs"))
            .args(["--page", &cloud().page_url, "--film"])
            .arg(LONG.path());
        let seen = run(node
            .env("REELVAULT_EMAIL", &owner.email)
            .env("REELVAULT_PASSWORD", &owner.password));
        let steps: Vec<_> = seen["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["step"].as_str().unwrap())
            .collect();
        assert_eq!(
            steps,
            [
                "refusedSignIn",
                "signIn",
                "upload",
                "library",
                "access",
                "share",
                "download",
                "watch",
                "withdraw"
            ]
        );
    }

    #[test]
    fn a_person_enrols_an_app_sees_their_sessions_and_resets_the_password() {
        let owner = people::owner();
        let mut node = Command::new("node");
        node.arg(python::player("account.mjs"))
            .args(["--page", &cloud().page_url]);
        let seen = run(node
            .env("REELVAULT_EMAIL", &owner.email)
            .env("REELVAULT_PASSWORD", &owner.password)
            .env("REELVAULT_MAIL", &cloud().aws_endpoint_url));
        let steps = seen["steps"].as_array().unwrap();
        assert_eq!(steps.len(), 10, "{seen:#}");
        let enrolled = steps.iter().find(|step| step["step"] == "enrol").unwrap();
        assert_eq!(enrolled["recoveryCodes"], 10);
    }

    #[test]
    fn hls_js_shows_moving_pictures_at_the_beginning_and_near_the_end() {
        let owner = people::owner();
        let view = owner.view(&owner.ready(LONG));
        let mut node = Command::new("node");
        node.arg(python::player("play.mjs")).args([
            "--page",
            &cloud().page_url,
            "--playlist",
            &view.playlist,
        ]);
        let seen = run(node.args(["--seconds", "1.5", "--seek", "0.9"]));
        assert!(
            seen["keys"].as_u64().is_some_and(|keys| keys >= 2),
            "{seen:#}"
        );
    }

    #[test]
    fn hls_js_changes_over_to_every_variant_and_plays_on_where_it_was() {
        let owner = people::owner();
        let asset = owner.ready(RICH);
        let variants = owner.laddered(&asset)["variants"].clone();
        let variants = variants.as_array().expect("variants").len();
        let view = owner.view(&asset);
        let mut node = Command::new("node");
        node.arg(python::player("play.mjs"))
            .args(["--page", &cloud().page_url])
            .args(["--playlist", &view.playlist]);
        let seen = run(node.args(["--seconds", "1", "--levels"]));
        let levels = seen["levels"].as_array().expect("levels");
        assert_eq!(levels.len(), variants + 1, "{seen:#}");
        for level in levels {
            let told = json!([level["width"], level["height"]]);
            assert_eq!(level["shown"], told, "{seen:#}");
            let (before, from) = (level["before"].as_f64(), level["from"].as_f64());
            let moved = from.zip(before).map(|(from, before)| from - before);
            assert!(moved.is_some_and(|moved| moved.abs() < 0.5), "{seen:#}");
        }
    }

    #[test]
    fn hls_js_switches_to_the_other_language_and_has_the_subtitles_in_time() {
        let owner = people::owner();
        let view = owner.view(&owner.ready(MANIFOLD));
        let mut node = Command::new("node");
        node.arg(python::player("play.mjs"))
            .args(["--page", &cloud().page_url])
            .args(["--playlist", &view.playlist]);
        let seen = run(node.args(["--seconds", "1.5", "--language", "de"]));
        let languages = |of: &str| -> Vec<String> {
            let tracks = seen[of].as_array().cloned().unwrap_or_default();
            let each = tracks.iter();
            each.map(|track| track["lang"].as_str().unwrap_or_default().to_owned())
                .collect()
        };
        assert_eq!(languages("sounds"), ["en", "de"], "{seen:#}");
        assert_eq!(languages("subtitles"), ["de"], "{seen:#}");
        let cues = seen["cues"].as_array().cloned().unwrap_or_default();
        let begins = seen["begins"].as_f64().expect("where the pictures begin");
        let in_time = cues.iter().any(|cue| {
            let start = cue["startTime"].as_f64().unwrap_or_default() - begins;
            // A cue's text is as it is written: its entities are resolved when it is drawn.
            cue["text"] == "Grüße &amp; mehr" && (start - 1.0).abs() < 0.02
        });
        assert!(in_time, "{seen:#}");
    }

    /// Uploads by the real Uppy: six films that are packaged, and one that is given up.
    fn uppy(way: &str) {
        let owner = people::owner();
        let mut node = Command::new("node");
        node.arg(python::player("uppy.mjs"))
            .args(["--page", &cloud().page_url, "--api", &cloud().api_url])
            .args(["--way", way]);
        node.arg("--small").arg(SHORT.path());
        node.arg("--large").arg(LARGE.path());
        let seen = run(node.env("REELVAULT_ACCESS", &owner.access));
        let steps = seen["steps"].as_array().unwrap();
        let facts = |step: &Value| {
            let text = |name: &str| step[name].as_str().unwrap().to_owned();
            (text("step"), text("asset"))
        };
        let (last, whole) = steps.split_last().unwrap();
        let whole: Vec<_> = whole.iter().map(facts).collect();
        let names: Vec<_> = whole.iter().map(|(step, _)| step.as_str()).collect();
        let expected = "small multipart failsOnce paused reloaded expired";
        assert_eq!(names.join(" "), expected);
        for (step, asset) in whole {
            let settled = owner.settled(&asset);
            assert_eq!(settled["state"], "ready", "{step}: {settled}");
        }
        is_given_up(&owner, &facts(last).1);
    }

    fn is_given_up(owner: &Person, asset: &str) {
        let status = owner.api.status(&owner.access, asset).expect(200).json();
        assert_eq!(status["state"], "failed", "{status}");
        assert_eq!(status["code"], "cancelled");
        let prefix = format!("uploads/{}/{asset}/", owner.organisation);
        assert!(sdk::objects("UploadsBucket", &prefix).is_empty());
        assert!(sdk::multiparts("UploadsBucket", &prefix).is_empty());
    }

    #[test]
    fn uppy_6_uploads_by_the_requests_that_are_signed_for_it() {
        uppy("uppy6");
    }

    #[test]
    fn uppy_5_uploads_by_its_callbacks() {
        uppy("uppy5");
    }

    #[test]
    fn uppy_5_uploads_by_the_routes_of_companion() {
        uppy("companion");
    }
}
