//! Quality: how much of what was to be done was done, from 0 to 1, with what that was made from.

use super::fold::Report;
use super::steps::{Role, StepReport};
use super::task::TaskReport;
use super::words::counted;
use crate::model::{Outcome, Reply, Skip, Status, StepId};

/// The quality of a run: the mean of its steps' qualities, weighted by their weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    /// From 0 to 1.
    pub value: f64,
    /// The steps that it was made from, in the file's order.
    pub evidence: Vec<StepQuality>,
}

/// The quality of a step: the mean of its tasks' qualities.
#[derive(Clone, Debug, PartialEq)]
pub struct StepQuality {
    /// The step.
    pub step: StepId,
    /// How much it counts.
    pub weight: f64,
    /// From 0 to 1.
    pub value: f64,
    /// How many tasks count.
    pub tasks: usize,
    /// Why it is what it is.
    pub because: String,
}

impl Report {
    /// Returns the quality of what has ended so far; `None` while nothing that counts has.
    ///
    /// A step counts once, however many items it has: its own quality is the mean of its tasks'.
    pub fn quality(&self) -> Option<Quality> {
        let evidence: Vec<StepQuality> = self.steps.iter().filter_map(StepReport::quality).collect();
        let weight: f64 = evidence.iter().map(|step| step.weight).sum();
        if weight <= 0.0 {
            return None;
        }
        let sum: f64 = evidence.iter().map(|step| step.weight * step.value).sum();
        // Rounding may carry a sum of many steps past its bound.
        Some(Quality { value: (sum / weight).clamp(0.0, 1.0), evidence })
    }
}

impl StepReport {
    /// Returns the quality of the step; `None` when no task of it counts.
    pub fn quality(&self) -> Option<StepQuality> {
        let tasks: Vec<&TaskReport> = self.tasks.iter().filter(|task| task.kept).collect();
        let counted: Vec<f64> = tasks.iter().filter_map(|task| task.quality()).collect();
        if counted.is_empty() || self.role != Role::Work {
            return None;
        }
        let value = (counted.iter().sum::<f64>() / counted.len() as f64).clamp(0.0, 1.0);
        let (step, weight, because) = (self.step.clone(), self.weight, because(&tasks));
        Some(StepQuality { step, weight, value, tasks: counted.len(), because })
    }
}

impl TaskReport {
    /// Returns the task's quality: what its judge or its agent said, else 1 for success and 0.5 for a part; 0 for failure,
    /// for what was given up and for what could not begin because something before it failed. `None` while it has not ended,
    /// and for what was not wanted: its own condition said no, or the run was asked for other steps.
    pub fn quality(&self) -> Option<f64> {
        match self.outcome.as_ref()? {
            Outcome::Succeeded { reply } => Some(judged(reply).unwrap_or(1.0)),
            Outcome::Partial { reply } => Some(judged(reply).unwrap_or(0.5)),
            Outcome::Failed { .. } => Some(0.0),
            Outcome::Skipped { because: Skip::Needs { .. } | Skip::Unreached | Skip::LeftOut } => Some(0.0),
            Outcome::Skipped { because: Skip::Guard | Skip::Excluded } => None,
        }
    }

    /// Says why the quality of the task is below 1; `None` when it is not.
    fn shortfall(&self) -> Option<&'static str> {
        match self.outcome.as_ref()? {
            Outcome::Failed { .. } => Some("failed"),
            Outcome::Partial { .. } => Some("gave a part"),
            Outcome::Skipped { because: Skip::LeftOut } => Some("left out"),
            Outcome::Skipped { because: Skip::Needs { .. } | Skip::Unreached } => Some("could not begin"),
            Outcome::Succeeded { reply } if judged(reply).is_some_and(|quality| quality < 1.0) => {
                Some("judged below 1")
            }
            Outcome::Succeeded { .. } | Outcome::Skipped { because: Skip::Guard | Skip::Excluded } => None,
        }
    }
}

/// Returns what was said of a result. Only what is stored wrongly is out of bounds.
fn judged(reply: &Reply) -> Option<f64> {
    reply.quality.filter(|quality| quality.is_finite()).map(|quality| quality.clamp(0.0, 1.0))
}

