//! A console beside a log: both get each line, but only the log's failures count.

use std::io;
use std::sync::Arc;

use tracing::Level;

use crate::sink::Sink;

/// Two sinks, of which the second is for people.
pub(super) struct Beside {
    pub(super) log: Arc<dyn Sink>,
    pub(super) console: Arc<dyn Sink>,
}

impl Sink for Beside {
    fn write_line(&self, level: Level, line: &[u8]) -> io::Result<()> {
        let written = self.log.write_line(level, line);
        // A terminal that was closed takes no line from the log, and nobody misses there what stands in it.
        _ = self.console.write_line(level, line);
        written
    }

    fn flush(&self) -> io::Result<()> {
        _ = self.console.flush();
        self.log.flush()
    }

    fn close(&self) -> io::Result<()> {
        _ = self.console.close();
        self.log.close()
    }

    fn lost(&self) -> u64 {
        self.log.lost()
    }

    fn hold(&self) {
        self.log.hold();
    }

    fn release(&self) -> u64 {
        self.log.release()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A stream that was closed.
    struct Closed;

    impl Sink for Closed {
        fn write_line(&self, _: Level, _: &[u8]) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    fn check(log: Arc<dyn Sink>, console: Arc<dyn Sink>, expected: bool) {
        assert_eq!(Beside { log, console }.write_line(Level::INFO, b"a\n").is_ok(), expected);
    }

    #[test]
    fn a_closed_terminal_costs_no_line_of_the_log() {
        let log = Arc::new(Mutex::new(Vec::new()));
        check(log.clone(), Arc::new(Closed), true);
        assert_eq!(*log.lock().unwrap(), b"a\n");
    }

    #[test]
    fn a_log_that_fails_costs_no_line_on_the_terminal() {
        let console = Arc::new(Mutex::new(Vec::new()));
        check(Arc::new(Closed), console.clone(), false);
        assert_eq!(*console.lock().unwrap(), b"a\n");
    }
}
