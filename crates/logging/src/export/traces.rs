//! The traces of many correlation ids at once, in bounded memory: those that are quiet end when there is no more room.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::read::Line;
use crate::read::analyze::fnv;
use crate::read::trace::Trace;

/// So many traces are open at once.
const MAX_OPEN: usize = 1_000;
/// So many bytes of memory their lines take together, nearly.
const MAX_BYTES: usize = 16 << 20;
/// A longer id has no trace.
const MAX_ID: usize = 1_024;
/// So many traces that ended are remembered; then no new ones begin.
const MAX_ENDED: usize = 1 << 18;

/// Gathers lines into a trace for each correlation id.
///
/// A log does not say where a trace ends. When there are too many, or their lines take too much memory, one ends early: the
/// one that was quiet for the longest time, or one that takes more than half of the memory. Lines that come for it later are
/// in no trace, and are counted.
///
/// ```
/// use std::ops::ControlFlow;
/// use segno_logging::export::{Spans, Traces};
/// use segno_logging::read::{Filter, Query, Sources, each};
///
/// let lines = concat!(
///     r#"{"timestamp":"2026-11-27T10:00:00Z","message":"begun","correlation_id":"a"}"#, "\n",
///     r#"{"timestamp":"2026-11-27T10:00:01Z","message":"done","correlation_id":"b"}"#, "\n",
/// );
/// let (mut traces, mut spans, mut bodies) = (Traces::default(), Spans::new("shop"), Vec::new());
/// let mut send = |body| {
///     bodies.push(body);
///     ControlFlow::Continue(())
/// };
/// each(Sources::reader("memory", lines.as_bytes()), &Query::new(Filter::default()), |line| {
///     traces.see(line);
///     while let Some(trace) = traces.over() {
///         spans.add(&trace.into_tree(), &mut send)?;
///     }
///     ControlFlow::Continue(())
/// })?;
/// while let Some(trace) = traces.rest() {
///     _ = spans.add(&trace.into_tree(), &mut send);
/// }
/// bodies.extend(spans.rest());
/// assert_eq!((bodies.len(), traces.without()), (1, 0));
/// # Ok::<(), segno_logging::read::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Traces {
    open: HashMap<Box<str>, Open>,
    /// Their ids by their last lines.
    quiet: BTreeMap<u64, Box<str>>,
    /// The memory that the lines of all open traces take.
    bytes: usize,
    /// Lines so far.
    seen: u64,
    /// Which ids had a trace that ended.
    ended: HashSet<u64>,
    without: u64,
    ended_early: u64,
}

#[derive(Clone, Debug)]
struct Open {
    trace: Trace,
    /// Which line of all was its last.
    last: u64,
}

impl Traces {
    /// Takes a line into account, if it has a correlation id.
    pub fn see(&mut self, line: &Line<'_>) {
        let Some(id) = line.correlation_id().filter(|id| !id.is_empty()) else { return };
        self.seen += 1;
        if !self.open.contains_key(&*id) {
            if id.len() > MAX_ID || self.ended.len() >= MAX_ENDED || self.ended.contains(&fnv(id.as_bytes())) {
                self.without += 1;
                return;
            }
            self.open.insert(Box::from(&*id), Open { trace: Trace::new(&*id), last: 0 });
        }
        if let Some(Open { trace, last }) = self.open.get_mut(&*id) {
            let (lines, bytes) = (trace.lines(), trace.bytes());
            trace.see(line);
            let id = self.quiet.remove(last).unwrap_or_else(|| Box::from(&*id));
            *last = self.seen;
            self.quiet.insert(self.seen, id);
            self.bytes += trace.bytes() - bytes;
            self.without += u64::from(trace.lines() == lines);
        }
    }

    /// Returns a trace that ends because there is no more room for it; to be asked after each line until there is none.
    pub fn over(&mut self) -> Option<Trace> {
        let is_full = self.bytes > MAX_BYTES;
        if !is_full && self.open.len() <= MAX_OPEN {
            return None;
        }
        let large = self.open.iter().find(|(_, open)| is_full && open.trace.bytes() > MAX_BYTES / 2);
        let id = large.map(|(id, _)| id.clone()).or_else(|| self.quietest())?;
        self.ended.insert(fnv(id.as_bytes()));
        self.ended_early += 1;
        self.take(&id)
    }

