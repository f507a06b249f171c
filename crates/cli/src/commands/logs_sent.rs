//! What was sent to another system: how many lines it took, how many it has not taken, and what went wrong.

use std::ops::ControlFlow;

use segno_errors::{Fault, Kind};
use segno_logging::export::Spans;
use segno_logging::export::otlp::{Rejected, rejected};
use segno_logging::read::trace::Trace;
use segno_orchestrator::report::counted;

use super::logs_send::{Sender, told};
use crate::exit::{End, Failure};
use crate::terminal::{print, say};

/// What was sent, and what went wrong.
#[derive(Default)]
pub(super) struct Sent {
    lines: usize,
    waiting: usize,
    /// Traces that were taken, and those whose last spans wait.
    pub(super) traces: usize,
    waiting_traces: usize,
    /// Lines and spans that the other side has not taken.
    rejected: u64,
    failed: Option<Fault>,
}

impl Sent {
    /// Counts a line, and sends the body that it made full.
    pub(super) fn add(&mut self, sender: &Sender, body: Option<String>) -> ControlFlow<()> {
        self.waiting += 1;
        self.end(sender, body)
    }

    pub(super) fn end(&mut self, sender: &Sender, body: Option<String>) -> ControlFlow<()> {
        let Some(body) = body else { return ControlFlow::Continue(()) };
        let Some(rejected) = self.post(sender, &body, "line") else { return ControlFlow::Break(()) };
        let sent = std::mem::take(&mut self.waiting);
        self.lines += sent.saturating_sub(usize::try_from(rejected).unwrap_or(usize::MAX));
        ControlFlow::Continue(())
    }

    /// Adds the spans of a trace, and sends the bodies that they made full.
    pub(super) fn trace(&mut self, sender: &Sender, spans: &mut Spans, trace: Trace) -> ControlFlow<()> {
        let waited = spans.waiting();
        let (mut bodies, mut rejected) = (0, 0);
        spans.add(&trace.into_tree(), |body| {
            bodies += 1;
            rejected += self.body_of_spans(sender, &body)?;
            ControlFlow::Continue(())
        })?;
        // Without a time there are no spans.
        let is_there = bodies > 0 || spans.waiting() > waited;
        if is_there && rejected == 0 {
            // Where a body ended with it, nothing of it waits.
            let counter = if spans.waiting() == 0 { &mut self.traces } else { &mut self.waiting_traces };
            *counter += 1;
        }
        ControlFlow::Continue(())
    }

    /// Sends the spans that are left.
    pub(super) fn spans(&mut self, sender: &Sender, body: Option<String>) {
        if let Some(body) = body {
            _ = self.body_of_spans(sender, &body);
        }
    }

    /// Sends a body of spans, and returns how many of them were not taken; the traces that end in it count if all were.
    fn body_of_spans(&mut self, sender: &Sender, body: &str) -> ControlFlow<(), u64> {
        let Some(rejected) = self.post(sender, body, "span") else { return ControlFlow::Break(()) };
        let made = std::mem::take(&mut self.waiting_traces);
        self.traces += if rejected == 0 { made } else { 0 };
        ControlFlow::Continue(rejected)
    }

    /// Sends a body unless something failed, and returns how much of it was not taken.
    fn post(&mut self, sender: &Sender, body: &str, what: &str) -> Option<u64> {
        if self.failed.is_some() {
            return None;
        }
        match sender.send(body) {
            Ok(answer) => {
                let Rejected { count, message } = rejected(&answer).unwrap_or_default();
                if count > 0 {
                    let things = counted(usize::try_from(count).unwrap_or(usize::MAX), what);
                    say(format!("segno: {} has not taken {things}: {}", sender.url(), told(&message))
                        .trim_end_matches(": "));
                } else if !message.is_empty() {
                    say(&format!("segno: {} warns: {}", sender.url(), told(&message)));
                }
                self.rejected += count;
                Some(count)
            }
            Err(fault) => {
                self.failed = Some(fault);
                None
            }
        }
    }

    /// Says how much was sent, also when not all was.
    pub(super) fn told(self, sender: &Sender, more: &str) -> Result<End, Failure> {
        let lines = counted(self.lines, "line");
        if let Some(fault) = self.failed {
            say(&format!("segno: {lines}{more} were sent before it failed"));
            return Err(fault.into());
        }
        print(&format!("sent {lines}{more} to {}\n", sender.url()));
        match self.rejected {
            0 => Ok(End::Done),
            _ => Err(Fault::new(Kind::Validation, "not all was taken").hint("the reasons stand above").into()),
        }
    }
}
