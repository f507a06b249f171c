//! How often the choice is right. The half that the rules were made with shows that nothing broke; the other half counts.

use super::measure::{Share, answers};
use super::page;

/// What the half that was not looked at must reach.
const MIN_RATE: f64 = 0.85;

/// What the half that the rules were made with must reach.
const MIN_TUNED_RATE: f64 = 0.92;

#[track_caller]
fn check(file: &str, min: f64) {
    let share = Share::of(&answers(file));
    assert!(share.rate() >= min, "{file}: {} of {} are right", share.right, share.all);
}

#[test]
fn the_half_that_the_rules_were_made_with_stays_right() {
    check("tune.jsonl", MIN_TUNED_RATE);
}

#[test]
fn the_half_that_nobody_looked_at_is_right_often_enough() {
    check("test.jsonl", MIN_RATE);
}

/// `SEGNO_MAKE_DOCS=1 cargo test -p segno-orchestrator --test select` writes the figures anew.
#[test]
fn the_page_tells_the_measured_figures() {
    page::check();
}
