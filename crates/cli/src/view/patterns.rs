//! Pictures and lines of what only some flows have: loops, cases, pipes, sub-workflows, fallbacks, checks, undo. No part of
//! the binary.

use segno_orchestrator::model::Timestamp;

use super::look::Look;
use super::pictures::{check_flow, check_last_of};
use super::script::{events, plan};
use super::tell::Teller;

const LOOP: &str = "
steps:
  - id: improve
    loop: { until: steps.test.ok, max: 5, score: '0.5' }
    steps: [{ id: edit, run: [edit] }, { id: test, run: [test] }]
  - { id: again, loop: 3, run: [a] }
";

/// One round of the loop: its steps end, and it says whether there is another.
fn round(number: u32, at: u32, last: &str, said: &str) -> String {
    let next = number + 1;
    format!(
        "{at} start edit[{number}] 1\n{at} done edit[{number}] 100\n{at} start test[{number}] 1
         {at} {last}\n{at} said improve {next} {said}\n"
    )
}

fn two_rounds() -> String {
    let failed = |number: u32| format!("fail test[{number}] 100 no");
    format!("0 run\n{}{}", round(0, 100, &failed(0), "go_on 0.2"), round(1, 1_000, &failed(1), "go_on 0.82"))
}

/// Tells a script in lines.
#[track_caller]
fn check_lines(flow: &str, script: &str, expected: &str) {
    let look = Look { colour: false, unicode: true, jobs: 4 };
    let mut teller = Teller::new(plan(flow), look, Timestamp(0));
    let lines: Vec<String> = events(script).iter().flat_map(|event| teller.tell(event)).collect();
    assert_eq!(lines.join("\n"), expected.trim_start());
}

#[test]
fn a_loop_shows_the_round_that_goes_on_and_counts_all() {
    check_flow(
        LOOP,
        &format!("{}1100 start edit[2] 1\n1200 done edit[2] 100\n1200 start test[2] 1", two_rounds()),
        2_000,
        "
⠋ improve  round 3 of at most 5 · 1/2                  1.9s
  ✓ edit                                               0.1s
  ⠋ test                                               0.8s
· again
5/7 · 2.0s · 1 of 4 jobs · 2 failed",
    );
}