/// Says in words why a step's quality is what it is.
fn because(tasks: &[&TaskReport]) -> String {
    let short: Vec<&str> = tasks.iter().filter_map(|task| task.shortfall()).collect();
    let Some(first) = short.first() else { return "done".into() };
    if let [task] = tasks {
        // Only one thing can be said; who said it is the evidence.
        return match task.checks().iter().rev().find(|check| check.score.is_some()) {
            Some(judge) if task.status() == Some(Status::Succeeded) => format!("judged by {}", judge.check),
            None if task.status() == Some(Status::Succeeded) => "by its own account".into(),
            _ => (*first).to_owned(),
        };
    }
    let mut words: Vec<&str> = Vec::new();
    short.iter().for_each(|word| words.extend((!words.contains(word)).then_some(*word)));
    let count = |word: &&str| format!("{} {word}", short.iter().filter(|other| *other == word).count());
    format!("{}: {}", counted(tasks.len(), "task"), words.iter().map(count).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use segno_errors::{Fault, Kind};

    use super::*;
    use crate::Definition;
    use crate::agents::Registry;
    use crate::model::{Event, Fact, Reply, RunId, Source, Timestamp};

    const FLOW: &str = "steps: [{ id: a, run: [x] }, { id: b, each: [1, 2, 3, 4], run: [x] }, { id: c, run: [x] }]";

    /// Folds ends of tasks, written as `b[2]=partial`, to a report.
    fn report(ends: &str) -> Report {
        let plan = Definition::parse(FLOW, "a.yaml", &Registry::default()).unwrap().plan;
        let end = |(index, end): (usize, &str)| {
            let (step, status) = end.split_once('=').unwrap();
            let outcome = match status {
                "succeeded" => Outcome::of_reply(Reply::default()),
                "partial" => Outcome::of_reply(Reply { partial: true, ..Reply::default() }),
                "failed" => Outcome::of_fault(Fault::new(Kind::Internal, "no")),
                "guard" => Outcome::Skipped { because: Skip::Guard },
                "needs" => Outcome::Skipped { because: Skip::Needs { step: "a".into() } },
                other => panic!("{other}"),
            };
            let step = step.parse().unwrap();
            let fact = Fact::StepEnded { step, outcome, source: Source::Ran, took_ms: 1, decision: None, label: None };
            Event { seq: index as u64 + 1, at: Timestamp(1), fact }
        };
        let events: Vec<Event> = ends.split_whitespace().enumerate().map(end).collect();
        Report::of(&RunId::new("r").unwrap(), &plan, &events, true)
    }

    /// Compares the quality, and each step with its quality and reason.
    fn check(ends: &str, expected: &str) {
        let said = report(ends).quality().map_or("unknown".to_owned(), |quality| {
            let step = |step: &StepQuality| format!("; {} {:.2} {}", step.step, step.value, step.because);
            let steps: String = quality.evidence.iter().map(step).collect();
            format!("{:.2}{steps}", quality.value)
        });
        assert_eq!(said, expected, "{ends}");
    }

    #[test]
    fn a_run_is_as_good_as_its_steps_and_a_step_as_its_items() {
        check("", "unknown");
        check("a=guard", "unknown");
        check("a=succeeded c=guard", "1.00; a 1.00 done");
        check("a=succeeded c=partial", "0.75; a 1.00 done; c 0.50 gave a part");
        check("a=failed c=needs", "0.00; a 0.00 failed; c 0.00 could not begin");
        check(
            "a=succeeded b[0]=succeeded b[1]=failed b[2]=partial b[3]=partial",
            "0.75; a 1.00 done; b 0.50 4 tasks: 1 failed, 2 gave a part",
        );
    }

    #[test]
    fn a_step_counts_as_much_as_its_weight() {
        let mut report = report("a=succeeded c=failed");
        report.steps.iter_mut().filter(|step| step.step.as_str() == "a").for_each(|step| step.weight = 3.0);
        assert_eq!(report.quality().unwrap().value, 0.75);
    }

    proptest! {
        #[test]
        fn whatever_ends_in_whatever_way_quality_stays_between_0_and_1(
            ends in prop::collection::vec((0usize..6, 0usize..5, 0.001f64..1e6), 0..6),
        ) {
            let (steps, ways) = (["a", "c", "b[0]", "b[1]", "b[2]", "b[3]"], ["succeeded", "partial", "failed", "guard", "needs"]);
            let words: Vec<String> = ends.iter().map(|(step, way, _)| format!("{}={}", steps[*step], ways[*way])).collect();
            let mut report = report(&words.join(" "));
            report.steps.iter_mut().zip(&ends).for_each(|(step, (.., weight))| step.weight = *weight);
            if let Some(quality) = report.quality() {
                prop_assert!((0.0..=1.0).contains(&quality.value));
                let all = |value: f64| quality.evidence.iter().all(|step| step.value == value);
                prop_assert!(!all(1.0) || quality.value > 0.999_999);
                prop_assert!(!all(0.0) || quality.value == 0.0);
            }
        }
    }
}
