//! The world of a test: its clock jumps to whatever is due next, nothing is started, and all happens in the same order
//! each time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use segno_errors::{Fault, Kind};
use segno_logging::Redactor;

use super::actors::{Act, Actors, Cue};
use super::cassette::Recorded;
use super::names::Role;
use super::script::Limits;
use crate::agents::{Call, Failed, Request, Stop, Stopped, interrupted};
use crate::engine::answer::answer;
use crate::engine::hide;
use crate::engine::learn::learn_given;
use crate::engine::part::{self, Part};
use crate::engine::prepare::Prepared;
use crate::engine::world::{Dispatch, Launch, Signal, World};
use crate::journal::{Batch, Blobs, Journal, MemoryJournal};
use crate::model::{Event, RunId, Timestamp};
use crate::plan::{ListFiles, Plan, Task};

/// What a run stands on while it is tested.
pub(super) struct Stage {
    pub(super) run: RunId,
    pub(super) plan: Arc<Plan>,
    pub(super) blobs: Arc<Blobs>,
    pub(super) files: Arc<ListFiles>,
    pub(super) jobs: usize,
    pub(super) limits: Limits,
    /// When the run began.
    pub(super) began: Timestamp,
    /// What hides secrets, as in a real run.
    pub(super) redactor: Redactor,
}

/// Why a run was given up before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// These hang, and nothing else goes on.
    Hanging(Vec<String>),
    /// It takes more virtual time than it may.
    TooLong,
    /// It makes more events than it may.
    TooMany,
}

/// The world of a test.
pub(super) struct Virtual<'t> {
    stage: &'t Stage,
    actors: &'t mut Actors,
    journal: &'t MemoryJournal,
    pins: Vec<(String, Arc<str>)>,
    now: Timestamp,
    events: u64,
    /// Places that are free.
    free: usize,
    waiting: VecDeque<(Dispatch, Option<Arc<Prepared>>)>,
    /// What will come back, by when and by the order in which it began.
    due: BTreeMap<(Timestamp, u64), Due>,
    launched: u64,
    hanging: Vec<Dispatch>,
    halt: Option<Halt>,
    /// The run was asked to end.
    is_told_to_end: bool,
}

/// Something that will come back.
struct Due {
    signal: Signal,
    /// It has a place until then.
    has_place: bool,
}

