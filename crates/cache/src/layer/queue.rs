//! Values that are still to be written to the layers: bounded, and the last one of a key counts. Who writes them is told in
//! `below`.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::Digest;

/// So many places of values that were cancelled may stand in the order, beside as many as there are values.
const SPARE_PLACES: usize = 1_024;

/// How much may wait to be written. With more than that a value is not written, and what the layers have under its digest
/// is not read any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteBehind {
    /// So many values.
    pub max_values: usize,
    /// So many bytes of values.
    pub max_bytes: usize,
}

impl Default for WriteBehind {
    /// Returns 10,000 values and 64 MiB.
    fn default() -> WriteBehind {
        WriteBehind { max_values: 10_000, max_bytes: 64 * 1024 * 1024 }
    }
}

/// A sealed value that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) bytes: Arc<[u8]>,
    pub(super) live: Option<Duration>,
    number: u64,
}

#[derive(Debug)]
pub(super) struct Queue {
    limits: WriteBehind,
    state: Mutex<State>,
    pub(super) written: Notify,
    pub(super) writer: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct State {
    waiting: HashMap<Digest, Waiting>,
    order: VecDeque<(Digest, u64)>,
    in_hand: BTreeSet<u64>,
    bytes: usize,
    next: u64,
    /// Whether somebody writes. Told with the order, so that nothing is left behind by a writer that is about to end.
    is_written: bool,
}

impl Queue {
    pub(super) fn new(limits: WriteBehind) -> Queue {
        Queue { limits, state: Mutex::default(), written: Notify::new(), writer: Mutex::default() }
    }

    /// Takes a value in, in the place of an older one of its key; returns whether there was room. If not, the older one is
    /// gone too.
    pub(super) fn push(&self, key: Digest, bytes: Arc<[u8]>, live: Option<Duration>) -> bool {
        let mut state = self.state();
        let older = state.take(&key);
        if state.waiting.len() >= self.limits.max_values
            || state.bytes.saturating_add(bytes.len()) > self.limits.max_bytes
        {
            return false;
        }
        // What is being written at this moment is written once more.
        let turn = older.map(|older| older.number).filter(|number| !state.in_hand.contains(number));
        let number = turn.unwrap_or_else(|| state.enqueue(key));
        state.bytes += bytes.len();
        state.waiting.insert(key, Waiting { bytes, live, number });
        true
    }

    /// Returns the bytes that wait under a key.
    pub(super) fn peek(&self, key: &Digest) -> Option<Waiting> {
        self.state().waiting.get(key).cloned()
    }

    pub(super) fn cancel(&self, key: &Digest) {
        self.state().take(key);
        self.written.notify_waiters();
    }

    pub(super) fn cancel_all(&self) {
        let mut state = self.state();
        state.waiting.clear();
        state.order.clear();
        state.bytes = 0;
        drop(state);
        self.written.notify_waiters();
    }

    /// Hands out the keys that have waited longest; each is to be [`put down`](Queue::put_down).
    pub(super) fn hand_out(&self, most: usize) -> Vec<(Digest, u64)> {
        let mut state = self.state();
        let count = state.order.len().min(most);
        state.is_written = count > 0;
        let keys: Vec<(Digest, u64)> = state.order.drain(..count).collect();
        state.in_hand.extend(keys.iter().map(|(_, number)| *number));
        keys
    }

    /// Returns whether a writer has to be started, which is then the caller's matter. If the last one is gone for good, what
    /// it had in hand waits again.
    pub(super) fn needs_writer(&self, is_gone: bool) -> bool {
        let mut state = self.state();
        if state.is_written && !is_gone {
            return false;
        }
        if state.is_written {
            state.in_hand.clear();
            let mut order: Vec<(Digest, u64)> =
                state.waiting.iter().map(|(key, waiting)| (*key, waiting.number)).collect();
            order.sort_unstable_by_key(|(_, number)| *number);
            state.order = order.into();
        }
        state.is_written = !state.order.is_empty();
        state.is_written
    }

    /// Ends the writing of a key: what waited under it has been written, or given up.
    pub(super) fn put_down(&self, key: &Digest, number: u64) {
        let mut state = self.state();
        state.in_hand.remove(&number);
        if state.waiting.get(key).is_some_and(|waiting| waiting.number == number) {
            state.take(key);
        }
        drop(state);
        self.written.notify_waiters();
    }

    pub(super) fn len(&self) -> usize {
        self.state().waiting.len()
    }

    /// Returns once everything that waits now has been written or given up.
    pub(super) async fn drained(&self) {
        let last = self.state().next;
        loop {
            let written = self.written.notified();
            tokio::pin!(written);
            // Before the look, so that nothing that ends after it is missed.
            written.as_mut().enable();
            if self.state().first().is_none_or(|first| first >= last) {
                return;
            }
            written.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enqueue(&mut self, key: Digest) -> u64 {
        if self.order.len() >= 2 * self.waiting.len() + SPARE_PLACES {
            let waiting = &self.waiting;
            self.order.retain(|(key, number)| waiting.get(key).is_some_and(|waiting| waiting.number == *number));
        }
        let number = self.next;
        self.next += 1;
        self.order.push_back((key, number));
        number
    }

    /// Takes out what waits under a key; its place in the order stays until it is its turn.
    fn take(&mut self, key: &Digest) -> Option<Waiting> {
        let waiting = self.waiting.remove(key)?;
        self.bytes -= waiting.bytes.len();
        Some(waiting)
    }

    fn first(&self) -> Option<u64> {
        let front = self.order.front().map(|(_, number)| *number);
        front.into_iter().chain(self.in_hand.first().copied()).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(max_values: usize, max_bytes: usize) -> Queue {
        Queue::new(WriteBehind { max_values, max_bytes })
    }

    fn key(number: usize) -> Digest {
        Digest::of(&number.to_le_bytes())
    }

    fn push(queue: &Queue, number: usize, bytes: &[u8]) -> bool {
        queue.push(key(number), bytes.into(), None)
    }

    #[test]
    fn the_last_value_of_a_key_counts_and_keeps_its_turn() {
        let queue = queue(10, 100);
        assert!(push(&queue, 1, b"old") && push(&queue, 2, b"x") && push(&queue, 1, b"newest"));
        let keys = queue.hand_out(9);
        assert_eq!(keys.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [key(1), key(2)]);
        assert_eq!(&*queue.peek(&key(1)).unwrap().bytes, b"newest");
        keys.iter().for_each(|(key, number)| queue.put_down(key, *number));
        assert_eq!((queue.len(), queue.state().bytes), (0, 0));
    }

    #[test]
    fn a_full_queue_takes_nothing_and_keeps_no_older_value_of_the_key() {
        let full = queue(2, 100);
        assert!(push(&full, 1, b"x") && push(&full, 2, b"x"));
        assert!(!push(&full, 3, b"x"));
        assert!(push(&full, 2, b"y"));
        let heavy = queue(10, 5);
        assert!(push(&heavy, 1, b"12345"));
        assert!(!push(&heavy, 1, b"123456"));
        assert!(heavy.peek(&key(1)).is_none());
        assert!(!push(&queue(0, 9), 1, b"") && !push(&queue(9, 0), 1, b"x"));
    }

    #[test]
    fn what_was_cancelled_takes_no_memory() {
        let queue = queue(10, 100);
        for _ in 0..10 * SPARE_PLACES {
            push(&queue, 1, b"x");
            queue.cancel(&key(1));
        }
        assert!(queue.state().order.len() <= SPARE_PLACES + 1);
    }
}
