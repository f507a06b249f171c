//! A `run:` text for `sh`: the text is split before anything is rendered, and values travel as variables.
//!
//! So a value is always exactly one word, bare or inside double quotes (a list is n words), whatever it holds. Where the
//! shell would not read a variable (single quotes, a heredoc, arithmetic, back-ticks) a value is a mistake.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use minijinja::Value;

use super::language;
use super::template::{BadValue, Expression, has_statements, place_in, value_end};
use crate::model::Text;
use crate::spec::Mistake;

/// A shell script with holes for values.
#[derive(Debug)]
pub struct Script {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Value { expression: Expression, context: Context },
}

/// How the shell reads the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Context {
    /// Outside quotes; `alone` when the value is the whole word, so that a list may stand there.
    Bare { alone: bool },
    /// Inside double quotes.
    Quoted,
}

/// A script ready for `sh -c`, and the variables that carry its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The text for `sh`.
    pub script: String,
    /// Names and values.
    pub variables: Vec<(String, String)>,
}

impl Script {
    /// Splits a text. What could be read is returned beside the mistakes, so that its names can be checked too.
    pub(super) fn parse(text: &Text) -> (Script, Vec<Mistake>) {
        if has_statements(&text.source) {
            let hint = "in 'run' only {{ values }} are possible; put logic into a step's inputs or 'if'";
            let mistake = Mistake::at(text.place, "a template statement in 'run'").hint(hint);
            return (Script { pieces: Vec::new() }, vec![mistake]);
        }
        let mut scanner = Scanner::new(text);
        scanner.run();
        (Script { pieces: scanner.pieces }, scanner.mistakes)
    }

    pub(super) fn names(&self) -> BTreeSet<String> {
        let value = |piece: &Piece| match piece {
            Piece::Text(_) => BTreeSet::new(),
            Piece::Value { expression, .. } => expression.names(),
        };
        self.pieces.iter().flat_map(value).collect()
    }

    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
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
        let mut rendered = Rendered {
            script: String::new(),
            variables: Vec::new(),
        };
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => rendered.script.push_str(text),
                Piece::Value {
                    expression,
                    context: place,
                } => rendered.value(expression, *place, context)?,
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
                let name = self.variable(text);
                write!(self.script, "{gap}\"${{{name}}}\"").expect("a string takes any text");
            }
            return Ok(());
        }
        let text = language::to_text(&value).map_err(|error| bad(error.to_string()))?;
        let name = self.variable(text);
        let quote = if place == Context::Quoted { "" } else { "\"" };
        write!(self.script, "{quote}${{{name}}}{quote}").expect("a string takes any text");
        Ok(())
    }

    fn variable(&mut self, text: String) -> String {
        let name = format!("SEGNO_{}", self.variables.len() + 1);
        self.variables.push((name.clone(), text));
        name
    }
}

/// What the shell is inside of, innermost last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    /// A command: the top, `$( )`, `( )`. Counts `case`s still open, whose `)` close nothing.
    Command { cases: u32 },
    /// Double quotes.
    Double,
    /// `${ }`, or a bare `{` inside it.
    Parameter,
    /// `$(( ))`.
    Arithmetic { depth: u32 },
}

struct Scanner<'t> {
    text: &'t Text,
    at: usize,
    pieces: Vec<Piece>,
    plain: String,
    inside: Vec<Inside>,
    heredocs: Vec<Heredoc>,
    mistakes: Vec<Mistake>,
}

struct Heredoc {
    end: String,
    tabs: bool,
}

/// Words after which a command begins.
const OPENING_WORDS: [&str; 7] = ["if", "then", "elif", "else", "while", "until", "do"];

