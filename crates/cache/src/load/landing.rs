//! How a task waits for a load: as one of the wakers of its flight.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::LoadError;
use super::flight::Flight;

/// The tasks that wait for one flight. A place is used again once its task has gone, so that there are never more places
/// than tasks at one time.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

impl Tasks {
    /// Wakes all. Called without a lock: a waker may do anything, and one that panics must not keep the others asleep.
    pub(super) fn wake(self) {
        for waker in self.wakers.into_iter().flatten() {
            // Its own executor has said what there was to say.
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
    }

    fn place(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.wakers.push(None);
            self.wakers.len() - 1
        })
    }
}

/// Waits for the end of a load as a task.
pub(super) struct Landing<V> {
    flight: Arc<Flight<V>>,
    place: Option<usize>,
}

impl<V> Landing<V> {
    pub(super) fn of(flight: Arc<Flight<V>>) -> Landing<V> {
        Landing { flight, place: None }
    }
}

impl<V: Clone> Future for Landing<V> {
    type Output = Result<V, LoadError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let flight = Arc::clone(&self.flight);
        let mut state = flight.lock();
        if let Some(outcome) = &state.outcome {
            return Poll::Ready(outcome.clone());
        }
        let place = *self.place.get_or_insert_with(|| state.tasks.place());
        let replaced = state.tasks.wakers[place].replace(context.waker().clone());
        // A waker that is dropped may do anything: not under the lock.
        drop(state);
        drop(replaced);
        Poll::Pending
    }
}

impl<V> Drop for Landing<V> {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let mut state = self.flight.lock();
        // Once it has landed, the places are gone.
        let Some(left) = state.tasks.wakers.get_mut(place) else { return };
        let waker = left.take();
        state.tasks.free.push(place);
        drop(state);
        drop(waker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(landing: &mut Landing<u32>) -> Poll<Result<u32, LoadError>> {
        Pin::new(landing).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_place_is_used_again_when_its_task_has_gone() {
        let flight = Arc::new(Flight::new(1));
        let mut stays = Landing::of(Arc::clone(&flight));
        assert!(poll(&mut stays).is_pending());
        for _ in 0..1000 {
            assert!(poll(&mut Landing::of(Arc::clone(&flight))).is_pending());
        }
        assert_eq!(flight.lock().tasks.wakers.len(), 2);
    }

    #[test]
    fn who_comes_late_is_told_too() {
        let flight = Arc::new(Flight::new(1));
        let mut early = Landing::of(Arc::clone(&flight));
        assert!(poll(&mut early).is_pending());
        flight.land(Ok(1));
        for landing in [&mut early, &mut Landing::of(Arc::clone(&flight))] {
            assert!(matches!(poll(landing), Poll::Ready(Ok(1))));
        }
    }
}
