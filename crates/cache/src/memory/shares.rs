//! Into how many shards a cache is split, and what each is told of the capacity.

use std::sync::OnceLock;
use std::thread;

use super::Builder;
use super::shard::Share;

/// Below so many entries a shard shows its policy too little.
const FEWEST: u64 = 2_048;
/// Shards for each processor: two threads seldom want the same one.
const PER_PROCESSOR: usize = 16;
const MOST: usize = 1_024;
/// What an entry probably weighs where somebody weighs and nobody counts.
const PROBABLE_WEIGHT: u64 = 1_024;

/// How a cache is split.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares {
    pub(crate) count: usize,
    pub(crate) each: Share,
}

impl Shares {
    pub(crate) fn of<K, V, S>(built: &Builder<K, V, S>) -> Shares {
        let probable = match (built.capacity, built.max_weight) {
            (u64::MAX, weight) if built.weigher.is_some() => weight / PROBABLE_WEIGHT,
            (capacity, weight) => capacity.min(weight),
        };
        let count = built.shards.map_or_else(|| count(probable), |wish| wish.clamp(1, MOST).next_power_of_two());
        Shares { count, each: each(built.capacity, built.max_weight, count) }
    }
}

/// Returns what each of so many shards is told.
pub(crate) fn each(capacity: u64, max_weight: u64, count: usize) -> Share {
    let is_weight = capacity == u64::MAX && max_weight != u64::MAX;
    let whole = if is_weight { max_weight } else { capacity };
    let entries = usize::try_from(capacity).unwrap_or(usize::MAX) / count;
    // Keys do not fall evenly: hardly a shard gets more than four deviations above its share.
    let spread = if count == 1 { 0 } else { 4 * entries.isqrt() };
    let expected = entries.saturating_add(spread).saturating_add(1);
    Share { of_capacity: whole.div_ceil(count as u64), is_weight, expected }
}

fn count(entries: u64) -> usize {
    if entries < 2 * FEWEST {
        return 1;
    }
    let most = (processors() * PER_PROCESSOR).next_power_of_two().min(MOST);
    let wanted = usize::try_from(entries / FEWEST).unwrap_or(usize::MAX).min(MOST);
    most.min(1 << wanted.ilog2())
}

/// Returns how many processors there are; asking is dear.
fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(4, usize::from))
}
