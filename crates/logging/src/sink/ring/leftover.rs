//! For readers: the lines that are still only in side files, of living and dead processes.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::image::{Image, read_range, side_files};
use super::rest::{Rest, rest};
use crate::sink::turn::{Folder, Turn};

/// What of a log is not in its file yet, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leftover {
    /// Whole lines, those of a thread in their order. A newline comes first when the log ends in a torn line that is nobody's.
    pub lines: Vec<u8>,
    /// How long the log was then: what it has beyond may repeat the lines, and what stands before is whole.
    pub end: u64,
    /// Side files that could not be read, each with the reason.
    pub unread: Vec<String>,
}

/// Returns the lines of a log that are still only in the side files of [`RingSink`](crate::RingSink)s, alive or dead.
///
/// Changes nothing. All lines are the first [`end`](Leftover::end) bytes of the log, after its sealed segments, and these.
///
/// # Errors
/// What the system said about the folder or a file in it.
pub fn leftover(log: &Path) -> io::Result<Leftover> {
    let log = &*std::path::absolute(log)?;
    // While this process has the turn, nobody moves lines from a side file into the log.
    let turn = match Folder::of(log) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Leftover::default()),
        folder => Turn::take(&folder?),
    };
    let mut found = Leftover { end: fs::metadata(log).map_or(0, |log| log.len()), ..Leftover::default() };
    for path in side_files(log)? {
        match read(&path, log, &mut found) {
            // It was replayed meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => found.unread.push(format!("{}: {error}", path.display())),
            Ok(()) => {}
        }
    }
    if !found.lines.is_empty() && is_torn(log, found.end)? {
        // Nobody's: the reader sees it as a line of its own.
        found.lines.insert(0, b'\n');
    }
    drop(turn);
    Ok(found)
}

fn is_torn(log: &Path, end: u64) -> io::Result<bool> {
    match end.checked_sub(1) {
        Some(last) => Ok(read_range(&File::open(log)?, last..end)? != b"\n"),
        None => Ok(false),
    }
}

fn read(path: &Path, log: &Path, found: &mut Leftover) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_file() {
        found.unread.push(format!("{}: it is no file", path.display()));
        return Ok(());
    }
    let image = match Image::read(&File::open(path)?, log)? {
        Ok(image) => image,
        Err(flaw) => {
            found.unread.push(format!("{}: {flaw}", path.display()));
            return Ok(());
        }
    };
    for slot in &image.slots {
        match rest(slot, log)? {
            Rest::Whole => {}
            Rest::Append { from } => found.lines.extend_from_slice(&slot.lines[from..]),
            Rest::Complete { file, from, line } => {
                let begun = usize::try_from(line.end - line.start).unwrap_or(0);
                found.lines.extend_from_slice(&slot.lines[from - begun.min(from)..]);
                if file == log {
                    found.end = found.end.min(line.start);
                }
            }
            Rest::Cut { file, at } if file == log => found.end = found.end.min(at),
            Rest::Cut { .. } => {}
        }
    }
    if let Some(flaw) = image.flaw {
        found.unread.push(format!("{}: {flaw}", path.display()));
    }
    Ok(())
}
