//! Which crate may import which, held against `cargo metadata`: the arrows of ARCHITECTURE.md.

use std::process::Stdio;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::context::Context;
use crate::proc;

/// A crate of the workspace and what it imports.
pub(crate) struct Member {
    pub(crate) name: String,
    folder: String,
    imports: Vec<Import>,
}

struct Import {
    name: String,
    dev: bool,
}

/// What `cargo metadata` says, dependencies included.
pub(crate) fn metadata(context: &Context) -> Result<Value> {
    let mut command = proc::command("cargo");
    command
        .args(["metadata", "--format-version", "1", "--locked"])
        .stdout(Stdio::piped());
    let output = command
        .current_dir(&context.root)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("cargo metadata failed: is Cargo.lock up to date?");
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The crates of the workspace.
pub(crate) fn members(metadata: &Value) -> Vec<Member> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let root = text(&metadata["workspace_root"]);
    let ours = list(&metadata["workspace_members"]);
    let packages = list(&metadata["packages"]);
    let member = |package: &Value| {
        let manifest = text(&package["manifest_path"]);
        let folder = manifest.trim_start_matches(&root).trim_matches('/');
        let import = |dependency: &Value| Import {
            name: text(&dependency["name"]),
            dev: dependency["kind"] == "dev",
        };
        Member {
            name: text(&package["name"]),
            folder: folder.trim_end_matches("/Cargo.toml").to_owned(),
            imports: list(&package["dependencies"]).iter().map(import).collect(),
        }
    };
    packages
        .iter()
        .filter(|package| ours.contains(&package["id"]))
        .map(member)
        .collect()
}

/// Every arrow that is not allowed.
pub(crate) fn faults(metadata: &Value) -> Vec<String> {
    let members = members(metadata);
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    members
        .iter()
        .flat_map(|member| faults_of(member, &names))
        .collect()
}

fn faults_of(member: &Member, workspace: &[&str]) -> Vec<String> {
    let wrong = |import: &&Import| {
        let name = import.name.as_str();
        if workspace.contains(&name) {
            return !may_import(member, name, import.dev);
        }
        !import.dev && !may_link(member, name)
    };
    let told = |import: &Import| format!("{} must not import {}", member.name, import.name);
    member.imports.iter().filter(wrong).map(told).collect()
}

/// Between crates of the workspace.
fn may_import(member: &Member, name: &str, dev: bool) -> bool {
    if dev && name == "vault-testkit" {
        return true;
    }
    let allowed: &[&str] = match member.name.as_str() {
        "vault-domain" | "vault-edge" => &[],
        // What it encodes is read by our own reader in its tests.
        "vault-transcode" if dev => &["vault-domain", "vault-media"],
        "vault-crypto" | "vault-events" | "vault-media" | "vault-aws" | "vault-http"
        | "vault-policy" | "vault-transcode" => &["vault-domain"],
        // The fakes are decided over by the real policies.
        "vault-testkit" => &["vault-domain", "vault-policy"],
        "vault-properties" => &[
            "vault-domain",
            "vault-crypto",
            "vault-events",
            "vault-media",
        ],
        "vault-boot" => &[
            "vault-domain",
            "vault-crypto",
            "vault-events",
            "vault-media",
            "vault-aws",
            "vault-http",
            "vault-policy",
            "vault-transcode",
        ],
        "xtask" => &["vault-domain", "vault-crypto"],
        // The workspace's tests see everything.
        "vault-tests" => return true,
        _ if member.folder.starts_with("functions/") => {
            &["vault-boot", "vault-http", "vault-domain", "vault-events"]
        }
        _ => &[],
    };
    allowed.contains(&name)
}

/// Of crates from outside.
fn may_link(member: &Member, name: &str) -> bool {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if member.name == "vault-domain" {
        return !starts(&["aws", "lambda_", "tokio", "http", "hyper"]);
    }
    if member.folder.starts_with("functions/") || member.name == "xtask" {
        return !starts(&["aws-sdk-"]);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, folder: &str, imports: &[(&str, bool)]) -> Member {
        let imports = imports
            .iter()
            .map(|(name, dev)| Import {
                name: (*name).to_owned(),
                dev: *dev,
            })
            .collect();
        Member {
            name: name.to_owned(),
            folder: folder.to_owned(),
            imports,
        }
    }

    const ALL: [&str; 4] = ["vault-domain", "vault-aws", "vault-testkit", "login"];

    #[test]
    fn an_arrow_that_is_not_drawn_is_named() {
        let domain = member(
            "vault-domain",
            "shared/domain",
            &[("tokio", false), ("serde", false)],
        );
        assert_eq!(
            faults_of(&domain, &ALL),
            ["vault-domain must not import tokio"]
        );
        let login = member(
            "login",
            "functions/login",
            &[("vault-aws", false), ("aws-sdk-s3", false)],
        );
        assert_eq!(faults_of(&login, &ALL).len(), 2);
        let other = member("mint-token", "functions/mint-token", &[("login", false)]);
        assert_eq!(
            faults_of(&other, &ALL),
            ["mint-token must not import login"]
        );
    }

    #[test]
    fn the_testkit_is_for_tests_alone() {
        let dev = member(
            "vault-aws",
            "shared/aws",
            &[("vault-testkit", true), ("vault-domain", false)],
        );
        assert!(faults_of(&dev, &ALL).is_empty());
        let linked = member("vault-aws", "shared/aws", &[("vault-testkit", false)]);
        assert_eq!(
            faults_of(&linked, &ALL),
            ["vault-aws must not import vault-testkit"]
        );
    }
}
