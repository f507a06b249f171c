//! What a body is told about the attempt that it makes. Leaves counting to `retry`.

use std::time::Duration;

use crate::Clock;
use crate::clock::{Moment, nanos};

/// Which attempt a body is making, and how much time it has left.
///
/// Blocking code cannot be interrupted: there a time-out is kept by a body that looks at
/// [`remaining`](Attempt::remaining) and hands it on, to a socket's time-out for example.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The number of this attempt; the first is 1.
    pub number: u32,
    /// How many attempts there are at most.
    pub of: u32,
    /// When it has to end; the last moment for never.
    pub(crate) until: Moment,
    /// How long it may take in nanoseconds, where its begin was not worth a look at the clock; the highest
    /// number for no limit.
    pub(crate) limit: u64,
    /// What tells how late it is.
    pub(crate) clock: Clock,
}

impl Attempt {
    /// Returns how much time is left, nothing when it is over and `None` when there is no limit.
    ///
    /// In a task the time-out of a single attempt counts from the question; whoever asks at the
    /// beginning of the body is told the truth, and the future is dropped in time in any case.
    #[inline]
    pub fn remaining(&self) -> Option<Duration> {
        let left = match self.until {
            Moment::MAX => u64::MAX,
            until => nanos(until.since(self.clock.now())),
        };
        match left.min(self.limit) {
            u64::MAX => None,
            left => Some(Duration::from_nanos(left)),
        }
    }

    /// Says whether the time is over, so that a loop in a body knows when to stop.
    pub fn is_over(&self) -> bool {
        self.remaining() == Some(Duration::ZERO)
    }

    /// Returns the attempt with a time-out of its own. With a clock it counts from now, else from the
    /// moment at which the body asks.
    #[inline]
    pub(crate) fn within(self, limit: Option<Duration>, clock: Option<&Clock>) -> Attempt {
        match (limit.map(nanos), clock) {
            (None, _) => self,
            (Some(limit), None) => Attempt { limit, ..self },
            (Some(limit), Some(clock)) => {
                let own = clock.now().after(Duration::from_nanos(limit));
                Attempt { until: own.min(self.until), clock: clock.clone(), ..self }
            }
        }
    }
}
