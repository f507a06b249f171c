//! What the events of one run say of failures: what failed, who met it, and what came of trying again. Leaves counting to the
//! ledger.

use std::collections::HashMap;

use segno_errors::analytics::{Fingerprint, Ledger, Occurrence, Retry};
use segno_errors::{Fault, Kind};
use segno_orchestrator::model::{Address, Event, Fact, Outcome, RunId, StepId, Timestamp};
use segno_orchestrator::plan::Plan;

/// Under this key of its context a fault carries a fingerprint of its own.
const FINGERPRINT: &str = "fingerprint";

/// The events of a run as far as they were seen.
pub(super) struct RunFold<'r> {
    run: &'r RunId,
    flow: &'r str,
    now: Timestamp,
    first: Option<Fact>,
    /// Events up to this one were taken over from another run, and count there.
    taken_over: u64,
    tasks: HashMap<Address, TaskFold>,
    found: Vec<Found>,
}

/// What is known of a task that has not ended.
#[derive(Default)]
struct TaskFold {
    /// Its agent, as the number of the alternative.
    number: u32,
    /// The failure after which it is tried again, as its place in `found`, and when it happened.
    pending: Option<(usize, Timestamp)>,
    /// What the attempt that runs has cost so far.
    cost_usd: Option<f64>,
}

/// A failure, with what came of trying again.
struct Found {
    at: Timestamp,
    step: Address,
    number: u32,
    fault: Fault,
    is_new: bool,
    retry: Option<(Timestamp, Retry)>,
}

/// Something for the ledger.
pub(super) enum Counted {
    Failed(Box<Failed>),
    Retried(Timestamp, Fingerprint, Retry),
}

/// A failure with the names of all that had to do with it.
pub(super) struct Failed {
    at: Timestamp,
    fault: Fault,
    agent: Option<String>,
    flow: String,
    run: RunId,
    step: String,
    depends_on: Vec<String>,
}

impl<'r> RunFold<'r> {
    pub(super) fn new(run: &'r RunId, flow: &'r str, now: Timestamp) -> RunFold<'r> {
        RunFold { run, flow, now, first: None, taken_over: 0, tasks: HashMap::new(), found: Vec::new() }
    }

    /// Sees an event. One that is not new was counted before, and only says where its task stands.
    pub(super) fn see(&mut self, event: Event, is_new: bool) {
        let at = event.at.min(self.now);
        let is_new = is_new && event.seq > self.taken_over;
        match event.fact {
            fact @ Fact::RunStarted { .. } => {
                if let Fact::RunStarted { parent: Some(parent), .. } = &fact {
                    self.taken_over = parent.events + 1;
                }
                self.first = Some(fact);
            }
            Fact::StepStarted { step, .. } => self.tasks.entry(step).or_default().cost_usd = None,
            Fact::StepReplied { step, reply, .. } => {
                let task = self.tasks.entry(step).or_default();
                task.cost_usd = sum(task.cost_usd, reply.usage.cost_usd);
            }
            Fact::StepRetried { step, fault, .. } => {
                self.settle(&step, at, false, None, is_new);
                self.found(step, at, fault, is_new, true);
            }
            Fact::FellBack { step, fault, to, .. } => {
                self.settle(&step, at, false, None, is_new);
                self.found(step.clone(), at, fault, is_new, false);
                self.tasks.entry(step).or_default().number = to;
            }
            Fact::StepEnded { step, outcome, .. } => self.ended(step, at, outcome, is_new),
            _ => {}
        }
    }

    fn ended(&mut self, step: Address, at: Timestamp, outcome: Outcome, is_new: bool) {
        // A group ends too; what failed in it was told of its tasks, which alone are started.
        if !self.tasks.contains_key(&step) {
            return;
        }
        let is_good = matches!(outcome, Outcome::Succeeded { .. } | Outcome::Partial { .. });
        let cost = outcome.reply().and_then(|reply| reply.usage.cost_usd);
        self.settle(&step, at, is_good, cost, is_new);
        if let Outcome::Failed { fault, .. } = outcome {
            self.found(step.clone(), at, fault, is_new, false);
        }
        self.tasks.remove(&step);
    }

    /// Says what came of trying a task again, if it was.
    fn settle(&mut self, step: &Address, at: Timestamp, cured: bool, cost_usd: Option<f64>, is_new: bool) {
        let Some(task) = self.tasks.get_mut(step) else { return };
        let cost_usd = cost_usd.or(task.cost_usd.take());
        let Some((place, since)) = task.pending.take() else { return };
        let retry = Retry { cured, spent: at.since(since), cost_usd };
        self.found[place].retry = is_new.then_some((at, retry));
    }

    fn found(&mut self, step: Address, at: Timestamp, fault: Fault, is_new: bool, goes_on: bool) {
        // The attempt was cut off by the end of its process, and is made again.
        if fault.why() == Some("interrupted") {
            return;
        }
        let task = self.tasks.entry(step.clone()).or_default();
        task.pending = goes_on.then_some((self.found.len(), at));
        let number = task.number;
        self.found.push(Found { at, step, number, fault, is_new, retry: None });
    }

    /// Says whether there is anything for the ledger.
    pub(super) fn has_failed(&self) -> bool {
        self.found.iter().any(|found| found.is_new || found.retry.is_some())
    }

    pub(super) fn first(&self) -> Option<&Fact> {
        self.first.as_ref()
    }

    /// Returns what is to be counted; without a plan agents have no names.
    pub(super) fn finish(self, plan: Option<&Plan>) -> Vec<Counted> {
        let mut counted = Vec::new();
        for Found { at, step, number, fault, is_new, retry } in self.found {
            let agent = plan.and_then(|plan| agent(plan, &step.step, number));
            let fault = told_apart(fault, self.flow, &step.step);
            let fingerprint = Fingerprint::of(&fault, agent.as_deref());
            // What came of it is counted where it is counted itself, so it has to come first, also where both happened at once
            // or the clock was set back between.
            if is_new {
                let depends_on = plan.map(|plan| needs(plan, &step.step)).unwrap_or_default();
                let (flow, run, step) = (self.flow.to_owned(), self.run.clone(), step.to_string());
                counted.push(Counted::Failed(Box::new(Failed { at, fault, agent, flow, run, step, depends_on })));
            }
            if let Some((ended, retry)) = retry {
                counted.push(Counted::Retried(ended.max(at), fingerprint, retry));
            }
        }
        counted
    }
}

