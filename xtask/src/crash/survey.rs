//! Looks at a project after each stop of its run: what must hold then, and at the end.

use super::effects::{self, Effect};
use super::journal::{Journal, Settled, over, settled};
use super::project::{Ended, Project};

/// How an unkilled run ends: the state of the run and of each task.
pub type Report = Vec<(String, String)>;

/// What earlier looks at one run found.
#[derive(Debug, Default)]
pub struct Survey {
    /// The runs that this one was forked from, the nearest last: nothing of them may change.
    older: Vec<Journal>,
    /// What the run's journal held.
    pub journal: Option<Journal>,
    settled: Settled,
    /// What had been done outside.
    effects: Vec<Effect>,
    /// Events that were seen as acknowledged.
    pub acknowledged: usize,
}

/// What is to be done next with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing of it was recorded: it can only begin.
    Begin,
    /// It can be resumed.
    Resume(String),
    /// It has ended.
    Nothing,
}

impl Survey {
    /// Goes on to look at a fork of the run, in which what is `kept` must not begin again.
    pub fn fork(self, kept: Settled) -> Survey {
        let older = self.older.into_iter().chain(self.journal).collect();
        Survey { older, settled: kept, effects: self.effects, journal: None, acknowledged: 0 }
    }

    /// Looks at the project now that its process has ended, and says what is next.
    ///
    /// # Errors
    /// Every breach of what segno promises, one a line.
    pub fn look(&mut self, project: &Project<'_>, ended: Ended) -> Result<Next, String> {
        let acknowledged = project.acknowledged(&self.older)?;
        let effects = project.effects()?;
        let mut journals = project.journals()?;
        let mut breaches: Vec<String> = self.older.iter().filter_map(|older| touched(older, &journals)).collect();
        journals.retain(|journal| self.older.iter().all(|older| older.run != journal.run));
        if journals.len() > 1 {
            breaches.push(format!("{} runs were recorded and one was begun", journals.len()));
        }
        let journal = journals.pop();
        let held = journal.clone().unwrap_or_default();
        if held.parent() != self.older.last().map(|older| &*older.run).filter(|_| journal.is_some()) {
            breaches.push(format!("the run names the wrong one as the older: {:?}", held.parent()));
        }
        breaches.extend(held.lost(&acknowledged));
        breaches.extend(self.journal.iter().flat_map(|earlier| held.changed(earlier)));
        // A fork says by what it took over that it will not do it again.
        self.settled.extend(over(held.taken_over().0));
        breaches.extend(effects::repeated(&self.effects, &effects, &self.settled));
        breaches.extend(effects::overlaps(&effects));
        let has_ended = held.end().is_some();
        match ended {
            Ended::Exited(0) if has_ended => {}
            Ended::Exited(code) => breaches.push(format!("segno ended with exit code {code} before its run did")),
            Ended::Killed => {}
        }
        if !breaches.is_empty() {
            return Err(breaches.join("\n"));
        }
        self.acknowledged = acknowledged.len();
        self.settled.extend(settled(&acknowledged));
        self.effects = effects;
        self.journal = journal;
        Ok(match &self.journal {
            None => Next::Begin,
            Some(_) if has_ended => Next::Nothing,
            Some(journal) => Next::Resume(journal.run.clone()),
        })
    }
}

/// Says how a run that was to stay as it was has been changed.
fn touched(older: &Journal, now: &[Journal]) -> Option<String> {
    let found = now.iter().find(|journal| journal.run == older.run);
    (found != Some(older)).then(|| {
        let held = found.map_or(0, |journal| journal.events.len());
        format!("run {} had {} events when it was forked, and not the same {held} now", older.run, older.events.len())
    })
}

/// Says where a run ended otherwise than one that was not killed.
///
/// # Errors
/// The differences, one a line.
pub fn compare(expected: &Report, found: &Report) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    let state =
        |report: &Report, task: &str| report.iter().find(|(name, _)| name == task).map(|(_, state)| state.clone());
    let names = expected.iter().chain(found).map(|(name, _)| name);
    let mut differences: Vec<String> = names
        .filter(|name| state(expected, name) != state(found, name))
        .map(|name| {
            let told = |report| state(report, name).unwrap_or_else(|| "missing".to_owned());
            format!("{name} is {} and would be {} without a kill", told(found), told(expected))
        })
        .collect();
    differences.dedup();
    if differences.is_empty() {
        differences.push("the report has its tasks in another order".to_owned());
    }
    Err(differences.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: &[(&str, &str)], found: &[(&str, &str)], difference: Option<&str>) {
        let report =
            |rows: &[(&str, &str)]| rows.iter().map(|(name, state)| ((*name).into(), (*state).into())).collect();
        let compared = compare(&report(expected), &report(found));
        assert_eq!(compared.err().as_deref(), difference);
    }

    #[test]
    fn a_run_that_ends_otherwise_is_told_task_by_task() {
        check(&[("a", "succeeded")], &[("a", "succeeded")], None);
        check(&[("a", "succeeded")], &[("a", "failed")], Some("a is failed and would be succeeded without a kill"));
        check(&[("a", "succeeded")], &[], Some("a is missing and would be succeeded without a kill"));
        check(&[("a", "x"), ("b", "x")], &[("b", "x"), ("a", "x")], Some("the report has its tasks in another order"));
    }
}