#[test]
fn a_loop_that_is_over_says_how_it_ended() {
    let next = "2000 start again[0] 1\n2100 done again[0] 100\n2100 start again[1] 1\n2200 fail again[1] 100 no luck\n";
    check_last_of(
        LOOP,
        &format!("{}{}{next}2200 over failed", two_rounds(), round(2, 1_500, "done test[2] 100", "satisfied 0.9")),
        "
✓ improve  satisfied after 3 rounds, round 3 kept (s…  1.4s
  ✓ edit                                               0.1s
  ✓ test                                               0.1s
✗ again  round 2 of 3 failed · no luck                 0.2s
✗ failed · 8/8 · 3 failed · 2.2s",
    );
    check_last_of(
        LOOP,
        &format!("{}1500 pause", two_rounds()),
        "
· improve  round 3 of at most 5 · 0/2                  1.4s
  · edit
  · test
· again
· paused (interrupted) · 4/7 · 2 failed · 1.5s",
    );
}

#[test]
fn a_task_in_a_loop_of_its_own_is_one_row() {
    let start = format!("{}{}", two_rounds(), round(2, 1_500, "done test[2] 100", "limit 0.9"));
    check_flow(
        LOOP,
        &format!("{start}2000 start again[0] 1\n2100 done again[0] 100\n2100 start again[1] 1"),
        2_600,
        "
◐ improve  ended by its limit of 3 rounds, round 3 k…  1.4s
  ✓ edit                                               0.1s
  ✓ test                                               0.1s
⠦ again  round 2 of 3                                  0.5s
7/8 · 2.6s · 1 of 4 jobs · 2 failed",
    );
}

#[test]
fn the_lines_of_a_loop_tell_its_rounds_and_its_end() {
    check_lines(
        LOOP,
        &format!("{}{}", two_rounds(), round(2, 1_500, "done test[2] 100", "satisfied 0.9")),
        "
✓ edit[0]           0.1s
✗ test[0] item      failed: no
· improve           round 1 scored 0.2 · round 2 of at most 5
✓ edit[1]           0.1s
✗ test[1] item      failed: no
· improve           round 2 scored 0.82 · round 3 of at most 5
✓ edit[2]           0.1s
✓ test[2]           0.1s
✓ improve           1.4s  satisfied after 3 rounds, round 3 kept (score 0.9)",
    );
    check_lines(
        "steps: [{ id: all, each: [1, 2], loop: { until: 'true', max: 2 }, run: [a] }]",
        "0 run
         0 items all 2
         0 start all[0][0] 1 x
         10 done all[0][0] 10 x
         10 said all[0] 1 satisfied
         10 start all[1][0] 1 y
         20 done all[1][0] 10 y
         20 said all[1] 1 go_on
         20 start all[1][1] 1 y
         30 done all[1][1] 10 y
         30 said all[1] 2 limit",
        "
✓ all[0][0] x       0.0s
✓ all[0]            satisfied after 1 round
✓ all[1][0] y       0.0s
· all[1]            round 2 of at most 2
✓ all[1][1] y       0.0s
◐ all[1]            ended by its limit of 2 rounds
◐ all               0.0s  2/2 · 1 partial",
    );
}

const PICK: &str = "
steps:
  - id: pick
    switch: \"'bug'\"
    cases: { bug: [{ id: mend, run: [a] }], feature: [{ id: build, run: [a] }, { id: show, run: [a] }] }
    default: [{ id: ask, run: [a] }]
  - { id: docs, skip_when: 'true', run: [a] }
";

#[test]
fn a_switch_says_its_case_and_the_others_are_not_shown() {
    check_flow(
        PICK,
        "0 run\n0 case pick 0 bug\n0 start mend 1",
        300,
        "
⠸ pick  case 'bug' · 0/1                               0.3s
  ⠸ mend                                               0.3s
· docs
0/2 · 0.3s · 1 of 4 jobs",
    );
    check_last_of(
        PICK,
        "0 run\n0 case pick 2 what\n0 start ask 1\n100 done ask 100\n100 left docs\n100 over degraded",
        "
✓ pick  default, for 'what' · 1/1                      0.1s
  ✓ ask                                                0.1s
– docs  left out: its 'skip_when' holds
◐ degraded · 2/2 · 1 skipped · 0.1s",
    );
    check_last_of(
        &PICK.replace("default: [{ id: ask, run: [a] }]", ""),
        "0 run\n0 case pick - what\n100 left docs\n100 over degraded cancelled",
        "
– pick  skipped: no case for 'what'
– docs  left out: its 'skip_when' holds
◐ degraded (cancelled) · 1/1 · 1 skipped · 0.1s",
    );
    check_lines(
        PICK,
        "0 run\n0 case pick 0 bug\n0 start mend 1\n10 done mend 10\n10 left docs",
        "
· pick              case 'bug'
✓ mend              0.0s
– docs              left out: its 'skip_when' holds",
    );
}

#[test]
fn a_pipe_shows_its_stages_and_what_is_in_them() {
    check_flow(
        "steps: [{ id: all, each: [1, 2, 3], pipe: [{ id: fetch, run: [a] }, { id: parse, run: [a] }] }]",
        "0 run
         0 items all 3
         0 start fetch[0] 1 x
         100 done fetch[0] 100 x
         100 start fetch[1] 1 y
         100 start parse[0] 1 x
         200 fail fetch[1] 100 gone
         200 start fetch[2] 1 z",
        1_000,
        "
⠋ all  1/3 · 1 failed                                  1.0s
  ⠋ fetch  2/3 · 1 failed                              1.0s
    ✗ fetch[1] item  gone                              0.1s
    ⠋ fetch[2] z                                       0.8s
  ⠋ parse  1/3 · 1 skipped                             0.9s
    ⠋ parse[0] x                                       0.9s
3/6 · 1.0s · 2 of 4 jobs · 1 failed · 1 skipped",
    );
}

#[test]
fn a_sub_workflow_shows_its_file_and_its_steps_by_their_own_names() {
    check_flow(
        "steps: [{ id: review, flow: inner.yaml }]",
        "0 run\n0 enter review\n0 start review/lint 1\n100 done review/lint 100\n100 start review/types 1",
        300,
        "
⠸ review  inner.yaml · 1/2                             0.3s
  ✓ lint                                               0.1s
  ⠸ types                                              0.2s
1/2 · 0.3s · 1 of 4 jobs",
    );
}

const CODE: &str = "
steps: [{ id: code, run: [a], retry: 2, fallback: [codex], check: 'cargo test' }]
";

#[test]
fn a_fallback_says_that_it_takes_over_and_that_it_was_it() {
    let start = "0 run\n0 start code 1\n100 retry code 1 200 no\n200 start code 2\n300 hand code 2 1 codex no answer\n";
    check_flow(
        CODE,
        start,
        300,
        "
↻ code  codex takes over: no answer
0/1 · 0.3s · 0 of 4 jobs",
    );
    check_flow(
        CODE,
        &format!("{start}300 start code 3"),
        1_000,
        "⠋ code  by codex                                       0.7s\n0/1 · 1.0s · 1 of 4 jobs",
    );
    let checked = format!("{start}300 start code 3\n400 reply code");
    check_flow(
        CODE,
        &checked,
        1_000,
        "⠋ code  checking: cargo test · by codex                0.7s\n0/1 · 1.0s · 1 of 4 jobs",
    );
    check_last_of(
        CODE,
        &format!("{checked}\n600 done code 200\n600 over succeeded"),
        "✓ code  by codex                                       0.2s\n✓ succeeded · 1/1 · 0.6s",
    );
    check_lines(
        CODE,
        &format!("{checked}\n600 done code 200"),
        "
✗ code              attempt 1 of 2 failed: no; again at once
✗ code              codex takes over: no answer
✓ code              0.2s  by codex",
    );
}

const UNDO: &str = "
steps:
  - { id: pr, run: [a], undo: { run: [b] } }
  - { id: tag, run: [a], undo: { run: [b] } }
  - { id: last, run: [a] }
on_failure: [{ id: sorry, run: [a] }]
";

#[test]
fn what_only_runs_after_a_failure_is_shown_only_then() {
    let start = "0 run\n0 start pr 1\n100 done pr 100\n100 start tag 1\n200 done tag 100\n200 start last 1\n";
    check_flow(
        UNDO,
        start,
        300,
        "
✓ pr                                                   0.1s
✓ tag                                                  0.1s
⠸ last                                                 0.1s
2/3 · 0.3s · 1 of 4 jobs",
    );
    let failed = format!("{start}300 fail last 100 no\n300 start sorry 1\n400 done sorry 100\n400 start undo/tag 1\n");
    let end = "500 fail undo/tag 100 gone\n500 start undo/pr 1\n600 done undo/pr 100\n600 over failed";
    check_last_of(
        UNDO,
        &format!("{failed}{end}"),
        "
✓ pr                                                   0.1s
✓ tag                                                  0.1s
✗ last  no                                             0.1s
✓ sorry                                                0.1s
✗ undo  2/2 · 1 failed                                 0.2s
  ✓ pr                                                 0.1s
  ✗ tag  gone                                          0.1s
✗ failed · 6/6 · 2 failed · 0.6s",
    );
    check_lines(
        UNDO,
        &format!("{failed}{end}"),
        "
✓ pr                0.1s
✓ tag               0.1s
✗ last              failed: no
✓ sorry             0.1s
✗ undo/tag          failed: gone
✓ undo/pr           0.1s
✗ failed · 6/6 · 2 failed · 0.6s",
    );
}
