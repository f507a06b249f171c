//! Which sessions share results: those of connections that are named alike and are set up alike.

use std::collections::BTreeMap;

use crate::Digest;

/// So many settings are told apart; of more only their order is.
const MAX_SETTINGS: usize = 1_000;

/// What decides, besides its text, what a statement of a session says.
#[derive(Debug)]
pub(super) struct Identity {
    /// What cannot be undone by a later statement.
    base: Digest,
    /// The last statement for each setting that no other one concerns.
    settings: BTreeMap<String, Digest>,
    digest: Digest,
}

impl Identity {
    pub(super) fn new(base: Digest) -> Identity {
        Identity { base, settings: BTreeMap::new(), digest: base }
    }

    pub(super) fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Takes a statement that decides alone what a setting is.
    pub(super) fn set(&mut self, name: &str, statement: Digest) {
        self.settings.insert(name.to_owned(), statement);
        self.digest = self.settled();
        if self.settings.len() > MAX_SETTINGS {
            *self = Identity::new(self.digest);
        }
    }

    /// Takes a statement after which what was set before counts too.
    pub(super) fn follow(&mut self, statement: Digest) {
        *self = Identity::new(mixed(b"setting", self.digest, statement.as_bytes()));
    }

    /// From now on nobody else is alike.
    pub(super) fn part(&mut self, nonce: u64) {
        *self = Identity::new(mixed(b"private", self.digest, &nonce.to_le_bytes()));
    }

    fn settled(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"settings");
        hasher.update(self.base.as_bytes());
        for (name, statement) in &self.settings {
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name.as_bytes());
            hasher.update(statement.as_bytes());
        }
        Digest::finish(&hasher)
    }
}

fn mixed(kind: &[u8], before: Digest, more: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind);
    hasher.update(before.as_bytes());
    hasher.update(more);
    Digest::finish(&hasher)
}
