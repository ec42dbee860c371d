//! One change set of `CloudFormation`, from its creation to the stack's end state.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::Parameters;
use crate::aws::Aws;
use crate::progress::Step;
use crate::time;

const LIMIT: Duration = Duration::from_mins(5);

/// Creates or updates a stack and returns its outputs.
pub(super) fn apply(
    aws: &Aws,
    stack: &str,
    template_url: &str,
    parameters: &Parameters,
    step: &Step,
) -> Result<BTreeMap<String, String>> {
    step.note("change set");
    let before = describe(aws, stack).ok();
    let kind = if before.is_some() { "UPDATE" } else { "CREATE" };
    let change = format!("xtask-{}", time::unix_nanos());
    call(
        aws,
        "CreateChangeSet",
        &change_set(stack, &change, kind, template_url, parameters),
    )?;
    let named = pairs(&[("StackName", stack), ("ChangeSetName", &change)]);
    if !prepared(aws, &named)? {
        return outputs(&describe(aws, stack)?);
    }
    call(aws, "ExecuteChangeSet", &named)?;
    let end = time::poll(LIMIT, || settled(aws, stack, &change, step))
        .context("the stack took too long")?;
    let status = end["StackStatus"].as_str().unwrap_or_default();
    if !is_success(status) {
        bail!("the stack ended as {status}:\n{}", failures(aws, stack));
    }
    outputs(&end)
}

fn change_set(
    stack: &str,
    change: &str,
    kind: &str,
    template_url: &str,
    parameters: &Parameters,
) -> Vec<(String, String)> {
    let mut form = pairs(&[
        ("StackName", stack),
        ("ChangeSetName", change),
        ("ChangeSetType", kind),
        ("TemplateURL", template_url),
        ("IncludeNestedStacks", "true"),
        ("Capabilities.member.1", "CAPABILITY_NAMED_IAM"),
        ("Capabilities.member.2", "CAPABILITY_AUTO_EXPAND"),
    ]);
    for (index, (name, value)) in parameters.iter().enumerate() {
        let prefix = format!("Parameters.member.{}", index + 1);
        form.push((format!("{prefix}.ParameterKey"), name.clone()));
        form.push((format!("{prefix}.ParameterValue"), value.clone()));
    }
    form
}

/// Waits for the change set; false when it holds no change.
fn prepared(aws: &Aws, named: &[(String, String)]) -> Result<bool> {
    let end = time::poll(LIMIT, || {
        let found = match call(aws, "DescribeChangeSet", named) {
            Ok(found) => found,
            Err(error) => return Some(Err(error)),
        };
        let status = text(&result(&found, "DescribeChangeSet")["Status"]).to_owned();
        (status.ends_with("COMPLETE") || status == "FAILED").then_some(Ok((status, found)))
    });
    let (status, found) = end.context("the change set took too long")??;
    let reason = text(&result(&found, "DescribeChangeSet")["StatusReason"]);
    match status.as_str() {
        "FAILED" if reason.contains("didn't contain changes") || reason.contains("No updates") => {
            Ok(false)
        }
        "FAILED" => bail!("the change set failed: {reason}"),
        _ => Ok(true),
    }
}

fn settled(aws: &Aws, stack: &str, change: &str, step: &Step) -> Option<Value> {
    let found = describe(aws, stack).ok()?;
    let status = text(&found["StackStatus"]);
    step.note(status.to_lowercase().replace('_', " "));
    // LocalStack tells success a moment before the outputs; the change set's id comes after both.
    let whole = !is_success(status) || text(&found["ChangeSetId"]).contains(change);
    (whole && !status.ends_with("IN_PROGRESS")).then_some(found)
}

fn is_success(status: &str) -> bool {
    matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE")
}

fn describe(aws: &Aws, stack: &str) -> Result<Value> {
    let found = call(aws, "DescribeStacks", &pairs(&[("StackName", stack)]))?;
    let stacks = list(&result(&found, "DescribeStacks")["Stacks"]);
    stacks.into_iter().next().context("no such stack")
}

fn outputs(stack: &Value) -> Result<BTreeMap<String, String>> {
    let entries = list(&stack["Outputs"]);
    entries
        .iter()
        .map(|entry| {
            Some((
                entry["OutputKey"].as_str()?.to_owned(),
                entry["OutputValue"].as_str()?.to_owned(),
            ))
        })
        .collect::<Option<_>>()
        .context("an output without a name or value")
}

/// What failed, in the stack and the stacks within it.
fn failures(aws: &Aws, stack: &str) -> String {
    let Ok(found) = call(aws, "DescribeStackEvents", &pairs(&[("StackName", stack)])) else {
        return String::new();
    };
    let events = list(&result(&found, "DescribeStackEvents")["StackEvents"]);
    let failed = events
        .iter()
        .filter(|event| text(&event["ResourceStatus"]).ends_with("FAILED"));
    let mut lines = Vec::new();
    for event in failed {
        let inner = text(&event["PhysicalResourceId"]);
        lines.push(format!(
            "  {}: {}",
            text(&event["LogicalResourceId"]),
            text(&event["ResourceStatusReason"])
        ));
        let nested = text(&event["ResourceType"]) == "AWS::CloudFormation::Stack";
        if nested
            && !inner.is_empty()
            && inner != stack
            && text(&event["LogicalResourceId"]) != stack
        {
            lines.push(failures(aws, inner));
        }
    }
    lines.join("\n")
}

fn call(aws: &Aws, action: &str, form: &[(String, String)]) -> Result<Value> {
    aws.query("cloudformation", "2010-05-15", action, form)
}

/// The answer within its two envelopes, where they are.
fn result<'a>(answer: &'a Value, action: &str) -> &'a Value {
    let inner = answer.get(format!("{action}Response")).unwrap_or(answer);
    inner.get(format!("{action}Result")).unwrap_or(inner)
}

/// A list, however the emulator wraps it: bare, under `member`, a single entry alone.
fn list(value: &Value) -> Vec<Value> {
    let inner = value.get("member").unwrap_or(value);
    match inner {
        Value::Array(entries) => entries.clone(),
        Value::Object(_) => vec![inner.clone()],
        _ => Vec::new(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn pairs(given: &[(&str, &str)]) -> Vec<(String, String)> {
    given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
