//! Turning calls away: by a load, by the delay of a queue or by what the other side refuses. Leaves judging
//! the latter two to `delay` and `answers`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::answers::{Answers, Counted};
use super::delay::Delay;
use crate::{Clock, Priority, Rejection, Rejector, Verdict};

/// Tells a number: a load, or a random one.
pub(super) type Number = Arc<dyn Fn() -> f64 + Send + Sync>;

/// Turns calls away before they cost anything, those that matter least first. Cloning shares it.
///
/// ```
/// use segno_resilience::{Priority, Shedding, Verdict};
///
/// let shedding = Shedding::by_load(|| 0.8).build()?;
/// assert!(shedding.admit(Priority::Low).is_err());
/// let ticket = shedding.admit(Priority::Normal)?;
/// ticket.record(Verdict::Ok);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Shedding(Arc<Guard>);

#[derive(Debug)]
struct Guard {
    source: Source,
    clock: Clock,
}

/// By what calls are turned away.
pub(super) enum Source {
    /// A load, and from which load on each priority is shed.
    Load(Number, [f64; Priority::ALL.len()]),
    Delay(Delay),
    /// The answers, and where random numbers come from.
    Answers(Box<Answers>, Number),
}

/// A call that was let through.
///
/// One that is dropped without a verdict says nothing about the other side, in a panic too.
#[must_use = "how the call went has to be recorded"]
#[derive(Debug)]
pub struct Ticket<'a>(Option<(&'a Answers, &'a Clock, Counted)>);

impl Shedding {
    pub(super) fn of(source: Source, clock: Clock) -> Shedding {
        Shedding(Arc::new(Guard { source, clock }))
    }

    /// Lets a call through, or turns it away.
    ///
    /// # Errors
    ///
    /// A rejection if the load is too high for a call of this priority.
    pub fn admit(&self, priority: Priority) -> Result<Ticket<'_>, Rejection> {
        let Guard { source, clock } = &*self.0;
        let (is_shed, ticket) = match source {
            // What is no number is above no threshold.
            Source::Load(load, thresholds) => (load() >= thresholds[priority as usize], Ticket(None)),
            Source::Delay(delay) => (delay.sheds(priority, clock.now()), Ticket(None)),
            Source::Answers(answers, random) => {
                let (counted, probability) = answers.request(clock.now());
                match probability > 0.0 && random() < probability {
                    // It stays counted: what callers want is what the other side has to bear.
                    true => (true, Ticket(None)),
                    false => (false, Ticket(Some((answers, clock, counted)))),
                }
            }
        };
        match is_shed {
            true => Err(Rejection { by: Rejector::Shedding, retry_after: None }),
            false => Ok(ticket),
        }
    }

    /// Takes note of how long a call waited in a queue before it ran; of use to [`Shedding::by_delay`] only.
    pub fn waited(&self, wait: Duration) {
        if let Source::Delay(delay) = &self.0.source {
            delay.waited(wait, self.0.clock.now());
        }
    }
}

