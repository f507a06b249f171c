//! The most hits that any cache could have had: Belady's optimum, of one that may also refuse.

use std::collections::{BTreeSet, HashMap};

/// Never comes again.
const NEVER: usize = usize::MAX;

/// For each request, when the same key comes next.
pub(crate) fn next_uses(keys: &[u64]) -> Vec<usize> {
    let mut coming: HashMap<u64, usize> = HashMap::new();
    let mut next = vec![NEVER; keys.len()];
    for (step, &key) in keys.iter().enumerate().rev() {
        next[step] = coming.insert(key, step).unwrap_or(NEVER);
    }
    next
}

/// Counts the hits of the cache that always lets go what comes last.
pub(crate) fn best_hits(next: &[usize], capacity: usize) -> u64 {
    // A key that is kept is known by the time of its next use.
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    let mut hits = 0;
    for (step, &next) in next.iter().enumerate() {
        hits += u64::from(kept.remove(&step));
        if next != NEVER {
            kept.insert(next);
        }
        if kept.len() > capacity {
            kept.pop_last();
        }
    }
    hits
}
