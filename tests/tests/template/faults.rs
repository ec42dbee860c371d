//! What is wrong with a set of templates, all of it at once.

use serde_json::Value;

#[derive(Default)]
pub(crate) struct Faults(Vec<String>);

impl Faults {
    pub(crate) fn expect(&mut self, holds: bool, otherwise: &str) {
        if !holds {
            self.0.push(otherwise.to_owned());
        }
    }

    pub(crate) fn same(&mut self, what: &str, found: &Value, expected: &Value) {
        self.expect(
            found == expected,
            &format!("{what}: found {found}, expected {expected}"),
        );
    }
}

impl From<Faults> for Vec<String> {
    fn from(faults: Faults) -> Self {
        faults.0
    }
}
