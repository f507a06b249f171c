//! What failed: the fifteen kinds and what each one means by default. Leaves single errors to `classify`.

use serde::{Deserialize, Serialize};

use crate::{Advice, Blame, Breaker, Category, Later, Severity};

/// What failed, as one of fifteen kinds.
///
/// A kind is a coarse and stable class: programs decide on it, and its defaults say how bad it is,
/// whether waiting helps and what to do. The finer cause is a fault's open `reason`.
///
/// ```
/// use segno_errors::{Advice, Category, Kind, Later};
///
/// assert_eq!(Kind::Timeout.code(), "TIMEOUT_ERROR");
/// assert_eq!(Kind::Timeout.later(), Later::Transient);
/// assert_eq!(Kind::QuotaExceeded.category(), Category::RateLimit);
/// assert_eq!(Kind::QuotaExceeded.advice(), [Advice::Fallback, Advice::RetryAfter, Advice::Escalate]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// An input breaks a rule that was known beforehand.
    #[serde(rename = "VALIDATION_ERROR")]
    Validation,
    /// An answer or a text cannot be read: broken JSON, a wrong shape.
    #[serde(rename = "PARSE_ERROR")]
    Parse,
    /// A setting is missing or wrong, or a program is not installed.
    #[serde(rename = "CONFIGURATION_ERROR")]
    Configuration,
    /// The other side does not know who is calling.
    #[serde(rename = "AUTHENTICATION_ERROR")]
    Authentication,
    /// The caller is known but may not do this.
    #[serde(rename = "AUTHORIZATION_ERROR")]
    Authorization,
    /// The other side could not be reached, or the connection broke.
    #[serde(rename = "NETWORK_ERROR")]
    Network,
    /// The time allowed ran out.
    #[serde(rename = "TIMEOUT_ERROR")]
    Timeout,
    /// Too many calls at once; it ends by itself soon.
    #[serde(rename = "RATE_LIMIT_ERROR")]
    RateLimit,
    /// The money, day or month is used up; waiting a moment does not help.
    #[serde(rename = "QUOTA_EXCEEDED_ERROR")]
    QuotaExceeded,
    /// A database failed or refused.
    #[serde(rename = "DATABASE_ERROR")]
    Database,
    /// A cache failed; work can go on without it.
    #[serde(rename = "CACHE_ERROR")]
    Cache,
    /// A service or a child process failed on its own side.
    #[serde(rename = "EXTERNAL_SERVICE_ERROR")]
    ExternalService,
    /// This machine lacks something: memory, disk, descriptors, a file.
    #[serde(rename = "RESOURCE_ERROR")]
    Resource,
    /// A rule of the work itself says no: a conflict, a failed gate, a cancelled call.
    #[serde(rename = "BUSINESS_LOGIC_ERROR")]
    BusinessLogic,
    /// A bug: a panic or a broken invariant.
    #[serde(rename = "INTERNAL_ERROR")]
    Internal,
}

impl Kind {
    /// Every kind, in the order in which they are declared.
    pub const ALL: [Kind; 15] = [
        Kind::Validation,
        Kind::Parse,
        Kind::Configuration,
        Kind::Authentication,
        Kind::Authorization,
        Kind::Network,
        Kind::Timeout,
        Kind::RateLimit,
        Kind::QuotaExceeded,
        Kind::Database,
        Kind::Cache,
        Kind::ExternalService,
        Kind::Resource,
        Kind::BusinessLogic,
        Kind::Internal,
    ];

