//! `audit verify`: proves exports of the record of what was done unbroken, or tells what is wrong with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use pico_args::Arguments;
use sha2::{Digest as _, Sha256};
use vault_domain::audit::Link;
use vault_domain::audit::verify::{Anchor, Checked, check, join};
use vault_domain::id::OrgId;
use vault_domain::ports::Hashing;
use vault_domain::token::Digest;

use crate::progress::say;

const USAGE: &str =
    "cargo xtask audit verify [--head [ORG:]SEQ:HASH]… [--after SEQ:HASH] FILE|DIR…";

struct Sha;

impl Hashing for Sha {
    fn sha256(&self, octets: &[u8]) -> Digest {
        Digest(Sha256::digest(octets).into())
    }
}

/// What is known of the chains from elsewhere.
struct Known {
    heads: Vec<Anchor>,
    after: Option<Anchor>,
}

/// Runs the task that the command line names.
pub(crate) fn run(mut arguments: Arguments) -> Result<()> {
    let task = arguments.subcommand()?;
    if task.as_deref() != Some("verify") {
        bail!("{USAGE}");
    }
    let heads: Vec<String> = arguments.values_from_str("--head")?;
    let after: Option<String> = arguments.opt_value_from_str("--after")?;
    let known = Known {
        heads: heads.iter().map(anchor).collect::<Result<_>>()?,
        after: after.as_ref().map(anchor).transpose()?,
    };
    let paths: Vec<PathBuf> = arguments.finish().into_iter().map(PathBuf::from).collect();
    if let Some(flag) = paths
        .iter()
        .find(|path| path.to_string_lossy().starts_with('-'))
    {
        bail!("unknown argument: {}\n{USAGE}", flag.display());
    }
    let files = files(&paths)?;
    if files.is_empty() {
        bail!("no exports (*.jsonl) there\n{USAGE}");
    }
    let (told, faults) = verified(&files, &known)?;
    for line in told {
        say(&line);
    }
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn anchor(text: &String) -> Result<Anchor> {
    Anchor::parse(text).with_context(|| format!("not [ORG:]SEQ:HASH: {text}"))
}

/// The files, and those in the folders, each once.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        collect(path, true, &mut found)
            .with_context(|| format!("cannot read {}", path.display()))?;
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn collect(path: &Path, named: bool, found: &mut Vec<PathBuf>) -> Result<()> {
    let path = path.canonicalize()?;
    if path.is_dir() {
        for entry in std::fs::read_dir(&path)? {
            collect(&entry?.path(), false, found)?;
        }
    } else if named || path.extension().is_some_and(|kind| kind == "jsonl") {
        found.push(path);
    }
    Ok(())
}

/// What holds, a line an organisation, and all that does not.
fn verified(files: &[PathBuf], known: &Known) -> Result<(Vec<String>, Vec<String>)> {
    let mut faults = Vec::new();
    let mut by_org: BTreeMap<OrgId, Vec<(Checked, &Path)>> = BTreeMap::new();
    for path in files {
        let octets = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
        match check(&Sha, &octets, &known.heads) {
            Ok(checked) => {
                let told = checked.faults.iter();
                faults.extend(told.map(|fault| format!("{}: {fault}", path.display())));
                by_org.entry(checked.org).or_default().push((checked, path));
            }
            Err(fault) => faults.push(format!("{}: {fault}", path.display())),
        }
    }
    if known.heads.iter().any(|head| head.org.is_none()) && by_org.len() > 1 {
        bail!("these are exports of several organisations: say --head ORG:SEQ:HASH");
    }
    if known.after.is_some() && by_org.len() > 1 {
        bail!("these are exports of several organisations: --after is of one");
    }
    for head in known.heads.iter().filter_map(|head| head.org) {
        if !by_org.contains_key(&head) {
            faults.push(format!("{head}: no export is there"));
        }
    }
    let mut told = Vec::new();
    for (org, mut files) in by_org {
        files.sort_by_key(|(checked, _)| checked.first);
        told.push(joined(org, &files, known, &mut faults));
    }
    Ok((told, faults))
}

/// What can be said of an organisation's files together.
fn joined(
    org: OrgId,
    files: &[(Checked, &Path)],
    known: &Known,
    faults: &mut Vec<String>,
) -> String {
    let checked: Vec<_> = files.iter().map(|(checked, _)| checked).collect();
    let after: Option<Link> = known.after.map(|after| after.link);
    let (end, found) = join(&Sha, &checked, after, &known.heads);
    faults.extend(found.iter().map(|fault| format!("{org}: {fault}")));
    let first = checked.first().map_or(0, |file| file.first);
    let end = end.map_or_else(String::new, |end| {
        format!("{} with hash {}", end.sequence, end.hash_text())
    });
    format!("{org}: {} files, records {first} to {end}", files.len())
}

#[cfg(test)]
mod tests;
