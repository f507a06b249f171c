//! The breaker that callers hold: shared by cloning, tells of its changes and counts them. Leaves
//! deciding to `core` and what a call consists of to `shells`.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use super::core::{Core, Judged};
use super::rule::share;
use super::window::Outcome;
use super::word::Word;
use super::{BreakerBuilder, BreakerSnapshot, Change, Permit, State};
use crate::clock::nanos;
use crate::{Clock, Rejection, Rejector};

/// Somebody who is told of changes.
pub(super) type Listener = Arc<dyn Fn(&Change) + Send + Sync>;

/// A circuit breaker: it lets calls through while they succeed, rejects them for a while when too many
/// fail, and then lets a few probes find out whether the other side is well again.
///
/// Clones share one state. Each result is judged in the state in which its call was let through: a
/// straggler from before an outage neither closes nor opens anything. Half-open, exactly as many calls
/// are under way as probes were asked for; one that fails opens again, and as many successes close.
/// Nothing happens by itself: an open breaker whose time is over stays open until a call comes.
///
/// Idea: Nygard, "Release It!" (2007).
///
/// ```
/// use std::time::Duration;
/// use segno_resilience::{Breaker, ManualClock, State};
///
/// let hands = ManualClock::new();
/// let second = Duration::from_secs(1);
/// let breaker = Breaker::failures(0.5)
///     .of_last(100)
///     .min_calls(20)
///     .or_in_a_row(3)
///     .open_for(10 * second)
///     .clock(hands.clock())
///     .build()?;
///
/// for _ in 0..3 {
///     breaker.try_acquire()?.failure();
/// }
/// assert_eq!(breaker.try_acquire().unwrap_err().retry_after, Some(10 * second));
///
/// hands.advance(10 * second);
/// breaker.try_acquire()?.success();
/// assert_eq!(breaker.state(), State::Closed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Breaker(pub(super) Arc<Circuit>);

/// What clones of a breaker share.
pub(super) struct Circuit {
    core: Core,
    clock: Clock,
    listeners: RwLock<Vec<Listener>>,
    tally: Tally,
}

/// What happened since the breaker was built, for people. Written only off the path of healthy calls.
#[derive(Default)]
struct Tally {
    rejected: AtomicU64,
    failures: AtomicU64,
    slow: AtomicU64,
    opened: AtomicU64,
}

/// Which breaker it is, without keeping it.
pub(crate) struct BreakerId(Weak<Circuit>);

