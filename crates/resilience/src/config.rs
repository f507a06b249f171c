//! A policy as it stands in a settings file: plain numbers, checked when the policy is built. Leaves
//! what the numbers mean to the parts.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Breaker, BreakerBuilder, Budget, BudgetBuilder, Bulkhead, BulkheadBuilder, Clock, Concurrency, ConcurrencyBuilder,
    Error, Jitter, Part, Policy, PolicyBuilder, Retry, RetryBuilder,
};
#[cfg(feature = "tokio")]
use crate::{Hedge, HedgeBuilder};
#[cfg(feature = "rate")]
use crate::{Rate, RateBuilder};

/// A policy as it stands in a settings file, in TOML or any other format of serde.
///
/// Durations are texts such as `250ms`, `5s` or `1m 30s`. A key that is not known is an error of the
/// reader, a number out of its range one of [`PolicyConfig::build`].
///
/// ```
/// use segno_resilience::PolicyConfig;
///
/// let text = r#"
///     deadline = "30s"
///     attempt_timeout = "5s"
///     retry = { attempts = 3, wait = "50ms", max_wait = "5s", jitter = "full", budget = 0.1 }
///     breaker = { failures = 0.5, of_last = 100, min_calls = 20, in_a_row = 5, open_for = "10s", probes = 3 }
///     rate = { calls = 20, per = "1s", burst = 5, max_wait = "1s" }
///     bulkhead = { max = 16, queue = 64, max_wait = "5s" }
/// "#;
/// let config: PolicyConfig = toml::from_str(text)?;
/// let policy = config.build("github")?;
/// assert_eq!(policy.retry().max_attempts(), 3);
///
/// let wrong: PolicyConfig = toml::from_str("retry = { attempts = 0 }")?;
/// assert!(wrong.build("github").is_err());
/// assert!(toml::from_str::<PolicyConfig>("retries = 3").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// How long a whole call may take.
    #[serde(with = "optional", skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Duration>,
    /// How long one attempt may take.
    #[serde(with = "optional", skip_serializing_if = "Option::is_none")]
    pub attempt_timeout: Option<Duration>,
    /// How often and after how long a call is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryConfig>,
    /// When calls are stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerConfig>,
    /// How many calls there may be in a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateConfig>,
    /// How many calls run at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulkhead: Option<BulkheadConfig>,
    /// A limit of calls at once that finds its height by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<ConcurrencyConfig>,
    /// After how long an attempt gets company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hedge: Option<HedgeConfig>,
}

/// How often and after how long a call is tried again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryConfig {
    /// How often the body runs at most, the first call included.
    pub attempts: u32,
    /// The ceiling of the first wait; 50 ms unless set, or `max_wait` if that is less.
    #[serde(with = "optional", skip_serializing_if = "Option::is_none")]
    pub wait: Option<Duration>,
    /// The ceiling of all waits; 5 s unless set, or `wait` if that is more.
    #[serde(with = "optional", skip_serializing_if = "Option::is_none")]
    pub max_wait: Option<Duration>,
    /// How waits are spread.
    pub jitter: Jitter,
    /// How many retries a success pays for; without it there is no budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<f64>,
    /// How many retries the budget holds at most; 10 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_capacity: Option<u32>,
    /// The longest pause that is granted when the other side asks for one.
    #[serde(with = "plain")]
    pub throttle_limit: Duration,
}

impl Default for RetryConfig {
    fn default() -> RetryConfig {
        RetryConfig {
            attempts: 3,
            wait: None,
            max_wait: None,
            jitter: Jitter::Full,
            budget: None,
            budget_capacity: None,
            throttle_limit: Duration::from_secs(60),
        }
    }
}

