//! `cargo xtask openapi`: `docs/openapi.json`, made from the code and held against the specification.

use anyhow::{Result, bail};

use crate::context::Context;
use crate::progress::{Progress, say};
use crate::{proc, tools};

/// The document, from the root of the repository.
const DOCUMENT: &str = "docs/openapi.json";
/// The test that makes it; `write` has it keep what it made.
const TEST: &str = "openapi::the_committed_document_is_what_the_code_says";

/// Writes the document.
pub(crate) fn run(context: &Context, progress: &Progress) -> Result<()> {
    let mut make = proc::command("cargo");
    make.args(["test", "--quiet", "-p", "vault-tests", "--test", "handlers"]);
    make.args(["--", "--exact", TEST]);
    make.env("REELVAULT_OPENAPI", "write");
    if !make.current_dir(&context.root).status()?.success() {
        bail!("the document could not be made");
    }
    validate(context, progress)?;
    say(&format!("{DOCUMENT} is what the code says."));
    Ok(())
}

/// Holds the document that is there against the JSON Schema of `OpenAPI` 3.1, and its references against what there is.
pub(crate) fn validate(context: &Context, progress: &Progress) -> Result<()> {
    let bin = tools::schemathesis(context, progress)?;
    progress.run("The document of the API (openapi-spec-validator)", |_| {
        let log = context.target().join("xtask/openapi.log");
        let mut validate = proc::command(bin.join("openapi-spec-validator"));
        validate.args(["--schema", "3.1", DOCUMENT]);
        proc::run(validate.current_dir(&context.root), &log)
    })
}
