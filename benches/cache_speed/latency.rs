//! How long single calls take while another thread is busy with the same cache: what waits for locks, rehashing and upkeep.

use std::hint::black_box;
use std::io::Write as _;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

use super::field::{Field, moka, ours, ours_in_full, quick};
use super::traffic::{Traffic, random};

const ROUNDS: usize = 9;
const CALLS: usize = 200_000;

/// Prints the percentiles of a get and of a put: medians over rounds, the caches in turn.
pub(crate) fn compare(is_test: bool) {
    let Some(traffic) = Traffic::all(is_test).into_iter().nth(2) else { return };
    let keys = traffic.numbers();
    let (rounds, calls) = if is_test { (1, 100) } else { (ROUNDS, CALLS) };
    let capacity = traffic.capacity;
    let field: [(&str, Box<dyn Field<u64>>); 4] = [
        ("segno", Box::new(ours(capacity))),
        ("segno, TTL and weights", Box::new(ours_in_full(capacity))),
        ("quick_cache", Box::new(quick(capacity))),
        ("moka", Box::new(moka(capacity))),
    ];
    let mut told = vec![[const { Vec::new() }; 6]; field.len()];
    for round in 0..rounds {
        for (told, (_, cache)) in told.iter_mut().zip(&field) {
            let found = with_company(&**cache, &traffic, &keys, round * calls..(round + 1) * calls);
            told.iter_mut().zip(found).for_each(|(all, one)| all.push(one));
        }
    }
    for (told, (name, _)) in told.into_iter().zip(&field) {
        let [get50, get99, get999, put50, put99, put999] = told.map(middle);
        // A reader of a pipe may have gone away.
        _ = writeln!(
            std::io::stdout(),
            "{name:<24} get p50 {get50} p99 {get99} p99.9 {get999} ns, put p50 {put50} p99 {put99} p99.9 {put999} ns",
        );
    }
}

/// Times these calls while another thread makes the same ones.
fn with_company(cache: &dyn Field<u64>, traffic: &Traffic, keys: &[u64], calls: Range<usize>) -> [u64; 6] {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut state = 11;
            while !is_over.load(Relaxed) {
                let number = traffic.order[random(&mut state) as usize % traffic.order.len()];
                black_box(cache.load(&keys[number as usize], 1));
            }
        });
        let (mut gets, mut puts) = (Vec::with_capacity(calls.len()), Vec::with_capacity(calls.len()));
        for number in traffic.order.iter().cycle().skip(calls.start).take(calls.len()) {
            let key = &keys[*number as usize];
            let begun = Instant::now();
            let found = black_box(cache.get(key));
            gets.push(begun.elapsed().as_nanos() as u64);
            if found.is_none() {
                let begun = Instant::now();
                cache.put(key, u64::from(*number));
                puts.push(begun.elapsed().as_nanos() as u64);
            }
        }
        is_over.store(true, Relaxed);
        let [get50, get99, get999] = percentiles(gets);
        let [put50, put99, put999] = percentiles(puts);
        [get50, get99, get999, put50, put99, put999]
    })
}

fn percentiles(mut times: Vec<u64>) -> [u64; 3] {
    times.sort_unstable();
    [0.5, 0.99, 0.999].map(|share| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default())
}

fn middle(mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
