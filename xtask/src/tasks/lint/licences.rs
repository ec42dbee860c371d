//! Licences and sources of every dependency, held against `deny.toml`, which `cargo deny` reads too.

use anyhow::{Result, bail};
use serde_json::Value;

/// The SPDX names in `deny.toml`'s list `allow`.
pub(crate) fn allowed(deny: &str) -> Result<Vec<String>> {
    let list = deny
        .split("\nallow = [")
        .nth(1)
        .and_then(|rest| rest.split(']').next());
    let names: Vec<String> = list
        .unwrap_or_default()
        .lines()
        .filter_map(|line| Some(line.trim().strip_prefix('"')?.split('"').next()?.to_owned()))
        .collect();
    if names.is_empty() {
        bail!("deny.toml lists no licence under [licenses] allow");
    }
    Ok(names)
}

/// How many dependencies there are, and those whose licence or source is not allowed.
pub(crate) fn faults(metadata: &Value, allowed: &[String]) -> (usize, Vec<String>) {
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let outside: Vec<&Value> = packages
        .iter()
        .filter(|package| !package["source"].is_null())
        .collect();
    let fault = |package: &&Value| {
        let text = |key: &str| package[key].as_str().unwrap_or_default();
        let name = format!("{} {}", text("name"), text("version"));
        if !text("source").starts_with("registry+") {
            return Some(format!("{name} does not come from the registry"));
        }
        (!satisfied(text("license"), allowed)).then(|| {
            format!(
                "{name}: the licence {:?} is not in deny.toml",
                text("license")
            )
        })
    };
    (outside.len(), outside.iter().filter_map(fault).collect())
}

/// Is the SPDX expression satisfied by licences of the list? `OR` needs one side, `AND` both.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    let value = any(&mut rest, allowed);
    value && rest.is_empty()
}

fn any(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut value = all(rest, allowed);
    while let [first, tail @ ..] = *rest {
        if !first.eq_ignore_ascii_case("or") {
            break;
        }
        *rest = tail;
        value |= all(rest, allowed);
    }
    value
}

fn all(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut value = one(rest, allowed);
    while let [first, tail @ ..] = *rest {
        if !first.eq_ignore_ascii_case("and") {
            break;
        }
        *rest = tail;
        value &= one(rest, allowed);
    }
    value
}

fn one(rest: &mut &[&str], allowed: &[String]) -> bool {
    let [first, tail @ ..] = *rest else {
        return false;
    };
    *rest = tail;
    if *first != "(" {
        // A `WITH` exception only adds permissions.
        let value = allowed.iter().any(|name| name == first);
        if let ["WITH", _, tail @ ..] = *rest {
            *rest = tail;
        }
        return value;
    }
    let value = any(rest, allowed);
    let [")", tail @ ..] = *rest else {
        return false;
    };
    *rest = tail;
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Vec<String> {
        allowed("[licenses]\nallow = [\n  \"MIT\", # comment\n  \"ISC\",\n  \"Apache-2.0\",\n]\n")
            .unwrap()
    }

    #[test]
    fn an_expression_is_weighed_as_spdx_says() {
        for good in [
            "MIT",
            "MIT OR GPL-3.0",
            "ISC AND (Apache-2.0 OR ISC)",
            "MIT/Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(satisfied(good, &list()), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT",
            "MIT)",
            "MIT GPL-3.0",
        ] {
            assert!(!satisfied(bad, &list()), "{bad}");
        }
    }

    #[test]
    fn an_empty_list_is_no_list() {
        assert!(allowed("[licenses]\nallow = []").is_err());
    }
}
