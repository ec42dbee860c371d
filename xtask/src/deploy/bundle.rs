//! Puts the templates into a bucket, and points the root template at them and at the functions' code.

use std::path::Path;

use anyhow::{Context as _, Result};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::code;
use crate::aws::Aws;
use crate::cloud::{Instance, Ports};
use crate::context::Context;

/// Properties of the root template that hold a path in the clone, and what deployed templates hold.
#[derive(Clone, Copy)]
enum Local {
    Code,
    Template,
}

/// Returns the URL of the uploaded root template.
pub(super) fn upload(
    context: &Context,
    instance: &Instance,
    aws: &Aws,
    bucket: &str,
) -> Result<String> {
    aws.create_bucket(bucket)?;
    let put = |path: &Path, body: Vec<u8>| -> Result<String> {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let digest = HEXLOWER.encode(&Sha256::digest(&body)[..16]);
        // The content names the object: what did not change is not deployed again.
        let key = format!("{digest}/{name}");
        aws.put_object(bucket, &key, body)?;
        Ok(key)
    };
    let url = |key: &str| format!("{}/{bucket}/{key}", Ports::url(instance.ports.localstack()));
    let root = context.root.join("template.yaml");
    let text = std::fs::read_to_string(&root)
        .with_context(|| format!("cannot read {}", root.display()))?;
    let text = rewrite(&text, |kind, path| {
        let path = context.root.join(path);
        Ok(match kind {
            Local::Code => {
                let folder = code::unpack(&path, &instance.state)?;
                format!(
                    "{{ Bucket: {}, Key: '{}' }}",
                    code::BUCKET,
                    folder.display()
                )
            }
            Local::Template => {
                let body = std::fs::read(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                url(&put(&path, body)?)
            }
        })
    })?;
    Ok(url(&put(&root, text.into_bytes())?))
}

/// Replaces the local paths of a template, line by line, and leaves every other byte as it is.
fn rewrite(
    template: &str,
    mut replace: impl FnMut(Local, &str) -> Result<String>,
) -> Result<String> {
    let mut text = String::with_capacity(template.len());
    for line in template.split_inclusive('\n') {
        match local_path(line) {
            None => text.push_str(line),
            Some((kind, path)) => text.push_str(&line.replace(path, &replace(kind, path)?)),
        }
    }
    Ok(text)
}

fn local_path(line: &str) -> Option<(Local, &str)> {
    let (name, value) = line.trim().split_once(": ")?;
    let kind = match name {
        "CodeUri" => Local::Code,
        "TemplateURL" => Local::Template,
        _ => return None,
    };
    let value = value.trim();
    let elsewhere = value.contains("://") || value.starts_with(['!', '{', '\'', '"']);
    (!elsewhere).then_some((kind, value))
}

#[cfg(test)]
mod tests {
    use super::{Local, rewrite};

    #[test]
    fn only_local_paths_change() {
        let template = "A:\n  CodeUri: target/a.zip\nB:\n  TemplateURL: infra/b.yaml # b\n  TemplateURL: https://s3/c\n";
        let text = rewrite(template, |kind, path| {
            Ok(match kind {
                Local::Code => format!("s3://bucket/{path}"),
                Local::Template => "http://b".to_owned(),
            })
        });
        let expected = "A:\n  CodeUri: s3://bucket/target/a.zip\nB:\n  TemplateURL: http://b\n  TemplateURL: https://s3/c\n";
        assert_eq!(text.unwrap().replace(" # b", ""), expected);
    }
}
