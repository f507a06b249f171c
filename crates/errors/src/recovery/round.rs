//! One failure being dealt with: which step comes next, and what is known once it was taken. Neither waits nor calls;
//! both forms of `run` are driven by it.

use super::decide::{Decision, decide};
use super::situation::Situation;
use super::step::Step;
use crate::{Advice, Fault, Later};

/// The most failures that are dealt with for one piece of work, whatever the caller's steps say.
pub(super) const MAX_ROUNDS: usize = 100;

/// What was found out while a piece of work was tried.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) situation: Situation,
    pub(super) decisions: Vec<Decision>,
}

impl Progress {
    /// Decides about a failure and returns the steps to be tried in order; none once there were too many failures.
    pub(super) fn failed(&mut self, fault: &Fault) -> Vec<Step> {
        if self.decisions.len() >= MAX_ROUNDS {
            return Vec::new();
        }
        let decision = decide(fault, &self.situation);
        let steps = decision.steps().cloned().collect();
        self.decisions.push(decision);
        steps
    }

    /// Notes that a step was taken and the call is made again.
    pub(super) fn again(&mut self, step: &Step) {
        let situation = &mut self.situation;
        situation.tried = situation.tried.with(step.advice());
        if let Step::RetryAfter { pause } = step {
            situation.time_left = situation.time_left.map(|left| left.saturating_sub(*pause));
        }
        if step.advice() == Advice::Fallback {
            // The tries of one provider are no limit for the next.
            situation.retries = 0;
        } else {
            situation.retries = situation.retries.saturating_add(1);
            situation.retries_left = situation.retries_left.saturating_sub(1);
        }
    }

    /// Notes that a step cannot be taken.
    pub(super) fn unable(&mut self, step: &Step) {
        self.situation.can = self.situation.can.without(step.advice());
    }

    /// Returns the fault as it is handed on: one that could have passed and was tried again is retried out.
    pub(super) fn given_up(&self, fault: Fault) -> Fault {
        let may_pass = matches!(fault.may_work_later(), Later::Transient | Later::Throttled(_));
        if may_pass && self.situation.retries > 0 { fault.retried_out() } else { fault }
    }
}
