//! Processor time an event: segno-logging's sinks beside other layers for `tracing` and beside the same line by hand; memory
//! taken an event; and what an event costs that is disabled.
//!
//! All take turns in one process, round by round; the time is the whole process's, so that what background threads do counts.
//! `cargo bench --bench logging -- time` runs one topic of `time`, `memory`, `disabled`, `instructions`; the files, 800 MB, are made in `TMPDIR`.

mod disabled;
mod event;
mod field;
mod hand;
mod instructions;
mod ratios;

use std::alloc::System;
use std::io::Write as _;

use field::Contestant;
use rustix::time::{ClockId, clock_gettime};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if instructions::is_inner(&arguments) {
        return;
    }
    let is_test = arguments.iter().any(|argument| argument == "--test");
    let topics: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |topic: &str| topics.is_empty() || topics.iter().any(|wanted| topic.contains(wanted.as_str()));
    // First: as long as another subscriber lives, an event is asked for, and is no longer one comparison.
    if wanted("disabled") {
        compare_disabled(if is_test { 1 } else { 11 }, if is_test { 1_000 } else { 2_000_000 });
    }
    if wanted("instructions") && !is_test {
        count_instructions(100_000);
    }
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let mut field = Contestant::all(folder.path());
    if wanted("time") {
        compare(&mut field, if is_test { 1 } else { 21 }, if is_test { 100 } else { 10_000 });
    }
    if wanted("memory") {
        count(&mut field, if is_test { 100 } else { 20_000 });
    }
}

/// Times all in turn.
fn compare(field: &mut [Contestant], rounds: usize, events: u64) {
    let mut times = vec![Vec::new(); field.len()];
    let mut bytes = vec![0; field.len()];
    for _ in 0..rounds {
        for (index, contestant) in field.iter_mut().enumerate() {
            // Not emptied in between: to ours it would look as if another process wrote there, too.
            let begun = process_time();
            bytes[index] = contestant.write(events) / events;
            times[index].push((process_time() - begun) / events as f64);
        }
    }
    let names = field.iter().map(|contestant| contestant.name);
    let medians: Vec<(&str, f64)> = names.zip(times.into_iter().map(median)).collect();
    for ((name, time), bytes) in medians.iter().zip(&bytes) {
        say(&format!("{name}: {time:.0} ns an event, {bytes} bytes a line"));
    }
    ratios::tell(&medians).iter().for_each(|line| say(line));
}

/// Counts the memory that each takes for an event.
fn count(field: &mut [Contestant], events: u64) {
    for contestant in field {
        contestant.write(events);
        contestant.empty();
        let less = Region::new(ALLOCATOR);
        contestant.write(events / 2);
        let less = less.change().allocations as f64;
        let more = Region::new(ALLOCATOR);
        contestant.write(events);
        // What a round takes, such as its spans, stands on both sides.
        let each = (more.change().allocations as f64 - less) / (events / 2) as f64;
        say(&format!("{}: {each:.3} allocations an event", contestant.name));
        contestant.empty();
    }
}

/// Times events that are disabled.
fn compare_disabled(rounds: usize, events: u64) {
    let mut times: Vec<(&str, Vec<f64>)> = Vec::new();
    for _ in 0..rounds {
        let mut note = |name: &'static str, work: &dyn Fn()| {
            let begun = process_time();
            work();
            let time = (process_time() - begun) / events as f64;
            match times.iter_mut().find(|(known, _)| *known == name) {
                Some((_, times)) => times.push(time),
                None => times.push((name, vec![time])),
            }
        };
        note("an empty loop", &|| disabled::nothing(events));
        for make in 0..disabled::all().len() {
            // Made anew, so that it is the only subscriber.
            let (name, dispatch) = disabled::all().swap_remove(make);
            note(name, &|| disabled::emit(&dispatch, events));
        }
    }
    for (name, times) in times {
        say(&format!("disabled, {name}: {:.2} ns an event", median(times)));
    }
}

/// Counts the instructions of events that are disabled: our layers must add none to what `tracing` does itself.
fn count_instructions(events: u64) {
    let Some(counts) = instructions::each(events) else {
        return say("instructions: not counted, there is no valgrind");
    };
    for (name, count) in &counts {
        say(&format!("disabled, {name}: {count:.1} instructions an event"));
    }
    let least = counts.first().map_or(0.0, |(_, count)| *count);
    let most = counts.iter().map(|(_, count)| *count).fold(0.0, f64::max);
    assert!(
        most < least + 0.5,
        "our layers cost {most:.1} instructions a disabled event, and tracing alone {least:.1}"
    );
}

/// Returns the time that all threads of this process have spent on a processor, in nanoseconds.
fn process_time() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn say(line: &str) {
    // A reader of a pipe may have gone away.
    _ = writeln!(std::io::stdout(), "{line}");
}
