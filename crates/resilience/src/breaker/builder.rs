//! Building a breaker piece by piece; every bad number is an error here and none a panic later. Leaves
//! what the numbers mean to `rule` and `window`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::circuit::Listener;
use super::core::Core;
use super::rule::Rule;
use super::window::{Buckets, MAX_CALLS, MAX_TIME, MIN_TIME, Ring, Window};
use super::word::MAX_PROBES;
use super::{Breaker, Change};
use crate::clock::nanos;
use crate::{Clock, Error, Part};

/// The calls of a window unless set.
const DEFAULT_CALLS: u32 = 100;

/// How many calls must have been counted unless set, or the whole window if that is less.
const DEFAULT_MIN_CALLS: u32 = 20;

/// How long a breaker stays open unless set.
const DEFAULT_OPEN: Duration = Duration::from_secs(10);

/// How many probes are let through unless set.
const DEFAULT_PROBES: u32 = 1;

/// How long probes have to come back unless set.
const DEFAULT_HALF_OPEN: Duration = Duration::from_secs(60);

/// The pieces of a [`Breaker`], begun with [`Breaker::failures`] or [`Breaker::in_a_row`].
///
/// Unless set, the last 100 calls count once there are 20, it is open for 10 s, and then one probe has
/// 60 s to come back.
///
/// ```
/// use segno_resilience::{Breaker, Error};
///
/// let error = Breaker::failures(50.0).build().unwrap_err();
/// assert_eq!(error.to_string(), "a breaker's failure rate must be above 0 and at most 1, not 50.0");
/// ```
#[must_use = "a builder does nothing until `build` is called"]
#[derive(Clone)]
pub struct BreakerBuilder {
    rate: Option<f64>,
    span: Option<Span>,
    min_calls: Option<u32>,
    in_a_row: Option<u32>,
    slow: Option<(Duration, f64)>,
    open_for: Duration,
    probes: u32,
    half_open_for: Duration,
    clock: Option<Clock>,
    listeners: Vec<Listener>,
}

/// How far back a window reaches.
#[derive(Clone, Copy, Debug)]
enum Span {
    Calls(u32),
    Time(Duration),
}

impl BreakerBuilder {
    pub(super) fn new(rate: Option<f64>, in_a_row: Option<u32>) -> BreakerBuilder {
        BreakerBuilder {
            rate,
            span: None,
            min_calls: None,
            in_a_row,
            slow: None,
            open_for: DEFAULT_OPEN,
            probes: DEFAULT_PROBES,
            half_open_for: DEFAULT_HALF_OPEN,
            clock: None,
            listeners: Vec::new(),
        }
    }

    /// Judges by the last so many calls, up to 65,535.
    pub fn of_last(self, calls: u32) -> BreakerBuilder {
        BreakerBuilder { span: Some(Span::Calls(calls)), ..self }
    }

    /// Judges by the calls of the last so long, from a millisecond to a day.
    ///
    /// They are counted in 10 to 60 buckets, of a second each where that fits: the window moves by one
    /// bucket at a time, takes the same memory whatever the traffic, and a push takes the same time.
    pub fn within(self, time: Duration) -> BreakerBuilder {
        BreakerBuilder { span: Some(Span::Time(time)), ..self }
    }

    /// Sets how many calls there must be in the window before a rate says anything.
    pub fn min_calls(self, calls: u32) -> BreakerBuilder {
        BreakerBuilder { min_calls: Some(calls), ..self }
    }

    /// Opens also when so many calls fail one after another, however few calls there were before.
    pub fn or_in_a_row(self, failures: u32) -> BreakerBuilder {
        BreakerBuilder { in_a_row: Some(failures), ..self }
    }

    /// Opens also at this share of calls that take longer than this, above 0 and up to 1. Failed calls
    /// may be slow too.
    pub fn slow_calls(self, longer_than: Duration, rate: f64) -> BreakerBuilder {
        BreakerBuilder { slow: Some((longer_than, rate)), ..self }
    }

    /// Sets how long the breaker stays open before probes are let through.
    pub fn open_for(self, wait: Duration) -> BreakerBuilder {
        BreakerBuilder { open_for: wait, ..self }
    }

    /// Sets how many calls are let through half-open, and how many must succeed; one that fails opens
    /// again.
    pub fn probes(self, probes: u32) -> BreakerBuilder {
        BreakerBuilder { probes, ..self }
    }

