//! A text of the file, parsed once: plain, one expression, or pieces. Rendering it is pure.

use std::collections::BTreeSet;
use std::fmt;

use minijinja::{Error, Value};

use super::language::{self, Parsed};
use crate::model::{Place, Text};
use crate::spec::Mistake;

/// A text that may hold `{{ values }}`.
pub struct Template {
    form: Form,
    place: Place,
    source: String,
}

#[derive(Debug)]
enum Form {
    Plain,
    Pieces(Vec<Piece>),
    Statements,
}

/// A part of a text.
#[derive(Debug)]
pub(super) enum Piece {
    /// As it stands.
    Text(String),
    /// A value.
    Value(Expression),
}

/// A bare expression, parsed once.
pub struct Expression {
    parsed: Parsed,
    /// The expression when it is one name, such as `item`: looked up, not evaluated.
    name: Option<String>,
    source: String,
    place: Place,
}

/// Shows what was written, and not where: two plans are compared by it.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.source, f)
    }
}

/// Shows what was written, and not where: two plans are compared by it.
impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.source, f)
    }
}

impl Expression {
    /// Parses a bare expression such as `steps.test.ok`.
    pub(super) fn parse(source: &str, place: Place) -> Result<Expression, Mistake> {
        let parsed = language::parse_expression(source.trim())
            .map_err(|error| Mistake::at(place, format!("the expression cannot be read: {}", plainly(&error))))?;
        if mentions_self(source) {
            let hint = "'self' and 'loop' have another meaning here; use 'this' or 'item'";
            return Err(Mistake::at(place, "'self' cannot be used").hint(hint));
        }
        let source = source.trim().to_owned();
        let is_name = matches!(&*source, "item" | "index" | "inputs");
        Ok(Expression { parsed, name: is_name.then(|| source.clone()), source, place })
    }

    /// Works out the value.
    ///
    /// # Errors
    /// Says what is undefined or cannot be computed, and where.
    pub fn value(&self, context: &Value) -> Result<Value, BadValue> {
        if let Some(name) = self.name.as_deref()
            && let Ok(value) = context.get_attr(name)
            && !value.is_undefined()
        {
            return Ok(value);
        }
        let value = self.parsed.eval(context.clone()).map_err(|error| self.failed(&error))?;
        if value.is_undefined() {
            return Err(BadValue::new(self, "it is not defined".into()));
        }
        Ok(value)
    }

    /// Returns the expression as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Returns the names that it uses, as paths.
    pub(super) fn names(&self) -> BTreeSet<String> {
        language::names(&self.parsed)
    }

    fn failed(&self, error: &Error) -> BadValue {
        BadValue::new(self, plainly(error))
    }
}

/// A template that could not be worked out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{written}' (line {}, column {}): {reason}", place.line, place.column)]
pub struct BadValue {
    /// Where it stands.
    pub place: Place,
    /// The template as written.
    pub written: String,
    /// What is wrong.
    pub reason: String,
}

impl BadValue {
    pub(super) fn new(expression: &Expression, reason: String) -> BadValue {
        BadValue { place: expression.place, written: expression.source.clone(), reason }
    }
}

impl Template {
    /// Parses a text.
    pub(super) fn parse(text: &Text) -> Result<Template, Mistake> {
        let form = form(text)?;
        Ok(Template { form, place: text.place, source: text.source.clone() })
    }

    /// Returns the text as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the text with its place, so that it can be parsed for another call.
    pub(super) fn text_as_written(&self) -> Text {
        Text { source: self.source.clone(), place: self.place, literal: false }
    }

    /// Returns the names that it uses, as paths.
    pub(super) fn names(&self) -> BTreeSet<String> {
        match &self.form {
            Form::Plain => BTreeSet::new(),
            Form::Pieces(pieces) => pieces.iter().filter_map(Piece::expression).flat_map(Expression::names).collect(),
            Form::Statements => language::check_text(&self.source).unwrap_or_default(),
        }
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Renders the text.
    ///
    /// # Errors
    /// Says what is undefined or cannot be computed, and where.
    pub fn text(&self, context: &Value) -> Result<String, BadValue> {
        match &self.form {
            Form::Plain => Ok(self.source.clone()),
            Form::Pieces(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(plain) => text.push_str(plain),
                        Piece::Value(expression) => text.push_str(&expression.text(context)?),
                    }
                }
                Ok(text)
            }
            Form::Statements => language::render_text(&self.source, context).map_err(|error| self.failed(&error)),
        }
    }

    /// Works out the value: that of the one expression when the text is nothing else, the rendered text otherwise.
    ///
    /// # Errors
    /// As for `text`.
    pub fn value(&self, context: &Value) -> Result<Value, BadValue> {
        match &self.form {
            Form::Pieces(pieces) => match &pieces[..] {
                [Piece::Value(expression)] => expression.value(context),
                _ => self.text(context).map(Value::from),
            },
            _ => self.text(context).map(Value::from),
        }
    }

    fn failed(&self, error: &Error) -> BadValue {
        let mut place = self.place;
        let line = u32::try_from(error.line().unwrap_or(1)).unwrap_or(1);
        place.line += line.saturating_sub(1);
        BadValue { place, written: "the text".into(), reason: plainly(error) }
    }
}

impl Expression {
    fn text(&self, context: &Value) -> Result<String, BadValue> {
        language::to_text(&self.value(context)?).map_err(|error| self.failed(&error))
    }
}

impl Piece {
    fn expression(&self) -> Option<&Expression> {
        match self {
            Piece::Text(_) => None,
            Piece::Value(expression) => Some(expression),
        }
    }
}

