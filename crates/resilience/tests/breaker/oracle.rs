//! A slow, obvious breaker that keeps every call, compared after each call of random streams.

use std::collections::VecDeque;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use segno_resilience::{Breaker, ManualClock, Moment, State};

/// How far back the oracle looks.
#[derive(Clone, Copy, Debug)]
enum Span {
    Calls(usize),
    /// So many buckets of this length.
    Time(u64, Duration),
}

impl Span {
    /// Returns the time to the next call: about fifty fall into a window, and seldom none.
    fn pause(self, random: &mut StdRng) -> Duration {
        match self {
            Span::Calls(_) => Duration::ZERO,
            Span::Time(buckets, width) if random.random_bool(0.01) => width * buckets as u32,
            Span::Time(buckets, width) => width.mul_f64(buckets as f64 * random.random_range(0.0..0.04)),
        }
    }
}

/// A breaker that keeps every call with its time.
struct Oracle {
    rate: f64,
    min_calls: usize,
    in_a_row: Option<usize>,
    span: Span,
    calls: VecDeque<(Moment, bool)>,
}

impl Oracle {
    /// Takes note of a call and returns whether the breaker has to open.
    fn push(&mut self, now: Moment, is_failed: bool) -> bool {
        self.calls.push_back((now, is_failed));
        let counted = self.counted(now);
        let failures = counted.iter().filter(|is_failed| **is_failed).count();
        let row = self.calls.iter().rev().take_while(|(_, is_failed)| *is_failed).count();
        let is_over = counted.len() >= self.min_calls && failures as f64 / counted.len() as f64 >= self.rate;
        is_over || self.in_a_row.is_some_and(|limit| row >= limit)
    }

    fn counted(&self, now: Moment) -> Vec<bool> {
        let bucket = |moment: Moment, width: Duration| moment.as_nanos() / width.as_nanos() as u64;
        let is_in = |position: usize, at: Moment| match self.span {
            Span::Calls(calls) => position + calls >= self.calls.len(),
            Span::Time(buckets, width) => bucket(at, width) + buckets > bucket(now, width),
        };
        let calls = self.calls.iter().enumerate();
        calls.filter(|(position, (at, _))| is_in(*position, *at)).map(|(_, (_, is_failed))| *is_failed).collect()
    }
}

/// Checks the breaker against the oracle after each call of a stream in which so many fail; whenever
/// both open they begin anew. Returns how often they did.
fn check(random: &mut StdRng, failing: f64, span: Span) -> usize {
    let hands = ManualClock::new();
    let clock = hands.clock();
    let most = if let Span::Calls(calls) = span { calls } else { 50 };
    let (rate, min_calls) = (random.random_range(1..=60) as f64 / 100.0, random.random_range(1..=most.min(40)));
    let in_a_row = random.random_bool(0.3).then(|| random.random_range(1..10));
    let builder = Breaker::failures(rate).min_calls(min_calls as u32).clock(clock.clone());
    let builder = match span {
        Span::Calls(calls) => builder.of_last(calls as u32),
        Span::Time(buckets, width) => builder.within(width * buckets as u32),
    };
    let builder = in_a_row.map_or(builder.clone(), |failures| builder.or_in_a_row(failures));
    let breaker = builder.build().unwrap();
    let in_a_row = in_a_row.map(|failures| failures as usize);
    let mut oracle = Oracle { rate, min_calls, in_a_row, span, calls: VecDeque::new() };
    let mut opened = 0;
    for call in 0..600 {
        hands.advance(span.pause(random));
        let is_failed = random.random_bool(failing);
        let permit = breaker.try_acquire().unwrap();
        if is_failed {
            permit.failure()
        } else {
            permit.success()
        }
        let is_open = oracle.push(clock.now(), is_failed);
        assert_eq!(breaker.state() == State::Open, is_open, "call {call}, {rate} of {min_calls} in {span:?}");
        let (seen, counted) = (breaker.snapshot(), oracle.counted(clock.now()));
        let failures = counted.iter().filter(|is_failed| **is_failed).count();
        assert_eq!((seen.calls, seen.failures), (counted.len() as u64, failures as u64), "call {call} in {span:?}");
        if is_open {
            breaker.reset();
            oracle.calls.clear();
            opened += 1;
        }
    }
    opened
}

/// Checks two hundred random streams: two in five of 40 % failures, the others of any share, many of
/// them healthy for long.
fn check_all(span: impl Fn(&mut StdRng) -> Span) {
    let opened = (0..200).map(|seed| {
        let mut random = StdRng::seed_from_u64(seed);
        let any = random.random_range(0.0_f64..1.0).powi(3);
        let span = span(&mut random);
        check(&mut random, if seed % 5 < 2 { 0.4 } else { any }, span)
    });
    assert!(opened.filter(|times| *times > 0).count() > 100, "most streams open it");
}

#[test]
fn a_window_of_calls_agrees_with_the_oracle_on_every_call() {
    check_all(|random| match random.random_bool(0.3) {
        true => Span::Calls(100),
        false => Span::Calls(random.random_range(1..200)),
    });
}

#[test]
fn a_window_of_time_agrees_with_the_oracle_on_every_call() {
    check_all(|random| match random.random_bool(0.5) {
        true => Span::Time(10, Duration::from_millis(100)),
        false => Span::Time(random.random_range(10..=60), Duration::from_secs(1)),
    });
}
