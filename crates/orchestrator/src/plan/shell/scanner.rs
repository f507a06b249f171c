//! Reads a script the way a shell does, just far enough to know how it will see each value.

use super::super::template::{Expression, place_in, value_end};
use super::piece::{Context, Piece};
use crate::model::Text;
use crate::spec::Mistake;

/// Walks over a script and collects its pieces and mistakes.
pub(super) struct Scanner<'t> {
    text: &'t Text,
    at: usize,
    pub(super) pieces: Vec<Piece>,
    plain: String,
    inside: Vec<Inside>,
    heredocs: Vec<Heredoc>,
    pub(super) mistakes: Vec<Mistake>,
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

struct Heredoc {
    end: String,
    tabs: bool,
}

/// Words after which a command begins.
const OPENING_WORDS: [&str; 7] = ["if", "then", "elif", "else", "while", "until", "do"];

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t Text) -> Scanner<'t> {
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

    pub(super) fn run(&mut self) {
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
            self.mistakes.push(Mistake::at(self.text.place, "the double quotes in 'run' are not closed"));
        }
        if !self.plain.is_empty() {
            self.pieces.push(Piece::Text(std::mem::take(&mut self.plain)));
        }
    }

    /// Reads a value and decides how the shell will see it.
    fn value(&mut self) {
        let place = place_in(self.text, self.at);
        let Some(end) = value_end(&self.text.source, self.at + 2) else {
            self.mistakes.push(Mistake::at(place, "this {{ is not closed").hint("close it with }}"));
            self.at = self.text.source.len();
            return;
        };
        let context = match self.inside.last() {
            Some(Inside::Double) => Context::Quoted,
            Some(Inside::Parameter | Inside::Arithmetic { .. }) => {
                let hint = "give it a name first: x={{ value }}";
                self.mistakes.push(Mistake::at(place, "a value cannot stand inside ${ } or $(( ))").hint(hint));
                Context::Quoted
            }
            _ => Context::Bare { alone: self.stands_alone(end + 2) },
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
            '\'' => self.closed_by('\'', "single quotes", "use double quotes or none: a value is one word anyway"),
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
            self.misread("a '$' stands before a value", "write {{ value }} without it; \\$ is a dollar sign");
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
        self.mistakes.push(Mistake::at(place_in(self.text, self.at), what).hint(hint));
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
        let word: &str =
            self.rest().split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or("");
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
        let word = before.rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or(before);
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
            self.mistakes.push(Mistake::at(place, format!("a value cannot stand inside {what}")).hint(hint));
        }
    }

    /// Remembers a heredoc's end word; its body begins after the line.
    fn heredoc(&mut self) {
        let tabs = self.rest().starts_with("<<-");
        self.take(if tabs { 3 } else { 2 });
        let blanks = self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
        self.take(blanks);
        let length = self.rest().find(|letter: char| letter.is_whitespace() || ";|&<>()".contains(letter));
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
                let bare = if heredoc.tabs { bare.trim_start_matches('\t') } else { bare };
                if bare == heredoc.end {
                    break;
                }
            }
            self.no_values(length, "a heredoc", "use stdin: for the text, or give it a name first: x={{ value }}");
            self.take(length);
        }
    }
}
