//! The bounded queue between the threads that log and the one that writes. Leaves the writing to `writer`.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use tracing::Level;

use crate::sink::contract::LONGEST_WAIT;

/// How a [`QueueSink`](crate::QueueSink) queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueOptions {
    /// So many lines wait at most; 16,384 by default, at least one.
    pub max_lines: usize,
    /// So many bytes wait at most; 8 MiB by default. A single longer line is taken when nothing else waits.
    pub max_bytes: usize,
    /// What happens to a line that has no room.
    pub full: Full,
    /// So long the end of the program waits for the queue to become empty; 5 seconds by default.
    pub patience: Duration,
}

impl Default for QueueOptions {
    fn default() -> Self {
        let patience = Duration::from_secs(5);
        QueueOptions { max_lines: 16 << 10, max_bytes: 8 << 20, full: Full::Block, patience }
    }
}

/// What happens to a line that a full queue has no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Full {
    /// Its thread waits.
    #[default]
    Block,
    /// It is dropped; one line in the log says later how many were.
    Drop,
}

/// Lines that wait, one after another.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    ends: Vec<(Level, usize)>,
}

impl Batch {
    fn push(&mut self, level: Level, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.ends.push((level, self.bytes.len()));
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = (Level, &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        starts.zip(&self.ends).map(|(start, (level, end))| (*level, &self.bytes[start..*end]))
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

#[derive(Debug, Default)]
struct State {
    waiting: Batch,
    /// So many lines came so far, of which some were dropped.
    came: u64,
    /// The writer took those before this one, and is done with those before that one.
    taken: u64,
    done: u64,
    /// The inner sink is to be closed once nothing waits.
    closing: bool,
    /// Dropped since the log was last told.
    dropped: u64,
    lost: u64,
    closed: bool,
    writer: Option<ThreadId>,
}

/// What the writer took besides lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// So many lines were dropped before.
    pub(super) dropped: u64,
    /// The inner sink is to be closed behind these lines.
    pub(super) closing: bool,
    /// More may come.
    pub(super) goes_on: bool,
}

#[derive(Debug)]
pub(super) struct LineUp {
    options: QueueOptions,
    state: Mutex<State>,
    /// Something waits, or nothing will come any more.
    work: Condvar,
    /// Lines were taken out, or written.
    room: Condvar,
}

impl LineUp {
    pub(super) fn new(options: QueueOptions) -> LineUp {
        LineUp { options, state: Mutex::default(), work: Condvar::new(), room: Condvar::new() }
    }

    /// Puts a line behind the others, waits for room, or drops it.
    pub(super) fn push(&self, level: Level, line: &[u8]) {
        let mut state = self.state();
        let QueueOptions { max_lines, max_bytes, full, .. } = self.options;
        let is_full = |state: &mut State| {
            let waiting = &state.waiting;
            let lines = waiting.ends.len();
            lines > 0 && (lines >= max_lines || waiting.bytes.len().saturating_add(line.len()) > max_bytes)
        };
        // The writer's own lines must not make it wait for itself.
        let may_wait = full == Full::Block && state.writer != Some(std::thread::current().id());
        if may_wait {
            state = self.room.wait_while(state, is_full).unwrap_or_else(PoisonError::into_inner);
        } else if is_full(&mut state) {
            state.came += 1;
            state.dropped += 1;
            state.lost += 1;
            return;
        }
        let first = state.waiting.ends.is_empty();
        state.came += 1;
        state.waiting.push(level, line);
        drop(state);
        if first {
            self.work.notify_one();
        }
    }

    /// Waits for lines and swaps them for the empty batch.
    pub(super) fn take(&self, batch: &mut Batch) -> Taken {
        let mut state = self.state();
        state.done = state.taken;
        state.writer = Some(std::thread::current().id());
        self.room.notify_all();
        let idle =
            |state: &mut State| state.waiting.ends.is_empty() && state.dropped == 0 && !state.closed && !state.closing;
        let mut state = self.work.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut state.waiting, batch);
        state.taken = state.came;
        self.room.notify_all();
        Taken {
            dropped: std::mem::take(&mut state.dropped),
            closing: std::mem::take(&mut state.closing),
            goes_on: !state.closed || !batch.ends.is_empty(),
        }
    }

    /// Counts lines that were taken and could not be written.
    pub(super) fn lose(&self, lines: u64) {
        self.state().lost += lines;
    }

    pub(super) fn lost(&self) -> u64 {
        self.state().lost
    }

    /// Waits until all that was pushed before is written, as long as the options say. Returns whether it is.
    ///
    /// What others push meanwhile is not waited for.
    pub(super) fn drain(&self) -> bool {
        let state = self.state();
        let until = Instant::now() + self.options.patience.min(LONGEST_WAIT);
        self.work.notify_one();
        let came = state.came;
        let busy = |state: &mut State| state.done < came;
        let left = until.saturating_duration_since(Instant::now());
        let waited = self.room.wait_timeout_while(state, left, busy).unwrap_or_else(PoisonError::into_inner);
        !waited.1.timed_out()
    }

    /// The writer closes the inner sink when it has written what waits: it may hang there, and nobody else must.
    pub(super) fn close_behind(&self) {
        self.state().closing = true;
        self.work.notify_all();
    }

    /// Nothing more comes: the writer ends once it has written the rest.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.work.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
