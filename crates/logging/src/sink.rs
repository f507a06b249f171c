//! Where finished lines go: a file, or memory for tests.
//! Leaves to `layer` what happens when a line cannot be written.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Error;

/// Takes finished lines, from any thread.
pub trait Sink: Send + Sync + 'static {
    /// Takes one line; its newline is the last byte and the only one.
    ///
    /// # Errors
    /// What the medium said. The line counts as lost then, and the log says so later.
    fn write_line(&self, line: &[u8]) -> io::Result<()>;

    /// Keeps lines back until `release` was called as often as this; see [`Guard::hold`](crate::Guard::hold).
    ///
    /// A sink that does not write them together may ignore it.
    fn hold(&self) {}

    /// Ends a hold, and with the last one writes what was kept back. Returns how many lines were lost.
    fn release(&self) -> u64 {
        0
    }
}

/// Memory, for tests: lines one after another.
impl Sink for Mutex<Vec<u8>> {
    fn write_line(&self, line: &[u8]) -> io::Result<()> {
        self.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line);
        Ok(())
    }
}

impl<T: Sink + ?Sized> Sink for Arc<T> {
    fn write_line(&self, line: &[u8]) -> io::Result<()> {
        (**self).write_line(line)
    }

    fn hold(&self) {
        (**self).hold();
    }

    fn release(&self) -> u64 {
        (**self).release()
    }
}

/// A file that grows by one `write` call a line, at its end.
///
/// The call hands the whole line to the system, so a killed process loses none that it wrote; a
/// power cut may, since nothing is synced. Several processes may append to one file.
#[derive(Debug)]
pub struct FileSink {
    end: Mutex<End>,
}

/// The file's end as far as this process knows it.
#[derive(Debug)]
struct End {
    file: File,
    /// The last line lacks its newline, because a disk ran full or a process died inside it.
    torn: bool,
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
        let path = path.as_ref();
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| Error::Folder { path: folder.to_owned(), source })?;
        }
        let file = File::options()
            .append(true)
            .create(true)
            .open(path)
            .map_err(|source| Error::Open { path: path.to_owned(), source })?;
        // Only a regular file has a last line; to open a pipe for reading would wait for a writer.
        let torn = file.metadata().is_ok_and(|found| found.is_file()) && is_torn(path);
        Ok(FileSink { end: Mutex::new(End { file, torn, holds: 0, held: Vec::new(), lost: 0 }) })
    }

    fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for FileSink {
    fn write_line(&self, line: &[u8]) -> io::Result<()> {
        let mut end = self.end();
        if end.holds == 0 {
            return end.append(line).map_err(|(error, _)| error);
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
        if let Err((_, unwritten)) = self.append(&held) {
            self.lost += unwritten;
        }
        held.clear();
        self.held = held;
    }

    /// Appends lines in one call. On failure it also says how many of them are not whole in the file.
    fn append(&mut self, lines: &[u8]) -> Result<(), (io::Error, u64)> {
        match self.torn && !lines.is_empty() {
            false => self.append_all(lines),
            // One call again, so that no other process can write in between.
            true => self.append_all(&[b"\n", lines].concat()),
        }
    }

    fn append_all(&mut self, lines: &[u8]) -> Result<(), (io::Error, u64)> {
        let mut rest = lines;
        while !rest.is_empty() {
            let error = match self.file.write(rest) {
                Ok(0) => ErrorKind::WriteZero.into(),
                Ok(written) => {
                    rest = &rest[written..];
                    self.torn = !rest.is_empty();
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            // The newline that ends a torn line of before is no line.
            let ends = rest.iter().skip(usize::from(rest.len() == lines.len() && lines[0] == b'\n'));
            return Err((error, ends.filter(|byte| **byte == b'\n').count() as u64));
        }
        Ok(())
    }
}

/// Whether the file's last byte is no newline. A file that may not be read is taken as whole.
fn is_torn(path: &Path) -> bool {
    let last_byte = || -> io::Result<u8> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        Ok(byte[0])
    };
    last_byte().is_ok_and(|byte| byte != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    /// Writes the lines to a file that holds `before`.
    fn check(before: &str, lines: &[&str], expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/run.log");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, before).unwrap();
        let sink = FileSink::open(&path).unwrap();
        for line in lines {
            sink.write_line(line.as_bytes()).unwrap();
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
        sink.write_line(b"a\n").unwrap();
        assert_eq!(sink.release(), 0);
        sink.write_line(b"b\n").unwrap();
        assert_eq!(written(), "");
        assert_eq!(sink.release(), 0);
        assert_eq!(written(), "a\nb\n");
        sink.write_line(b"c\n").unwrap();
        assert_eq!(written(), "a\nb\nc\n");
    }

    #[test]
    fn what_is_held_is_bounded_and_outlives_a_lost_release() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.log");
        let sink = FileSink::open(&path).unwrap();
        let line = [&[b'x'; 999][..], b"\n"].concat();
        sink.hold();
        (0..100).for_each(|_| sink.write_line(&line).unwrap());
        let length = || fs::metadata(&path).unwrap().len();
        assert!((100_000 - MAX_HELD as u64..100_000).contains(&length()));
        drop(sink);
        assert_eq!(length(), 100_000);
    }

    #[test]
    fn held_lines_that_cannot_be_written_are_counted() {
        // Linux's device that is always full.
        let Ok(file) = File::options().append(true).open("/dev/full") else {
            return;
        };
        let sink = FileSink { end: Mutex::new(End { file, torn: true, holds: 0, held: Vec::new(), lost: 0 }) };
        sink.hold();
        sink.write_line(b"a\n").unwrap();
        sink.write_line(b"b\n").unwrap();
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
