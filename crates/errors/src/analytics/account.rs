//! What the counts of one fingerprint say at a moment: flags, trend, cure rate. Leaves counting to `ledger`.

use std::time::SystemTime;

use serde::Serialize;

use super::entry::{DAY, Entry, HOUR, MINUTE, Retries};
use super::example::Example;
use super::fingerprint::Fingerprint;
use super::ledger::Ledger;
use super::occurrence::millis;
use super::trend::Trend;
use crate::{Kind, Severity};

/// A burst has at least so many.
const MIN_BURST: u64 = 5;
/// How much a newer hour counts in the mean of the hours before (an exponentially weighted moving average).
const WEIGHT: f64 = 0.2;
/// With fewer hours before, nobody can say what is usual.
const MIN_USUAL_HOURS: u64 = 3;
/// In fewer places nothing spreads.
const MIN_PLACES: u64 = 3;

/// What is known of one fingerprint at a moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Account {
    /// Which failure.
    pub fingerprint: Fingerprint,
    /// What failed.
    pub kind: Kind,
    /// The finer cause, empty where none is known.
    pub reason: String,
    /// What was being done, empty where that is not known.
    pub operation: String,
    /// The worst that was seen.
    pub severity: Severity,
    /// What happened, as its newest example says.
    pub message: String,
    /// A breaker or a limiter refused; nothing was tried.
    pub rejection: bool,
    /// How often it came in all, at most.
    pub count: u64,
    /// By how many that may be too much.
    pub overcount: u64,
    /// When it was first seen, in milliseconds since 1970, unless it was away for more than seven days before.
    pub first_ms: u64,
    /// When it was last seen.
    pub last_ms: u64,
    /// How often it came in the last hour.
    pub last_hour: u64,
    /// How often in the last 24 hours.
    pub last_day: u64,
    /// How often in the last seven days.
    pub last_week: u64,
    /// About in how many different places (agents and workflows) it was seen.
    pub places: u64,
    /// Who met it: the first four, in the order in which they did.
    pub agents: Vec<String>,
    /// What stands out.
    pub flags: Flags,
    /// How often it followed from another failure.
    pub cascaded: u64,
    /// The failure under which it is to be shown: most of these followed from that.
    pub root: Option<Fingerprint>,
    /// Whether it comes more often.
    pub trend: Trend,
    /// What came of trying again.
    pub retries: Retries,
    /// The share of retried failures that then went well.
    pub cure_rate: Option<f64>,
    /// When somebody marked it as mended.
    pub resolved_ms: Option<u64>,
    /// Its counts of the last 48 hours, oldest first.
    pub hours: Vec<u32>,
    /// Samples, oldest first.
    pub examples: Vec<Example>,
}

/// What stands out of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Flags {
    /// It was first seen in the last 24 hours, and not in the seven days before.
    pub new: Flag,
    /// It was seen after it was marked as mended.
    pub regressed: Flag,
    /// In the last hour it came more often than usual: at least five times, and more than mean + 4 x root of the mean, the mean
    /// being that of the hours before, in which newer ones count more.
    pub burst: Flag,
    /// It was seen in three places or more, and in a new one in the last 24 hours.
    pub spreading: Flag,
    /// Most of it followed from another failure.
    pub cascade: Flag,
}

/// Whether something is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// What would tell is no longer there, or not yet.
    Unknown,
}

impl From<bool> for Flag {
    fn from(is_so: bool) -> Flag {
        if is_so { Flag::Yes } else { Flag::No }
    }
}

impl Flags {
    /// Returns the names of those that are `flag`.
    pub fn names(&self, flag: Flag) -> Vec<&'static str> {
        let named = [
            ("new", self.new),
            ("regressed", self.regressed),
            ("burst", self.burst),
            ("spreading", self.spreading),
            ("cascade", self.cascade),
        ];
        named.into_iter().filter(|(_, value)| *value == flag).map(|(name, _)| name).collect()
    }
}

impl Ledger {
    /// Returns what is known of each fingerprint that is counted, the one that came most often in the last seven days first.
    pub fn accounts(&self, now: SystemTime) -> Vec<Account> {
        let mut accounts: Vec<Account> = self.entries.iter().map(|entry| self.tell(entry, millis(now))).collect();
        accounts.sort_by_key(|account| (std::cmp::Reverse((account.last_week, account.last_ms)), account.fingerprint));
        accounts
    }

