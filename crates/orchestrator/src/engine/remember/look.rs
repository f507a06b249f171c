//! What is remembered, for people: what a stored value is, and what has changed since it was made.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use segno_cache::{Change, Digest, Files, Key, Lookup, Manifest, Shown, Store};
use segno_errors::Fault;

use super::memory::Entry;
use super::{Memory, cache_fault};
use crate::model::Reply;

/// The parts of a key whose files are listed as git sees them: to it a link to a folder is a link, and not what lies there.
const SEEN_BY_GIT: [&str; 2] = ["work tree", "tree"];

/// A stored value as it is understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    /// The result of a step.
    Result {
        /// What it was.
        reply: Box<Reply>,
        /// The files that are restored with it, relative to the project.
        outputs: Vec<String>,
        /// How long it took to make.
        took: Duration,
    },
    /// A text that was dear to make, such as what is told of a run.
    Text(String),
    /// Neither: another program's.
    Other(Vec<u8>),
}

impl Kept {
    /// Returns how long it took to make, as far as that is known.
    pub fn took(&self) -> Option<Duration> {
        match self {
            Kept::Result { took, .. } => Some(*took),
            Kept::Text(_) | Kept::Other(_) => None,
        }
    }

    /// Returns what it cost in US dollars, as far as that is known.
    pub fn cost_usd(&self) -> Option<f64> {
        match self {
            Kept::Result { reply, .. } => reply.usage.cost_usd,
            Kept::Text(_) | Kept::Other(_) => None,
        }
    }
}

impl Memory {
    /// Returns the store behind the memory: what is listed, verified and cleared is there.
    pub fn stored(&self) -> &Store {
        &self.store
    }

    /// Returns the project's files as keys see them.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Returns what is stored under a key, which does not count as a use; nothing if it is not there, over or damaged.
    ///
    /// # Errors
    /// When the cache cannot be read.
    pub fn kept(&self, key: &Digest, now: SystemTime) -> Result<Option<Kept>, Fault> {
        let found = self.store.peek(&[*key], now).map_err(cache_fault)?.pop();
        Ok(match found {
            Some(Lookup::Hit(hit)) => Some(understood(hit.value)),
            _ => None,
        })
    }

    /// Says what of the files that a key was made of is another one now: changed or gone. What was not there then is not
    /// looked for: which files a step would look at is known only with its workflow, to `plan`.
    ///
    /// # Errors
    /// When the cache or a file cannot be read.
    pub fn changed_since(&self, key: &Key) -> Result<Vec<Change>, Fault> {
        let mut changes = Vec::new();
        for part in key.parts().iter().filter(|part| part.shown == Shown::Files) {
            let Some(then) = self.store.manifest(&part.digest).map_err(cache_fault)? else { continue };
            let now = match SEEN_BY_GIT.contains(&part.name.as_ref()) {
                true => self.in_work_tree(&then),
                false => self.as_they_are(&then),
            };
            let now = now.map_err(cache_fault)?;
            let of = |manifest: &Manifest| {
                let mut key = Key::builder("files");
                key.files(part.name.clone(), manifest);
                key.finish()
            };
            let find = |digest: &Digest| [&then, &now].into_iter().find(|known| known.digest() == *digest).cloned();
            changes.extend(Change::between(&of(&then), &of(&now), find));
        }
        Ok(changes)
    }

    /// Looks at the same files again as git sees them.
    fn in_work_tree(&self, then: &Manifest) -> Result<Manifest, segno_cache::Error> {
        let known: HashSet<&str> = then.entries().iter().map(|(path, _)| path.as_str()).collect();
        let now = self.files.work_tree()?;
        Ok(Manifest::new(now.entries().iter().filter(|(path, _)| known.contains(path.as_str())).cloned().collect()))
    }

    /// Looks at the same files again.
    fn as_they_are(&self, then: &Manifest) -> Result<Manifest, segno_cache::Error> {
        let mut now = Vec::with_capacity(then.entries().len());
        for (path, digest) in then.entries() {
            // A name with the signs of a glob in it cannot be asked for by itself; it counts as it was.
            if path.contains(['*', '?', '[', ']', '{', '}', '!', '\\']) {
                now.push((path.clone(), *digest));
                continue;
            }
            let found = self.files.manifest(std::slice::from_ref(path))?;
            now.extend(found.entries().iter().find(|(own, _)| own == path).cloned());
        }
        Ok(Manifest::new(now))
    }
}

fn understood(value: Vec<u8>) -> Kept {
    if let Ok(Entry { reply, outputs, took_ms }) = serde_json::from_slice(&value) {
        let outputs = outputs.into_iter().map(|output| output.path).collect();
        return Kept::Result { reply: Box::new(reply), outputs, took: Duration::from_millis(took_ms) };
    }
    match String::from_utf8(value) {
        Ok(text) => Kept::Text(text),
        Err(other) => Kept::Other(other.into_bytes()),
    }
}
