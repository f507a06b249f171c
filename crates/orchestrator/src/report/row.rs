//! What there is to say of a step in one row: how it ended, all its tasks together, and the facts beside that.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::fold::Report;
use super::steps::{Shape, StepReport};
use super::task::TaskReport;
use super::words::{counted, cut, joined_reasons, money, short_duration};
use crate::model::{Outcome, Skip, Status, Verdict};

/// The most letters of a summary in a row.
const MAX_SUMMARY: usize = 80;

impl Report {
    /// Says how many tasks there were, and how many of them ended in which way. Of a loop's rounds one counts.
    pub(super) fn counts(&self) -> Vec<String> {
        let tasks: Vec<&TaskReport> = self.tasks().filter(|task| task.kept).collect();
        let count = |test: fn(&TaskReport) -> bool| tasks.iter().filter(|task| test(task)).count();
        let done = count(|task| matches!(task.status(), Some(Status::Succeeded | Status::Partial)));
        let cached = count(|task| task.cached);
        let mut facts = vec![format!("{} of {} done", done, counted(tasks.len(), "task"))];
        if cached > 0 && cached == tasks.len() {
            facts = vec![format!("all {} cached", counted(cached, "task"))];
        } else if cached > 0 {
            facts.push(format!("{cached} cached"));
        }
        let others = self.tasks().count() - tasks.len();
        let told = [
            (count(|task| task.taken_over), "kept"),
            (count(|task| task.status() == Some(Status::Failed)), "failed"),
            (count(|task| task.status() == Some(Status::Skipped)), "skipped"),
            (count(|task| task.attempts > 1), "retried"),
            (others, "in other rounds"),
        ];
        facts.extend(told.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")));
        facts.extend(self.usage().cost_usd.map(money));
        facts
    }

    /// Returns how each of the first steps ended, all its tasks together, and what there is to say of it.
    pub(super) fn rows(&self, count: usize) -> impl Iterator<Item = (&StepReport, Option<Status>, String)> {
        self.steps.iter().zip(self.statuses_of_groups()).take(count).map(|(step, of_group)| {
            let (status, words) = match step.shape {
                Shape::One => step.words_of_one(),
                Shape::Many => step.words_of_many(),
                Shape::Group => (of_group, step.words_of_group()),
            };
            (step, status, words)
        })
    }

    /// Returns the status of each step as a group: that of the worst step in it. What is in a group stands after it.
    fn statuses_of_groups(&self) -> Vec<Option<Status>> {
        // By depth: the statuses of the steps there that no group has taken in yet.
        let mut open: Vec<BTreeSet<Option<Status>>> = Vec::new();
        let mut statuses = Vec::with_capacity(self.steps.len());
        for step in self.steps.iter().rev() {
            open.resize_with(open.len().max(step.depth + 1), BTreeSet::new);
            let inside: BTreeSet<Option<Status>> = open.drain(step.depth + 1..).flatten().collect();
            let own = step.loops.iter().filter_map(|own| own.status()).map(Some);
            statuses.push(worst(&own.chain(inside.iter().copied()).collect::<Vec<_>>()));
            open[step.depth].extend(step.counted().chain(inside));
        }
        statuses.reverse();
        statuses
    }

    /// Returns the tasks that failed, with their steps. A round that was made better by a later one is none.
    pub(super) fn failed(&self) -> Vec<(&StepReport, &TaskReport)> {
        let tasks = self.steps.iter().flat_map(|step| step.tasks.iter().map(move |task| (step, task)));
        tasks.filter(|(_, task)| task.kept && task.status() == Some(Status::Failed)).collect()
    }
}

impl StepReport {
    fn words_of_one(&self) -> (Option<Status>, String) {
        let Some(task) = self.tasks.first() else {
            return (None, "not reached".into());
        };
        let mut words = vec![match &task.outcome {
            None => "not finished".into(),
            Some(Outcome::Skipped { because }) => skipped(because),
            Some(_) if task.taken_over => "kept".into(),
            Some(_) if task.cached => cached(task),
            Some(_) => short_duration(task.took),
        }];
        words.extend((task.attempts > 1 && !task.is_free() && task.outcome.is_some()).then(|| tried(task.attempts)));
        words.extend(task.facts());
        words.extend(
            (!task.because.is_empty() && !task.taken_over)
                .then(|| format!("re-run because {}", joined_reasons(&task.because))),
        );
        (task.status(), words.join("  "))
    }

