//! What a breaker is and what it becomes, as those see it who are told. Leaves deciding to `core`.

use std::fmt;

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It lets all of them through.
    Closed,
    /// It rejects all of them, until its time is over and a call comes.
    Open,
    /// It lets a few of them through, the probes, and rejects the others.
    HalfOpen,
}

/// A breaker that went from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Change {
    /// What it was.
    pub from: State,
    /// What it is now.
    pub to: State,
    /// Why it changed.
    pub why: Why,
    /// The number of the state that begins here. Two threads may tell of two changes in the other order;
    /// this is the order in which they happened.
    pub generation: u64,
}

/// Why a breaker changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// The share of failed calls reached the limit.
    FailureRate,
    /// The share of slow calls reached the limit.
    SlowRate,
    /// So many calls failed one after another.
    InARow,
    /// It was open long enough.
    Waited,
    /// All probes succeeded.
    ProbesSucceeded,
    /// A probe failed.
    ProbeFailed,
    /// The probes succeeded, but too many of them were slow.
    ProbesSlow,
    /// Probes did not come back in time, and new ones are let through in their place.
    ProbesLost,
    /// Somebody called `trip` or `reset`.
    ByHand,
}

impl State {
    /// Returns the name that is shown, such as `half-open`.
    pub fn name(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half-open",
        }
    }
}

impl Why {
    /// Returns the reason as it is shown, such as `a probe failed`.
    pub fn reason(self) -> &'static str {
        match self {
            Why::FailureRate => "too many calls failed",
            Why::SlowRate => "too many calls were slow",
            Why::InARow => "calls failed one after another",
            Why::Waited => "it was open long enough",
            Why::ProbesSucceeded => "the probes succeeded",
            Why::ProbeFailed => "a probe failed",
            Why::ProbesSlow => "too many probes were slow",
            Why::ProbesLost => "probes did not come back in time",
            Why::ByHand => "it was set by hand",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reason())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Change { from, to, why, .. } = self;
        write!(formatter, "{from} to {to}: {why}")
    }
}
