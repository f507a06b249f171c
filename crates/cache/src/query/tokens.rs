//! A statement's text as tokens: what it is called when it cannot be parsed, what it has in common with others, and
//! whether parsing it is safe.

use std::panic::{catch_unwind, resume_unwind};

use sqlparser::ast::Statement;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Tokenizer};

use super::Dialect;

/// A longer text is not looked into.
pub(super) const MAX_TEXT: usize = 4 << 20;
/// What is nested deeper is not parsed.
const MAX_DEPTH: usize = 200;
/// A longer chain without a comma is not parsed: `a AND b AND c ..` is as deep in the tree as it is long.
const MAX_CHAIN: usize = 4_000;
/// Up to here the stack of whoever asks is enough.
const SHALLOW_DEPTH: usize = 12;
const SHALLOW_CHAIN: usize = 160;
/// How deep the parser itself may go: it counts several steps for one bracket.
const SHALLOW_LIMIT: usize = 50;
const DEEP_LIMIT: usize = 4 * MAX_DEPTH;
/// Room for the deepest statement that is parsed, in a build without optimisation. Only what is used is ever touched.
const STACK: usize = 128 << 20;

/// The tokens of a text without spaces and comments.
pub(super) struct Tokens(Vec<Token>);

impl Tokens {
    /// Cuts the text; `None` if it is not SQL, too long, or ends at a NUL for the database but not for us.
    pub(super) fn of(sql: &str, dialect: Dialect) -> Option<Tokens> {
        if sql.len() > MAX_TEXT || sql.contains('\0') {
            return None;
        }
        // Texts stay as they were written: only then do different ones stay different when they are joined again.
        let tokens = Tokenizer::new(dialect.grammar(), sql).with_unescape(false).tokenize().ok()?;
        let mut tokens: Vec<Token> =
            tokens.into_iter().filter(|token| !matches!(token, Token::Whitespace(_) | Token::EOF)).collect();
        while tokens.last() == Some(&Token::SemiColon) {
            tokens.pop();
        }
        Some(Tokens(tokens))
    }

