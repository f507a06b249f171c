//! Writing many lines to stdout: buffered, and over when nobody reads them any more.

use std::io::{self, BufWriter, ErrorKind, IsTerminal as _, StdoutLock, Write};
use std::ops::ControlFlow;

use segno_errors::{Fault, from_io};

use crate::terminal::Terminal;

/// Stdout, as long as somebody reads it.
pub(super) struct Out {
    out: BufWriter<StdoutLock<'static>>,
    failed: Option<io::Error>,
    /// Colours are wanted, and a person reads.
    pub(super) colour: bool,
}

impl Out {
    pub(super) fn new() -> Out {
        let colour = io::stdout().is_terminal() && Terminal::look().colour;
        Out { out: BufWriter::new(io::stdout().lock()), failed: None, colour }
    }

    /// Writes, and breaks when nothing more can be written.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> ControlFlow<()> {
        match write(&mut self.out) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// Hands on what is written.
    pub(super) fn flush(&mut self) -> ControlFlow<()> {
        self.write(|_| Ok(()))?;
        match self.out.flush() {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// Ends. A reader that went away (`| head`) is no failure.
    pub(super) fn finish(mut self) -> Result<(), Fault> {
        _ = self.flush();
        match self.failed {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(from_io(error).operation("write to stdout")),
            _ => Ok(()),
        }
    }
}
