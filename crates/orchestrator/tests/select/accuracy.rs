//! How often the choice is right. The half that the rules were made with shows that nothing broke; the other half counts.

use std::collections::HashSet;

use super::measure::{Share, answers, texts};
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

/// Compared without case and marks; what is equal is not told, since nobody is to look at the test half.
#[test]
fn no_text_of_the_test_half_is_learnt_from() {
    let plain =
        |text: &String| text.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
    let learnt: HashSet<String> =
        ["tune.jsonl", "train.jsonl"].into_iter().flat_map(texts).map(|text| plain(&text)).collect();
    let known = texts("test.jsonl").iter().filter(|text| learnt.contains(&plain(text))).count();
    assert_eq!(known, 0);
}