    /// Returns the text with one space between any two tokens.
    pub(super) fn joined(&self) -> String {
        let mut text = String::new();
        for token in &self.0 {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&token.to_string());
        }
        text
    }

    /// Returns what the statement has in common with those that differ in their values only.
    pub(super) fn shape(&self) -> String {
        let mut words: Vec<String> = Vec::with_capacity(self.0.len());
        for token in &self.0 {
            let word = match token {
                Token::Word(word) if word.quote_style.is_none() => word.value.to_lowercase(),
                _ if is_value(token) => "?".to_owned(),
                other => other.to_string(),
            };
            // A list of values is the same whatever its length.
            match (&words[..], word.as_str()) {
                ([.., before, comma], "?") if before == "?" && comma == "," => {
                    words.pop();
                }
                _ => words.push(word),
            }
        }
        words.join(" ")
    }

    /// Returns whether a text that is not understood may begin or end a transaction.
    pub(super) fn may_turn(&self) -> bool {
        let mut is_first = true;
        self.0.iter().any(|token| {
            let turns = match token {
                Token::Word(word) if word.quote_style.is_none() => turns(&word.value, is_first),
                _ => false,
            };
            is_first = *token == Token::SemiColon;
            turns
        })
    }

    /// Returns the name of the one PRAGMA that sets something.
    pub(super) fn pragma(&self) -> Option<&str> {
        let [Token::Word(first), rest @ ..] = &self.0[..] else {
            return None;
        };
        let rest = match rest {
            [Token::Word(_), Token::Period, rest @ ..] => rest,
            rest => rest,
        };
        let (name, value) = match rest {
            [Token::Word(name), Token::Eq, value] => (name, value),
            [Token::Word(name), Token::LParen, value, Token::RParen] => (name, value),
            [Token::Word(name), Token::Eq, Token::Minus | Token::Plus, value @ Token::Number(..)] => (name, value),
            _ => return None,
        };
        let is_plain = matches!(value, Token::Word(_)) || is_value(value);
        (first.value.eq_ignore_ascii_case("pragma") && is_plain).then_some(name.value.as_str())
    }

    /// Returns whether both are the same but for the case of words without quotes.
    pub(super) fn say_the_same(&self, other: &Tokens) -> bool {
        let same = |(one, two): (&Token, &Token)| match (one, two) {
            (Token::Word(one), Token::Word(two)) if one.quote_style.is_none() && two.quote_style.is_none() => {
                one.value.eq_ignore_ascii_case(&two.value)
            }
            _ => one == two,
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(same)
    }

    /// Parses, and hands the statements over; they are dropped where they were made, because a deep one needs as much
    /// stack to be dropped as to be parsed.
    pub(super) fn parse<T: Send>(
        &self,
        sql: &str,
        dialect: Dialect,
        then: impl FnOnce(Result<Vec<Statement>, ParserError>) -> T + Send,
    ) -> T {
        let (depth, chain) = self.measure();
        if depth > MAX_DEPTH || chain > MAX_CHAIN {
            return then(Err(ParserError::RecursionLimitExceeded));
        }
        if depth <= SHALLOW_DEPTH && chain <= SHALLOW_CHAIN {
            return then(parsed(sql, dialect, SHALLOW_LIMIT));
        }
        let mut then = Some(then);
        let found = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("segno-cache sql".to_owned()).stack_size(STACK);
            let then = &mut then;
            let work = move || then.take().map(|then| then(parsed(sql, dialect, DEEP_LIMIT)));
            let thread = thread.spawn_scoped(scope, work).ok()?;
            // What went wrong there goes wrong here, as it would without the thread.
            thread.join().unwrap_or_else(|panic| resume_unwind(panic))
        });
        match (found, then) {
            (Some(found), _) => found,
            // No thread could be started.
            (None, Some(then)) => then(Err(ParserError::RecursionLimitExceeded)),
            (None, None) => unreachable!("what was taken gave its answer"),
        }
    }

    /// Returns how deep brackets are nested, and how many tokens follow one another without a comma at most.
    fn measure(&self) -> (usize, usize) {
        let (mut open, mut deepest, mut longest) = (vec![0usize], 1, 0);
        let mut joined = 0;
        for token in &self.0 {
            match token {
                Token::LParen | Token::LBracket | Token::LBrace => open.push(0),
                Token::RParen | Token::RBracket | Token::RBrace if open.len() > 1 => {
                    open.pop();
                }
                Token::Comma | Token::SemiColon => {
                    open.pop();
                    open.push(0);
                }
                Token::Word(word) if is_joining(&word.value) => joined += 1,
                _ => {}
            }
            // A bracket counts where it stands too: `(a)(b)(c)` is a chain.
            if let Some(last) = open.last_mut() {
                *last += 1;
                longest = longest.max(*last);
            }
            deepest = deepest.max(open.len());
        }
        (deepest, longest.max(joined * 8))
    }
}

/// Parses. A panic of the parser is an error like others: the statement is not understood.
fn parsed(sql: &str, dialect: Dialect, limit: usize) -> Result<Vec<Statement>, ParserError> {
    let parse = || {
        let parser = Parser::new(dialect.grammar()).with_recursion_limit(limit);
        parser.try_with_sql(sql).and_then(|mut parser| parser.parse_statements())
    };
    catch_unwind(parse).unwrap_or_else(|_| Err(ParserError::ParserError("the parser panicked".to_owned())))
}

/// Words that make a chain which commas do not end.
fn is_joining(word: &str) -> bool {
    ["union", "except", "intersect", "join", "case"].iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Returns whether a word turns a transaction; some do at the beginning of a statement only.
fn turns(word: &str, is_first: bool) -> bool {
    let is_one_of = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    is_one_of(&["begin", "commit", "rollback", "abort", "savepoint", "prepare"])
        || is_first && is_one_of(&["start", "end", "release"])
}

fn is_value(token: &Token) -> bool {
    matches!(
        token,
        Token::Number(..)
            | Token::Placeholder(_)
            | Token::SingleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::SingleQuotedByteStringLiteral(_)
            | Token::Question
    )
}
