//! GitHub's `${{ expressions }}`: those whose values exist here too become templates, variables or constants.

use std::collections::BTreeMap;

use super::slug::slug;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands.
    Text(String),
    /// What stands in `${{ }}`.
    Expression(String),
}

/// What an expression is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A template's expression.
    Template(String),
    /// A variable of the environment.
    Variable(String),
    /// This text.
    Constant(String),
    /// Nothing that exists here; the name of a variable that could be set in its place.
    Unknown(String),
}

/// When a step runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// When all before it succeeded.
    Success,
    /// In any case.
    Always,
    /// When something before it failed.
    Failure,
    /// When this holds, as an expression of segno.
    When(String),
    /// Nobody knows here.
    Unknown,
}

/// Splits a text at its expressions.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let Some((expression, after)) = after.split_once("}}") else { break };
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(Piece::Expression(expression.trim().to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}

/// Says what an expression is here; `env` holds the variables that the file sets itself.
pub(super) fn meaning(expression: &str, env: &BTreeMap<String, String>) -> Meaning {
    if let Some(constant) = literal(expression) {
        return Meaning::Constant(constant);
    }
    let variable = |name: &str| Meaning::Variable(name.to_owned());
    if is_path(expression) {
        match expression.split_once('.') {
            Some(("env" | "secrets" | "vars", name)) if !name.contains('.') => return variable(name),
            Some(("github", "token")) => return variable("GITHUB_TOKEN"),
            Some(("github", "workspace")) => return Meaning::Constant(".".into()),
            Some(("github" | "runner", name)) if !name.starts_with("event.") && !name.contains('.') => {
                return variable(&expression.replace(['.', '-'], "_").to_uppercase());
            }
            _ => {}
        }
    }
    match template(expression, env) {
        Some(template) => Meaning::Template(template),
        None => Meaning::Unknown(slug(expression, "value").to_uppercase()),
    }
}

/// Says when a step with this `if` runs.
pub(super) fn condition(text: &str, env: &BTreeMap<String, String>) -> Condition {
    let trimmed = text.trim();
    let inner = trimmed.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(trimmed).trim();
    match inner.replace(' ', "").as_str() {
        "" | "success()" | "true" => Condition::Success,
        "always()" | "!cancelled()" | "success()||failure()" | "failure()||success()" => Condition::Always,
        "failure()" => Condition::Failure,
        _ => template(inner, env).map_or(Condition::Unknown, Condition::When),
    }
}

/// Rewrites an expression of inputs, matrix values, constants and operators; `None` for anything else.
fn template(expression: &str, env: &BTreeMap<String, String>) -> Option<String> {
    let mut written: Vec<String> = Vec::new();
    let mut rest = expression.trim();
    while !rest.is_empty() {
        let (token, length) = token(rest, env)?;
        written.push(token);
        rest = rest[length..].trim_start();
    }
    let text = written.join(" ").replace("( ", "(").replace(" )", ")");
    (!text.is_empty()).then_some(text)
}

/// Rewrites the first token of a text and returns how long it was.
fn token(rest: &str, env: &BTreeMap<String, String>) -> Option<(String, usize)> {
    const OPERATORS: [(&str, &str); 11] = [
        ("&&", "and"),
        ("||", "or"),
        ("==", "=="),
        ("!=", "!="),
        ("<=", "<="),
        (">=", ">="),
        ("<", "<"),
        (">", ">"),
        ("!", "not"),
        ("(", "("),
        (")", ")"),
    ];
    if let Some((sign, word)) = OPERATORS.into_iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Some((word.to_owned(), sign.len()));
    }
    if rest.starts_with('\'') {
        let length = string_length(rest)?;
        return Some((quoted(&rest[1..length - 1].replace("''", "'")), length));
    }
    let length = rest.find(|letter: char| !(letter.is_alphanumeric() || "_-.".contains(letter))).unwrap_or(rest.len());
    let word = &rest[..length];
    let is_call = rest[length..].trim_start().starts_with('(');
    if word == "success" && rest[length..].starts_with("()") {
        return Some(("true".into(), length + 2));
    }
    match word {
        _ if word.is_empty() || is_call => None,
        "true" | "false" => Some((word.to_owned(), length)),
        _ if word.parse::<f64>().is_ok() => Some((word.to_owned(), length)),
        _ => path(word, env).map(|path| (path, length)),
    }
}

