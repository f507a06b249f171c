//! The sink that the user holds, and how it ends.

use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tracing::Level;

use super::line_up::{LineUp, QueueOptions};
use super::writer;
use crate::Error;
use crate::sink::Sink;

/// Hands lines to a thread that writes them to another sink, so that a slow disk does not slow the callers.
///
/// The queue is bounded; [`Full`](crate::Full) says what becomes of a line that has no room. Nothing is lost in silence: what
/// was dropped or could not be written is counted, and one line in the log says how many, at the latest at the end. Lines that
/// wait are lost when the process is killed; [`RingSink`](crate::RingSink) loses none.
///
/// ```
/// use segno_logging::{FileSink, Full, JsonLayer, QueueOptions, QueueSink};
/// use tracing_subscriber::layer::SubscriberExt;
///
/// # fn main() -> Result<(), segno_logging::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("app.jsonl");
/// let options = QueueOptions { full: Full::Drop, ..QueueOptions::default() };
/// let layer = JsonLayer::new(QueueSink::new(FileSink::open(&path)?, options)?);
/// let guard = layer.guard();
/// let subscriber = tracing_subscriber::registry().with(layer);
/// tracing::subscriber::with_default(subscriber, || tracing::info!("ready"));
/// drop(guard); // The program ends: what waits is written.
/// assert!(std::fs::read_to_string(&path).unwrap().contains("ready"));
/// # Ok(())
/// # }
/// ```
pub struct QueueSink {
    line_up: Arc<LineUp>,
    inner: Arc<dyn Sink>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl QueueSink {
    /// Starts the thread that writes to `inner`.
    ///
    /// # Errors
    /// [`Error::Thread`] when the system gives no thread.
    pub fn new(inner: impl Sink, options: QueueOptions) -> Result<QueueSink, Error> {
        let (line_up, inner): (_, Arc<dyn Sink>) = (Arc::new(LineUp::new(options)), Arc::new(inner));
        let (for_thread, behind) = (Arc::clone(&line_up), Arc::clone(&inner));
        let writer = thread::Builder::new()
            .name("segno-log-queue".to_owned())
            .spawn(move || writer::run(&for_thread, &*behind))
            .map_err(|source| Error::Thread { source })?;
        Ok(QueueSink { line_up, inner, writer: Mutex::new(Some(writer)) })
    }

    fn drain(&self) -> io::Result<()> {
        match self.line_up.drain() {
            true => Ok(()),
            false => Err(ErrorKind::TimedOut.into()),
        }
    }
}

impl Sink for QueueSink {
    fn write_line(&self, level: Level, line: &[u8]) -> io::Result<()> {
        self.line_up.push(level, line);
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.drain()?;
        self.inner.flush()
    }

    fn close(&self) -> io::Result<()> {
        match self.drain() {
            Ok(()) => self.inner.close(),
            Err(late) => {
                self.line_up.close_behind();
                Err(late)
            }
        }
    }

    fn lost(&self) -> u64 {
        self.line_up.lost() + self.inner.lost()
    }
}

impl Drop for QueueSink {
    fn drop(&mut self) {
        let drained = self.line_up.drain();
        self.line_up.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A writer that hangs in its sink is left behind: the program must end.
        if let Some(writer) = writer.filter(|_| drained) {
            // It catches its sink's panics and has none of its own.
            _ = writer.join();
        }
    }
}

impl fmt::Debug for QueueSink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("QueueSink").field("line_up", &self.line_up).finish_non_exhaustive()
    }
}
