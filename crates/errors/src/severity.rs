//! How bad a failure is, in four ordered steps. Leaves the default of each kind to `kind`.

use serde::{Deserialize, Serialize};

/// How bad a failure is; a worse one is greater.
///
/// ```
/// use segno_errors::Severity;
///
/// assert!(Severity::Critical > Severity::High);
/// assert_eq!(Severity::High.name(), "high");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Expected now and then; nobody needs to look.
    Low,
    /// Worth a look when it repeats.
    Medium,
    /// Somebody has to act before this work can finish.
    High,
    /// Other work is in danger too.
    Critical,
}

impl Severity {
    /// Returns the name that is shown and stored, such as `high`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_ordered_and_stored_by_name() {
        let all = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
        assert!(all.is_sorted());
        for severity in all {
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.name());
        }
    }
}
