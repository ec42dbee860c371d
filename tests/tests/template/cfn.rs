//! The templates as JSON, with references followed across nested stacks.

use std::collections::BTreeMap;
use std::path::Path;

use saphyr::{LoadableYamlNode as _, ScalarOwned, YamlOwned};
use serde_json::{Map, Value, json};

/// The root's own name among the stacks.
pub(crate) const ROOT: &str = "Root";
/// Every stack and its template.
pub(crate) const FILES: [(&str, &str); 6] = [
    (ROOT, "template.yaml"),
    ("Data", "infra/data.yaml"),
    ("Edge", "infra/edge.yaml"),
    ("Roles", "infra/policies/roles.yaml"),
    ("Monitoring", "infra/monitoring.yaml"),
    ("Malware", "infra/malware.yaml"),
];

/// Every template of a deployment, by the logical id of its stack.
pub(crate) struct World(BTreeMap<&'static str, Value>);

impl World {
    /// Reads the templates that ship.
    pub(crate) fn read() -> Self {
        let parse = |(stack, file)| (stack, parse(&text(file)));
        Self(FILES.into_iter().map(parse).collect())
    }

    /// These templates with every `from` in `file` turned into `to`.
    pub(crate) fn mutated(&self, file: &str, from: &str, to: &str) -> Self {
        let text = text(file);
        assert!(text.contains(from), "{file} holds no {from:?}");
        let stack = FILES.iter().find(|(_, known)| *known == file);
        let (stack, _) = stack.expect("a known template");
        let mut templates = self.0.clone();
        templates.insert(stack, parse(&text.replace(from, to)));
        Self(templates)
    }

    /// The template of a stack.
    pub(crate) fn template(&self, stack: &str) -> &Value {
        &self.0[stack]
    }

    /// The logical ids and properties of all resources of one type, with their stacks.
    pub(crate) fn all(&self, kind: &str) -> Vec<(&'static str, &str, &Value)> {
        let all = self.0.iter().flat_map(|(stack, template)| {
            let resources = template["Resources"].as_object().expect("resources");
            resources
                .iter()
                .map(|(id, resource)| (*stack, id.as_str(), resource))
        });
        let of_kind = all.filter(|(_, _, resource)| resource["Type"] == kind);
        of_kind
            .map(|(stack, id, resource)| (stack, id, &resource["Properties"]))
            .collect()
    }

    /// A value as text in which references name what they end at, such as `Data/UsersTable.Arn`.
    pub(crate) fn render(&self, stack: &str, value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Object(object) if object.len() == 1 => {
                let (name, argument) = object.iter().next().expect("one entry");
                self.function(stack, name, argument)
            }
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.render(stack, item)).collect();
                format!("[{}]", items.join(", "))
            }
            other => other.to_string(),
        }
    }

    fn function(&self, stack: &str, name: &str, argument: &Value) -> String {
        match name {
            "Ref" => self.reference(stack, argument.as_str().expect("a name")),
            "Fn::GetAtt" => self.attribute(stack, argument.as_str().expect("id.attribute")),
            "Fn::Sub" => self.substitute(stack, argument.as_str().expect("plain text")),
            _ => format!(
                "{}{}",
                name.trim_start_matches("Fn::"),
                self.render(stack, argument)
            ),
        }
    }

    fn reference(&self, stack: &str, name: &str) -> String {
        if name.starts_with("AWS::") {
            return format!("${{{name}}}");
        }
        if self.0[stack]["Parameters"].get(name).is_none() {
            return format!("{stack}/{name}");
        }
        if stack == ROOT {
            return format!("<{name}>");
        }
        let given = &self.0[ROOT]["Resources"][stack]["Properties"]["Parameters"][name];
        assert!(!given.is_null(), "the root gives {stack} no {name}");
        self.render(ROOT, given)
    }

    fn attribute(&self, stack: &str, path: &str) -> String {
        match path.split_once(".Outputs.") {
            Some((child, output)) if stack == ROOT => {
                let value = &self.0[child]["Outputs"][output]["Value"];
                assert!(!value.is_null(), "{child} has no output {output}");
                self.render(child, value)
            }
            _ => format!("{stack}/{path}"),
        }
    }

    fn substitute(&self, stack: &str, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) = after.split_once('}').expect("a closed ${");
            out.push_str(before);
            out.push_str(&if name.contains('.') {
                self.attribute(stack, name)
            } else {
                self.reference(stack, name)
            });
            rest = tail;
        }
        out + rest
    }
}

fn text(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(file)).expect("a template")
}

fn parse(text: &str) -> Value {
    let documents = YamlOwned::load_from_str(text).expect("YAML");
    convert(&documents[0])
}

fn convert(yaml: &YamlOwned) -> Value {
    match yaml {
        YamlOwned::Value(ScalarOwned::Boolean(flag)) => json!(flag),
        YamlOwned::Value(ScalarOwned::Integer(number)) => json!(number),
        YamlOwned::Value(ScalarOwned::String(text)) => json!(text),
        YamlOwned::Sequence(items) => items.iter().map(convert).collect(),
        YamlOwned::Mapping(entries) => {
            let entries = entries.iter().map(|(key, value)| match convert(key) {
                Value::String(key) => (key, convert(value)),
                other => (other.to_string(), convert(value)),
            });
            Value::Object(entries.collect::<Map<_, _>>())
        }
        YamlOwned::Tagged(tag, node) => {
            let name = match tag.suffix.as_str() {
                short @ ("Ref" | "Condition") => short.to_owned(),
                short => format!("Fn::{short}"),
            };
            json!({ name: convert(node) })
        }
        other => panic!("unexpected YAML: {other:?}"),
    }
}
