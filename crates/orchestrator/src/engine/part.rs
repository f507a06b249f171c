//! One part of an attempt: what is asked, and what its answer means. Who asks, and where that waits, is the world's
//! business.

use std::sync::Arc;

use segno_errors::{Fault, Kind};

use super::prepare::{self, Prepared};
use super::verify;
use super::world::{Asked, Dispatch};
use crate::agents::{Failed, Request};
use crate::journal::Blobs;
use crate::model::Reply;
use crate::plan::{Call, Plan, Task, Verifier};

/// What came back of one part of an attempt.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// There is more to do before the attempt counts.
    More(Reply),
    /// That was all.
    Last(Reply),
}

/// Renders what a task is asked.
pub(crate) fn render(task: &Task, dispatch: &Dispatch) -> Result<Prepared, Fault> {
    let request = prepare::request(&task.alternative(dispatch.call).call, &dispatch.scope)?;
    Ok(Prepared { request, remembered: None })
}

/// Says what is known of a task where nothing is remembered: it is a miss.
pub(crate) fn unremembered(plan: &Plan, dispatch: Dispatch) -> (Dispatch, Asked) {
    let rendered = match plan.node(dispatch.node).task() {
        Some(task) => render(task, &dispatch),
        None => Err(Fault::new(Kind::Internal, "only tasks are called")),
    };
    let asked = match rendered {
        Ok(prepared) => Asked::Miss { prepared: Arc::new(prepared), because: Vec::new() },
        Err(fault) => Asked::Broken(fault),
    };
    (dispatch, asked)
}

/// A verifier with its number and the agent's own reply.
type Next<'t> = (usize, &'t Verifier, Arc<Reply>);

/// Returns what verifies the attempt next, with its number and the agent's own reply; `None`: the agent itself is next.
pub(crate) fn verifier<'t>(task: &'t Task, dispatch: &Dispatch) -> Result<Option<Next<'t>>, Fault> {
    let Some(own) = dispatch.replies.first() else {
        return Ok(None);
    };
    let number = dispatch.replies.len() - 1;
    match task.verifiers.get(number) {
        Some(verifier) => Ok(Some((number, verifier, own.clone()))),
        None => Err(Fault::new(Kind::Internal, "a reply was verified more often than asked")),
    }
}

/// Returns the call that the next part makes: the task's own, or that of what verifies it.
pub(crate) fn called<'t>(task: &'t Task, dispatch: &Dispatch) -> Result<&'t Call, Fault> {
    Ok(match verifier(task, dispatch)? {
        None => &task.alternative(dispatch.call).call,
        Some((_, verifier, _)) => &verifier.call,
    })
}

/// Returns what the next part asks: the call itself, or what verifies it.
pub(crate) fn request(
    task: &Task,
    dispatch: &Dispatch,
    prepared: &Prepared,
    blobs: &Arc<Blobs>,
) -> Result<Request, Fault> {
    match verifier(task, dispatch)? {
        None => Ok(prepared.request.clone()),
        Some((_, verifier, own)) => verify::request(verifier, dispatch, &own, blobs),
    }
}

/// Says what the answer to the next part means for the attempt.
pub(crate) fn taken_in(
    task: &Task,
    dispatch: &Dispatch,
    result: Result<Reply, Failed>,
    blobs: &Arc<Blobs>,
) -> Result<Part, Failed> {
    let Some((number, verifier, own)) = verifier(task, dispatch)? else {
        let mut reply = result?;
        // The agent does not know that it is only the simpler one.
        reply.partial |= task.alternative(dispatch.call).is_partial;
        return match task.verifiers.is_empty() {
            true => verify::left(task, dispatch, reply, blobs).map(Part::Last),
            false => Ok(Part::More(blobs.settle(reply)?)),
        };
    };
    let said = verify::judged(verifier, result, &own)?;
    if number + 1 < task.verifiers.len() {
        return Ok(Part::More(said));
    }
    let reply = verify::combined(&dispatch.replies, &said);
    verify::left(task, dispatch, reply, blobs).map(Part::Last)
}
