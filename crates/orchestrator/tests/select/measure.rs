//! Labelled texts put to the selection, and what came out in numbers. No text of a file is ever printed.

use std::collections::BTreeMap;
use std::path::Path;

use segno_orchestrator::select::{Pattern, select};

/// All answers, in the order of the tables.
pub(crate) const ANSWERS: [&str; 6] = ["sequential", "parallel", "conditional", "iterative", "pipeline", "unsure"];

/// The styles of the texts, in the order of the tables.
pub(crate) const STYLES: [&str; 3] = ["issue", "chat", "spec"];

/// How sure a 95 % interval is, in standard deviations.
const DEVIATIONS: f64 = 1.959_964;

/// One text's label beside what was said of it.
pub(crate) struct Answer {
    pub(crate) style: String,
    pub(crate) label: String,
    pub(crate) said: &'static str,
    pub(crate) confidence: f64,
}

/// A count of right answers among all.
#[derive(Clone, Copy, Default)]
pub(crate) struct Share {
    pub(crate) right: usize,
    pub(crate) all: usize,
}

impl Share {
    /// Counts the answers that pass.
    pub(crate) fn of<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> Share {
        answers.into_iter().fold(Share::default(), |share, answer| Share {
            right: share.right + usize::from(answer.said == answer.label),
            all: share.all + 1,
        })
    }

    pub(crate) fn rate(self) -> f64 {
        self.right as f64 / self.all as f64
    }

    /// Returns the Wilson interval that holds the true rate with 95 %.
    pub(crate) fn interval(self) -> (f64, f64) {
        let (count, square) = (self.all as f64, DEVIATIONS * DEVIATIONS);
        let middle = self.rate() + square / (2.0 * count);
        let spread = self.rate() * (1.0 - self.rate()) / count + square / (4.0 * count * count);
        let half = DEVIATIONS * spread.sqrt();
        let whole = 1.0 + square / count;
        ((middle - half) / whole, (middle + half) / whole)
    }
}

fn rows(file: &str) -> Vec<BTreeMap<String, String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/select").join(file);
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the texts of a file.
pub(crate) fn texts(file: &str) -> Vec<String> {
    rows(file).into_iter().map(|row| row["text"].clone()).collect()
}

/// Puts every text of a file to the selection.
pub(crate) fn answers(file: &str) -> Vec<Answer> {
    rows(file).iter().map(answer).collect()
}

fn answer(row: &BTreeMap<String, String>) -> Answer {
    let selection = select(&row["text"]);
    Answer {
        style: row["style"].clone(),
        label: row["label"].clone(),
        said: selection.pattern.map_or("unsure", Pattern::name),
        confidence: selection.confidence,
    }
}

#[test]
fn the_interval_is_wilsons() {
    let (low, high) = Share { right: 90, all: 100 }.interval();
    assert_eq!(format!("{low:.4} {high:.4}"), "0.8256 0.9448");
    let (low, high) = Share { right: 100, all: 100 }.interval();
    assert_eq!(format!("{low:.4} {high:.4}"), "0.9630 1.0000");
}
