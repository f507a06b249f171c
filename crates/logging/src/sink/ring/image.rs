//! Reads a side file from the disk: which files there are, and what their slots hold. Decodes nothing that it has not checked.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::doubt;
use super::layout::{
    COMMITTED, FILE_HEAD, Flaw, HEAD, Head, MARK, MARKED, MAX_LENGTH, NOTE, NOTE_WORDS, Note, SLOT_HEAD, Shape, words,
};
use crate::sink::turn::folder_of;

/// What a side file's name ends in.
pub(crate) const ENDING: &str = ".ring";
/// What it ends in before it has a head.
#[cfg(feature = "subscriber")]
pub(crate) const UNBORN: &str = ".ring.new";

/// What a slot held when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Where in the side file its head stands.
    pub(crate) at: u64,
    /// Whole lines.
    pub(crate) lines: Vec<u8>,
    pub(crate) note: Option<Note>,
}

/// A whole side file.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) slots: Vec<Slot>,
    /// The first thing that is wrong with a slot; the others are sound.
    pub(crate) flaw: Option<Flaw>,
}

/// The side files of a log, of living and dead processes, the oldest first.
pub(crate) fn side_files(log: &Path) -> io::Result<Vec<PathBuf>> {
    files(log, ENDING)
}

/// Side files that had no head yet when they were looked at.
#[cfg(feature = "subscriber")]
pub(crate) fn unborn(log: &Path) -> io::Result<Vec<PathBuf>> {
    files(log, UNBORN)
}

fn files(log: &Path, ending: &str) -> io::Result<Vec<PathBuf>> {
    let Some(name) = log.file_name().map(|name| name.to_string_lossy().into_owned()) else {
        return Ok(Vec::new());
    };
    let entries = match fs::read_dir(folder_of(log)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let file = entry.file_name();
        let middle = file.to_str().and_then(|file| file.strip_prefix(&name)?.strip_suffix(ending));
        // `app.jsonl.41-7.ring`: one part between two dots.
        if middle.is_some_and(|middle| middle.starts_with('.') && !middle[1..].contains('.')) {
            let made = entry.metadata().and_then(|found| found.created().or(found.modified())).ok();
            found.push((made, log.with_file_name(file)));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

impl Image {
    /// Reads a side file of a log. The outer error is the system's.
    pub(crate) fn read(file: &File, log: &Path) -> io::Result<Result<Image, Flaw>> {
        let mut head = [0; HEAD];
        let got = read_up_to(file, &mut head, 0)?;
        let Head { shape, boot, slots: count } = match Head::read(&head[..got]) {
            Ok(read) => read,
            Err(flaw) => return Ok(Err(flaw)),
        };
        let length = file.metadata()?.len();
        if length > MAX_LENGTH {
            return Ok(Err(Flaw::Damaged("it is too long")));
        }
        let present = (length as usize).saturating_sub(FILE_HEAD).div_ceil(shape.stride());
        let mut image = Image { slots: Vec::new(), flaw: None };
        if (present as u64) < count {
            image.flaw = Some(Flaw::Damaged("its end is missing"));
        }
        let mut bytes = vec![0; shape.stride()];
        for at in (0..present).map(|index| shape.slot_at(index)) {
            let got = read_up_to(file, &mut bytes, at)?;
            match read_slot(at, &bytes[..got], shape) {
                Ok(slot) => image.slots.extend(slot),
                Err(flaw) => image.flaw = image.flaw.or(Some(flaw)),
            }
        }
        if boot != doubt::boot() {
            image.flaw = image.flaw.or(doubt::sift(&mut image.slots, log)?);
        }
        Ok(Ok(image))
    }
}

/// Reads one slot; one that was never used is none.
fn read_slot(at: u64, bytes: &[u8], shape: Shape) -> Result<Option<Slot>, Flaw> {
    if bytes.iter().take(SLOT_HEAD).all(|byte| *byte == 0) {
        return Ok(None);
    }
    let head = words(bytes.get(..SLOT_HEAD).ok_or(Flaw::Damaged("a slot's head is cut"))?);
    if head[MARK] != MARKED {
        return Err(Flaw::Damaged("a slot has a strange head"));
    }
    let committed = usize::try_from(head[COMMITTED]).ok().filter(|committed| *committed <= shape.capacity);
    let committed = committed.ok_or(Flaw::Damaged("a slot holds more than it can"))?;
    let lines = bytes.get(SLOT_HEAD..SLOT_HEAD + committed).ok_or(Flaw::Damaged("the lines of a slot are cut"))?;
    if lines.last().is_some_and(|last| *last != b'\n') || lines.contains(&0) {
        return Err(Flaw::Damaged("the lines of a slot are damaged"));
    }
    let note = Note::read(&head[NOTE..NOTE + NOTE_WORDS])?;
    if let Some(Note::Lines { start, .. }) = note
        && start > committed as u64
        && committed > 0
    {
        return Err(Flaw::Damaged("the note of a flush lies outside its slot"));
    }
    Ok(Some(Slot { at, lines: lines.to_vec(), note }))
}

/// Reads until the buffer is full or the file ends.
pub(crate) fn read_up_to(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match file.read_at(&mut buffer[got..], offset + got as u64) {
            Ok(0) => break,
            Ok(more) => got += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

/// Reads a range of a file; what lies behind its end is missing.
pub(crate) fn read_range(file: &File, range: Range<u64>) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len().min(range.end).saturating_sub(range.start);
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let got = read_up_to(file, &mut bytes, range.start)?;
    bytes.truncate(got);
    Ok(bytes)
}
