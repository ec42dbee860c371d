//! The DynamoDB server, built from its crate.

use std::path::PathBuf;

use anyhow::Result;

use crate::context::Context;
use crate::proc;
use crate::progress::Progress;

const VERSION: &str = "3.2.0";
const FEATURES: &str = "native-sqlite,http-server,cli";

pub(super) fn ensure(context: &Context, progress: &Progress) -> Result<PathBuf> {
    let folder = context.cache.join(format!("dynoxide-{VERSION}"));
    super::once(
        &folder,
        progress,
        &format!("Building dynoxide {VERSION} (DynamoDB), once"),
        |_| {
            let build = folder.join("build");
            let mut command = proc::command("cargo");
            command
                .args([
                    "install",
                    "dynoxide-rs",
                    "--locked",
                    "--version",
                    VERSION,
                    "--no-default-features",
                ])
                .args(["--features", FEATURES, "--root"])
                .arg(&folder)
                // Not in the clone: its settings are for its own crates.
                .current_dir(&folder)
                .env("CARGO_TARGET_DIR", &build)
                // Linking in minutes is not worth the few percent.
                .env("CARGO_PROFILE_RELEASE_LTO", "off")
                .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
            proc::run(&mut command, &context.target().join("xtask/dynoxide.log"))?;
            std::fs::remove_dir_all(build)?;
            Ok(())
        },
    )?;
    Ok(folder.join("bin/dynoxide"))
}
