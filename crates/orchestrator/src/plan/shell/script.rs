//! A script with holes, and how it is rendered: text and variables, never values in the text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use minijinja::Value;

use super::super::language;
use super::super::template::{BadValue, Expression, has_statements};
use super::piece::{Context, Piece};
use super::scanner::Scanner;
use crate::model::Text;
use crate::spec::Mistake;

/// A shell script with holes for values.
#[derive(Debug)]
pub struct Script {
    pieces: Vec<Piece>,
    written: String,
}

/// A value on its way into a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The variable that carries it.
    pub variable: String,
    /// Its text.
    pub value: String,
    /// The expression that it comes from, as the file writes it.
    pub written: String,
}

/// A script ready for `sh -c`, and the variables that carry its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The text for `sh`.
    pub script: String,
    /// Names and values.
    pub variables: Vec<Carried>,
}

impl Script {
    /// Splits a text. What could be read is returned beside the mistakes, so that its names can be checked too.
    pub(in crate::plan) fn parse(text: &Text) -> (Script, Vec<Mistake>) {
        if has_statements(&text.source) {
            let hint = "in 'run' only {{ values }} are possible; put logic into a step's inputs or 'if'";
            let mistake = Mistake::at(text.place, "a template statement in 'run'").hint(hint);
            return (Script { pieces: Vec::new(), written: text.source.clone() }, vec![mistake]);
        }
        let mut scanner = Scanner::new(text);
        scanner.run();
        (Script { pieces: scanner.pieces, written: text.source.clone() }, scanner.mistakes)
    }

    /// Returns the text as written.
    pub fn source(&self) -> &str {
        &self.written
    }

    pub(in crate::plan) fn names(&self) -> BTreeSet<String> {
        let value = |piece: &Piece| match piece {
            Piece::Text(_) => BTreeSet::new(),
            Piece::Value { expression, .. } => expression.names(),
        };
        self.pieces.iter().flat_map(value).collect()
    }

    pub(in crate::plan) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Value { expression, .. } => Some(expression),
        })
    }

    /// Renders the script.
    ///
    /// # Errors
    /// Says which value is undefined, or is a list where one word must stand.
    pub fn render(&self, context: &Value) -> Result<Rendered, BadValue> {
        let mut rendered = Rendered { script: String::new(), variables: Vec::new() };
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => rendered.script.push_str(text),
                Piece::Value { expression, context: place } => rendered.value(expression, *place, context)?,
            }
        }
        Ok(rendered)
    }
}

impl Rendered {
    fn value(&mut self, expression: &Expression, place: Context, context: &Value) -> Result<(), BadValue> {
        let value = expression.value(context)?;
        let bad = |reason: String| BadValue::new(expression, reason);
        if language::is_list(&value) {
            if place != (Context::Bare { alone: true }) {
                let reason =
                    "it is a list and stands inside a word; write {{ list | join(' ') }} or let it stand alone";
                return Err(bad(reason.into()));
            }
            let items = value.try_iter().map_err(|error| bad(error.to_string()))?;
            for (index, item) in items.enumerate() {
                let text = language::to_text(&item).map_err(|error| bad(error.to_string()))?;
                let gap = if index > 0 { " " } else { "" };
                let name = self.variable(text, format!("{}[{index}]", expression.source()));
                write!(self.script, "{gap}\"${{{name}}}\"").expect("a string takes any text");
            }
            return Ok(());
        }
        let text = language::to_text(&value).map_err(|error| bad(error.to_string()))?;
        let name = self.variable(text, expression.source().to_owned());
        let quote = if place == Context::Quoted { "" } else { "\"" };
        write!(self.script, "{quote}${{{name}}}{quote}").expect("a string takes any text");
        Ok(())
    }

    fn variable(&mut self, value: String, written: String) -> String {
        let variable = format!("SEGNO_{}", self.variables.len() + 1);
        self.variables.push(Carried { variable: variable.clone(), value, written });
        variable
    }
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;
    use crate::model::Place;

    fn parse(source: &str) -> Result<Script, Vec<Mistake>> {
        match Script::parse(&Text { source: source.into(), place: Place { line: 1, column: 1 }, literal: false }) {
            (script, mistakes) if mistakes.is_empty() => Ok(script),
            (_, mistakes) => Err(mistakes),
        }
    }

