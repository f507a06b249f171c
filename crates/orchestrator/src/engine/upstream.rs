//! What stands between attempts and the agents and providers that they call: one policy each, shared by all runs of the
//! process. Leaves how often a step is tried to the loop, which records it, and the parts to `segno-resilience`.

use std::time::Duration;

use segno_errors::{Breaker as Meaning, Effect, Fault, Kind, Later, Severity};
use segno_resilience::{Budget, Cause, Event, Failure, Policy, Registry, Rejection, Rejector, State, Verdict};

use crate::agents::Failed;
use crate::model::Reply;
use crate::spec::CallPolicy;

/// How long calls are stopped when a quota is used up and nobody says until when.
const QUOTA_PAUSE: Duration = Duration::from_secs(60 * 60);
/// How long a step waits whose agent is being tried out by another one.
const PROBE_WAIT: Duration = Duration::from_secs(2);
/// The key under which a fault says which part of a policy did not let its call through.
const REJECTED_BY: &str = "rejected_by";
/// The reason of a call that a breaker stopped.
pub(crate) const CIRCUIT_OPEN: &str = "circuit_open";

/// The policies that calls pass, by the name of the agent or the provider. Clones share them.
///
/// What nobody set has the preset breaker and budget. Commands that steps start by themselves pass none: nobody knows
/// which service is behind them.
#[derive(Clone, Debug)]
pub struct Upstreams {
    registry: Registry,
    /// What nobody set has the preset policy; else none.
    has_preset: bool,
}

impl Default for Upstreams {
    fn default() -> Upstreams {
        let registry = Registry::new();
        registry.listen(tell);
        Upstreams { registry, has_preset: true }
    }
}

impl Upstreams {
    /// Makes the policies that the settings name.
    ///
    /// # Errors
    /// A number that no policy can be built with; those of a file were checked when it was read.
    pub fn new<'p>(set: impl IntoIterator<Item = (&'p String, &'p CallPolicy)>) -> Result<Upstreams, Fault> {
        let upstreams = Upstreams::default();
        for (name, policy) in set {
            let policy = policy.build(name).map_err(|error| {
                let fault = Fault::new(Kind::Configuration, format!("the policy of '{name}' cannot be built: {error}"));
                fault.reason("bad_setting").hint("change the number")
            })?;
            upstreams.registry.add(policy);
        }
        Ok(upstreams)
    }

    /// Leaves everybody that nobody set a policy for without one: every call is made, and every retry.
    #[must_use]
    pub fn without_preset(self) -> Upstreams {
        Upstreams { has_preset: false, ..self }
    }

    /// Returns the policies that were set or have been passed, with their states.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Returns what a call of this agent passes: the agent's policy, and in it the provider's. An agent that is called
    /// like its provider passes that policy once.
    pub(crate) fn way(&self, agent: &str, provider: Option<&str>) -> Way {
        let provider = provider.filter(|provider| *provider != agent);
        Way { agent: self.policy(agent), provider: provider.and_then(|name| self.policy(name)) }
    }

    fn policy(&self, name: &str) -> Option<Policy> {
        let preset = || self.registry.policy_or(name, |policy| CallPolicy::default().on(policy));
        self.registry.find(name).or_else(|| self.has_preset.then(preset))
    }
}

/// What one call passes; nothing by default.
#[derive(Debug, Default)]
pub(crate) struct Way {
    agent: Option<Policy>,
    provider: Option<Policy>,
}

impl Way {
    /// Takes a retry out of the budgets; says whether there was one in each.
    pub(crate) fn pays_retry(&self) -> bool {
        let policies = self.agent.iter().chain(&self.provider);
        let budgets: Vec<&Budget> = policies.filter_map(|policy| policy.retry().budget()).collect();
        // Looked at first, so that one that is empty costs the other nothing.
        budgets.iter().all(|budget| budget.available() >= 1.0)
            && budgets.iter().all(|budget| budget.try_spend(Verdict::Transient))
    }

    /// Says whether a call may have to wait here.
    pub(crate) fn can_hold_up(&self) -> bool {
        self.agent.is_some() || self.provider.is_some()
    }

