//! The correlation id across tasks, threads and channels: work that is handed on takes the span along.
//!
//! The subscriber is not taken along, which would slow every event: a program has one for all threads.

use std::thread::JoinHandle;

use tracing::Span;
use tracing::instrument::{Instrument, Instrumented};

/// Returns the closure so that it runs in the span of who calls this, wherever it runs: in a pool, on another thread.
///
/// ```
/// use segno_logging::correlation;
///
/// let work = correlation::carry(|| tracing::info!("in the span of who sent it"));
/// std::thread::spawn(work).join().unwrap();
/// ```
pub fn carry<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let span = Span::current();
    move || span.in_scope(work)
}

/// Does [`std::thread::spawn`] with the current span.
///
/// # Panics
/// As `std::thread::spawn` does, if the system has no thread left.
pub fn thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    std::thread::spawn(carry(work))
}

/// Does [`tokio::spawn`] with the current span.
///
/// # Panics
/// Outside a runtime, as `tokio::spawn` does.
#[cfg(feature = "tokio")]
#[track_caller]
pub fn spawn<F>(work: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    tokio::spawn(work.in_current_span())
}

/// Does [`tokio::task::spawn_blocking`] with the current span.
///
/// # Panics
/// Outside a runtime, as `spawn_blocking` does.
#[cfg(feature = "tokio")]
#[track_caller]
pub fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> tokio::task::JoinHandle<T> {
    tokio::task::spawn_blocking(carry(work))
}

/// A value on its way through a channel, with the span of who sent it: whoever takes it goes on with that work.
///
/// ```
/// use segno_logging::correlation::Carried;
///
/// let (sender, receiver) = std::sync::mpsc::channel();
/// sender.send(Carried::new(21)).unwrap();
/// let answer = receiver.recv().unwrap().open(|number| number * 2);
/// assert_eq!(answer, 42);
/// ```
#[derive(Debug)]
pub struct Carried<T> {
    value: T,
    span: Span,
}

impl<T> Carried<T> {
    /// Puts the current span to the value.
    pub fn new(value: T) -> Carried<T> {
        Carried { value, span: Span::current() }
    }

    /// Works on the value in the span of who sent it.
    pub fn open<R>(self, work: impl FnOnce(T) -> R) -> R {
        self.span.in_scope(|| work(self.value))
    }

    /// Works on the value in the span of who sent it, with a future.
    pub fn open_async<F: Future>(self, work: impl FnOnce(T) -> F) -> Instrumented<F> {
        let Carried { value, span } = self;
        span.in_scope(|| work(value)).instrument(span)
    }

    /// Returns the value without the span.
    pub fn into_inner(self) -> T {
        self.value
    }
}
