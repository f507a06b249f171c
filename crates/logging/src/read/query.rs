//! The two ways through the lines: all at once on several threads, or one after the other.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use super::blocks::{Blocks, Step};
use super::open::{At, Kind};
use super::plan::{Bytes, Part, Plan};
use super::scan::{Block, Scan};
use super::{Error, Filter, Keys, Line, Skip, Sources, Tally};

/// More threads than these are not started, whatever is asked.
const MAX_THREADS: usize = 64;
/// A longer line cannot be asked for: places in a line are kept in four bytes.
const MAX_LINE: usize = 1 << 30;

/// What is asked and how the files are read.
#[derive(Debug, Clone)]
pub struct Query {
    /// The lines that are wanted.
    pub filter: Filter,
    /// What the lines' keys mean.
    pub keys: Keys,
    /// How many threads [`fold`] reads with; at least one and at most 64.
    pub threads: usize,
    /// A longer line is skipped and named; this bounds the memory. At most 1 GiB.
    pub line_limit: usize,
    /// Parts of plain files from 8 MiB on that lie outside the filter's time are passed over, when 256
    /// lines spread over the file say that it is sorted to within a minute and a part. Lines that are out of
    /// order between two of the 256 are lost then; [`Tally::passed_bytes`] says how much was not read.
    pub by_time: bool,
    /// Lines in which a text that the filter wants cannot stand are not parsed, so damage in them is not
    /// seen; [`Tally::unparsed`] says how many they were.
    pub by_text: bool,
    /// Of plain files, only the end is read in which the last so many lines stand that match, and what begins behind them.
    pub last: Option<usize>,
}

impl Query {
    /// Asks for what the filter wants in segno's schema, with two threads and lines up to 4 MiB.
    pub fn new(filter: Filter) -> Query {
        Query {
            filter,
            keys: Keys::default(),
            threads: 2,
            line_limit: 4 << 20,
            by_time: true,
            by_text: true,
            last: None,
        }
    }

    pub(super) fn bounded(&self) -> Query {
        Query { line_limit: self.line_limit.min(MAX_LINE), ..self.clone() }
    }
}

/// Passes every line that matches to `step`, in no order; each thread has an accumulator of its own,
/// and `merge` puts them together.
///
/// # Errors
/// [`Error::Open`] and [`Error::Read`] when a file cannot be read, though it is there.
pub fn fold<A: Send>(
    sources: Sources,
    query: &Query,
    new: impl Fn() -> A + Sync,
    step: impl Fn(&mut A, &Line<'_>) + Sync,
    merge: impl Fn(&mut A, A),
) -> Result<(A, Tally), Error> {
    let query = &query.bounded();
    let plan = &Plan::new(sources, query);
    let work = || {
        let mut part = new();
        let tally = read_all(plan, query, &mut |line: &Line<'_>| {
            step(&mut part, line);
            ControlFlow::Continue(())
        });
        tally.map(|tally| (part, tally))
    };
    let results: Vec<_> = thread::scope(|scope| {
        let others: Vec<_> = (1..query.threads.min(MAX_THREADS)).map(|_| scope.spawn(work)).collect();
        let own = work();
        let joined = others.into_iter().map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        std::iter::once(own).chain(joined.collect::<Vec<_>>()).collect()
    });
    let mut results = results.into_iter();
    let (mut whole, mut tally) = results.next().expect("this thread read too")?;
    for result in results {
        let (part, more) = result?;
        merge(&mut whole, part);
        tally.merge(more, |path| plan.order(path));
    }
    tally.merge(plan.tally(), |path| plan.order(path));
    Ok((whole, tally))
}

