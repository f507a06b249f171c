//! Judging load by how long calls had to wait: a queue that never empties sheds, one priority more for each
//! interval in which it did not. Leaves turning away to `shed`.
//!
//! Source: CoDel, Nichols and Jacobson, "Controlling Queue Delay" (2012), RFC 8289: only the least delay of
//! an interval tells a standing queue from a burst. Shedding by priority instead of dropping is ours.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::Priority;
use crate::clock::Moment;

/// How many priorities can be shed at most: all but the highest.
const MOST: u32 = Priority::ALL.len() as u32 - 1;

/// The least delay of the present interval, and how many priorities are shed.
#[derive(Debug)]
pub(super) struct Delay {
    target: Duration,
    interval: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ends: Moment,
    least: Option<Duration>,
    shed: u32,
}

impl Delay {
    pub(super) fn new(target: Duration, interval: Duration) -> Delay {
        Delay { target, interval, state: Mutex::default() }
    }

    /// Takes note of how long a call waited before it ran.
    pub(super) fn waited(&self, wait: Duration, now: Moment) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.turn(&mut state, now);
        state.least = Some(state.least.map_or(wait, |least| least.min(wait)));
    }

    /// Says whether calls of a priority are shed now.
    pub(super) fn sheds(&self, priority: Priority, now: Moment) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.turn(&mut state, now);
        (priority as u32) < state.shed
    }

    /// Judges the interval if it is over; nobody waits in those that nobody looked at.
    fn turn(&self, state: &mut State, now: Moment) {
        if now < state.ends {
            // One that ends later than it can was begun before the clock was set back: it begins anew.
            if state.ends.since(now) > self.interval {
                *state = State { ends: now.after(self.interval), least: None, shed: state.shed };
            }
            return;
        }
        let late = now.since(state.ends).as_nanos() / self.interval.as_nanos().max(1);
        let unseen = u32::try_from(late).unwrap_or(u32::MAX);
        state.shed = match state.least.take() {
            Some(least) if least >= self.target => (state.shed + 1).min(MOST),
            Some(_) | None => state.shed.saturating_sub(1),
        };
        state.shed = state.shed.saturating_sub(unseen);
        state.ends = now.after(self.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Lets calls wait so many milliseconds, one word for each interval of 100 ms; checks how many
    /// priorities are shed after each. The target is 5 ms.
    fn check(intervals: &str, expected: &str) {
        let delay = Delay::new(5 * MS, 100 * MS);
        let mut now = Moment::default().after(3_600_000 * MS);
        let shed = intervals.split(' ').map(|waits| {
            for wait in waits.split(',').filter_map(|wait| wait.parse::<u32>().ok()) {
                delay.waited(MS * wait, now);
            }
            now = now.after(100 * MS);
            Priority::ALL.into_iter().filter(|priority| delay.sheds(*priority, now)).count().to_string()
        });
        assert_eq!(shed.collect::<Vec<_>>().join(" "), expected, "{intervals}");
    }

    #[test]
    fn a_queue_that_stays_sheds_one_priority_more_each_interval() {
        check("1,2 9,8,7 9,8 20 30 40", "0 1 2 3 3 3");
    }

    #[test]
    fn a_burst_sheds_nothing() {
        check("90,50,1 200,3 70,0", "0 0 0");
    }

    #[test]
    fn a_queue_that_empties_sheds_less_each_interval() {
        check("9 9 9 4 0 - -", "1 2 3 2 1 0 0");
    }

    #[test]
    fn what_nobody_looked_at_is_over() {
        let delay = Delay::new(MS, 100 * MS);
        let start = Moment::default().after(MS);
        delay.waited(Duration::MAX, start);
        assert!(delay.sheds(Priority::Low, start.after(100 * MS)));
        assert!(!delay.sheds(Priority::Low, start.after(5_000 * MS)));
        assert!(!delay.sheds(Priority::Low, Moment::MAX));
        assert!(!delay.sheds(Priority::Low, Moment::default()));
    }

    #[test]
    fn a_clock_that_is_set_back_begins_an_interval_anew() {
        let delay = Delay::new(MS, 100 * MS);
        let start = Moment::default().after(3_600_000 * MS);
        delay.waited(Duration::MAX, start);
        let back = Moment::default().after(60_000 * MS);
        delay.waited(Duration::MAX, back);
        delay.waited(Duration::MAX, back);
        assert!(!delay.sheds(Priority::Low, back.after(50 * MS)));
        assert!(delay.sheds(Priority::Low, back.after(100 * MS)));
    }
}