    /// Makes a call through the policies, the agent's outermost: what waits for one agent holds up no other agent of the
    /// same provider.
    pub(crate) async fn pass(&self, call: impl Future<Output = Result<Reply, Failed>>) -> Result<Reply, Failed> {
        let result = through(self.agent.as_ref(), through(self.provider.as_ref(), call)).await;
        if let Err(Failed { fault, .. }) = &result
            && fault.breaker() == Meaning::Opens
        {
            self.stop_until_reset(fault);
        }
        result
    }

    /// Stops the calls of whoever's quota is used up.
    fn stop_until_reset(&self, fault: &Fault) {
        let pause = fault.resets_after().unwrap_or(QUOTA_PAUSE);
        let breakers = self.provider.iter().chain(&self.agent).filter_map(Policy::breaker);
        // One that is open already was told before; a straggler knows no better.
        if let Some(breaker) = breakers.take(1).find(|breaker| breaker.state() != State::Open) {
            breaker.trip_for(pause);
        }
    }
}

async fn through(policy: Option<&Policy>, call: impl Future<Output = Result<Reply, Failed>>) -> Result<Reply, Failed> {
    let Some(policy) = policy else {
        return call.await;
    };
    let mut call = Some(call);
    let once = |_| call.take().expect("a policy of the engine makes one attempt; the loop makes the others");
    policy.judged_by(judge).run(once).await.map_err(|failure| failed(policy.name(), failure))
}

/// Says whether a call was not let through, so that nothing was done.
pub(crate) fn is_refused(fault: &Fault) -> bool {
    fault.context().iter().any(|(key, _)| key == REJECTED_BY)
}

/// Says what a result means for the one who was called.
fn judge(result: &Result<Reply, Failed>) -> Verdict {
    let Err(Failed { fault, .. }) = result else {
        return Verdict::Ok;
    };
    match fault.breaker() {
        // It was never called.
        _ if is_refused(fault) => Verdict::Ignore,
        Meaning::Counts | Meaning::Opens => Verdict::Transient,
        Meaning::SlowsDown => match fault.may_work_later() {
            Later::Throttled(pause) => Verdict::Throttled(pause),
            _ => Verdict::Throttled(None),
        },
        Meaning::Ignores | Meaning::CountsTransient | Meaning::CountsApart => Verdict::Ignore,
    }
}

fn failed(name: &str, failure: Failure<Failed>) -> Failed {
    match failure.cause {
        Cause::Failed(failed) => failed,
        Cause::Rejected { rejection, .. } => rejected(name, rejection).into(),
        _ => Fault::new(Kind::Timeout, format!("the call of '{name}' took too long")).into(),
    }
}

/// Returns a call that was not let through as a fault: nothing was done, and it may be tried later.
fn rejected(name: &str, Rejection { by, retry_after }: Rejection) -> Fault {
    let (message, reason, hint) = match by {
        Rejector::Breaker => (
            format!("calls of '{name}' are stopped for a while: too many failed, or a quota is used up"),
            CIRCUIT_OPEN,
            "see what failed with `segno errors`, or give the step a fallback; later go on with `segno resume`",
        ),
        Rejector::Rate => {
            (format!("there were too many calls of '{name}'"), "rate", "raise `rate` or its `max_wait` in segno.toml")
        }
        _ => (
            format!("too many calls of '{name}' run or wait already"),
            "bulkhead_full",
            "raise `bulkhead` or its `queue` in segno.toml",
        ),
    };
    let kind = if by == Rejector::Breaker { Kind::ExternalService } else { Kind::RateLimit };
    // A breaker whose probes are under way does not know when they come back.
    let retry_after = retry_after.or((by == Rejector::Breaker).then_some(PROBE_WAIT));
    let fault = Fault::new(kind, message).reason(reason).hint(hint).severity(Severity::Medium);
    fault.effect(Effect::None).later(Later::Throttled(retry_after)).with(REJECTED_BY, by.name()).with("policy", name)
}

/// Tells the log of what changed.
fn tell(event: &Event) {
    if let Event::BreakerChanged { policy, change } = event {
        tracing::warn!(policy = &**policy, from = %change.from, to = %change.to, because = %change.why, "calls of an agent");
    }
}
