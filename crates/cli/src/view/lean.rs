//! Events without what a picture does not show: the engine's fold keeps what it is given, and a view needs no outputs.

use std::borrow::Cow;

use segno_errors::{Fault, Kind};
use segno_orchestrator::model::{Event, Fact, Inputs, Outcome, Reply};
use serde_json::Value;

/// Returns an event with the same effect on where a run stands, and nothing in it that could be large.
pub(super) fn lean(event: &Event) -> Cow<'_, Event> {
    let fact = match &event.fact {
        Fact::StepEnded { step, outcome, source, took_ms, .. } => {
            let (step, outcome, source) = (step.clone(), bare(outcome), source.clone());
            Fact::StepEnded { step, outcome, source, took_ms: *took_ms, label: None }
        }
        Fact::Expanded { step, items } => Fact::Expanded { step: step.clone(), items: vec![Value::Null; items.len()] },
        Fact::Entered { step, .. } => Fact::Entered { step: step.clone(), inputs: Inputs::default() },
        Fact::Concluded { step, .. } => Fact::Concluded { step: step.clone(), outputs: Inputs::default() },
        Fact::StepReplied { step, attempt, .. } => {
            Fact::StepReplied { step: step.clone(), attempt: *attempt, reply: Reply::default() }
        }
        Fact::DataGot { step, .. } => Fact::DataGot { step: step.clone(), values: Inputs::default() },
        Fact::DataPut { step, key, .. } => Fact::DataPut { step: step.clone(), key: key.clone(), value: Value::Null },
        _ => return Cow::Borrowed(event),
    };
    Cow::Owned(Event { seq: event.seq, at: event.at, fact })
}

fn bare(outcome: &Outcome) -> Outcome {
    match outcome {
        Outcome::Succeeded { .. } => Outcome::Succeeded { reply: Reply::default() },
        Outcome::Partial { .. } => Outcome::Partial { reply: Reply::default() },
        Outcome::Failed { .. } => Outcome::of_fault(Fault::new(Kind::Internal, "")),
        Outcome::Skipped { because } => Outcome::Skipped { because: because.clone() },
    }
}
