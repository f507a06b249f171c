//! Retries that do not multiply: a call that used its retries up inside another call's attempt says so
//! there, and the outer one does not repeat the attempt. Leaves calls on other tasks and threads alone.
//!
//! Only attempts, budget or time that ran out are told of: an error that will not pass says nothing about
//! another one. A failure to which a [`Fallback`](crate::Fallback) or
//! [`Failure::dealt_with`](crate::Failure::dealt_with) knows an answer is taken back, if nothing was awaited
//! in between. Nobody sees a body that looks at the failure by itself and goes on: if that body fails too in
//! the same attempt, for whatever reason, it is not repeated.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;

thread_local! {
    static TOLD: Told = const { Told { calls: Cell::new(0), before: Cell::new(0) } };
}

/// What calls on this thread told those round them.
struct Told {
    /// How many used their retries up so far, less those to which somebody knew an answer.
    calls: Cell<u64>,
    /// How many that were when an attempt last began to listen.
    before: Cell<u64>,
}

/// Says to the attempts round this call that retries were used up.
pub(crate) fn tell() {
    TOLD.with(|told| told.calls.set(told.calls.get().wrapping_add(1)));
}

/// Takes back what the last call told, as somebody knew an answer to its failure; says whether it had told
/// anything. What calls before it told stands.
pub(crate) fn take_back() -> bool {
    TOLD.with(|told| {
        let has_told = told.calls.get() != told.before.get();
        if has_told {
            told.calls.set(told.calls.get().wrapping_sub(1));
        }
        has_told
    })
}

/// Notes that an attempt begins to listen, and returns how many have told by now.
#[inline]
fn begin() -> u64 {
    TOLD.with(|told| {
        let calls = told.calls.get();
        told.before.set(calls);
        calls
    })
}

/// Returns how many have told by now.
#[inline]
fn calls() -> u64 {
    TOLD.with(|told| told.calls.get())
}

/// What an attempt hears of the calls inside it. Only what is told while the attempt itself runs counts:
/// other tasks share the thread.
#[derive(Debug)]
pub(crate) struct Ears {
    before: u64,
    has_heard: bool,
}

impl Ears {
    /// Begins to listen.
    #[inline]
    pub(crate) fn open() -> Ears {
        Ears { before: begin(), has_heard: false }
    }

    /// Says whether a call inside used its retries up. To be asked before anything else runs on the thread.
    pub(super) fn have_heard(&self) -> bool {
        self.has_heard || self.before != calls()
    }

    /// Goes on to listen, after what other tasks on this thread may have told each other.
    #[inline]
    pub(crate) fn resume(&mut self) {
        self.before = begin();
    }

    /// Stops to listen for a while and keeps what was heard.
    pub(crate) fn pause(&mut self) {
        self.has_heard = self.have_heard();
    }

    /// Runs an attempt that listens. It is borrowed where it is pinned: moving it would cost more than most
    /// calls.
    #[inline]
    pub(crate) async fn listen<T>(&mut self, mut attempt: Pin<&mut impl Future<Output = T>>) -> T {
        let mut is_resumed = false;
        poll_fn(|context| {
            if is_resumed {
                self.resume();
            }
            let poll = attempt.as_mut().poll(context);
            if poll.is_pending() {
                is_resumed = true;
                self.pause();
            }
            poll
        })
        .await
    }
}
