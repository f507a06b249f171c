//! The thread that writes what waits, and tells of what was dropped, could not be written, or made the inner sink panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::Level;

use super::line_up::{Batch, LineUp};
use crate::sink::{Sink, notice};

/// Writes until the queue is closed and empty.
pub(super) fn run(line_up: &LineUp, inner: &dyn Sink) {
    let mut batch = Batch::default();
    let mut untold = Untold::default();
    loop {
        let taken = line_up.take(&mut batch);
        untold.dropped += taken.dropped;
        let lost = write(inner, &batch, &mut untold);
        line_up.lose(lost);
        batch.clear();
        untold.tell(inner);
        if taken.closing {
            // Nobody waits for it any more who could be told of an error.
            _ = catch_unwind(AssertUnwindSafe(|| inner.close()));
        }
        if !taken.goes_on {
            return;
        }
    }
}

/// What the log does not say yet.
#[derive(Debug, Default)]
struct Untold {
    dropped: u64,
    unwritten: u64,
    panic: Option<String>,
}

/// Writes the lines together. Returns how many were lost.
fn write(inner: &dyn Sink, batch: &Batch, untold: &mut Untold) -> u64 {
    let mut lost = 0;
    let mut guarded = |work: &mut dyn FnMut() -> u64, lines: u64| match catch_unwind(AssertUnwindSafe(work)) {
        Ok(unwritten) => lost += unwritten,
        Err(cause) => {
            untold.panic = Some(words(&*cause));
            lost += lines;
        }
    };
    guarded(
        &mut || {
            inner.hold();
            0
        },
        0,
    );
    for (level, line) in batch.lines() {
        guarded(&mut || u64::from(inner.write_line(level, line).is_err()), 1);
    }
    // A sink without buffers has nothing to flush; one with buffers has a rhythm of its own, and is flushed at the end.
    guarded(&mut || inner.release(), 0);
    untold.unwritten += lost;
    lost
}

impl Untold {
    /// Says it in one line each, and only once the inner sink takes lines again.
    fn tell(&mut self, inner: &dyn Sink) {
        if let Some(cause) = self.panic.take()
            && !say(inner, &format!("the sink behind the log's queue panicked: {cause}"))
        {
            self.panic = Some(cause);
        }
        if self.unwritten > 0 && say(inner, &notice::lost(self.unwritten)) {
            self.unwritten = 0;
        }
        if self.dropped > 0 && say(inner, &format!("{}, because the queue was full", notice::lost(self.dropped))) {
            self.dropped = 0;
        }
    }
}

fn say(inner: &dyn Sink, message: &str) -> bool {
    let line = notice::line(message);
    catch_unwind(AssertUnwindSafe(|| inner.write_line(Level::WARN, &line).is_ok())).unwrap_or(false)
}

fn words(cause: &(dyn Any + Send)) -> String {
    let text = cause.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".to_owned())
}
