//! One statement as it is understood: its canonical text, what it reads and what it does.

use std::collections::HashMap;
use std::sync::Arc;

use sqlparser::ast::Statement as Tree;
use sqlparser::parser::ParserError;

use super::effect::{Effect, effects, pragma};
use super::functions::Nature;
use super::reading::Reading;
use super::tokens::Tokens;
use super::{Dialect, Refusal, TableName};
use crate::Digest;

/// Functions whose nature was declared, because their names say nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Functions(HashMap<String, Nature>);

impl Functions {
    pub(super) fn declare(&mut self, name: &str, nature: Nature) {
        self.0.insert(name.to_lowercase(), nature);
    }

    pub(super) fn declared(&self, name: &str) -> Option<Nature> {
        self.0.get(name).copied()
    }
}

/// A statement as it is understood without asking the database.
///
/// ```
/// use segno_cache::query::{Dialect, Statement};
///
/// let statement = Statement::parse("select  Name from users -- all\n where id=?1", Dialect::Sqlite);
/// assert_eq!(statement.text(), "SELECT Name FROM users WHERE id = ?1");
/// assert_eq!(statement.reads()[0].table, "users");
/// assert!(statement.refusal().is_none());
/// ```
#[derive(Clone, Debug)]
pub struct Statement {
    text: Arc<str>,
    shape: Arc<str>,
    digest: Digest,
    reads: Vec<TableName>,
    pub(super) given: Vec<String>,
    pub(super) effects: Vec<Effect>,
    refusal: Option<Refusal>,
    is_many: bool,
}

impl Statement {
    /// Reads a text. What cannot be parsed is a statement too: one that is never remembered and may write anything.
    pub fn parse(sql: &str, dialect: Dialect) -> Statement {
        Statement::understood(sql, dialect, &Functions::default())
    }

    pub(super) fn understood(sql: &str, dialect: Dialect, functions: &Functions) -> Statement {
        match Tokens::of(sql, dialect) {
            None => Statement::opaque(sql.trim(), sql.trim(), "it cannot be cut into words", true),
            Some(tokens) => tokens.parse(sql, dialect, |parsed| Statement::of(&tokens, parsed, dialect, functions)),
        }
    }

    fn of(
        tokens: &Tokens,
        parsed: Result<Vec<Tree>, ParserError>,
        dialect: Dialect,
        functions: &Functions,
    ) -> Statement {
        let (joined, shape) = (tokens.joined(), tokens.shape());
        let trees = match parsed {
            Ok(trees) => trees,
            Err(error) => return Statement::unparsed(tokens, &error.to_string(), dialect),
        };
        let mut statement = Statement::named(&joined, &shape);
        for tree in &trees {
            statement.add(tree, dialect, functions);
        }
        if let [tree] = &trees[..] {
            // The parser's own text is taken only if it says what was written: what it forgets must not be forgotten.
            let printed = tree.to_string();
            if Tokens::of(&printed, dialect).is_some_and(|printed| printed.say_the_same(tokens)) {
                statement.text = printed.into();
                statement.digest = Digest::of(statement.text.as_bytes());
            }
        } else {
            statement.refusal = Some(Refusal::NotARead);
            statement.is_many = trees.len() > 1;
        }
        statement
    }

    fn named(text: &str, shape: &str) -> Statement {
        let digest = Digest::of(text.as_bytes());
        let (reads, given, effects) = (Vec::new(), Vec::new(), Vec::new());
        Statement {
            text: text.into(),
            shape: shape.into(),
            digest,
            reads,
            given,
            effects,
            refusal: None,
            is_many: false,
        }
    }

    /// The parser does not know `PRAGMA foreign_keys = on`, nor many a way to begin and end a transaction.
    fn unparsed(tokens: &Tokens, reason: &str, dialect: Dialect) -> Statement {
        let (joined, shape) = (tokens.joined(), tokens.shape());
        match tokens.pragma().filter(|_| dialect == Dialect::Sqlite) {
            Some(name) => Statement {
                effects: pragma(name, true),
                refusal: Some(Refusal::NotARead),
                ..Statement::named(&joined, &shape)
            },
            None => Statement::opaque(&joined, &shape, reason, tokens.may_turn()),
        }
    }

    /// A statement that may have done anything.
    pub(super) fn unknown() -> Statement {
        Statement::opaque("", "", "it is not known any more", true)
    }

    /// With `may_turn` it may begin or end a transaction.
    fn opaque(text: &str, shape: &str, reason: &str, may_turn: bool) -> Statement {
        let refusal = Some(Refusal::NotUnderstood(reason.to_owned()));
        let doubt = may_turn.then_some(Effect::Doubt);
        let effects = doubt.into_iter().chain([Effect::Catalogue, Effect::Private]).collect();
        Statement { effects, refusal, ..Statement::named(text, shape) }
    }

    fn add(&mut self, tree: &Tree, dialect: Dialect, functions: &Functions) {
        let reading = Reading::of(tree, dialect, functions);
        self.reads.extend(reading.tables);
        self.given.extend(reading.given);
        let runs = !matches!(tree, Tree::Explain { analyze: false, options: None, .. });
        let own = effects(tree, dialect);
        for effect in own.into_iter().chain(reading.effects.into_iter().filter(|_| runs)) {
            // Their order counts: a write before BEGIN is not the write after it.
            if self.effects.last() != Some(&effect) {
                self.effects.push(effect);
            }
        }
        let refusal = match tree {
            Tree::Query(_) => reading.refusal,
            _ => Some(reading.refusal.unwrap_or(Refusal::NotARead)),
        };
        self.refusal = self.refusal.take().or(refusal);
    }

    /// Returns the canonical text: the same whatever its spaces, comments and the case of its keywords.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text with `?` for each value, which statements have in common that differ in their values only.
    pub fn shape(&self) -> &str {
        &self.shape
    }

    /// Returns the tables that are named, among them views and the names that a WITH gives.
    pub fn reads(&self) -> &[TableName] {
        &self.reads
    }

    /// Returns the tables that are written, or nothing if that may be any.
    pub fn writes(&self) -> Option<Vec<TableName>> {
        let mut tables = Vec::new();
        for effect in &self.effects {
            match effect {
                Effect::Writes(written) => tables.extend(written.iter().cloned()),
                Effect::Everything | Effect::Catalogue => return None,
                _ => {}
            }
        }
        Some(tables)
    }

    /// Returns why its result is never remembered.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// Returns whether the text is known to hold more than one statement.
    pub fn is_many(&self) -> bool {
        self.is_many
    }

    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    pub(super) fn shape_shared(&self) -> Arc<str> {
        Arc::clone(&self.shape)
    }

    pub(super) fn text_shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }
}
