//! What is told of an event in a line of plain text. When it is written, and where, is `plain`'s business.

use std::sync::Arc;
use std::time::Duration;

use segno_orchestrator::model::{Address, Event, Fact, Outcome, Source, Status, Timestamp, Verdict};
use segno_orchestrator::plan::{NodeId, Plan};
use segno_orchestrator::report::short_duration;

use super::look::{Look, Mark};
use super::model::{Model, State};
use super::outline::{Row, Shape};
use super::rounds::{Turn, short};
use super::task::{Attempt, GUARDED, LEFT_OUT, why};
use super::text::{again_in, clean};
use super::words::{counts, failure, made_by, outcome, takes_over, title};

/// Up to how many items of a step are told one by one.
const LISTED_ITEMS: u32 = 20;
/// How many times at most the count of a step's items is told for how far it is.
const COUNTS: u32 = 10;
/// After how much time the count of a step's items is told in any case.
const COUNT_PERIOD: Duration = Duration::from_secs(5);
/// The width of the column of names.
const NAMES: usize = 16;

/// Tells a run in lines.
#[derive(Debug)]
pub(super) struct Teller {
    model: Model,
    look: Look,
    told: Vec<Told>,
}

/// What was told of a step's items.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    share: u32,
    at: Option<Timestamp>,
    is_over: bool,
    /// In which round of the loops round it.
    round: u32,
}

impl Teller {
    /// Makes a teller that folds what was recorded before `since` in silence.
    pub(super) fn new(plan: Arc<Plan>, look: Look, since: Timestamp) -> Teller {
        let model = Model::new(plan, since);
        let told = vec![Told::default(); model.steps().len()];
        Teller { model, look: Look { colour: false, ..look }, told }
    }

    /// Returns the marks that were set.
    pub(super) fn marks(&self) -> &[segno_orchestrator::state::Mark] {
        self.model.marks()
    }

    /// Takes one event in and returns what is to be told of it.
    pub(super) fn tell(&mut self, event: &Event) -> Vec<String> {
        let node = event.fact.step().and_then(|step| self.model.find(step));
        let last = node.and_then(|node| self.attempt(node, event));
        self.model.apply(event);
        let mut lines: Vec<String> = match (&event.fact, node) {
            (Fact::RunPaused { .. } | Fact::RunEnded { .. }, _) => vec![self.run_line(event.at)],
            (_, Some(node)) => self.task_line(node, event, last.as_ref()).into_iter().collect(),
            _ => Vec::new(),
        };
        for row in node.map(|node| self.model.path(node)).unwrap_or_default() {
            lines.extend(self.items_line(row, event.at));
        }
        if self.model.is_current() { lines } else { Vec::new() }
    }

    /// Returns the last attempt of the event's task, before the event is folded in.
    fn attempt(&self, node: NodeId, event: &Event) -> Option<Attempt> {
        let (row, step) = self.model.path(node).first().copied().zip(event.fact.step())?;
        let mut attempts = self.model.attempts(row);
        let found = attempts.find(|(indices, _)| *indices == step.indices);
        found.map(|(_, attempt)| attempt.clone())
    }

    fn task_line(&self, node: NodeId, event: &Event, last: Option<&Attempt>) -> Option<String> {
        let row = *self.model.path(node).first()?;
        let is_listed = self.is_listed(row);
        let label = last.and_then(|attempt| attempt.label.as_deref());
        let skipped = Mark::Ended(Status::Skipped);
        match &event.fact {
            Fact::StepEnded { step, outcome, source, took_ms, label, .. } => {
                // First: of ten thousand items none needs a line.
                if !is_listed && outcome.status() != Status::Failed {
                    return None;
                }
                let what = self.ended(outcome, source, Duration::from_millis(*took_ms), last);
                let title = self.title(step, label.as_deref());
                Some(self.line(Mark::Ended(outcome.status()), &title, &what))
            }
            _ if !is_listed => None,
            Fact::Decided { step, left_out: true, .. } => Some(self.line(skipped, &self.title(step, None), LEFT_OUT)),
            Fact::Decided { step, taken: false, .. } => Some(self.line(skipped, &self.title(step, None), GUARDED)),
            Fact::Chose { step, case, value } => {
                let what = clean(&self.model.case_words(node, *case, value), self.look);
                let mark = if case.is_some() { Mark::Waiting } else { skipped };
                Some(self.line(mark, &self.title(step, None), &what))
            }
            Fact::Looped { step, rounds, verdict, score } => self.loop_line(row, step, *rounds, *verdict, *score),
            Fact::StepRetried { step, attempt, fault, until, .. } => {
                let (number, max) = last.map_or((*attempt, *attempt), |last| (last.number, last.max));
                let (message, again) = (clean(fault.message(), self.look), again_in(until.since(event.at)));
                let what = format!("attempt {number} of {max} failed: {message}; {again}");
                Some(self.line(Mark::Ended(Status::Failed), &self.title(step, label), &what))
            }
            Fact::FellBack { step, fault, agent, .. } => {
                let what = takes_over(&clean(agent, self.look), &clean(fault.message(), self.look));
                Some(self.line(Mark::Ended(Status::Failed), &self.title(step, label), &what))
            }
            _ => None,
        }
    }

