//! One thing to do, with all that doing it needs. Leaves which one to `decide`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Advice;

/// One thing to do about a failure, ready to be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Step {
    /// Make the same call again, after the caller's own back-off.
    Retry,
    /// Make the same call again after this pause.
    RetryAfter {
        /// How long to wait.
        pause: Duration,
    },
    /// Ask once more and say what was wrong.
    ReAsk {
        /// What to tell the one who answers.
        feedback: String,
    },
    /// Use another provider, model or agent.
    Fallback,
    /// Go on without this step.
    Skip,
    /// Go on with less.
    Degrade,
    /// Sign in again, then repeat once.
    Reauthenticate,
    /// Correct what was handed in.
    FixInput,
    /// Correct a setting or install what is missing.
    FixConfig,
    /// Free memory, disk or descriptors.
    FreeResources,
    /// Tell a person.
    Escalate,
    /// Stop.
    Abort,
}

impl Step {
    /// Returns the strategy that it carries out.
    pub fn advice(&self) -> Advice {
        match self {
            Step::Retry => Advice::Retry,
            Step::RetryAfter { .. } => Advice::RetryAfter,
            Step::ReAsk { .. } => Advice::ReAsk,
            Step::Fallback => Advice::Fallback,
            Step::Skip => Advice::Skip,
            Step::Degrade => Advice::Degrade,
            Step::Reauthenticate => Advice::Reauthenticate,
            Step::FixInput => Advice::FixInput,
            Step::FixConfig => Advice::FixConfig,
            Step::FreeResources => Advice::FreeResources,
            Step::Escalate => Advice::Escalate,
            Step::Abort => Advice::Abort,
        }
    }

    /// Says what is done now, as a fragment that a person reads after what happened.
    pub fn words(&self) -> String {
        match self {
            Step::Retry => "it is tried again".to_owned(),
            Step::RetryAfter { pause } => format!("it is tried again in {}", span(*pause)),
            Step::ReAsk { .. } => "it is asked for once more, with what was wrong".to_owned(),
            Step::Fallback => "another one is used instead".to_owned(),
            Step::Skip => "the work goes on without it".to_owned(),
            Step::Degrade => "the work goes on with less".to_owned(),
            Step::Reauthenticate => "a new sign-in is made".to_owned(),
            Step::FixInput => "the input is corrected".to_owned(),
            Step::FixConfig => "the setting is corrected".to_owned(),
            Step::FreeResources => "what can be freed is freed".to_owned(),
            Step::Escalate => "a person is asked for help".to_owned(),
            Step::Abort => "the work stops here".to_owned(),
        }
    }
}

/// Writes a pause in the unit that a person would use.
fn span(pause: Duration) -> String {
    match pause.as_secs() {
        0 => format!("{} ms", pause.as_millis()),
        seconds @ 1..=119 => format!("{seconds} s"),
        seconds @ 120..=7_199 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the stored form, in both directions, and the words.
    fn check(step: Step, stored: &str, words: &str) {
        assert_eq!(serde_json::to_string(&step).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Step>(stored).unwrap(), step);
        assert_eq!(step.words(), words);
        assert!(stored.contains(&format!("\"{}\"", step.advice().name())));
    }

    #[test]
    fn a_step_is_stored_with_all_that_it_needs() {
        check(Step::Retry, r#"{"do":"retry"}"#, "it is tried again");
        check(
            Step::RetryAfter { pause: Duration::from_millis(1_500) },
            r#"{"do":"retry_after","pause":{"secs":1,"nanos":500000000}}"#,
            "it is tried again in 1 s",
        );
        let asked = Step::ReAsk { feedback: "no JSON".to_owned() };
        check(asked, r#"{"do":"re_ask","feedback":"no JSON"}"#, "it is asked for once more, with what was wrong");
        check(Step::Fallback, r#"{"do":"fallback"}"#, "another one is used instead");
        check(Step::Skip, r#"{"do":"skip"}"#, "the work goes on without it");
        check(Step::Degrade, r#"{"do":"degrade"}"#, "the work goes on with less");
        check(Step::Reauthenticate, r#"{"do":"reauthenticate"}"#, "a new sign-in is made");
        check(Step::FixInput, r#"{"do":"fix_input"}"#, "the input is corrected");
        check(Step::FixConfig, r#"{"do":"fix_config"}"#, "the setting is corrected");
        check(Step::FreeResources, r#"{"do":"free_resources"}"#, "what can be freed is freed");
        check(Step::Escalate, r#"{"do":"escalate"}"#, "a person is asked for help");
        check(Step::Abort, r#"{"do":"abort"}"#, "the work stops here");
    }

    #[test]
    fn a_pause_is_told_in_its_unit() {
        for (milliseconds, words) in [(20, "20 ms"), (119_000, "119 s"), (600_000, "10 min"), (86_400_000, "24 h")] {
            assert_eq!(span(Duration::from_millis(milliseconds)), words);
        }
    }
}