    /// Returns the next of the traces that are left when all lines were seen, in the order of their last lines.
    pub fn rest(&mut self) -> Option<Trace> {
        let id = self.quietest()?;
        self.take(&id)
    }

    /// Returns how many lines with a correlation id are in no trace.
    pub fn without(&self) -> u64 {
        self.without
    }

    /// Returns how many traces ended because there was no more room.
    pub fn ended_early(&self) -> u64 {
        self.ended_early
    }

    fn quietest(&self) -> Option<Box<str>> {
        self.quiet.first_key_value().map(|(_, id)| id.clone())
    }

    fn take(&mut self, id: &str) -> Option<Trace> {
        let Open { trace, last } = self.open.remove(id)?;
        self.quiet.remove(&last);
        self.bytes -= trace.bytes();
        Some(trace)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::read::{Filter, Query, Sources, each};

    /// What became of the traces of lines with these ids and so many fields of 100 bytes: which ended early, with their lines,
    /// how many were left, and how many lines are in none.
    fn check(traces: &mut Traces, lines: impl Iterator<Item = (String, usize)>) -> (Vec<(String, usize)>, usize, u64) {
        let line = |(id, fields): (String, usize)| {
            let field = |field: usize| format!(",\"f{field}\":\"{}\"", "x".repeat(100));
            format!("{{\"correlation_id\":\"{id}\"{}}}\n", (0..fields).map(field).collect::<String>())
        };
        let text: String = lines.map(line).collect();
        let mut ended = Vec::new();
        each(Sources::reader("memory", std::io::Cursor::new(text)), &Query::new(Filter::default()), |line| {
            traces.see(line);
            while let Some(trace) = traces.over() {
                let lines = trace.lines();
                ended.push((trace.into_tree().name, lines));
            }
            assert!(traces.bytes <= MAX_BYTES && traces.open.len() <= MAX_OPEN);
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(traces.ended_early(), ended.len() as u64);
        let left = std::iter::from_fn(|| traces.rest()).count();
        assert_eq!(traces.bytes, 0);
        (ended, left, traces.without())
    }

    #[test]
    fn of_too_many_traces_the_quietest_ends_and_does_not_begin_again() {
        let ids = || (0..MAX_OPEN).map(|id| (format!("id {id}"), 0));
        assert_eq!(check(&mut Traces::default(), ids()), (vec![], MAX_OPEN, 0));
        let more = ["id 0", "", "new", "id 1", "id 0"].map(|id| (id.to_owned(), 0));
        let ended = vec![("id 1".to_owned(), 1)];
        assert_eq!(check(&mut Traces::default(), ids().chain(more)), (ended, MAX_OPEN, 1));
    }

    #[test]
    fn a_trace_that_takes_most_of_the_memory_ends_before_small_ones_do() {
        let small = (0..10).map(|id| (format!("small {id}"), 1));
        let large = std::iter::repeat_n(("large".to_owned(), 32), 3_000);
        let (ended, left, without) = check(&mut Traces::default(), small.chain(large));
        let kept = ended[0].1;
        assert_eq!((&*ended[0].0, ended.len(), left), ("large", 1, 10));
        assert!((1_000..3_000).contains(&kept) && without == 3_000 - kept as u64, "{kept} {without}");
    }

    #[test]
    fn traces_one_after_the_other_are_all_whole() {
        let lines = (0..20).flat_map(|id| std::iter::repeat_n((format!("id {id}"), 32), 300));
        let (ended, left, without) = check(&mut Traces::default(), lines);
        assert_eq!((ended.len() + left, without), (20, 0));
        assert!(ended.len() > 5 && ended.iter().enumerate().all(|(at, one)| *one == (format!("id {at}"), 300)));
    }

    #[test]
    fn ids_that_cannot_be_remembered_have_no_trace() {
        let mut traces = Traces { ended: (0..MAX_ENDED as u64).collect(), ..Traces::default() };
        assert_eq!(check(&mut traces, [("new".to_owned(), 0)].into_iter()), (vec![], 0, 1));
        let long = ["x".repeat(MAX_ID), "x".repeat(MAX_ID + 1)].map(|id| (id, 0));
        assert_eq!(check(&mut Traces::default(), long.into_iter()), (vec![], 1, 1));
    }
}
