//! The browser: a person's way through the reference page, and hls.js on a playlist.

#[cfg(test)]
mod tests {
    use std::process::Command;

    use serde_json::Value;
    use vault_tests::films::{LONG, MANIFOLD};
    use vault_tests::{cloud, people, python};

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
        let in_time = cues.iter().any(|cue| {
            let start = cue["startTime"].as_f64().unwrap_or_default();
            cue["text"] == "Grüße & mehr" && (start - 1.0).abs() < 0.05
        });
        assert!(in_time, "{seen:#}");
    }
}
