//! What can be done about a failure: the twelve strategies. Leaves which of them fit to `kind`, and
//! carrying them out to the caller.

use serde::{Deserialize, Serialize};

/// One thing that can be done about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Make the same call again, after a back-off.
    Retry,
    /// Make the same call again, after the pause that the other side asked for.
    RetryAfter,
    /// Ask once more, with the mistake shown to the one who answers.
    ReAsk,
    /// Use another provider, model or agent.
    Fallback,
    /// Go on without this step.
    Skip,
    /// Go on with less: without the cache, with an older value.
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

impl Advice {
    /// Every strategy, in the order in which they are declared.
    pub const ALL: [Advice; 12] = [
        Advice::Retry,
        Advice::RetryAfter,
        Advice::ReAsk,
        Advice::Fallback,
        Advice::Skip,
        Advice::Degrade,
        Advice::Reauthenticate,
        Advice::FixInput,
        Advice::FixConfig,
        Advice::FreeResources,
        Advice::Escalate,
        Advice::Abort,
    ];

    /// Returns the name that is shown and stored, such as `fix_input`.
    pub fn name(self) -> &'static str {
        match self {
            Advice::Retry => "retry",
            Advice::RetryAfter => "retry_after",
            Advice::ReAsk => "re_ask",
            Advice::Fallback => "fallback",
            Advice::Skip => "skip",
            Advice::Degrade => "degrade",
            Advice::Reauthenticate => "reauthenticate",
            Advice::FixInput => "fix_input",
            Advice::FixConfig => "fix_config",
            Advice::FreeResources => "free_resources",
            Advice::Escalate => "escalate",
            Advice::Abort => "abort",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_stored_as_its_name() {
        for advice in Advice::ALL {
            assert_eq!(serde_json::to_value(advice).unwrap(), advice.name());
        }
    }
}
