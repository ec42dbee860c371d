//! The one way to write a record down as octets: canonical JSON (RFC 8785).

use serde_json::{Map, Value, json};

use super::{Link, Record};

/// The canonical form (RFC 8785): no white space, names in the order of their UTF-16 code units, and the shortest
/// escapes, which are those of `serde_json`. Numbers are integers: no other occurs in what is written here.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(at, out);
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (at, (name, item)) in entries.into_iter().enumerate() {
                separate(at, out);
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(item, out);
            }
            out.push('}');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn separate(at: usize, out: &mut String) {
    if at > 0 {
        out.push(',');
    }
}

/// A record as it is listed and exported: all of its fields, `sequence` and `hash` once it has a place in the chain.
/// What is hashed of it is all but `hash`.
pub fn shown(record: &Record, link: Option<&Link>) -> Value {
    let mut fields = hashed(record, link.map(|link| link.sequence));
    if let Some(link) = link {
        fields.insert("hash".to_owned(), link.hash_text().into());
    }
    Value::Object(fields)
}

/// The fields that are hashed.
pub(super) fn hashed(record: &Record, sequence: Option<u64>) -> Map<String, Value> {
    let details = record.details.iter();
    let details: Map<_, _> = details.map(|(n, v)| (n.to_owned(), v.into())).collect();
    let always = [
        ("record_id", record.id.to_string().into()),
        ("organisation_id", record.org.to_string().into()),
        ("at", record.at.0.into()),
        ("event", record.event.as_str().into()),
        ("author", record.author.to_string().into()),
        ("target", record.target.as_str().into()),
        ("device", record.source.device.as_str().into()),
        ("request_id", record.source.request.as_str().into()),
        ("details", Value::Object(details)),
    ];
    let verdict = record.verdict.as_ref();
    let sometimes = [
        ("sequence", sequence.map(Value::from)),
        ("asset_id", record.asset.map(|id| id.to_string().into())),
        (
            "address",
            record.source.address.map(|ip| ip.to_string().into()),
        ),
        ("allowed", verdict.map(|verdict| verdict.allowed.into())),
        ("policies", verdict.map(|verdict| json!(verdict.policies))),
    ];
    let sometimes = sometimes.into_iter();
    let sometimes = sometimes.filter_map(|(name, value)| Some((name, value?)));
    let all = always.into_iter().chain(sometimes);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 8785 §3.2.3, with strings in place of its literals.
    #[test]
    fn names_are_in_the_order_of_their_utf_16_code_units() {
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew", "1": "One",
            "\u{1f600}": "Emoji", "\u{80}": "Control", "\u{f6}": "Latin Small",
        });
        let expected = "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"\u{f6}\":\"Latin Small\",\
             \"\u{20ac}\":\"Euro Sign\",\"\u{1f600}\":\"Emoji\",\"\u{fb33}\":\"Hebrew\"}";
        assert_eq!(canonical(&value), expected);
    }

    /// RFC 8785 §3.2.2.2.
    #[test]
    fn strings_are_escaped_as_little_as_can_be() {
        let value = json!(["\u{8}\t\n\u{c}\r\"\\/\u{1f}\u{7f}\u{2028}é😀", 7, true, {
        }]);
        let expected = "[\"\\b\\t\\n\\f\\r\\\"\\\\/\\u001f\u{7f}\u{2028}é😀\",7,true,{}]";
        assert_eq!(canonical(&value), expected);
    }
}
