//! Where finished lines go: a file, or memory for tests.
//! Leaves to `layer` what happens when a line cannot be written.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Error;

/// Takes finished lines, from any thread.
pub trait Sink: Send + Sync + 'static {
    /// Takes one line; its newline is the last byte and the only one.
    ///
    /// # Errors
    /// What the medium said. The line counts as lost then, and the log says so later.
    fn write_line(&self, line: &[u8]) -> io::Result<()>;
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
}

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
        Ok(FileSink { end: Mutex::new(End { file, torn }) })
    }
}

impl Sink for FileSink {
    fn write_line(&self, line: &[u8]) -> io::Result<()> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        match end.torn {
            false => end.append(line),
            // One call again, so that no other process can write in between.
            true => end.append(&[b"\n", line].concat()),
        }
    }
}

impl End {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let mut rest = line;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = &rest[written..];
                    self.torn = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
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
