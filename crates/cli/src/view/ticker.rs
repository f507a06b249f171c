//! A thread that draws ten times a second until it is told to stop, and then once more. The only thread of the view.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The least time between two pictures.
const PERIOD: Duration = Duration::from_millis(100);

/// Whether a picture is the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Next,
    Last,
}

/// The thread, until it is stopped.
#[derive(Debug)]
pub(super) struct Ticker {
    running: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

impl Ticker {
    /// Calls `draw` now and then. Where no thread can be made nothing is drawn: a run needs no spectators.
    pub(super) fn start(mut draw: impl FnMut(Turn) + Send + 'static) -> Ticker {
        let (stop, stopped) = channel::<()>();
        let tick = move || {
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                draw(Turn::Next);
            }
            draw(Turn::Last);
        };
        let thread = std::thread::Builder::new().name("view".into()).spawn(tick);
        Ticker { running: Mutex::new(thread.ok().map(|thread| (stop, thread))) }
    }

    /// Has the last picture drawn and waits for it; afterwards this does nothing.
    pub(super) fn stop(&self) {
        let Some((stop, thread)) = lock(&self.running).take() else {
            return;
        };
        drop(stop);
        // A panic of the thread was told by the panic hook; the run goes on without pictures.
        _ = thread.join();
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Locks what the loop and the thread share. What a panic left half done can at worst be a wrong picture.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_last_picture_is_drawn_once_and_last() {
        let turns = Arc::new(Mutex::new(Vec::new()));
        let seen = turns.clone();
        let ticker = Ticker::start(move |turn| lock(&seen).push(turn));
        ticker.stop();
        ticker.stop();
        drop(ticker);
        let turns = lock(&turns);
        assert_eq!(turns.iter().filter(|turn| **turn == Turn::Last).count(), 1);
        assert_eq!(turns.last(), Some(&Turn::Last));
    }
}
