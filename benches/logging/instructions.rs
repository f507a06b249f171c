//! How many instructions an event costs that nobody wants: counted, not timed, so that a busy machine does not matter.
//! Needs `valgrind`, under which this program runs once more for each number.

use std::env;
use std::process::Command;

use crate::disabled;

/// What the program is called with to emit: this, the number of a set-up, and the number of events.
const EMIT: &str = "--emit-disabled";

/// Emits, if this is the program under `valgrind`.
pub(crate) fn is_inner(arguments: &[String]) -> bool {
    let [command, set_up, events] = arguments else { return false };
    if command != EMIT {
        return false;
    }
    let number = |text: &String| text.parse::<usize>().expect("the outer program passes numbers");
    let (set_up, events) = (number(set_up), number(events) as u64);
    match disabled::all().into_iter().nth(set_up) {
        Some((_, dispatch)) => disabled::emit(&dispatch, events),
        None => disabled::nothing(events),
    }
    true
}

/// Returns what an event of each set-up costs, and last the loop alone; `None` without `valgrind`.
pub(crate) fn each(events: u64) -> Option<Vec<(&'static str, f64)>> {
    let names = disabled::all().into_iter().map(|(name, _)| name).chain(["an empty loop"]);
    names
        .enumerate()
        .map(|(set_up, name)| {
            // What the program's start and end take stands on both sides.
            let (few, many) = (count(set_up, events)?, count(set_up, 3 * events)?);
            Some((name, many.saturating_sub(few) as f64 / (2 * events) as f64))
        })
        .collect()
}

/// Counts the instructions of the whole program.
fn count(set_up: usize, events: u64) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().ok()?)
        .args([EMIT, &set_up.to_string(), &events.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let counted = text.lines().find_map(|line| line.split_once("Collected : "))?.1;
    counted.trim().parse().ok()
}
