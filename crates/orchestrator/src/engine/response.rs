//! What is to be done about a failed attempt, as the step's own settings say: a pure function of the fault and the step.
//! The decision is recorded. Leaves doing it to `drive`.

use std::time::Duration;

use segno_errors::{Abilities, Advice, Decision, Effect, Fault, Later, Situation, decide};
use segno_resilience::{Backoff, Retry, Verdict};

use super::upstream::{CIRCUIT_OPEN, is_refused};
use crate::agents::Failed;
use crate::plan::{Alternative, Call};

/// The longest stop of an agent that a step waits for; that of a quota is often longer.
const MAX_STOP: Duration = Duration::from_secs(60);
/// How often a step waits for an agent that is not to be called.
const MAX_REFUSALS: u32 = 100;

/// What is asked about a failed attempt.
pub(crate) struct Asked<'p> {
    /// Who failed, and how often he may be tried.
    pub(crate) way: &'p Alternative,
    /// What was called: him, or who checks what he did.
    pub(crate) call: &'p Call,
    /// How often he was; calls that were not let through do not count.
    pub(crate) made: u32,
    /// How often he was not let through.
    pub(crate) refusals: u32,
    /// Somebody else can do it.
    pub(crate) has_fallback: bool,
    /// The run can do without.
    pub(crate) is_optional: bool,
    /// A random number in [0, 1).
    pub(crate) unit: f64,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Response {
    /// The decision, to be recorded.
    pub(crate) decision: Decision,
    /// How long to wait before another attempt, when there is to be one.
    pub(crate) wait: Option<Duration>,
    /// There would have been one, had there been a retry left to pay it with.
    pub(crate) is_unpaid: bool,
}

/// The key under which a fault says that there was no retry left for it.
pub(crate) const RETRY_BUDGET: &str = "retry_budget";

/// Decides what is to be done. The step's own word goes before what a fault of its kind advises: it says how often it is
/// tried, and who does it then. `pays_retry` is asked last, as a retry that is not made costs nothing.
pub(crate) fn respond(fault: &Fault, asked: &Asked<'_>, pays_retry: impl FnOnce() -> bool) -> Response {
    let first = decision(fault, asked, true);
    // What was not called cost nothing, so trying it again need not be paid for; nor need commands, which have no budget.
    let is_free = is_refused(fault) || matches!(asked.call, Call::Program(_));
    let is_again = matches!(first.decision.step.advice(), Advice::Retry | Advice::RetryAfter);
    match is_again && !is_free && !pays_retry() {
        true => Response { is_unpaid: true, ..decision(fault, asked, false) },
        false => first,
    }
}

/// Decides, with another try paid for or not.
fn decision(fault: &Fault, asked: &Asked<'_>, is_paid: bool) -> Response {
    let verdict = verdict(asked, fault);
    let wait = wait(asked, verdict).filter(|_| is_paid);
    let is_stopped = fault.why() == Some(CIRCUIT_OPEN);
    // An agent that is not called for a while is not waited for where somebody else can do its work.
    let steps: &[Advice] = match is_stopped && asked.has_fallback {
        true => &[Advice::Fallback],
        false => &[Advice::RetryAfter, Advice::Fallback, Advice::Skip],
    };
    let means = [(Advice::RetryAfter, true), (Advice::Fallback, asked.has_fallback), (Advice::Skip, asked.is_optional)];
    let attempts = asked.way.retry.attempts;
    let situation = Situation {
        can: means.into_iter().filter(|(_, is_there)| *is_there).map(|(advice, _)| advice).collect::<Abilities>(),
        retries: asked.made.saturating_sub(1),
        retries_left: if is_paid { attempts.saturating_sub(asked.made.max(1)) } else { 0 },
        own_delay: wait.unwrap_or_default(),
        is_critical: !asked.is_optional,
        ..Situation::default()
    };
    let later = match verdict.is_retryable() {
        true => Later::Throttled(wait),
        false => Later::Never,
    };
    // Whether it may run twice is for whoever wrote `retry` and `fallback` to know.
    let seen = fault.clone().later(later).effect(Effect::None).advise(steps);
    // How often a crash is worth repeating is for the kind to say only where the file does not.
    let seen = if asked.way.retries_any || is_refused(fault) { seen.retries(u32::MAX) } else { seen };
    let decision = decide(&seen, &situation);
    let wait = wait.filter(|_| matches!(decision.step.advice(), Advice::Retry | Advice::RetryAfter));
    Response { decision, wait, is_unpaid: false }
}

/// Returns how long to wait before another try, if there is one left.
fn wait(asked: &Asked<'_>, verdict: Verdict) -> Option<Duration> {
    let policy = &asked.way.retry;
    let retry = Retry::attempts(policy.attempts);
    let retry = match policy.wait {
        Duration::ZERO => retry.backoff(Backoff::none()),
        wait => retry.exponential(wait..=policy.max_wait),
    };
    retry.build().ok()?.next(asked.made, verdict, asked.unit)
}

/// Says in a fault that there was no retry left for it, so that whoever plays the run back decides alike.
pub(crate) fn unpaid(failed: Failed) -> Failed {
    Failed { fault: failed.fault.retried_out().with(RETRY_BUDGET, "used up"), ..failed }
}

/// Says whether another try may help. What only the exit code of a plain command says is tried again when its step asks
/// for that: nobody else knows what the code means.
fn verdict(asked: &Asked<'_>, fault: &Fault) -> Verdict {
    let way = asked.way;
    let is_long = matches!(fault.may_work_later(), Later::Throttled(Some(pause)) if pause > MAX_STOP);
    if is_refused(fault) && (is_long || asked.refusals >= MAX_REFUSALS) {
        return Verdict::Permanent;
    }
    let is_exit = fault.context().iter().any(|(key, _)| key == "exit_code");
    let is_plain = matches!(way.call, Call::Program(_));
    let cannot_start = matches!(fault.why(), Some("not_found" | "not_executable" | "not_started"));
    match fault.may_work_later() {
        _ if is_exit && way.retries_any && !cannot_start => Verdict::Transient,
        _ if is_exit && is_plain && matches!(fault.why(), Some("exit_status" | "crashed")) => Verdict::Permanent,
        Later::Transient => Verdict::Transient,
        Later::Throttled(wish) => Verdict::Throttled(wish),
        Later::Never | Later::Persistent => Verdict::Permanent,
    }
}
