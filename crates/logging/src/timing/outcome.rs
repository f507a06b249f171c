//! How a timed piece of work ended.

use std::fmt;

/// How a timed piece of work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It came to its end, and if its value is a `Result` it is `Ok`.
    Succeeded,
    /// It said that it failed.
    Failed,
    /// Nobody waited for its end: its future was dropped.
    Cancelled,
    /// It panicked.
    Panicked,
}

impl Outcome {
    /// Returns the word that stands in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
            Outcome::Panicked => "panicked",
        }
    }

    /// Returns what a result says.
    pub fn of<T, E>(result: &Result<T, E>) -> Outcome {
        if result.is_ok() { Outcome::Succeeded } else { Outcome::Failed }
    }

    /// Returns how work ended that did not say it: by a panic if there is one, else like this.
    pub(super) fn unsaid(otherwise: Outcome) -> Outcome {
        if std::thread::panicking() { Outcome::Panicked } else { otherwise }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