    /// Returns what is known of one fingerprint.
    pub fn account(&self, fingerprint: Fingerprint, now: SystemTime) -> Option<Account> {
        self.index.get(&fingerprint.0).map(|place| self.tell(&self.entries[*place], millis(now)))
    }

    fn tell(&self, entry: &Entry, now: u64) -> Account {
        // What a clock that was ahead recorded counts as of this moment.
        let mut span = entry.span;
        span.clip(now);
        let examples: Vec<Example> = entry.examples.list().into_iter().cloned().collect();
        let resolved = self.resolved.iter().find(|(known, _)| *known == entry.fingerprint).map(|(_, at)| *at);
        let is_cascade = entry.cascaded * 2 > entry.count - entry.over;
        let hour = now / HOUR;
        let begun = self.counted_since(entry) / HOUR;
        let oldest = hour.saturating_sub(47).max(begun.saturating_add(1)).min(hour);
        let whole: Vec<u32> = (oldest..hour).map(|hour| entry.hours.at(hour)).collect();
        Account {
            fingerprint: Fingerprint(entry.fingerprint),
            kind: entry.kind,
            reason: entry.reason.clone(),
            operation: entry.operation.clone(),
            severity: entry.severity,
            message: examples.last().unwrap_or(entry.examples.first()).message.clone(),
            rejection: entry.rejection,
            count: entry.count,
            overcount: entry.over,
            first_ms: span.first,
            last_ms: span.last,
            last_hour: last_hour(entry, now),
            last_day: entry.hours.sum(hour, 24),
            last_week: entry.days.sum(now / DAY, 7),
            places: entry.places.count(),
            agents: entry.agents.clone(),
            flags: Flags {
                new: is_new(entry, now),
                regressed: resolved.map_or(Flag::No, |at| (span.last > at).into()),
                burst: self.is_burst(entry, now),
                spreading: (entry.places.count() >= MIN_PLACES
                    && now.saturating_sub(entry.widened) < DAY
                    && entry.widened > entry.span.first)
                    .into(),
                cascade: is_cascade.into(),
            },
            cascaded: entry.cascaded,
            root: (is_cascade && entry.root != 0).then_some(Fingerprint(entry.root)),
            trend: Trend::of(&whole),
            cure_rate: entry.retries.cure_rate(),
            retries: entry.retries,
            resolved_ms: resolved,
            hours: (hour.saturating_sub(47)..=hour).map(|hour| entry.hours.at(hour)).collect(),
            examples,
        }
    }

    /// Returns since when each time that it came is counted: since its own beginning where earlier ones may be lost, else since
    /// the ledger's, since it did not come before.
    fn counted_since(&self, entry: &Entry) -> u64 {
        if entry.lost { entry.since } else { self.totals.first_ms }
    }

    fn is_burst(&self, entry: &Entry, now: u64) -> Flag {
        let count = last_hour(entry, now);
        if count < MIN_BURST {
            return Flag::No;
        }
        // Hours that lie wholly before the last 60 minutes, and in which it would have been counted.
        let before = now.saturating_sub(HOUR) / HOUR;
        let oldest = (self.counted_since(entry) / HOUR + 1).max(before.saturating_sub(46));
        if before.saturating_sub(oldest) < MIN_USUAL_HOURS {
            return Flag::Unknown;
        }
        let first = f64::from(entry.hours.at(oldest));
        let mean =
            (oldest + 1..before).fold(first, |mean, hour| mean + WEIGHT * (f64::from(entry.hours.at(hour)) - mean));
        (count as f64 > mean + 4.0 * mean.sqrt()).into()
    }
}

fn is_new(entry: &Entry, now: u64) -> Flag {
    let is_young = now.saturating_sub(entry.span.first) < DAY;
    match (is_young, entry.span.certain) {
        (false, _) => Flag::No,
        (true, true) => Flag::Yes,
        (true, false) => Flag::Unknown,
    }
}

fn last_hour(entry: &Entry, now: u64) -> u64 {
    entry.minutes.sum(now / MINUTE, 60)
}