    fn ended(&self, outcome: &Outcome, source: &Source, took: Duration, last: Option<&Attempt>) -> String {
        let (attempts, max) = last.map_or((0, 0), |last| (last.number, last.max));
        let by = made_by(last.and_then(|last| last.by.as_deref()), attempts, max, self.look);
        let why = clean(&why(outcome).unwrap_or_default(), self.look);
        match (outcome.status(), source) {
            (Status::Failed, _) if attempts > 1 => failure(attempts, max, &why),
            (Status::Failed, _) => format!("failed: {why}"),
            (Status::Skipped, _) => why,
            (_, Source::Cache { .. }) => "cached".into(),
            _ if by.is_empty() => short_duration(took),
            _ => format!("{}  {by}", short_duration(took)),
        }
    }

    /// Tells that a loop goes on, and of one that is in items how it ended: a row tells that of itself.
    fn loop_line(&self, row: Row, step: &Address, rounds: u32, verdict: Verdict, score: Option<f64>) -> Option<String> {
        let turn = self.model.turn_at(step, verdict)?;
        let what = match (verdict, self.model.step(row).repeat) {
            (Verdict::GoOn, _) if rounds == 0 => return None,
            (Verdict::GoOn, _) => {
                let scored = score.map(|score| format!("round {rounds} scored {}{}", short(score), self.look.dot()));
                format!("{}{}", scored.unwrap_or_default(), turn.round())
            }
            (_, Some(_)) => return None,
            (_, None) => turn.words(),
        };
        let mark = turn.status.map_or(Mark::Waiting, Mark::Ended);
        Some(self.line(mark, &self.title(step, None), &what))
    }

    /// Says whether the tasks of a row are told one by one.
    fn is_listed(&self, row: Row) -> bool {
        self.model.step(row).shape != Shape::Many || self.model.sum(row).total <= LISTED_ITEMS
    }

    /// Tells how far a step's items are: at their end, and for many of them every so often. Of a loop it tells the end.
    fn items_line(&mut self, row: Row, now: Timestamp) -> Option<String> {
        let (step, round) = (self.model.step(row), self.model.round(row));
        if self.told[row].round != round {
            self.told[row] = Told { round, ..Told::default() };
        }
        let is_counted = step.shape == Shape::Many || step.repeat.is_some();
        if !is_counted || self.told[row].is_over {
            return None;
        }
        let (sum, is_listed) = (self.model.sum(row), self.is_listed(row));
        let turn = self.model.turn(row);
        let told = &mut self.told[row];
        let since = *told.at.get_or_insert(now);
        let mark = match self.model.state(row) {
            State::Ended(Status::Skipped) => {
                told.is_over = true;
                return None;
            }
            State::Ended(status) => {
                told.is_over = true;
                Mark::Ended(status)
            }
            _ => {
                let share = sum.ended * COUNTS / sum.total.max(1);
                let is_soon = share == told.share && now.since(since) < COUNT_PERIOD;
                if is_listed || turn.is_some() || sum.ended == 0 || is_soon {
                    return None;
                }
                (told.share, told.at) = (share, Some(now));
                Mark::Waiting
            }
        };
        let what = turn.map_or_else(|| counts(sum, self.look), Turn::words);
        let what = format!("{}  {what}", short_duration(self.model.elapsed(row, now)));
        Some(self.line(mark, self.model.step(row).step.as_str(), &what))
    }

    fn run_line(&self, now: Timestamp) -> String {
        let (mark, what) = outcome(self.model.end(), self.model.total(), self.model.run_elapsed(now), self.look);
        format!("{} {what}", self.look.mark(mark))
    }

    fn title(&self, address: &Address, label: Option<&str>) -> String {
        title(address.step.as_str(), &address.indices, label, self.look)
    }

