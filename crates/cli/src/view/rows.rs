//! Lays a model out as lines: one a step, one an attempt that runs, one a failure, and the whole run in the last.

use segno_orchestrator::model::{Status, Timestamp};
use segno_orchestrator::report::short_duration;

use super::fit::{Entry, Rank, fit};
use super::look::{Look, Mark, Tone};
use super::model::{Model, State};
use super::outline::{Row, Shape};
use super::screen::Size;
use super::task::{Attempt, Ended, Phase};
use super::text::{Line, again_in, clean};
use super::words::{counts, failure, notes, outcome, title};

/// Rows of the terminal that are left free.
const MARGIN_ROWS: usize = 2;
/// The column at which durations end, where the terminal is that wide.
const TIME_COLUMN: usize = 80;
/// How many failed items of a step are listed; all of them are counted.
const LISTED_FAILURES: usize = 3;
/// How long the spinner stands still, in milliseconds.
const SPIN: u64 = 100;

/// Whether the picture will be followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motion {
    Moving,
    Still,
}

/// Returns the lines of a frame: fewer than the terminal's rows by two, each shorter than its width.
pub(super) fn rows(model: &Model, look: Look, now: Timestamp, motion: Motion, size: Size) -> Vec<String> {
    let limit = size.height.saturating_sub(MARGIN_ROWS);
    let Some(limit) = limit.checked_sub(1) else {
        return Vec::new();
    };
    let painter = Painter { model, look, now: model.moment(now), motion };
    let entries = (0..model.steps().len()).flat_map(|row| painter.step(row)).collect();
    // A line that fills the last column leaves the cursor in a place that terminals disagree about.
    let width = size.width.saturating_sub(1);
    let mut lines: Vec<String> =
        fit(entries, limit, look).into_iter().map(|entry| painter.laid_out(entry, width)).collect();
    let mut last = painter.last_line();
    last.cut(width, look);
    lines.push(last.render(look));
    lines
}

struct Painter<'m> {
    model: &'m Model,
    look: Look,
    now: Timestamp,
    motion: Motion,
}

