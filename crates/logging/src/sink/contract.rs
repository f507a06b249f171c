//! What takes finished lines, and memory as one such place. Leaves to `layer` what happens when a line cannot be written.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::Level;

/// A longer wait is as good as none.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Takes finished lines, from any thread.
pub trait Sink: Send + Sync + 'static {
    /// Takes one line; its newline is the last byte and the only one. What is at least a warning is not kept in a buffer.
    ///
    /// # Errors
    /// What the medium said. The line counts as lost then, and the log says so later.
    fn write_line(&self, level: Level, line: &[u8]) -> io::Result<()>;

    /// Hands what is kept in buffers on to the system. A sink without buffers has nothing to do.
    ///
    /// # Errors
    /// What the medium said.
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    /// Prepares for the end of the program: buffers go on to the system, and files beside the log go away.
    ///
    /// Called when the last [`Guard`](crate::Guard) is dropped. Lines that come later are still taken, if more slowly.
    ///
    /// # Errors
    /// What the medium said.
    fn close(&self) -> io::Result<()> {
        self.flush()
    }

    /// Returns how many lines were lost after they had been taken. The sink itself says so in the log.
    fn lost(&self) -> u64 {
        0
    }

    /// Keeps lines back until `release` was called as often as this; see [`Guard::hold`](crate::Guard::hold).
    ///
    /// A sink that does not write them together may ignore it.
    fn hold(&self) {}

    /// Ends a hold, and with the last one writes what was kept back. Returns how many lines were lost.
    fn release(&self) -> u64 {
        0
    }
}

/// Memory, for tests: lines one after another.
impl Sink for Mutex<Vec<u8>> {
    fn write_line(&self, _: Level, line: &[u8]) -> io::Result<()> {
        self.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line);
        Ok(())
    }
}

impl<T: Sink + ?Sized> Sink for Arc<T> {
    fn write_line(&self, level: Level, line: &[u8]) -> io::Result<()> {
        (**self).write_line(level, line)
    }

    fn flush(&self) -> io::Result<()> {
        (**self).flush()
    }

    fn close(&self) -> io::Result<()> {
        (**self).close()
    }

    fn lost(&self) -> u64 {
        (**self).lost()
    }

    fn hold(&self) {
        (**self).hold();
    }

    fn release(&self) -> u64 {
        (**self).release()
    }
}