/// When calls are stopped: after five failures in a row when neither `failures` nor `in_a_row` is set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerConfig {
    /// The share of failures from which on calls are stopped, above 0 and at most 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<f64>,
    /// Of how many calls the share is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of_last: Option<u32>,
    /// Of how long a time the share is taken, instead of a number of calls.
    #[serde(with = "optional", skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// How many calls there must be for a share to count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_calls: Option<u32>,
    /// How many failures in a row stop calls, whatever the share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_a_row: Option<u32>,
    /// From when on a call is slow.
    #[serde(with = "optional", skip_serializing_if = "Option::is_none")]
    pub slow: Option<Duration>,
    /// The share of slow calls from which on calls are stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_share: Option<f64>,
    /// How long calls are stopped before some are let through to see.
    #[serde(with = "optional", skip_serializing_if = "Option::is_none")]
    pub open_for: Option<Duration>,
    /// How many calls are let through to see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probes: Option<u32>,
    /// How long these have to come back before others are let through in their place.
    #[serde(with = "optional", skip_serializing_if = "Option::is_none")]
    pub half_open_for: Option<Duration>,
}

/// How many calls there may be in a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateConfig {
    /// How many.
    pub calls: u32,
    /// In what time; a second unless set.
    #[serde(with = "plain", default = "second")]
    pub per: Duration,
    /// How many may come at once; one unless set, so that calls are spread evenly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// How long a call waits for its turn; as long as it takes unless set.
    #[serde(with = "optional", default, skip_serializing_if = "Option::is_none")]
    pub max_wait: Option<Duration>,
}

impl Default for RateConfig {
    /// Nothing a second, which is an error until `calls` is set.
    fn default() -> RateConfig {
        RateConfig { calls: 0, per: second(), burst: None, max_wait: None }
    }
}

/// How many calls run at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BulkheadConfig {
    /// How many.
    pub max: u32,
    /// How many wait for a place; 100,000 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<u32>,
    /// How long a call waits for a place; as long as it takes unless set.
    #[serde(with = "optional", default, skip_serializing_if = "Option::is_none")]
    pub max_wait: Option<Duration>,
}

/// A limit of calls at once that finds its height by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConcurrencyConfig {
    /// How the limit moves.
    pub algorithm: Algorithm,
    /// Where it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial: Option<u32>,
    /// How low it may fall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// How high it may rise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// How many wait for a place; 100,000 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<u32>,
    /// How long a call waits for a place; as long as it takes unless set.
    #[serde(with = "optional", default, skip_serializing_if = "Option::is_none")]
    pub max_wait: Option<Duration>,
}

/// How an adaptive limit moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// Up by one, down by a share.
    Aimd,
    /// By the gradient of the latency.
    #[default]
    Gradient2,
}

/// After how long an attempt gets company.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HedgeConfig {
    /// After how long.
    #[serde(with = "optional", default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Duration>,
    /// After as long as this share of past calls took, instead of a fixed time; between 0 and 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentile: Option<f64>,
    /// After how long at the least, with a percentile.
    #[serde(with = "optional", default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Duration>,
    /// How many more attempts there are at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
}

impl PolicyConfig {
    /// Checks the numbers and returns the policy.
    ///
    /// # Errors
    ///
    /// The first number that no policy can be built with.
    pub fn build(&self, name: impl Into<Arc<str>>) -> Result<Policy, Error> {
        self.build_on(name, &Clock::system())
    }

    /// Checks the numbers and returns the policy on a clock.
    ///
    /// # Errors
    ///
    /// The first number that no policy can be built with.
    pub fn build_on(&self, name: impl Into<Arc<str>>, clock: &Clock) -> Result<Policy, Error> {
        let PolicyConfig { deadline, attempt_timeout, retry, breaker, rate, bulkhead, concurrency, hedge } =
            self.clone();
        let policy = Policy::named(name).clock(clock.clone());
        let policy = deadline.into_iter().fold(policy, PolicyBuilder::deadline);
        let policy = attempt_timeout.into_iter().fold(policy, PolicyBuilder::attempt_timeout);
        let policy = retry.into_iter().fold(policy, PolicyBuilder::retry);
        let policy = breaker.into_iter().fold(policy, PolicyBuilder::breaker);
        let policy = rated(policy, rate)?;
        let policy = bulkhead.into_iter().fold(policy, PolicyBuilder::bulkhead);
        let policy = concurrency.into_iter().fold(policy, PolicyBuilder::concurrency);
        hedged(policy, hedge)?.build()
    }
}