    fn line(&self, mark: Mark, title: &str, what: &str) -> String {
        format!("{} {title:NAMES$}  {what}", self.look.mark(mark))
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::{events, plan};
    use super::*;

    const LOOK: Look = Look { colour: true, unicode: true, jobs: 4 };

    /// Tells a script, of which what was before `since` was told already.
    #[track_caller]
    fn check(flow: &str, script: &str, since: u64, expected: &str) {
        let mut teller = Teller::new(plan(flow), LOOK, Timestamp(since));
        let lines: Vec<String> = events(script).iter().flat_map(|event| teller.tell(event)).collect();
        assert_eq!(lines.join("\n"), expected.trim_start());
    }

    #[test]
    fn each_thing_that_ended_is_a_line() {
        check(
            "steps: [{ id: a, run: [a] }, { id: b, run: [b], retry: 3 }, { id: c, if: 'true', run: [c] }, { id: d, run: [d] },
                     { id: e, run: [e] }]",
            "0 run
             0 start a
             400 done a 400
             400 start b
             500 retry b 1 2500 the command ended with exit code 3
             2500 start b 2
             2600 done b 100
             2600 no c
             2700 hit d 900
             2700 start e
             2800 fail e 100 no\x1b[31m luck
             2800 over failed",
            0,
            "
✓ a                 0.4s
✗ b                 attempt 1 of 3 failed: the command ended with exit code 3; again in 2 s
✓ b                 0.1s  attempt 2 of 3
– c                 skipped: its 'if' did not hold
✓ d                 cached
✗ e                 failed: no [31m luck
✗ failed · 5/5 · 1 cached · 1 failed · 1 skipped · 2.8s",
        );
    }

    #[test]
    fn the_items_of_a_small_list_are_told_one_by_one() {
        check(
            "steps: [{ id: count, each: \"{{ range(3) }}\", run: [a], retry: 2 }]",
            "0 run
             0 items count 3
             10 start count[0] 1 a.rs
             10 start count[1] 1 b.rs
             20 hit count[2] 300 c.rs
             30 retry count[1] 1 1000 no answer
             40 done count[0] 30 a.rs
             1000 start count[1] 2 b.rs
             1010 part count[1] 10 b.rs
             1010 over degraded",
            0,
            "
✓ count[2] c.rs     cached
✗ count[1] b.rs     attempt 1 of 2 failed: no answer; again at once
✓ count[0] a.rs     0.0s
◐ count[1] b.rs     0.0s  attempt 2 of 2
◐ count             1.0s  3/3 · 1 cached · 1 partial
◐ degraded · 3/3 · 1 cached · 1 partial · 1.0s",
        );
    }

    #[test]
    fn the_items_of_a_long_list_are_counted_and_their_failures_told() {
        let mut script = "0 run\n0 items count 10000\n".to_owned();
        for item in 0..10_000 {
            let what = if item % 4_000 == 1_500 { "fail" } else { "hit" };
            script.push_str(&format!("{item} {what} count[{item}] 1 no\n"));
        }
        check(
            "steps: [{ id: count, each: \"{{ range(9) }}\", run: [a] }]",
            &script,
            0,
            "
· count             1.0s  1000/10000 · 1000 cached
✗ count[1500] item  failed: no
· count             2.0s  2000/10000 · 1999 cached · 1 failed
· count             3.0s  3000/10000 · 2999 cached · 1 failed
· count             4.0s  4000/10000 · 3999 cached · 1 failed
· count             5.0s  5000/10000 · 4999 cached · 1 failed
✗ count[5500] item  failed: no
· count             6.0s  6000/10000 · 5998 cached · 2 failed
· count             7.0s  7000/10000 · 6998 cached · 2 failed
· count             8.0s  8000/10000 · 7998 cached · 2 failed
· count             9.0s  9000/10000 · 8998 cached · 2 failed
✗ count[9500] item  failed: no
✗ count             10.0s  10000/10000 · 9997 cached · 3 failed",
        );
    }

    #[test]
    fn a_long_list_is_counted_every_five_seconds_in_any_case() {
        let mut script = "0 run\n0 items count 1000\n".to_owned();
        for item in 0..5 {
            script.push_str(&format!("{} done count[{item}] 1 x\n", (item + 1) * 2_000));
        }
        check(
            "steps: [{ id: count, each: \"{{ range(9) }}\", run: [a] }]",
            &script,
            0,
            "· count             6.0s  3/1000",
        );
    }

    #[test]
    fn what_was_recorded_before_is_folded_in_silence() {
        check(
            "steps: [{ id: a, run: [a] }, { id: b, run: [b] }]",
            "0 run\n0 start a\n10 done a 10\n10 start b\n9000 resume\n9000 start b\n9010 done b 10\n20 over succeeded",
            9_000,
            "
✓ b                 0.0s
✓ succeeded · 2/2 · 0.0s",
        );
    }

    #[test]
    fn groups_that_never_open_say_why() {
        check(
            "parallel: [{ id: a, run: [a] }, { id: b, needs: [a], steps: [{ id: c, run: [c] }] }]",
            "0 run\n0 start a\n10 fail a 10 no\n10 blocked b a\n10 pause",
            0,
            "
✗ a                 failed: no
– b                 skipped: 'a' did not end well
· paused (interrupted) · 2/2 · 1 failed · 1 skipped · 0.0s",
        );
    }
}
