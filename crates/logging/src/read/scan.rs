//! Goes through blocks of lines: checks, judges and counts them.

use std::ops::ControlFlow;
use std::path::Path;

use super::filter::Judge;
use super::index::Index;
use super::prefilter::{Needle, census};
use super::shapes::Shapes;
use super::stops::Stops;
use super::token::Damage;
use super::{Line, Query, Skip, Tally};

/// Some writers begin a file with it, and files are put together.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// So much of the first block decides which text is looked for.
const SAMPLE: usize = 64 * 1024;

/// Stops are found for so many bytes of lines at a time, which are still in the first cache when they are checked.
const PIECE: usize = 8 * 1024;

/// One thread's way through lines.
pub(super) struct Scan<'q> {
    query: &'q Query,
    judge: Judge<'q>,
    needle: Option<Needle>,
    /// The texts to choose from, until the first lines were seen.
    candidates: Vec<Needle>,
    stops: Stops,
    shapes: Shapes,
    index: Index,
    pub(super) tally: Tally,
}

/// Lines to go through, and where they stand.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) file: &'a Path,
    /// The buffer, in which the lines stand first.
    pub(super) bytes: &'a [u8],
    /// How many of the bytes are whole lines; the last of them is a newline.
    pub(super) length: usize,
    /// Where in the file they begin.
    pub(super) offset: u64,
}

impl<'q> Scan<'q> {
    pub(super) fn new(query: &'q Query) -> Scan<'q> {
        Scan {
            query,
            judge: Judge::new(&query.filter),
            needle: None,
            candidates: match query.by_text {
                true => Needle::candidates(&query.filter),
                false => Vec::new(),
            },
            stops: Stops::default(),
            shapes: Shapes::default(),
            index: Index::default(),
            tally: Tally::default(),
        }
    }

    /// Passes the lines that are wanted to `step`.
    pub(super) fn block(
        &mut self,
        block: Block<'_>,
        step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.tally.bytes += block.length as u64;
        let lines = &block.bytes[..block.length];
        if !self.candidates.is_empty() {
            let candidates = std::mem::take(&mut self.candidates);
            self.needle = Needle::rarest(candidates, &lines[..lines.len().min(SAMPLE)]);
        }
        let Some(needle) = self.needle.take() else {
            return self.every_line(block, step);
        };
        // A blank or cut line hides from the needle, so that it would be missing among the skipped.
        let census = census(lines);
        let flow = match census.whole {
            true => self.hits(&needle, block, census.newlines, step),
            false => self.every_line(block, step),
        };
        self.needle = Some(needle);
        flow
    }

    fn every_line(&mut self, block: Block<'_>, step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut at = 0;
        while at < block.length {
            let end = lines_within(&block.bytes[at..block.length], PIECE) + at;
            self.stops.find(block.bytes, at, end);
            while at < end {
                at = self.line(block, at, step)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn hits(
        &mut self,
        needle: &Needle,
        block: Block<'_>,
        newlines: u64,
        step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let before = self.tally.lines;
        let mut flow = ControlFlow::Continue(());
        let lines = &block.bytes[..block.length];
        needle.lines(lines, |at| {
            let newline = memchr::memchr(b'\n', &lines[at..]).expect("a block ends with a newline");
            self.stops.find(lines, at, at + newline + 1);
            match self.line(block, at, step) {
                ControlFlow::Continue(behind) => Some(behind),
                ControlFlow::Break(()) => {
                    flow = ControlFlow::Break(());
                    None
                }
            }
        });
        let parsed = self.tally.lines - before;
        self.tally.unparsed += newlines - parsed;
        self.tally.lines = before + newlines;
        flow
    }

    /// Reads the line that begins at `at`, and returns where the next one begins.
    #[inline]
    fn line(
        &mut self,
        block: Block<'_>,
        at: usize,
        step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<(), usize> {
        let mut begin = at;
        let mut checked = self.shapes.line(block.bytes, begin, &self.stops, &mut self.index);
        if checked.is_err() && block.bytes[at..block.length].starts_with(BYTE_ORDER_MARK) {
            begin += BYTE_ORDER_MARK.len();
            checked = self.shapes.line(block.bytes, begin, &self.stops, &mut self.index);
        }
        let end = match checked {
            Ok(end) if end - at <= self.query.line_limit => end,
            Ok(end) => return ControlFlow::Continue(self.skip(block, at, Damage { skip: Skip::Long, at: end })),
            Err(damage) => return ControlFlow::Continue(self.skip(block, at, damage)),
        };
        self.tally.lines += 1;
        let behind = end + 1;
        let end = end - usize::from(block.bytes[end - 1] == b'\r');
        let line = Line {
            raw: &block.bytes[begin..end],
            index: &self.index,
            keys: &self.query.keys,
            file: block.file,
            offset: block.offset + at as u64,
        };
        if self.judge.wants(&line) {
            self.tally.matched += 1;
            step(&line)?;
        }
        ControlFlow::Continue(behind)
    }

    /// Counts a line that cannot be read, unless it is blank, and returns where the next one begins.
    #[cold]
    fn skip(&mut self, block: Block<'_>, at: usize, damage: Damage) -> usize {
        let rest = &block.bytes[damage.at..block.length];
        let end = damage.at + memchr::memchr(b'\n', rest).expect("a block ends with a newline");
        if block.bytes[at..end].iter().all(u8::is_ascii_whitespace) {
            return end + 1;
        }
        let skip = if end - at > self.query.line_limit { Skip::Long } else { damage.skip };
        self.tally.lines += 1;
        self.tally.skip(skip, block.file, block.offset + at as u64);
        end + 1
    }

    /// Counts a line that was too long for the buffer.
    pub(super) fn long(&mut self, file: &Path, offset: u64) {
        self.tally.lines += 1;
        self.tally.skip(Skip::Long, file, offset);
    }
}

/// Returns the length of as many whole lines as fit, and of one at least.
fn lines_within(lines: &[u8], most: usize) -> usize {
    if lines.len() <= most {
        return lines.len();
    }
    let newline = memchr::memrchr(b'\n', &lines[..most]).or_else(|| memchr::memchr(b'\n', lines));
    newline.map_or(lines.len(), |newline| newline + 1)
}
