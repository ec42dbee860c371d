//! Python programs that check what we sign, with libraries that are not ours.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs a program of `tests/signers` with this standard input; what it prints.
///
/// # Panics
/// It fails: what it says is shown.
pub fn run(program: &str, input: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("signers");
    let mut child = Command::new(script.join("run.sh"))
        .arg(script.join(program))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("a reader");
    drop(stdin);
    let output = child.wait_with_output().expect("its end");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {complaint}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A driver of the browser, in `tests/players`.
pub fn player(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("players")
        .join(name)
}
