//! The vocabulary says what the checker does: same keys, same values; the schemas and the reference are made from it.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use segno_orchestrator::Settings;
use segno_orchestrator::spec::vocabulary::{Document, Key, Shape, Table};
use segno_orchestrator::spec::{Mistakes, parse, value};
use serde_json::Value;

/// Set to write the generated files instead of comparing them.
const MAKE: &str = "SEGNO_MAKE_DOCS";

/// A key that no table has and that no key is near to.
const STRANGE: &str = "zzzzzzzzzzzzzzzz";

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

fn validator(document: Document) -> Validator {
    jsonschema::draft202012::new(&document.schema()).unwrap()
}

/// Asks the checker.
fn checked(document: Document, source: &str) -> Result<(), Mistakes> {
    match document {
        Document::Workflow => parse(source, "a.yaml").map(drop),
        Document::Settings => Settings::parse(&toml(source)).map(drop),
    }
}

/// Writes the YAML of a test as TOML, by way of its value.
fn toml(source: &str) -> String {
    fn inline(value: &Value) -> String {
        match value {
            Value::Object(rows) => {
                let rows = rows.iter().map(|(key, value)| format!("{} = {}", Value::from(key.as_str()), inline(value)));
                format!("{{ {} }}", rows.collect::<Vec<_>>().join(", "))
            }
            Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
            value => value.to_string(),
        }
    }
    let Value::Object(rows) = value(source, "a.yaml").unwrap() else { unreachable!("the sources are maps") };
    rows.iter().map(|(key, value)| format!("{key} = {}\n", inline(value))).collect()
}

/// Writes a file in which `fields` stand in a map of the table.
fn framed(document: Document, table: &Table, fields: &str) -> String {
    let workflow = |rest: &str| format!("{{ {rest}, steps: [{{ run: [x] }}] }}");
    let step = |name: &str| format!("{{ steps: [{{ run: [x], {name}: {{ {fields} }} }}] }}");
    match (document, table.name) {
        (Document::Workflow, "workflow") | (Document::Settings, "settings") => format!("{{ {fields} }}"),
        (Document::Workflow, "input") => workflow(&format!("inputs: {{ a: {{ {fields} }} }}")),
        (Document::Workflow, "agent") => workflow(&format!("agents: {{ a: {{ {fields} }} }}")),
        (Document::Workflow, name @ ("defaults" | "checkpoints")) => workflow(&format!("{name}: {{ {fields} }}")),
        (Document::Workflow, "step") => format!("{{ steps: [{{ {fields} }}] }}"),
        (Document::Workflow, "action") => step("undo"),
        (Document::Workflow, "git") => format!("{{ steps: [{{ run: [x], cache: {{ git: {{ {fields} }} }} }}] }}"),
        (Document::Workflow, name) => step(name),
        (Document::Settings, "price") => format!("{{ prices: {{ a: {{ {fields} }} }} }}"),
        (Document::Settings, "agent") => format!("{{ agents: {{ a: {{ {fields} }} }} }}"),
        (Document::Settings, "cache_limits") => format!("{{ cache: {{ {fields} }} }}"),
        (Document::Settings, "shared_cache") => format!("{{ cache: {{ shared: {{ {fields} }} }} }}"),
        (Document::Settings, "git") => {
            format!("{{ agents: {{ a: {{ run: [x], cache: {{ git: {{ {fields} }} }} }} }} }}")
        }
        (Document::Settings, "fallback_order") => format!("{{ fallback: {{ {fields} }} }}"),
        (Document::Settings, "policy") => format!("{{ policies: {{ a: {{ {fields} }} }} }}"),
        (Document::Settings, name @ ("breaker" | "rate" | "bulkhead" | "concurrency")) => {
            format!("{{ policies: {{ a: {{ {name}: {{ {fields} }} }} }} }}")
        }
        (Document::Settings, name @ ("fallback" | "retry" | "cache")) => {
            format!("{{ agents: {{ a: {{ run: [x], {name}: {{ {fields} }} }} }} }}")
        }
        (Document::Settings, name) => format!("{{ {name}: {{ {fields} }} }}"),
    }
}