    /// Returns the stable code that is shown and stored, such as `TIMEOUT_ERROR`.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Validation => "VALIDATION_ERROR",
            Kind::Parse => "PARSE_ERROR",
            Kind::Configuration => "CONFIGURATION_ERROR",
            Kind::Authentication => "AUTHENTICATION_ERROR",
            Kind::Authorization => "AUTHORIZATION_ERROR",
            Kind::Network => "NETWORK_ERROR",
            Kind::Timeout => "TIMEOUT_ERROR",
            Kind::RateLimit => "RATE_LIMIT_ERROR",
            Kind::QuotaExceeded => "QUOTA_EXCEEDED_ERROR",
            Kind::Database => "DATABASE_ERROR",
            Kind::Cache => "CACHE_ERROR",
            Kind::ExternalService => "EXTERNAL_SERVICE_ERROR",
            Kind::Resource => "RESOURCE_ERROR",
            Kind::BusinessLogic => "BUSINESS_LOGIC_ERROR",
            Kind::Internal => "INTERNAL_ERROR",
        }
    }

    /// Returns the kind in a few words, the same for every failure of it.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Validation => "an input is not valid",
            Kind::Parse => "a text cannot be read",
            Kind::Configuration => "a setting is missing or wrong",
            Kind::Authentication => "nobody known is signed in",
            Kind::Authorization => "this is not allowed",
            Kind::Network => "the other side cannot be reached",
            Kind::Timeout => "the time ran out",
            Kind::RateLimit => "too many requests",
            Kind::QuotaExceeded => "the quota is used up",
            Kind::Database => "a database failed",
            Kind::Cache => "a cache failed",
            Kind::ExternalService => "a service failed",
            Kind::Resource => "the machine lacks something",
            Kind::BusinessLogic => "a rule of the work says no",
            Kind::Internal => "the program has a bug",
        }
    }

    /// Returns the HTTP status that a failure of this kind is told with.
    pub fn http_status(self) -> u16 {
        match self {
            Kind::Validation => 400,
            Kind::Authentication => 401,
            Kind::QuotaExceeded => 402,
            Kind::Authorization => 403,
            Kind::BusinessLogic | Kind::Parse => 422,
            Kind::RateLimit => 429,
            Kind::Network | Kind::ExternalService => 502,
            Kind::Database | Kind::Cache => 503,
            Kind::Timeout => 504,
            Kind::Resource => 507,
            Kind::Configuration | Kind::Internal => 500,
        }
    }

    /// Returns the one category that this kind belongs to.
    pub fn category(self) -> Category {
        match self {
            Kind::Validation | Kind::Parse => Category::Validation,
            Kind::Configuration => Category::Configuration,
            Kind::Authentication | Kind::Authorization => Category::Auth,
            Kind::Network => Category::Network,
            Kind::Timeout => Category::Timeout,
            Kind::RateLimit | Kind::QuotaExceeded => Category::RateLimit,
            Kind::Database | Kind::Cache => Category::Storage,
            Kind::ExternalService => Category::ExternalService,
            Kind::Resource => Category::Resource,
            Kind::BusinessLogic => Category::BusinessLogic,
            Kind::Internal => Category::Internal,
        }
    }

    /// Returns how bad a failure of this kind is unless the fault says otherwise.
    pub fn severity(self) -> Severity {
        match self {
            Kind::Validation | Kind::RateLimit | Kind::Cache => Severity::Low,
            Kind::Parse | Kind::Network | Kind::Timeout | Kind::BusinessLogic => Severity::Medium,
            Kind::Configuration
            | Kind::Authentication
            | Kind::Authorization
            | Kind::QuotaExceeded
            | Kind::Database
            | Kind::ExternalService
            | Kind::Resource => Severity::High,
            Kind::Internal => Severity::Critical,
        }
    }

    /// Returns whether the same call may work later unless the fault says otherwise.
    ///
    /// A kind that only works after somebody did something (signed in, freed space, fixed a file)
    /// is [`Later::Never`]: waiting alone does not help, and [`Kind::advice`] says what does.
    pub fn later(self) -> Later {
        match self {
            Kind::Network | Kind::Timeout | Kind::Database | Kind::Cache | Kind::ExternalService => Later::Transient,
            Kind::RateLimit => Later::Throttled(None),
            Kind::Validation
            | Kind::Parse
            | Kind::Configuration
            | Kind::Authentication
            | Kind::Authorization
            | Kind::QuotaExceeded
            | Kind::Resource
            | Kind::BusinessLogic
            | Kind::Internal => Later::Never,
        }
    }

    /// Returns whose fault a failure of this kind is unless the fault says otherwise.
    pub fn blame(self) -> Blame {
        match self {
            Kind::Validation
            | Kind::Authentication
            | Kind::Authorization
            | Kind::RateLimit
            | Kind::QuotaExceeded
            | Kind::BusinessLogic => Blame::Caller,
            Kind::Parse | Kind::Timeout | Kind::Database | Kind::Cache | Kind::ExternalService => Blame::Dependency,
            Kind::Configuration | Kind::Network | Kind::Resource => Blame::Environment,
            Kind::Internal => Blame::Us,
        }
    }

    /// Returns the most repetitions that make sense, where one is all that ever helps; `None` leaves it to the caller.
    ///
    /// A malformed answer is asked for once more, a call is made once more after signing in, and a bug is given one
    /// chance where it is isolated in an agent of its own.
    pub fn most_retries(self) -> Option<u32> {
        matches!(self, Kind::Parse | Kind::Authentication | Kind::Internal).then_some(1)
    }

    /// Returns what a circuit breaker should make of a failure of this kind.
    pub fn breaker(self) -> Breaker {
        match self {
            Kind::Network | Kind::Timeout | Kind::ExternalService => Breaker::Counts,
            Kind::Database => Breaker::CountsTransient,
            Kind::Cache => Breaker::CountsApart,
            Kind::RateLimit => Breaker::SlowsDown,
            Kind::QuotaExceeded => Breaker::Opens,
            Kind::Validation
            | Kind::Parse
            | Kind::Configuration
            | Kind::Authentication
            | Kind::Authorization
            | Kind::Resource
            | Kind::BusinessLogic
            | Kind::Internal => Breaker::Ignores,
        }
    }

    /// Returns what to do about a failure of this kind, best first; never empty.
    ///
    /// Waiting in a queue for a limit and pausing until a quota's reset are both [`Advice::RetryAfter`]: the call is
    /// made again after the pause that the other side named.
    pub fn advice(self) -> &'static [Advice] {
        match self {
            Kind::Validation => &[Advice::FixInput, Advice::Abort],
            Kind::Parse => &[Advice::ReAsk, Advice::Fallback, Advice::FixInput],
            Kind::Configuration => &[Advice::FixConfig, Advice::Abort],
            Kind::Authentication => &[Advice::Reauthenticate, Advice::Escalate],
            Kind::Authorization => &[Advice::Escalate, Advice::Skip],
            Kind::Network | Kind::Timeout => &[Advice::Retry, Advice::Fallback, Advice::Degrade],
            Kind::RateLimit => &[Advice::RetryAfter, Advice::Fallback],
            Kind::QuotaExceeded => &[Advice::Fallback, Advice::RetryAfter, Advice::Escalate],
            Kind::Database => &[Advice::Retry, Advice::Degrade, Advice::Escalate],
            Kind::Cache => &[Advice::Degrade, Advice::Skip],
            Kind::ExternalService => &[Advice::Retry, Advice::Fallback, Advice::Skip],
            Kind::Resource => &[Advice::FreeResources, Advice::Degrade, Advice::Escalate],
            Kind::BusinessLogic => &[Advice::Skip, Advice::FixInput, Advice::Escalate],
            Kind::Internal => &[Advice::Abort, Advice::Escalate],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Checks one row of the taxonomy: `category severity later retries blame breaker advice..`.
    fn check(kind: Kind, expected: &str) {
        let advice: Vec<_> = kind.advice().iter().map(|advice| advice.name()).collect();
        let retries = kind.most_retries().map_or("any".to_owned(), |retries| retries.to_string());
        let row = format!(
            "{} {} {:?} {retries} {} {} {}",
            kind.category().name(),
            kind.severity().name(),
            kind.later(),
            kind.blame().name(),
            kind.breaker().name(),
            advice.join(",")
        );
        assert_eq!(row, expected, "{}", kind.code());
    }

    #[test]
    #[rustfmt::skip] // One kind is one row.
    fn each_kind_has_the_defaults_of_the_taxonomy() {
        check(Kind::Validation, "validation low Never any caller ignores fix_input,abort");
        check(Kind::Parse, "validation medium Never 1 dependency ignores re_ask,fallback,fix_input");
        check(Kind::Configuration, "configuration high Never any environment ignores fix_config,abort");
        check(Kind::Authentication, "auth high Never 1 caller ignores reauthenticate,escalate");
        check(Kind::Authorization, "auth high Never any caller ignores escalate,skip");
        check(Kind::Network, "network medium Transient any environment counts retry,fallback,degrade");
        check(Kind::Timeout, "timeout medium Transient any dependency counts retry,fallback,degrade");
        check(Kind::RateLimit, "rate_limit low Throttled(None) any caller slows_down retry_after,fallback");
        check(Kind::QuotaExceeded, "rate_limit high Never any caller opens fallback,retry_after,escalate");
        check(Kind::Database, "storage high Transient any dependency counts_transient retry,degrade,escalate");
        check(Kind::Cache, "storage low Transient any dependency counts_apart degrade,skip");
        check(Kind::ExternalService, "external_service high Transient any dependency counts retry,fallback,skip");
        check(Kind::Resource, "resource high Never any environment ignores free_resources,degrade,escalate");
        check(Kind::BusinessLogic, "business_logic medium Never any caller ignores skip,fix_input,escalate");
        check(Kind::Internal, "internal critical Never 1 us ignores abort,escalate");
    }

    #[test]
    fn all_lists_every_kind_once_in_fifteen_kinds_and_eleven_categories() {
        let kinds: HashSet<_> = Kind::ALL.into_iter().collect();
        let categories: HashSet<_> = Kind::ALL.into_iter().map(Kind::category).collect();
        assert_eq!((kinds.len(), categories.len()), (15, 11));
    }

    #[test]
    fn a_kind_is_stored_as_its_code() {
        for kind in Kind::ALL {
            let stored = serde_json::to_value(kind).unwrap();
            assert_eq!(stored, kind.code());
            assert_eq!(serde_json::from_value::<Kind>(stored).unwrap(), kind);
        }
    }
}
