//! Remembers each file's digest beside the stamp that it had, and says when a stamp can be believed.
//! Reading files and storing rows is done by others.

use std::collections::HashSet;
use std::fs::Metadata;
use std::time::Duration;

use super::paths::split;
use crate::{Digest, MemoryCache};

/// How much older than the moment of hashing a file must be for its stamp to be believed later.
///
/// Systems stamp files with a clock that moves in steps (4 to 10 ms on Linux, 15.6 ms on Windows). A file
/// that was written within one step of being hashed can be written again in the same step: same stamp,
/// other content. Such a file is hashed again next time ("racily clean", as git calls it).
pub const CLOCK_TICK: Duration = Duration::from_millis(20);

/// The same for a file system that keeps whole seconds, or two of them.
const COARSE_TICK: Duration = Duration::from_secs(2);

const SECOND: i64 = 1_000_000_000;

/// So many files are kept in memory; of a larger project the rest is asked of the store, one by one.
const MAX_ROWS: usize = 250_000;

/// So many files that were too young to be believed are looked at again when the memo is saved.
const MAX_YOUNG: usize = 10_000;

/// Larger ones are not: to read them twice in a run costs more than the next run may save.
pub(super) const MAX_YOUNG_BYTES: u64 = 1024 * 1024;

/// What `stat` says of a file's content without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) modified: i64,
    pub(crate) changed: i64,
    pub(crate) size: i64,
    pub(crate) inode: i64,
}

/// A digest and the stamp that the file had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) stamp: Stamp,
    pub(crate) digest: Digest,
    /// When the content was read.
    pub(crate) hashed_at: i64,
}

impl Stamp {
    /// Reads the stamp, or nothing where the system does not keep the time of the last change of a file's
    /// metadata: without it a content can change under the same stamp on purpose.
    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> Option<Stamp> {
        use std::os::unix::fs::MetadataExt;
        let nanos = |seconds: i64, rest: i64| seconds.saturating_mul(SECOND).saturating_add(rest);
        Some(Stamp {
            modified: nanos(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanos(metadata.ctime(), metadata.ctime_nsec()),
            size: metadata.size().cast_signed(),
            inode: metadata.ino().cast_signed(),
        })
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Option<Stamp> {
        None
    }

    /// Returns whether a content that was read at `hashed_at` is the only one that ever had this stamp.
    /// A time in the future never is.
    pub(crate) fn is_settled(&self, hashed_at: i64) -> bool {
        let tick = if self.changed % SECOND == 0 { COARSE_TICK } else { CLOCK_TICK };
        self.modified.max(self.changed).saturating_add(crate::clock::span(tick)) < hashed_at
    }
}

/// The rows in memory, and those that are not stored yet.
#[derive(Debug)]
pub(super) struct Memo {
    rows: MemoryCache<Box<str>, Row>,
    folders: HashSet<Box<str>>,
    unsaved: Vec<(Box<str>, Row)>,
    young: HashSet<Box<str>>,
}

/// What the memo says of a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Memory {
    Known(Row),
    /// Nothing is known, and the store has nothing either.
    Unknown,
    /// The rows of this path's folder have not been asked for yet.
    AskFolder,
    /// Rows were evicted, so that the store may know this path.
    AskFile,
}

impl Memo {
    pub(super) fn new() -> Memo {
        Memo {
            rows: MemoryCache::new(MAX_ROWS, u64::MAX),
            folders: HashSet::new(),
            unsaved: Vec::new(),
            young: HashSet::new(),
        }
    }

    pub(super) fn recall(&mut self, path: &str) -> Memory {
        if let Some(row) = self.rows.fetch(path) {
            return Memory::Known(*row);
        }
        if !self.folders.contains(split(path).0) {
            return Memory::AskFolder;
        }
        // Only a full memory can have evicted anything.
        if self.rows.len() == MAX_ROWS { Memory::AskFile } else { Memory::Unknown }
    }

    /// Takes over the stored rows of a folder; younger ones in memory stay.
    pub(super) fn load(&mut self, folder: &str, rows: Vec<(String, Row)>) {
        self.folders.insert(folder.into());
        for (path, row) in rows {
            self.rows.insert(path.into(), row, 1);
        }
    }

    /// Remembers a row if its stamp can be believed, else notes that the file is too young.
    pub(super) fn learn(&mut self, path: &str, row: Row) {
        if row.stamp.is_settled(row.hashed_at) {
            self.rows.insert(path.into(), row, 1);
            self.unsaved.push((path.into(), row));
        } else {
            self.rows.remove(path);
            self.note_young(path);
        }
    }

    /// Notes a file that was just written, to be hashed when it is old enough.
    pub(super) fn note_young(&mut self, path: &str) {
        if self.young.len() < MAX_YOUNG {
            self.young.insert(path.into());
        }
    }

    pub(super) fn take_unsaved(&mut self) -> Vec<(Box<str>, Row)> {
        std::mem::take(&mut self.unsaved)
    }

    pub(super) fn take_young(&mut self) -> HashSet<Box<str>> {
        std::mem::take(&mut self.young)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn check(modified: i64, changed: i64, hashed_at: i64, expected: bool) {
        let stamp = Stamp { modified, changed, size: 1, inode: 1 };
        assert_eq!(stamp.is_settled(hashed_at), expected, "{modified} {changed} {hashed_at}");
    }

    #[test]
    fn a_stamp_is_believed_only_if_older_than_a_tick() {
        check(5, 5, 20 * MS + 5, false);
        check(5, 5, 20 * MS + 6, true);
        check(5, 20 * MS, 25 * MS, false);
        check(20 * MS, 5, 25 * MS, false);
    }

    #[test]
    fn a_time_in_the_future_is_never_believed() {
        check(900 * MS, 5, 800 * MS, false);
        check(5, i64::MAX, 800 * MS, false);
        check(i64::MAX, 5, i64::MAX, false);
    }

    #[test]
    fn whole_seconds_need_longer() {
        check(SECOND, SECOND, SECOND + 100 * MS, false);
        check(SECOND, SECOND, 3 * SECOND + 1, true);
    }

    #[test]
    fn a_young_file_is_forgotten_and_noted() {
        let mut memo = Memo::new();
        memo.load("", Vec::new());
        let stamp = Stamp { modified: 1, changed: 1, size: 1, inode: 1 };
        memo.learn("a", Row { stamp, digest: Digest::of(b"1"), hashed_at: SECOND });
        assert!(matches!(memo.recall("a"), Memory::Known(_)));
        memo.learn("a", Row { stamp, digest: Digest::of(b"1"), hashed_at: 2 });
        assert_eq!(memo.recall("a"), Memory::Unknown);
        assert_eq!(memo.recall("sub/a"), Memory::AskFolder);
        assert_eq!((memo.take_unsaved().len(), memo.take_young().len()), (1, 1));
    }
}
