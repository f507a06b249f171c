//! Durations that lines tell, as histograms of fixed buckets: such can be added up over files, hosts and time.

use std::collections::BTreeMap;

use super::super::Line;
use super::by::short;

/// Fields that tell a duration, and what a second is in each.
const FIELDS: [(&str, f64); 12] = [
    ("took_ms", 1e3),
    ("took_us", 1e6),
    ("took_ns", 1e9),
    ("duration_ms", 1e3),
    ("duration_us", 1e6),
    ("duration_ns", 1e9),
    ("duration_s", 1.0),
    ("elapsed_ms", 1e3),
    ("elapsed_us", 1e6),
    ("elapsed_s", 1.0),
    ("latency_ms", 1e3),
    ("responseTime", 1e3),
];
/// So many histograms are kept; durations of others count for the component `(others)`.
const MAX_HISTOGRAMS: usize = 512;
const OTHERS: &str = "(others)";
const BUCKETS: usize = 16;

/// Gathers durations by component, operation and field.
#[derive(Clone, Debug, Default)]
pub struct Durations {
    histograms: BTreeMap<Key, Histogram>,
}

/// What a histogram is of: the component, the field `operation` of its lines (empty when they have none), the field that
/// tells the duration.
type Key = (String, String, &'static str);

/// How many durations are how long.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    counts: [u64; BUCKETS],
    count: u64,
    sum: f64,
}

impl Durations {
    /// The upper bounds of the buckets, in seconds.
    pub const BOUNDS: [f64; BUCKETS] =
        [1e-6, 1e-5, 1e-4, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0, 60.0, 600.0];

    /// Takes a line into account.
    pub fn see(&mut self, line: &Line<'_>) {
        let mut told: Vec<(&'static str, f64)> = Vec::new();
        let mut operation = String::new();
        for (key, value) in line.fields() {
            if key == "operation" {
                operation = short(value.text()).into_owned();
            } else if let Some((name, second)) = FIELDS.iter().find(|(name, _)| *name == key) {
                let seconds = value.as_f64().map(|number| number / second);
                // Of a key that stands twice the last counts.
                told.retain(|(known, _)| known != name);
                told.extend(seconds.filter(|seconds| *seconds >= 0.0).map(|seconds| (*name, seconds)));
            }
        }
        for (name, seconds) in told {
            let component = short(&line.component().unwrap_or_default()).into_owned();
            self.of((component, operation.clone(), name)).add(seconds);
        }
    }

    /// Adds what another has seen.
    pub fn join(&mut self, other: Durations) {
        other.histograms.into_iter().for_each(|(key, histogram)| self.of(key).join(&histogram));
    }

    /// Returns the histograms with their component, operation and field.
    pub fn histograms(&self) -> impl Iterator<Item = ([&str; 3], &Histogram)> {
        let histograms = self.histograms.iter();
        histograms.map(|((component, operation, field), histogram)| ([&**component, &**operation, *field], histogram))
    }

    fn of(&mut self, key: Key) -> &mut Histogram {
        let has_room = self.histograms.len() < MAX_HISTOGRAMS || self.histograms.contains_key(&key);
        let key = if has_room { key } else { (OTHERS.into(), String::new(), key.2) };
        self.histograms.entry(key).or_default()
    }
}

impl Histogram {
    /// Returns how many there are in each bucket, and not in the ones below.
    pub fn counts(&self) -> [u64; 16] {
        self.counts
    }

    /// Returns how many there are, with those that are longer than the last bound.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns all of them together, in seconds.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    fn add(&mut self, seconds: f64) {
        if let Some(place) = Durations::BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.counts[place] += 1;
        }
        self.count += 1;
        self.sum += seconds;
    }

    fn join(&mut self, other: &Histogram) {
        self.counts.iter_mut().zip(other.counts).for_each(|(count, more)| *count += more);
        self.count += other.count;
        self.sum += other.sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_in_the_first_bucket_that_holds_it() {
        let mut histogram = Histogram::default();
        [0.0, 1e-6, 0.003, 0.005, 1e9].into_iter().for_each(|seconds| histogram.add(seconds));
        let mut expected = [0; BUCKETS];
        (expected[0], expected[5]) = (2, 2);
        assert_eq!((histogram.counts(), histogram.count()), (expected, 5));
    }

    #[test]
    fn histograms_are_few_whatever_the_components() {
        let mut durations = Durations::default();
        (0..10_000).for_each(|number| durations.of((format!("c{number}"), String::new(), "took_ms")).add(1.0));
        assert_eq!(durations.histograms().count(), MAX_HISTOGRAMS + 1);
        let counted: u64 = durations.histograms().map(|(_, histogram)| histogram.count()).sum();
        assert_eq!(counted, 10_000);
    }
}
