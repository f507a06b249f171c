//! Remembers each file's digest beside the stamp that it had, and says when a stamp can be believed.
//! Reading files and storing rows is done by others.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::Metadata;
use std::time::Duration;

use super::paths::split;
use crate::Digest;

/// How much older than the moment of hashing a file must be for its stamp to be believed later.
///
/// Systems stamp files with a clock that moves in steps (4 to 10 ms on Linux, 15.6 ms on Windows). A file
/// that was written within one step of being hashed can be written again in the same step: same stamp,
/// other content. Such a file is hashed again next time ("racily clean", as git calls it).
pub const CLOCK_TICK: Duration = Duration::from_millis(20);

/// The same for a file system that keeps whole seconds, or two of them.
const COARSE_TICK: Duration = Duration::from_secs(2);

const SECOND: i64 = 1_000_000_000;

/// The rows of so many files are held in memory, of the folders asked for last.
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
        Some(Stamp {
            modified: Stamp::moment(metadata.mtime(), metadata.mtime_nsec()),
            changed: Stamp::moment(metadata.ctime(), metadata.ctime_nsec()),
            size: metadata.size().cast_signed(),
            inode: metadata.ino().cast_signed(),
        })
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Option<Stamp> {
        None
    }

    /// Returns a time in nanoseconds.
    #[cfg(unix)]
    pub(super) fn moment(seconds: i64, rest: i64) -> i64 {
        seconds.saturating_mul(SECOND).saturating_add(rest)
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
    folders: HashMap<Box<str>, Folder>,
    /// The rows of all folders.
    count: usize,
    unsaved: Vec<(Box<str>, Row)>,
    young: HashSet<Box<str>>,
}

/// What is known of a folder that was asked for.
#[derive(Debug)]
enum Folder {
    /// Its rows, by file name. They come sorted and are mostly asked for in that order.
    Rows(BTreeMap<Box<str>, Row>),
    /// Nothing is held: it has more than all folders may have together.
    TooLarge,
}

/// What the memo says of a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Memory {
    Known(Row),
    /// Nothing is known, and the store has nothing either.
    Unknown,
    /// The rows of this path's folder have not been asked for yet.
    AskFolder,
    /// The folder is too large to be held, so that the store may know this path.
    AskFile,
}

impl Memo {
    pub(super) fn new() -> Memo {
        Memo { folders: HashMap::new(), count: 0, unsaved: Vec::new(), young: HashSet::new() }
    }

    pub(super) fn recall(&self, path: &str) -> Memory {
        let (folder, name) = split(path);
        match self.folders.get(folder) {
            None => Memory::AskFolder,
            Some(Folder::TooLarge) => Memory::AskFile,
            Some(Folder::Rows(rows)) => rows.get(name).map_or(Memory::Unknown, |row| Memory::Known(*row)),
        }
    }

    /// Takes over the stored rows of a folder, by file name.
    pub(super) fn load(&mut self, folder: &str, rows: BTreeMap<Box<str>, Row>) {
        if rows.len() > MAX_ROWS {
            self.folders.insert(folder.into(), Folder::TooLarge);
            return;
        }
        self.count += rows.len();
        self.folders.insert(folder.into(), Folder::Rows(rows));
        if self.count > MAX_ROWS {
            // Whatever is needed again is asked for again. A project that large has its files in many folders, and one
            // folder after the other is looked at.
            self.folders.retain(|name, _| **name == *folder);
            self.count = self.folders.values().map(Folder::count).sum();
        }
    }

    /// Remembers a row if its stamp can be believed, else notes that the file is too young.
    pub(super) fn learn(&mut self, path: &str, row: Row) {
        let is_settled = row.stamp.is_settled(row.hashed_at);
        let (folder, name) = split(path);
        if let Some(Folder::Rows(rows)) = self.folders.get_mut(folder) {
            let older = if is_settled { rows.insert(name.into(), row) } else { rows.remove(name) };
            self.count = self.count + usize::from(is_settled) - usize::from(older.is_some());
        }
        match is_settled {
            true => self.unsaved.push((path.into(), row)),
            false => self.note_young(path),
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

impl Folder {
    fn count(&self) -> usize {
        match self {
            Folder::Rows(rows) => rows.len(),
            Folder::TooLarge => 0,
        }
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
        memo.load("", BTreeMap::new());
        let stamp = Stamp { modified: 1, changed: 1, size: 1, inode: 1 };
        memo.learn("a", Row { stamp, digest: Digest::of(b"1"), hashed_at: SECOND });
        assert!(matches!(memo.recall("a"), Memory::Known(_)));
        memo.learn("a", Row { stamp, digest: Digest::of(b"1"), hashed_at: 2 });
        assert_eq!(memo.recall("a"), Memory::Unknown);
        assert_eq!(memo.recall("sub/a"), Memory::AskFolder);
        assert_eq!((memo.take_unsaved().len(), memo.take_young().len()), (1, 1));
    }

    /// What is known of files after so many rows were loaded of each folder.
    fn check_bound(loads: &[(&str, usize)], path: &str, expected: &str) {
        let row = |number: usize| {
            let stamp = Stamp { modified: 1, changed: 1, size: 1, inode: 1 };
            (number.to_string().into(), Row { stamp, digest: Digest::of(b"1"), hashed_at: SECOND })
        };
        let mut memo = Memo::new();
        for (folder, rows) in loads {
            memo.load(folder, (0..*rows).map(row).collect());
        }
        let shown = match memo.recall(path) {
            Memory::Known(_) => "known",
            Memory::Unknown => "unknown",
            Memory::AskFolder => "ask folder",
            Memory::AskFile => "ask file",
        };
        assert_eq!(shown, expected, "{path}");
        assert!(memo.count <= MAX_ROWS);
    }

    #[test]
    fn what_is_held_is_bounded_and_asked_for_again() {
        check_bound(&[("a", 2), ("b", 3)], "a/1", "known");
        check_bound(&[("a", 2), ("b", 3)], "a/2", "unknown");
        check_bound(&[("a", MAX_ROWS), ("b", 1)], "a/1", "ask folder");
        check_bound(&[("a", MAX_ROWS), ("b", 1)], "b/0", "known");
        check_bound(&[("a", MAX_ROWS + 1)], "a/1", "ask file");
    }
}
