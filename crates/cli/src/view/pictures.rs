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

#[track_caller]
fn check(script: &str, now: u64, size: (usize, usize), expected: &str) {
    assert_eq!(picture(script, LOOK, now, Motion::Moving, size), expected.trim_start_matches('\n'));
}

#[track_caller]
fn check_last(script: &str, expected: &str) {
    assert_eq!(picture(script, LOOK, 60_000, Motion::Still, (60, 24)), expected.trim_start_matches('\n'));
}

/// Checks a picture of another flow on a usual screen while it goes on.
#[track_caller]
pub(super) fn check_flow(flow: &str, script: &str, now: u64, expected: &str) {
    check_picture(flow, script, now, Motion::Moving, expected);
}

/// Checks the last picture of another flow.
#[track_caller]
pub(super) fn check_last_of(flow: &str, script: &str, expected: &str) {
    check_picture(flow, script, 60_000, Motion::Still, expected);
}

#[track_caller]
fn check_picture(flow: &str, script: &str, now: u64, motion: Motion, expected: &str) {
    let size = Size { width: 60, height: 24 };
    let picture = rows(&model(flow, script), LOOK, Timestamp(now), motion, size).join("\n");
    assert_eq!(picture, expected.trim_start_matches('\n'));
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
    check(
        BASELINE,
        1_000,
        (60, 24),
        "
⠋ baseline  2/3 · 1 cached                             1.0s
  ✓ lint                                               0.4s
  ⠋ test                                               1.0s
  ✓ docs  cached
· review
· fix  0/2
  · edit
  · check
· tell
2/7 · 1.0s · 1 of 4 jobs · 1 cached",
    );
}

#[test]
fn a_task_that_waits_says_why_and_for_how_long() {
    check(
        &format!("{BASELINE}900 retry test 1 3900 the command ended with exit code 3"),
        1_000,
        (80, 24),
        "
⠋ baseline  2/3 · 1 cached                                                 1.0s
  ✓ lint                                                                   0.4s
  ↻ test  attempt 1 of 3 failed · again in 3 s: the command ended with exit co…
  ✓ docs  cached
· review
· fix  0/2
  · edit
  · check
· tell
2/7 · 1.0s · 0 of 4 jobs · 1 cached",
    );
    check(
        &format!("{BASELINE}900 retry test 1 3900 no\n3900 start test 2"),
        4_000,
        (40, 24),
        "
⠋ baseline  2/3 · 1 cached         4.0s
  ✓ lint                           0.4s
  ⠋ test  attempt 2 of 3           0.1s
  ✓ docs  cached
· review
· fix  0/2
  · edit
  · check
· tell
2/7 · 4.0s · 1 of 4 jobs · 1 cached",
    );
}

#[test]
fn items_are_counted_and_those_that_run_or_failed_are_listed() {
    check(
        &review(),
        3_000,
        (80, 24),
        "
✓ baseline  3/3 · 1 cached                                                 2.0s
  ✓ lint                                                                   0.4s
  ✓ test                                                                   2.0s
  ✓ docs  cached
⠋ review  3/40 · 1 cached · 1 failed                                       1.0s
  ✗ review[2] item  the command ended with exit code 3                     0.6s
  ⠋ review[3] src/file_3.rs                                                0.9s
  ⠋ review[4] src/file_4.rs                                                0.9s
  ⠋ review[5] src/file_5.rs                                                0.9s
  ⠋ review[6] src/file_6.rs                                                0.9s
· fix  0/2
  · edit
  · check
· tell
6/46 · 3.0s · 4 of 4 jobs · 2 cached · 1 failed",
    );
    check(
        &review(),
        3_000,
        (40, 24),
        "
✓ baseline  3/3 · 1 cached         2.0s
  ✓ lint                           0.4s
  ✓ test                           2.0s
  ✓ docs  cached
⠋ review  3/40 · 1 cached · 1 fa…  1.0s
  ✗ review[2] item  the command …  0.6s
  ⠋ review[3] src/file_3.rs        0.9s
  ⠋ review[4] src/file_4.rs        0.9s
  ⠋ review[5] src/file_5.rs        0.9s
  ⠋ review[6] src/file_6.rs        0.9s
· fix  0/2
  · edit
  · check
· tell
6/46 · 3.0s · 4 of 4 jobs · 2 cached ·…",
    );
}

#[test]
fn a_low_screen_folds_what_is_over_and_what_has_not_begun() {
    check(
        &review(),
        3_000,
        (60, 13),
        "
✓ baseline  3/3 · 1 cached                             2.0s
⠋ review  3/40 · 1 cached · 1 failed                   1.0s
  ✗ review[2] item  the command ended with exit code…  0.6s
  ⠋ review[3] src/file_3.rs                            0.9s
  ⠋ review[4] src/file_4.rs                            0.9s
  ⠋ review[5] src/file_5.rs                            0.9s
  ⠋ review[6] src/file_6.rs                            0.9s
· fix  0/2
· tell
6/46 · 3.0s · 4 of 4 jobs · 2 cached · 1 failed",
    );
    check(
        &review(),
        3_000,
        (60, 8),
        "
  ⠋ review[3] src/file_3.rs                            0.9s
  ⠋ review[4] src/file_4.rs                            0.9s
  ⠋ review[5] src/file_5.rs                            0.9s
  ⠋ review[6] src/file_6.rs                            0.9s
… 1 failed · 1 open · 2 waiting · 1 ended not shown
6/46 · 3.0s · 4 of 4 jobs · 2 cached · 1 failed",
    );
    check(&review(), 3_000, (60, 3), "6/46 · 3.0s · 4 of 4 jobs · 2 cached · 1 failed");
    check(&review(), 3_000, (60, 2), "");
}

