//! A sink for people: takes the finished lines and writes them in their form to a stream.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, Stderr, Write};
use std::sync::{Mutex, PoisonError};

use tracing::Level;

use super::line;
use super::look::Look;
use crate::JsonLayer;
use crate::sink::Sink;

/// Lines for people on a terminal, or in any other stream.
///
/// A sink like others, so it takes what a [`JsonLayer`] writes; [`Logging`](crate::Logging) puts it beside the log file. Only
/// [`Console::from_env`] looks at the environment.
///
/// ```
/// use segno_logging::{Console, Look};
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let layer = Console::new(std::io::stderr(), Look::default()).layer();
/// let subscriber = tracing_subscriber::registry().with(layer);
/// tracing::subscriber::with_default(subscriber, || tracing::info!(items = 3, "cart paid"));
/// // 10:55:56.123 INFO  shop: cart paid items=3
/// ```
pub struct Console<W> {
    stream: Mutex<W>,
    look: Look,
}

impl Console<Stderr> {
    /// Writes to the standard error stream, which carries a program's talk. Reads the environment, as [`Look::from_env`] says.
    pub fn from_env() -> Self {
        let stream = io::stderr();
        let look = Look::from_env(&stream);
        Console::new(stream, look)
    }
}

impl<W: Write + Send + 'static> Console<W> {
    /// Writes to a stream, in this form.
    pub fn new(stream: W, look: Look) -> Self {
        Console { stream: Mutex::new(stream), look }
    }

    /// Returns the form.
    pub fn look(&self) -> &Look {
        &self.look
    }

    /// Returns a layer that writes for people alone.
    pub fn layer(self) -> JsonLayer {
        JsonLayer::new(self)
    }
}

thread_local! {
    static SHOWN: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What a thread keeps of its memory after an unusually long line.
const RETAINED: usize = 32 * 1024;

impl<W: Write + Send + 'static> Sink for Console<W> {
    fn write_line(&self, level: Level, json: &[u8]) -> io::Result<()> {
        if level > self.look.level {
            return Ok(());
        }
        let write = |shown: &mut String| {
            shown.clear();
            shown.shrink_to(RETAINED);
            line::write(&String::from_utf8_lossy(json), &self.look, shown);
            // One call, so that lines of several processes on a terminal do not mix.
            self.stream.lock().unwrap_or_else(PoisonError::into_inner).write_all(shown.as_bytes())
        };
        let lent = SHOWN.try_with(|shown| shown.try_borrow_mut().ok().map(|mut shown| write(&mut shown)));
        lent.ok().flatten().unwrap_or_else(|| write(&mut String::new()))
    }

    fn flush(&self) -> io::Result<()> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

impl<W> fmt::Debug for Console<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Console").field("look", &self.look).finish_non_exhaustive()
    }
}
