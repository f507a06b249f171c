//! The fold: failures come in one after the other, counts by fingerprint stand in a fixed amount of memory. Leaves what the
//! counts say to `account`, and their stored form to `stored`.

use super::entry::Entry;
use super::fingerprint::Fingerprint;
use super::occurrence::{Occurrence, Retry, millis};
use super::recent::Recent;
use super::seen::{ByFingerprint, Seen, Span, WEEK};
use super::spare::{Spare, rank};
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// How many fingerprints are counted one by one.
pub(super) const TOP: usize = 256;
/// How many marks of resolved ones are kept.
pub(super) const MAX_RESOLVED: usize = 256;

/// Failures counted by fingerprint.
///
/// It takes at most a mebibyte, however many different failures there are: the 256 that come most often are counted one by
/// one (Space-Saving: Metwally and others 2005; a count is never too small, and too large by at most
/// [`Account::overcount`](super::Account)), and of 3,584 more it knows when they were first and last seen. A ledger that was
/// stored and read back goes on as if nothing had been. Failures may come out of order.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use segno_errors::{Fault, Kind, analytics::{Ledger, Occurrence, Retry}};
///
/// let (mut ledger, now) = (Ledger::default(), SystemTime::now());
/// for seconds in 0..3 {
///     let fault = Fault::new(Kind::Timeout, format!("no answer within {seconds} s"));
///     let fingerprint = ledger.record(&Occurrence::of(&fault, now)).unwrap();
///     ledger.retried(fingerprint, &Retry { cured: seconds > 0, spent: Duration::from_secs(9), cost_usd: None });
/// }
/// let accounts = ledger.accounts(now);
/// assert_eq!((accounts.len(), accounts[0].count), (1, 3));
/// assert_eq!(accounts[0].retries.cure_rate(), Some(2.0 / 3.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    /// Chooses which examples are kept.
    pub(super) seed: u64,
    pub(super) entries: Vec<Entry>,
    /// Where each fingerprint stands in `entries`.
    pub(super) index: ByFingerprint<usize>,
    /// For each entry what it is evicted by: see `rank`.
    pub(super) ranks: Vec<u64>,
    /// Whose turn it is to be evicted.
    pub(super) spare: Spare,
    pub(super) seen: Seen,
    pub(super) recent: Recent,
    /// Fingerprints that somebody took for mended, with when.
    pub(super) resolved: Vec<(u64, u64)>,
    pub(super) totals: Totals,
}

/// How much came in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Totals {
    /// Real failures.
    pub failures: u64,
    /// Refusals by a breaker or a limiter.
    pub rejections: u64,
    /// When the first of all happened, in milliseconds since 1970.
    pub first_ms: u64,
    /// When the newest of all happened.
    pub last_ms: u64,
    /// How many fingerprints lost their place to others.
    pub evicted: u64,
}

impl Default for Ledger {
    fn default() -> Ledger {
        Ledger::seeded(0)
    }
}

impl Ledger {
    /// Makes an empty ledger. Which examples are kept depends on the seed alone.
    pub fn seeded(seed: u64) -> Ledger {
        Ledger {
            seed,
            entries: Vec::new(),
            index: ByFingerprint::default(),
            ranks: Vec::new(),
            spare: Spare::default(),
            seen: Seen::default(),
            recent: Recent::default(),
            resolved: Vec::new(),
            totals: Totals::default(),
        }
    }

    /// Counts a failure, and returns its fingerprint; `None` for one that somebody wanted, which is not counted.
    pub fn record(&mut self, occurrence: &Occurrence<'_>) -> Option<Fingerprint> {
        if occurrence.is_cancelled() {
            return None;
        }
        let fingerprint = Fingerprint::of(occurrence.fault, occurrence.agent);
        let at = millis(occurrence.at);
        self.count(occurrence, at);
        let span = self.seen.see(fingerprint.0, at);
        let root = self.recent.root(fingerprint.0, occurrence);
        let place = match self.index.get(&fingerprint.0) {
            Some(place) => *place,
            None => self.settle(fingerprint.0, occurrence, span),
        };
        let entry = &mut self.entries[place];
        entry.see(occurrence, span, root, self.seed);
        self.ranks[place] = rank(entry.count, entry.span.last);
        Some(fingerprint)
    }