#[test]
fn the_last_picture_stands_still() {
    let done = (0..40).map(|item| format!("3000 done review[{item}] 100\n")).collect::<String>();
    let start = format!("{BASELINE}2000 done test 2000\n2000 items review 40\n{done}3000 yes fix\n");
    let end = "3100 done edit 100\n3200 fail check 100 the command ended with exit code 101\n3200 over failed";
    check_last(
        &format!("{start}{end}"),
        "
✓ baseline  3/3 · 1 cached                             2.0s
  ✓ lint                                               0.4s
  ✓ test                                               2.0s
  ✓ docs  cached
✓ review  40/40                                        1.0s
✗ fix  2/2 · 1 failed                                  0.2s
  ✓ edit                                               0.1s
  ✗ check  the command ended with exit code 101        0.1s
– tell  not reached
✗ failed · 46/46 · 1 cached · 1 failed · 1 skipped · 3.2s",
    );
    check_last(
        &format!("{start}3100 done edit 100\n3200 done check 100\n3200 no tell\n3200 over succeeded"),
        "
✓ baseline  3/3 · 1 cached                             2.0s
  ✓ lint                                               0.4s
  ✓ test                                               2.0s
  ✓ docs  cached
✓ review  40/40                                        1.0s
✓ fix  2/2                                             0.2s
  ✓ edit                                               0.1s
  ✓ check                                              0.1s
– tell  skipped: its 'if' did not hold
✓ succeeded · 46/46 · 1 cached · 1 skipped · 3.2s",
    );
}

#[test]
fn a_paused_run_shows_what_will_be_begun_again_as_waiting() {
    check_last(
        &format!("{}3000 pause", review()),
        "
✓ baseline  3/3 · 1 cached                             2.0s
  ✓ lint                                               0.4s
  ✓ test                                               2.0s
  ✓ docs  cached
· review  3/40 · 1 cached · 1 failed                   1.0s
  ✗ review[2] item  the command ended with exit code…  0.6s
· fix  0/2
  · edit
  · check
· tell
· paused (interrupted) · 6/46 · 2 cached · 1 failed · 3.0s",
    );
}

#[test]
fn a_resumed_run_goes_on_counting_where_it_stopped() {
    let script = format!("{BASELINE}500 pause\n9000 resume\n9000 start test 1");
    check(
        &script,
        9_200,
        (60, 24),
        "
⠹ baseline  2/3 · 1 cached                             0.7s
  ✓ lint                                               0.4s
  ⠹ test                                               0.2s
  ✓ docs  cached
· review
· fix  0/2
  · edit
  · check
· tell
2/7 · 0.7s · 1 of 4 jobs · 1 cached",
    );
}

#[test]
fn a_step_that_needs_a_failed_one_says_so() {
    let flow = "
steps:
  - id: all
    parallel:
      - { id: test, run: [test] }
      - { id: review, needs: [test], each: [1, 2], run: [review] }
      - { id: fix, needs: [test], steps: [{ id: edit, run: [edit] }] }
  - { id: tell, run: [tell] }
";
    let script = "0 run\n0 start test\n500 fail test 500 no\n500 blocked review test\n500 blocked fix test";
    check_flow(
        flow,
        script,
        600,
        "
✗ all  2/2 · 1 failed · 1 skipped                      0.5s
  ✗ test  no                                           0.5s
  – review  skipped: 'test' did not end well
  – fix  skipped: 'test' did not end well
– tell  not reached
3/3 · 0.6s · 0 of 4 jobs · 1 failed · 2 skipped",
    );
}

#[test]
fn a_group_whose_steps_were_all_left_out_is_no_group_that_was_not_reached() {
    let flow = "
steps:
  - { id: a, parallel: [{ id: b, if: 'false', run: [b] }, { id: c, if: 'false', run: [c] }] }
  - { id: d, if: 'false', each: [1], steps: [{ id: e, run: [e] }], else: [{ id: f, run: [f] }] }
  - { id: g, each: [1, 2], run: [g], if: 'false' }
";
    check_last_of(
        flow,
        "0 run\n0 no b\n0 no c\n0 no d\n0 start f\n100 done f 100\n100 no g\n100 over succeeded",
        "
– a  2/2 · 2 skipped
– d  skipped: its 'if' did not hold
  ✓ f                                                  0.1s
– g  skipped: its 'if' did not hold
✓ succeeded · 3/3 · 2 skipped · 0.1s",
    );
}

#[test]
fn a_terminal_without_unicode_is_shown_ascii_alone() {
    let ascii = Look { unicode: false, ..LOOK };
    let script = format!("{BASELINE}900 retry test 1 3900 größer");
    let expected = "
| baseline  2/3, 1 cached                                                  1.0s
  + lint                                                                   0.4s
  r test  attempt 1 of 3 failed, again in 3 s: gr??er
  + docs  cached
. review
. fix  0/2
  . edit
  . check
. tell
2/7, 1.0s, 0 of 4 jobs, 1 cached";
    assert_eq!(picture(&script, ascii, 1_000, Motion::Moving, (80, 24)), expected.trim_start());
}

#[test]
fn colours_are_escapes_round_what_is_shown_anyway() {
    let colour = Look { colour: true, ..LOOK };
    let coloured = picture(&review(), colour, 3_000, Motion::Moving, (80, 24));
    let bare: String = super::text::visible(&coloured).collect();
    assert_eq!(bare, picture(&review(), LOOK, 3_000, Motion::Moving, (80, 24)));
    assert!(coloured.contains("\u{1b}[31m✗\u{1b}[0m review[2]"), "{coloured}");
}
