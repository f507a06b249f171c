//! What became of a task, folded from its own events.

use std::sync::Arc;
use std::time::Duration;

use segno_errors::{Decision, Fault};

use crate::model::{
    Address, CacheNote, CheckResult, Event, Fact, Metrics, Outcome, Reply, Skip, Source, Status, Timestamp, Usage,
};

/// What became of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskReport {
    /// The task.
    pub address: Address,
    /// Its item, as people call it.
    pub label: Option<String>,
    /// The agent that gave the result, or that was tried last; `run` for a command.
    pub agent: Option<Arc<str>>,
    /// Agents that were tried before that one and failed for good.
    pub failed_agents: Vec<FailedAgent>,
    /// How it ended; `None` while it has not.
    pub outcome: Option<Outcome>,
    /// What was decided about its last failure.
    pub decision: Option<Box<Decision>>,
    /// It was remembered.
    pub cached: bool,
    /// Its end was taken over from the run that this one is a fork of.
    pub taken_over: bool,
    /// Files that were written again.
    pub restored: Vec<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When its first attempt began; `None` for one that needed none.
    pub began: Option<Timestamp>,
    /// When it ended; `None` while it has not.
    pub ended: Option<Timestamp>,
    /// How long the last attempt took; for a hit, what it took then.
    pub took: Duration,
    /// Why it ran though it may be remembered; empty at the first time.
    pub because: Vec<String>,
    /// It may be remembered.
    pub cacheable: bool,
    /// It was made in the round that its loop keeps, or in no loop: it stands for its step.
    pub kept: bool,
    /// The number of the alternative that is called, and when its last attempt began.
    pub(super) call: (u32, Timestamp),
}

/// An agent that failed for good, so that another took its place.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedAgent {
    /// Its name; `run` for a command.
    pub agent: String,
    /// Why it failed.
    pub fault: Fault,
    /// How long its last attempt took.
    pub took: Duration,
    /// When it was given up.
    pub at: Timestamp,
    /// The number of the alternative that it is, from 0.
    pub(super) number: u32,
}

impl TaskReport {
    pub(super) fn new(address: &Address) -> TaskReport {
        TaskReport {
            address: address.clone(),
            label: None,
            agent: None,
            failed_agents: Vec::new(),
            outcome: None,
            decision: None,
            cached: false,
            taken_over: false,
            restored: Vec::new(),
            attempts: 0,
            began: None,
            ended: None,
            took: Duration::ZERO,
            because: Vec::new(),
            cacheable: false,
            kept: true,
            call: (0, Timestamp::default()),
        }
    }

    pub(super) fn see(&mut self, event: &Event) {
        match &event.fact {
            Fact::StepStarted { attempt, label, cache, .. } => {
                self.began.get_or_insert(event.at);
                self.call.1 = event.at;
                self.attempts = *attempt;
                self.label.clone_from(label);
                if let CacheNote::Miss { because, .. } = cache {
                    self.cacheable = true;
                    // Only the first attempt asked the cache.
                    self.because.extend(because.iter().filter(|_| *attempt == 1).cloned());
                }
            }
            Fact::StepRetried { attempt, decision, .. } => {
                self.attempts = *attempt;
                self.decision.clone_from(decision);
            }
            Fact::FellBack { attempt, fault, to, .. } => {
                self.attempts = *attempt;
                let (number, began) = self.call;
                let (fault, took) = (fault.clone(), event.at.since(began));
                let failed = FailedAgent { agent: String::new(), fault, took, at: event.at, number };
                self.failed_agents.push(failed);
                self.call.0 = *to;
            }
            Fact::StepEnded { outcome, source, took_ms, decision, label, .. } => {
                self.decision.clone_from(decision);
                self.end(outcome.clone(), event.at);
                self.took = Duration::from_millis(*took_ms);
                self.label.clone_from(label);
                if let Source::Cache { restored, .. } = source {
                    self.cached = true;
                    self.cacheable = true;
                    self.restored.clone_from(restored);
                }
            }
            Fact::Decided { left_out: true, .. } => self.end(Outcome::Skipped { because: Skip::LeftOut }, event.at),
            Fact::Decided { taken: false, .. } => self.end(Outcome::Skipped { because: Skip::Guard }, event.at),
            _ => {}
        }
    }

    fn end(&mut self, outcome: Outcome, at: Timestamp) {
        (self.outcome, self.ended) = (Some(outcome), Some(at));
    }

    /// Says whether it cost nothing this time.
    pub fn is_free(&self) -> bool {
        self.cached || self.taken_over
    }

    /// Returns the bare status; `None` while it has not ended.
    pub fn status(&self) -> Option<Status> {
        self.outcome.as_ref().map(Outcome::status)
    }

    /// Returns what came back, if anything.
    pub fn reply(&self) -> Option<&Reply> {
        self.outcome.as_ref().and_then(Outcome::reply)
    }

    /// Returns in how many places of its output a secret is hidden.
    pub fn hidden(&self) -> u64 {
        self.reply().map_or(0, |reply| reply.hidden)
    }

    /// Returns why it failed, if it did.
    pub fn fault(&self) -> Option<&Fault> {
        self.outcome.as_ref().and_then(Outcome::fault)
    }

    /// Returns what its agent said it did.
    pub fn summary(&self) -> Option<&str> {
        self.reply().and_then(|reply| reply.summary.as_deref())
    }

    /// Returns what was counted on the way.
    pub fn metrics(&self) -> Metrics {
        self.reply().map(|reply| reply.metrics.clone()).unwrap_or_default()
    }

    /// Returns what it cost; of a remembered result, what it cost then.
    pub fn usage(&self) -> Usage {
        self.reply().map(|reply| reply.usage).unwrap_or_default()
    }

    /// Returns what was checked before it counted.
    pub fn checks(&self) -> &[CheckResult] {
        self.reply().map(|reply| &reply.checks[..]).unwrap_or_default()
    }
}