impl BreakerId {
    /// Says whether somebody still holds the breaker.
    pub(crate) fn is_alive(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl PartialEq for BreakerId {
    fn eq(&self, other: &BreakerId) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

impl Breaker {
    /// Returns which breaker it is.
    pub(crate) fn id(&self) -> BreakerId {
        BreakerId(Arc::downgrade(&self.0))
    }

    /// Starts a breaker that opens at this share of failed calls, above 0 and up to 1.
    pub fn failures(rate: f64) -> BreakerBuilder {
        BreakerBuilder::new(Some(rate), None)
    }

    /// Starts a breaker that opens when so many calls fail one after another.
    pub fn in_a_row(failures: u32) -> BreakerBuilder {
        BreakerBuilder::new(None, Some(failures))
    }

    pub(super) fn new(core: Core, clock: Clock, listeners: Vec<Listener>) -> Breaker {
        let tally = Tally::default();
        Breaker(Arc::new(Circuit { core, clock, listeners: RwLock::new(listeners), tally }))
    }

    /// Lets a call through, or not.
    ///
    /// # Errors
    ///
    /// The rejection, with the time after which a call may be let through where that is known.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, Rejection> {
        let circuit = &*self.0;
        let word = circuit.core.word();
        match word.state() {
            State::Closed => Ok(Permit::new(circuit, word)),
            State::Open | State::HalfOpen => circuit.acquire(word).map(|word| Permit::new(circuit, word)),
        }
    }

    /// Returns what the breaker does with calls.
    pub fn state(&self) -> State {
        self.0.core.word().state()
    }

    /// Opens the breaker until [`reset`](Breaker::reset) is called.
    pub fn trip(&self) {
        self.trip_for(Duration::MAX);
    }

    /// Opens the breaker for so long; then probes find out.
    pub fn trip_for(&self, wait: Duration) {
        self.0.changed(self.0.core.trip(nanos(wait), &self.0.clock));
    }

    /// Closes the breaker and forgets what it counted; calls that are under way no longer count.
    pub fn reset(&self) {
        self.0.changed(self.0.core.reset());
    }

    /// Tells this of every change from now on; a listener that panics does no harm.
    ///
    /// It is called on the thread on which the change happened and should be quick.
    pub fn watch(&self, listener: impl Fn(&Change) + Send + Sync + 'static) {
        self.0.listeners.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(listener));
    }

    /// Returns what the breaker is and has counted.
    pub fn snapshot(&self) -> BreakerSnapshot {
        let Circuit { core, clock, tally, .. } = &*self.0;
        let (word, sums, in_a_row) = core.look(clock);
        let rate = |part| (sums.calls > 0).then(|| share(part, sums.calls));
        BreakerSnapshot {
            state: word.state(),
            generation: word.generation(),
            calls: sums.calls,
            failures: sums.failures,
            slow: sums.slow,
            failure_rate: rate(sums.failures),
            slow_rate: rate(sums.slow),
            in_a_row,
            free_probes: word.probes(),
            total_rejected: tally.rejected.load(Relaxed),
            total_failures: tally.failures.load(Relaxed),
            total_slow: tally.slow.load(Relaxed),
            total_opened: tally.opened.load(Relaxed),
        }
    }
}

impl Circuit {
    #[inline]
    pub(super) fn core(&self) -> &Core {
        &self.core
    }

    #[inline]
    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Lets a call through that found the breaker open or half-open, or not.
    #[cold]
    pub(super) fn acquire(&self, word: Word) -> Result<Word, Rejection> {
        let plain = self.core.rejects(word, &self.clock).map(|answer| (answer, None));
        let (answer, change) = plain.unwrap_or_else(|| self.core.answer(&self.clock));
        if let Some(change) = change {
            self.changed(change);
        }
        answer.map_err(|retry_after| self.rejection(retry_after))
    }

    fn rejection(&self, retry_after: Option<Duration>) -> Rejection {
        self.tally.rejected.fetch_add(1, Relaxed);
        Rejection { by: Rejector::Breaker, retry_after }
    }

    /// Counts a result of a call that was let through with this word.
    #[inline(always)]
    pub(super) fn judge(&self, admitted: Word, outcome: Outcome) {
        if !(outcome.is_fine() && self.core.is_clean_for(admitted)) {
            self.judge_under_lock(admitted, outcome);
        }
    }

    #[cold]
    fn judge_under_lock(&self, admitted: Word, outcome: Outcome) {
        let Judged::Counted(change) = self.core.judge(admitted, outcome, &self.clock) else {
            return;
        };
        if outcome.is_failed {
            self.tally.failures.fetch_add(1, Relaxed);
        }
        if outcome.is_slow {
            self.tally.slow.fetch_add(1, Relaxed);
        }
        if let Some(change) = change {
            self.changed(change);
        }
    }

    /// Tells of a change. The lock is free by now, so whoever is told may call the breaker.
    fn changed(&self, change: Change) {
        if change.to == State::Open {
            self.tally.opened.fetch_add(1, Relaxed);
        }
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner).clone();
        for listener in listeners {
            // A listener that panics has told so through the panic hook. The call that it would end here
            // is somebody else's.
            let _ = catch_unwind(AssertUnwindSafe(|| listener(&change)));
        }
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Breaker").field("rule", self.0.core.rule()).finish_non_exhaustive()
    }
}
