//! What to do about a fault: its advice, in order, without what the situation rules out. Pure; leaves the doing to
//! whoever asked.

use serde::{Deserialize, Serialize};

use super::situation::Situation;
use super::step::Step;
use crate::{Advice, Effect, Fault, Later};

/// What was decided, and why: a value to be recorded beside the fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What to do first.
    pub step: Step,
    /// What to do if that cannot be done after all, in order. Stopping is among them; what stands behind it can be done
    /// once the work has stopped, such as telling a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<Step>,
    /// What would have come before, and what ruled it out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_over: Vec<(Advice, Obstacle)>,
}

/// What rules a strategy out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// The caller has no means for it.
    NoMeans,
    /// It was tried before, and it helps at most once.
    TriedBefore,
    /// The same call will fail the same way.
    WillNotHelp,
    /// No repetition is left.
    NoRetriesLeft,
    /// It would take longer than there is time.
    NoTimeLeft,
    /// The call may have done its work, and must not do it twice.
    MayRepeatWork,
    /// The work cannot be finished without it.
    IsCritical,
}

impl Obstacle {
    /// Says what stands in the way, as a fragment.
    pub fn words(self) -> &'static str {
        match self {
            Obstacle::NoMeans => "there is no means for it",
            Obstacle::TriedBefore => "it was tried before",
            Obstacle::WillNotHelp => "the same call would fail the same way",
            Obstacle::NoRetriesLeft => "no try is left",
            Obstacle::NoTimeLeft => "there is not enough time left",
            Obstacle::MayRepeatWork => "the work may be done already and must not be done twice",
            Obstacle::IsCritical => "the work cannot be finished without it",
        }
    }
}

impl Decision {
    /// Returns all steps in order: the first one and the others.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        std::iter::once(&self.step).chain(&self.otherwise)
    }

    /// Says in one sentence what is done and why nothing that would have come before it.
    ///
    /// ```
    /// use segno_errors::{Fault, Kind, Situation, decide};
    ///
    /// let fault = Fault::new(Kind::Timeout, "the model took too long");
    /// let decision = decide(&fault, &Situation::default());
    /// assert_eq!(
    ///     decision.sentence(),
    ///     "the work stops here; not retry: the work may be done already and must not be done twice; \
    ///      not fallback: there is no means for it; not degrade: there is no means for it"
    /// );
    /// ```
    pub fn sentence(&self) -> String {
        let passed = self.passed_over.iter();
        let passed = passed.map(|(advice, obstacle)| format!("; not {}: {}", advice.name(), obstacle.words()));
        self.step.words() + &passed.collect::<String>()
    }

    /// Returns what a person should read: what happened, what is done now, what they can do.
    pub fn user_text(&self, fault: &Fault) -> String {
        fault.user_text_with(&self.step.words())
    }
}

/// Decides what to do about a fault.
///
/// The fault's advice is gone through in order, and what the situation rules out is passed over. A call is only repeated,
/// by itself or by another provider, if it had no effect or may be made twice. What was cancelled is stopped.
///
/// ```
/// use segno_errors::{Effect, Fault, Kind, Later, Situation, Step, decide};
/// use std::time::Duration;
///
/// let pause = Duration::from_secs(20);
/// let fault = Fault::new(Kind::RateLimit, "slow down").later(Later::Throttled(Some(pause))).effect(Effect::None);
/// let decision = decide(&fault, &Situation::default());
/// assert_eq!(decision.step, Step::RetryAfter { pause });
/// assert_eq!(decision.user_text(&fault), "slow down. it is tried again in 20 s.");
///
/// let hurried = Situation { time_left: Some(Duration::from_secs(5)), ..Situation::default() };
/// assert_eq!(decide(&fault, &hurried).step, Step::Abort);
/// ```
pub fn decide(fault: &Fault, situation: &Situation) -> Decision {
    let (mut steps, mut passed_over) = (Vec::new(), Vec::new());
    let advice = if fault.is_cancelled() { &[Advice::Abort] } else { fault.advice() };
    for &advice in advice {
        match step(advice, fault, situation) {
            Ok(step) => steps.push(step),
            // What comes after a step that fits is nobody's question.
            Err(obstacle) if steps.is_empty() => passed_over.push((advice, obstacle)),
            Err(_) => {}
        }
    }
    // After a bug the work is stopped first and a person is told then: the order says so, and it ends there.
    if !steps.contains(&Step::Abort) {
        steps.push(Step::Abort);
    }
    let step = steps.remove(0);
    Decision { step, otherwise: steps, passed_over }
}