/// Returns keys and values of a map with this body and `key`, and all that must stand beside them; `None` when the two
/// cannot stand together.
fn fields(table: &Table, body: &str, key: Option<(&str, &str)>) -> Option<String> {
    let find = |name: &str| table.keys.iter().find(|key| key.name == name);
    let mut chosen: Vec<(&str, &str)> = key.into_iter().collect();
    let add = |name: &str, chosen: &mut Vec<(&'static str, &'static str)>| {
        let key = find(name).unwrap();
        chosen.push((key.name, key.example));
    };
    let mut more: Vec<(&'static str, &'static str)> = Vec::new();
    if !body.is_empty() && key.is_none_or(|(name, _)| name != body) {
        add(body, &mut more);
    }
    if !table.some.is_empty() && !key.is_some_and(|(name, _)| table.some.contains(&name)) {
        add(table.some[0], &mut more);
    }
    loop {
        let all: Vec<&str> = chosen.iter().chain(&more).map(|(name, _)| *name).collect();
        let lacking = all
            .iter()
            .filter_map(|name| find(name))
            .find(|key| !key.requires.is_empty() && !key.requires.iter().any(|other| all.contains(other)));
        match lacking {
            Some(key) => add(key.requires[0], &mut more),
            None => {
                let excluded = all.iter().filter_map(|name| find(name)).flat_map(|key| key.excludes);
                if excluded.into_iter().any(|name| all.contains(name)) {
                    return None;
                }
                break;
            }
        }
    }
    chosen.splice(0..0, more);
    Some(chosen.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", "))
}

/// Returns each table with each of its bodies, or with none where it has none.
fn maps() -> Vec<(Document, &'static Table, &'static str)> {
    // Settings are TOML, which a build may be without, as it may be without rates; the whole workspace has both.
    let is_read =
        |document: &Document| *document == Document::Workflow || cfg!(all(feature = "toml", feature = "rate"));
    let tables = Document::ALL
        .into_iter()
        .filter(is_read)
        .flat_map(|document| document.tables().iter().map(move |t| (document, t)));
    tables
        .flat_map(|(document, table)| {
            let bodies = if table.bodies.is_empty() { &[""] } else { table.bodies };
            bodies.iter().map(move |body| (document, table, *body))
        })
        .collect()
}

#[test]
fn the_checker_knows_the_keys_of_the_vocabulary_and_no_others() {
    for (document, table, body) in maps() {
        let source = framed(document, table, &fields(table, body, Some((STRANGE, "1"))).unwrap());
        let mistakes = checked(document, &source).unwrap_err();
        let about = |wanted: &str| mistakes.list().iter().find(|mistake| mistake.message.contains(wanted)).cloned();
        let hint = about(STRANGE).and_then(|mistake| mistake.hint).unwrap_or_default();
        let said = hint.strip_prefix("known keys: ").unwrap_or_else(|| panic!("{source}: {mistakes}"));
        let said: BTreeSet<&str> = said.split(", ").collect();
        let mut known: BTreeSet<&str> = table.keys_beside(body).map(|key| key.name).collect();
        // A second body is a mistake of its own, so the checker may call it known.
        known.extend(table.bodies.iter().filter(|body| said.contains(*body)));
        assert_eq!(said, known, "{} {body}", table.name);
    }
}

#[test]
fn each_example_is_accepted_and_each_wrong_value_refused_by_checker_and_schema() {
    for (document, table, body) in maps() {
        let validator = validator(document);
        for key in table.keys_beside(body) {
            let with = |value: &str| Some(framed(document, table, &fields(table, body, Some((key.name, value)))?));
            let Some(source) = with(key.example) else { continue };
            assert_eq!(checked(document, &source).map_err(|bad| bad.to_string()), Ok(()), "{source}");
            let instance = value(&source, "a.yaml").unwrap();
            assert_eq!(validator.validate(&instance).map_err(|bad| bad.to_string()), Ok(()), "{source}");
            for wrong in wrong(key) {
                let source = with(wrong).unwrap();
                assert!(checked(document, &source).is_err(), "the checker accepts {source}");
                assert!(!validator.is_valid(&value(&source, "a.yaml").unwrap()), "the schema accepts {source}");
            }
        }
    }
}

/// Returns values that a key must not have.
fn wrong(key: &Key) -> Vec<&'static str> {
    match key.shape {
        Shape::Value => vec![],
        Shape::Word => vec!["[x]", "1", "{ a: x }"],
        Shape::Text | Shape::Expression => vec!["[x]", "{ a: x }", "~"],
        Shape::Truth => vec!["maybe", "1", "~"],
        Shape::Duration | Shape::Size | Shape::Percent => vec!["soon", "5", "[5s]"],
        Shape::Count(..) => vec!["-1", "1.5", "many"],
        Shape::Number(..) => vec!["-1", "many"],
        Shape::OneOf(_) => vec!["surely-not", "1"],
        Shape::List(_) | Shape::Map(_) => vec!["5", "[[[x]]]"],
        Shape::Some(_) => vec!["5", "[]", "[[[x]]]"],
        Shape::SomeMap(_) => vec!["5", "{}", "[x]"],
        Shape::Table(_) => vec!["[x]", "{ zzzzzzzzzzzzzzzz: 1 }"],
        Shape::Any(_) => vec!["{ zzzzzzzzzzzzzzzz: [1] }"],
    }
}

