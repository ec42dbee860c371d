//! Attributes in and out. Reading is total: what is missing or of another type is a [`Corrupt`] record.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use vault_domain::time::Timestamp;

/// A record as the SDK has it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// Partition key of every table.
pub(super) const PK: &str = "pk";
/// Sort key, where a table has one.
pub(super) const SK: &str = "sk";

/// A record that does not read: which attribute, never its value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("corrupt record: attribute `{0}` is missing or not what it should be")]
pub(super) struct Corrupt(pub(super) &'static str);

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl Into<u64>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

pub(super) fn time(value: Timestamp) -> AttributeValue {
    number(value.0)
}

pub(super) fn octets(value: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

#[cfg(test)]
pub(super) fn texts<const N: usize>(values: [String; N]) -> AttributeValue {
    AttributeValue::L(values.into_iter().map(AttributeValue::S).collect())
}

/// A list of the texts of these.
pub(super) fn texts_of<T: ToString>(values: &[T]) -> AttributeValue {
    let texts = values.iter().map(|value| text(value.to_string()));
    AttributeValue::L(texts.collect())
}

pub(super) const fn flag(value: bool) -> AttributeValue {
    AttributeValue::Bool(value)
}

/// A record of these attributes.
pub(super) fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    let named = attributes.into_iter();
    named
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Adds an attribute if there is one.
pub(super) fn put_some(item: &mut Item, name: &str, value: Option<AttributeValue>) {
    if let Some(value) = value {
        item.insert(name.to_owned(), value);
    }
}

/// Reads a record.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Item);

impl<'a> Fields<'a> {
    /// The attribute; NULL counts as absent.
    fn present(self, name: &str) -> Option<&'a AttributeValue> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.present(name).is_some()
    }

    pub(super) fn text(self, name: &'static str) -> Result<&'a str, Corrupt> {
        match self.present(name) {
            Some(AttributeValue::S(value)) => Ok(value),
            _ => Err(Corrupt(name)),
        }
    }

    /// A list of texts that `read` makes something of.
    pub(super) fn texts<T>(
        self,
        name: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, Corrupt> {
        let Some(AttributeValue::L(values)) = self.present(name) else {
            return Err(Corrupt(name));
        };
        let texts = values.iter().map(|value| match value {
            AttributeValue::S(value) => read(value),
            _ => None,
        });
        texts.collect::<Option<_>>().ok_or(Corrupt(name))
    }

    /// A text that `read` makes something of.
    pub(super) fn parsed<T>(
        self,
        name: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Corrupt> {
        read(self.text(name)?).ok_or(Corrupt(name))
    }

    pub(super) fn number<T: TryFrom<u64>>(self, name: &'static str) -> Result<T, Corrupt> {
        let Some(AttributeValue::N(digits)) = self.present(name) else {
            return Err(Corrupt(name));
        };
        let value: u64 = digits.parse().map_err(|_| Corrupt(name))?;
        value.try_into().map_err(|_| Corrupt(name))
    }

    pub(super) fn time(self, name: &'static str) -> Result<Timestamp, Corrupt> {
        self.number(name).map(Timestamp)
    }

    pub(super) fn flag(self, name: &'static str) -> Result<bool, Corrupt> {
        match self.present(name) {
            Some(AttributeValue::Bool(value)) => Ok(*value),
            _ => Err(Corrupt(name)),
        }
    }

    pub(super) fn octets<const N: usize>(self, name: &'static str) -> Result<[u8; N], Corrupt> {
        match self.present(name) {
            Some(AttributeValue::B(blob)) => blob.as_ref().try_into().map_err(|_| Corrupt(name)),
            _ => Err(Corrupt(name)),
        }
    }

    /// What `read` makes of the attribute, if it is there.
    pub(super) fn optional<T>(
        self,
        name: &'static str,
        read: impl FnOnce(Self, &'static str) -> Result<T, Corrupt>,
    ) -> Result<Option<T>, Corrupt> {
        self.has(name).then(|| read(self, name)).transpose()
    }
}

#[cfg(test)]
pub(super) mod checks {
    use super::*;

    /// A record reads back as it was; without any of the `required` attributes, or with one of another type, it is
    /// corrupt and nothing worse.
    pub(in crate::dynamodb) fn reads_back<T: PartialEq + std::fmt::Debug>(
        value: &T,
        written: &Item,
        from: impl Fn(&Item) -> Result<T, Corrupt>,
        required: &[&str],
    ) {
        assert_eq!(from(written).as_ref(), Ok(value));
        for name in required {
            let mut without = written.clone();
            assert!(without.remove(*name).is_some(), "{name} is not written");
            assert_eq!(from(&without).unwrap_err().0, *name);
        }
        for name in written.keys() {
            let mut other = written.clone();
            other.insert(name.clone(), AttributeValue::Ss(vec!["x".to_owned()]));
            let result = from(&other);
            assert!(
                result.is_err() || !required.contains(&name.as_str()),
                "{name}"
            );
        }
    }

    #[test]
    fn numbers_out_of_range_or_shape_are_corrupt() {
        for bad in [
            "",
            "-1",
            "1.5",
            "1e3",
            "4294967296",
            "99999999999999999999999",
        ] {
            let item = item([("n", AttributeValue::N(bad.to_owned()))]);
            assert_eq!(Fields(&item).number::<u32>("n"), Err(Corrupt("n")), "{bad}");
        }
    }
}
