//! What is in the schemas of types, with what the vocabulary says of it.

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::vocabulary::meaning;

/// The named schemas of a generator, each property with its meaning.
pub(super) fn explained(generator: &mut SchemaGenerator) -> (Map<String, Value>, Vec<String>) {
    let (mut named, mut faults) = (generator.definitions().clone(), Vec::new());
    for (name, schema) in &mut named {
        explain(name, schema, generator, &mut faults);
    }
    // What the vocabulary brought along: texts and numbers, without properties.
    for (name, schema) in generator.definitions() {
        named.entry(name).or_insert_with(|| schema.clone());
    }
    (named, faults)
}

/// What a reply may leave out is never `null` in it.
pub(super) fn without_nulls(schema: &mut Value) {
    let required = schema["required"].clone();
    let needed = |name: &str| {
        required
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one == name))
    };
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for (name, property) in properties {
        if needed(name) {
            continue;
        }
        if let Some(Value::Array(kinds)) = property.get_mut("type") {
            kinds.retain(|kind| kind != "null");
            property["type"] = kinds[0].take();
        } else if let Some(Value::Array(ways)) = property.get_mut("anyOf") {
            ways.retain(|way| way["type"] != "null");
            let about = property
                .as_object_mut()
                .and_then(|fields| fields.remove("description"));
            let mut only = property["anyOf"][0].take();
            if let Some(about) = about {
                only["description"] = about;
            }
            *property = only;
        }
    }
}

/// Gives each property that is plain text or a plain number the meaning of its name.
fn explain(
    of: &str,
    schema: &mut Value,
    generator: &mut SchemaGenerator,
    faults: &mut Vec<String>,
) {
    let Value::Object(fields) = schema else {
        return;
    };
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        for (name, property) in properties {
            // Left out, it stays as it is: not the same as `null`.
            if let Some(fields) = property.as_object_mut()
                && fields.get("default") == Some(&Value::Null)
            {
                fields.remove("default");
            }
            if is_plain(property)
                && let Some(meaning) = meaning(name, generator)
                && is_of_its_kind(property, &meaning, generator)
            {
                mean(property, meaning.to_value());
            }
            if is_plain(property)
                && property["type"] == "string"
                && property["description"].is_null()
            {
                faults.push(format!("nothing says what `{name}` of {of} is"));
            }
        }
    }
    for (_, inner) in fields {
        match inner {
            Value::Object(_) => explain(of, inner, generator, faults),
            Value::Array(all) => all
                .iter_mut()
                .for_each(|one| explain(of, one, generator, faults)),
            _ => (),
        }
    }
}

/// Text, numbers and lists of them of which the type alone is known, and JSON of any kind; there may be none.
fn is_plain(property: &Value) -> bool {
    if *property == Value::Bool(true) {
        return true;
    }
    let kind = match &property["type"] {
        Value::Array(kinds) => &kinds[0],
        kind => kind,
    };
    let says_more = ["enum", "const", "pattern", "$ref", "properties"];
    let silent = says_more.iter().all(|word| property[*word].is_null());
    silent
        && match kind.as_str() {
            Some("string") => property["format"].is_null(),
            Some("integer") => property["maximum"].is_null(),
            Some("array") => is_plain(&property["items"]),
            _ => false,
        }
}

/// A number is no text, whatever its name.
fn is_of_its_kind(property: &Value, meaning: &Schema, generator: &SchemaGenerator) -> bool {
    let kind = |schema: &Value| match &schema["type"] {
        Value::Array(kinds) => kinds[0].clone(),
        kind => kind.clone(),
    };
    let named = meaning.get("$ref").and_then(Value::as_str);
    let named = named.and_then(|place| place.rsplit('/').next());
    let means = named.and_then(|name| generator.definitions().get(name));
    let means = kind(means.unwrap_or(meaning.as_value()));
    let own = if property["type"] == "array" {
        kind(&property["items"])
    } else {
        kind(property)
    };
    property.is_boolean() || own == means
}

/// Puts a meaning in the place of a bare type; `null` and lists stay.
fn mean(property: &mut Value, meaning: Value) {
    if property["type"] == "array" {
        return mean(&mut property["items"], meaning);
    }
    if property.is_boolean() {
        *property = meaning;
        return;
    }
    let about = property
        .as_object_mut()
        .and_then(|fields| fields.remove("description"));
    let nullable = property["type"].is_array();
    *property = if nullable {
        json!({ "anyOf": [meaning, { "type": "null" }] })
    } else {
        meaning
    };
    if let Some(about) = about {
        property["description"] = about;
    }
}
