//! The digest of a file's content through the memo: recalled by its stamp, or read and remembered. Which
//! files are asked for is not decided here.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::content::read;
use super::facts::{Facts, Root};
use super::memo::{MAX_YOUNG_BYTES, Memo, Memory, Row};
use super::paths::split;
use super::shelf::Shelf;
use crate::{Digest, Error};

/// The memo of one project, in memory and where it is kept.
#[derive(Debug)]
pub(super) struct Hashes {
    root: Root,
    shelf: Box<dyn Shelf>,
    memo: Mutex<Memo>,
    reads: AtomicU64,
}

impl Hashes {
    pub(super) fn new(root: PathBuf, shelf: Box<dyn Shelf>) -> Hashes {
        Hashes { root: Root::new(root), shelf, memo: Mutex::new(Memo::new()), reads: AtomicU64::new(0) }
    }

    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Looks at a file without opening it.
    pub(super) fn facts(&self, path: &str) -> io::Result<Facts> {
        self.root.facts(path)
    }

    /// Returns how many times a content was read.
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Returns the digest of a file's content, reading it only if its stamp is not a known one.
    pub(super) fn content(&self, path: &str, facts: &Facts) -> io::Result<Digest> {
        if let Some(row) = self.recall(path)
            && facts.stamp == Some(row.stamp)
        {
            return Ok(row.digest);
        }
        self.reads.fetch_add(1, Ordering::Relaxed);
        let (digest, row) = read(&self.root().join(path), self.shelf.clock())?;
        match row {
            Some(row) => self.memo().learn(path, row),
            None => tracing::debug!(path, "a file changed while it was read"),
        }
        Ok(digest)
    }

    /// Notes a file that was just written, so that the next run need not read it.
    #[cfg(feature = "disk")]
    pub(super) fn note_written(&self, path: &str) {
        self.memo().note_young(path);
    }

    /// Hashes again what was too young to be believed, and writes everything to the store.
    pub(super) fn flush(&self) -> Result<(), Error> {
        let young = self.memo().take_young();
        for path in young {
            if let Err(error) = self.settle(&path) {
                tracing::debug!(path = &*path, %error, "a file went away before its digest was kept");
            }
        }
        self.save()
    }

    fn settle(&self, path: &str) -> io::Result<()> {
        let facts = self.facts(path)?;
        if facts.bytes <= MAX_YOUNG_BYTES {
            self.content(path, &facts)?;
        }
        Ok(())
    }

    /// Asks memory, then the store. A store that cannot answer costs a hash, not the answer.
    fn recall(&self, path: &str) -> Option<Row> {
        let (folder, name) = split(path);
        let mut memo = self.memo();
        match memo.recall(path) {
            Memory::Known(row) => return Some(row),
            Memory::Unknown => return None,
            Memory::AskFile => {
                return self.shelf.row(self.folder_id(folder), name).unwrap_or_else(forgotten);
            }
            Memory::AskFolder => {}
        }
        let rows = self.shelf.rows(self.folder_id(folder)).unwrap_or_else(forgotten);
        memo.load(folder, rows);
        match memo.recall(path) {
            Memory::Known(row) => Some(row),
            _ => None,
        }
    }

    fn save(&self) -> Result<(), Error> {
        let unsaved = self.memo().take_unsaved();
        let row = |(path, row): &(Box<str>, Row)| {
            let (folder, name) = split(path);
            (self.folder_id(folder), name.to_owned(), *row)
        };
        let rows: Vec<(i64, String, Row)> = unsaved.iter().map(row).collect();
        self.shelf.save(&rows)
    }

    fn memo(&self) -> MutexGuard<'_, Memo> {
        self.memo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names a folder in the index, which several projects may share. Were two folders to share a number,
    /// a wrong row would still need the same inode, size and times to be believed.
    fn folder_id(&self, folder: &str) -> i64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.root().as_os_str().as_encoded_bytes()).update(&[0]).update(folder.as_bytes());
        let mut first = [0; 8];
        hasher.finalize_xof().fill(&mut first);
        i64::from_le_bytes(first)
    }
}

impl Drop for Hashes {
    fn drop(&mut self) {
        if let Err(error) = self.save() {
            tracing::debug!(%error, "what was hashed is not kept and will be hashed again");
        }
    }
}

fn forgotten<T: Default>(error: Error) -> T {
    tracing::debug!(%error, "what was hashed cannot be recalled and is hashed again");
    T::default()
}
