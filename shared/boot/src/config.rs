//! Configuration: read once, through an injected look-up; every fault is reported at once.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Why a function does not start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// Variables of the environment that are missing or wrong, each with what would be right.
    #[error("configuration: {}", .0.join("; "))]
    Config(Vec<String>),
    /// The runtime ended.
    #[error("runtime: {0}")]
    Runtime(String),
}

/// The environment as a function reads it, collecting what is wrong.
pub struct Env<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    faults: RefCell<Vec<String>>,
}

impl<'a> Env<'a> {
    /// An environment behind a look-up: the process's own, or a test's map.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            faults: RefCell::default(),
        }
    }

    fn fault(&self, text: String) {
        self.faults.borrow_mut().push(text);
    }

    /// The look-up itself, for adapters that name their own variables.
    pub fn lookup(&self) -> &'a dyn Fn(&str) -> Option<String> {
        self.lookup
    }

    /// A variable that must be there and not be empty.
    pub fn text(&self, name: &str) -> String {
        match (self.lookup)(name) {
            Some(value) if !value.trim().is_empty() => value,
            _ => {
                self.fault(format!("{name} is missing"));
                String::new()
            }
        }
    }

    /// A number that must be there and within a range.
    pub fn number<T>(&self, name: &str, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Copy + std::fmt::Display,
    {
        let parsed = self.text(name).parse().ok().filter(|n| range.contains(n));
        parsed.unwrap_or_else(|| {
            self.fault(format!(
                "{name} must be {} to {}",
                range.start(),
                range.end()
            ));
            *range.start()
        })
    }

    /// A variable that must be there, possibly empty, and parse.
    pub fn parsed<T: Default, E: std::fmt::Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> T {
        let Some(value) = (self.lookup)(name) else {
            self.fault(format!("{name} is missing"));
            return T::default();
        };
        parse(&value).unwrap_or_else(|error| {
            self.fault(error.to_string());
            T::default()
        })
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> bool {
        self.parsed(name, |text| {
            text.parse::<bool>()
                .map_err(|_| format!("{name}: expected true or false, found {text:?}"))
        })
    }

    /// A URL's origin without a trailing slash: `https://media.example.org`; `http` only on the loopback.
    pub fn base_url(&self, name: &str) -> String {
        let value = self.text(name);
        let host = value.strip_prefix("https://").or_else(|| {
            let host = value.strip_prefix("http://")?;
            let name = host.split(':').next().unwrap_or_default();
            matches!(name, "127.0.0.1" | "localhost").then_some(host)
        });
        let plain = |host: &str| {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b))
        };
        if !value.is_empty() && !host.is_some_and(plain) {
            self.fault(format!("{name} must be like https://media.example.org"));
        }
        value
    }

    /// Adds a fault that an adapter found.
    pub fn note(&self, fault: impl std::fmt::Display) {
        self.fault(fault.to_string());
    }

    /// All faults, or none.
    ///
    /// # Errors
    /// [`BootError::Config`]
    pub fn finish(self) -> Result<(), BootError> {
        let faults = self.faults.into_inner();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(BootError::Config(faults))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(pairs: &'static [(&str, &str)], read: impl FnOnce(&Env<'_>)) -> Vec<String> {
        let lookup = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let env = Env::new(&lookup);
        read(&env);
        match env.finish() {
            Err(BootError::Config(faults)) => faults,
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let found = faults(
            &[("B", " "), ("C", "0"), ("D", "http://localhost.evil.test")],
            |env| {
                env.text("A");
                env.text("B");
                env.number("C", 1..=10_u32);
                env.base_url("D");
            },
        );
        assert_eq!(
            found,
            [
                "A is missing",
                "B is missing",
                "C must be 1 to 10",
                "D must be like https://media.example.org"
            ]
        );
    }

    #[test]
    fn what_is_right_has_no_fault() {
        let found = faults(&[("A", "x"), ("D", "http://127.0.0.1:4567")], |env| {
            assert_eq!(env.text("A"), "x");
            assert_eq!(env.base_url("D"), "http://127.0.0.1:4567");
        });
        assert!(found.is_empty(), "{found:?}");
    }
}
