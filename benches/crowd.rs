//! Nanoseconds of processor time a call when several threads share what they call: what is flat does not get in its own way.
//! Leaves one thread to `contest`.

use std::io::Write as _;
use std::sync::Barrier;
use std::thread;

use crate::contest::{median, processor_time};

/// How many threads share at a time.
const THREADS: [usize; 3] = [1, 2, 4];
/// The rounds of each work.
const ROUNDS: usize = 7;
/// The calls of one thread in one round: enough that threads overlap.
const CALLS: u64 = 1_000_000;

/// A work that makes so many calls, and may be shared.
type Shared<'w> = Box<dyn Fn(u64) + Sync + 'w>;

/// Works that do the same and are each shared by threads.
#[derive(Default)]
pub struct Crowd<'w> {
    works: Vec<(&'w str, Shared<'w>)>,
}

impl std::fmt::Debug for Crowd<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crowd").finish_non_exhaustive()
    }
}

impl<'w> Crowd<'w> {
    /// Adds a work.
    #[must_use]
    pub fn with(mut self, name: &'w str, work: impl Fn(u64) + Sync + 'w) -> Crowd<'w> {
        self.works.push((name, Box::new(work)));
        self
    }

    /// Runs all works in turn and prints what a call of each takes in 1, 2 and 4 threads; in criterion's test mode only once.
    /// Waiting for a lock in the kernel is no processor time: what is told is the least that sharing costs.
    pub fn run(&self, topic: &str) {
        let is_test = std::env::args().any(|argument| argument == "--test");
        let (rounds, calls) = if is_test { (1, 10) } else { (ROUNDS, CALLS) };
        let mut times = vec![[const { Vec::new() }; THREADS.len()]; self.works.len()];
        for _ in 0..rounds {
            for (times, (_, work)) in times.iter_mut().zip(&self.works) {
                for (times, threads) in times.iter_mut().zip(THREADS) {
                    times.push(together(threads, calls, work));
                }
            }
        }
        let told: Vec<String> = times
            .into_iter()
            .zip(&self.works)
            .map(|(times, (name, _))| {
                let [one, two, four] = times.map(median);
                format!("{name} {one:.1} / {two:.1} / {four:.1} ns")
            })
            .collect();
        // A reader of a pipe may have gone away.
        _ = writeln!(std::io::stdout(), "{topic}, shared by 1 / 2 / 4 threads: {}", told.join(", "));
    }
}

/// Returns the processor time of a call when so many threads call at once.
fn together(threads: usize, calls: u64, work: &Shared<'_>) -> f64 {
    let begin = Barrier::new(threads);
    let one = || {
        begin.wait();
        let begun = processor_time();
        work(calls);
        (processor_time() - begun) / calls as f64
    };
    thread::scope(|scope| {
        let crowd: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let times = crowd.into_iter().map(|thread| thread.join().unwrap_or_default());
        times.sum::<f64>() / threads as f64
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use super::*;

    #[test]
    fn each_thread_makes_all_calls() {
        let made = AtomicU64::new(0);
        let work: Shared<'_> = Box::new(|calls| _ = made.fetch_add(calls, Relaxed));
        assert!(together(4, 25, &work) >= 0.0);
        drop(work);
        assert_eq!(made.into_inner(), 100);
    }
}
