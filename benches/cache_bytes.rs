//! What an entry of a cache in memory takes: bytes on the heap for a million pairs of numbers, counted by the allocator, each
//! cache in a process of its own; and again after another million of them went through.

use std::alloc::System;
use std::hint::black_box;
use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ENTRIES: u64 = 1_000_000;
const HOUR: Duration = Duration::from_secs(3_600);
const KINDS: [&str; 5] = ["segno", "segno, TTL and weights", "quick_cache", "moka", "moka, TTL and weights"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, kind] = &arguments[..]
        && flag == "--weigh"
    {
        return weigh(kind, ENTRIES);
    }
    if arguments.iter().any(|argument| argument == "--test") {
        KINDS.iter().for_each(|kind| weigh(kind, 1_000));
        return;
    }
    let own = std::env::current_exe().expect("a bench is a program");
    for kind in KINDS {
        let status = Command::new(&own).args(["--weigh", kind]).status().expect("a bench can be run again");
        assert!(status.success(), "{kind}: {status}");
    }
}

fn weigh(kind: &str, entries: u64) {
    let weight = |value: &u64| 1 + (value & 1) as u32;
    match kind {
        "segno" => fill(kind, entries, &segno_cache::Cache::new(entries), segno_cache::Cache::insert, |cache| {
            cache.len() as u64
        }),
        "segno, TTL and weights" => {
            let builder = segno_cache::Cache::builder().capacity(entries).max_weight(2 * entries);
            let cache = builder.weigher(move |_, value| weight(value)).time_to_live(HOUR).build();
            fill(kind, entries, &cache, segno_cache::Cache::insert, |cache| cache.len() as u64);
        }
        "quick_cache" => {
            let cache = quick_cache::sync::Cache::new(entries as usize);
            fill(kind, entries, &cache, quick_cache::sync::Cache::insert, |cache| cache.len() as u64);
        }
        "moka" => fill(kind, entries, &moka::sync::Cache::new(entries), moka::sync::Cache::insert, settled),
        _ => {
            let builder = moka::sync::Cache::builder().max_capacity(3 * entries / 2);
            let cache = builder.weigher(move |_, value| weight(value)).time_to_live(HOUR).build();
            fill(kind, entries, &cache, moka::sync::Cache::insert, settled);
        }
    }
}

fn settled(cache: &moka::sync::Cache<u64, u64>) -> u64 {
    cache.run_pending_tasks();
    cache.entry_count()
}

/// Fills the cache and fills it again with others, and prints what an entry takes both times.
fn fill<C>(kind: &str, entries: u64, cache: &C, insert: impl Fn(&C, u64, u64), len: impl Fn(&C) -> u64) {
    let mut told = Vec::new();
    for round in 0..2 {
        (round * entries..(round + 1) * entries)
            .for_each(|key| insert(cache, key.wrapping_mul(0x9E37_79B9_7F4A_7C15), key));
        let len = len(black_box(cache));
        let stats = COUNTED.stats();
        let bytes = stats.bytes_allocated - stats.bytes_deallocated;
        told.push(format!("{:.1} ({len})", bytes as f64 / len.max(1) as f64));
    }
    // A reader of a pipe may have gone away.
    _ = writeln!(
        std::io::stdout(),
        "{kind:<24} bytes an entry (entries): {}, after as many again {}",
        told[0],
        told[1]
    );
}
