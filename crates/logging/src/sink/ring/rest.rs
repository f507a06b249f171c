//! Decides what of a slot is not in the log yet, by comparing the two. Reads, and changes nothing.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::image::{Slot, read_range};
use super::layout::{Note, Place};
use crate::sink::rotate::segments;

/// What is to be done so that each of a slot's lines stands once in the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing.
    Whole,
    /// The lines from this byte of the slot on are to be appended to the log.
    Append { from: usize },
    /// A write broke off: the bytes in `from` belong at the end of the file, which ends inside the line that began at `line`.
    Complete { file: PathBuf, from: usize, line: Range<u64> },
    /// A line that nobody was told of broke off: the file ends at `at` without it.
    Cut { file: PathBuf, at: u64 },
}

/// So far behind the noted place lines are looked for, when another program wrote in between.
const WINDOW: u64 = 4 << 20;

/// Compares a slot with the file that its note names, be it the log or a segment that was sealed meanwhile.
pub(crate) fn rest(slot: &Slot, log: &Path) -> io::Result<Rest> {
    match slot.note {
        None if slot.lines.is_empty() => Ok(Rest::Whole),
        None => Ok(Rest::Append { from: 0 }),
        Some(Note::Long { length, place }) if slot.lines.is_empty() => rest_of_long(length, place, log),
        Some(Note::Long { .. }) => Ok(Rest::Append { from: 0 }),
        Some(Note::Lines { .. }) if slot.lines.is_empty() => Ok(Rest::Whole),
        Some(Note::Lines { start, place }) => {
            // The image's reader checked that it lies within.
            rest_of_lines(&slot.lines, usize::try_from(start).unwrap_or(0), place, log)
        }
    }
}

fn rest_of_lines(all: &[u8], start: usize, place: Place, log: &Path) -> io::Result<Rest> {
    let lines = &all[start..];
    let Some((path, file)) = find(place, log)? else {
        // A log that is gone: twice is better than never.
        return Ok(Rest::Append { from: start });
    };
    let size = file.metadata()?.len();
    let found = read_range(&file, place.offset..place.offset.saturating_add(lines.len() as u64))?;
    let mut equal = common(&found, lines);
    let mut offset = place.offset;
    if !lines[..equal].contains(&b'\n') && offset.saturating_add(equal as u64) < size {
        // Another program may have appended between the note and the write.
        let behind = read_range(&file, offset..offset.saturating_add(WINDOW + lines.len() as u64))?;
        if let Some(at) = find_begin(&behind, lines) {
            equal = common(&behind[at..], lines);
            offset += at as u64;
        }
    }
    if equal == lines.len() {
        return Ok(Rest::Whole);
    }
    let whole = lines[..equal].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let end = offset + equal as u64;
    match equal > whole && end == size {
        true => Ok(Rest::Complete { file: path, from: start + equal, line: offset + whole as u64..end }),
        false => Ok(Rest::Append { from: start + whole }),
    }
}

fn rest_of_long(length: u64, place: Place, log: &Path) -> io::Result<Rest> {
    let Some((path, file)) = find(place, log)? else {
        return Ok(Rest::Whole);
    };
    let size = file.metadata()?.len();
    let torn = size > place.offset
        && size < place.offset.saturating_add(length)
        && !read_range(&file, place.offset..size)?.contains(&b'\n');
    Ok(if torn { Rest::Cut { file: path, at: place.offset } } else { Rest::Whole })
}

/// Opens the file that a note names: the log, or a segment of it that is not compressed.
fn find(place: Place, log: &Path) -> io::Result<Option<(PathBuf, File)>> {
    let mut candidates = segments(log)?;
    candidates.push(log.to_owned());
    for path in candidates.into_iter().rev() {
        // One that was just removed or may not be read is not the one.
        let Ok(file) = File::open(&path) else { continue };
        let found = file.metadata()?;
        if (found.dev(), found.ino()) == (place.device, place.inode) && found.len() >= place.offset {
            return Ok(Some((path, file)));
        }
    }
    Ok(None)
}

/// Where lines begin in what stands behind the noted place: with a whole first line, or with what broke off at the end.
fn find_begin(behind: &[u8], lines: &[u8]) -> Option<usize> {
    let torn = memchr::memrchr(b'\n', behind).map_or(0, |newline| newline + 1);
    let at_end = || (torn < behind.len() && lines.starts_with(&behind[torn..])).then_some(torn);
    memchr::memmem::find(behind, first_line(lines)).or_else(at_end)
}

fn first_line(lines: &[u8]) -> &[u8] {
    lines.split_inclusive(|byte| *byte == b'\n').next().unwrap_or(lines)
}

fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}