impl<'t> Scanner<'t> {
    fn new(text: &'t Text) -> Scanner<'t> {
        Scanner {
            text,
            at: 0,
            pieces: Vec::new(),
            plain: String::new(),
            inside: vec![Inside::Command { cases: 0 }],
            heredocs: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    fn rest(&self) -> &'t str {
        &self.text.source[self.at..]
    }

    /// Takes `count` bytes of the text as they are.
    fn take(&mut self, count: usize) {
        let end = (self.at + count).min(self.text.source.len());
        self.plain.push_str(&self.text.source[self.at..end]);
        self.at = end;
    }

    fn run(&mut self) {
        while let Some(letter) = self.rest().chars().next() {
            if self.rest().starts_with("{{") {
                self.value();
                continue;
            }
            match self.inside.last().copied() {
                Some(Inside::Double) => self.in_double(letter),
                Some(Inside::Parameter) => self.in_parameter(letter),
                Some(Inside::Arithmetic { depth }) => self.in_arithmetic(letter, depth),
                Some(Inside::Command { .. }) | None => self.in_command(letter),
            }
        }
        let has_values = self.pieces.iter().any(|piece| matches!(piece, Piece::Value { .. }));
        if has_values && self.inside.contains(&Inside::Double) {
            self.mistakes.push(Mistake::at(
                self.text.place,
                "the double quotes in 'run' are not closed",
            ));
        }
        if !self.plain.is_empty() {
            self.pieces.push(Piece::Text(std::mem::take(&mut self.plain)));
        }
    }

    /// Reads a value and decides how the shell will see it.
    fn value(&mut self) {
        let place = place_in(self.text, self.at);
        let Some(end) = value_end(&self.text.source, self.at + 2) else {
            self.mistakes
                .push(Mistake::at(place, "this {{ is not closed").hint("close it with }}"));
            self.at = self.text.source.len();
            return;
        };
        let context = match self.inside.last() {
            Some(Inside::Double) => Context::Quoted,
            Some(Inside::Parameter | Inside::Arithmetic { .. }) => {
                let hint = "give it a name first: x={{ value }}";
                self.mistakes
                    .push(Mistake::at(place, "a value cannot stand inside ${ } or $(( ))").hint(hint));
                Context::Quoted
            }
            _ => Context::Bare {
                alone: self.stands_alone(end + 2),
            },
        };
        match Expression::parse(&self.text.source[self.at + 2..end], place) {
            Ok(expression) => {
                if !self.plain.is_empty() {
                    self.pieces.push(Piece::Text(std::mem::take(&mut self.plain)));
                }
                self.pieces.push(Piece::Value { expression, context });
            }
            Err(mistake) => self.mistakes.push(mistake),
        }
        self.at = end + 2;
    }

    fn stands_alone(&self, end: usize) -> bool {
        let border =
            |letter: Option<char>| letter.is_none_or(|letter| letter.is_whitespace() || ";|&()".contains(letter));
        let before = self.text.source[..self.at].chars().next_back();
        border(before) && border(self.text.source[end..].chars().next())
    }

    fn in_command(&mut self, letter: char) {
        match letter {
            '\\' => self.escaped(),
            '\'' => self.closed_by(
                '\'',
                "single quotes",
                "use double quotes or none: a value is one word anyway",
            ),
            '`' => self.closed_by('`', "back-ticks", "use $( )"),
            '"' => self.open(1, Inside::Double),
            '$' => self.dollar(),
            '(' => self.open(1, Inside::Command { cases: 0 }),
            ')' => self.close_command(),
            '#' if self.word_begins() => self.comment(),
            '<' if self.rest().starts_with("<<<") => self.take(3),
            '<' if self.rest().starts_with("<<") => self.heredoc(),
            '\n' => self.line_end(),
            _ if letter.is_alphabetic() && self.word_begins() => self.word(),
            _ => self.take(letter.len_utf8()),
        }
    }

    fn in_double(&mut self, letter: char) {
        match letter {
            '\\' => self.escaped(),
            '`' => self.closed_by('`', "back-ticks", "use $( )"),
            '"' => self.close(1),
            '$' => self.dollar(),
            _ => self.take(letter.len_utf8()),
        }
    }

    fn in_parameter(&mut self, letter: char) {
        match letter {
            '\\' => self.escaped(),
            '}' => self.close(1),
            '"' => self.open(1, Inside::Double),
            '\'' if !self.inside.contains(&Inside::Double) => {
                self.closed_by('\'', "single quotes", "use double quotes")
            }
            '$' => self.dollar(),
            _ => self.take(letter.len_utf8()),
        }
    }

    fn in_arithmetic(&mut self, letter: char, depth: u32) {
        let deeper = |depth| Inside::Arithmetic { depth };
        match letter {
            '(' => self.swap(deeper(depth + 1)),
            ')' if depth > 0 => self.swap(deeper(depth - 1)),
            ')' if self.rest().starts_with("))") => return self.close(2),
            '$' => return self.dollar(),
            _ => {}
        }
        self.take(letter.len_utf8());
    }

    fn dollar(&mut self) {
        let rest = self.rest();
        if rest.starts_with("${{") {
            self.misread(
                "a '$' stands before a value",
                "write {{ value }} without it; \\$ is a dollar sign",
            );
        } else if rest.starts_with("$((") {
            self.open(3, Inside::Arithmetic { depth: 0 });
        } else if rest.starts_with("$(") {
            self.open(2, Inside::Command { cases: 0 });
        } else if rest.starts_with("${") {
            self.open(2, Inside::Parameter);
        } else {
            self.take(1);
        }
    }

    fn escaped(&mut self) {
        let next = self.rest().chars().nth(1);
        match self.rest().starts_with("\\{{") {
            true => self.misread("a backslash stands before a value", "write \\\\ for a backslash"),
            false => self.take(1 + next.map_or(0, char::len_utf8)),
        }
    }

    /// Reports a sign that the shell would read together with the variable after it.
    fn misread(&mut self, what: &str, hint: &str) {
        self.mistakes
            .push(Mistake::at(place_in(self.text, self.at), what).hint(hint));
        self.take(1);
    }

    fn open(&mut self, length: usize, inside: Inside) {
        self.inside.push(inside);
        self.take(length);
    }

    fn close(&mut self, length: usize) {
        self.inside.pop();
        self.take(length);
    }

    fn swap(&mut self, inside: Inside) {
        self.inside.pop();
        self.inside.push(inside);
    }

    /// A `)` closes what `(` opened, but not in a `case`, whose patterns end with one.
    fn close_command(&mut self) {
        match self.inside.last() {
            Some(Inside::Command { cases: 0 }) if self.inside.len() > 1 => self.close(1),
            _ => self.take(1),
        }
    }

    fn word(&mut self) {
        let word: &str = self
            .rest()
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .next()
            .unwrap_or("");
        let is_keyword = self.command_begins();
        if let Some(Inside::Command { cases }) = self.inside.last_mut().filter(|_| is_keyword) {
            match word {
                "case" => *cases += 1,
                "esac" => *cases = cases.saturating_sub(1),
                _ => {}
            }
        }
        self.take(word.len().max(1));
    }

    fn word_begins(&self) -> bool {
        let before = self.text.source[..self.at].chars().next_back();
        before.is_none_or(|letter| letter.is_whitespace() || ";|&()".contains(letter))
    }

    /// Says whether a command begins here, so that `case` is no argument: `echo case` opens nothing.
    fn command_begins(&self) -> bool {
        let before = self.text.source[..self.at].trim_end_matches([' ', '\t']);
        let word = before
            .rsplit(|letter: char| !letter.is_alphanumeric())
            .next()
            .unwrap_or(before);
        before.is_empty() || before.ends_with(|letter| ";|&(){!\n".contains(letter)) || OPENING_WORDS.contains(&word)
    }

    fn comment(&mut self) {
        let length = self.rest().find('\n').unwrap_or(self.rest().len());
        self.no_values(length, "a comment", "remove it");
        self.take(length);
    }

    /// Takes a stretch that ends with `end` and in which the shell reads no variables.
    fn closed_by(&mut self, end: char, what: &str, hint: &str) {
        let length = self.rest()[1..].find(end).map_or(self.rest().len(), |found| found + 2);
        self.no_values(length, what, hint);
        self.take(length);
    }

    fn no_values(&mut self, length: usize, what: &str, hint: &str) {
        if let Some(found) = self.rest()[..length].find("{{") {
            let place = place_in(self.text, self.at + found);
            self.mistakes
                .push(Mistake::at(place, format!("a value cannot stand inside {what}")).hint(hint));
        }
    }

    /// Remembers a heredoc's end word; its body begins after the line.
    fn heredoc(&mut self) {
        let tabs = self.rest().starts_with("<<-");
        self.take(if tabs { 3 } else { 2 });
        let blanks = self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
        self.take(blanks);
        let length = self
            .rest()
            .find(|letter: char| letter.is_whitespace() || ";|&<>()".contains(letter));
        let length = length.unwrap_or(self.rest().len());
        let end = self.rest()[..length].replace(['\'', '"', '\\'], "");
        self.take(length);
        self.heredocs.push(Heredoc { end, tabs });
    }

    fn line_end(&mut self) {
        self.take(1);
        for heredoc in std::mem::take(&mut self.heredocs) {
            let mut length = 0;
            for line in self.rest().split_inclusive('\n') {
                length += line.len();
                let bare = line.trim_end_matches('\n');
                let bare = if heredoc.tabs {
                    bare.trim_start_matches('\t')
                } else {
                    bare
                };
                if bare == heredoc.end {
                    break;
                }
            }
            self.no_values(
                length,
                "a heredoc",
                "use stdin: for the text, or give it a name first: x={{ value }}",
            );
            self.take(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;
    use crate::model::Place;

    fn parse(source: &str) -> Result<Script, Vec<Mistake>> {
        match Script::parse(&Text {
            source: source.into(),
            place: Place { line: 1, column: 1 },
            literal: false,
        }) {
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
        check(
            "echo \"$(cat \"{{ v }}\")\" {{ v }}",
            "echo \"$(cat \"${SEGNO_1}\")\" \"${SEGNO_2}\"",
        );
        check("x={{ v }} # it's", "x=\"${SEGNO_1}\" # it's");
        check("echo \\\" {{ v }}", "echo \\\" \"${SEGNO_1}\"");
        check("echo it\\'s {{ v }}", "echo it\\'s \"${SEGNO_1}\"");
        check(
            "case {{ v }} in a) echo {{ v }};; esac",
            "case \"${SEGNO_1}\" in a) echo \"${SEGNO_2}\";; esac",
        );
        check(
            "echo \"$(case y in y) echo {{ v }};; esac)\"",
            "echo \"$(case y in y) echo \"${SEGNO_1}\";; esac)\"",
        );
        check("echo ${x:-'}'} {{ v }}", "echo ${x:-'}'} \"${SEGNO_1}\"");
        check("echo $((1 + (2))) {{ v }}", "echo $((1 + (2))) \"${SEGNO_1}\"");
        check(
            "cat <<E\nit's\nE\necho {{ v }}",
            "cat <<E\nit's\nE\necho \"${SEGNO_1}\"",
        );
        check(
            "echo \"$(echo in case) {{ v }}\"",
            "echo \"$(echo in case) ${SEGNO_1}\"",
        );
        check("cat <<< \"{{ v }}\"", "cat <<< \"${SEGNO_1}\"");
        check(
            "echo \\${{ v }} \\\\{{ v }}",
            "echo \\$\"${SEGNO_1}\" \\\\\"${SEGNO_2}\"",
        );
    }

    #[test]
    fn a_list_is_as_many_words_as_it_has_items() {
        check("ls {{ list }}", "ls \"${SEGNO_1}\" \"${SEGNO_2}\"");
        check("ls {{ empty }} x", "ls  x");
        check(
            "ls {{ list[1:] }} {{ list | reverse }}",
            "ls \"${SEGNO_1}\" \"${SEGNO_2}\" \"${SEGNO_3}\"",
        );
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
        check(
            "cat <<-'E'\n\t{{ v }}\n\tE\n",
            "mistake: a value cannot stand inside a heredoc",
        );
        check(
            "echo $(({{ v }}))",
            "mistake: a value cannot stand inside ${ } or $(( ))",
        );
        check(
            "echo ${x:-{{ v }}}",
            "mistake: a value cannot stand inside ${ } or $(( ))",
        );
        check("# {{ v }}", "mistake: a value cannot stand inside a comment");
        check("{% if v %}x{% endif %}", "mistake: a template statement in 'run'");
        check("echo {{ v", "mistake: this {{ is not closed");
        check("echo \"${{ v }}\"", "mistake: a '$' stands before a value");
        check("echo \"\\{{ v }}\"", "mistake: a backslash stands before a value");
        check("echo \"{{ v }}", "mistake: the double quotes in 'run' are not closed");
    }
}
