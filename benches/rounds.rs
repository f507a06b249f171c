//! Times two works in turn and tells their medians and the ratio: a busy machine slows both.
//! Leaves the spread of the times to criterion.

use std::io::Write as _;
use std::time::{Duration, Instant};

/// The rounds of a comparison.
const ROUNDS: usize = 11;

/// A piece of work to be timed.
pub struct Work<'w> {
    name: &'w str,
    work: Box<dyn FnMut() + 'w>,
}

impl<'w> Work<'w> {
    /// Names a piece of work.
    pub fn new(name: &'w str, work: impl FnMut() + 'w) -> Work<'w> {
        Work { name, work: Box::new(work) }
    }

    fn time(&mut self) -> Duration {
        let begun = Instant::now();
        (self.work)();
        begun.elapsed()
    }
}

impl std::fmt::Debug for Work<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Runs both works in turn and prints medians and ratio; in criterion's test mode only once. `bar` is the ratio that the
/// project wants, for the reader: a timing never decides anything.
pub fn compare(mut ours: Work<'_>, mut peer: Work<'_>, bar: Option<f64>) {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let rounds = if is_test { 1 } else { ROUNDS };
    let times: Vec<(Duration, Duration)> = (0..rounds).map(|_| (ours.time(), peer.time())).collect();
    let our_median = median(times.iter().map(|(ours, _)| *ours).collect());
    let peer_median = median(times.iter().map(|(_, peer)| *peer).collect());
    let ratio = our_median.as_secs_f64() / peer_median.as_secs_f64().max(f64::MIN_POSITIVE);
    let bar = bar.map(|bar| format!(", wanted at most {bar}")).unwrap_or_default();
    let (ours, peer) = (ours.name, peer.name);
    // A reader of a pipe may have gone away.
    _ = writeln!(std::io::stdout(), "ratio: {ours} {our_median:.2?}, {peer} {peer_median:.2?}: {ratio:.2}{bar}\n");
}

/// Runs a work several times and prints how long one of its steps takes; in criterion's test mode only once. `bar` is what
/// the project wants, for the reader.
pub fn per_step(mut work: Work<'_>, steps: usize, bar: Duration) {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let rounds = if is_test { 1 } else { ROUNDS };
    let each = median((0..rounds).map(|_| work.time()).collect()) / u32::try_from(steps).unwrap_or(u32::MAX);
    let name = work.name;
    _ = writeln!(std::io::stdout(), "a step: {name} {each:.2?}, wanted at most {bar:?}\n");
}

/// Prints a line of figures.
pub fn tell(line: &str) {
    _ = writeln!(std::io::stdout(), "{line}\n");
}

/// Returns the middle one of the times.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(times: &[u64], expected: u64) {
        assert_eq!(median(times.iter().copied().map(Duration::from_secs).collect()), Duration::from_secs(expected));
    }

    #[test]
    fn the_median_is_the_middle_time() {
        check(&[9, 1, 5], 5);
        check(&[7], 7);
        check(&[], 0);
    }
}