#[cfg(feature = "rate")]
fn rated(policy: PolicyBuilder, rate: Option<RateConfig>) -> Result<PolicyBuilder, Error> {
    Ok(rate.into_iter().fold(policy, PolicyBuilder::rate))
}

#[cfg(not(feature = "rate"))]
fn rated(policy: PolicyBuilder, rate: Option<RateConfig>) -> Result<PolicyBuilder, Error> {
    rate.map_or(Ok(policy), |_| Err(Error::LeftOut { feature: "rate" }))
}

#[cfg(feature = "tokio")]
fn hedged(policy: PolicyBuilder, hedge: Option<HedgeConfig>) -> Result<PolicyBuilder, Error> {
    Ok(hedge.into_iter().fold(policy, PolicyBuilder::hedge))
}

#[cfg(not(feature = "tokio"))]
fn hedged(policy: PolicyBuilder, hedge: Option<HedgeConfig>) -> Result<PolicyBuilder, Error> {
    hedge.map_or(Ok(policy), |_| Err(Error::LeftOut { feature: "tokio" }))
}

impl Part<Retry> for RetryConfig {
    fn build_on(self, clock: &Clock) -> Result<Retry, Error> {
        let RetryConfig { attempts, wait, max_wait, jitter, budget, budget_capacity, throttle_limit } = self;
        // The other end follows the one that was given, so that the range is never empty for that reason.
        let max = max_wait.unwrap_or_else(|| wait.unwrap_or_default().max(DEFAULT_MAX_WAIT));
        let min = wait.unwrap_or_else(|| max.min(DEFAULT_WAIT));
        let retry = Retry::attempts(attempts).exponential(min..=max).jitter(jitter).throttle_limit(throttle_limit);
        let budget = match (budget, budget_capacity) {
            (Some(ratio), capacity) => Some(capacity.into_iter().fold(Budget::ratio(ratio), BudgetBuilder::capacity)),
            (None, Some(_)) => {
                return Err(Error::Key { key: "budget_capacity", must: "says nothing without `budget`" });
            }
            (None, None) => None,
        };
        budget.into_iter().fold(retry, RetryBuilder::budget).build_on(clock)
    }
}

impl Part<Breaker> for BreakerConfig {
    fn build_on(self, clock: &Clock) -> Result<Breaker, Error> {
        let BreakerConfig {
            failures, of_last, within, min_calls, in_a_row, slow, slow_share, open_for, probes, ..
        } = self;
        let breaker = match (failures, in_a_row) {
            (Some(rate), Some(in_a_row)) => Breaker::failures(rate).or_in_a_row(in_a_row),
            (Some(rate), None) => Breaker::failures(rate),
            (None, in_a_row) => Breaker::in_a_row(in_a_row.unwrap_or(DEFAULT_IN_A_ROW)),
        };
        let breaker = of_last.into_iter().fold(breaker, BreakerBuilder::of_last);
        let breaker = within.into_iter().fold(breaker, BreakerBuilder::within);
        // Without a share it has no window to be held against: see `mistake`.
        let breaker = min_calls.filter(|_| self.has_share()).into_iter().fold(breaker, BreakerBuilder::min_calls);
        let breaker = match (slow, slow_share) {
            (None, None) => breaker,
            (slow, share) => breaker.slow_calls(slow.unwrap_or(Duration::MAX), share.unwrap_or(1.0)),
        };
        let breaker = open_for.into_iter().fold(breaker, BreakerBuilder::open_for);
        let breaker = self.half_open_for.into_iter().fold(breaker, BreakerBuilder::half_open_for);
        let breaker = probes.into_iter().fold(breaker, BreakerBuilder::probes).build_on(clock)?;
        self.mistake().map_or(Ok(breaker), Err)
    }
}

impl BreakerConfig {
    fn has_share(&self) -> bool {
        self.failures.is_some() || self.slow.is_some()
    }