    /// Sets how long probes have to come back. When it is over as many new ones are let through as are
    /// missing; what those that were missing say later still counts.
    pub fn half_open_for(self, limit: Duration) -> BreakerBuilder {
        BreakerBuilder { half_open_for: limit, ..self }
    }

    /// Sets the clock, which is the system's unless set.
    pub fn clock(self, clock: Clock) -> BreakerBuilder {
        BreakerBuilder { clock: Some(clock), ..self }
    }

    /// Tells of each change, beside those who are told already.
    ///
    /// It is called by whichever call made the change and should be quick. A panic in it is caught.
    pub fn on_change(mut self, tell: impl Fn(&Change) + Send + Sync + 'static) -> BreakerBuilder {
        self.listeners.push(Arc::new(tell));
        self
    }

    /// Checks the numbers and returns the breaker.
    ///
    /// # Errors
    ///
    /// [`Error::Number`] for a rate that is not above 0 and at most 1, for a window, a minimum or a
    /// number of failures or probes of 0 or too many, and for a time of nothing.
    pub fn build(self) -> Result<Breaker, Error> {
        self.build_on(&Clock::system())
    }

    /// Returns the numbers, checked.
    fn rule(&self) -> Result<Rule, Error> {
        let rate = self.rate.map(|rate| share("a breaker's failure rate", rate)).transpose()?;
        let slow_rate = self.slow.map(|(_, rate)| share("a breaker's rate of slow calls", rate)).transpose()?;
        let slow_after = self.slow.map(|(limit, _)| time("the time of a slow call", limit)).transpose()?;
        if self.in_a_row == Some(0) {
            return Err(Error::number("a breaker's failures in a row", "at least 1", 0));
        }
        Ok(Rule {
            rate: rate.unwrap_or(f64::INFINITY),
            slow_rate: slow_rate.unwrap_or(f64::INFINITY),
            slow_after: slow_after.unwrap_or(u64::MAX),
            open_for: time("the time that a breaker is open", self.open_for)?,
            half_open_for: time("the time that a breaker is half-open", self.half_open_for)?,
            min_calls: self.checked_min_calls()?,
            in_a_row: self.in_a_row.unwrap_or(u32::MAX),
            probes: match u16::try_from(self.probes) {
                Ok(probes @ 1..) => probes,
                _ => return Err(Error::number("a breaker's probes", PROBES, self.probes)),
            },
        })
    }

    fn checked_min_calls(&self) -> Result<u32, Error> {
        let most = match self.span.unwrap_or(Span::Calls(DEFAULT_CALLS)) {
            Span::Calls(calls) => calls,
            Span::Time(_) => u32::MAX,
        };
        let calls = self.min_calls.unwrap_or(DEFAULT_MIN_CALLS.min(most));
        match calls {
            0 => Err(Error::number("a breaker's least calls", "at least 1", calls)),
            _ if calls > most => Err(Error::number("a breaker's least calls", "at most its window's", calls)),
            _ => Ok(calls),
        }
    }

    fn window(&self) -> Result<Window, Error> {
        let has_rate = self.rate.is_some() || self.slow.is_some();
        let span = self.span.or(has_rate.then_some(Span::Calls(DEFAULT_CALLS)));
        match span {
            None => Ok(Window::Count(Ring::of(0, false))),
            Some(Span::Calls(calls)) => match u16::try_from(calls) {
                Ok(calls @ 1..) => Ok(Window::Count(Ring::of(calls, self.slow.is_some()))),
                _ => Err(Error::number("a breaker's window of calls", CALLS, calls)),
            },
            Some(Span::Time(time)) => match (MIN_TIME..=MAX_TIME).contains(&time) {
                true => Ok(Window::Time(Box::new(Buckets::of(time)))),
                false => Err(Error::number("a breaker's window of time", "from a millisecond to a day", time)),
            },
        }
    }
}

const PROBES: &str = "from 1 to 65535";
const CALLS: &str = "from 1 to 65535";
const _: () = assert!(MAX_PROBES == 65_535 && MAX_CALLS == 65_535, "the texts above say so");

fn share(what: &'static str, rate: f64) -> Result<f64, Error> {
    match rate {
        _ if rate > 0.0 && rate <= 1.0 => Ok(rate),
        _ => Err(Error::number(what, "above 0 and at most 1", rate)),
    }
}