    fn words_of_many(&self) -> (Option<Status>, String) {
        if self.tasks.is_empty() {
            return match self.reached {
                true => (Some(Status::Succeeded), "no items".into()),
                false => (None, "not reached".into()),
            };
        }
        let kept: Vec<&TaskReport> = self.tasks.iter().filter(|task| task.kept).collect();
        let mut facts = self.extent(kept.len());
        let cached = kept.iter().filter(|task| task.cached).count();
        match cached {
            0 => {}
            all if all == kept.len() => facts.push("all cached".into()),
            some => facts.push(format!("{some} cached")),
        }
        let taken_over = kept.iter().filter(|task| task.taken_over).count();
        facts.extend((taken_over > 0).then(|| format!("{taken_over} kept")));
        let mut counts: BTreeMap<Option<Status>, usize> = BTreeMap::new();
        kept.iter().for_each(|task| *counts.entry(task.status()).or_default() += 1);
        for (status, word) in [
            (Some(Status::Failed), "failed"),
            (Some(Status::Partial), "did a part"),
            (Some(Status::Skipped), "skipped"),
            (None, "not finished"),
        ] {
            facts.extend(counts.get(&status).map(|count| format!("{count} {word}")));
        }
        let busy: Duration = self.tasks.iter().filter(|task| !task.is_free()).map(|task| task.took).sum();
        if !busy.is_zero() {
            facts.push(short_duration(busy));
        }
        facts.extend(secrets(kept.iter().map(|task| task.hidden()).sum()));
        let own = self.loops.iter().filter_map(|own| own.status()).map(Some);
        let statuses: Vec<Option<Status>> = own.chain(kept.iter().map(|task| task.status())).collect();
        (worst(&statuses), facts.join(", "))
    }

    /// Says how many items and rounds there were.
    fn extent(&self, kept: usize) -> Vec<String> {
        let mut facts = Vec::new();
        match (self.in_rounds, &self.loops[..]) {
            (true, [own]) => facts.push(own.words()),
            (true, _) => facts.push(counted(self.tasks.len(), "round")),
            (false, _) => {
                facts.push(counted(kept, "item"));
                facts.extend((self.tasks.len() > kept).then(|| counted(self.tasks.len(), "round")));
            }
        }
        facts
    }

    fn words_of_group(&self) -> String {
        let chosen = self.chosen.iter().map(|value| format!("case '{}'", cut(value, MAX_SUMMARY)));
        let loops = match &self.loops[..] {
            [] => None,
            [own] => Some(own.words()),
            loops => {
                let rounds: u32 = loops.iter().map(|own| own.rounds).sum();
                let limited = loops.iter().filter(|own| own.verdict == Some(Verdict::Limit)).count();
                let limited = if limited > 0 { format!(", {limited} ended by their limit") } else { String::new() };
                Some(format!("{} with {}{limited}", counted(loops.len(), "loop"), counted(rounds as usize, "round")))
            }
        };
        chosen.chain(loops).collect::<Vec<_>>().join(", ")
    }

    /// Returns the statuses of its tasks as they count for a group round it: what may fail counts as partial.
    fn counted(&self) -> impl Iterator<Item = Option<Status>> {
        let own = self.loops.iter().filter_map(|own| own.status()).map(Some);
        let tasks = self.tasks.iter().filter(|task| task.kept).map(|task| task.status());
        own.chain(tasks).map(|status| match status {
            Some(Status::Failed) if self.optional => Some(Status::Partial),
            status => status,
        })
    }
}

impl TaskReport {
    /// Returns what there is to say beside how it ended: who did it, how good it is, what was done.
    fn facts(&self) -> Vec<String> {
        let mut facts = Vec::new();
        if let (Some(first), Some(agent)) = (self.failed_agents.first(), &self.agent) {
            facts.push(format!("by {agent} in place of {}", first.agent));
        }
        if let Some(quality) = self.reply().and_then(|reply| reply.quality).filter(|quality| *quality < 1.0) {
            facts.push(format!("quality {quality:.2}"));
        }
        facts.extend(secrets(self.hidden()));
        facts.extend(self.summary().map(|summary| cut(&summary.replace('\n', " "), MAX_SUMMARY)));
        facts
    }
}

/// Says in how many places of an output secrets are hidden, if in any.
fn secrets(hidden: u64) -> Option<String> {
    let places = usize::try_from(hidden).unwrap_or(usize::MAX);
    (hidden > 0).then(|| format!("secrets hidden in {}", counted(places, "place")))
}

/// Says why a task did not run.
pub(super) fn skipped(because: &Skip) -> String {
    match because {
        Skip::Guard => "skipped: its 'if' did not hold".into(),
        Skip::Needs { step } => format!("skipped: it needs '{step}'"),
        Skip::LeftOut => "left out: its 'skip_when' holds".into(),
        Skip::Excluded => "not asked for".into(),
        Skip::Unreached => "not reached".into(),
    }
}

/// Returns the status that tells most.
fn worst(statuses: &[Option<Status>]) -> Option<Status> {
    let order = [Some(Status::Failed), None, Some(Status::Partial), Some(Status::Succeeded), Some(Status::Skipped)];
    order.into_iter().find(|status| statuses.contains(status)).flatten()
}

fn cached(task: &TaskReport) -> String {
    match task.restored.len() {
        0 => "cached".into(),
        count => format!("cached, {} restored", counted(count, "file")),
    }
}

fn tried(attempts: u32) -> String {
    format!("after {}", counted(attempts as usize, "attempt"))
}