    /// Returns a key that says nothing without another one, or not beside it: who wrote it believes in a
    /// breaker that there is not.
    fn mistake(&self) -> Option<Error> {
        const SHARE: &str = "says nothing without `failures` or `slow`, of which it is the window";
        const LEAST: &str = "says nothing without `failures` or `slow`: failures in a row open at any number of calls";
        let mistakes = [
            ("slow_share", "says nothing without `slow`", self.slow_share.is_some() && self.slow.is_none()),
            ("of_last", SHARE, self.of_last.is_some() && !self.has_share()),
            ("within", SHARE, self.within.is_some() && !self.has_share()),
            ("min_calls", LEAST, self.min_calls.is_some() && !self.has_share()),
            ("within", "cannot stand beside `of_last`", self.within.is_some() && self.of_last.is_some()),
        ];
        mistakes.into_iter().find(|(.., is_made)| *is_made).map(|(key, must, _)| Error::Key { key, must })
    }
}

#[cfg(feature = "rate")]
impl Part<Rate> for RateConfig {
    fn build_on(self, clock: &Clock) -> Result<Rate, Error> {
        let RateConfig { calls, per, burst, max_wait } = self;
        let rate = Rate::of(calls, per).burst(burst.unwrap_or(1));
        max_wait.into_iter().fold(rate, RateBuilder::max_wait).build_on(clock)
    }
}

impl Part<Bulkhead> for BulkheadConfig {
    fn build_on(self, clock: &Clock) -> Result<Bulkhead, Error> {
        let BulkheadConfig { max, queue, max_wait } = self;
        let bulkhead = Bulkhead::max(max).queue(queue.unwrap_or(DEFAULT_QUEUE));
        max_wait.into_iter().fold(bulkhead, BulkheadBuilder::max_wait).build_on(clock)
    }
}

impl Part<Concurrency> for ConcurrencyConfig {
    fn build_on(self, clock: &Clock) -> Result<Concurrency, Error> {
        let ConcurrencyConfig { algorithm, initial, min, max, queue, max_wait } = self;
        let limit = match algorithm {
            Algorithm::Aimd => Concurrency::aimd(),
            Algorithm::Gradient2 => Concurrency::gradient2(),
        };
        let limit = initial.into_iter().fold(limit, ConcurrencyBuilder::initial);
        let limit = min.into_iter().fold(limit, ConcurrencyBuilder::min);
        let limit = max.into_iter().fold(limit, ConcurrencyBuilder::max);
        let limit = limit.queue(queue.unwrap_or(DEFAULT_QUEUE));
        max_wait.into_iter().fold(limit, ConcurrencyBuilder::max_wait).build_on(clock)
    }
}

#[cfg(feature = "tokio")]
impl Part<Hedge> for HedgeConfig {
    fn build_on(self, clock: &Clock) -> Result<Hedge, Error> {
        let HedgeConfig { after, percentile, at_least, at_most } = self;
        let hedge = match (after, percentile) {
            (Some(after), None) => Hedge::after(after),
            (None, Some(percentile)) => Hedge::after_percentile(percentile),
            (Some(_), Some(_)) => return Err(Error::Key { key: "after", must: "cannot stand beside `percentile`" }),
            (None, None) => return Err(Error::Key { key: "hedge", must: "needs `after` or `percentile`" }),
        };
        let hedge = at_least.into_iter().fold(hedge, HedgeBuilder::at_least);
        at_most.into_iter().fold(hedge, HedgeBuilder::at_most).build_on(clock)
    }
}

/// How many calls wait for a place where nothing is said of that: more than a process can have under way.
const DEFAULT_QUEUE: u32 = 100_000;

/// How many failures in a row open a breaker of which nothing is said.
const DEFAULT_IN_A_ROW: u32 = 5;

/// Where the waits of a retry begin and end of which nothing is said.
const DEFAULT_WAIT: Duration = Duration::from_millis(50);
const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(5);

fn second() -> Duration {
    Duration::from_secs(1)
}

/// Durations as texts.
mod plain {
    use std::time::Duration;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(*duration))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map_err(|error| D::Error::custom(format!("'{text}' is no duration: {error}")))
    }
}

/// Durations as texts, where there need not be one.
mod optional {
    use std::time::Duration;

    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::plain::serialize(duration, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        super::plain::deserialize(deserializer).map(Some)
    }
}
