//! The figures on `docs/select.md`: made from the labelled texts, compared or written.

use std::path::{Path, PathBuf};

use super::measure::{ANSWERS, Answer, STYLES, Share, answers};

/// Set to write the figures instead of comparing them.
const MAKE: &str = "SEGNO_MAKE_DOCS";

/// Where the figures begin.
const BEGIN: &str = "<!-- figures: SEGNO_MAKE_DOCS=1 cargo test -p segno-orchestrator --test select -->\n";

/// Where they end.
const END: &str = "<!-- end of figures -->\n";

/// Compares the page's figures with measured ones.
#[track_caller]
pub(crate) fn check() {
    let path = path();
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (figures, after) = rest.split_once(END).unwrap();
    let measured = figures_now();
    if std::env::var(MAKE).is_ok_and(|value| value == "1") {
        std::fs::write(&path, format!("{before}{BEGIN}{measured}{END}{after}")).unwrap();
        return;
    }
    assert!(figures == measured, "{} does not tell the measured figures; run with {MAKE}=1", path.display());
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/select.md")
}

fn figures_now() -> String {
    let (test, tune) = (answers("test.jsonl"), answers("tune.jsonl"));
    let mut text = String::from("\n| texts | right | of | share | 95 % interval |\n|---|---:|---:|---:|---|\n");
    text.push_str(&row("test: measured several times, never read", &test, |_| true));
    for style in STYLES {
        text.push_str(&row(&format!("test, {style}"), &test, |answer| answer.style == style));
    }
    text.push_str(&row("test, where it is not unsure", &test, |answer| answer.said != "unsure"));
    text.push_str(&row("tune: the rules were made with them", &tune, |_| true));
    text.push_str("\nWhat was said (across) of the test texts of each label (down):\n\n");
    text.push_str(&confusion(&test));
    text.push_str("\nHow often it was right at which confidence (test texts, not unsure):\n\n");
    text.push_str(&calibration(&test));
    text.push('\n');
    text
}

fn row(name: &str, answers: &[Answer], wanted: impl Fn(&Answer) -> bool) -> String {
    let share = Share::of(answers.iter().filter(|answer| wanted(answer)));
    let (low, high) = share.interval();
    let (rate, low, high) = (share.rate() * 100.0, low * 100.0, high * 100.0);
    format!("| {name} | {} | {} | {rate:.1} % | {low:.1} to {high:.1} % |\n", share.right, share.all)
}

fn confusion(answers: &[Answer]) -> String {
    let mut text = format!("| | {} |\n|---|{}\n", ANSWERS.join(" | "), "---:|".repeat(ANSWERS.len()));
    for label in ANSWERS {
        let count = |said: &str| answers.iter().filter(|answer| answer.label == label && answer.said == said).count();
        let counts: Vec<String> = ANSWERS.iter().map(|said| count(said).to_string()).collect();
        text.push_str(&format!("| {label} | {} |\n", counts.join(" | ")));
    }
    text
}

fn calibration(answers: &[Answer]) -> String {
    let mut text = String::from("| confidence | right | of |\n|---|---:|---:|\n");
    for (low, high) in [(0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01)] {
        let inside = |answer: &&Answer| answer.said != "unsure" && (low..high).contains(&answer.confidence);
        let share = Share::of(answers.iter().filter(inside));
        text.push_str(&format!("| {low:.1} to {:.1} | {} | {} |\n", f64::min(high, 1.0), share.right, share.all));
    }
    text
}
