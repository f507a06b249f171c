//! What a breaker shows of itself to people and metrics.

use super::State;

/// What a breaker was and had counted at one moment.
///
/// Successes in a healthy window are not counted one by one: that would make every call write to memory
/// that all callers share.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct BreakerSnapshot {
    /// What it does with calls.
    pub state: State,
    /// How often the state changed since it was built.
    pub generation: u64,
    /// The calls in the window; while it is not closed those that were in it when it opened.
    pub calls: u64,
    /// The failed ones of them.
    pub failures: u64,
    /// The slow ones of them; 0 where calls are not timed.
    pub slow: u64,
    /// The share of failed calls in the window, if there are any calls.
    pub failure_rate: Option<f64>,
    /// The share of slow calls in the window, if there are any calls.
    pub slow_rate: Option<f64>,
    /// The failures since the last success.
    pub in_a_row: u32,
    /// The probes that may still be let through, half-open.
    pub free_probes: u64,
    /// The calls that were rejected since it was built.
    pub total_rejected: u64,
    /// The calls that failed since it was built, less those that came back in a later state.
    pub total_failures: u64,
    /// The slow calls since it was built, less those that came back in a later state.
    pub total_slow: u64,
    /// How often it opened since it was built.
    pub total_opened: u64,
}