/// Passes every line that matches to `step`, file after file and in the order of the file.
///
/// # Errors
/// [`Error::Open`] and [`Error::Read`] when a file cannot be read, though it is there.
pub fn each(
    sources: Sources,
    query: &Query,
    mut step: impl FnMut(&Line<'_>) -> ControlFlow<()>,
) -> Result<Tally, Error> {
    let query = &query.bounded();
    let plan = Plan::new(sources, query);
    let mut tally = read_all(&plan, query, &mut step)?;
    tally.merge(plan.tally(), |path| plan.order(path));
    Ok(tally)
}

/// Reads parts until none is left or `step` breaks.
fn read_all(
    plan: &Plan<'_>,
    query: &Query,
    step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
) -> Result<Tally, Error> {
    let mut scan = Scan::new(query);
    let flow = read_parts(plan, query, &mut scan, step);
    if !matches!(flow, Ok(ControlFlow::Continue(()))) {
        plan.stop();
    }
    flow.map(|_| scan.tally)
}

/// Reads sources in a scan that goes on behind them.
pub(super) fn through(
    sources: Sources,
    query: &Query,
    scan: &mut Scan<'_>,
    step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    let plan = Plan::new(sources, query);
    let flow = read_parts(&plan, query, scan, step)?;
    scan.tally.merge(plan.tally(), |path| plan.order(path));
    Ok(flow)
}

fn read_parts(
    plan: &Plan<'_>,
    query: &Query,
    scan: &mut Scan<'_>,
    step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    let mut blocks = Blocks::new(query.line_limit);
    while let Some(part) = plan.next()? {
        if read_part(part, &mut blocks, scan, step)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn read_part(
    part: Part,
    blocks: &mut Blocks,
    scan: &mut Scan<'_>,
    step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    let Part { path, bytes } = part;
    let path = &*path;
    let wrong = |source| Error::Read { path: path.to_owned(), source };
    match bytes {
        Bytes::Range { file, range } => {
            // From the byte before: if that is a newline, a line begins with the range.
            let from = range.start.saturating_sub(1);
            blocks.begin(from, range.end, range.start > 0);
            let flow = read_on(&mut At { file: &file, at: from }, blocks, path, scan, step).map_err(wrong)?;
            if flow.is_continue() && blocks.position() < range.end {
                scan.tally.skip(Skip::Shrunk, path, blocks.position());
            }
            Ok(flow)
        }
        Bytes::Stream { mut read, kind, offset } => {
            blocks.begin(offset, u64::MAX, false);
            match read_on(&mut read, blocks, path, scan, step) {
                Err(_) if kind == Kind::Decoded => {
                    scan.tally.skip(Skip::Damaged, path, blocks.position());
                    Ok(last(blocks, path, scan, step))
                }
                read => read.map_err(wrong),
            }
        }
    }
}

fn read_on(
    read: &mut impl Read,
    blocks: &mut Blocks,
    path: &Path,
    scan: &mut Scan<'_>,
    step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    Ok(match whole_lines(read, blocks, path, scan, step)? {
        ControlFlow::Continue(true) => last(blocks, path, scan, step),
        ControlFlow::Continue(false) => ControlFlow::Continue(()),
        ControlFlow::Break(()) => ControlFlow::Break(()),
    })
}

/// Reads the lines that have a newline, and returns whether the input ended before the range did.
pub(super) fn whole_lines(
    read: &mut impl Read,
    blocks: &mut Blocks,
    path: &Path,
    scan: &mut Scan<'_>,
    step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
) -> io::Result<ControlFlow<(), bool>> {
    loop {
        match blocks.next(read)? {
            Step::Lines { length, offset } => {
                let block = Block { file: path, bytes: blocks.bytes(), length, offset };
                if scan.block(block, step).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Step::Long { offset } => scan.long(path, offset),
            Step::Done => return Ok(ControlFlow::Continue(false)),
            Step::End => return Ok(ControlFlow::Continue(true)),
        }
    }
}

/// Reads the line that has no newline.
pub(super) fn last(
    blocks: &mut Blocks,
    path: &Path,
    scan: &mut Scan<'_>,
    step: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    match blocks.last() {
        Some(Step::Lines { length, offset }) => {
            scan.block(Block { file: path, bytes: blocks.bytes(), length, offset }, step)
        }
        _ => ControlFlow::Continue(()),
    }
}
