//! What makes two keys differ, part by part and file by file. How that is said is in `sentence`; where
//! the older key and its manifests come from is the store's.

use serde::{Deserialize, Serialize};

use crate::{Digest, Key, Manifest, Part, Shown};

/// One difference between an older and a newer key; displayed as a fragment of a sentence.
///
/// ```
/// use segno_cache::{Change, Key};
///
/// let key = |command: &str| {
///     let mut builder = Key::builder("command");
///     builder.text("command", command);
///     builder.finish()
/// };
/// let changes = Change::between(&key("make"), &key("make -j2"), |_| None);
/// assert_eq!(changes[0].to_string(), "the command changed from `make` to `make -j2`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The newer key has a part that the older one has not.
    Added {
        /// The part's name.
        name: String,
    },
    /// The older key has a part that the newer one has not.
    Removed {
        /// The part's name.
        name: String,
    },
    /// A text or another value that is shown differs.
    Text {
        /// The part's name.
        name: String,
        /// What was kept of the older one.
        from: String,
        /// What was kept of the newer one.
        to: String,
    },
    /// A value differs that is not shown.
    Hidden {
        /// The part's name.
        name: String,
    },
    /// Files differ.
    Files {
        /// The part's name.
        name: String,
        /// Which, by path; empty if a manifest is not at hand any more.
        changes: Vec<FileChange>,
    },
    /// The same parts stand in another order.
    Order,
}

/// One file that differs; the path is relative to the project, with `/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    /// The file is new.
    Added(String),
    /// The file is gone.
    Removed(String),
    /// Its content or its executable bit changed.
    Changed(String),
}

impl Change {
    /// Compares two keys; `manifest` looks up what a files part looked like.
    ///
    /// Changes come in the order of the newer key's parts, then what was removed. Equal keys give none.
    pub fn between(old: &Key, new: &Key, mut manifest: impl FnMut(&Digest) -> Option<Manifest>) -> Vec<Change> {
        if old.digest() == new.digest() {
            return Vec::new();
        }
        let mut unpaired: Vec<&Part> = old.parts().iter().collect();
        let mut changes = Vec::new();
        for part in new.parts() {
            match unpaired.iter().position(|older| older.name == part.name) {
                None => changes.push(Change::Added { name: part.name.to_string() }),
                Some(place) => {
                    let older = unpaired.remove(place);
                    if older.digest != part.digest {
                        changes.push(part_change(older, part, &mut manifest));
                    }
                }
            }
        }
        changes.extend(unpaired.iter().map(|older| Change::Removed { name: older.name.to_string() }));
        if changes.is_empty() {
            changes.push(Change::Order);
        }
        changes
    }
}

fn part_change(old: &Part, new: &Part, manifest: &mut impl FnMut(&Digest) -> Option<Manifest>) -> Change {
    let name = new.name.to_string();
    match (&old.shown, &new.shown) {
        (Shown::Text(from) | Shown::Value(from), Shown::Text(to) | Shown::Value(to)) => {
            Change::Text { name, from: from.clone(), to: to.clone() }
        }
        (Shown::Files, Shown::Files) => {
            let changes = match (manifest(&old.digest), manifest(&new.digest)) {
                (Some(old), Some(new)) => file_changes(&old, &new),
                _ => Vec::new(),
            };
            Change::Files { name, changes }
        }
        _ => Change::Hidden { name },
    }
}

/// Walks two sorted lists side by side.
fn file_changes(old: &Manifest, new: &Manifest) -> Vec<FileChange> {
    let (mut old, mut new) = (old.entries().iter().peekable(), new.entries().iter().peekable());
    let mut changes = Vec::new();
    loop {
        match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some(left), Some(right)) if left.0 == right.0 => {
                if left.1 != right.1 {
                    changes.push(FileChange::Changed(right.0.clone()));
                }
                old.next();
                new.next();
            }
            (Some(left), right) if right.is_none_or(|right| left.0 < right.0) => {
                changes.push(FileChange::Removed(left.0.clone()));
                old.next();
            }
            (_, right) => {
                changes.extend(right.map(|right| FileChange::Added(right.0.clone())));
                new.next();
            }
        }
    }
}
