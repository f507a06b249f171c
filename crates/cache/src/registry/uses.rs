//! Which keys are asked for most, in bounded memory.

use std::hash::{Hash, RandomState};

use hashbrown::HashMap;

/// Counts the uses of the keys that are used most, of however many there are: Space-Saving (Metwally, Agrawal, El Abbadi:
/// "Efficient computation of frequent and top-k elements in data streams", ICDT 2005).
///
/// A key that is used more often than one use in `capacity` is always in it. A count is never too low, and too high by at
/// most what is told with it.
///
/// ```
/// use segno_cache::Uses;
///
/// let mut uses = Uses::new(2);
/// ["a", "b", "a", "c", "a"].iter().for_each(|key| uses.note(key, 1));
/// assert_eq!(uses.most(1), [("a", 3, 0)]);
/// ```
#[derive(Clone, Debug)]
pub struct Uses<K> {
    capacity: usize,
    counts: HashMap<K, Count, RandomState>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    uses: u64,
    /// What the key took over from the one whose place it has.
    doubt: u64,
}

impl<K: Hash + Eq + Clone> Uses<K> {
    /// Begins to count, with room for so many keys; 0 counts none.
    pub fn new(capacity: usize) -> Uses<K> {
        Uses { capacity, counts: HashMap::default() }
    }

    /// Counts uses of a key. Where there is no room, it takes the place of the key with the fewest.
    pub fn note(&mut self, key: &K, uses: u64) {
        if let Some(count) = self.counts.get_mut(key) {
            count.uses = count.uses.saturating_add(uses);
            return;
        }
        if self.capacity == 0 {
            return;
        }
        let doubt = if self.counts.len() < self.capacity { 0 } else { self.drop_fewest() };
        self.counts.insert(key.clone(), Count { uses: doubt.saturating_add(uses), doubt });
    }

    /// Returns how often a key was used, and how much too high that may be.
    pub fn of(&self, key: &K) -> Option<(u64, u64)> {
        self.counts.get(key).map(|count| (count.uses, count.doubt))
    }

    /// Returns the keys with the most uses: each with its count and how much too high that may be.
    pub fn most(&self, limit: usize) -> Vec<(K, u64, u64)> {
        let mut counts: Vec<(&K, &Count)> = self.counts.iter().collect();
        counts.sort_by_key(|(_, count)| (std::cmp::Reverse(count.uses), count.doubt));
        counts.into_iter().take(limit).map(|(key, count)| (key.clone(), count.uses, count.doubt)).collect()
    }

    /// Looks at all: only samples come here, and only those of keys that are not there.
    fn drop_fewest(&mut self) -> u64 {
        let fewest = self.counts.iter().min_by_key(|(_, count)| count.uses);
        let Some((key, uses)) = fewest.map(|(key, count)| (key.clone(), count.uses)) else { return 0 };
        self.counts.remove(&key);
        uses
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_count_is_never_too_low_and_its_doubt_covers_the_rest(keys in prop::collection::vec(0u8..20, 0..300)) {
            let mut uses = Uses::new(8);
            keys.iter().for_each(|key| uses.note(key, 1));
            prop_assert!(uses.most(usize::MAX).len() <= 8);
            for (key, told, doubt) in uses.most(usize::MAX) {
                let exact = keys.iter().filter(|own| **own == key).count() as u64;
                prop_assert!(exact <= told && told - doubt <= exact);
            }
            for key in 0..20 {
                let exact = keys.iter().filter(|own| **own == key).count();
                prop_assert!(exact * 8 <= keys.len() || uses.of(&key).is_some());
            }
        }
    }

    #[test]
    fn without_room_nothing_is_counted() {
        let mut uses = Uses::new(0);
        uses.note(&1, 1);
        assert_eq!(uses.most(9), []);
    }
}