/// Returns the step of a strategy, or what rules it out.
fn step(advice: Advice, fault: &Fault, situation: &Situation) -> Result<Step, Obstacle> {
    if advice == Advice::Abort {
        return Ok(Step::Abort);
    }
    if !situation.can.contains(advice) && !is_retry_by_other_name(advice, situation) {
        return Err(Obstacle::NoMeans);
    }
    if helps_once(advice) && situation.tried.contains(advice) {
        return Err(Obstacle::TriedBefore);
    }
    if repeats(advice) {
        may_repeat(advice, fault, situation)?;
    }
    match advice {
        Advice::Retry | Advice::RetryAfter => again(fault, situation),
        Advice::ReAsk => Ok(Step::ReAsk { feedback: feedback(fault) }),
        Advice::Fallback => Ok(Step::Fallback),
        Advice::Skip if situation.is_critical => Err(Obstacle::IsCritical),
        Advice::Skip => Ok(Step::Skip),
        Advice::Degrade => Ok(Step::Degrade),
        Advice::Reauthenticate => Ok(Step::Reauthenticate),
        Advice::FixInput => Ok(Step::FixInput),
        Advice::FixConfig => Ok(Step::FixConfig),
        Advice::FreeResources => Ok(Step::FreeResources),
        Advice::Escalate => Ok(Step::Escalate),
        Advice::Abort => Ok(Step::Abort),
    }
}

/// Says whether a caller who cannot wait as asked can at least repeat, or the other way round: the two differ only in who
/// names the pause.
fn is_retry_by_other_name(advice: Advice, situation: &Situation) -> bool {
    match advice {
        Advice::Retry => situation.can.contains(Advice::RetryAfter),
        Advice::RetryAfter => situation.can.contains(Advice::Retry),
        _ => false,
    }
}

/// Says whether a strategy helps at most once for the same piece of work.
fn helps_once(advice: Advice) -> bool {
    use Advice::{Escalate, FixConfig, FixInput, FreeResources, ReAsk, Reauthenticate};
    matches!(advice, ReAsk | Reauthenticate | FixInput | FixConfig | FreeResources | Escalate)
}

/// Says whether a strategy makes the call once more, here or elsewhere.
fn repeats(advice: Advice) -> bool {
    use Advice::{Fallback, FixConfig, FixInput, FreeResources, ReAsk, Reauthenticate, Retry, RetryAfter};
    matches!(advice, Retry | RetryAfter | ReAsk | Fallback | Reauthenticate | FixInput | FixConfig | FreeResources)
}

/// Says whether the call may be made once more. Who corrects something by hand has looked at what was done, so there an
/// effect that is merely unknown is no obstacle.
fn may_repeat(advice: Advice, fault: &Fault, situation: &Situation) -> Result<(), Obstacle> {
    let is_looked_at = matches!(advice, Advice::FixInput | Advice::FixConfig | Advice::FreeResources);
    let is_safe = match fault.effect_had() {
        Effect::None => true,
        Effect::Unknown => situation.is_idempotent || is_looked_at,
        Effect::Done => situation.is_idempotent,
    };
    if !is_safe {
        return Err(Obstacle::MayRepeatWork);
    }
    if situation.time_left.is_some_and(|left| left.is_zero()) {
        return Err(Obstacle::NoTimeLeft);
    }
    // Another provider has tries of its own.
    if advice == Advice::Fallback { Ok(()) } else { retries_left(advice, fault, situation) }
}

fn retries_left(advice: Advice, fault: &Fault, situation: &Situation) -> Result<(), Obstacle> {
    let is_retry = matches!(advice, Advice::Retry | Advice::RetryAfter);
    let limit = fault.most_retries().filter(|_| is_retry);
    let is_over = situation.retries_left == 0 || limit.is_some_and(|limit| situation.retries >= limit);
    if is_over { Err(Obstacle::NoRetriesLeft) } else { Ok(()) }
}