impl<'t> Virtual<'t> {
    pub(super) fn new(
        stage: &'t Stage,
        actors: &'t mut Actors,
        journal: &'t MemoryJournal,
        now: Timestamp,
        events: u64,
        pins: Vec<(String, Arc<str>)>,
    ) -> Virtual<'t> {
        Virtual {
            stage,
            actors,
            journal,
            pins,
            now,
            events,
            free: stage.jobs.max(1),
            waiting: VecDeque::new(),
            due: BTreeMap::new(),
            launched: 0,
            hanging: Vec::new(),
            halt: None,
            is_told_to_end: false,
        }
    }

    /// Returns why the run was given up, if it was.
    pub(super) fn halted(self) -> Option<Halt> {
        self.halt
    }

    fn comes(&mut self, after: Duration, signal: Signal, has_place: bool) {
        self.launched += 1;
        self.due.insert((self.now.after(after), self.launched), Due { signal, has_place });
    }

    /// Begins a part of an attempt where a place is free; else it waits for one.
    fn attempt(&mut self, dispatch: Dispatch, prepared: Option<Arc<Prepared>>) {
        if self.free == 0 {
            return self.waiting.push_back((dispatch, prepared));
        }
        self.free -= 1;
        match self.begin(&dispatch, prepared.as_deref()) {
            Ok(Begun::Ends(result, took)) => {
                let signal = match *result {
                    Ok(Part::More(reply)) => Signal::Replied(Box::new(dispatch), Box::new(reply)),
                    Ok(Part::Last(reply)) => Signal::Attempted(Box::new(dispatch), Box::new(Ok(reply)), took),
                    Err(failed) => Signal::Attempted(Box::new(dispatch), Box::new(Err(failed)), took),
                };
                self.comes(took, signal, true);
            }
            Ok(Begun::Hangs) => self.hanging.push(dispatch),
            Err(fault) => {
                let fault = hide::fault(&self.stage.redactor, fault);
                let signal = Signal::Attempted(Box::new(dispatch), Box::new(Err(fault.into())), Duration::ZERO);
                self.comes(Duration::ZERO, signal, true);
            }
        }
    }

    /// Asks the actor whose turn it is, and works out what his answer means for the attempt.
    fn begin(&mut self, dispatch: &Dispatch, prepared: Option<&Prepared>) -> Result<Begun, Fault> {
        let plan = self.stage.plan.clone();
        let task = plan.node(dispatch.node).task();
        let task = task.ok_or_else(|| Fault::new(Kind::Internal, "only tasks are called"))?;
        let blobs = &self.stage.blobs;
        let request = match prepared {
            Some(prepared) => part::request(task, dispatch, prepared, blobs)?,
            None => part::request(task, dispatch, &part::render(task, dispatch)?, blobs)?,
        };
        let redactor = &self.stage.redactor;
        learn_given(redactor, &request);
        let timeout = task.alternative(dispatch.call).timeout;
        let cue = Cue {
            task: &dispatch.address,
            attempt: dispatch.attempt,
            part: dispatch.replies.len(),
            role: role(task, dispatch)?,
            request: &request,
            timeout,
            redactor,
        };
        let (result, took) = match (self.actors.act(&cue), timeout) {
            (Act::Hangs, None) => return Ok(Begun::Hangs),
            (Act::Hangs, Some(timeout)) => (self.timed_out(task, dispatch, request, timeout), timeout),
            (Act::Ends(_, took) | Act::Plays(Recorded::Reply(_) | Recorded::More(_), took), Some(timeout))
                if took > timeout =>
            {
                (self.timed_out(task, dispatch, request, timeout), timeout)
            }
            (Act::Ends(result, took), _) => {
                (part::taken_in(task, dispatch, hide::result(redactor, result), blobs), took)
            }
            (Act::Plays(recorded, took), _) => (hide::part(redactor, recorded.into_part()), took),
        };
        let settled = match result {
            Ok(Part::Last(reply)) => blobs.settle(reply).map(Part::Last).map_err(Failed::from),
            other => other,
        };
        let settled = settled.map_err(|failed| Failed { fault: hide::fault(redactor, failed.fault), ..failed });
        Ok(Begun::Ends(Box::new(settled), took))
    }

    fn timed_out(&self, task: &Task, dispatch: &Dispatch, request: Request, timeout: Duration) -> Result<Part, Failed> {
        let call = Call {
            run: self.stage.run.clone(),
            task: dispatch.address.clone(),
            attempt: dispatch.attempt,
            root: std::path::PathBuf::new(),
            request,
            trace: None,
            timeout: Some(timeout),
            stop: Stop::never(),
            redactor: self.stage.redactor.clone(),
            spawned: Arc::new(|_, _| {}),
        };
        let fault = call.stopped_fault(Stopped::TimedOut);
        part::taken_in(task, dispatch, Err(fault.into()), &self.stage.blobs)
    }

    /// Lets the clock go on to a moment; `false` when that is more time than the run may take.
    fn advance(&mut self, to: Timestamp) -> bool {
        self.now = self.now.max(to);
        self.now.since(self.stage.began) <= self.stage.limits.time
    }

    /// Gives the run up.
    fn give_up(&mut self, halt: Halt) -> Vec<Signal> {
        self.halt.get_or_insert(halt);
        self.cut_off()
    }

    /// Cuts off all that is in flight.
    fn cut_off(&mut self) -> Vec<Signal> {
        let mut signals = vec![Signal::Stop(Stopped::AtOnce)];
        let cut = |dispatch| Signal::Attempted(Box::new(dispatch), Box::new(Err(interrupted().into())), Duration::ZERO);
        for due in std::mem::take(&mut self.due).into_values() {
            signals.push(match due.signal {
                Signal::Attempted(dispatch, ..) | Signal::Replied(dispatch, _) => cut(*dispatch),
                other => other,
            });
        }
        signals.extend(std::mem::take(&mut self.hanging).into_iter().map(cut));
        signals.extend(std::mem::take(&mut self.waiting).into_iter().map(|(dispatch, _)| cut(dispatch)));
        signals
    }

    /// Takes all that comes back now, and gives the places that become free to those that wait.
    fn take_due(&mut self) -> Vec<Signal> {
        let later = self.due.split_off(&(Timestamp(self.now.0.saturating_add(1)), 0));
        let due = std::mem::replace(&mut self.due, later);
        self.free += due.values().filter(|due| due.has_place).count();
        while self.free > 0
            && let Some((dispatch, prepared)) = self.waiting.pop_front()
        {
            self.attempt(dispatch, prepared);
        }
        due.into_values().map(|due| due.signal).collect()
    }
}

