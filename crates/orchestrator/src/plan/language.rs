//! The one language for text and conditions: minijinja, strict about the undefined, bounded, without impure functions.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

/// Steps of evaluation that one template may take; a loop of 10^8 ends here.
const FUEL: u64 = 1_000_000;

/// The environment that all templates share.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_debug(true);
    environment.remove_global("debug");
    environment.set_formatter(|out, _, value| out.write_str(&to_text(value)?).map_err(Error::from));
    // Its widths are bounded by nothing, not by fuel either.
    environment.remove_filter("format");
    environment.add_filter("indent", indent);
    environment.add_filter("truncate", truncate);
    environment.add_filter("fromjson", from_json);
    environment
});

/// An expression, parsed once.
pub(crate) type Parsed = minijinja::Expression<'static, 'static>;

/// Parses an expression.
pub(crate) fn parse_expression(source: &str) -> Result<Parsed, Error> {
    ENVIRONMENT.compile_expression_owned(source.to_owned())
}

/// Checks a text with statements and returns the names that it uses.
pub(crate) fn check_text(source: &str) -> Result<BTreeSet<String>, Error> {
    let template = ENVIRONMENT.template_from_str(source)?;
    Ok(template.undeclared_variables(true).into_iter().filter(|name| !is_global(name)).collect())
}

/// Renders a text with statements. It is parsed each time: prompts, not hot paths, have statements.
pub(crate) fn render_text(source: &str, context: &Value) -> Result<String, Error> {
    ENVIRONMENT.render_str(source, context.clone())
}

/// Returns the names that an expression uses, as paths: `steps.review.output`.
pub(crate) fn names(parsed: &Parsed) -> BTreeSet<String> {
    parsed.undeclared_variables(true).into_iter().filter(|name| !is_global(name)).collect()
}

fn is_global(name: &str) -> bool {
    let root = name.split('.').next().unwrap_or(name);
    ENVIRONMENT.globals().any(|(global, _)| global == root)
}

/// Says whether a value is a list, or what reads like one: `range(3)`, a slice, a list turned round.
pub(crate) fn is_list(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable)
}

/// Writes a value as text: strings as they are, `true` and `false` as the file writes them, lists and maps as JSON.
pub(crate) fn to_text(value: &Value) -> Result<String, Error> {
    if value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, "the value is not defined"));
    }
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => match value.kind() {
            ValueKind::Seq | ValueKind::Map | ValueKind::Iterable | ValueKind::Bool => serde_json::to_string(value)
                .map_err(|error| Error::new(ErrorKind::BadSerialization, "the value is not JSON").with_source(error)),
            ValueKind::None => Ok(String::new()),
            _ => Ok(value.to_string()),
        },
    }
}

/// `text | indent(n)`: all lines but the first moved right by n, at most 100, blanks.
fn indent(text: &str, width: usize) -> String {
    let blanks = " ".repeat(width.min(100));
    text.replace('\n', &format!("\n{blanks}"))
}

/// `text | truncate(n)`: the first n characters, and `...` when there were more.
fn truncate(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// `text | fromjson`: the value that a JSON text stands for.
fn from_json(text: &str) -> Result<Value, Error> {
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, "the text is not JSON").with_source(error))?;
    Ok(Value::from(minijinja::value::Serde(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &str) {
        let value = parse_expression(source).and_then(|parsed| parsed.eval(()));
        let shown =
            value.and_then(|value| to_text(&value)).unwrap_or_else(|error| format!("error: {:?}", error.kind()));
        assert_eq!(shown, expected, "{source}");
    }

    #[test]
    fn values_become_the_text_that_a_file_would_hold() {
        check("'it is'", "it is");
        check("[true, none, 1.5, 'a']", r#"[true,null,1.5,"a"]"#);
        check("{'a': [1]}", r#"{"a":[1]}"#);
        check("true and not false", "true");
        check("none", "");
        check("2 ** 10", "1024");
        check("range(3)", "[0,1,2]");
    }

    #[test]
    fn the_filters_of_our_own_do_what_they_say() {
        check("'áéí' | truncate(2)", "áé...");
        check("'áé' | truncate(2)", "áé");
        check("('{\"a\": [1, 2]}' | fromjson).a[1]", "2");
        check("'{' | fromjson", "error: InvalidOperation");
    }

    #[test]
    fn what_is_missing_or_endless_is_an_error() {
        check("nothing", "error: UndefinedError");
        check("debug()", "error: UnknownFunction");
        check("range(100001)", "error: InvalidOperation");
    }
}
