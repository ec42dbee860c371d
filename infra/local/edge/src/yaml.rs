//! `CloudFormation` YAML: a tree in which short functions such as `!Ref` stay recognisable.

use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode as _, ScalarOwned, YamlOwned};

/// A node of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A scalar, as text.
    Scalar(String),
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping, its order kept.
    Mapping(Vec<(String, Node)>),
    /// A `CloudFormation` function by its short name, and its argument: `!Ref x`, `!Sub "…"`.
    Function(String, Box<Node>),
}

/// A template cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum YamlError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not one YAML document.
    #[error("not a YAML template: {0}")]
    Parse(String),
}

impl Node {
    /// Reads the template at `path`.
    pub fn read(path: &Path) -> Result<Self, YamlError> {
        let text = std::fs::read_to_string(path).map_err(|source| YamlError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text)
    }

    /// Parses one YAML document.
    pub fn parse(text: &str) -> Result<Self, YamlError> {
        let documents =
            YamlOwned::load_from_str(text).map_err(|error| YamlError::Parse(error.to_string()))?;
        match <[YamlOwned; 1]>::try_from(documents) {
            Ok([document]) => Ok(convert(&document)),
            Err(several) => Err(YamlError::Parse(format!("{} documents", several.len()))),
        }
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    /// The entries of a mapping; of anything else, none.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let entries = if let Self::Mapping(entries) = self {
            entries.as_slice()
        } else {
            &[]
        };
        entries.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The items of a sequence; of anything else, none.
    pub fn items(&self) -> &[Self] {
        if let Self::Sequence(items) = self {
            items
        } else {
            &[]
        }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        if let Self::Scalar(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The number in a scalar.
    pub fn integer(&self) -> Option<i64> {
        self.text()?.parse().ok()
    }

    /// Whether it is the scalar `true`.
    pub fn is_true(&self) -> bool {
        self.text() == Some("true")
    }

    /// A sequence of scalars written out, or one scalar; `None` where a function computes any of it.
    pub fn strings(&self) -> Option<Vec<String>> {
        match self {
            Self::Scalar(text) => Some(vec![text.clone()]),
            Self::Sequence(items) => items
                .iter()
                .map(|item| item.text().map(str::to_owned))
                .collect(),
            Self::Mapping(_) | Self::Function(..) => None,
        }
    }

    /// The resources of one type: their logical ids and properties.
    pub fn resources(&self, kind: &str) -> impl Iterator<Item = (&str, &Self)> {
        let resources = self.get("Resources").into_iter().flat_map(Self::entries);
        resources.filter_map(move |(id, resource)| {
            let found = resource.get("Type")?.text()? == kind;
            found.then_some((id, resource.get("Properties")?))
        })
    }
}

fn convert(yaml: &YamlOwned) -> Node {
    match yaml {
        YamlOwned::Value(scalar) => Node::Scalar(scalar_text(scalar)),
        YamlOwned::Representation(text, ..) => Node::Scalar(text.clone()),
        YamlOwned::Sequence(items) => Node::Sequence(items.iter().map(convert).collect()),
        YamlOwned::Mapping(entries) => long_form(
            entries
                .iter()
                .filter_map(|(key, value)| match convert(key) {
                    Node::Scalar(key) => Some((key, convert(value))),
                    _ => None,
                })
                .collect(),
        ),
        YamlOwned::Tagged(tag, node) => Node::Function(tag.suffix.clone(), Box::new(convert(node))),
        YamlOwned::Alias(_) | YamlOwned::BadValue => Node::Scalar(String::new()),
    }
}

/// `{Ref: x}` and `{Fn::Sub: x}` mean what `!Ref x` and `!Sub x` mean.
fn long_form(entries: Vec<(String, Node)>) -> Node {
    match <[(String, Node); 1]>::try_from(entries) {
        Ok([(name, argument)]) if name == "Ref" || name.starts_with("Fn::") => {
            let name = name.strip_prefix("Fn::").unwrap_or(&name).to_owned();
            Node::Function(name, Box::new(argument))
        }
        Ok(one) => Node::Mapping(one.into()),
        Err(entries) => Node::Mapping(entries),
    }
}

fn scalar_text(scalar: &ScalarOwned) -> String {
    match scalar {
        ScalarOwned::Null => String::new(),
        ScalarOwned::Boolean(value) => value.to_string(),
        ScalarOwned::Integer(value) => value.to_string(),
        ScalarOwned::FloatingPoint(value) => value.to_string(),
        ScalarOwned::String(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_keep_their_names_and_arguments() {
        let node = Node::parse(
            "a: !Ref X\nb: !Sub '${AWS::StackName}-login'\nc: !GetAtt A.Arn\n\
             d: !Split [',', !Ref Origins]\ne: {Ref: X}\nf: {'Fn::Sub': y}\ng: 010\nh: true\n",
        )
        .expect("a template");
        let function = |name: &str, argument: &str| {
            Node::Function(name.into(), Box::new(Node::Scalar(argument.into())))
        };
        assert_eq!(node.get("a"), Some(&function("Ref", "X")));
        assert_eq!(
            node.get("b"),
            Some(&function("Sub", "${AWS::StackName}-login"))
        );
        assert_eq!(node.get("c"), Some(&function("GetAtt", "A.Arn")));
        assert_eq!(node.get("e"), Some(&function("Ref", "X")));
        assert_eq!(node.get("f"), Some(&function("Sub", "y")));
        assert!(node.get("h").is_some_and(Node::is_true));
        let Some(Node::Function(name, arguments)) = node.get("d") else {
            panic!("a function")
        };
        assert_eq!(
            (name.as_str(), arguments.items()[1].clone()),
            ("Split", function("Ref", "Origins"))
        );
    }

    #[test]
    fn two_documents_are_no_template() {
        assert!(Node::parse("a: 1\n---\nb: 2\n").is_err());
        assert!(Node::parse("a: [").is_err());
    }
}
