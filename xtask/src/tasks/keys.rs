//! `keys --to-aws`: the two signing secrets in an AWS account, before the first `sam deploy`. The parameters that no
//! machine can know (`AllowedOrigins`, `AppUrl`, `MailFrom`) are the operator's to add.

use std::io::Write as _;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::context::Context;
use crate::deploy::Signing;
use crate::keys::KeyPair;
use crate::progress::Progress;
use crate::{proc, tools};

/// Makes what is missing with the ambient credentials and prints the template's parameters as YAML,
/// for `sam deploy --parameter-overrides file://…`.
pub(crate) fn run(context: &Context, progress: &Progress) -> Result<()> {
    let bin = tools::sam(context, progress)?;
    let (token, url) = (KeyPair::generate(), KeyPair::generate());
    let wishes = json!({
        Signing::TOKEN_SECRET: token.to_secret(&token.id())?,
        Signing::URL_SECRET: url.to_secret("1")?,
    });
    let mut python = proc::command(bin.join("python"));
    let mut child = python
        .arg(context.root.join("infra/local/put_secrets.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child
        .stdin
        .take()
        .context("no pipe")?
        .write_all(wishes.to_string().as_bytes())?;
    let answer = child.wait_with_output()?;
    if !answer.status.success() {
        bail!("the secrets could not be made");
    }
    let kept: Value = serde_json::from_slice(&answer.stdout)?;
    let secret = |name: &str| -> Result<(String, String)> {
        let entry = &kept[name];
        let arn = entry["arn"]
            .as_str()
            .context("a secret without an ARN")?
            .to_owned();
        let text = entry["text"].as_str().context("a secret without a text")?;
        Ok((arn, text.to_owned()))
    };
    let signing = Signing::of(secret(Signing::TOKEN_SECRET)?, secret(Signing::URL_SECRET)?)?;
    let mut out = std::io::stdout();
    for (name, value) in signing.parameters() {
        // A string of JSON is one of YAML too.
        writeln!(out, "{name}: {}", Value::from(value))?;
    }
    Ok(())
}

/// Gives the key value store of a stack's distribution the versions of the secret of tokens in paths, and takes away
/// those that the secret has no more. No text of it comes to this process.
pub(crate) fn to_edge(context: &Context, stack: &str, progress: &Progress) -> Result<()> {
    let bin = tools::sam(context, progress)?;
    let script = context.root.join("infra/local/put_path_secrets.py");
    let mut python = proc::command(bin.join("python"));
    let status = python.arg(script).arg(stack).status()?;
    if !status.success() {
        bail!("the edge was not given the secret");
    }
    Ok(())
}