    fn check(source: &str, expected: &str) {
        let context = context! { v => "x", list => vec!["a", "b"], empty => Vec::<String>::new() };
        let shown = match parse(source) {
            Ok(script) => match script.render(&context) {
                Ok(rendered) => rendered.script,
                Err(bad) => format!("bad: {}", bad.reason),
            },
            Err(mistakes) => format!("mistake: {}", mistakes[0].message),
        };
        assert_eq!(shown, expected, "{source}");
    }

    #[test]
    fn a_value_is_one_word_wherever_the_shell_reads_variables() {
        check("echo {{ v }}", "echo \"${SEGNO_1}\"");
        check("echo \"a {{ v }} b\"", "echo \"a ${SEGNO_1} b\"");
        check("echo --k={{ v }}", "echo --k=\"${SEGNO_1}\"");
        check("echo $(cat {{ v }})", "echo $(cat \"${SEGNO_1}\")");
        check("echo \"$(cat {{ v }})\"", "echo \"$(cat \"${SEGNO_1}\")\"");
        check("echo \"$(cat \"{{ v }}\")\" {{ v }}", "echo \"$(cat \"${SEGNO_1}\")\" \"${SEGNO_2}\"");
        check("x={{ v }} # it's", "x=\"${SEGNO_1}\" # it's");
        check("echo \\\" {{ v }}", "echo \\\" \"${SEGNO_1}\"");
        check("echo it\\'s {{ v }}", "echo it\\'s \"${SEGNO_1}\"");
        check("case {{ v }} in a) echo {{ v }};; esac", "case \"${SEGNO_1}\" in a) echo \"${SEGNO_2}\";; esac");
        check("echo \"$(case y in y) echo {{ v }};; esac)\"", "echo \"$(case y in y) echo \"${SEGNO_1}\";; esac)\"");
        check("echo ${x:-'}'} {{ v }}", "echo ${x:-'}'} \"${SEGNO_1}\"");
        check("echo $((1 + (2))) {{ v }}", "echo $((1 + (2))) \"${SEGNO_1}\"");
        check("cat <<E\nit's\nE\necho {{ v }}", "cat <<E\nit's\nE\necho \"${SEGNO_1}\"");
        check("echo \"$(echo in case) {{ v }}\"", "echo \"$(echo in case) ${SEGNO_1}\"");
        check("cat <<< \"{{ v }}\"", "cat <<< \"${SEGNO_1}\"");
        check("echo \\${{ v }} \\\\{{ v }}", "echo \\$\"${SEGNO_1}\" \\\\\"${SEGNO_2}\"");
    }

    #[test]
    fn a_list_is_as_many_words_as_it_has_items() {
        check("ls {{ list }}", "ls \"${SEGNO_1}\" \"${SEGNO_2}\"");
        check("ls {{ empty }} x", "ls  x");
        check("ls {{ list[1:] }} {{ list | reverse }}", "ls \"${SEGNO_1}\" \"${SEGNO_2}\" \"${SEGNO_3}\"");
        check(
            "ls \"{{ list }}\"",
            "bad: it is a list and stands inside a word; write {{ list | join(' ') }} or let it stand alone",
        );
        check(
            "ls --a={{ list }}",
            "bad: it is a list and stands inside a word; write {{ list | join(' ') }} or let it stand alone",
        );
        check("ls --a={{ list | join(',') }}", "ls --a=\"${SEGNO_1}\"");
    }

    #[test]
    fn where_the_shell_reads_no_variables_a_value_is_a_mistake() {
        check("echo '{{ v }}'", "mistake: a value cannot stand inside single quotes");
        check("echo `cat {{ v }}`", "mistake: a value cannot stand inside back-ticks");
        check("cat <<E\n{{ v }}\nE", "mistake: a value cannot stand inside a heredoc");
        check("cat <<-'E'\n\t{{ v }}\n\tE\n", "mistake: a value cannot stand inside a heredoc");
        check("echo $(({{ v }}))", "mistake: a value cannot stand inside ${ } or $(( ))");
        check("echo ${x:-{{ v }}}", "mistake: a value cannot stand inside ${ } or $(( ))");
        check("# {{ v }}", "mistake: a value cannot stand inside a comment");
        check("{% if v %}x{% endif %}", "mistake: a template statement in 'run'");
        check("echo {{ v", "mistake: this {{ is not closed");
        check("echo \"${{ v }}\"", "mistake: a '$' stands before a value");
        check("echo \"\\{{ v }}\"", "mistake: a backslash stands before a value");
        check("echo \"{{ v }}", "mistake: the double quotes in 'run' are not closed");
    }
}
