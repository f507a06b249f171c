//! What a failure tells a circuit breaker. Leaves opening and closing to the breaker.

use serde::{Deserialize, Serialize};

/// What a circuit breaker should make of a failure.
///
/// A breaker asks whether the other side is well. Most failures say nothing about that: a wrong argument, a missing
/// right or a cancelled call would open it against a healthy service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breaker {
    /// It says nothing about the other side's health.
    Ignores,
    /// It counts as a failure of the other side.
    Counts,
    /// It counts if it may pass by itself, such as a lost connection, and not if it was a wrong statement.
    CountsTransient,
    /// It counts, but in a breaker of the cache's own: the service behind it is another.
    CountsApart,
    /// It does not count, but the limit of calls should be lowered.
    SlowsDown,
    /// It opens the breaker at once, until the other side's reset.
    Opens,
}

impl Breaker {
    /// Returns the name that is shown and stored, such as `counts_transient`.
    pub fn name(self) -> &'static str {
        match self {
            Breaker::Ignores => "ignores",
            Breaker::Counts => "counts",
            Breaker::CountsTransient => "counts_transient",
            Breaker::CountsApart => "counts_apart",
            Breaker::SlowsDown => "slows_down",
            Breaker::Opens => "opens",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Kind;

    #[test]
    fn what_a_breaker_makes_of_it_is_stored_as_its_name() {
        for breaker in Kind::ALL.map(Kind::breaker) {
            assert_eq!(serde_json::to_value(breaker).unwrap(), breaker.name());
        }
    }
}
