//! All that is counted of one fingerprint. Leaves which fingerprints are kept to `ledger`, and what it says to `account`.

use serde::{Deserialize, Serialize};

use super::example::{Examples, MAX_NAME, put, shortened};
use super::occurrence::{Occurrence, Retry, millis};
use super::places::Places;
use super::ring::Ring;
use super::seen::Span;
use super::stable::{Stable, mixed};
use crate::{Kind, Severity};

/// The lengths of spans, in milliseconds.
pub(super) const MINUTE: u64 = 60_000;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

/// Of so many agents the names are kept.
const MAX_AGENTS: usize = 4;

/// What is counted of one fingerprint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) fingerprint: u64,
    pub(super) kind: Kind,
    /// The worst that was seen.
    pub(super) severity: Severity,
    pub(super) reason: String,
    pub(super) operation: String,
    /// A breaker or a limiter refused; nothing was tried.
    pub(super) rejection: bool,
    /// How often it came, at most.
    pub(super) count: u64,
    /// By how many that may be too much: what the one came to whose place it took.
    pub(super) over: u64,
    /// Since when it is counted here. What was before is known only as far as nothing was evicted.
    pub(super) since: u64,
    /// It may have been counted before and have lost its place.
    pub(super) lost: bool,
    pub(super) span: Span,
    pub(super) minutes: Ring<60>,
    pub(super) hours: Ring<48>,
    pub(super) days: Ring<7>,
    pub(super) places: Places,
    /// The first of those who met it, in the order in which they did.
    pub(super) agents: Vec<String>,
    /// When it was first seen at the newest of its places.
    pub(super) widened: u64,
    /// How often it followed from another failure.
    pub(super) cascaded: u64,
    /// The failure that explained it last; 0 when none did.
    pub(super) root: u64,
    pub(super) retries: Retries,
    pub(super) examples: Examples,
}

/// What came of trying again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Retries {
    /// How often it was tried again.
    pub retried: u64,
    /// How often it then went well.
    pub cured: u64,
    /// How long the pauses and further attempts took, in milliseconds.
    pub spent_ms: u64,
    /// What the further attempts cost, as far as that is known.
    pub cost_usd: f64,
}

impl Retries {
    /// Returns the share of retried failures that then went well; `None` when none was retried.
    ///
    /// A kind that is taken for transient and is hardly ever cured is not.
    pub fn cure_rate(&self) -> Option<f64> {
        (self.retried > 0).then(|| self.cured as f64 / self.retried as f64)
    }

    pub(super) fn add(&mut self, retry: &Retry) {
        self.retried += 1;
        self.cured += u64::from(retry.cured);
        let spent = u64::try_from(retry.spent.as_millis()).unwrap_or(u64::MAX);
        self.spent_ms = self.spent_ms.saturating_add(spent);
        // What is no amount of money is not counted.
        self.cost_usd += retry.cost_usd.filter(|cost| cost.is_finite() && *cost >= 0.0).unwrap_or(0.0);
    }
}

impl Entry {
    /// Makes an entry that has counted nothing yet.
    pub(super) fn new(fingerprint: u64, occurrence: &Occurrence<'_>, span: Span) -> Entry {
        let mut entry = Entry {
            fingerprint,
            kind: occurrence.fault.kind(),
            severity: occurrence.fault.severity_level(),
            reason: String::new(),
            operation: String::new(),
            rejection: false,
            count: 0,
            over: 0,
            since: 0,
            lost: false,
            span,
            minutes: Ring::new(),
            hours: Ring::new(),
            days: Ring::new(),
            places: Places::default(),
            agents: Vec::new(),
            widened: 0,
            cascaded: 0,
            root: 0,
            retries: Retries::default(),
            examples: Examples::default(),
        };
        entry.renew(fingerprint, occurrence, span, 0);
        entry
    }

    /// Makes it an entry of another failure, which has counted nothing yet and may have come `over` times before. All is
    /// written where it stands, and the memory of its texts serves again: most failures among a million come once.
    pub(super) fn renew(&mut self, fingerprint: u64, occurrence: &Occurrence<'_>, span: Span, over: u64) {
        let fault = occurrence.fault;
        let at = millis(occurrence.at);
        self.fingerprint = fingerprint;
        self.kind = fault.kind();
        self.severity = fault.severity_level();
        put(&mut self.reason, fault.why().unwrap_or_default(), MAX_NAME);
        put(&mut self.operation, fault.operation_name().unwrap_or_default(), MAX_NAME);
        self.rejection = occurrence.is_rejection();
        (self.count, self.over) = (over, over);
        (self.since, self.span, self.lost) = (at, span, span.first < at || !span.certain);
        self.minutes.clear();
        self.hours.clear();
        self.days.clear();
        self.places = Places::default();
        self.agents.truncate(usize::from(occurrence.agent.is_some()));
        if let (Some(first), Some(agent)) = (self.agents.first_mut(), occurrence.agent) {
            put(first, agent, MAX_NAME);
        }
        (self.widened, self.cascaded, self.root) = (at, 0, 0);
        self.retries = Retries::default();
        self.examples.begin(occurrence);
    }

    /// Counts one more.
    pub(super) fn see(&mut self, occurrence: &Occurrence<'_>, span: Span, root: Option<u64>, seed: u64) {
        let at = millis(occurrence.at);
        if self.count > self.over {
            self.examples.see(occurrence, seed ^ self.fingerprint);
        }
        self.count += 1;
        self.span = span;
        self.since = self.since.min(at);
        self.severity = self.severity.max(occurrence.fault.severity_level());
        self.minutes.add(at / MINUTE);
        self.hours.add(at / HOUR);
        self.days.add(at / DAY);
        let place = |name: Option<&str>| name.map_or(0, Stable::of);
        let place = mixed(place(occurrence.agent) ^ place(occurrence.workflow).rotate_left(1));
        if self.places.add(place) {
            self.widened = self.widened.max(at);
        }
        self.meet(occurrence.agent);
        if let Some(root) = root {
            self.cascaded += 1;
            self.root = root;
        }
    }

    /// Moves what lies after `now` back to it.
    pub(super) fn clip(&mut self, now: u64) {
        self.span.clip(now);
        self.since = self.since.min(now);
        self.widened = self.widened.min(now);
        self.minutes.clip(now / MINUTE);
        self.hours.clip(now / HOUR);
        self.days.clip(now / DAY);
        self.examples.clip(now);
    }

    fn meet(&mut self, agent: Option<&str>) {
        let Some(agent) = agent.map(|agent| shortened(agent, MAX_NAME)) else { return };
        if self.agents.len() < MAX_AGENTS && !self.agents.iter().any(|known| known == agent) {
            self.agents.reserve_exact(1);
            let mut name = String::new();
            put(&mut name, agent, MAX_NAME);
            self.agents.push(name);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let agents = self.agents.iter().map(|agent| agent.capacity() + size_of::<String>()).sum::<usize>();
        size_of::<Entry>() + agents + self.reason.capacity() + self.operation.capacity() + self.examples.bytes()
    }
}
