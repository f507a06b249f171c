//! When each fingerprint was first and last seen, for seven days, also of those that are no longer counted one by one.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};

/// For how long a fingerprint is remembered after it was last seen, in milliseconds.
pub(super) const WEEK: u64 = 7 * 86_400_000;
/// The most fingerprints that are remembered; as many as a table of 4,096 places holds.
const MAX_SEEN: usize = 3_584;

/// When a fingerprint was seen, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) first: u64,
    pub(super) last: u64,
    /// Nothing of the seven days before the first was forgotten: it was really the first.
    pub(super) certain: bool,
}

impl Span {
    /// Moves what lies after `now` back to it.
    pub(super) fn clip(&mut self, now: u64) {
        self.first = self.first.min(now);
        self.last = self.last.min(now);
    }
}

/// A map by fingerprint, which is a hash itself.
pub(super) type ByFingerprint<V> = HashMap<u64, V, BuildHasherDefault<Itself>>;

/// Takes a number for its own hash.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Itself(u64);

impl Hasher for Itself {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What was seen in the last seven days.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seen {
    spans: ByFingerprint<Span>,
    /// Something that was last seen then was forgotten before its time; 0 when nothing was.
    forgotten: u64,
}

impl Seen {
    /// Sees a fingerprint, and returns since when it is known. After seven days without it, it is new again.
    pub(super) fn see(&mut self, fingerprint: u64, at: u64) -> Span {
        let fresh =
            Span { first: at, last: at, certain: self.forgotten.saturating_add(WEEK) < at || self.forgotten == 0 };
        let span = self.spans.entry(fingerprint).or_insert(fresh);
        if at > span.last.saturating_add(WEEK) {
            *span = Span { certain: true, ..fresh };
        }
        span.first = span.first.min(at);
        span.last = span.last.max(at);
        let span = *span;
        if self.spans.len() >= MAX_SEEN {
            self.forget(span.last);
        }
        span
    }

    /// Moves what lies after `now` back to it.
    pub(super) fn clip(&mut self, now: u64) {
        self.spans.values_mut().for_each(|span| span.clip(now));
        self.forgotten = self.forgotten.min(now);
    }

    /// Forgets what is over, and of the rest the older half when that is not enough.
    fn forget(&mut self, now: u64) {
        self.spans.retain(|_, span| span.last.saturating_add(WEEK) >= now);
        if self.spans.len() < MAX_SEEN {
            return;
        }
        let mut lasts: Vec<(u64, u64)> =
            self.spans.iter().map(|(fingerprint, span)| (span.last, *fingerprint)).collect();
        let (_, middle, _) = lasts.select_nth_unstable(MAX_SEEN / 2);
        let middle = *middle;
        self.spans.retain(|fingerprint, span| (span.last, *fingerprint) > middle);
        self.forgotten = self.forgotten.max(middle.0);
    }

    pub(super) fn bytes(&self) -> usize {
        // A table of the standard library has a byte more for each place, and an eighth of the places empty.
        self.spans.capacity() * 8 / 7 * (size_of::<(u64, Span)>() + 1)
    }
}

/// Stored as a list in order, so that equal ones are stored the same.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredSeen {
    forgotten: u64,
    spans: Vec<(u64, Span)>,
}

impl From<&Seen> for StoredSeen {
    fn from(seen: &Seen) -> StoredSeen {
        let mut spans: Vec<(u64, Span)> = seen.spans.iter().map(|(fingerprint, span)| (*fingerprint, *span)).collect();
        spans.sort_unstable_by_key(|(fingerprint, _)| *fingerprint);
        StoredSeen { forgotten: seen.forgotten, spans }
    }
}

impl TryFrom<StoredSeen> for Seen {
    type Error = String;

    fn try_from(stored: StoredSeen) -> Result<Seen, String> {
        if stored.spans.len() > MAX_SEEN {
            return Err(format!("{} fingerprints are more than {MAX_SEEN}", stored.spans.len()));
        }
        Ok(Seen { spans: stored.spans.into_iter().collect(), forgotten: stored.forgotten })
    }
}
