//! Metrics of a log in Prometheus' text format 0.0.4: lines by level and component, durations as histograms, lines that could
//! not be read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::read::analyze::{Analysis, By, Counts, Durations};
use crate::read::{Line, Tally};

/// Counts what the metrics say.
///
/// ```
/// use segno_logging::export::prometheus::Metrics;
/// use segno_logging::read::analyze::analyze;
/// use segno_logging::read::{Filter, Query, Sources};
///
/// let line = r#"{"timestamp":"2026-11-27T01:28:11Z","level":"INFO","component":"cart","message":"paid","took_ms":12}"#;
/// let sources = Sources::reader("memory", line.as_bytes());
/// let (metrics, tally) = analyze(sources, &Query::new(Filter::default()), Metrics::default)?;
/// assert!(metrics.text(&tally).contains("segno_log_lines_total{level=\"info\",component=\"cart\"} 1\n"));
/// # Ok::<(), segno_logging::read::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Metrics {
    lines: Counts,
    durations: Durations,
}

/// So many components are kept at least; the lines of others count for `(others)`.
const MAX_COMPONENTS: usize = 256;
const OTHERS: &str = "(others)";

impl Default for Metrics {
    fn default() -> Self {
        Metrics { lines: Counts::keeping([By::Level, By::Component], MAX_COMPONENTS), durations: Durations::default() }
    }
}

impl Analysis for Metrics {
    fn see(&mut self, line: &Line<'_>) {
        self.lines.see(line);
        self.durations.see(line);
    }

    fn join(&mut self, other: Metrics) {
        self.lines.join(other.lines);
        self.durations.join(other.durations);
    }

    fn table(&self, rows: usize) -> crate::read::table::Table {
        self.lines.table(rows)
    }
}

impl Metrics {
    /// Writes all metrics, with the lines that could not be read.
    pub fn text(&self, tally: &Tally) -> String {
        let mut text = String::new();
        family(&mut text, "segno_log_lines_total", "counter", "Lines in the log by level and component.");
        for ((level, component), count) in self.series() {
            let labels = [("level", &*level), ("component", component)];
            sample(&mut text, "segno_log_lines_total", &labels, count as f64);
        }
        self.write_durations(&mut text);
        let name = "segno_log_skipped_lines_total";
        family(&mut text, name, "counter", "Lines that could not be read, by reason.");
        let lines = tally.skipped.iter().filter(|skipped| !skipped.skip.is_of_files());
        let mut skipped: Vec<(&str, u64)> = lines.map(|skipped| (skipped.skip.name(), skipped.count)).collect();
        skipped.sort_unstable();
        skipped.iter().for_each(|(reason, count)| sample(&mut text, name, &[("reason", reason)], *count as f64));
        text
    }

    /// Returns the lines by the labels that they end up with, in the order of the labels: groups that differ may have the same
    /// ones, such as lines without a component and lines whose component is empty, and a series may stand there only once.
    fn series(&self) -> BTreeMap<(String, &str), u64> {
        let mut series = BTreeMap::new();
        for (parts, count) in self.lines.heaviest() {
            let part = |place: usize| parts.get(place).copied().flatten();
            let level = part(0).map_or_else(|| "unknown".into(), str::to_lowercase);
            *series.entry((level, part(1).unwrap_or(""))).or_default() += count;
        }
        if self.lines.others() > 0 {
            *series.entry((OTHERS.into(), OTHERS)).or_default() += self.lines.others();
        }
        series
    }

    fn write_durations(&self, text: &mut String) {
        let name = "segno_log_duration_seconds";
        family(text, name, "histogram", "Durations that lines tell, by component, operation and field.");
        for ([component, operation, field], histogram) in self.durations.histograms() {
            let labels = [("component", component), ("operation", operation), ("field", field)];
            let mut below = 0;
            for (bound, count) in Durations::BOUNDS.iter().zip(histogram.counts()) {
                below += count;
                let bound = number(*bound);
                sample(text, &format!("{name}_bucket"), &[&labels[..], &[("le", &bound)]].concat(), below as f64);
            }
            let all = histogram.count() as f64;
            sample(text, &format!("{name}_bucket"), &[&labels[..], &[("le", "+Inf")]].concat(), all);
            sample(text, &format!("{name}_sum"), &labels, histogram.sum());
            sample(text, &format!("{name}_count"), &labels, all);
        }
    }
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn sample(text: &mut String, name: &str, labels: &[(&str, &str)], value: f64) {
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    _ = writeln!(text, "{name}{{{}}} {}", labels.join(","), number(value));
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Returns a number as the format has it: as Go reads it.
fn number(value: f64) -> String {
    match value {
        _ if value.is_nan() => "NaN".into(),
        f64::INFINITY => "+Inf".into(),
        f64::NEG_INFINITY => "-Inf".into(),
        _ => format!("{value}"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::read::analyze::analyze;
    use crate::read::{Filter, Query, Skip, Skipped, Sources};

    #[test]
    fn a_series_stands_there_once_and_files_are_no_lines() {
        let many: String = (0..2_000).map(|number| format!("{{\"component\":\"c{number}\"}}\n")).collect();
        let twins = "{\"component\":\"\"}\n{}\n".repeat(10);
        let lines = format!("{twins}{{\"component\":\"(others)\"}}\nbroken\n{many}");
        let sources = Sources::reader("memory", std::io::Cursor::new(lines));
        let query = Query { threads: 1, ..Query::new(Filter::default()) };
        let (metrics, mut tally) = analyze(sources, &query, Metrics::default).unwrap();
        tally.skipped.push(Skipped { skip: Skip::Shrunk, count: 1, file: Path::new("a").into(), offset: 0 });
        let text = metrics.text(&tally);
        let mut series: Vec<&str> =
            text.lines().filter(|line| !line.starts_with('#')).map(|line| line.rsplit_once(' ').unwrap().0).collect();
        let all = series.len();
        series.sort_unstable();
        series.dedup();
        assert_eq!(series.len(), all, "{text}");
        assert!(text.contains("segno_log_lines_total{level=\"unknown\",component=\"\"} 20\n"), "{text}");
        assert!(text.contains("lines_total{reason=\"not JSON\"} 1\n") || text.contains("JSON object\"} 1\n"), "{text}");
        assert!(!text.contains(Skip::Shrunk.name()), "{text}");
    }

    #[test]
    fn values_of_labels_are_escaped_and_numbers_are_what_go_reads() {
        let mut text = String::new();
        sample(&mut text, "m", &[("a", "x\\\"\ny"), ("b", "ä")], 1.5);
        sample(&mut text, "m", &[], f64::INFINITY);
        assert_eq!(text, "m{a=\"x\\\\\\\"\\ny\",b=\"ä\"} 1.5\nm{} +Inf\n");
        assert_eq!([0.005, 1e9, f64::NAN].map(number), ["0.005", "1000000000", "NaN"]);
    }
}
