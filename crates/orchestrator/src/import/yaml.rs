//! Writes a value as YAML that people like to read: maps on lines of their own, lists of words in brackets, texts of
//! several lines as they are.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::spec::is_plain_text;

/// The longest list that is written in brackets.
const MAX_BRACKETS: usize = 100;
/// Words that YAML 1.1 reads as truth values.
const OLD_TRUTHS: [&str; 8] = ["yes", "no", "on", "off", "y", "n", "Yes", "No"];

/// Writes a map as a document.
pub(super) fn write(fields: &Map<String, Value>) -> String {
    let mut text = String::new();
    map(fields, 0, &mut text);
    text
}

fn map(fields: &Map<String, Value>, indent: usize, text: &mut String) {
    for (key, value) in fields {
        write!(text, "{:indent$}{}:", "", word(key, true)).expect("a string takes any text");
        below(value, indent, text);
    }
}

/// Writes what stands behind a key or a dash, and ends the line.
fn below(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            map(fields, indent + 2, text);
        }
        Value::Array(items) if !is_short(items) => {
            text.push('\n');
            items.iter().for_each(|item| dash(item, indent + 2, text));
        }
        Value::String(lines) if is_block(lines) => block(lines, indent + 2, text),
        value => writeln!(text, " {}", inline(value, false)).expect("a string takes any text"),
    }
}

fn dash(item: &Value, indent: usize, text: &mut String) {
    match item {
        Value::Object(fields) if !fields.is_empty() => {
            let mut inner = String::new();
            map(fields, indent + 2, &mut inner);
            write!(text, "{:indent$}- {}", "", inner.trim_start()).expect("a string takes any text");
        }
        item => {
            write!(text, "{:indent$}-", "").expect("a string takes any text");
            below(item, indent, text);
        }
    }
}

fn block(lines: &str, indent: usize, text: &mut String) {
    text.push_str(if lines.ends_with('\n') { " |\n" } else { " |-\n" });
    for line in lines.lines() {
        let indent = if line.is_empty() { 0 } else { indent };
        writeln!(text, "{:indent$}{line}", "").expect("a string takes any text");
    }
}

/// Says whether a text can stand below its key as it is.
fn is_block(lines: &str) -> bool {
    let is_plain = |letter: char| letter == '\n' || !letter.is_control() && letter != '\u{feff}';
    let ends_once = !lines.ends_with("\n\n");
    let begins_well = !lines.starts_with([' ', '\n']);
    let breaks = ['\u{85}', '\u{2028}', '\u{2029}'];
    lines.trim_end_matches('\n').contains('\n')
        && ends_once
        && begins_well
        && lines.chars().all(is_plain)
        && !lines.contains(breaks)
}

/// Says whether a list can stand in brackets.
fn is_short(items: &[Value]) -> bool {
    let is_word = |item: &Value| match item {
        Value::String(text) => !is_block(text),
        Value::Array(_) | Value::Object(_) => false,
        _ => true,
    };
    let length: usize = items.iter().map(|item| inline(item, true).len() + 2).sum();
    items.iter().all(is_word) && length < MAX_BRACKETS
}

fn inline(value: &Value, in_brackets: bool) -> String {
    match value {
        Value::String(text) => word(text, in_brackets),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(|item| inline(item, true)).collect::<Vec<_>>().join(", "))
        }
        value => value.to_string(),
    }
}

/// Writes a text on one line: as it is where YAML reads the same, else in quotes.
fn word(text: &str, in_brackets: bool) -> String {
    // A dash begins an item only before a blank, and `---` a document.
    let begin = text.strip_prefix("--").or(text.strip_prefix('-')).unwrap_or(text);
    let begins_well =
        begin.starts_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '/' | '$'));
    let is_open = |letter: char| letter.is_control() || in_brackets && matches!(letter, ',' | '[' | ']' | '{' | '}');
    let is_read_otherwise = text.contains(": ") || text.contains(" #") || text.ends_with([':', ' ']);
    let is_text = is_plain_text(text) && !OLD_TRUTHS.contains(&text);
    let breaks = ['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}'];
    match begins_well && is_text && !is_read_otherwise && !text.contains(is_open) && !text.contains(breaks) {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// A JSON text is a YAML text, but for letters that end lines in YAML only.
fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let escape = |letter: char| match letter {
        '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{7f}'..='\u{9f}' => {
            format!("\\u{:04x}", u32::from(letter))
        }
        letter => letter.to_string(),
    };
    json.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::spec::value;

    #[test]
    fn it_reads_like_written_by_hand() {
        let Value::Object(fields) = json!({
            "flow": "a b",
            "inputs": { "goal": { "type": "string", "required": true }, "x": {} },
            "steps": [
                { "id": "a", "run": "echo \"$X\" && true", "ok_codes": [0, 1] },
                { "run": "set -x\necho a: b # c\n", "env": { "A": "yes", "B": "1", "C": "a: b" } },
                { "run": ["x", "a, b", "--", "-v", "true"], "each": [{ "size": 1 }, "large"] },
            ],
        }) else {
            unreachable!("it is a map")
        };
        let expected = r#"flow: a b
inputs:
  goal:
    type: string
    required: true
  x: {}
steps:
  - id: a
    run: echo "$X" && true
    ok_codes: [0, 1]
  - run: |
      set -x
      echo a: b # c
    env:
      A: "yes"
      B: "1"
      C: "a: b"
  - run: [x, "a, b", "--", -v, "true"]
    each:
      - size: 1
      - large
"#;
        assert_eq!(write(&fields), expected);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let text = prop_oneof!["[a-z{}\\[\\]:#,&*!|>'\"%@` \n\t-]{0,12}", any::<String>(), "[0-9.eE+-]{1,5}"];
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            text.prop_map(Value::from),
            Just(Value::Null)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a-z :#-]{1,6}", inner), 0..4)
                    .prop_map(|rows| Value::Object(rows.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_again(inner in any_value()) {
            let Value::Object(fields) = json!({ "a": inner }) else { unreachable!("it is a map") };
            let written = write(&fields);
            let read = value(&written, "a.yaml").map_err(|bad| TestCaseError::fail(format!("{bad}\n{written}")))?;
            prop_assert_eq!(read, Value::Object(fields), "{}", written);
        }
    }
}
