//! What steps took and cost before: low, expected and high, from the runs that the journal holds. Unknown is never nothing.

use std::collections::HashMap;
use std::time::Duration;

use segno_errors::Fault;

use crate::journal::Journal;
use crate::model::{Event, Fact, Outcome, Source, StepId};

/// The most runs of one workflow that are looked at, newest first.
const MAX_RUNS: usize = 20;
/// The most runs of all workflows that are looked through for them.
const MAX_SEARCHED: usize = 500;

/// Low, expected and high: the smallest, the median and the largest that was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span<T> {
    /// The smallest that was seen.
    pub low: T,
    /// The median.
    pub expected: T,
    /// The largest that was seen.
    pub high: T,
}

/// What one call of a step may take and cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// How long; `None` when it never ran.
    pub time: Option<Span<Duration>>,
    /// How much money in US dollars; `None` when no call said so.
    pub cost: Option<Span<f64>>,
    /// From how many calls that is known.
    pub calls: usize,
}

/// What the steps of a workflow took and cost.
///
/// All calls of a step count together, whatever its item: one of ten thousand items is like the others.
#[derive(Clone, Debug, Default)]
pub struct Estimates {
    /// Sorted once all are gathered.
    times: HashMap<StepId, Vec<Duration>>,
    costs: HashMap<StepId, Vec<f64>>,
}

impl Estimates {
    /// Gathers what is known of a workflow from its newest runs.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn of(journal: &dyn Journal, flow: &str) -> Result<Estimates, Fault> {
        let mut estimates = Estimates::default();
        let runs = journal.runs(MAX_SEARCHED)?;
        for entry in runs.iter().filter(|entry| entry.flow == flow).take(MAX_RUNS) {
            journal.replay(&entry.id, &mut |event| estimates.see(&event))?;
        }
        Ok(estimates.sorted())
    }

    fn sorted(mut self) -> Estimates {
        self.times.values_mut().for_each(|times| times.sort_unstable());
        self.costs.values_mut().for_each(|costs| costs.sort_unstable_by(f64::total_cmp));
        self
    }

    /// Takes one event in: a call that ended by itself says what such a call takes.
    fn see(&mut self, event: &Event) {
        let Fact::StepEnded { step, outcome, source: Source::Ran, took_ms, .. } = &event.fact else {
            return;
        };
        if !matches!(outcome, Outcome::Succeeded { .. } | Outcome::Partial { .. }) {
            return;
        }
        self.times.entry(step.step.clone()).or_default().push(Duration::from_millis(*took_ms));
        if let Some(cost) = outcome.reply().and_then(|reply| reply.usage.cost_usd) {
            self.costs.entry(step.step.clone()).or_default().push(cost);
        }
    }

    /// Returns what a call of a step may take and cost.
    pub fn step(&self, step: &StepId) -> Estimate {
        let times = self.times.get(step).map(Vec::as_slice).unwrap_or_default();
        let costs = self.costs.get(step).map(Vec::as_slice).unwrap_or_default();
        Estimate { time: span(times), cost: span(costs), calls: times.len() }
    }
}

fn span<T: Copy>(sorted: &[T]) -> Option<Span<T>> {
    Some(Span { low: *sorted.first()?, expected: sorted[(sorted.len() - 1) / 2], high: *sorted.last()? })
}

/// What a number of calls may take and cost together, and of how many of them nothing is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Total {
    /// The time of the calls one after the other, as far as it is known.
    pub time: Span<Duration>,
    /// Their money in US dollars, as far as it is known.
    pub cost: Span<f64>,
    /// Calls whose time is not known.
    pub unknown_time: usize,
    /// Calls whose cost is not known.
    pub unknown_cost: usize,
}

impl Default for Total {
    fn default() -> Total {
        Total {
            time: Span { low: Duration::ZERO, expected: Duration::ZERO, high: Duration::ZERO },
            cost: Span { low: 0.0, expected: 0.0, high: 0.0 },
            unknown_time: 0,
            unknown_cost: 0,
        }
    }
}

impl Total {
    /// Adds a call.
    pub fn add(&mut self, estimate: &Estimate) {
        match estimate.time {
            Some(Span { low, expected, high }) => {
                self.time.low += low;
                self.time.expected += expected;
                self.time.high += high;
            }
            None => self.unknown_time += 1,
        }
        match estimate.cost {
            Some(Span { low, expected, high }) => {
                self.cost.low += low;
                self.cost.expected += expected;
                self.cost.high += high;
            }
            None => self.unknown_cost += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Reply, Timestamp, Usage};

    fn ended(took_ms: u64, cost_usd: Option<f64>, source: Source) -> Event {
        let usage = Usage { cost_usd, ..Usage::default() };
        let outcome = Outcome::of_reply(Reply { usage, ..Reply::default() });
        let fact =
            Fact::StepEnded { step: "a[1]".parse().unwrap(), outcome, source, took_ms, decision: None, label: None };
        Event { seq: 2, at: Timestamp(0), fact }
    }

    #[test]
    fn what_was_remembered_says_nothing_and_what_is_unknown_is_not_nothing() {
        let step = StepId::new("a").unwrap();
        let mut estimates = Estimates::default();
        assert_eq!(estimates.step(&step), Estimate::default());
        estimates.see(&ended(5, None, Source::Cache { key: String::new(), restored: Vec::new() }));
        assert_eq!(estimates.step(&step), Estimate::default());
        [30, 10, 20].into_iter().for_each(|took| estimates.see(&ended(took, None, Source::Ran)));
        estimates.see(&ended(40, Some(0.5), Source::Ran));
        let estimates = estimates.sorted();
        let millis = Duration::from_millis;
        let known = estimates.step(&step);
        assert_eq!(known.time, Some(Span { low: millis(10), expected: millis(20), high: millis(40) }));
        assert_eq!((known.cost, known.calls), (Some(Span { low: 0.5, expected: 0.5, high: 0.5 }), 4));
        let mut total = Total::default();
        [known, known, Estimate::default()].iter().for_each(|estimate| total.add(estimate));
        assert_eq!((total.time.expected, total.cost.high), (millis(40), 1.0));
        assert_eq!((total.unknown_time, total.unknown_cost), (1, 1));
    }
}
