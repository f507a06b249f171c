//! One load under way: who waits for it, as a thread or as a task, and what came of it. Who runs it, and whether its
//! value is kept, is not known here.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::LoadError;
#[cfg(feature = "tokio")]
use super::landing::Tasks;
use super::sync::{Condvar, Mutex, MutexGuard};

/// A load that somebody runs and others may wait for.
pub(crate) struct Flight<V> {
    /// The number under which it stands on the trail.
    pub(super) number: u64,
    state: Mutex<State<V>>,
    landed: Condvar,
}

pub(super) struct State<V> {
    pub(super) outcome: Option<Result<V, LoadError>>,
    #[cfg(feature = "tokio")]
    pub(super) tasks: Tasks,
}

impl<V> Flight<V> {
    pub(super) fn new(number: u64) -> Flight<V> {
        let state = State {
            outcome: None,
            #[cfg(feature = "tokio")]
            tasks: Tasks::default(),
        };
        Flight { number, state: Mutex::new(state), landed: Condvar::new() }
    }

    /// Tells everybody who waits what came of it. What was told first counts.
    pub(super) fn land(&self, outcome: Result<V, LoadError>) {
        let mut state = self.lock();
        if state.outcome.is_none() {
            state.outcome = Some(outcome);
        }
        #[cfg(feature = "tokio")]
        let tasks = std::mem::take(&mut state.tasks);
        drop(state);
        self.landed.notify_all();
        #[cfg(feature = "tokio")]
        tasks.wake();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Clone> Flight<V> {
    /// Waits on this thread until the load ends, or for so long.
    pub(super) fn wait(&self, limit: Option<Duration>) -> Result<V, LoadError> {
        // A limit beyond what the clock can hold is none.
        let until = limit.and_then(|limit| Instant::now().checked_add(limit).map(|until| (limit, until)));
        let mut state = self.lock();
        loop {
            if let Some(outcome) = &state.outcome {
                return outcome.clone();
            }
            state = match until {
                None => self.landed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some((limit, until)) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(LoadError::timed_out(limit));
                    }
                    self.landed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_first_counts() {
        let flight = Flight::new(1);
        flight.land(Ok(1));
        flight.land(Ok(2));
        assert_eq!(flight.wait(Some(Duration::ZERO)).ok(), Some(1));
        assert_eq!(flight.wait(None).ok(), Some(1));
    }

    #[test]
    fn a_limit_of_nothing_is_over_at_once() {
        let flight = Flight::<u32>::new(1);
        let error = flight.wait(Some(Duration::ZERO)).unwrap_err();
        assert_eq!(error.to_string(), "a value was not loaded within 0ns");
    }
}
