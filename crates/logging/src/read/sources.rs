//! Where lines come from, in the order in which they are read.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Error;
use super::segments::{Listing, segments};

/// Files and streams to read, each once.
pub struct Sources {
    pub(super) list: Vec<Source>,
    pub(super) leftover: Option<Leftover>,
    /// What the folders held: files that are rotated before they are read are found again.
    pub(super) listing: Listing,
}

/// Returns the lines that a writer holds for a file.
pub(super) type Leftover = Box<dyn Fn(&Path) -> Option<Held> + Send>;

/// Lines of a log that its writers hold, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Whole lines.
    pub lines: Vec<u8>,
    /// How long the file was then: what it has beyond may repeat the lines, and is not read.
    pub end: u64,
}

/// One of them.
pub(super) enum Source {
    File(PathBuf),
    Stream(PathBuf, Box<dyn Read + Send>),
}

impl Sources {
    /// Takes files, folders with all their segments in the order of time, and `-` for standard input.
    ///
    /// Of a folder those files are taken whose name ends in `.jsonl`, `.ndjson`, `.json` or `.log`, with
    /// what rotation (`app.log.1`, `app.log.2026-11-27`, `app.log-20261127`,
    /// `app.2026-11-27T10-00-00Z.000001.jsonl`) and compression (`.zst`, `.gz`) add; not those in folders
    /// within it. Of a segment that stands there both compressed and plain the plain one is taken. A folder
    /// without such a file gives no lines and is among the [`Sources::bare_folders`]. What is rotated until it
    /// is read is read all the same, with the segments that were sealed since.
    ///
    /// # Errors
    /// [`Error::Open`] for what does not exist or cannot be listed.
    pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Sources, Error> {
        let mut list = Vec::new();
        let mut listing = Listing::default();
        for path in paths.iter().map(AsRef::as_ref) {
            let wrong = |source| Error::Open { path: path.to_owned(), source };
            if path == Path::new("-") {
                list.push(Source::Stream(path.to_owned(), Box::new(io::stdin())));
            } else if path.metadata().map_err(wrong)?.is_dir() {
                let (found, files) = segments(path).map_err(wrong)?;
                if found.is_empty() {
                    listing.bare.push((path.to_owned(), files));
                }
                listing.add(&found);
                list.extend(found.into_iter().map(|segment| Source::File(segment.path)));
            } else {
                list.push(Source::File(path.to_owned()));
            }
        }
        Ok(Sources { list, leftover: None, listing })
    }

    /// Takes files that were listed, though they may have been compressed since.
    pub(super) fn segments(paths: Vec<PathBuf>) -> Sources {
        Sources { list: paths.into_iter().map(Source::File).collect(), leftover: None, listing: Listing::default() }
    }

    /// Takes a stream; `name` is what its lines' file is called.
    pub fn reader(name: impl Into<PathBuf>, read: impl Read + Send + 'static) -> Sources {
        Sources { list: vec![Source::Stream(name.into(), Box::new(read))], leftover: None, listing: Listing::default() }
    }

    /// Adds other sources behind these.
    #[must_use]
    pub fn and(mut self, others: Sources) -> Sources {
        self.list.extend(others.list);
        self.leftover = self.leftover.or(others.leftover);
        self.listing.merge(others.listing);
        self
    }

    /// Adds what `leftover` returns for each file that is neither compressed nor a stream: lines that writers hold
    /// and have not yet written. They are read behind the file.
    #[must_use]
    pub fn with_leftover(mut self, leftover: impl Fn(&Path) -> Option<Held> + Send + 'static) -> Sources {
        self.leftover = Some(Box::new(leftover));
        self
    }

    /// Returns the folders in which no log was found, and how many files they hold.
    pub fn bare_folders(&self) -> impl Iterator<Item = (&Path, usize)> {
        self.listing.bare.iter().map(|(folder, files)| (folder.as_path(), *files))
    }

    /// Returns the files and the names of the streams, in the order in which they are read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.list.iter().map(|source| match source {
            Source::File(path) | Source::Stream(path, _) => path.as_path(),
        })
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.files()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn check(files: &[&str], expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let sources = Sources::open(&[folder.path()]).unwrap();
        let found: Vec<_> = sources.files().map(|path| path.strip_prefix(folder.path()).unwrap()).collect();
        assert_eq!(found, expected.iter().map(Path::new).collect::<Vec<_>>());
    }

    #[test]
    fn segments_are_read_log_by_log_from_the_oldest_on() {
        check(
            &[
                "app.jsonl",
                "app.2026-11-27T10-00-00Z.000002.jsonl",
                "app.2026-11-27T10-00-00Z.000001.jsonl.zst",
                "api.jsonl",
                "app.2026-11-26T10-00-00Z.000009.jsonl.gz",
            ],
            &[
                "api.jsonl",
                "app.2026-11-26T10-00-00Z.000009.jsonl.gz",
                "app.2026-11-27T10-00-00Z.000001.jsonl.zst",
                "app.2026-11-27T10-00-00Z.000002.jsonl",
                "app.jsonl",
            ],
        );
        check(&["a.log.1", "a.log.10.gz", "a.log", "a.log.2.gz"], &["a.log.10.gz", "a.log.2.gz", "a.log.1", "a.log"]);
    }

    #[test]
    fn names_that_begin_alike_are_logs_of_their_own() {
        check(
            &["app.jsonl", "app.db.jsonl", "app.2026-11-27T10-00-00Z.000001.jsonl", "app.1api.jsonl", "app.log"],
            &["app.2026-11-27T10-00-00Z.000001.jsonl", "app.jsonl", "app.log", "app.1api.jsonl", "app.db.jsonl"],
        );
    }

    #[test]
    fn dates_may_stand_behind_the_ending() {
        check(
            &["a.log.2026-11-27", "a.log.2026-11-26.gz", "b.log-20261127", "b.log", "b.log-20261126"],
            &["a.log.2026-11-26.gz", "a.log.2026-11-27", "b.log-20261126", "b.log-20261127", "b.log"],
        );
        check(&["a.10.jsonl", "a.9.jsonl", "a.jsonl"], &["a.9.jsonl", "a.10.jsonl", "a.jsonl"]);
    }

    #[test]
    fn a_folder_without_a_log_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("README"), "").unwrap();
        let sources = Sources::open(&[folder.path()]).unwrap();
        assert_eq!(sources.bare_folders().collect::<Vec<_>>(), [(folder.path(), 1)]);
    }

    #[test]
    fn a_segment_that_is_there_twice_is_read_once() {
        check(&["a.1.jsonl", "a.1.jsonl.zst", "a.1.jsonl.gz"], &["a.1.jsonl"]);
    }

    #[test]
    fn what_holds_no_lines_is_left_out() {
        check(&["a.idx", "a.jsonl.ring", "a.jsonl.tmp", "b/a.jsonl", "README", "c.tar.gz", ".zst"], &[]);
        check(&[], &[]);
    }

    #[test]
    fn what_is_not_there_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing.jsonl");
        let error = Sources::open(&[&path]).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot open {}", path.display()));
    }
}