impl Ticket<'_> {
    /// Says how the call went; of use to [`Shedding::by_refusals`] only.
    ///
    /// [`Verdict::Transient`] and [`Verdict::Throttled`] are refusals.
    pub fn record(mut self, verdict: Verdict) {
        match (verdict, &self.0) {
            // Whoever says nothing is forgotten when it is dropped.
            (Verdict::Ignore, _) | (_, None) => return,
            (Verdict::Ok | Verdict::Permanent, Some((answers, clock, _))) => answers.accept(clock.now()),
            (Verdict::Transient | Verdict::Throttled(_), Some(_)) => {}
        }
        self.0 = None;
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if let Some((answers, _, counted)) = self.0 {
            answers.forget(counted);
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Load(_, thresholds) => formatter.debug_tuple("Load").field(thresholds).finish(),
            Source::Delay(delay) => delay.fmt(formatter),
            Source::Answers(answers, _) => answers.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::{Bulkhead, Concurrency, ManualClock, SheddingBuilder};

    const SECOND: Duration = Duration::from_secs(1);

    /// Checks how many priorities are shed.
    fn check(builder: SheddingBuilder, expected: usize) {
        let shedding = builder.build().unwrap();
        let shed = Priority::ALL.into_iter().filter(|priority| shedding.admit(*priority).is_err());
        assert_eq!(shed.count(), expected, "{shedding:?}");
    }

    #[test]
    fn those_that_matter_least_are_shed_first() {
        let cases = [(0.0, 0), (0.7, 1), (0.9, 2), (0.95, 3), (1.0, 3), (f64::INFINITY, 4), (f64::NAN, 0), (-1.0, 0)];
        for (load, expected) in cases {
            check(Shedding::by_load(move || load), expected);
        }
        check(Shedding::by_load(|| 0.5).threshold(Priority::Low, 0.1).threshold(Priority::Normal, 0.5), 2);
    }

    #[test]
    fn a_full_bulkhead_and_a_full_limit_are_a_load() {
        let bulkhead = Bulkhead::max(10).build().unwrap();
        let _slots: Vec<_> = (0..8).map(|_| bulkhead.try_acquire().unwrap()).collect();
        check(Shedding::of_bulkhead(&bulkhead), 1);
        let _more = [bulkhead.try_acquire().unwrap(), bulkhead.try_acquire().unwrap()];
        check(Shedding::of_bulkhead(&bulkhead), 3);
        let concurrency = Concurrency::aimd().initial(1).queue(1).build().unwrap();
        let _lease = concurrency.try_acquire().unwrap();
        check(Shedding::of_concurrency(&concurrency), 0);
    }

    #[test]
    fn a_queue_that_stands_sheds() {
        let hands = ManualClock::new();
        let shedding = Shedding::by_delay(SECOND / 100).interval(SECOND).clock(hands.clock()).build().unwrap();
        shedding.waited(SECOND);
        hands.advance(SECOND);
        assert!(shedding.admit(Priority::Low).is_err());
        assert!(shedding.admit(Priority::Normal).is_ok());
    }

    /// Makes a thousand calls that end alike; returns how many were let through.
    fn passed(shedding: &Shedding, verdict: Option<Verdict>) -> usize {
        let tickets = (0..1_000).filter_map(|_| shedding.admit(Priority::Critical).ok());
        tickets.map(|ticket| verdict.map_or((), |verdict| ticket.record(verdict))).count()
    }

    #[test]
    fn a_client_that_is_refused_turns_its_own_calls_away_until_the_other_side_is_back() {
        let hands = ManualClock::new();
        // 0, 1/1000, 2/1000, .. in an order without a pattern, so that the result is the same each time.
        let drawn = AtomicU64::new(0);
        let random = move || (drawn.fetch_add(1, Ordering::Relaxed) * 381 % 1_000) as f64 / 1_000.0;
        let shedding = Shedding::by_refusals(2.0).random(random).clock(hands.clock()).build().unwrap();
        assert_eq!(passed(&shedding, Some(Verdict::Ok)), 1_000);
        assert_eq!(passed(&shedding, None), 1_000);
        assert_eq!(passed(&shedding, Some(Verdict::Transient)), 1_000);
        let refused = passed(&shedding, Some(Verdict::Throttled(None)));
        assert!((750..850).contains(&refused), "{refused}");
        hands.advance(SECOND * 11);
        let refused = passed(&shedding, Some(Verdict::Transient));
        assert!(refused < 20, "{refused}");
        hands.advance(SECOND * 11);
        assert_eq!(passed(&shedding, Some(Verdict::Permanent)), 1_000);
    }

    #[test]
    fn every_bad_number_is_an_error() {
        let load = || Shedding::by_load(|| 0.0);
        let bad = [
            load().threshold(Priority::Low, -0.1),
            load().threshold(Priority::High, f64::NAN),
            load().threshold(Priority::Low, 0.9),
            Shedding::by_delay(Duration::ZERO),
            Shedding::by_delay(SECOND).interval(Duration::ZERO),
            Shedding::by_refusals(0.9),
            Shedding::by_refusals(f64::NAN),
            Shedding::by_refusals(2.0).window(Duration::ZERO),
        ];
        for builder in bad {
            assert!(builder.clone().build().is_err(), "{builder:?}");
        }
        let longest = Shedding::by_delay(Duration::MAX).interval(Duration::MAX).build().unwrap();
        longest.waited(Duration::MAX);
        assert!(longest.admit(Priority::Low).is_ok());
    }
}
