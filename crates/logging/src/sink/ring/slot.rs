//! One buffer of lines in a side file. Leaves to `crew` when it is emptied.

use std::sync::atomic::Ordering;

use super::layout::{COMMITTED, MARK, MARKED, NOTE, NOTE_WORDS, Note, Place, SLOT_HEAD};
use super::map::Region;

/// Lines that are not in the log yet.
///
/// Each step leaves the side file such that a kill after it costs nothing: lines count only when `COMMITTED` says so, which is
/// stored after them; a note counts only with its seal; and `COMMITTED` is cleared before the note is.
#[derive(Debug)]
pub(super) struct Buffer {
    region: Region,
    capacity: usize,
    /// The end of the lines.
    used: usize,
    /// The lines before it are in the log, because a write broke off behind them.
    start: usize,
}

impl Buffer {
    /// Takes a region of zeros.
    pub(super) fn new(region: Region, capacity: usize) -> Buffer {
        region.word(MARK).store(MARKED, Ordering::Release);
        Buffer { region, capacity, used: 0, start: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.used == self.start
    }

    /// Whether a line has room behind the others.
    pub(super) fn takes(&self, line: &[u8]) -> bool {
        line.len() <= self.capacity - self.used
    }

    /// Adds a line, which [`takes`](Buffer::takes) said has room.
    pub(super) fn push(&mut self, line: &[u8]) {
        self.region.put(SLOT_HEAD + self.used, line);
        self.used += line.len();
        self.region.word(COMMITTED).store(self.used as u64, Ordering::Release);
    }

    /// The lines that are not in the log.
    pub(super) fn lines(&self) -> &[u8] {
        self.region.bytes(SLOT_HEAD + self.start..SLOT_HEAD + self.used)
    }

    /// Notes that the lines are about to be written.
    pub(super) fn note_lines(&self, place: Place) {
        self.note(&Note::Lines { start: self.start as u64, place });
    }

    /// Notes that a line that has no room here is about to be written.
    pub(super) fn note_long(&self, line: &[u8], place: Place) {
        self.note(&Note::Long { length: line.len() as u64, place });
    }

    /// The lines are in the log.
    pub(super) fn clear(&self) {
        self.region.word(COMMITTED).store(0, Ordering::Release);
        self.forget_note();
    }

    /// What was noted did not happen, or is over.
    pub(super) fn forget_note(&self) {
        self.region.word(NOTE + NOTE_WORDS - 1).store(0, Ordering::Release);
    }

    /// Begins anew after [`clear`](Buffer::clear).
    pub(super) fn restart(&mut self) {
        (self.used, self.start) = (0, 0);
    }

    /// So many bytes more are in the log, of which the whole lines are not written again; the others are, at `place`.
    pub(super) fn skip(&mut self, bytes: usize, place: Place) {
        let whole = self.lines()[..bytes].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        self.start += whole;
        self.note_lines(place);
    }

    fn note(&self, note: &Note) {
        self.forget_note();
        for (index, word) in note.words().into_iter().enumerate() {
            // The seal is the last of them.
            self.region.word(NOTE + index).store(word, Ordering::Release);
        }
    }
}
