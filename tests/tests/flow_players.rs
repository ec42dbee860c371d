//! Players of others, in every mode of delivery: docs/players.md is what they do.

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use serde_json::{Map, Value, json};
    use vault_tests::films::LONG;
    use vault_tests::modes::Carried;
    use vault_tests::{cloud, people, python};

    const TABLE: &str = include_str!("../../docs/players.md");
    const MODES: [&str; 4] = ["urls", "cookies", "query", "path"];
    /// What `cargo xtask test` runs; `cargo xtask players` runs all.
    const QUICK: [&str; 2] = ["hls.js", "ffmpeg"];
    const ALL: [&str; 5] = ["hls.js", "shaka", "vhs", "native", "ffmpeg"];

    /// The same URL with credentials that nobody gave.
    fn foreign(view: &Carried, mode: &str) -> String {
        let url = &view.playlist;
        let spoilt = |from: &str| {
            let (front, rest) = url.split_once(from).expect("a credential");
            let (first, rest) = rest.split_at(1);
            let other = if first == "9" { "8" } else { "9" };
            format!("{front}{from}{other}{rest}")
        };
        match mode {
            "urls" => spoilt("/playback/1."),
            // Without its cookies it is of no use.
            "cookies" => url.clone(),
            "query" => spoilt("Signature="),
            _ => spoilt("/p/1."),
        }
    }

    fn plan(players: &[&str]) -> Value {
        let owner = people::owner();
        let asset = owner.ready(LONG);
        let modes: Map<String, Value> = MODES
            .iter()
            .map(|mode| {
                let view = owner.carried(&asset, mode);
                let cookies = view.cookies.iter().map(
                    |[name, value, path]| json!({ "name": name, "value": value, "path": path }),
                );
                let cookies: Vec<_> = cookies.collect();
                let told = json!({
                    "playlist": view.playlist,
                    "cookies_url": view.cookies_url,
                    "cookies": cookies,
                    "foreign": foreign(&view, mode),
                });
                ((*mode).to_owned(), told)
            })
            .collect();
        json!({ "players": players, "modes": modes })
    }

    fn run(plan: &Value) -> Value {
        let mut node = Command::new("node")
            .arg(python::player("matrix.mjs"))
            .args(["--page", &cloud().page_url])
            .env("NO_PROXY", "127.0.0.1,localhost")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node");
        let mut stdin = node.stdin.take().expect("a pipe");
        stdin.write_all(plan.to_string().as_bytes()).expect("read");
        drop(stdin);
        let output = node.wait_with_output().expect("an end");
        let seen: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert!(output.status.success() && seen["ok"] == true, "{seen:#}");
        seen
    }

    /// A row as the document has it.
    fn row(seen: &Value) -> String {
        let cell = |name: &str| if seen[name] == true { "yes" } else { "no" };
        let cells = ["start", "seek", "rotation", "refusal"].map(cell);
        let text = |name: &str| seen[name].as_str().unwrap_or_default();
        format!(
            "| {} | `{}` | {} |",
            text("player"),
            text("mode"),
            cells.join(" | ")
        )
    }

    #[test]
    fn players_do_in_every_mode_what_the_table_says() {
        let all = vault_tests::cloud::variable("REELVAULT_ALL_PLAYERS").is_some();
        let players = if all { &ALL[..] } else { &QUICK[..] };
        let seen = run(&plan(players));
        let rows = seen["rows"].as_array().expect("rows");
        assert_eq!(rows.len(), players.len() * MODES.len());
        let wrong: Vec<_> = rows
            .iter()
            .filter(|own| !TABLE.contains(&row(own)))
            .map(|own| format!("{}\n    {own}", row(own)))
            .collect();
        assert!(
            wrong.is_empty(),
            "docs/players.md has not:\n{}",
            wrong.join("\n")
        );
    }
}
