//! A description as words: lower case, with stems, numbers read, and the mark that stands before each.

use std::ops::Range;

use super::stem::stem;

/// How much of a description is read; what a text asks for stands at its beginning.
pub(super) const MAX_BYTES: usize = 8 << 10;

/// What stands between a word and the one before it, if more than a blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// Nothing, or a blank.
    None,
    /// `/`
    Slash,
    /// A bracket that opens or closes.
    Bracket,
    /// `,`
    Comma,
    /// A dash between words.
    Dash,
    /// `→`, `->`, `|`
    Arrow,
    /// `:`
    Colon,
    /// `;`
    Semicolon,
    /// The end of a sentence.
    Stop,
    /// The end of a question.
    Question,
    /// A new line.
    Line,
    /// The number or letter of an item: `1.`, `b)`, `4.2`, `- `.
    Marker,
}

/// A word of the text.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// In lower case.
    pub(super) text: String,
    pub(super) stem: String,
    /// The number that it says.
    pub(super) number: Option<f64>,
    pub(super) gap: Gap,
    /// The sentence that it stands in, counted from 0.
    pub(super) sentence: usize,
    /// Where it stands, in bytes.
    pub(super) place: Range<usize>,
}

/// Reads a description; beyond [`MAX_BYTES`] nothing is read.
pub(super) fn words(description: &str) -> Vec<Word> {
    let mut end = description.len().min(MAX_BYTES);
    while !description.is_char_boundary(end) {
        end -= 1;
    }
    let mut reader = Reader { text: &description[..end], at: 0, gap: Gap::Line, sentence: 0, words: Vec::new() };
    while reader.at < end {
        reader.step();
    }
    reader.words
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    gap: Gap,
    sentence: usize,
    words: Vec<Word>,
}

impl Reader<'_> {
    /// Reads one word or one mark.
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        if let Some(length) = self.marker(rest) {
            self.mark(Gap::Marker);
            self.at += length;
            return;
        }
        let length = if rest.starts_with("w/") { 2 } else { word_length(rest) };
        match length {
            0 => self.sign(rest),
            length => {
                self.push(length);
                self.at += length;
            }
        }
    }

    /// Returns the length of an item's number or letter, if the text goes on with one.
    fn marker(&self, rest: &str) -> Option<usize> {
        let head = rest.split_whitespace().next().filter(|head| rest.starts_with(head))?;
        let before = self.text[..self.at].chars().next_back();
        if before.is_some_and(|letter| !letter.is_whitespace()) || head.len() == rest.len() {
            return None;
        }
        let fresh = self.gap >= Gap::Stop;
        let core = head.trim_start_matches('(').trim_end_matches([')', '.']);
        let is_number =
            !core.is_empty() && core.len() <= 5 && core.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let is_letter = core.len() == 1 && core.bytes().all(|byte| byte.is_ascii_alphabetic());
        let found = match head {
            "-" | "*" | "•" | "–" => fresh && self.gap == Gap::Line,
            _ if head.ends_with(')') => is_number || is_letter,
            _ if head.ends_with('.') => fresh && is_number,
            _ => fresh && is_number && core.contains('.'),
        };
        found.then_some(head.len())
    }

    fn sign(&mut self, rest: &str) {
        let ends = |length: usize| rest[length..].chars().next().is_none_or(|next| next.is_whitespace() || next == '"');
        let spaced = self.text[..self.at].ends_with(' ') && rest.chars().nth(1) == Some(' ');
        let letter = rest.chars().next().unwrap_or(' ');
        let (gap, length) = match letter {
            '-' if rest.starts_with("->") => (Gap::Arrow, 2),
            '=' if rest.starts_with("=>") => (Gap::Arrow, 2),
            '→' | '⇒' | '➜' | '➔' | '⟶' => (Gap::Arrow, letter.len_utf8()),
            '|' if spaced => (Gap::Arrow, 1),
            '>' if spaced && !rest[1..].trim_start().starts_with(|next: char| next.is_ascii_digit()) => (Gap::Arrow, 1),
            '-' if spaced => (Gap::Dash, 1),
            '–' | '—' | '…' => (Gap::Dash, letter.len_utf8()),
            '-' | '\'' => (Gap::None, 1),
            ',' | '+' => (Gap::Comma, 1),
            ';' => (Gap::Semicolon, 1),
            ':' => (Gap::Colon, 1),
            '/' => (Gap::Slash, 1),
            '(' | ')' | '[' | ']' | '{' | '}' => (Gap::Bracket, 1),
            '.' | '!' if ends(1) => (Gap::Stop, 1),
            '?' => (Gap::Question, 1),
            '\n' => (Gap::Line, 1),
            _ => (Gap::None, letter.len_utf8()),
        };
        self.mark(gap);
        self.at += length;
    }

    fn mark(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    fn push(&mut self, length: usize) {
        let place = self.at..self.at + length;
        let raw = &self.text[place.clone()];
        let text = raw.to_lowercase().replace('’', "'");
        let text = match text.as_str() {
            "&" => "and".to_owned(),
            "w/" => "with".to_owned(),
            _ => text,
        };
        if self.gap >= Gap::Stop && !self.words.is_empty() {
            self.sentence += 1;
        }
        let word =
            Word { stem: stem(&text), number: number(&text), gap: self.gap, sentence: self.sentence, place, text };
        self.gap = Gap::None;
        self.words.push(word);
    }
}

/// Returns how long the word is that a text begins with; 0 when it begins with none.
fn word_length(rest: &str) -> usize {
    let first = rest.chars().next().unwrap_or(' ');
    let signs = rest.bytes().take_while(|byte| matches!(byte, b'<' | b'>' | b'=')).count();
    if signs > 0 && !rest.starts_with("=>") {
        let next = rest[signs..].trim_start().chars().next();
        return if next.is_some_and(|next| next.is_ascii_digit()) { signs } else { 0 };
    }
    match first {
        '&' | '%' | '≥' | '≤' => first.len_utf8(),
        '0'..='9' => {
            let number = |letter: char| letter.is_ascii_digit() || letter == ',' || letter == '.';
            let run = &rest[..rest.find(|letter| !number(letter)).unwrap_or(rest.len())];
            run.trim_end_matches([',', '.']).len()
        }
        _ if first.is_alphabetic() => {
            let inner = |letter: char| letter.is_alphanumeric() || matches!(letter, '\'' | '’');
            let run = &rest[..rest.find(|letter| !inner(letter)).unwrap_or(rest.len())];
            run.trim_end_matches(['\'', '’']).len()
        }
        _ => 0,
    }
}

/// Returns the number that a word says, in figures or letters. Not `one`, which mostly means somebody.
fn number(word: &str) -> Option<f64> {
    const NAMES: [&str; 11] =
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    if word.starts_with(|letter: char| letter.is_ascii_digit()) {
        return word.replace(',', "").parse().ok();
    }
    let named = NAMES.iter().position(|name| *name == word).map(|index| index as f64 + 2.0);
    named.or(match word {
        "dozen" | "dozens" => Some(12.0),
        "twenty" => Some(20.0),
        "thirty" => Some(30.0),
        "fifty" => Some(50.0),
        "hundred" | "hundreds" => Some(100.0),
        "thousand" | "thousands" => Some(1000.0),
        "million" | "millions" => Some(1_000_000.0),
        _ => None,
    })
}
