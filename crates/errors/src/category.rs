//! The eleven groups that the fifteen kinds fall into, for reports and counts. Leaves decisions to `kind`.

use serde::{Deserialize, Serialize};

/// The group that a kind belongs to, one of eleven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Inputs and answers that break a rule or cannot be read.
    Validation,
    /// Settings and installed programs.
    Configuration,
    /// Who is calling, and what they may do.
    Auth,
    /// Reaching the other side.
    Network,
    /// Running out of time.
    Timeout,
    /// Limits of rate and of quota.
    RateLimit,
    /// Databases and caches.
    Storage,
    /// Services and child processes that fail on their own side.
    ExternalService,
    /// Memory, disk, descriptors and files of this machine.
    Resource,
    /// Rules of the work itself.
    BusinessLogic,
    /// Bugs.
    Internal,
}

impl Category {
    /// Returns the name that is shown and stored, such as `external_service`.
    pub fn name(self) -> &'static str {
        match self {
            Category::Validation => "validation",
            Category::Configuration => "configuration",
            Category::Auth => "auth",
            Category::Network => "network",
            Category::Timeout => "timeout",
            Category::RateLimit => "rate_limit",
            Category::Storage => "storage",
            Category::ExternalService => "external_service",
            Category::Resource => "resource",
            Category::BusinessLogic => "business_logic",
            Category::Internal => "internal",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Kind;

    #[test]
    fn a_category_is_stored_as_its_name() {
        for category in Kind::ALL.map(Kind::category) {
            assert_eq!(serde_json::to_value(category).unwrap(), category.name());
        }
    }
}
