//! What caches did, as metrics for Prometheus: a collector that reads a registry when it is scraped.
//!
//! | name | type | labels |
//! |---|---|---|
//! | `segno_cache_hits_total` | counter | `cache`, `layer` |
//! | `segno_cache_misses_total` | counter | `cache`, `cause`: absent, expired |
//! | `segno_cache_stale_hits_total` | counter | `cache` |
//! | `segno_cache_layer_misses_total`, `segno_cache_layer_skipped_total` | counter | `cache`, `layer` |
//! | `segno_cache_layer_degraded` | gauge, 0 or 1 | `cache`, `layer` |
//! | `segno_cache_inserts_total` | counter | `cache` |
//! | `segno_cache_left_total` | counter | `cache`, `cause`: evicted, expired, removed, invalidated, replaced |
//! | `segno_cache_loads_total` | counter | `cache`, `result`: ok, failed |
//! | `segno_cache_joined_loads_total` | counter | `cache` |
//! | `segno_cache_load_seconds_total`, `segno_cache_saved_seconds_total` | counter | `cache` |
//! | `segno_cache_saved_money_total`, `segno_cache_spent_money_total` | counter, where a price is known | `cache` |
//! | `segno_cache_entries`, `segno_cache_weight` | gauge | `cache` |
//! | `segno_cache_operation_seconds` | histogram of samples, where they are taken | `cache`, `operation` |

use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::{Reading, Registry};
use crate::{Distribution, Statistics};

/// Up to where the histogram's buckets reach; the last one is open.
const BUCKETS: [Duration; 14] = [
    Duration::from_nanos(100),
    Duration::from_nanos(250),
    Duration::from_nanos(1_000),
    Duration::from_micros(10),
    Duration::from_micros(100),
    Duration::from_millis(1),
    Duration::from_millis(10),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(600),
    Duration::MAX,
];

/// Tells Prometheus what the caches of a registry did.
///
/// ```
/// use prometheus_client::registry::Registry as Prometheus;
/// use segno_cache::{Cache, Metrics, Registry};
///
/// let registry = Registry::default();
/// let users = Cache::<&str, u32>::new(100);
/// registry.register("users", &users);
/// users.get("ada");
///
/// let mut prometheus = Prometheus::default();
/// prometheus.register_collector(Box::new(Metrics::of(registry)));
/// let mut text = String::new();
/// prometheus_client::encoding::text::encode(&mut text, &prometheus)?;
/// assert!(text.contains(r#"segno_cache_misses_total{cache="users",cause="absent"} 1"#));
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
}

impl Metrics {
    /// Reads this registry when it is asked.
    pub fn of(registry: Registry) -> Metrics {
        Metrics { registry }
    }
}

impl Collector for Metrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let readings = self.registry.read();
        let mut sheet = Sheet { encoder: &mut encoder, readings: &readings };
        sheet.asked()?;
        sheet.layers()?;
        sheet.moved()?;
        sheet.loads()?;
        sheet.money()?;
        sheet.held()?;
        sheet.latencies()
    }
}

/// Values of one cache, each with what its second label says; without a second label, that is nothing.
type Values<N> = Vec<(String, N)>;

/// What is being written.
struct Sheet<'a, 'b> {
    encoder: &'a mut DescriptorEncoder<'b>,
    readings: &'a [Reading],
}

impl Sheet<'_, '_> {
    fn asked(&mut self) -> fmt::Result {
        self.count("segno_cache_hits", "Asked for and there, by the layer that had it", "layer", |reading| {
            reading.levels.iter().map(|level| (level.layer.clone(), level.hits)).collect()
        })?;
        self.count("segno_cache_misses", "Asked for and not there", "cause", |reading| {
            let statistics = &reading.statistics;
            vec![("absent".into(), statistics.misses_absent), ("expired".into(), statistics.misses_expired)]
        })?;
        self.count("segno_cache_stale_hits", "Values given past their time", "", |reading| {
            vec![(String::new(), reading.statistics.stale_hits)]
        })
    }

    fn layers(&mut self) -> fmt::Result {
        self.count("segno_cache_layer_misses", "Asked for and not there, by layer", "layer", |reading| {
            reading.levels.iter().map(|level| (level.layer.clone(), level.misses)).collect()
        })?;
        self.count("segno_cache_layer_skipped", "Not asked, or not answered in time", "layer", |reading| {
            reading.levels.iter().map(|level| (level.layer.clone(), level.skipped)).collect()
        })?;
        self.gauge("segno_cache_layer_degraded", "Whether the layer is left out at present", "layer", |reading| {
            reading.levels.iter().map(|level| (level.layer.clone(), u64::from(level.degraded))).collect()
        })
    }