fn form(text: &Text) -> Result<Form, Mistake> {
    let source = &text.source;
    if !source.contains("{{") && !source.contains("{%") && !source.contains("{#") {
        return Ok(Form::Plain);
    }
    if has_statements(source) {
        let checked = language::check_text(source);
        return match checked {
            Ok(_) => Ok(Form::Statements),
            Err(error) => {
                let place = place_in(text, offset_of_line(source, error.line().unwrap_or(1)));
                Err(Mistake::at(place, format!("the template cannot be read: {}", plainly(&error))))
            }
        };
    }
    pieces(text).map(Form::Pieces)
}

/// Says whether a text needs the whole template language and not only values in braces.
pub(super) fn has_statements(source: &str) -> bool {
    ["{%", "{#", "{{-", "-}}"].iter().any(|mark| source.contains(mark))
}

/// Splits a text at its `{{ values }}`.
pub(super) fn pieces(text: &Text) -> Result<Vec<Piece>, Mistake> {
    let source = &text.source;
    let mut pieces = Vec::new();
    let mut rest = 0;
    while let Some(found) = source[rest..].find("{{") {
        let start = rest + found;
        let end = value_end(source, start + 2)
            .ok_or_else(|| Mistake::at(place_in(text, start), "this {{ is not closed").hint("close it with }}"))?;
        if start > rest {
            pieces.push(Piece::Text(source[rest..start].to_owned()));
        }
        let place = place_in(text, start);
        pieces.push(Piece::Value(Expression::parse(&source[start + 2..end], place)?));
        rest = end + 2;
    }
    if rest < source.len() {
        pieces.push(Piece::Text(source[rest..].to_owned()));
    }
    Ok(pieces)
}

/// Returns where the value that begins at `start` ends; braces in its strings and maps do not count.
pub(super) fn value_end(source: &str, start: usize) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_u32;
    let mut letters = source[start..].char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => _ = letters.next(),
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '{') => depth += 1,
            (None, '}') if depth > 0 => depth -= 1,
            (None, '}') if letters.peek().is_some_and(|(_, next)| *next == '}') => return Some(start + at),
            _ => {}
        }
    }
    None
}

/// Returns the place in the file of a byte of a text. Only in literal blocks are its lines lines of the file.
pub(super) fn place_in(text: &Text, offset: usize) -> Place {
    let before = &text.source[..offset];
    let lines = u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = u32::try_from(before[line_start..].chars().count()).unwrap_or(u32::MAX);
    match lines {
        0 => Place { column: text.place.column + column, ..text.place },
        // All lines of a literal block are indented as far as its first one.
        _ if text.literal => Place { line: text.place.line + lines, column: text.place.column + column },
        _ => text.place,
    }
}

fn offset_of_line(source: &str, line: usize) -> usize {
    source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum()
}

/// Returns an error's words without the place that minijinja gives in its own terms.
fn plainly(error: &Error) -> String {
    use std::error::Error as _;
    let mut text = match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    };
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// `self` is a special name of the language and not reported as a variable, so it is looked for by hand.
fn mentions_self(source: &str) -> bool {
    let word = |letter: char| letter.is_alphanumeric() || letter == '_';
    source.split(|letter: char| !word(letter)).any(|name| name == "self")
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    fn text(source: &str) -> Text {
        Text { source: source.into(), place: Place { line: 1, column: 1 }, literal: false }
    }

    fn check(source: &str, expected: &str) {
        let context = context! { inputs => context! { a => "it's", list => vec!["x", "y"], n => 2 } };
        let shown = match Template::parse(&text(source)) {
            Ok(template) => template.text(&context).unwrap_or_else(|bad| format!("bad: {bad}")),
            Err(mistake) => format!("mistake: {}", mistake.message),
        };
        assert_eq!(shown, expected, "{source}");
    }

    #[test]
    fn values_stand_in_braces_and_everything_else_is_text() {
        check("plain } text {", "plain } text {");
        check("{{ inputs.a }}!", "it's!");
        check("{{ inputs.list }}", r#"["x","y"]"#);
        check("{{ inputs.n + 1 }}/{{ '}}' }}", "3/}}");
        check("{{ {'a': {'b': 1}}['a']['b'] }}", "1");
        check("{% for x in inputs.list %}<{{ x }}>{% endfor %}", "<x><y>");
        check("{{ true }} {{ none }} {{ 1.0 }}", "true  1.0");
        check("{% if true %}{{ true }} {{ none }} {{ inputs.list }}{% endif %}", "true  [\"x\",\"y\"]");
    }

    #[test]
    fn what_is_undefined_or_broken_says_where() {
        check("x {{ inputs.b }}", "bad: 'inputs.b' (line 1, column 3): it is not defined");
        check("x {{ inputs.a", "mistake: this {{ is not closed");
        check("{% if true %}{{ inputs.b }}{% endif %}", "bad: 'the text' (line 1, column 1): `inputs.b` is undefined");
        check("{{ self.x }}", "mistake: 'self' cannot be used");
    }

    #[test]
    fn an_endless_template_runs_out_of_fuel() {
        let template =
            Template::parse(&text("{% for a in range(9999) %}{% for b in range(9999) %}.{% endfor %}{% endfor %}"));
        assert!(template.unwrap().text(&context! {}).is_err());
    }

    #[test]
    fn names_are_paths() {
        let template = Template::parse(&text("{{ steps.a.output | length }} {{ item }} {{ range(3) }}")).unwrap();
        assert_eq!(template.names().into_iter().collect::<Vec<_>>(), ["item", "steps.a.output"]);
    }
}
