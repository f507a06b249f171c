//! Checks JSON against the published schema: the part of JSON Schema that it uses, and strictly: what the schema does not
//! name may not stand there, and a word of the schema that is not understood here is a failure of the test.

use std::path::Path;

use serde_json::Value;

/// Words that say something to people only.
const SAID: [&str; 6] = ["$schema", "$id", "$defs", "title", "description", "required"];

/// Returns what of a value is not as the schema `docs/schema/NAME` says.
pub(crate) fn breaches(name: &str, value: &Value) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema").join(name);
    let root: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut found = Vec::new();
    check(&root, &root, value, "", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let mut say = |what: String| found.push(format!("{at}: {what}"));
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "type" if !types(rule).iter().any(|name| is(value, name)) => say(format!("{value} is not {rule}")),
            "enum" if !rule.as_array().unwrap().contains(value) => say(format!("{value} is not in {rule}")),
            "minimum" if value.as_f64().is_some_and(|number| number < rule.as_f64().unwrap()) => {
                say(format!("{value} < {rule}"))
            }
            "maximum" if value.as_f64().is_some_and(|number| number > rule.as_f64().unwrap()) => {
                say(format!("{value} > {rule}"))
            }
            "type" | "enum" | "minimum" | "maximum" | "$ref" | "items" | "properties" | "additionalProperties" => {}
            word => assert!(SAID.contains(&word), "the check of schemas does not know '{word}'"),
        }
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        check(root, root.pointer(target.strip_prefix('#').unwrap()).unwrap(), value, at, found);
    }
    if let (Some(rule), Some(items)) = (schema.get("items"), value.as_array()) {
        items.iter().enumerate().for_each(|(index, item)| check(root, rule, item, &format!("{at}/{index}"), found));
    }
    if let (Some(rules), Some(fields)) = (schema.get("properties"), value.as_object()) {
        for (name, field) in fields {
            match rules.get(name) {
                Some(rule) => check(root, rule, field, &format!("{at}/{name}"), found),
                None if schema.get("additionalProperties").is_some() => {
                    check(root, &schema["additionalProperties"], field, &format!("{at}/{name}"), found);
                }
                None => found.push(format!("{at}/{name}: the schema does not name it")),
            }
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        found.extend(
            required
                .filter(|name| !fields.contains_key(name.as_str().unwrap()))
                .map(|name| format!("{at}/{name}: it is missing")),
        );
    }
}

fn types(rule: &Value) -> Vec<&str> {
    rule.as_array()
        .map_or_else(|| vec![rule.as_str().unwrap()], |names| names.iter().map(|name| name.as_str().unwrap()).collect())
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the check of schemas does not know the type '{other}'"),
    }
}
