//! Whole frames of the tree, compared line by line: events in, a picture out. No part of the binary.

use segno_orchestrator::model::Timestamp;

use super::look::Look;
use super::rows::{Motion, rows};
use super::screen::Size;
use super::script::model;

const LOOK: Look = Look { colour: false, unicode: true, jobs: 4 };

const FLOW: &str = "
steps:
  - id: baseline
    parallel:
      - { id: lint, run: [lint] }
      - { id: test, run: [test], retry: 3 }
      - { id: docs, run: [docs] }
  - { id: review, each: \"{{ range(40) }}\", run: [review], retry: 2, optional: true }
  - id: fix
    if: \"true\"
    steps: [{ id: edit, run: [edit] }, { id: check, run: [check] }]
  - { id: tell, if: \"true\", run: [tell] }
";

const BASELINE: &str = "
0 run
0 start lint
0 start test
5 hit docs 700
400 done lint 400
";

fn picture(script: &str, look: Look, now: u64, motion: Motion, (width, height): (usize, usize)) -> String {
    let size = Size { width, height };
    rows(&model(FLOW, script), look, Timestamp(now), motion, size).join("\n")
}

fn check(script: &str, now: u64, size: (usize, usize), expected: &str) {
    assert_eq!(picture(script, LOOK, now, Motion::Moving, size), expected.trim_start_matches('\n'));
}

fn check_last(script: &str, expected: &str) {
    assert_eq!(picture(script, LOOK, 60_000, Motion::Still, (60, 24)), expected.trim_start_matches('\n'));
}

/// The review's first items: four run, one failed, one was remembered.
fn review() -> String {
    let mut script = format!("{BASELINE}2000 done test 2000\n2000 items review 40\n");
    for item in 0..7 {
        script.push_str(&format!("2100 start review[{item}] 1 src/file_{item}.rs\n"));
    }
    script.push_str("2500 done review[0] 400 src/file_0.rs\n2600 hit review[1] 900 src/file_1.rs\n");
    script.push_str("2700 fail review[2] 600 the command ended with exit code 3\n");
    script
}

#[test]
fn a_run_that_has_just_begun() {
    check(BASELINE, 1_000, (60, 24), "");
}

#[test]
fn a_task_that_waits_says_why_and_for_how_long() {
    check(&format!("{BASELINE}900 retry test 1 3900 the command ended with exit code 3"), 1_000, (80, 24), "");
    check(&format!("{BASELINE}900 retry test 1 3900 no\n3900 start test 2"), 4_000, (40, 24), "");
}

#[test]
fn items_are_counted_and_those_that_run_or_failed_are_listed() {
    check(&review(), 3_000, (80, 24), "");
    check(&review(), 3_000, (40, 24), "");
}

#[test]
fn a_low_screen_folds_what_is_over_and_what_has_not_begun() {
    check(&review(), 3_000, (60, 13), "");
    check(&review(), 3_000, (60, 8), "");
    check(&review(), 3_000, (60, 3), "");
    check(&review(), 3_000, (60, 2), "");
}

#[test]
fn the_last_picture_stands_still() {
    let done = (0..40).map(|item| format!("3000 done review[{item}] 100\n")).collect::<String>();
    let start = format!("{BASELINE}2000 done test 2000\n2000 items review 40\n{done}3000 yes fix\n");
    let end = "3100 done edit 100\n3200 fail check 100 the command ended with exit code 101\n3200 over failed";
    check_last(&format!("{start}{end}"), "");
    check_last(&format!("{start}3100 done edit 100\n3200 done check 100\n3200 no tell\n3200 over succeeded"), "");
}

#[test]
fn a_paused_run_shows_what_will_be_begun_again_as_waiting() {
    check_last(&format!("{}3000 pause", review()), "");
}

#[test]
fn a_resumed_run_goes_on_counting_where_it_stopped() {
    let script = format!("{BASELINE}500 pause\n9000 resume\n9000 start test 1");
    check(&script, 9_250, (60, 24), "");
}

#[test]
fn a_step_that_needs_a_failed_one_says_so() {
    let script = format!("{BASELINE}500 fail test 500 no\n500 blocked review baseline");
    check(&script, 600, (60, 24), "");
}

#[test]
fn a_terminal_without_unicode_is_shown_ascii_alone() {
    let ascii = Look { unicode: false, ..LOOK };
    let script = format!("{BASELINE}900 retry test 1 3900 größer");
    assert_eq!(picture(&script, ascii, 1_000, Motion::Moving, (80, 24)), "");
}

#[test]
fn colours_are_escapes_round_what_is_shown_anyway() {
    let colour = Look { colour: true, ..LOOK };
    let coloured = picture(&review(), colour, 3_000, Motion::Moving, (80, 24));
    let bare: String = super::text::visible(&coloured).collect();
    assert_eq!(bare, picture(&review(), LOOK, 3_000, Motion::Moving, (80, 24)));
    assert!(coloured.contains("\u{1b}[31m✗\u{1b}[0m review[2]"), "{coloured}");
}
