//! The decision whether something may pass now: governor's GCRA, on our clock and on a state that can be
//! pushed back for a pause and charged for several limits at once. Leaves waiting and lines to `limiter`.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use governor::{Quota, RateLimiter};

use super::builder::Allowance;
use crate::Clock;
use crate::clock::{Moment, nanos};

/// The last moment that governor is told. It adds up without looking for an overflow: a moment, a pause and
/// two full bursts must fit together.
const LAST: u64 = 1 << 62;

/// The longest pause, and the longest time that a full burst may take to come back: 73 years.
pub(super) const LONGEST: u64 = 1 << 61;

/// Whether something may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Now,
    /// Not before this moment.
    At(Moment),
    /// It costs more than may ever pass at once.
    Never,
}

/// One limit or several, of which all are charged or none.
#[derive(Debug)]
pub(super) struct Limits {
    first: Limit,
    others: Box<[Limit]>,
    /// Held while several are asked; one alone needs no lock.
    all: Mutex<()>,
}

#[derive(Debug)]
struct Limit {
    limiter: RateLimiter<NotKeyed, Shared, Dial, NoOpMiddleware<Nanos>>,
    state: Shared,
    interval: u64,
    burst: u32,
    is_per_call: bool,
}

impl Limits {
    pub(super) fn new(first: Allowance, others: &[Allowance], clock: &Clock) -> Limits {
        let limit = |allowance: &Allowance| Limit::new(*allowance, !others.is_empty(), clock);
        let (first, others) = (limit(&first), others.iter().map(limit).collect());
        Limits { first, others, all: Mutex::new(()) }
    }

    /// Lets a cost pass if every limit allows it now.
    #[inline]
    pub(super) fn check(&self, cost: u32) -> Pass {
        match self.others.is_empty() {
            true => self.first.check(cost),
            false => self.check_all(cost),
        }
    }

    fn check_all(&self, cost: u32) -> Pass {
        let _all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let pass = self.each().map(|limit| limit.check(cost)).fold(Pass::Now, Pass::or_worse);
        if pass == Pass::Now {
            self.each().filter(|limit| limit.cost(cost).is_some()).for_each(|limit| limit.state.0.keep());
        }
        pass
    }

    fn each(&self) -> impl Iterator<Item = &Limit> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Lets nothing pass for so long; after that nothing has been saved up.
    pub(super) fn pause(&self, pause: Duration) {
        let _all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        self.each().for_each(|limit| limit.pause(nanos(pause).min(LONGEST)));
    }

    /// Says when a cost may pass if so many calls that cost so much pass before it.
    #[cold]
    pub(super) fn check_behind(&self, cost: u32, ahead: u64, calls: u64) -> Pass {
        self.each().map(|limit| limit.check_behind(cost, ahead, calls)).fold(Pass::Now, Pass::or_worse)
    }

    /// Returns how much may pass now at once.
    pub(super) fn available(&self) -> u32 {
        self.each().map(Limit::available).min().unwrap_or_default()
    }
}

impl Limit {
    fn new(Allowance { interval, burst, is_per_call }: Allowance, is_drafted: bool, clock: &Clock) -> Limit {
        let dial = Dial { clock: clock.clone(), is_wound: AtomicBool::new(false) };
        let state = Shared(Arc::new(Tat { is_drafted, ..Tat::default() }));
        let quota = Quota::with_period(interval).map(|quota| quota.allow_burst(burst));
        let quota = quota.expect("the builder rejects an interval of nothing");
        let limiter = RateLimiter::new(quota, state.clone(), dial);
        Limit { limiter, state, interval: nanos(interval), burst: burst.get(), is_per_call }
    }

    /// Returns what is charged here, if anything is.
    fn cost(&self, cost: u32) -> Option<NonZeroU32> {
        NonZeroU32::new(if self.is_per_call { 1 } else { cost })
    }

    /// Lets a cost pass, or says when it may; once more if the clock was set back meanwhile.
    #[inline]
    fn check(&self, cost: u32) -> Pass {
        match self.ask(cost) {
            Pass::At(_) if self.starts_again() => self.ask(cost),
            pass => pass,
        }
    }

    #[inline]
    fn ask(&self, cost: u32) -> Pass {
        let Some(cost) = self.cost(cost) else {
            return Pass::Now;
        };
        // Governor multiplies before it compares: a huge cost would overflow there.
        if cost.get() > self.burst {
            return Pass::Never;
        }
        let passed = match cost.get() {
            // Nothing to multiply.
            1 => Ok(self.limiter.check()),
            _ => self.limiter.check_n(cost),
        };
        match passed {
            Ok(Ok(())) => Pass::Now,
            Ok(Err(until)) => Pass::At(Moment::from_nanos(until.earliest_possible().as_u64())),
            Err(_too_much) => Pass::Never,
        }
    }

