//! The tables as a JSON Schema (2020-12), for editors and other programs.

use serde_json::{Map, Value, json};

use super::Document;
use super::table::{Key, Shape, Table};

/// The dialect.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Numbers with units; which units there are is left to the checker.
const DURATION: &str = r"^\s*([0-9]+\s*[A-Za-zµ]+\s*)+$";
const SIZE: &str = r"^\s*[0-9]+(\.[0-9]+)?\s*([kKmMgGtT][iI]?)?[bB]\s*$";
const PERCENT: &str = r"^\s*(100|[0-9]{1,2})(\.[0-9]+)?\s*%\s*$";

impl Document {
    /// Returns the JSON Schema of such a file.
    pub fn schema(self) -> Value {
        let [file, rest @ ..] = self.tables() else { unreachable!("a document has a table for the file itself") };
        let mut schema = Map::new();
        schema.insert("$schema".into(), DIALECT.into());
        schema.insert("title".into(), format!("segno {}", self.name()).into());
        schema.extend(table(file));
        let rest = rest.iter().map(|inner| (inner.name.to_owned(), Value::Object(table(inner))));
        schema.insert("$defs".into(), rest.collect::<Map<_, _>>().into());
        Value::Object(schema)
    }
}

fn table(table: &Table) -> Map<String, Value> {
    let properties = table.keys.iter().map(|key| (key.name.to_owned(), property(key)));
    let mut map = Map::new();
    map.insert("description".into(), table.about.into());
    map.insert("type".into(), "object".into());
    map.insert("properties".into(), properties.collect::<Map<_, _>>().into());
    map.insert("additionalProperties".into(), false.into());
    if !table.bodies.is_empty() {
        map.insert("oneOf".into(), present(table.bodies));
    }
    if !table.some.is_empty() {
        map.insert("anyOf".into(), present(table.some));
    }
    let dependent = table.keys.iter().filter_map(|key| Some((key.name.to_owned(), demand(key)?)));
    let dependent: Map<String, Value> = dependent.collect();
    if !dependent.is_empty() {
        map.insert("dependentSchemas".into(), dependent.into());
    }
    map
}

fn property(key: &Key) -> Value {
    let mut value = shape(key.shape);
    value["description"] = key.about.into();
    value
}

/// Says what must stand beside a key, and what must not.
fn demand(key: &Key) -> Option<Value> {
    let needed = [key.beside, key.requires].into_iter().filter(|names| !names.is_empty());
    let mut demands: Vec<Value> = needed.map(|names| json!({ "anyOf": present(names) })).collect();
    if !key.excludes.is_empty() {
        demands.push(json!({ "not": { "anyOf": present(key.excludes) } }));
    }
    match demands.len() {
        0 | 1 => demands.pop(),
        _ => Some(json!({ "allOf": demands })),
    }
}

/// Says that a key is there, for each of some keys.
fn present(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "required": [name] })).collect()
}

fn shape(value: Shape) -> Value {
    match value {
        Shape::Word => json!({ "type": "string" }),
        Shape::Text | Shape::Expression => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Truth => json!({ "type": "boolean" }),
        Shape::Count(from, i64::MAX) => json!({ "type": "integer", "minimum": from }),
        Shape::Count(from, to) => json!({ "type": "integer", "minimum": from, "maximum": to }),
        Shape::Number(from, to) if to.is_infinite() => json!({ "type": "number", "minimum": from }),
        Shape::Number(from, to) => json!({ "type": "number", "minimum": from, "maximum": to }),
        Shape::Size => json!({ "type": "string", "pattern": SIZE }),
        Shape::Duration => json!({ "type": "string", "pattern": DURATION }),
        Shape::Percent => json!({ "type": "string", "pattern": PERCENT }),
        Shape::OneOf(words) => json!({ "enum": words }),
        Shape::List(inner) => json!({ "type": "array", "items": shape(*inner) }),
        Shape::Some(inner) => json!({ "type": "array", "minItems": 1, "items": shape(*inner) }),
        Shape::Map(inner) => json!({ "type": "object", "additionalProperties": shape(*inner) }),
        Shape::SomeMap(inner) => {
            json!({ "type": "object", "minProperties": 1, "additionalProperties": shape(*inner) })
        }
        Shape::Table(name) => json!({ "$ref": format!("#/$defs/{name}") }),
        Shape::Any(shapes) => json!({ "anyOf": shapes.iter().copied().map(shape).collect::<Value>() }),
        Shape::Value => json!({}),
    }
}
