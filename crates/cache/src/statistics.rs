//! What a cache did, as numbers at one moment.

use std::time::Duration;

/// What one cache did since it was made. Counts are exact; they are read shard by shard, so that together they are of
/// nearly one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Statistics {
    /// Entries that are there.
    pub entries: u64,
    /// What they weigh: bytes if the cache's [`weigher`](crate::Builder::weigher) returns those or each value came with
    /// its bytes as [`Terms::weight`](crate::Terms::weight), otherwise as many as there are entries. What values take in
    /// memory cannot be told of types in general.
    pub weight: u64,
    /// Asked for and there.
    pub hits: u64,
    /// Values past their time to live that were given all the same, while a newer one was made or because that failed.
    /// They are no hits: that the value was past its time is a miss.
    pub stale_hits: u64,
    /// Asked for and never there, or gone.
    pub misses_absent: u64,
    /// Asked for and there, but past its time.
    pub misses_expired: u64,
    /// Put in.
    pub inserts: u64,
    /// Left because the cache was full, or were not let in.
    pub evicted: u64,
    /// Left because their time was over.
    pub expired: u64,
    /// Were removed by key.
    pub removed: u64,
    /// Were declared out of date.
    pub invalidated: u64,
    /// Were replaced by another value.
    pub replaced: u64,
    /// Loads that gave a value.
    pub loads: u64,
    /// Loads that failed.
    pub load_failures: u64,
    /// Callers that waited for somebody else's load.
    pub joined: u64,
    /// What loads took together.
    pub load_time: Duration,
    /// What hits would have taken to load again, as far as that is known.
    pub saved_time: Duration,
}

impl Statistics {
    /// Returns the share of what was asked for that was there, or nothing if nothing was asked for.
    pub fn hit_ratio(&self) -> Option<f64> {
        let asked = self.hits.saturating_add(self.misses());
        (asked > 0).then(|| self.hits as f64 / asked as f64)
    }

    /// Returns how often something was asked for that was not there, for whatever cause.
    pub fn misses(&self) -> u64 {
        self.misses_absent.saturating_add(self.misses_expired)
    }

    /// Returns what loads take on average, the failed ones too, or nothing if nothing was loaded.
    pub fn mean_load_time(&self) -> Option<Duration> {
        let loads = self.loads.saturating_add(self.load_failures);
        let mean = || Duration::try_from_secs_f64(self.load_time.as_secs_f64() / loads as f64);
        (loads > 0).then(|| mean().unwrap_or(Duration::MAX))
    }

    /// Adds what another cache did. A sum that is too large for its number stays at the largest one.
    pub fn merge(&mut self, other: &Statistics) {
        let Statistics { entries, weight, hits, stale_hits, misses_absent, misses_expired, .. } = other;
        let Statistics { inserts, evicted, expired, removed, invalidated, replaced, .. } = other;
        let Statistics { loads, load_failures, joined, load_time, saved_time, .. } = other;
        let sums = [
            (&mut self.entries, entries),
            (&mut self.weight, weight),
            (&mut self.hits, hits),
            (&mut self.stale_hits, stale_hits),
            (&mut self.misses_absent, misses_absent),
            (&mut self.misses_expired, misses_expired),
            (&mut self.inserts, inserts),
            (&mut self.evicted, evicted),
            (&mut self.expired, expired),
            (&mut self.removed, removed),
            (&mut self.invalidated, invalidated),
            (&mut self.replaced, replaced),
            (&mut self.loads, loads),
            (&mut self.load_failures, load_failures),
            (&mut self.joined, joined),
        ];
        for (sum, more) in sums {
            *sum = sum.saturating_add(*more);
        }
        self.load_time = self.load_time.saturating_add(*load_time);
        self.saved_time = self.saved_time.saturating_add(*saved_time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns statistics in which every number is another one.
    fn counted(first: u64) -> Statistics {
        let names = serde_json::to_value(Statistics::default()).unwrap();
        let numbers = names.as_object().unwrap().keys().zip(first..).map(|(name, number)| {
            let is_time = name.ends_with("_time");
            let time = serde_json::json!({ "secs": number, "nanos": 0 });
            (name.clone(), if is_time { time } else { number.into() })
        });
        serde_json::from_value(numbers.collect()).unwrap()
    }

    #[test]
    fn every_number_is_added_up() {
        let mut sum = counted(0);
        sum.merge(&counted(1_000));
        let (sum, base) = (serde_json::to_value(sum).unwrap(), serde_json::to_value(counted(0)).unwrap());
        for (name, number) in sum.as_object().unwrap() {
            let plain = |number: &serde_json::Value| number.as_u64().or(number["secs"].as_u64()).unwrap();
            assert_eq!(plain(number), 2 * plain(&base[name]) + 1_000, "{name}");
        }
    }

    #[test]
    fn what_is_too_large_stays_at_the_largest() {
        let most = Statistics { hits: u64::MAX, load_time: Duration::MAX, ..Statistics::default() };
        let mut sum = Statistics { misses_absent: 1, ..most.clone() };
        sum.merge(&most);
        assert_eq!((sum.hits, sum.load_time), (u64::MAX, Duration::MAX));
        assert_eq!(sum.hit_ratio(), Some(1.0));
        assert_eq!((Statistics::default().hit_ratio(), Statistics::default().mean_load_time()), (None, None));
        assert_eq!(
            Statistics { loads: 1, load_time: Duration::MAX, ..Statistics::default() }.mean_load_time(),
            Some(Duration::MAX)
        );
    }
}
