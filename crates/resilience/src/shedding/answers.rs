//! Judging load by what the other side refuses: a client that is refused often turns its own calls away.
//! Leaves drawing random numbers and turning away to `shed`.
//!
//! Source: Beyer et al., "Site Reliability Engineering" (2016), chapter 21, client-side throttling: a call is
//! turned away with probability max(0, (requests - K x accepts) / (requests + 1)). A request counts when it
//! starts, not when it ends (go-zero #5011), and also when it is turned away.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Moment, nanos};

/// Into how many parts the window is divided.
const PARTS: usize = 10;

/// The requests and accepts of a window: a fixed number of parts, whatever the traffic.
#[derive(Debug)]
pub(super) struct Answers {
    k: f64,
    /// How long a part is, in nanoseconds.
    part: u64,
    parts: Mutex<[Part; PARTS]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Part {
    number: u64,
    requests: u64,
    accepts: u64,
}

/// The number of the part in which a request was counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted(u64);

impl Answers {
    pub(super) fn new(k: f64, window: Duration) -> Answers {
        let part = (nanos(window) / PARTS as u64).max(1);
        Answers { k, part, parts: Mutex::default() }
    }

    /// Counts a request and returns the probability with which it is to be turned away.
    pub(super) fn request(&self, now: Moment) -> (Counted, f64) {
        let number = self.number(now);
        self.with(|parts| {
            let oldest = number.saturating_sub(PARTS as u64 - 1);
            let seen = parts.iter().filter(|part| (oldest..=number).contains(&part.number));
            let sum = seen.fold((0u64, 0u64), |sum, part| (sum.0 + part.requests, sum.1 + part.accepts));
            let (requests, accepts) = (sum.0 as f64, sum.1 as f64);
            part(parts, number).requests += 1;
            (Counted(number), ((requests - self.k * accepts) / (requests + 1.0)).max(0.0))
        })
    }

    /// Counts an answer that was no refusal.
    pub(super) fn accept(&self, now: Moment) {
        let number = self.number(now);
        self.with(|parts| part(parts, number).accepts += 1);
    }

    /// Takes a request back that said nothing about the other side.
    pub(super) fn forget(&self, Counted(number): Counted) {
        self.with(|parts| {
            let part = &mut parts[number as usize % PARTS];
            if part.number == number {
                part.requests = part.requests.saturating_sub(1);
            }
        });
    }

    fn number(&self, now: Moment) -> u64 {
        now.as_nanos() / self.part
    }

    fn with<T>(&self, work: impl FnOnce(&mut [Part; PARTS]) -> T) -> T {
        work(&mut self.parts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Returns the part of a number, emptied if it was of an older one.
fn part(parts: &mut [Part; PARTS], number: u64) -> &mut Part {
    let part = &mut parts[(number % PARTS as u64) as usize];
    if part.number != number {
        *part = Part { number, ..Part::default() };
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Checks the probability after so many requests, of which so many were accepted, in per cent.
    fn check(requests: u32, accepts: u32, expected: f64) {
        let answers = Answers::new(2.0, 10 * SECOND);
        let now = Moment::default().after(3_600 * SECOND);
        (0..requests).for_each(|_| _ = answers.request(now));
        (0..accepts).for_each(|_| answers.accept(now));
        let (_, probability) = answers.request(now);
        assert_eq!((probability * 100.0).round(), expected, "{requests} {accepts}");
    }

    #[test]
    fn what_is_refused_beyond_a_half_is_turned_away() {
        check(0, 0, 0.0);
        check(99, 99, 0.0);
        check(99, 50, 0.0);
        check(99, 40, 19.0);
        check(99, 0, 99.0);
        check(3, 9, 0.0);
    }

    #[test]
    fn a_window_forgets() {
        let answers = Answers::new(2.0, 10 * SECOND);
        let start = Moment::default().after(3_600 * SECOND);
        (0..100).for_each(|_| _ = answers.request(start));
        let after = |seconds| answers.request(start.after(SECOND * seconds)).1;
        assert!(after(9) > 0.98);
        assert!(after(10) < 0.6);
        assert_eq!(after(30), 0.0);
        assert!(answers.request(Moment::default()).1 <= 1.0);
        assert!(answers.request(Moment::MAX).1 <= 1.0);
    }

    #[test]
    fn a_request_that_says_nothing_is_taken_back() {
        let answers = Answers::new(1.0, Duration::MAX);
        let counted = (0..9).map(|_| answers.request(Moment::default()).0).collect::<Vec<_>>();
        counted.into_iter().for_each(|counted| answers.forget(counted));
        assert_eq!(answers.request(Moment::default()).1, 0.0);
    }
}
