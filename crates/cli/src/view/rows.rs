//! Lays a model out as lines: one a step, one an attempt that runs, one a failure, and the whole run in the last.

use segno_orchestrator::model::{Status, Timestamp};
use segno_orchestrator::report::short_duration;

use super::fit::{Entry, Rank, fit};
use super::look::{Look, Mark, Tone};
use super::model::{Model, State};
use super::outline::{Row, Shape};
use super::rounds::Turn;
use super::screen::Size;
use super::task::{Attempt, Ended, Phase};
use super::text::{Line, again_in, clean};
use super::words::{counts, failure, made_by, notes, outcome, takes_over, title};

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
        if self.model.is_hidden(row) {
            return Vec::new();
        }
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
            let failed = self.model.ended(row).filter(|(_, ended)| ended.is_item && ended.status == Status::Failed);
            entries.extend(failed.take(LISTED_FAILURES).map(|(indices, ended)| self.ended(row, indices, ended)));
            entries.extend(self.model.attempts(row).map(|(indices, attempt)| self.attempt(row, indices, attempt)));
        }
        entries
    }

    fn task(&self, row: Row, state: State) -> Entry {
        if let Some((indices, attempt)) = self.model.attempts(row).next() {
            return self.attempt(row, indices, attempt);
        }
        let step = self.model.step(row);
        let looped = self.model.turn(row).map(Turn::words).unwrap_or_default();
        match (state, self.model.ended(row).next()) {
            (State::Ended(status), Some((_, ended))) if step.repeat.is_some() => {
                let why = ended.why.as_deref().filter(|_| status == Status::Failed);
                let detail = self.joined([Some(looped), why.map(|why| clean(why, self.look))]);
                let (rank, tone) = match status {
                    Status::Failed => (Rank::Failed, Tone::Bad),
                    _ => (Rank::Ended, Tone::Faint),
                };
                let took = Some(self.model.elapsed(row, self.now));
                self.entry(step.depth, rank, Mark::Ended(status), &step.name).says(tone, &detail).took(took)
            }
            (State::Ended(_), Some((indices, ended))) => self.ended(row, indices, ended),
            (State::Ended(status), None) => {
                let detail = self.model.passed(row).map_or(looped, str::to_owned);
                self.entry(step.depth, Rank::Ended, Mark::Ended(status), &step.name).says(Tone::Faint, &detail)
            }
            (State::Begun, _) if step.repeat.is_some() => {
                let took = Some(self.model.elapsed(row, self.now));
                self.entry(step.depth, Rank::Open, self.turning(), &step.name).says(Tone::Faint, &looped).took(took)
            }
            (State::Waiting | State::Begun, _) => self.entry(step.depth, Rank::Waiting, Mark::Waiting, &step.name),
        }
    }

    fn group(&self, row: Row, state: State) -> Entry {
        let step = self.model.step(row);
        let sum = self.model.sum(row);
        let detail = self.group_words(row, state);
        let took = Some(self.model.elapsed(row, self.now));
        let failed = self.model.ended(row).find(|(_, ended)| !ended.is_item && step.shape != Shape::Undo);
        let failed = failed.and_then(|(_, ended)| ended.why.as_deref()).map(|why| clean(why, self.look));
        let tone = if sum.failed > 0 { Tone::Bad } else { Tone::Faint };
        let (rank, mark, (tone, detail), took) = match state {
            State::Waiting => (Rank::Waiting, Mark::Waiting, (Tone::Faint, detail), None),
            State::Begun => (Rank::Open, self.turning(), (tone, detail), took),
            State::Ended(Status::Skipped) => {
                let case = self.model.case(row).filter(|case| case.starts_with("skipped"));
                let why = self.model.passed(row).or(case).map(|why| clean(why, self.look));
                (Rank::Ended, Mark::Ended(Status::Skipped), (Tone::Faint, failed.or(why).unwrap_or(detail)), None)
            }
            State::Ended(Status::Failed) => {
                (Rank::Failed, Mark::Ended(Status::Failed), (Tone::Bad, failed.unwrap_or(detail)), took)
            }
            State::Ended(status) if step.repeat.is_some() => {
                (Rank::Ended, Mark::Ended(status), (Tone::Faint, detail), took)
            }
            State::Ended(status) => (Rank::Ended, Mark::Ended(status), (tone, detail), took),
        };
        self.entry(step.depth, rank, mark, &step.name).says(tone, &detail).took(took)
    }

    /// Says what a group is and how far it is: its file, its case, its round, its counts.
    fn group_words(&self, row: Row, state: State) -> String {
        let step = self.model.step(row);
        let sum = self.model.sum(row);
        let file = step.file.as_deref().map(|file| clean(file, self.look));
        let case = self.model.case(row).map(|case| clean(case, self.look));
        let turn = self.model.turn(row).filter(|_| state != State::Waiting);
        let is_counted = match (state, turn) {
            (State::Waiting, _) => sum.total > 1,
            (State::Ended(_), Some(_)) => false,
            _ => true,
        };
        self.joined([file, case, turn.map(Turn::words), is_counted.then(|| counts(sum, self.look))])
    }

    fn attempt(&self, row: Row, indices: &[u32], attempt: &Attempt) -> Entry {
        let depth = self.depth(row);
        let title = self.title(row, indices, attempt.label.as_deref());
        let Attempt { number, max, .. } = attempt;
        let round = self.model.turn(row).map(Turn::round);
        let by = made_by(attempt.by.as_deref(), *number, *max, self.look);
        match &attempt.phase {
            Phase::Running { since } => {
                let entry = self.entry(depth, Rank::Busy, self.turning(), &title);
                entry.says(Tone::Doubtful, &self.joined([round, Some(by)])).took(Some(self.now.since(*since)))
            }
            Phase::Checking { since, what } => {
                let entry = self.entry(depth, Rank::Busy, self.turning(), &title);
                let detail = self.joined([round, Some(clean(what, self.look)), Some(by)]);
                entry.says(Tone::Doubtful, &detail).took(Some(self.now.since(*since)))
            }
            Phase::HandedOver { message } => {
                let agent = clean(attempt.by.as_deref().unwrap_or("another"), self.look);
                let what = takes_over(&agent, &clean(message, self.look));
                let entry = self.entry(depth, Rank::Busy, Mark::Resting, &title);
                entry.says(Tone::Doubtful, &self.joined([round, Some(what)]))
            }
            Phase::Resting { until, message } => {
                let again = match self.motion {
                    Motion::Moving => format!("{}{}", self.look.dot(), again_in(until.since(self.now))),
                    Motion::Still => String::new(),
                };
                let message = clean(message, self.look);
                let detail = format!("attempt {number} of {max} failed{again}: {message}");
                let entry = self.entry(depth, Rank::Busy, Mark::Resting, &title);
                entry.says(Tone::Doubtful, &self.joined([round, Some(detail)]))
            }
        }
    }

    fn ended(&self, row: Row, indices: &[u32], ended: &Ended) -> Entry {
        let title = self.title(row, indices, ended.label.as_deref());
        let mark = Mark::Ended(ended.status);
        let why = clean(ended.why.as_deref().unwrap_or_default(), self.look);
        let by = made_by(ended.by.as_deref(), ended.attempts, ended.max, self.look);
        let (rank, (tone, detail)) = match ended.status {
            Status::Failed => (Rank::Failed, (Tone::Bad, failure(ended.attempts, ended.max, &why))),
            Status::Skipped => (Rank::Ended, (Tone::Faint, why)),
            _ if ended.is_cached => (Rank::Ended, (Tone::Faint, "cached".to_owned())),
            _ => (Rank::Ended, (Tone::Faint, by)),
        };
        let took = (!ended.is_cached && ended.status != Status::Skipped).then_some(ended.took);
        self.entry(self.depth(row), rank, mark, &title).says(tone, &detail).took(took)
    }

    /// Returns how deep a row's tasks stand: items stand below their step.
    fn depth(&self, row: Row) -> usize {
        let step = self.model.step(row);
        step.depth + usize::from(step.shape == Shape::Many)
    }

    /// Returns what a task is called: a round alone needs no number, for there is one at a time.
    fn title(&self, row: Row, indices: &[u32], label: Option<&str>) -> String {
        let step = self.model.step(row);
        let indices = if step.shape == Shape::Many { indices } else { &[] };
        title(&step.name, indices, label, self.look)
    }

    /// Joins what is there to say.
    fn joined<const N: usize>(&self, parts: [Option<String>; N]) -> String {
        let told = parts.into_iter().flatten().filter(|part| !part.is_empty());
        told.collect::<Vec<_>>().join(self.look.dot())
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
