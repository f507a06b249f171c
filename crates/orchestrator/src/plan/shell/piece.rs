//! The parts of a script: text, and holes with the way in which the shell reads them.

use super::super::template::Expression;

/// A part of a script.
#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    Value { expression: Expression, context: Context },
}

/// How the shell reads the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// Outside quotes; `alone` when the value is the whole word, so that a list may stand there.
    Bare { alone: bool },
    /// Inside double quotes.
    Quoted,
}
