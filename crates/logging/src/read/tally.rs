//! What was read and what was not: no count without a word.

use std::fmt;
use std::path::{Path, PathBuf};

/// What a query read, and what it had to leave out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Files and streams that were read.
    pub files: u64,
    /// Bytes that were read, decompressed.
    pub bytes: u64,
    /// Lines in them, but for blank ones.
    pub lines: u64,
    /// Lines that the filter wanted.
    pub matched: u64,
    /// Lines that were not parsed, because a text that the filter wants cannot stand in them.
    pub unparsed: u64,
    /// Bytes that were not read, because they lie outside the filter's time in a sorted file.
    pub passed_bytes: u64,
    /// What could not be read, by reason.
    pub skipped: Vec<Skipped>,
}

/// What could not be read for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The reason.
    pub skip: Skip,
    /// How many lines, or files.
    pub count: u64,
    /// The file of the first of them.
    pub file: PathBuf,
    /// Where in the file it begins, in bytes.
    pub offset: u64,
}

/// Why a line, or the rest of a file, was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Skip {
    /// It ends in the middle.
    Cut,
    /// It does not begin as an object.
    NoObject,
    /// Something stands behind the object, such as a second one.
    Trailing,
    /// It is no JSON.
    Syntax,
    /// It holds NUL or another control character.
    Control,
    /// It is not UTF-8.
    Encoding,
    /// A number is beyond what a 64-bit float holds.
    Number,
    /// It is nested too deep.
    Depth,
    /// It is longer than [`Query::line_limit`](super::Query::line_limit).
    Long,
    /// The file was gone when it was to be read, and no compressed one stood in its place.
    Gone,
    /// The file became shorter while it was read.
    Shrunk,
    /// The compressed data break off or are damaged; what stands before is read.
    Damaged,
}

impl Skip {
    /// Returns the reason in words, such as `cut in the middle`.
    pub fn name(self) -> &'static str {
        match self {
            Skip::Cut => "cut in the middle",
            Skip::NoObject => "not a JSON object",
            Skip::Trailing => "more than one value on a line",
            Skip::Syntax => "not JSON",
            Skip::Control => "with control characters",
            Skip::Encoding => "not UTF-8",
            Skip::Number => "with a number beyond 64-bit floats",
            Skip::Depth => "nested too deep",
            Skip::Long => "longer than the limit",
            Skip::Gone => "gone before it was read",
            Skip::Shrunk => "shortened while it was read",
            Skip::Damaged => "damaged compressed data",
        }
    }

    /// Returns whether files are counted, not lines.
    pub fn is_of_files(self) -> bool {
        matches!(self, Skip::Gone | Skip::Shrunk | Skip::Damaged)
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Tally {
    /// Returns how many lines could not be read.
    pub fn skipped_lines(&self) -> u64 {
        self.skipped.iter().filter(|skipped| !skipped.skip.is_of_files()).map(|skipped| skipped.count).sum()
    }

    /// Notes one more.
    #[cold]
    pub(super) fn skip(&mut self, skip: Skip, file: &Path, offset: u64) {
        self.add(Skipped { skip, count: 1, file: file.to_owned(), offset });
    }

    /// Adds what another thread read; `order` says which of two files comes first.
    pub(super) fn merge(&mut self, other: Tally, order: impl Fn(&Path) -> usize) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.matched += other.matched;
        self.unparsed += other.unparsed;
        self.passed_bytes += other.passed_bytes;
        for skipped in other.skipped {
            let earlier = self.skipped.iter_mut().find(|known| known.skip == skipped.skip);
            if let Some(known) = earlier
                && (order(&skipped.file), skipped.offset) < (order(&known.file), known.offset)
            {
                known.file.clone_from(&skipped.file);
                known.offset = skipped.offset;
            }
            self.add(skipped);
        }
    }

    fn add(&mut self, skipped: Skipped) {
        match self.skipped.iter_mut().find(|known| known.skip == skipped.skip) {
            Some(known) => known.count += skipped.count,
            None => self.skipped.push(skipped),
        }
        self.skipped.sort_by_key(|known| known.skip);
    }
}
