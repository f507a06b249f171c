//! One cell of the table: a load at a capacity, and how near everyone comes to the optimum.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::best::{best_hits, next_uses};
use crate::field::{Kept, field};
use crate::loads::Load;

/// Capacities in shares of the different keys of a load.
const SHARES: [f64; 4] = [0.002, 0.01, 0.05, 0.2];
/// Fewer entries show nothing.
const FEWEST: usize = 10;
/// Cells are measured so many at a time.
const THREADS: usize = 2;

/// What everyone made of a load at one capacity.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) load: &'static str,
    pub(crate) capacity: usize,
    /// The hits of each, as a share of what was possible with as many entries as it really held.
    pub(crate) ratios: Vec<f64>,
    /// How many keys each could still give at the end.
    pub(crate) held: Vec<usize>,
}

/// Measures all loads at all capacities.
pub(crate) fn measure(loads: &[Load]) -> Vec<Cell> {
    let (next, cells) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let nexts: Vec<Vec<usize>> = loads.iter().map(|load| next_uses(&load.keys)).collect();
    let different: Vec<HashSet<u64>> = loads.iter().map(|load| load.keys.iter().copied().collect()).collect();
    let sizes = different.iter().map(HashSet::len);
    let places: Vec<(usize, usize)> = sizes.enumerate().flat_map(|(load, keys)| capacities(load, keys)).collect();
    let work = || {
        while let Some(&(load, capacity)) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
            let cell = cell(&loads[load], &nexts[load], &different[load], capacity);
            cells.lock().expect("no measurement panics").push((load, capacity, cell));
        }
    };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(work);
        }
    });
    let mut cells = cells.into_inner().expect("no measurement panics");
    cells.sort_by_key(|&(load, capacity, _)| (load, capacity));
    cells.into_iter().map(|(_, _, cell)| cell).collect()
}

fn capacities(load: usize, keys: usize) -> Vec<(usize, usize)> {
    let capacities = SHARES.map(|share| (keys as f64 * share) as usize);
    capacities.into_iter().filter(|&capacity| capacity >= FEWEST).map(|capacity| (load, capacity)).collect()
}

fn cell(load: &Load, next: &[usize], different: &HashSet<u64>, capacity: usize) -> Cell {
    let (mut ratios, mut held) = (Vec::new(), Vec::new());
    let best = best_hits(next, capacity);
    for contestant in field() {
        let cache = (contestant.make)(capacity);
        let hits = run(&cache, load);
        let kept = different.iter().filter(|&&key| cache.ask(key)).count();
        let possible = if kept > capacity { best_hits(next, kept) } else { best };
        ratios.push(hits as f64 / possible.max(1) as f64);
        held.push(kept);
    }
    Cell { load: load.name, capacity, ratios, held }
}

fn run(cache: &Kept, load: &Load) -> u64 {
    let mut hits = 0;
    for &key in &load.keys {
        if cache.ask(key) {
            hits += 1;
        } else {
            cache.put(key);
        }
    }
    hits
}
