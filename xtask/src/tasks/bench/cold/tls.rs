//! TLS in front of the stub: a cold start's first call pays for the handshake and the trust store.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result};

use super::super::function::Environment;
use crate::context::Context;
use crate::proc;

/// Where systems keep the public roots; Lambda's image has the last one.
const ROOTS: [&str; 2] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// A running TLS end; it stops when this is dropped.
pub(super) struct Tls {
    child: Child,
    port: u16,
    certificate: PathBuf,
    roots: PathBuf,
}

impl Tls {
    /// In front of `upstream`, with a certificate of its own.
    pub(super) fn start(context: &Context, upstream: &str) -> Result<Self> {
        let folder = context.target().join("bench");
        let (certificate, key) = (folder.join("tls.pem"), folder.join("tls.key"));
        make(&certificate, &key, &folder.join("logs/openssl.log"))?;
        // As many roots to read as on Lambda, and ours.
        let public = ROOTS
            .iter()
            .find_map(|path| std::fs::read(path).ok())
            .unwrap_or_default();
        let roots = folder.join("roots.pem");
        std::fs::write(&roots, [public, std::fs::read(&certificate)?].concat())?;

        let script = context.root.join("tests/bench/tls.mjs");
        let mut command = proc::command("node");
        command
            .arg(script)
            .arg(&certificate)
            .arg(&key)
            .arg(upstream)
            .stdout(Stdio::piped());
        command.stderr(File::create(folder.join("logs/tls.log"))?);
        let mut child = command.spawn().context("cannot start node")?;
        let mut told = String::new();
        let out = child.stdout.take().context("no pipe")?;
        BufReader::new(out).read_line(&mut told)?;
        let port = told.trim().parse().context("the TLS end did not start")?;
        Ok(Self {
            child,
            port,
            certificate,
            roots,
        })
    }

    /// What makes a function or a Node handler call it, and trust it.
    pub(super) fn environment(&self) -> Environment {
        let variables = [
            (
                "AWS_ENDPOINT_URL",
                format!("https://127.0.0.1:{}", self.port),
            ),
            ("SSL_CERT_FILE", self.roots.display().to_string()),
            (
                "NODE_EXTRA_CA_CERTS",
                self.certificate.display().to_string(),
            ),
        ];
        variables
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn make(certificate: &Path, key: &Path, log: &Path) -> Result<()> {
    let mut openssl = proc::command("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ]);
    openssl.args(["-nodes", "-days", "30", "-subj", "/CN=bench", "-addext"]);
    // A root must say that it is one; a server's certificate of rustls must not be one.
    openssl.args([
        "subjectAltName=IP:127.0.0.1",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]);
    openssl.arg("-out").arg(certificate).arg("-keyout").arg(key);
    proc::run(&mut openssl, log)
}
