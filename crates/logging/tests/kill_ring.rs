//! A ring's process that is killed at random instants, or ends without a guard: every line whose macro had returned is in the
//! log once, whole and in its thread's order. `SEGNO_LOGGING_KILLS` says how often; `cargo xtask crash --logs` kills 300 times.

#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]
#![allow(clippy::print_stdout, reason = "a red test must say how it is repeated")]

mod killing;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use killing::{Dice, Ending, Task};
use segno_logging::{RingOptions, RingSink};

fn kills() -> u64 {
    std::env::var("SEGNO_LOGGING_KILLS").map_or(20, |kills| kills.parse().unwrap())
}

fn dice() -> Dice {
    let seed = std::env::var("SEGNO_LOGGING_SEED").map(|seed| seed.parse().unwrap());
    let seed = seed.unwrap_or_else(|_| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64);
    println!("repeat with SEGNO_LOGGING_SEED={seed}");
    Dice(seed)
}

/// A task of random shape: from buffers that are never full to ones that are written every few lines.
fn random(run: u64, dice: &mut Dice) -> Task {
    Task {
        threads: 1 + dice.below(3) as usize,
        buffer: [4 << 10, 16 << 10, 64 << 10, 1 << 20][dice.below(4) as usize],
        max_buffers: [1, 2, 64][dice.below(3) as usize],
        rotate: [0, 50_000, 1 << 20][dice.below(3) as usize],
        filler: [0, 100, 3_000, 12_000][dice.below(4) as usize],
        ..Task::killed(run)
    }
}

#[test]
fn a_ring_loses_no_line_at_random_kills() {
    if killing::is_child() {
        return;
    }
    let test = "a_ring_loses_no_line_at_random_kills";
    let mut dice = dice();
    let (mut lines, mut left) = (0, 0);
    let mut done = 0;
    while done < kills() {
        // A few processes after one another write one log; each start replays what the one before left.
        let folder = tempfile::tempdir().unwrap();
        let mut runs = Vec::new();
        for _ in 0..(1 + dice.below(5)).min(kills() - done) {
            let task = random(done, &mut dice);
            // Some are killed as they start, while they replay.
            let mut child = match dice.below(4) {
                0 => killing::launch(test, folder.path(), &task),
                _ => killing::start(test, folder.path(), &task),
            };
            killing::kill_after(&mut child, Duration::from_micros(dice.below(25_000)));
            runs.push(task);
            left += killing::expect_all(folder.path(), &runs).left;
            done += 1;
        }
        killing::replay(folder.path());
        lines += killing::expect_all(folder.path(), &runs).lines;
    }
    println!("{done} kills, {lines} lines, {left} of them only in side files at the kill");
    assert!(lines > 0 && left > 0);
}

#[test]
fn two_processes_on_one_log_lose_no_line_when_both_are_killed() {
    if killing::is_child() {
        return;
    }
    let test = "two_processes_on_one_log_lose_no_line_when_both_are_killed";
    let mut dice = dice();
    for pair in 0..kills() / 4 {
        let folder = tempfile::tempdir().unwrap();
        let runs = [random(pair * 2, &mut dice), random(pair * 2 + 1, &mut dice)];
        let mut children = runs.each_ref().map(|task| killing::start(test, folder.path(), task));
        for child in &mut children {
            killing::kill_after(child, Duration::from_micros(dice.below(15_000)));
        }
        killing::expect_all(folder.path(), &runs);
        killing::replay(folder.path());
        killing::expect_all(folder.path(), &runs);
    }
}

#[test]
fn processes_that_write_each_line_lose_none_when_they_are_killed_while_they_rotate() {
    let test = "processes_that_write_each_line_lose_none_when_they_are_killed_while_they_rotate";
    if killing::is_child() {
        return;
    }
    let mut dice = dice();
    for pair in 0..kills() / 4 {
        let folder = tempfile::tempdir().unwrap();
        let runs = [0, 1].map(|run| Task { direct: true, rotate: 2_000, ..Task::killed(pair * 2 + run) });
        let mut children = runs.each_ref().map(|task| killing::start(test, folder.path(), task));
        for child in &mut children {
            killing::kill_after(child, Duration::from_micros(dice.below(5_000)));
        }
        killing::expect_all(folder.path(), &runs);
    }
}

/// Ends without a guard in the given way, twice, with replay in between and after.
fn check(test: &str, ending: Ending) {
    let folder = tempfile::tempdir().unwrap();
    let runs = [0, 1].map(|run| Task { ending, lines: 1_234, threads: 3, ..Task::killed(run) });
    for (count, task) in runs.iter().enumerate() {
        let mut child = killing::start(test, folder.path(), task);
        assert_eq!(child.wait().unwrap().success(), ending == Ending::Exit);
        let seen = killing::expect_all(folder.path(), &runs[..=count]);
        assert_eq!(seen.lines, (count as u64 + 1) * 3 * 1_234);
    }
    killing::replay(folder.path());
    assert_eq!(killing::expect_all(folder.path(), &runs).lines, 2 * 3 * 1_234);
}

#[test]
fn what_a_killed_process_left_is_replayed_by_the_start_of_another_log_in_the_folder() {
    let test = "what_a_killed_process_left_is_replayed_by_the_start_of_another_log_in_the_folder";
    if killing::is_child() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let task = Task { ending: Ending::Abort, lines: 99, ..Task::killed(0) };
    killing::start(test, folder.path(), &task).wait().unwrap();
    drop(RingSink::open(folder.path().join("other.jsonl"), RingOptions::default()).unwrap());
    let seen = killing::expect_all(folder.path(), &[task]);
    assert_eq!((seen.lines, seen.left), (2 * 99, 0));
}

#[test]
fn an_exit_without_guard_loses_no_line() {
    if !killing::is_child() {
        check("an_exit_without_guard_loses_no_line", Ending::Exit);
    }
}

#[test]
fn a_panic_loses_no_line() {
    if !killing::is_child() {
        check("a_panic_loses_no_line", Ending::Panic);
    }
}

#[test]
fn an_abort_loses_no_line() {
    if !killing::is_child() {
        check("an_abort_loses_no_line", Ending::Abort);
    }
}
