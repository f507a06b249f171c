//! The view where there is no terminal: a line for each thing that ended, written by a thread of its own.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use segno_orchestrator::engine::Observer;
use segno_orchestrator::model::{Event, RunId, Timestamp};
use segno_orchestrator::plan::Plan;
use segno_orchestrator::state::Mark;

use super::look::Look;
use super::tell::Teller;
use super::ticker::{Ticker, lock};

/// How many lines wait at most for a reader that does not keep up; the rest is counted.
const MAX_WAITING: usize = 20_000;

/// Lines on stderr that follow a run.
#[derive(Debug)]
pub(crate) struct Plain {
    desk: Arc<Mutex<Desk>>,
    ticker: Ticker,
}

/// What the loop and the thread share.
#[derive(Debug)]
struct Desk {
    teller: Teller,
    lines: Vec<String>,
    left_out: usize,
}

impl Plain {
    /// Begins to write to stderr. What was recorded before now is folded in silence.
    pub(crate) fn new(plan: Arc<Plan>, look: Look) -> Plain {
        Plain::on(Box::new(std::io::stderr()), Timestamp::from_system(SystemTime::now()), plan, look)
    }

    fn on(mut out: Box<dyn Write + Send>, since: Timestamp, plan: Arc<Plan>, look: Look) -> Plain {
        let desk = Desk { teller: Teller::new(plan, look, since), lines: Vec::new(), left_out: 0 };
        let desk = Arc::new(Mutex::new(desk));
        let shared = desk.clone();
        let write = move |_| {
            let text = lock(&shared).take();
            // Nobody is there to read it when stderr is closed, and the run must not end for that.
            _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        };
        Plain { desk, ticker: Ticker::start(write) }
    }

    /// Writes a line among the others.
    pub(crate) fn say(&self, text: &str) {
        lock(&self.desk).add(text.to_owned());
    }

    /// Returns the marks that were set.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        lock(&self.desk).teller.marks().to_vec()
    }

    /// Writes what is left. What is seen or said later is not written.
    pub(crate) fn finish(&self) {
        self.ticker.stop();
    }
}

impl Observer for Plain {
    fn see(&self, _: &RunId, events: &[Event]) {
        let mut desk = lock(&self.desk);
        for event in events {
            let lines = desk.teller.tell(event);
            lines.into_iter().for_each(|line| desk.add(line));
        }
    }
}

impl Desk {
    fn add(&mut self, line: String) {
        match self.lines.len() < MAX_WAITING {
            true => self.lines.push(line),
            false => self.left_out += 1,
        }
    }

    fn take(&mut self) -> String {
        let mut text: String = self.lines.drain(..).flat_map(|line| [line, "\n".into()]).collect();
        if self.left_out > 0 {
            text.push_str(&format!("({} lines left out)\n", std::mem::take(&mut self.left_out)));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::{events, plan, sink};
    use super::*;

    fn plain() -> (impl Fn() -> String, Plain) {
        let (written, out) = sink();
        let look = Look { colour: true, unicode: true, jobs: 1 };
        (written, Plain::on(out, Timestamp(0), plan("steps: [{ id: a, run: [a] }]"), look))
    }

    #[test]
    fn all_lines_are_written_at_the_end_at_the_latest_and_in_order() {
        let (written, plain) = plain();
        let run = RunId::new("r").unwrap();
        plain.see(&run, &events("0 run\n0 start a\n300 done a 300"));
        plain.say("segno: hello");
        plain.see(&run, &events("300 over succeeded"));
        plain.finish();
        assert_eq!(written(), "✓ a                 0.3s\nsegno: hello\n✓ succeeded · 1/1 · 0.3s\n");
    }

    #[test]
    fn a_reader_that_does_not_keep_up_misses_lines_and_is_told_how_many() {
        let teller = Teller::new(
            plan("steps: [{ id: a, run: [a] }]"),
            Look { colour: false, unicode: true, jobs: 1 },
            Timestamp(0),
        );
        let mut desk = Desk { teller, lines: Vec::new(), left_out: 0 };
        (0..MAX_WAITING + 2).for_each(|_| desk.add("x".into()));
        let text = desk.take();
        assert_eq!(text.lines().count(), MAX_WAITING + 1);
        assert!(text.ends_with("x\n(2 lines left out)\n"));
        assert_eq!(desk.take(), "");
    }
}
