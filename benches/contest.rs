//! Nanoseconds of processor time a call, several works in turn: what others do on the machine then hardly counts, and what
//! does slows all of them. Leaves works that take longer to `rounds`.

use std::io::Write as _;

use rustix::time::{ClockId, clock_gettime};

/// The rounds of a contest.
const ROUNDS: usize = 13;
/// The calls of one work in one round.
const CALLS: u64 = 200_000;

/// A work that makes so many calls.
type Calls<'w> = Box<dyn FnMut(u64) + 'w>;

/// Works that do the same, ours first.
pub struct Contest<'w> {
    topic: &'w str,
    works: Vec<(&'w str, Calls<'w>)>,
}

impl std::fmt::Debug for Contest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contest").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl<'w> Contest<'w> {
    /// Starts a contest with our own work, which makes as many calls as it is told.
    pub fn of(topic: &'w str, ours: impl FnMut(u64) + 'w) -> Contest<'w> {
        Contest { topic, works: vec![("segno", Box::new(ours))] }
    }

    /// Adds a peer.
    #[must_use]
    pub fn with(mut self, name: &'w str, work: impl FnMut(u64) + 'w) -> Contest<'w> {
        self.works.push((name, Box::new(work)));
        self
    }

    /// Runs all works in turn and prints what a call of each takes and its ratio to ours; in criterion's test mode only once.
    /// `bar` is what the project wants, in nanoseconds, for the reader: a timing never decides anything.
    pub fn run(mut self, bar: f64) {
        let is_test = std::env::args().any(|argument| argument == "--test");
        let (rounds, calls) = if is_test { (1, 10) } else { (ROUNDS, CALLS) };
        let mut times = vec![Vec::new(); self.works.len()];
        for _ in 0..rounds {
            for (times, (_, work)) in times.iter_mut().zip(&mut self.works) {
                let begun = processor_time();
                work(calls);
                times.push((processor_time() - begun) / calls as f64);
            }
        }
        let medians: Vec<f64> = times.into_iter().map(median).collect();
        let ours = medians[0].max(f64::MIN_POSITIVE);
        let each = self.works.iter().zip(&medians);
        let told: Vec<String> =
            each.map(|((name, _), time)| format!("{name} {time:.1} ns ({:.2})", time / ours)).collect();
        // A reader of a pipe may have gone away.
        _ = writeln!(std::io::stdout(), "{}: {}; wanted at most {bar} ns", self.topic, told.join(", "));
    }
}

/// Returns the time that this thread has spent on a processor, in nanoseconds.
pub fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

pub(crate) fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_works_spends_time() {
        let begun = processor_time();
        std::hint::black_box((0..100_000_u64).fold(0, |sum, number| std::hint::black_box(sum ^ number)));
        assert!(processor_time() > begun);
    }

    #[test]
    fn the_median_is_the_middle_time() {
        assert_eq!((median(vec![9.0, 1.0, 5.0]), median(Vec::new())), (5.0, 0.0));
    }
}
