//! A file that takes each line by one call.

use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::Level;

use super::{LogFile, Rotation, Sink};
use crate::Error;

/// A file that grows by one `write` call a line, at its end.
///
/// The call hands the whole line to the system, so a killed process loses none that it wrote; a
/// power cut may, since nothing is synced. Several processes may append to one file and rotate it.
#[derive(Debug)]
pub struct FileSink {
    end: Mutex<End>,
}

/// The file's end as far as this process knows it.
#[derive(Debug)]
struct End {
    log: LogFile,
    /// How many want lines to be kept back.
    holds: usize,
    /// The lines that are kept back.
    held: Vec<u8>,
    /// Lines that were kept back and could not be written.
    lost: u64,
}

/// So many bytes of lines are kept back at most.
const MAX_HELD: usize = 64 * 1024;

impl FileSink {
    /// Opens the file for appending; it and its folders are made when they are missing.
    ///
    /// # Errors
    /// [`Error::Folder`] and [`Error::Open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::rotating(path, Rotation::default())
    }

    /// Opens the file as [`open`](FileSink::open) does, and begins a new one when `rotation` says so.
    ///
    /// # Errors
    /// [`Error::Folder`] and [`Error::Open`].
    pub fn rotating(path: impl AsRef<Path>, rotation: Rotation) -> Result<Self, Error> {
        LogFile::open(path.as_ref(), rotation).map(Self::over)
    }

    pub(crate) fn over(log: LogFile) -> Self {
        FileSink { end: Mutex::new(End { log, holds: 0, held: Vec::new(), lost: 0 }) }
    }

    /// Waits until the segments that were sealed so far are compressed, and those beyond the limits removed.
    pub fn settle(&self) {
        let keeper = self.end().log.keeper();
        if let Some(keeper) = keeper {
            keeper.settle();
        }
    }

    fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for FileSink {
    fn write_line(&self, _: Level, line: &[u8]) -> io::Result<()> {
        let mut end = self.end();
        if end.holds == 0 {
            return end.log.append(line).map_err(|(error, _)| error);
        }
        if end.held.len() + line.len() > MAX_HELD {
            end.write_held();
        }
        end.held.extend_from_slice(line);
        Ok(())
    }

    fn hold(&self) {
        self.end().holds += 1;
    }

    fn release(&self) -> u64 {
        let mut end = self.end();
        end.holds = end.holds.saturating_sub(1);
        if end.holds == 0 {
            end.write_held();
        }
        std::mem::take(&mut end.lost)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // Who forgot to release loses nothing by it.
        self.write_held();
    }
}

impl End {
    fn write_held(&mut self) {
        let mut held = std::mem::take(&mut self.held);
        if let Err((_, unwritten)) = self.log.append(&held) {
            self.lost += unwritten;
        }
        held.clear();
        self.held = held;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;
    use std::fs;

    /// Writes the lines to a file that holds `before`.
    fn check(before: &str, lines: &[&str], expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/run.log");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, before).unwrap();
        let sink = FileSink::open(&path).unwrap();
        for line in lines {
            sink.write_line(Level::INFO, line.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }

    #[test]
    fn lines_go_to_the_end_of_the_file() {
        check("", &["a\n", "b\n"], "a\nb\n");
        check("old\n", &["a\n"], "old\na\n");
    }

    #[test]
    fn a_torn_last_line_costs_no_line_after_it() {
        check("old\n{\"tor", &["a\n", "b\n"], "old\n{\"tor\na\nb\n");
    }

    #[test]
    fn lines_that_are_held_are_written_together_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.log");
        let sink = FileSink::open(&path).unwrap();
        let written = || fs::read_to_string(&path).unwrap();
        sink.hold();
        sink.hold();
        sink.write_line(Level::INFO, b"a\n").unwrap();
        assert_eq!(sink.release(), 0);
        sink.write_line(Level::INFO, b"b\n").unwrap();
        assert_eq!(written(), "");
        assert_eq!(sink.release(), 0);
        assert_eq!(written(), "a\nb\n");
        sink.write_line(Level::INFO, b"c\n").unwrap();
        assert_eq!(written(), "a\nb\nc\n");
    }

    #[test]
    fn what_is_held_is_bounded_and_outlives_a_lost_release() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.log");
        let sink = FileSink::open(&path).unwrap();
        let line = [&[b'x'; 999][..], b"\n"].concat();
        sink.hold();
        (0..100).for_each(|_| sink.write_line(Level::INFO, &line).unwrap());
        let length = || fs::metadata(&path).unwrap().len();
        assert!((100_000 - MAX_HELD as u64..100_000).contains(&length()));
        drop(sink);
        assert_eq!(length(), 100_000);
    }

    #[test]
    fn held_lines_that_cannot_be_written_are_counted() {
        // Linux's device that is always full.
        if !Path::new("/dev/full").exists() {
            return;
        }
        let sink = FileSink::open("/dev/full").unwrap();
        sink.hold();
        sink.write_line(Level::INFO, b"a\n").unwrap();
        sink.write_line(Level::INFO, b"b\n").unwrap();
        assert_eq!(sink.release(), 2);
        assert_eq!(sink.release(), 0);
    }

    #[test]
    fn missing_folders_are_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/run.log");
        FileSink::open(&path).unwrap();
        assert!(path.is_file());
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = FileSink::open(folder.path()).unwrap_err();
        let name = folder.path().display();
        assert_eq!(error.to_string(), format!("cannot open the log file {name}"));
        assert!(error.source().is_some());

        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = FileSink::open(file.join("run.log")).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot create the log folder {}", file.display()));
    }
}
