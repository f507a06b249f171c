//! Whose place is given to a new failure: of what was not seen for a week, the oldest; else of what came least often, what was
//! seen longest ago. Leaves what a place holds to `ledger`.

/// The bits of a rank that hold when it was last seen: seconds since 1970, until the year 3058.
const SECONDS: u64 = (1 << 35) - 1;

/// Returns by what entries are ordered when one has to go: how often it came, then when it was last seen.
pub(super) fn rank(count: u64, last_ms: u64) -> u64 {
    count.min(u64::MAX >> 35) << 35 | (last_ms / 1_000).min(SECONDS)
}

/// A queue of those that go next, so that not every new failure looks through all places.
///
/// It only saves looking: with it or without it, the same one goes. Ranks only grow, and a new entry comes more often than
/// those in the queue did, since it inherits a count of theirs.
#[derive(Clone, Debug, Default)]
pub(super) struct Spare {
    /// The places of those that came least often, with their ranks, the next one last.
    queue: Vec<(u64, u32)>,
    /// No entry was last seen before, in seconds.
    bound: u64,
}

/// All are equal: what is in it follows from the ranks.
impl PartialEq for Spare {
    fn eq(&self, _: &Spare) -> bool {
        true
    }
}

impl Spare {
    /// Returns the place that can best be spared; those last seen before `over`, in seconds, are spared first.
    pub(super) fn next(&mut self, ranks: &[u64], over: u64) -> usize {
        if self.bound < over {
            self.bound = ranks.iter().map(|rank| rank & SECONDS).min().unwrap_or(0);
        }
        if self.bound < over {
            self.queue.clear();
            return ranks.iter().position(|rank| rank & SECONDS == self.bound).unwrap_or(0);
        }
        while let Some((rank, place)) = self.queue.pop() {
            if ranks.get(place as usize) == Some(&rank) {
                return place as usize;
            }
        }
        self.fill(ranks);
        self.queue.pop().map_or(0, |(_, place)| place as usize)
    }

    /// Takes note of when what got a place was last seen.
    pub(super) fn placed(&mut self, last_ms: u64) {
        self.bound = self.bound.min(last_ms / 1_000);
    }

    fn fill(&mut self, ranks: &[u64]) {
        let least = ranks.iter().min().copied().unwrap_or(0) >> 35;
        let equal = (0_u32..).zip(ranks).filter(|(_, rank)| **rank >> 35 == least);
        self.queue.extend(equal.map(|(place, rank)| (*rank, place)));
        self.queue.sort_unstable_by(|one, other| other.cmp(one));
    }

    pub(super) fn capacity(&self) -> usize {
        self.queue.capacity() * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::stable::mixed;

    /// Looks through all places each time: the oracle.
    fn slowly(ranks: &[u64], over: u64) -> usize {
        let key = |rank: u64| if (rank & SECONDS) < over { rank & SECONDS } else { rank };
        ranks.iter().enumerate().map(|(place, rank)| (key(*rank), place)).min().unwrap().1
    }

    #[test]
    fn the_queue_spares_the_same_one_as_looking_through_all() {
        let mut ranks: Vec<u64> = (0..40).map(|number| rank(1, 1_000_000 + mixed(number) % 100_000)).collect();
        let mut spare = Spare::default();
        for number in 0..5_000 {
            let now = 1_100 + number / 10;
            let over = if number < 1_000 { 0 } else { now - 90 };
            let place = spare.next(&ranks, over);
            assert_eq!(place, slowly(&ranks, over), "{number}");
            let was_over = (ranks[place] & SECONDS) < over;
            ranks[place] = rank(if was_over { 1 } else { (ranks[place] >> 35) + 1 }, now * 1_000);
            // Some others come again, and now and then one comes late.
            let other = (mixed(number) % 40) as usize;
            spare.placed(now * 1_000);
            let seconds = (ranks[other] & SECONDS).max(now - mixed(number) % 3);
            ranks[other] = rank((ranks[other] >> 35) + 1, seconds * 1_000);
        }
    }
}
