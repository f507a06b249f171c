//! Cuts a stream into blocks of whole lines, in one buffer whose size is bounded.

use std::io::{self, ErrorKind, Read};

/// So much is read at once: it stays in the processor's second cache while it is looked at.
const CHUNK: usize = 128 * 1024;
/// Room behind the lines, so that the checker can look at wide pieces up to the end.
const PAD: usize = 32;

/// What came of reading on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The first so many of [`Blocks::bytes`] are whole lines with their newlines.
    Lines { length: usize, offset: u64 },
    /// A line that begins here is longer than the limit and is passed over.
    Long { offset: u64 },
    /// The lines that begin in the range were all given out.
    Done,
    /// The stream has no more at present.
    End,
}

/// The buffer, and where in the stream it stands.
#[derive(Debug)]
pub(super) struct Blocks {
    bytes: Vec<u8>,
    filled: usize,
    /// What was given out and goes before the next step.
    given: usize,
    /// Where in the stream the buffer begins.
    offset: u64,
    /// Lines that begin here or later are not wanted.
    end: u64,
    /// The rest of a line is passed over.
    inside: bool,
    limit: usize,
}

impl Blocks {
    pub(super) fn new(limit: usize) -> Blocks {
        Blocks { bytes: Vec::new(), filled: 0, given: 0, offset: 0, end: u64::MAX, inside: false, limit }
    }

    /// Begins anew for a stream that stands at `offset`, inside a line or between two; lines that begin
    /// at `end` or later are left out.
    pub(super) fn begin(&mut self, offset: u64, end: u64, inside: bool) {
        (self.filled, self.given) = (0, 0);
        (self.offset, self.end, self.inside) = (offset, end, inside);
    }

    /// The buffer: the lines of the last step and what stands behind them.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the stream stands: so much of it was read.
    pub(super) fn position(&self) -> u64 {
        self.offset + self.filled as u64
    }

    /// Where the line begins that is not whole yet, when the stream has no more at present.
    pub(super) fn begun(&self) -> u64 {
        self.offset
    }

    /// Reads on to the next whole lines.
    pub(super) fn next(&mut self, read: &mut impl Read) -> io::Result<Step> {
        self.drop_front(self.given);
        self.given = 0;
        loop {
            if self.offset >= self.end && !self.inside {
                return Ok(Step::Done);
            }
            let known = self.filled;
            if self.fill(read)? == 0 {
                return Ok(Step::End);
            }
            if let Some(step) = self.lines_from(known) {
                return Ok(step);
            }
        }
    }

    /// Gives out the stream's last line, which has no newline; call it at the end only.
    pub(super) fn last(&mut self) -> Option<Step> {
        if self.inside || self.filled == 0 || self.offset >= self.end {
            return None;
        }
        self.bytes[self.filled] = b'\n';
        let step = Step::Lines { length: self.filled + 1, offset: self.offset };
        // All was read: whoever compares the position with the stream's length must not find it shorter.
        self.offset += self.filled as u64;
        self.filled = 0;
        Some(step)
    }

    fn fill(&mut self, read: &mut impl Read) -> io::Result<usize> {
        let room = self.filled + CHUNK + PAD;
        if self.bytes.len() < room {
            self.bytes.resize(room, b'\n');
        }
        loop {
            match read.read(&mut self.bytes[self.filled..self.filled + CHUNK]) {
                Ok(count) => {
                    self.filled += count;
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Looks for whole lines when the bytes from `known` on are new.
    fn lines_from(&mut self, mut known: usize) -> Option<Step> {
        if self.inside {
            let newline = memchr::memchr(b'\n', &self.bytes[known..self.filled]);
            let passed = newline.map_or(self.filled, |at| known + at + 1);
            self.drop_front(passed);
            self.inside = newline.is_none();
            known = 0;
            if self.inside || self.offset >= self.end {
                return None;
            }
        }
        let Some(last) = memchr::memrchr(b'\n', &self.bytes[known..self.filled]) else {
            return (self.filled > self.limit).then(|| self.pass_over());
        };
        let mut length = known + last + 1;
        if self.offset + length as u64 > self.end {
            // The line that holds the range's last byte is the last one that begins in it.
            let within = (self.end - 1 - self.offset) as usize;
            length = within + memchr::memchr(b'\n', &self.bytes[within..length])? + 1;
        }
        self.given = length;
        Some(Step::Lines { length, offset: self.offset })
    }

    fn pass_over(&mut self) -> Step {
        let step = Step::Long { offset: self.offset };
        self.drop_front(self.filled);
        self.inside = true;
        step
    }

    fn drop_front(&mut self, count: usize) {
        self.bytes.copy_within(count..self.filled, 0);
        self.filled -= count;
        self.offset += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands out a text in pieces of given sizes.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(into.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    /// All lines that begin in the range, each with its place; `None` for one that is too long.
    fn lines(text: &[u8], piece: usize, range: (u64, u64), limit: usize) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut blocks = Blocks::new(limit);
        let from = range.0.saturating_sub(1);
        blocks.begin(from, range.1, range.0 > 0);
        let mut read = Pieces(&text[from as usize..], piece);
        let mut found = Vec::new();
        loop {
            let step = match blocks.next(&mut read).unwrap() {
                Step::End => blocks.last(),
                Step::Done => None,
                step => Some(step),
            };
            match step {
                Some(Step::Lines { length, offset }) => {
                    let mut at = offset;
                    for line in blocks.bytes()[..length].split_inclusive(|byte| *byte == b'\n') {
                        found.push((at, Some(line[..line.len() - 1].to_vec())));
                        at += line.len() as u64;
                    }
                }
                Some(Step::Long { offset }) => found.push((offset, None)),
                _ => return found,
            }
        }
    }

    fn plainly(text: &[u8]) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut at = 0;
        let mut found = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            found.push((at, Some(line.strip_suffix(b"\n").unwrap_or(line).to_vec())));
            at += line.len() as u64;
        }
        found
    }

    proptest! {
        #[test]
        fn ranges_that_join_give_every_line_once(
            text in "[a-c\n]{0,60}", piece in 1_usize..9, mut cuts in prop::collection::vec(0_u64..60, 0..4),
        ) {
            let text = text.as_bytes();
            cuts.retain(|cut| *cut <= text.len() as u64);
            cuts.extend([0, text.len() as u64]);
            cuts.sort_unstable();
            let ranges = cuts.windows(2).filter(|pair| pair[0] < pair[1]);
            let found: Vec<_> = ranges.flat_map(|pair| lines(text, piece, (pair[0], pair[1]), 1000)).collect();
            prop_assert_eq!(found, plainly(text));
        }
    }

    #[test]
    fn a_line_beyond_the_limit_is_passed_over_and_named() {
        let text = [&[b'x'; 100][..], b"\nab\n", &[b'y'; 50]].concat();
        let found = lines(&text, 7, (0, u64::MAX), 20);
        assert_eq!(found, [(0, None), (101, Some(b"ab".to_vec())), (104, None)]);
    }

    #[test]
    fn the_buffer_stays_small_whatever_a_line_takes() {
        let mut blocks = Blocks::new(1000);
        blocks.begin(0, u64::MAX, false);
        let mut read = io::repeat(b'x').take(50 << 20);
        assert_eq!(blocks.next(&mut read).unwrap(), Step::Long { offset: 0 });
        assert_eq!(blocks.next(&mut read).unwrap(), Step::End);
        assert_eq!(blocks.last(), None);
        assert!(blocks.bytes().len() < 2 * CHUNK);
        assert_eq!(blocks.position(), 50 << 20);
    }
}