fn time(what: &'static str, time: Duration) -> Result<u64, Error> {
    match time {
        Duration::ZERO => Err(Error::number(what, "longer than nothing", time)),
        _ => Ok(nanos(time)),
    }
}

impl Part<Breaker> for BreakerBuilder {
    fn build_on(self, clock: &Clock) -> Result<Breaker, Error> {
        // The window first: a least number of calls is held against it.
        let window = self.window()?;
        let core = Core::new(self.rule()?, window);
        Ok(Breaker::new(core, self.clock.unwrap_or_else(|| clock.clone()), self.listeners))
    }
}

impl Part<Breaker> for Breaker {
    fn build_on(self, _: &Clock) -> Result<Breaker, Error> {
        Ok(self)
    }
}

impl fmt::Debug for BreakerBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BreakerBuilder")
            .field("rate", &self.rate)
            .field("span", &self.span)
            .field("min_calls", &self.min_calls)
            .field("in_a_row", &self.in_a_row)
            .field("slow", &self.slow)
            .field("open_for", &self.open_for)
            .field("probes", &self.probes)
            .field("half_open_for", &self.half_open_for)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Checks that a breaker is not built, and why.
    fn check(builder: BreakerBuilder, expected: &str) {
        assert_eq!(builder.build().unwrap_err().to_string(), expected);
    }

    fn rate() -> BreakerBuilder {
        Breaker::failures(0.5)
    }

    #[test]
    fn a_rate_is_a_share() {
        for rate in [0.0, -0.5, 1.000_1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let text = format!("must be above 0 and at most 1, not {rate:?}");
            check(Breaker::failures(rate), &format!("a breaker's failure rate {text}"));
            check(Breaker::in_a_row(1).slow_calls(SECOND, rate), &format!("a breaker's rate of slow calls {text}"));
        }
    }

    #[test]
    fn a_number_of_nothing_is_an_error() {
        check(rate().of_last(0), "a breaker's window of calls must be from 1 to 65535, not 0");
        check(rate().of_last(65_536), "a breaker's window of calls must be from 1 to 65535, not 65536");
        check(rate().min_calls(0), "a breaker's least calls must be at least 1, not 0");
        check(rate().of_last(10).min_calls(11), "a breaker's least calls must be at most its window's, not 11");
        check(rate().or_in_a_row(0), "a breaker's failures in a row must be at least 1, not 0");
        check(Breaker::in_a_row(0), "a breaker's failures in a row must be at least 1, not 0");
        check(rate().probes(0), "a breaker's probes must be from 1 to 65535, not 0");
        check(rate().probes(u32::MAX), "a breaker's probes must be from 1 to 65535, not 4294967295");
    }

    #[test]
    fn a_time_of_nothing_is_an_error() {
        check(rate().open_for(Duration::ZERO), "the time that a breaker is open must be longer than nothing, not 0ns");
        check(
            rate().half_open_for(Duration::ZERO),
            "the time that a breaker is half-open must be longer than nothing, not 0ns",
        );
        check(rate().slow_calls(Duration::ZERO, 0.5), "the time of a slow call must be longer than nothing, not 0ns");
        let text = "a breaker's window of time must be from a millisecond to a day, not";
        check(rate().within(Duration::ZERO), &format!("{text} 0ns"));
        check(rate().within(MIN_TIME - Duration::from_nanos(1)), &format!("{text} 999.999µs"));
        check(rate().within(MAX_TIME + SECOND), &format!("{text} 86401s"));
        assert!(rate().within(Duration::MAX).build().is_err());
    }

    #[test]
    fn the_longest_times_are_good() {
        let longest = rate().open_for(Duration::MAX).half_open_for(Duration::MAX).slow_calls(Duration::MAX, 1.0);
        assert!(longest.probes(65_535).of_last(65_535).min_calls(65_535).or_in_a_row(u32::MAX).build().is_ok());
        assert!(rate().within(MAX_TIME).min_calls(u32::MAX).build().is_ok());
    }

    #[test]
    fn a_short_window_needs_no_more_calls_than_it_holds() {
        let breaker = rate().of_last(4).build().unwrap();
        (0..4).for_each(|_| breaker.try_acquire().unwrap().failure());
        assert!(breaker.try_acquire().is_err());
    }
}
