//! How often something happened in each of the last minutes, hours or days. Leaves what that says to others.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Counts of the last `N` spans of time, the newest at its number modulo `N`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ring<const N: usize> {
    /// The number of the newest span since 1970.
    newest: u64,
    counts: [u32; N],
}

impl<const N: usize> Ring<N> {
    pub(super) fn new() -> Ring<N> {
        Ring { newest: 0, counts: [0; N] }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.newest = 0;
        self.counts.fill(0);
    }

    /// Counts once more in a span. One that is older than all is not counted: events come out of order, and clocks jump back.
    pub(super) fn add(&mut self, span: u64) {
        if span > self.newest {
            let passed = (span - self.newest).min(N as u64);
            for number in span + 1 - passed..=span {
                self.counts[place::<N>(number)] = 0;
            }
            self.newest = span;
        }
        if span + (N as u64) > self.newest {
            let count = &mut self.counts[place::<N>(span)];
            *count = count.saturating_add(1);
        }
    }

    /// Forgets the spans that are still to come: a clock was ahead, and what happens now would be too old to be counted.
    pub(super) fn clip(&mut self, now: u64) {
        if self.newest <= now {
            return;
        }
        let mut clipped = Ring::new();
        let kept = (now + 1).saturating_sub(N as u64)..=now;
        kept.for_each(|span| clipped.counts[place::<N>(span)] = self.at(span));
        clipped.newest = now;
        *self = clipped;
    }

    /// Returns how often it happened in a span; none in those that are gone or still to come.
    pub(super) fn at(&self, span: u64) -> u32 {
        let is_kept = span <= self.newest && span.saturating_add(N as u64) > self.newest;
        if is_kept { self.counts[place::<N>(span)] } else { 0 }
    }

    /// Returns how often it happened in the `spans` spans up to this one, which counts too.
    pub(super) fn sum(&self, until: u64, spans: u64) -> u64 {
        let from = until.saturating_add(1).saturating_sub(spans.min(N as u64));
        (from..=until).map(|span| u64::from(self.at(span))).sum()
    }
}

fn place<const N: usize>(span: u64) -> usize {
    // A remainder by N fits wherever N does.
    (span % N as u64) as usize
}

/// Stored with its newest span and its counts up to that one, oldest first, without the leading zeros.
impl<const N: usize> Serialize for Ring<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let oldest = (self.newest + 1).saturating_sub(N as u64);
        let counts: Vec<u32> =
            (oldest..=self.newest).map(|span| self.at(span)).skip_while(|count| *count == 0).collect();
        (self.newest, counts).serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Ring<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Ring<N>, D::Error> {
        let (newest, stored) = <(u64, Vec<u32>)>::deserialize(deserializer)?;
        if stored.len() > N || stored.len() as u64 > newest.saturating_add(1) || newest == u64::MAX {
            return Err(serde::de::Error::custom(format!("a ring of {N} counts has {} up to {newest}", stored.len())));
        }
        let mut counts = [0; N];
        let oldest = newest + 1 - stored.len() as u64;
        (oldest..).zip(&stored).for_each(|(span, count)| counts[place::<N>(span)] = *count);
        Ok(Ring { newest, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts these spans and checks the counts from one span on; then the same after storing.
    fn check(spans: &[u64], from: u64, expected: &[u32]) {
        let mut ring = Ring::<4>::new();
        spans.iter().for_each(|span| ring.add(*span));
        let stored = serde_json::to_string(&ring).unwrap();
        for ring in [ring, serde_json::from_str(&stored).unwrap()] {
            let counts: Vec<u32> = (from..).take(expected.len()).map(|span| ring.at(span)).collect();
            assert_eq!(counts, expected, "{stored}");
        }
    }

    #[test]
    fn counts_stand_at_their_spans() {
        check(&[10, 10, 11, 13], 9, &[0, 2, 1, 0, 1, 0]);
        check(&[], 0, &[0, 0]);
    }

    #[test]
    fn what_is_older_than_the_ring_is_gone() {
        check(&[10, 20, 21], 10, &[0]);
        check(&[10, 13, 14], 10, &[0, 0, 0, 1, 1]);
    }

    #[test]
    fn what_comes_late_is_counted_where_it_belongs() {
        check(&[10, 13, 11, 9], 9, &[0, 1, 1, 0, 1]);
    }

    #[test]
    fn spans_to_come_are_forgotten_and_counting_goes_on() {
        let counts = |newest: u64| {
            let mut ring = Ring::<4>::new();
            [10, 11, newest].into_iter().for_each(|span| ring.add(span));
            ring.clip(11);
            ring.add(11);
            [9, 10, 11, 12].map(|span| ring.at(span))
        };
        assert_eq!(counts(11), [0, 1, 3, 0]);
        assert_eq!(counts(13), [0, 1, 2, 0]);
        assert_eq!(counts(1_000), [0, 0, 1, 0]);
        assert_eq!(counts(1 << 60), [0, 0, 1, 0]);
    }

    #[test]
    fn a_damaged_ring_is_refused() {
        for stored in ["[9,[1,1,1,1,1]]", "[1,[1,1,1]]", "[18446744073709551615,[1]]", "[3,[-1]]"] {
            assert!(serde_json::from_str::<Ring<4>>(stored).is_err(), "{stored}");
        }
    }
}
