//! What the server's keys are called, and what a name means.
//!
//! `<namespace>:generation` holds a random word, and an entry's key begins with the word of its time. Without that key
//! nothing is remembered: removing one key clears a namespace of any size at once. The word is random and not a number,
//! because a number that starts again after a loss would bring back what was cleared before.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};

use crate::Digest;

/// What a generation's key ends with.
const GENERATION: &str = "generation";

#[derive(Clone, Debug)]
pub(super) struct Names {
    namespace: String,
}

/// The word that entries stand under until the namespace is cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation(u64);

/// What a key of the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Generation,
    Entry(Generation, Digest),
}

impl Names {
    /// Takes a namespace that no other one can be mistaken for, and that has no sign which a search pattern would read.
    pub(super) fn new(namespace: &str) -> Option<Names> {
        let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_name = (1..=64).contains(&namespace.len()) && namespace.bytes().all(is_fine);
        is_name.then(|| Names { namespace: namespace.to_owned() })
    }

    pub(super) fn generation(&self) -> String {
        format!("{}:{GENERATION}", self.namespace)
    }

    pub(super) fn entry(&self, generation: Generation, key: &Digest) -> String {
        format!("{}:{generation}:{key}", self.namespace)
    }

    /// Returns a key for one round trip that two callers never share.
    pub(super) fn check(&self) -> String {
        format!("{}:check:{:016x}", self.namespace, random())
    }

    /// Returns what all keys of the namespace begin with.
    pub(super) fn prefix(&self) -> String {
        format!("{}:", self.namespace)
    }

    /// Returns what a key of the server is, or nothing if it is none that this program would write.
    pub(super) fn read(&self, key: &[u8]) -> Option<Name> {
        let rest = std::str::from_utf8(key).ok()?.strip_prefix(&self.namespace)?.strip_prefix(':')?;
        if rest == GENERATION {
            return Some(Name::Generation);
        }
        let (generation, digest) = rest.split_once(':')?;
        Some(Name::Entry(Generation::read(generation.as_bytes())?, digest.parse().ok()?))
    }
}

impl Generation {
    pub(super) fn random() -> Generation {
        Generation(random())
    }

    /// Reads 16 hex digits as they are written here; what anybody else wrote is nothing.
    pub(super) fn read(text: &[u8]) -> Option<Generation> {
        let text = std::str::from_utf8(text).ok()?;
        let generation = Generation(u64::from_str_radix(text, 16).ok()?);
        (generation.to_string() == text).then_some(generation)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// Returns a random number: hash maps are seeded by the operating system.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let names = Names::new("team").unwrap();
        let (generation, key) = (Generation::random(), Digest::of(b"a"));
        let entry = names.entry(generation, &key);
        assert!(entry.starts_with(&names.prefix()));
        assert_eq!(names.read(entry.as_bytes()), Some(Name::Entry(generation, key)));
        assert_eq!(names.read(names.generation().as_bytes()), Some(Name::Generation));
        assert_eq!(Generation::read(generation.to_string().as_bytes()), Some(generation));
    }

    #[test]
    fn foreign_names_mean_nothing() {
        let names = Names::new("team").unwrap();
        let other = Names::new("team2").unwrap().entry(Generation::random(), &Digest::of(b"a"));
        let short = "team:0123456789abcdef:ea8f163d".to_owned();
        let signed = format!("team:+123456789abcdef:{}", Digest::of(b"a"));
        for foreign in [other, short, signed, names.check(), "team:".to_owned(), "generation".to_owned(), String::new()]
        {
            assert_eq!(names.read(foreign.as_bytes()), None, "{foreign}");
        }
        assert_eq!(names.read(b"team:\xff"), None);
        for word in ["", "+123456789abcdef", "0123456789ABCDEF", "123", "0123456789abcdef0"] {
            assert_eq!(Generation::read(word.as_bytes()), None, "{word}");
        }
    }

    #[test]
    fn no_two_generations_are_alike() {
        let words: std::collections::HashSet<u64> = (0..1_000).map(|_| random()).collect();
        assert_eq!(words.len(), 1_000);
    }
}
