//! Whose fault a failure is: the axis that says who has to change something. Leaves the default of each kind to
//! `kind`.

use serde::{Deserialize, Serialize};

/// Whose fault a failure is.
///
/// It is kept apart from what failed: a timeout may be the other side's, or the network's between.
///
/// ```
/// use segno_errors::{Blame, Kind};
///
/// assert_eq!(Kind::Validation.blame(), Blame::Caller);
/// assert_eq!(Kind::Internal.blame(), Blame::Us);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// Whoever made the call: what was handed in, how often, with which rights.
    Caller,
    /// What was called: a service, a database, a program.
    Dependency,
    /// What lies between and below: the network, the machine, its settings.
    Environment,
    /// The program itself.
    Us,
}

impl Blame {
    /// Returns the name that is shown and stored, such as `dependency`.
    pub fn name(self) -> &'static str {
        match self {
            Blame::Caller => "caller",
            Blame::Dependency => "dependency",
            Blame::Environment => "environment",
            Blame::Us => "us",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blame_is_stored_as_its_name() {
        for blame in [Blame::Caller, Blame::Dependency, Blame::Environment, Blame::Us] {
            assert_eq!(serde_json::to_value(blame).unwrap(), blame.name());
        }
    }
}
