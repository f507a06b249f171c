//! Events without what a picture does not show: the engine's fold keeps the items, inputs and outputs that it is given.

use std::borrow::Cow;

use segno_orchestrator::model::{Event, Fact, Inputs, Reply};
use serde_json::Value;

/// Returns an event with the same effect on where a run stands, and nothing in it that could be large.
pub(super) fn lean(event: &Event) -> Cow<'_, Event> {
    let fact = match &event.fact {
        Fact::Expanded { step, items } => Fact::Expanded { step: step.clone(), items: vec![Value::Null; items.len()] },
        Fact::Entered { step, .. } => Fact::Entered { step: step.clone(), inputs: Inputs::default() },
        Fact::Concluded { step, .. } => Fact::Concluded { step: step.clone(), outputs: Inputs::default() },
        Fact::StepReplied { step, attempt, .. } => {
            Fact::StepReplied { step: step.clone(), attempt: *attempt, reply: Reply::default().into() }
        }
        Fact::DataGot { step, .. } => Fact::DataGot { step: step.clone(), values: Inputs::default() },
        Fact::DataPut { step, key, .. } => Fact::DataPut { step: step.clone(), key: key.clone(), value: Value::Null },
        _ => return Cow::Borrowed(event),
    };
    Cow::Owned(Event { seq: event.seq, at: event.at, fact })
}