    fn moved(&mut self) -> fmt::Result {
        self.count("segno_cache_inserts", "Put in", "", |reading| vec![(String::new(), reading.statistics.inserts)])?;
        self.count("segno_cache_left", "No longer there, by cause", "cause", |reading| {
            let Statistics { evicted, expired, removed, invalidated, replaced, .. } = reading.statistics;
            let causes = ["evicted", "expired", "removed", "invalidated", "replaced"].map(String::from);
            causes.into_iter().zip([evicted, expired, removed, invalidated, replaced]).collect()
        })
    }

    fn loads(&mut self) -> fmt::Result {
        self.count("segno_cache_loads", "Loads, by how they ended", "result", |reading| {
            let statistics = &reading.statistics;
            vec![("ok".into(), statistics.loads), ("failed".into(), statistics.load_failures)]
        })?;
        self.count("segno_cache_joined_loads", "Callers that waited for another's load", "", |reading| {
            vec![(String::new(), reading.statistics.joined)]
        })?;
        self.total("segno_cache_load", "What loads took", Some(&Unit::Seconds), |reading| {
            Some(reading.statistics.load_time.as_secs_f64())
        })?;
        self.total("segno_cache_saved", "What hits would have taken to load again", Some(&Unit::Seconds), |reading| {
            Some(reading.statistics.saved_time.as_secs_f64())
        })
    }

    fn money(&mut self) -> fmt::Result {
        self.total("segno_cache_saved_money", "What hits would have cost", None, |reading| reading.saved_money)?;
        self.total("segno_cache_spent_money", "What loads have cost", None, |reading| reading.spent_money)
    }

    fn held(&mut self) -> fmt::Result {
        self.gauge("segno_cache_entries", "Entries that are there", "", |reading| {
            vec![(String::new(), reading.statistics.entries)]
        })?;
        self.gauge("segno_cache_weight", "What the entries weigh", "", |reading| {
            vec![(String::new(), reading.statistics.weight)]
        })
    }

    fn latencies(&mut self) -> fmt::Result {
        let (name, help) = ("segno_cache_operation", "How long sampled operations take");
        let mut metric = self.encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
        for reading in self.readings {
            let latencies = &reading.latencies;
            let operations = [("get", &latencies.get), ("insert", &latencies.insert), ("load", &latencies.load)];
            for (operation, times) in operations.into_iter().filter(|(_, times)| times.count() > 0) {
                let labels = [("cache", &*reading.name), ("operation", operation)];
                let (sum, count) = (times.sum().as_secs_f64(), times.count());
                let mut series = metric.encode_family(&labels)?;
                series.encode_histogram::<NoLabelSet>(sum, count, &buckets(times), None)?;
            }
        }
        Ok(())
    }

    fn count(&mut self, name: &str, help: &str, label: &str, values: fn(&Reading) -> Values<u64>) -> fmt::Result {
        let mut metric = self.encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        series(&mut metric, self.readings, label, values, &|series, value| {
            series.encode_counter::<NoLabelSet, u64, u64>(&value, None)
        })
    }

    fn gauge(&mut self, name: &str, help: &str, label: &str, values: fn(&Reading) -> Values<u64>) -> fmt::Result {
        let mut metric = self.encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        series(&mut metric, self.readings, label, values, &|series, value| series.encode_gauge(&value))
    }

    fn total(&mut self, name: &str, help: &str, unit: Option<&Unit>, of: fn(&Reading) -> Option<f64>) -> fmt::Result {
        let mut metric = self.encoder.encode_descriptor(name, help, unit, MetricType::Counter)?;
        let values = |reading: &Reading| of(reading).map(|value| (String::new(), value)).into_iter().collect();
        series(&mut metric, self.readings, "", values, &|series, value| {
            series.encode_counter::<NoLabelSet, f64, u64>(&value, None)
        })
    }
}

