//! Quality over many runs of one workflow: how good they were on average, and which steps cost most of it.

use std::collections::HashMap;

use segno_orchestrator::model::StepId;
use segno_orchestrator::report::Quality;
use serde::Serialize;

/// How many of the weakest steps are named.
const NAMED_WEAKEST: usize = 3;

/// The quality of runs of a workflow. Of a single run see `Report::quality`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowQuality {
    /// The mean of the runs' qualities, from 0 to 1.
    pub mean: f64,
    /// How many runs it was made from.
    pub runs: usize,
    /// The steps whose quality is below 1, the costliest first: those by which the mean is lowest.
    pub weakest: Vec<WeakStep>,
}

/// A step that is not as good as it could be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WeakStep {
    /// The step.
    pub step: StepId,
    /// Its mean quality in the runs in which it counts.
    pub mean: f64,
    /// How many runs those are.
    pub runs: usize,
    /// By how much it lowers the mean of all runs.
    pub cost: f64,
}

#[derive(Default)]
struct Sum {
    quality: f64,
    runs: usize,
    cost: f64,
}

impl FlowQuality {
    /// Returns the quality of runs; `None` when there are none.
    ///
    /// ```
    /// use segno_monitor::FlowQuality;
    /// use segno_orchestrator::report::Quality;
    ///
    /// let run = |value| Quality { value, evidence: Vec::new() };
    /// let flow = FlowQuality::of(&[run(1.0), run(0.5)]).unwrap();
    /// assert_eq!((flow.mean, flow.runs), (0.75, 2));
    /// assert!(FlowQuality::of(&[]).is_none());
    /// ```
    pub fn of<'q>(runs: impl IntoIterator<Item = &'q Quality>) -> Option<FlowQuality> {
        let (mut total, mut count) = (0.0, 0_usize);
        let mut steps: HashMap<&StepId, Sum> = HashMap::new();
        for run in runs {
            total += run.value;
            count += 1;
            let weight: f64 = run.evidence.iter().map(|step| step.weight).sum();
            for step in &run.evidence {
                let sum = steps.entry(&step.step).or_default();
                sum.quality += step.value;
                sum.runs += 1;
                sum.cost += (1.0 - step.value) * step.weight / weight;
            }
        }
        if count == 0 {
            return None;
        }
        let weak = |(step, sum): (&StepId, Sum)| WeakStep {
            step: step.clone(),
            mean: (sum.quality / sum.runs as f64).clamp(0.0, 1.0),
            runs: sum.runs,
            cost: sum.cost / count as f64,
        };
        let mut weakest: Vec<WeakStep> = steps.into_iter().map(weak).filter(|step| step.cost > 0.0).collect();
        weakest.sort_by(|one, other| other.cost.total_cmp(&one.cost).then_with(|| one.step.cmp(&other.step)));
        weakest.truncate(NAMED_WEAKEST);
        Some(FlowQuality { mean: (total / count as f64).clamp(0.0, 1.0), runs: count, weakest })
    }
}