    fn check_behind(&self, cost: u32, ahead: u64, calls: u64) -> Pass {
        let Some(cost) = self.cost(cost) else {
            return Pass::Now;
        };
        if cost.get() > self.burst {
            return Pass::Never;
        }
        let ahead = if self.is_per_call { calls } else { ahead };
        let all = ahead.saturating_add(u64::from(cost.get()) - 1).saturating_mul(self.interval);
        let arrival = self.state.0.kept.load(Ordering::Acquire).saturating_add(all);
        Pass::At(Moment::from_nanos(arrival.saturating_sub(self.tolerance())))
    }

    /// Starts again from now if the next arrival is expected further ahead than it can be unless the clock
    /// was set back; nothing has been saved up then. Says whether it did.
    #[cold]
    fn starts_again(&self) -> bool {
        let Tat { kept, longest_pause, .. } = &*self.state.0;
        let (now, known) = (self.now(), kept.load(Ordering::Acquire));
        let most = self.tolerance() + self.interval + longest_pause.load(Ordering::Acquire);
        let is_set_back = known.saturating_sub(now) > most;
        // One that lost against another thread is asked again all the same.
        is_set_back && kept.compare_exchange(known, now + self.tolerance(), Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn now(&self) -> u64 {
        self.limiter.clock().now().as_u64()
    }

    /// Moves the arrival that is expected next so far that a single one passes after the pause and no sooner.
    fn pause(&self, pause: u64) {
        self.state.0.longest_pause.fetch_max(pause, Ordering::AcqRel);
        self.state.0.kept.fetch_max(self.now() + pause + self.tolerance(), Ordering::AcqRel);
    }

    /// Returns how much earlier than expected something may arrive.
    fn tolerance(&self) -> u64 {
        self.interval * u64::from(self.burst - 1)
    }

    fn available(&self) -> u32 {
        let ahead = self.state.0.kept.load(Ordering::Acquire).saturating_sub(self.now());
        let free = (self.tolerance() + self.interval).saturating_sub(ahead) / self.interval;
        u32::try_from(free).unwrap_or(u32::MAX)
    }
}

impl Pass {
    fn or_worse(self, other: Pass) -> Pass {
        match (self, other) {
            (Pass::Never, _) | (_, Pass::Never) => Pass::Never,
            (Pass::At(one), Pass::At(two)) => Pass::At(one.max(two)),
            (Pass::At(moment), Pass::Now) | (Pass::Now, Pass::At(moment)) => Pass::At(moment),
            (Pass::Now, Pass::Now) => Pass::Now,
        }
    }
}

/// Our clock as governor reads it.
#[derive(Debug)]
struct Dial {
    clock: Clock,
    /// Whether governor has asked when it begins. That is told as the clock's origin, because before its
    /// begin governor's time would stand still if the clock was set back.
    is_wound: AtomicBool,
}

impl governor::clock::Clock for Dial {
    type Instant = Nanos;

    #[inline]
    fn now(&self) -> Nanos {
        match self.is_wound.load(Ordering::Relaxed) {
            true => self.clock.now().as_nanos().min(LAST).into(),
            false => {
                self.is_wound.store(true, Ordering::Relaxed);
                0.into()
            }
        }
    }
}

/// GCRA's theoretical arrival time, in nanoseconds since the clock's origin; 0 before the first arrival.
#[derive(Debug, Default)]
struct Tat {
    kept: AtomicU64,
    /// What becomes of it if the other limits agree.
    draft: AtomicU64,
    is_drafted: bool,
    /// The longest pause that was ever asked for.
    longest_pause: AtomicU64,
}

impl Tat {
    /// Makes the draft hold; under the lock of all limits.
    fn keep(&self) {
        self.kept.store(self.draft.load(Ordering::Relaxed), Ordering::Release);
    }
}

/// A state that is held here and inside governor.
#[derive(Clone, Debug)]
struct Shared(Arc<Tat>);

impl StateStore for Shared {
    type Key = NotKeyed;

    #[inline]
    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let Tat { kept, draft, is_drafted, .. } = &*self.0;
        let mut known = kept.load(Ordering::Acquire);
        loop {
            let (outcome, next) = decide((known != 0).then(|| known.into()))?;
            if *is_drafted {
                draft.store(next.into(), Ordering::Relaxed);
                return Ok(outcome);
            }
            match kept.compare_exchange_weak(known, next.into(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok(outcome),
                Err(changed) => known = changed,
            }
        }
    }
}
