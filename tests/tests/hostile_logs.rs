//! What the functions wrote while all the other tests were at them: no panic, and none of our secrets.
//! Its name puts it behind most of them.

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use vault_tests::api::{JSON, url};
    use vault_tests::films::SHORT;
    use vault_tests::view::granted;
    use vault_tests::{Request, cloud, logs, people};

    #[test]
    fn no_function_has_panicked() {
        let panics = logs::lines_with(&[
            "panicked at",
            "stack backtrace",
            "SIGSEGV",
            "memory allocation of",
        ]);
        assert!(panics.is_empty(), "{panics:#?}");
    }

    #[test]
    fn every_line_is_json_with_a_time_a_level_and_a_request() {
        for (name, text) in logs::of_functions() {
            // The last line may be on its way.
            let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
            for line in whole.lines() {
                let fields: Value = serde_json::from_str(line)
                    .unwrap_or_else(|fault| panic!("{name}: {fault}: {line}"));
                for field in ["timestamp", "level", "request_id"] {
                    assert!(fields[field].is_string(), "{name} lacks {field}: {line}");
                }
            }
        }
    }

    #[test]
    fn no_function_has_run_into_its_limits() {
        let platform = std::fs::read_to_string(cloud().logs.join("localstack.log")).unwrap();
        let late: Vec<_> = platform
            .lines()
            .filter(|line| line.contains("Task timed out after"))
            .collect();
        assert!(late.is_empty(), "{late:#?}");
    }

    #[test]
    fn no_secret_of_a_whole_story_is_in_any_log() {
        let owner = people::owner();
        let asset = owner.ready(SHORT);
        let media_token = owner.api.media_token(&owner.access, &asset);
        let view = vault_tests::view::View::read(
            &owner
                .api
                .open(&media_token, &asset)
                .expect(201)
                .field("playlist_url"),
        );
        let key = granted(&owner.api.http.get(view.keys()[0]));
        let next = owner
            .api
            .refresh(&owner.refresh)
            .expect(200)
            .field("refresh_token");
        // Refusals quote what was wrong, never what was secret.
        owner.api.login(&owner.email, "a canary of a password");
        let broken = Request::new("POST", &url("/v1/login"))
            .body(JSON, r#"{"password":"a canary in broken JSON"#);
        owner.api.http.send(&broken);
        owner.api.refresh("a-canary-of-a-refresh-token");
        owner.api.open("rvm_a-canary-of-a-media-token", &asset);
        owner.api.http.get(&format!("{}x", view.keys()[0]));

        let (_, query) = view.segments[0].url.split_once('?').unwrap();
        let signature = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("Signature="))
            .unwrap();
        let octets = [
            data_encoding::HEXLOWER.encode(&key),
            data_encoding::BASE64.encode(&key),
            format!("{key:?}"),
        ];
        let secrets = [
            owner.password.as_str(),
            &owner.access,
            &owner.refresh,
            &next,
            &media_token,
            view.ticket(),
            signature,
            "a canary of a password",
            "a canary in broken JSON",
            "a-canary-of-a-refresh-token",
            "a-canary-of-a-media-token",
        ];
        let secrets: Vec<_> = secrets
            .into_iter()
            .chain(octets.iter().map(String::as_str))
            .collect();
        for file in ["edge.log"]
            .into_iter()
            .map(str::to_owned)
            .chain(logs::of_functions().into_iter().map(|(name, _)| name))
        {
            let text = String::from_utf8_lossy(&std::fs::read(cloud().logs.join(&file)).unwrap())
                .into_owned();
            for secret in &secrets {
                // The signature of a JWT, the text behind a prefix: a part is as good as the whole.
                let tail = &secret[secret.len() / 2..];
                assert!(!text.contains(tail), "{file} holds the end of {secret}");
            }
        }
    }
}
