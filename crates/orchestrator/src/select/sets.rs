//! Sets of words, written as one text.

use std::collections::HashSet;
use std::sync::LazyLock;

/// A set that is made when it is first asked.
pub(super) type Set = LazyLock<HashSet<&'static str>>;

/// Returns the words of a text as a set.
pub(super) fn set(words: &'static str) -> HashSet<&'static str> {
    words.split_whitespace().collect()
}