impl Painter<'_> {
    /// Returns a step's entry, and below it those of its items that run or failed.
    fn step(&self, row: Row) -> Vec<Entry> {
        let (step, state) = (self.model.step(row), self.model.state(row));
        let is_passed = |row: Row| self.model.state(row) == State::Ended(Status::Skipped);
        if is_passed(row) && step.parent.is_some_and(is_passed) {
            return Vec::new();
        }
        if step.shape == Shape::Task {
            return vec![self.task(row, state)];
        }
        let mut entries = vec![self.group(row, state)];
        if step.shape == Shape::Many {
            let failed =
                self.model.ended(row).filter(|(indices, ended)| !indices.is_empty() && ended.status == Status::Failed);
            entries.extend(failed.take(LISTED_FAILURES).map(|(indices, ended)| self.ended(row, indices, ended)));
            entries.extend(self.model.attempts(row).map(|(indices, attempt)| self.attempt(row, indices, attempt)));
        }
        entries
    }

    fn task(&self, row: Row, state: State) -> Entry {
        if let Some((indices, attempt)) = self.model.attempts(row).next() {
            return self.attempt(row, indices, attempt);
        }
        if let (State::Ended(_), Some((indices, ended))) = (state, self.model.ended(row).next()) {
            return self.ended(row, indices, ended);
        }
        let step = self.model.step(row);
        let (mark, rank, detail) = match state {
            State::Ended(status) => (Mark::Ended(status), Rank::Ended, self.model.passed(row).unwrap_or_default()),
            State::Waiting | State::Begun => (Mark::Waiting, Rank::Waiting, ""),
        };
        self.entry(step.depth, rank, mark, &step.name).says(mark.tone(), detail)
    }

    fn group(&self, row: Row, state: State) -> Entry {
        let step = self.model.step(row);
        let sum = self.model.sum(row);
        let counts = counts(sum, self.look);
        let took = Some(self.model.elapsed(row, self.now));
        let failed =
            self.model.ended(row).find(|(indices, _)| indices.is_empty()).and_then(|(_, ended)| ended.why.clone());
        let failed = failed.map(|why| clean(&why, self.look));
        let tone = if sum.failed > 0 { Tone::Bad } else { Tone::Faint };
        let (rank, mark, (tone, detail), took) = match state {
            State::Waiting if sum.total > 1 => (Rank::Waiting, Mark::Waiting, (Tone::Faint, counts), None),
            State::Waiting => (Rank::Waiting, Mark::Waiting, (Tone::Faint, String::new()), None),
            State::Begun => (Rank::Open, self.turning(), (tone, counts), took),
            State::Ended(Status::Skipped) => {
                let why = failed.or_else(|| self.model.passed(row).map(str::to_owned)).unwrap_or(counts);
                (Rank::Ended, Mark::Ended(Status::Skipped), (Tone::Faint, why), None)
            }
            State::Ended(Status::Failed) => {
                (Rank::Failed, Mark::Ended(Status::Failed), (Tone::Bad, failed.unwrap_or(counts)), took)
            }
            State::Ended(status) => (Rank::Ended, Mark::Ended(status), (tone, counts), took),
        };
        self.entry(step.depth, rank, mark, &step.name).says(tone, &detail).took(took)
    }

    fn attempt(&self, row: Row, indices: &[u32], attempt: &Attempt) -> Entry {
        let step = self.model.step(row);
        let depth = step.depth + usize::from(step.shape == Shape::Many);
        let title = title(&step.name, indices, attempt.label.as_deref(), self.look);
        let max = self.model.max_attempts(row);
        match &attempt.phase {
            Phase::Running { since } => {
                let detail =
                    if attempt.number > 1 { format!("attempt {} of {max}", attempt.number) } else { String::new() };
                let entry = self.entry(depth, Rank::Busy, self.turning(), &title).says(Tone::Doubtful, &detail);
                entry.took(Some(self.now.since(*since)))
            }
            Phase::Resting { until, message } => {
                let again = match self.motion {
                    Motion::Moving => format!("{}{}", self.look.dot(), again_in(until.since(self.now))),
                    Motion::Still => String::new(),
                };
                let message = clean(message, self.look);
                let detail = format!("attempt {} of {max} failed{again}: {message}", attempt.number);
                self.entry(depth, Rank::Busy, Mark::Resting, &title).says(Tone::Doubtful, &detail)
            }
        }
    }

    fn ended(&self, row: Row, indices: &[u32], ended: &Ended) -> Entry {
        let step = self.model.step(row);
        let depth = step.depth + usize::from(step.shape == Shape::Many);
        let title = title(&step.name, indices, ended.label.as_deref(), self.look);
        let mark = Mark::Ended(ended.status);
        let why = clean(ended.why.as_deref().unwrap_or_default(), self.look);
        let max = self.model.max_attempts(row);
        let (rank, (tone, detail)) = match ended.status {
            Status::Failed => (Rank::Failed, (Tone::Bad, failure(ended.attempts, max, &why))),
            Status::Skipped => (Rank::Ended, (Tone::Faint, why)),
            _ if ended.is_cached => (Rank::Ended, (Tone::Faint, "cached".to_owned())),
            _ if ended.attempts > 1 => (Rank::Ended, (Tone::Faint, format!("attempt {} of {max}", ended.attempts))),
            _ => (Rank::Ended, (Tone::Faint, String::new())),
        };
        let took = (!ended.is_cached && ended.status != Status::Skipped).then_some(ended.took);
        self.entry(depth, rank, mark, &title).says(tone, &detail).took(took)
    }

    /// Returns the spinner, or what stands in its place once nothing moves.
    fn turning(&self) -> Mark {
        match self.motion {
            Motion::Moving => Mark::Running(self.now.0 / SPIN),
            Motion::Still => Mark::Waiting,
        }
    }

    fn entry(&self, depth: usize, rank: Rank, mark: Mark, title: &str) -> Entry {
        Entry::new(depth, rank, mark, title, self.look)
    }

    /// Cuts an entry to a width, with its duration at the right.
    fn laid_out(&self, entry: Entry, width: usize) -> String {
        let mut line = entry.line;
        let took = entry.took.map(short_duration).unwrap_or_default();
        if !took.is_empty() && width > 3 * took.len() {
            let gap = 2;
            line.cut(width - took.len() - gap, self.look);
            let column = width.min(TIME_COLUMN - 1) - took.len();
            let blanks = column.saturating_sub(line.columns()).max(gap);
            line.push(Tone::Faint, format!("{}{took}", " ".repeat(blanks)));
        }
        line.cut(width, self.look);
        line.render(self.look)
    }

    /// The whole run: how far it is, how long it took, how many jobs are taken.
    fn last_line(&self) -> Line {
        let (sum, elapsed) = (self.model.total(), self.model.run_elapsed(self.now));
        let mut line = Line::default();
        if self.motion == Motion::Still {
            let (mark, text) = outcome(self.model.end(), sum, elapsed, self.look);
            line.push(mark.tone(), self.look.mark(mark));
            line.push(Tone::Plain, format!(" {text}"));
            return line;
        }
        let (dot, elapsed) = (self.look.dot(), short_duration(elapsed));
        // Short attempts are admitted ahead of a free place: more have begun then than run.
        let (running, jobs) = (self.model.running().min(self.look.jobs), self.look.jobs);
        line.push(Tone::Plain, format!("{}/{}{dot}{elapsed}{dot}{running} of {jobs} jobs", sum.ended, sum.total));
        line.push(Tone::Faint, notes(sum, self.look));
        line
    }
}