#[test]
fn files_that_the_checker_refuses_for_their_form_are_refused_by_the_schema() {
    let validator = validator(Document::Workflow);
    for source in [
        "{}",
        "[]",
        "steps: [{ run: [x] }]\nparallel: [{ run: [x] }]",
        "steps: [{ run: [x], agent: y }]",
        "steps: [{ id: a }]",
        "steps: [{ run: [x], with: { a: b } }]",
        "steps: [{ agent: x, env: { a: b } }]",
        "steps: [{ steps: [{ run: [x] }], retry: 3 }]",
        "steps: [{ run: [x], else: [{ run: [y] }] }]",
        "steps: [{ run: [x], always: [{ run: [y] }] }]",
        "steps: [{ parallel: [{ steps: [{ rum: [x] }] }] }]",
        "steps: [{ run: [x], cache: { file: a } }]",
        "steps: [{ run: [x], retry: 0 }]",
        "steps: [{ run: [x], retry: { attempts: 0 } }]",
        "steps: [{ pipe: [{ run: [x] }] }]",
        "steps: [{ pipe: [{ run: [x] }], each: [1], loop: 3 }]",
        "steps: [{ run: [x], each: [1], matrix: { a: [1] } }]",
        "steps: [{ run: [x], at_least: 3 }]",
        "steps: [{ run: [x], each: [1], at_least: 120% }]",
        "steps: [{ run: [x], max_parallel: 3 }]",
        "steps: [{ run: [x], loop: {} }]",
        "steps: [{ run: [x], loop: { at_limit: stop, max: 3 } }]",
        "steps: [{ switch: x }]",
        "steps: [{ switch: x, cases: {} }]",
        "steps: [{ switch: x, cases: { a: [] } }]",
        "steps: [{ flow: x.yaml, prompt: y }]",
        "steps: [{ run: [x], prompt: y }]",
        "steps: [{ run: [x], undo: { run: [y], agent: z } }]",
        "steps: [{ run: [x], undo: { run: [y], min: 1 } }]",
        "steps: [{ run: [x], judge: { run: [y], min: 2 } }]",
        "steps: [{ run: [x], fallback: [{ partial: true }] }]",
        "steps: [{ run: [x], check: [] }]",
        "steps: [{ run: [x], output: xml }]",
        "steps: [{ parallel: [{ run: [x] }], put: { a: b } }]",
        "agents: { a: {} }\nsteps: [{ run: [x] }]",
        "checkpoints: { every: -1 }\nsteps: [{ run: [x] }]",
        "inputs: { a: { type: text } }\nsteps: [{ run: [x] }]",
    ] {
        assert!(checked(Document::Workflow, source).is_err(), "the checker accepts {source}");
        assert!(!validator.is_valid(&value(source, "a.yaml").unwrap()), "the schema accepts {source}");
    }
}

#[test]
fn every_example_file_is_valid() {
    let validator = validator(Document::Workflow);
    let folder = docs("../examples");
    let files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let flows = files.iter().filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect::<Vec<_>>();
    assert!(!flows.is_empty());
    for path in flows {
        let instance = value(&std::fs::read_to_string(path).unwrap(), "a.yaml").unwrap();
        assert_eq!(validator.validate(&instance).map_err(|bad| bad.to_string()), Ok(()), "{}", path.display());
    }
}

#[test]
fn a_schema_is_a_schema() {
    for document in Document::ALL {
        assert!(jsonschema::meta::is_valid(&document.schema()), "{document:?}");
    }
}

#[test]
fn the_published_files_are_made_from_the_vocabulary() {
    for document in Document::ALL {
        let name = document.name();
        fresh(&format!("schema/{name}.schema.json"), &format!("{:#}\n", document.schema()));
        fresh(&format!("reference/{name}.md"), &document.reference());
    }
}

/// Compares a generated file with what it should be, or writes it when asked to.
fn fresh(name: &str, expected: &str) {
    let path = docs(name);
    if std::env::var_os(MAKE).is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/{name} is not what the code says; make it anew with {MAKE}=1");
}