/// Writes every value of a family with its labels.
fn series<N>(
    metric: &mut MetricEncoder<'_>,
    readings: &[Reading],
    label: &str,
    values: impl Fn(&Reading) -> Values<N>,
    write: &dyn Fn(&mut MetricEncoder<'_>, N) -> fmt::Result,
) -> fmt::Result {
    for reading in readings {
        for (of, value) in values(reading) {
            let mut labels = vec![("cache", &*reading.name)];
            if !label.is_empty() {
                labels.push((label, of.as_str()));
            }
            write(&mut metric.encode_family(&labels)?, value)?;
        }
    }
    Ok(())
}

/// Returns each bucket's upper end, with how many lie within it and not within the one before.
fn buckets(times: &Distribution) -> Vec<(f64, u64)> {
    let mut before = 0;
    let bucket = |limit: &Duration| {
        let is_last = *limit == Duration::MAX;
        let within = if is_last { times.count() } else { times.within(*limit) };
        let own = within.saturating_sub(before);
        before = within;
        (if is_last { f64::INFINITY } else { limit.as_secs_f64() }, own)
    };
    BUCKETS.iter().map(bucket).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use prometheus_client::encoding::text::encode;

    use super::*;
    use crate::Sketch;
    use crate::registry::{Latencies, Level, Measured, Worth};

    struct Busy(Sketch);

    impl Measured for Busy {
        fn statistics(&self) -> Statistics {
            let load_time = Duration::from_millis(2_500);
            Statistics {
                hits: 7,
                misses_expired: 2,
                evicted: 3,
                loads: 4,
                load_time,
                entries: 5,
                ..Statistics::default()
            }
        }

        fn clear(&self) {}

        fn invalidate_tag(&self, _tag: &str) -> usize {
            0
        }

        fn levels(&self) -> Vec<Level> {
            vec![Level { hits: 6, ..Level::of("memory") }, Level { hits: 1, degraded: true, ..Level::of("disk") }]
        }

        fn latencies(&self) -> Latencies {
            Latencies { get: self.0.read(), ..Latencies::default() }
        }
    }

    /// Scrapes a cache of that name, and checks the form of every line.
    fn scraped(name: &str) -> BTreeMap<String, f64> {
        let busy = Arc::new(Busy(Sketch::default()));
        [50, 500, 2_000_000].iter().for_each(|nanos| busy.0.record(Duration::from_nanos(*nanos)));
        let registry = Registry::default();
        registry.register_with(name, &busy, Worth { per_load: 0.5, ..Worth::default() });
        let mut prometheus = prometheus_client::registry::Registry::default();
        prometheus.register_collector(Box::new(Metrics::of(registry)));
        let mut text = String::new();
        encode(&mut text, &prometheus).unwrap();
        let (mut values, mut types) = (BTreeMap::new(), BTreeMap::new());
        for line in text.lines() {
            if let Some(described) = line.strip_prefix("# TYPE ") {
                let (family, form) = described.split_once(' ').unwrap();
                assert!(types.insert(family.to_owned(), form.to_owned()).is_none(), "{family} stands twice");
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let family = series.split('{').next().unwrap();
                let is_known = types.keys().any(|known| family.starts_with(known.as_str()));
                assert!(is_known && family.starts_with("segno_cache_"), "{line}");
                assert!(values.insert(series.to_owned(), value.parse().unwrap()).is_none(), "{series} stands twice");
            }
        }
        assert!(text.ends_with("# EOF\n"), "{text}");
        values
    }

    fn check(series: &str, expected: f64) {
        let values = scraped("users");
        assert_eq!(values.get(series).copied(), Some(expected), "{series} in {values:#?}");
    }

    #[test]
    fn hits_and_misses_are_told_by_layer_and_cause() {
        check(r#"segno_cache_hits_total{cache="users",layer="disk"}"#, 1.0);
        check(r#"segno_cache_misses_total{cache="users",cause="expired"}"#, 2.0);
        check(r#"segno_cache_layer_degraded{cache="users",layer="disk"}"#, 1.0);
        check(r#"segno_cache_left_total{cache="users",cause="evicted"}"#, 3.0);
        check(r#"segno_cache_loads_total{cache="users",result="ok"}"#, 4.0);
    }

    #[test]
    fn times_are_in_seconds_and_money_is_told_where_it_is_known() {
        check(r#"segno_cache_load_seconds_total{cache="users"}"#, 2.5);
        check(r#"segno_cache_saved_money_total{cache="users"}"#, 3.5);
        check(r#"segno_cache_entries{cache="users"}"#, 5.0);
    }

    #[test]
    fn latencies_are_a_histogram_that_grows_to_its_count() {
        let series = |rest: &str| format!(r#"segno_cache_operation_seconds_{rest}"#);
        check(&series(r#"count{cache="users",operation="get"}"#), 3.0);
        check(&series(r#"bucket{le="+Inf",cache="users",operation="get"}"#), 3.0);
        let values = scraped("users");
        let mut counts: Vec<f64> =
            values.iter().filter(|(series, _)| series.contains("_bucket{")).map(|(_, count)| *count).collect();
        assert_eq!(counts.len(), BUCKETS.len());
        counts.sort_by(f64::total_cmp);
        assert_eq!((counts[0], counts[BUCKETS.len() - 1]), (1.0, 3.0));
    }

    #[test]
    fn a_name_with_signs_in_it_stays_one_label() {
        let values = scraped("a\"b\\c\nd");
        assert!(values.keys().any(|series| series.contains(r#"{cache="a\"b\\cd""#)), "{values:#?}");
    }
}