impl Counted {
    pub(super) fn at(&self) -> Timestamp {
        match self {
            Counted::Failed(failed) => failed.at,
            Counted::Retried(at, ..) => *at,
        }
    }

    pub(super) fn put(&self, ledger: &mut Ledger) {
        match self {
            Counted::Retried(_, fingerprint, retry) => ledger.retried(*fingerprint, retry),
            Counted::Failed(failed) => {
                let depends_on: Vec<&str> = failed.depends_on.iter().map(String::as_str).collect();
                let mut occurrence = Occurrence::of(&failed.fault, failed.at.to_system());
                occurrence.agent = failed.agent.as_deref();
                occurrence.workflow = Some(&failed.flow);
                occurrence.run = Some(failed.run.as_str());
                occurrence.step = Some(&failed.step);
                occurrence.depends_on = &depends_on;
                ledger.record(&occurrence);
            }
        }
    }
}

/// A command that fails or runs out of time without a word is only told apart by the step that it is of, and by its exit code.
pub(super) fn told_apart(fault: Fault, flow: &str, step: &StepId) -> Fault {
    let said = |wanted: &str| fault.context().iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str());
    let is_of_command = fault.operation_name() == Some("command") && fault.kind() == Kind::Timeout;
    let is_mute = (is_of_command || fault.why() == Some("exit_status"))
        && fault.detail_text().is_none()
        && fault.causes().is_empty();
    if !is_mute || said(FINGERPRINT).is_some() {
        return fault;
    }
    let code = said("exit_code").unwrap_or_default();
    let own = format!("silent {} {code} {flow} {step}", fault.kind().code());
    fault.with(FINGERPRINT, own)
}

fn agent(plan: &Plan, step: &StepId, number: u32) -> Option<String> {
    plan.task_of(step).map(|(_, task)| task.alternative(number).name.clone())
}

/// Returns the names of the steps that a step waits for.
fn needs(plan: &Plan, step: &StepId) -> Vec<String> {
    let needs = plan.nodes_of(step).iter().flat_map(|node| &node.needs);
    let mut names: Vec<String> = needs.map(|need| plan.node(need.target).step.to_string()).collect();
    names.dedup();
    names
}

fn sum(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    }
}