    /// Says what came of trying again after a failure. One that is no longer counted by itself is passed over.
    pub fn retried(&mut self, fingerprint: Fingerprint, retry: &Retry) {
        if let Some(place) = self.index.get(&fingerprint.0) {
            self.entries[*place].retries.add(retry);
        }
    }

    /// Marks a failure as mended: when it is seen later, it has regressed. A later mark replaces an earlier one.
    pub fn resolve(&mut self, fingerprint: Fingerprint, at: SystemTime) {
        self.resolved.retain(|(known, _)| *known != fingerprint.0);
        if self.resolved.len() == MAX_RESOLVED {
            self.resolved.remove(0);
        }
        self.resolved.push((fingerprint.0, millis(at)));
    }

    /// Moves what lies after `now` back to it and forgets the hours that are still to come: a clock was ahead once. Else what
    /// comes next would be too old to be counted, and what is mended next would for ever have come again.
    ///
    /// To be called before failures are recorded, with the clock of now; it costs nothing when no moment is later.
    pub fn clip(&mut self, now: SystemTime) {
        let now = millis(now);
        self.resolved.iter_mut().for_each(|(_, at)| *at = (*at).min(now));
        if self.totals.last_ms <= now {
            return;
        }
        self.totals.first_ms = self.totals.first_ms.min(now);
        self.totals.last_ms = now;
        self.entries.iter_mut().for_each(|entry| entry.clip(now));
        self.seen.clip(now);
        self.recent.clip(now);
        self.ranks = self.entries.iter().map(|entry| rank(entry.count, entry.span.last)).collect();
        // Its order was that of the old ranks.
        self.spare = Spare::default();
    }

    /// Returns how much came in all.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Returns how many bytes it takes.
    pub fn bytes(&self) -> usize {
        let entries: usize = self.entries.iter().map(Entry::bytes).sum();
        let spare = (self.entries.capacity() - self.entries.len()) * size_of::<Entry>();
        let index = self.index.capacity() * 8 / 7 * (size_of::<(u64, usize)>() + 1);
        let lists = (self.ranks.capacity() + self.spare.capacity()) * 8 + self.resolved.capacity() * 16;
        size_of::<Ledger>() + entries + spare + index + lists + self.seen.bytes() + self.recent.bytes()
    }

    fn count(&mut self, occurrence: &Occurrence<'_>, at: u64) {
        let totals = &mut self.totals;
        let is_first = totals.failures + totals.rejections == 0;
        totals.first_ms = if is_first { at } else { totals.first_ms.min(at) };
        totals.last_ms = totals.last_ms.max(at);
        match occurrence.is_rejection() {
            true => totals.rejections += 1,
            false => totals.failures += 1,
        }
    }

    /// Gives a fingerprint a place: a free one, or that of the one that can best be spared.
    fn settle(&mut self, fingerprint: u64, occurrence: &Occurrence<'_>, span: Span) -> usize {
        if self.entries.len() < TOP {
            self.entries.reserve_exact(if self.entries.is_empty() { TOP } else { 0 });
            self.entries.push(Entry::new(fingerprint, occurrence, span));
            self.ranks.push(0);
            self.index.insert(fingerprint, self.entries.len() - 1);
            return self.entries.len() - 1;
        }
        let place = self.spared();
        self.spare.placed(span.last);
        let spared = &mut self.entries[place];
        self.index.remove(&spared.fingerprint);
        let over = if spared.span.last + WEEK < self.totals.last_ms { 0 } else { spared.count };
        spared.renew(fingerprint, occurrence, span, over);
        self.index.insert(fingerprint, place);
        self.totals.evicted += 1;
        place
    }

    /// Returns the place of what was not seen for a week, or else came least often; of equals, of what was seen longest ago.
    fn spared(&mut self) -> usize {
        let over = self.totals.last_ms.saturating_sub(WEEK) / 1_000;
        self.spare.next(&self.ranks, over)
    }
}