/// A part of an attempt that has begun.
enum Begun {
    Ends(Box<Result<Part, Failed>>, Duration),
    Hangs,
}

impl World for Virtual<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    /// The longest waits that a policy allows: a test that holds with them holds with shorter ones.
    fn unit(&mut self) -> f64 {
        1.0
    }

    async fn commit(&mut self, events: Arc<[Event]>) -> Result<(), Fault> {
        self.events += events.len() as u64;
        let batch = Batch { run: self.stage.run.clone(), events, pins: std::mem::take(&mut self.pins) };
        self.journal.append(batch).await?;
        if self.events > self.stage.limits.events {
            self.halt.get_or_insert(Halt::TooMany);
            return Err(Fault::new(Kind::BusinessLogic, "the run makes more events than it may").reason("events"));
        }
        Ok(())
    }

    /// Nobody files requests in a test, so none is to be marked.
    fn acted(&mut self, _: u64) {}

    fn halt(&mut self) {
        self.is_told_to_end = true;
    }

    /// A recorded run may have had a ranking, which nobody knows any more: what it decided is played back.
    fn ranks(&self) -> bool {
        true
    }

    /// What a budget refused a recorded run is in the fault that was recorded.
    fn pays_retry(&mut self, _: &crate::plan::Call) -> bool {
        true
    }

    fn launch(&mut self, work: Launch) {
        match work {
            Launch::Rank(given_up) => {
                let to = self.actors.took_over(&given_up.dispatch.address, &given_up.left);
                let to = to.unwrap_or(given_up.left[0]);
                self.comes(Duration::ZERO, Signal::Ranked(given_up, to), false);
            }
            Launch::Attempt(dispatch, prepared) => self.attempt(dispatch, prepared),
            Launch::Decide(dispatch) => {
                let answer = answer(&self.stage.plan, &dispatch, &self.stage.files);
                let answer = answer.map_err(|fault| hide::fault(&self.stage.redactor, fault));
                self.comes(Duration::ZERO, Signal::Decided(dispatch.frame, answer), false);
            }
            Launch::Ask(dispatches) => {
                let plan = self.stage.plan.clone();
                let unremembered = |dispatch| {
                    let (dispatch, asked) = part::unremembered(&plan, dispatch);
                    (dispatch, hide::asked(&self.stage.redactor, asked))
                };
                let answers = dispatches.into_iter().map(unremembered).collect();
                self.comes(Duration::ZERO, Signal::Asked(answers), false);
            }
        }
    }

    async fn next(&mut self, until: Option<Timestamp>) -> Vec<Signal> {
        if std::mem::take(&mut self.is_told_to_end) {
            return self.cut_off();
        }
        let first = self.due.first_key_value().map(|((at, _), _)| *at);
        match (first, until) {
            (Some(at), _) if until.is_none_or(|until| at <= until) => match self.advance(at) {
                true => self.take_due(),
                false => self.give_up(Halt::TooLong),
            },
            (_, Some(until)) => match self.advance(until) {
                true => Vec::new(),
                false => self.give_up(Halt::TooLong),
            },
            (_, None) => {
                let names = self.hanging.iter().map(|dispatch| dispatch.address.to_string()).collect();
                self.give_up(Halt::Hanging(names))
            }
        }
    }
}

/// Says in which role the next part of an attempt calls somebody.
fn role(task: &Task, dispatch: &Dispatch) -> Result<Role, Fault> {
    let call = (dispatch.call as usize).min(task.calls.len() - 1);
    Ok(match part::verifier(task, dispatch)? {
        Some((_, verifier, _)) if verifier.judges.is_some() => Role::Judge,
        Some((number, ..)) => {
            let before = task.verifiers[..number].iter();
            Role::Check(before.filter(|verifier| verifier.judges.is_none()).count())
        }
        None if call > 0 => Role::Fallback(call - 1),
        None => Role::Own,
    })
}
