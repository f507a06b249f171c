//! The permission to make one call, which says afterwards what came of it. Leaves what follows from that
//! to `core`.

use std::fmt;
use std::mem::{self, ManuallyDrop};
use std::thread;

use super::circuit::Circuit;
use super::window::Outcome;
use super::word::Word;
use crate::Verdict;
use crate::clock::Moment;

/// The permission of a [`Breaker`](super::Breaker) to make one call.
///
/// Dropped without a word, as in a call that was cancelled, it is given back and says nothing about the
/// other side; dropped by a panic it is a failure.
///
/// ```
/// use segno_resilience::{Breaker, State};
///
/// let breaker = Breaker::in_a_row(1).build()?;
/// drop(breaker.try_acquire()?);
/// assert_eq!(breaker.state(), State::Closed);
/// breaker.try_acquire()?.failure();
/// assert_eq!(breaker.state(), State::Open);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a permit that is dropped is given back"]
pub struct Permit<'a> {
    circuit: &'a Circuit,
    /// What the breaker was when it let the call through.
    word: Word,
    /// When the call began, where calls are timed.
    begun: Moment,
}

// What every call passes is inlined always: left to itself the compiler calls some of it, and the permit is moved through
// memory, which took a healthy call from 5 to 13 ns.
impl<'a> Permit<'a> {
    #[inline(always)]
    pub(super) fn new(circuit: &'a Circuit, word: Word) -> Permit<'a> {
        let mut permit = Permit { circuit, word, begun: Moment::default() };
        permit.restart();
        permit
    }

    /// Says that the call begins only now: what it waited for in a queue of its own is not slowness of
    /// the other side.
    #[inline]
    pub fn restart(&mut self) {
        if self.circuit.core().rule().measures() {
            self.begun = self.circuit.clock().now();
        }
    }

    /// Takes note that the call succeeded.
    #[inline]
    pub fn success(self) {
        self.end(false);
    }

    /// Takes note that the call failed.
    #[inline]
    pub fn failure(self) {
        self.end(true);
    }

    /// Gives the permit back: the call says nothing about the other side.
    #[inline]
    pub fn ignore(self) {
        ManuallyDrop::new(self).give_back();
    }

    /// Takes note of what the result of the call means. One that was throttled is given back.
    #[inline]
    pub fn record(self, verdict: Verdict) {
        ManuallyDrop::new(self).note(verdict);
    }

    /// Takes note of what a judge says, once the body has ended: a judge that panics says nothing about the
    /// other side. The permit is borrowed where it lies: moving it costs more than all the rest.
    #[inline(always)]
    pub(super) fn record_with(self, judge: impl FnOnce() -> Verdict) {
        let permit = ManuallyDrop::new(self);
        let unjudged = Unjudged(&permit);
        let verdict = judge();
        mem::forget(unjudged);
        permit.note(verdict);
    }

    #[inline(always)]
    fn note(&self, verdict: Verdict) {
        match verdict {
            Verdict::Ok => self.judge(false),
            Verdict::Transient | Verdict::Permanent => self.judge(true),
            Verdict::Throttled(_) | Verdict::Ignore => self.give_back(),
        }
    }

    /// Says whether the breaker is still in the state in which it let the call through. After a wait
    /// between permit and call, one that is not should not be made: its result would not count.
    pub fn is_current(&self) -> bool {
        self.circuit.core().word().generation() == self.word.generation()
    }

    #[inline]
    fn end(self, is_failed: bool) {
        let permit = ManuallyDrop::new(self);
        permit.judge(is_failed);
    }

    #[inline(always)]
    fn judge(&self, is_failed: bool) {
        let rule = self.circuit.core().rule();
        let taken = || self.circuit.clock().now().as_nanos().saturating_sub(self.begun.as_nanos());
        let is_slow = rule.measures() && taken() > rule.slow_after;
        self.circuit.judge(self.word, Outcome { is_failed, is_slow });
    }

    #[inline]
    fn give_back(&self) {
        self.circuit.core().give_back(self.word);
    }
}

/// The permit of a call of which the body has ended and whose result is not judged yet.
struct Unjudged<'p, 'a>(&'p Permit<'a>);

impl Drop for Unjudged<'_, '_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        match thread::panicking() {
            true => self.judge(true),
            false => self.give_back(),
        }
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Permit { word, .. } = self;
        formatter
            .debug_struct("Permit")
            .field("state", &word.state())
            .field("generation", &word.generation())
            .finish_non_exhaustive()
    }
}