/// Returns the step that makes the same call again.
fn again(fault: &Fault, situation: &Situation) -> Result<Step, Obstacle> {
    let wish = match fault.may_work_later() {
        Later::Never | Later::Persistent => return Err(Obstacle::WillNotHelp),
        Later::Transient => return Ok(Step::Retry),
        Later::Throttled(wish) => wish,
    };
    let pause = situation.pause(wish);
    match situation.time_left {
        Some(left) if left <= pause => Err(Obstacle::NoTimeLeft),
        _ => Ok(Step::RetryAfter { pause }),
    }
}

/// How much of a technical text is shown to the one who answers.
const MAX_FEEDBACK: usize = 2 << 10;

/// Says to the one who answers what was wrong with the answer.
fn feedback(fault: &Fault) -> String {
    let detail = fault.detail_text().or(fault.causes().first().map(String::as_str)).unwrap_or_default();
    let detail = &detail[..detail.floor_char_boundary(MAX_FEEDBACK)];
    let message = format!("your answer could not be used: {}", fault.message());
    if detail.is_empty() { message } else { format!("{message}\n{detail}") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::abilities::Abilities;
    use super::super::situation::{Clamp, NEAR};
    use super::*;
    use crate::Kind;

    /// A situation with every means, in which everything is allowed.
    fn free() -> Situation {
        Situation { can: Abilities::all(), is_idempotent: true, is_critical: false, ..Situation::default() }
    }

    /// Checks all steps, by name.
    fn check(fault: &Fault, situation: Situation, expected: &str) {
        let decision = decide(fault, &situation);
        let steps: Vec<_> = decision.steps().map(|step| step.advice().name()).collect();
        assert_eq!(steps.join(" "), expected, "{fault}");
    }

    #[test]
    fn with_every_means_the_advice_is_followed_in_order() {
        check(&Fault::new(Kind::Validation, ""), free(), "fix_input abort");
        check(&Fault::new(Kind::Parse, ""), free(), "re_ask fallback fix_input abort");
        check(&Fault::new(Kind::Configuration, ""), free(), "fix_config abort");
        check(&Fault::new(Kind::Authentication, ""), free(), "reauthenticate escalate abort");
        check(&Fault::new(Kind::Authorization, ""), free(), "escalate skip abort");
        check(&Fault::new(Kind::Network, ""), free(), "retry fallback degrade abort");
        check(&Fault::new(Kind::RateLimit, ""), free(), "retry_after fallback abort");
        check(&Fault::new(Kind::QuotaExceeded, ""), free(), "fallback escalate abort");
        let reset = Later::Throttled(Some(Duration::from_secs(60)));
        check(&Fault::new(Kind::QuotaExceeded, "").later(reset), free(), "fallback retry_after escalate abort");
        check(&Fault::new(Kind::Cache, ""), free(), "degrade skip abort");
        check(&Fault::new(Kind::Resource, ""), free(), "free_resources degrade escalate abort");
        check(&Fault::new(Kind::BusinessLogic, ""), free(), "skip fix_input escalate abort");
        check(&Fault::new(Kind::Internal, ""), free(), "abort escalate");
        check(&Fault::cancelled(""), free(), "abort");
    }

    #[test]
    fn a_service_that_names_a_pause_is_left_alone_so_long() {
        let fault = Fault::new(Kind::ExternalService, "").later(Later::Throttled(Some(Duration::from_secs(9))));
        assert_eq!(decide(&fault, &free()).step, Step::RetryAfter { pause: Duration::from_secs(9) });
        let near = Situation { clamp: Clamp::Near, ..free() };
        assert_eq!(decide(&fault, &near).step, Step::RetryAfter { pause: Duration::from_secs(6) });
    }

    #[test]
    fn what_helps_once_is_done_once() {
        let tried = |advice| Situation { tried: Abilities::from_iter([advice]), ..free() };
        check(&Fault::new(Kind::Parse, ""), tried(Advice::ReAsk), "fallback fix_input abort");
        check(&Fault::new(Kind::Authentication, ""), tried(Advice::Reauthenticate), "escalate abort");
        let once = Fault::new(Kind::ExternalService, "").retries(1);
        check(&once, free(), "retry fallback skip abort");
        check(&once, Situation { retries: 1, ..free() }, "fallback skip abort");
    }

    #[test]
    fn a_malformed_answer_is_fed_back() {
        let fault = Fault::new(Kind::Parse, "the answer is no JSON").detail("line 1: expected `{`");
        let feedback = "your answer could not be used: the answer is no JSON\nline 1: expected `{`".to_owned();
        assert_eq!(decide(&fault, &free()).step, Step::ReAsk { feedback });
    }

    #[test]
    fn a_decision_says_what_stood_in_the_way_and_is_stored() {
        let fault = Fault::new(Kind::RateLimit, "slow down");
        let decision = decide(&fault, &Situation { retries_left: 0, ..free() });
        assert_eq!(decision.sentence(), "another one is used instead; not retry_after: no try is left");
        let stored = r#"{"step":{"do":"fallback"},"otherwise":[{"do":"abort"}],"passed_over":[["retry_after","no_retries_left"]]}"#;
        assert_eq!(serde_json::to_string(&decision).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Decision>(stored).unwrap(), decision);
    }

    fn seconds() -> impl Strategy<Value = Duration> {
        (0..=100u64, any::<bool>()).prop_map(|(some, all)| if all { Duration::MAX } else { Duration::from_secs(some) })
    }

    fn fault() -> impl Strategy<Value = Fault> {
        let kind = (0..Kind::ALL.len()).prop_map(|index| Kind::ALL[index]);
        let effect = prop_oneof![Just(Effect::None), Just(Effect::Unknown), Just(Effect::Done)];
        let later = prop_oneof![
            Just(Later::Never),
            Just(Later::Transient),
            Just(Later::Persistent),
            prop::option::of(seconds()).prop_map(Later::Throttled),
        ];
        (kind, effect, later, prop::option::of(0..3u32)).prop_map(|(kind, effect, later, retries)| {
            let fault = Fault::new(kind, "it failed").effect(effect).later(later);
            if let Some(retries) = retries { fault.retries(retries) } else { fault }
        })
    }

    fn abilities() -> impl Strategy<Value = Abilities> {
        prop::collection::vec(0..12usize, 0..14).prop_map(|list| list.into_iter().map(|at| Advice::ALL[at]).collect())
    }

    prop_compose! {
        fn situation()(
            (can, tried) in (abilities(), abilities()),
            (retries, retries_left) in (0..3u32, 0..3u32),
            (time_left, own_delay) in (prop::option::of(seconds()), seconds()),
            (near, is_idempotent, is_critical) in any::<(bool, bool, bool)>(),
        ) -> Situation {
            let clamp = if near { Clamp::Near } else { Clamp::Deadline };
            Situation { can, tried, retries, retries_left, time_left, own_delay, clamp, is_idempotent, is_critical }
        }
    }

    proptest! {
        #[test]
        fn work_that_was_or_may_be_done_is_never_repeated_unasked(fault in fault(), situation in situation()) {
            let decision = decide(&fault, &situation);
            if fault.effect_had() != Effect::None && !situation.is_idempotent {
                let repeats = |step: &Step| matches!(step, Step::Retry | Step::RetryAfter { .. } | Step::ReAsk { .. } | Step::Fallback | Step::Reauthenticate);
                prop_assert!(!decision.steps().any(repeats), "{decision:?}");
            }
        }

        #[test]
        fn every_step_is_within_the_means_the_tries_and_the_time(fault in fault(), situation in situation()) {
            let decision = decide(&fault, &situation);
            for step in decision.steps().filter(|step| **step != Step::Abort) {
                let advice = step.advice();
                prop_assert!(situation.can.contains(advice) || is_retry_by_other_name(advice, &situation));
                prop_assert!(!helps_once(advice) || !situation.tried.contains(advice));
                let is_again = matches!(step, Step::Retry | Step::RetryAfter { .. } | Step::ReAsk { .. });
                prop_assert!(!is_again || situation.retries_left > 0);
                prop_assert!(*step != Step::Skip || !situation.is_critical);
                if let Step::RetryAfter { pause } = step {
                    prop_assert!(situation.time_left.is_none_or(|left| left > *pause));
                    if situation.clamp == Clamp::Near {
                        prop_assert!(*pause >= situation.own_delay && *pause <= situation.own_delay.saturating_add(NEAR));
                    }
                }
            }
            prop_assert_eq!(decision.steps().filter(|step| **step == Step::Abort).count(), 1);
        }

        #[test]
        fn a_decision_survives_being_stored(fault in fault(), situation in situation()) {
            let decision = decide(&fault, &situation);
            let stored = serde_json::to_string(&decision).unwrap();
            prop_assert_eq!(serde_json::from_str::<Decision>(&stored).unwrap(), decision);
        }
    }
}
