//! Lines as they are written, across rotation, truncation and deletion.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::blocks::Blocks;
use super::identity::{Identity, identity};
use super::open::At;
use super::scan::Scan;
use super::segments::{self, Listing, Segment};
use super::{Error, Line, Query, Skip, Sources, Tally, query};

/// So much of a file's end is searched first for the last lines; each further search takes four times that.
const FIRST_SEARCH: u64 = 64 * 1024;

/// Passes the last `last` lines of each file that match and then each new one, until `step` or `pause` breaks.
///
/// `pause` is called whenever nothing new is there, with what was read since it was called before: the caller
/// tells what could not be read, and sleeps. A line is passed when its newline
/// is there. When a file is rotated, what its old one gets until the next pause is still read, and so are
/// segments that came and went since; when it becomes shorter, it is read from its beginning and the tally says
/// so; a missing one is waited for. A file that is cut and grows beyond its old length between two pauses
/// cannot be told from one that grew.
///
/// # Errors
/// [`Error::Open`] and [`Error::Read`] when a file cannot be read, though it is there.
pub fn follow(
    paths: &[PathBuf],
    query: &Query,
    last: usize,
    mut pause: impl FnMut(&Tally) -> ControlFlow<()>,
    mut step: impl FnMut(&Line<'_>) -> ControlFlow<()>,
) -> Result<Tally, Error> {
    let query = &query.bounded();
    let mut scan = Scan::new(query);
    let mut tails: Vec<Tail> = paths.iter().map(|path| Tail::new(path, query)).collect();
    for tail in &mut tails {
        tail.begin(last, query)?;
    }
    let order = |file: &Path| paths.iter().position(|path| path == file).unwrap_or(usize::MAX);
    let mut whole = Tally { files: tails.len() as u64, ..Tally::default() };
    loop {
        let mut news = false;
        for tail in &mut tails {
            match tail.advance(query, &mut scan, &mut step)? {
                ControlFlow::Continue(moved) => news |= moved,
                ControlFlow::Break(()) => {
                    whole.merge(scan.tally, order);
                    return Ok(whole);
                }
            }
        }
        if !news {
            let news = std::mem::take(&mut scan.tally);
            let flow = pause(&news);
            whole.merge(news, order);
            if flow.is_break() {
                return Ok(whole);
            }
        }
    }
}

/// A file that is followed by its name.
struct Tail {
    path: PathBuf,
    open: Option<(File, Identity)>,
    blocks: Blocks,
    /// The name means another file since the last pause.
    rotated: bool,
    /// The sealed segments that were there when the file was opened.
    sealed: Listing,
}

impl Tail {
    fn new(path: &Path, query: &Query) -> Tail {
        let blocks = Blocks::new(query.line_limit);
        Tail { path: path.to_owned(), open: None, blocks, rotated: false, sealed: Listing::default() }
    }

    /// Opens the file before its last lines.
    fn begin(&mut self, last: usize, query: &Query) -> Result<(), Error> {
        self.open()?;
        let Some((file, _)) = &self.open else {
            return Ok(());
        };
        let start = file.metadata().and_then(|found| start_of_last(file, found.len(), last, &self.path, query));
        match start.map_err(|source| self.wrong(source))? {
            Start::Line(offset) => self.blocks.begin(offset, u64::MAX, false),
            Start::Behind(0) => self.blocks.begin(0, u64::MAX, false),
            // From the last byte: if that is no newline, the line that has begun is not wanted.
            Start::Behind(end) => self.blocks.begin(end - 1, u64::MAX, true),
        }
        Ok(())
    }

    /// Opens the file from its beginning on, if it is there.
    fn open(&mut self) -> Result<(), Error> {
        self.blocks.begin(0, u64::MAX, false);
        self.rotated = false;
        self.open = match File::open(&self.path) {
            Ok(file) => {
                let identity = file.metadata().map(|found| identity(&found)).map_err(|source| self.wrong(source))?;
                Some((file, identity))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(source) => return Err(Error::Open { path: self.path.clone(), source }),
        };
        self.sealed = self.listing(&segments::beside(&self.path));
        Ok(())
    }

    fn listing(&self, beside: &[Segment]) -> Listing {
        let mut listing = Listing::default();
        let sealed = beside.iter().filter(|segment| segments::is_sealed_of(&segment.path, &self.path));
        listing.add(&sealed.cloned().collect::<Vec<_>>());
        listing
    }

    /// Reads what is new, and returns whether there was anything.
    fn advance(
        &mut self,
        query: &Query,
        scan: &mut Scan<'_>,
        step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<(), bool>, Error> {
        if self.open.is_none() {
            self.open()?;
        }
        let Some((file, known)) = &self.open else {
            return Ok(ControlFlow::Continue(false));
        };
        let before = self.blocks.position();
        if drain(file, &mut self.blocks, &self.path, scan, step).map_err(|source| self.wrong(source))?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let position = self.blocks.position();
        match self.path.metadata() {
            Ok(found) if identity(&found) != *known => {
                // Whoever had the old file open may still write to it: it is left after one more pause.
                if !std::mem::replace(&mut self.rotated, true) {
                    return Ok(ControlFlow::Continue(position > before));
                }
                return self.turn(query, scan, step);
            }
            Ok(found) if found.len() < position => {
                scan.tally.skip(Skip::Shrunk, &self.path, found.len());
                self.blocks.begin(0, u64::MAX, false);
                return Ok(ControlFlow::Continue(true));
            }
            // A file that is gone may be back under its name at the next look.
            _ => {}
        }
        Ok(ControlFlow::Continue(position > before))
    }

    /// Leaves the old file for the new one, with the segments that came and went between them.
    fn turn(
        &mut self,
        query: &Query,
        scan: &mut Scan<'_>,
        step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<(), bool>, Error> {
        if query::last(&mut self.blocks, &self.path, scan, step).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let beside = segments::beside(&self.path);
        let sealed = self.listing(&beside);
        let missed = self.missed(beside);
        self.open()?;
        // What is sealed between the look and the opening is new at the next turn.
        self.sealed = sealed;
        if !missed.is_empty() && query::through(Sources::segments(missed), query, scan, step)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(true))
    }

    /// Returns the segments between the old file, which was read to its end, and the new one.
    fn missed(&self, beside: Vec<Segment>) -> Vec<PathBuf> {
        let Some((_, old)) = self.open else { return Vec::new() };
        let now = self.path.metadata().ok().map(|now| identity(&now));
        let mut appeared = self.sealed.appeared(&self.path, old, beside);
        // The old file is another one once it is compressed: it is then the first that is new.
        let is_compressed = !self.sealed.knows(old) && !appeared.iter().any(|segment| segment.identity == old);
        if is_compressed && appeared.first().is_some_and(|first| segments::is_stamped(&first.path)) {
            appeared.remove(0);
        }
        appeared.retain(|segment| segment.identity != old && Some(segment.identity) != now);
        appeared.into_iter().map(|segment| segment.path).collect()
    }

    fn wrong(&self, source: io::Error) -> Error {
        Error::Read { path: self.path.clone(), source }
    }
}

/// Reads a file up to its end as it is now.
fn drain(
    file: &File,
    blocks: &mut Blocks,
    path: &Path,
    scan: &mut Scan<'_>,
    step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    let at = blocks.position();
    let flow = query::whole_lines(&mut At { file, at }, blocks, path, scan, step)?;
    // What has no newline yet is a line that is still being written.
    Ok(flow.map_continue(|_is_end| ()))
}

/// Where the last lines begin.
pub(super) enum Start {
    Line(u64),
    /// Behind all that is there.
    Behind(u64),
}

impl Start {
    pub(super) fn offset(&self) -> u64 {
        match self {
            Start::Line(offset) | Start::Behind(offset) => *offset,
        }
    }
}

/// Finds the last lines that match by searching ever more of the file's end.
pub(super) fn start_of_last(file: &File, length: u64, last: usize, path: &Path, query: &Query) -> io::Result<Start> {
    let mut searched = FIRST_SEARCH;
    loop {
        let start = length.saturating_sub(searched);
        let from = start.saturating_sub(1);
        let mut blocks = Blocks::new(query.line_limit);
        blocks.begin(from, length, start > 0);
        let mut scan = Scan::new(query);
        let mut offsets = VecDeque::new();
        let mut note = |line: &Line<'_>| {
            offsets.push_back(line.offset());
            if offsets.len() > last {
                offsets.pop_front();
            }
            ControlFlow::Continue(())
        };
        // The note never breaks.
        let _flow = drain(file, &mut blocks, path, &mut scan, &mut note)?;
        match offsets.front() {
            Some(first) if offsets.len() == last || start == 0 => return Ok(Start::Line(*first)),
            None if last == 0 => return Ok(Start::Behind(length)),
            // What has begun and is not whole yet will be new.
            None if start == 0 => return Ok(Start::Line(blocks.begun())),
            _ => searched = searched.saturating_mul(4),
        }
    }
}