fn path(word: &str, env: &BTreeMap<String, String>) -> Option<String> {
    let word = word.strip_prefix("github.event.").filter(|rest| rest.starts_with("inputs.")).unwrap_or(word);
    match word.split_once('.')? {
        ("inputs", name) if !name.contains('.') => Some(format!("inputs.{}", slug(name, "input"))),
        ("matrix", name) => {
            let names: Vec<String> = name.split('.').map(|name| slug(name, "axis")).collect();
            Some(format!("item.{}", names.join(".")))
        }
        ("strategy", "job-index") => Some("index".into()),
        // What the file sets to a constant is that constant, wherever it is read.
        ("env", name) => env.get(name).filter(|value| !value.contains("${{")).map(|value| quoted(value)),
        _ => None,
    }
}

fn literal(expression: &str) -> Option<String> {
    if expression.starts_with('\'') && string_length(expression) == Some(expression.len()) {
        return Some(expression[1..expression.len() - 1].replace("''", "'"));
    }
    let is_number = expression.parse::<f64>().is_ok();
    (is_number || matches!(expression, "true" | "false")).then(|| expression.to_owned())
}

/// Returns the length of a text in single quotes, in which a quote is written twice.
fn string_length(rest: &str) -> Option<usize> {
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == '\'' && letters.next_if(|(_, next)| *next == '\'').is_none() {
            return Some(at + 1);
        }
    }
    None
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn is_path(expression: &str) -> bool {
    expression.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> BTreeMap<String, String> {
        BTreeMap::from([("MODE".to_owned(), "it's".to_owned()), ("SUM".to_owned(), "${{ github.sha }}".to_owned())])
    }

    #[track_caller]
    fn check(expression: &str, expected: Meaning) {
        assert_eq!(meaning(expression, &env()), expected, "{expression}");
    }

    #[test]
    fn what_exists_here_is_a_template_a_variable_or_a_constant() {
        let template = |text: &str| Meaning::Template(text.into());
        let variable = |name: &str| Meaning::Variable(name.into());
        check("inputs.dry-run", template("inputs.dry_run"));
        check("github.event.inputs.Goal", template("inputs.goal"));
        check("matrix.python-version", template("item.python_version"));
        check("matrix.include.os", template("item.include.os"));
        check("inputs.x || 'y'", template("inputs.x or 'y'"));
        check("env.MODE", variable("MODE"));
        check("secrets.TOKEN", variable("TOKEN"));
        check("github.sha", variable("GITHUB_SHA"));
        check("runner.temp", variable("RUNNER_TEMP"));
        check("github.workspace", Meaning::Constant(".".into()));
        check("'it''s'", Meaning::Constant("it's".into()));
        check("3", Meaning::Constant("3".into()));
    }

    #[test]
    fn anything_else_is_unknown_and_has_a_variable_in_its_stead() {
        for (expression, name) in [
            ("steps.meta.outputs.tags", "STEPS_META_OUTPUTS_TAGS"),
            ("hashFiles('**/lock')", "HASHFILES_LOCK"),
            ("github.event.pull_request.number", "GITHUB_EVENT_PULL_REQUEST_NUMBER"),
            ("fromJSON(inputs.x)", "FROMJSON_INPUTS_X"),
            ("inputs.x && 'open", "INPUTS_X_OPEN"),
        ] {
            check(expression, Meaning::Unknown(name.into()));
        }
    }

    #[test]
    fn conditions_are_rewritten_where_their_values_exist() {
        let check = |text: &str, expected: Condition| assert_eq!(condition(text, &env()), expected, "{text}");
        check("", Condition::Success);
        check("${{ success() }}", Condition::Success);
        check("always()", Condition::Always);
        check("${{ !cancelled() }}", Condition::Always);
        check("failure()", Condition::Failure);
        check(
            "success() && (matrix.os == 'linux' || !inputs.fast) && env.MODE != 'it''s'",
            Condition::When("true and (item.os == 'linux' or not inputs.fast) and 'it\\'s' != 'it\\'s'".into()),
        );
        check("github.ref == 'refs/heads/main'", Condition::Unknown);
        check("env.SUM == 'x'", Condition::Unknown);
        check("contains(inputs.x, 'y')", Condition::Unknown);
        check("always() && inputs.x", Condition::Unknown);
    }

    #[test]
    fn a_text_is_split_at_its_expressions() {
        let text = |text: &str| Piece::Text(text.into());
        let expression = |text: &str| Piece::Expression(text.into());
        assert_eq!(
            pieces("a ${{ b }}${{c}} {{ d }}"),
            [text("a "), expression("b"), expression("c"), text(" {{ d }}")]
        );
        assert_eq!(pieces("${{ open"), [text("${{ open")]);
    }
}
