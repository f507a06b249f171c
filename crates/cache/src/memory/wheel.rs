//! A hierarchical timer wheel over the slots of one shard: what is due comes out, in time linear in what comes out.
//!
//! A slot may come out too early (its time was moved, or it comes from a coarser ring): who asks puts it back in then.

/// A tick is 2^20 nanoseconds, about a millisecond.
const TICK: u32 = 20;
/// How long something may be over before the wheel is due: it looks at the finest bucket when that is over.
pub(crate) const LATENESS: u64 = 1 << TICK;
/// Each ring has 2^6 buckets, and the next ring's bucket is as long as a whole ring.
const BITS: u32 = 6;
const BUCKETS: usize = 1 << BITS;
/// So many rings that every time in nanoseconds has a bucket.
const RINGS: usize = 8;
const NONE: u32 = u32::MAX;
/// Marks a `before` that is a bucket's number, not a slot's.
const HEAD: u32 = 1 << 31;

#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
}

const UNLINKED: Link = Link { before: NONE, after: NONE };

/// Slots by when they are due.
#[derive(Debug)]
pub(crate) struct Wheel {
    heads: Box<[u32; RINGS * BUCKETS]>,
    filled: [u64; RINGS],
    links: Vec<Link>,
    /// The tick up to which everything has come out.
    passed: u64,
}

impl Default for Wheel {
    fn default() -> Wheel {
        Wheel { heads: Box::new([NONE; RINGS * BUCKETS]), filled: [0; RINGS], links: Vec::new(), passed: 0 }
    }
}

impl Wheel {
    /// Puts a slot in, or puts it elsewhere, and returns when it is to be looked at. `room` is how many slots there may be.
    pub(crate) fn put(&mut self, slot: u32, at: u64, room: usize) -> u64 {
        self.take(slot);
        let needed = slot as usize + 1;
        if self.links.len() < needed {
            self.links.reserve_exact(room.max(needed) - self.links.len());
            self.links.resize(needed, UNLINKED);
        }
        let tick = (at >> TICK).max(self.passed);
        let ring = ring_of(tick, self.passed);
        let bucket = ring * BUCKETS + index(tick, ring);
        let after = self.heads[bucket];
        if after != NONE {
            self.links[after as usize].before = slot;
        }
        self.links[slot as usize] = Link { before: HEAD | bucket as u32, after };
        self.heads[bucket] = slot;
        self.filled[ring] |= 1 << index(tick, ring);
        due(ring, begin(tick, ring))
    }

    /// Takes a slot out, if it is in.
    pub(crate) fn take(&mut self, slot: u32) {
        let Some(link) = self.links.get_mut(slot as usize) else { return };
        let Link { before, after } = std::mem::replace(link, UNLINKED);
        if before == NONE {
            return;
        }
        if after != NONE {
            self.links[after as usize].before = before;
        }
        if before & HEAD == 0 {
            self.links[before as usize].after = after;
            return;
        }
        let bucket = (before & !HEAD) as usize;
        self.heads[bucket] = after;
        if after == NONE {
            self.filled[bucket / BUCKETS] &= !(1 << (bucket % BUCKETS));
        }
    }

    /// Takes out a slot that is to be looked at, if there is one.
    pub(crate) fn next(&mut self, now: u64) -> Option<u32> {
        let tick = now >> TICK;
        match self.first() {
            Some((ring, begin)) if due(ring, begin) <= now => {
                self.passed = self.passed.max(begin);
                let slot = self.heads[ring * BUCKETS + index(begin, ring)];
                self.take(slot);
                Some(slot)
            }
            _ => {
                self.passed = self.passed.max(tick);
                None
            }
        }
    }

    /// Returns up to when everything has come out. What is put in for an earlier time than that comes out late.
    #[inline]
    pub(crate) fn passed(&self) -> u64 {
        self.passed << TICK
    }

    /// Returns when something is to be looked at next; the end of time if nothing is in.
    pub(crate) fn due(&self) -> u64 {
        self.first().map_or(u64::MAX, |(ring, begin)| due(ring, begin))
    }

    /// Returns the bucket that comes first: its ring and the tick with which it begins.
    fn first(&self) -> Option<(usize, u64)> {
        let begins = (0..RINGS).filter_map(|ring| {
            let now = index(self.passed, ring);
            // What is before the hand in its ring does not exist: it would be in a coarser ring.
            let ahead = self.filled[ring] >> now << now;
            let next = u64::from(ahead.trailing_zeros());
            let round = self.passed >> shift(ring) >> BITS << BITS;
            (ahead != 0).then(|| (ring, (round | next) << shift(ring)))
        });
        begins.min_by_key(|&(ring, begin)| due(ring, begin))
    }
}

/// Returns the ring: that of the highest digit in which the ticks differ.
#[inline]
fn ring_of(tick: u64, passed: u64) -> usize {
    let digits = (u64::BITS - (tick ^ passed).leading_zeros()).div_ceil(BITS);
    (digits.max(1) - 1) as usize
}

fn shift(ring: usize) -> u32 {
    BITS * ring as u32
}

#[inline]
fn index(tick: u64, ring: usize) -> usize {
    (tick >> shift(ring)) as usize & (BUCKETS - 1)
}

#[inline]
fn begin(tick: u64, ring: usize) -> u64 {
    tick >> shift(ring) << shift(ring)
}

/// Returns when a bucket is looked at: in the finest ring when it is over, else when it begins.
#[inline]
fn due(ring: usize, begin: u64) -> u64 {
    let tick = if ring == 0 { begin + 1 } else { begin };
    tick.checked_shl(TICK).filter(|at| at >> TICK == tick).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Takes out what is due, as a shard does: what is early goes back in.
    fn expire(wheel: &mut Wheel, times: &mut BTreeMap<u32, u64>, now: u64) {
        while let Some(slot) = wheel.next(now) {
            match times[&slot] {
                at if at <= now => drop(times.remove(&slot)),
                at => drop(wheel.put(slot, at, 0)),
            }
        }
    }

    proptest! {
        #[test]
        fn everything_comes_out_in_time_and_nothing_before(
            steps in prop::collection::vec((0_u32..40, 0_u32..60, any::<u64>(), any::<bool>()), 1..80),
        ) {
            let (mut wheel, mut times, mut now) = (Wheel::default(), BTreeMap::new(), 0_u64);
            for (slot, size, distance, is_put) in steps {
                let distance = distance % (1 << size).max(1);
                if is_put {
                    let at = now.saturating_add(distance);
                    // Every other time what is in stays where it is, if that is early enough.
                    let before = times.insert(slot, at).filter(|_| distance % 2 == 0);
                    if before.is_none_or(|before| before > at) {
                        wheel.put(slot, at, 40);
                    }
                } else {
                    now = now.saturating_add(distance);
                    expire(&mut wheel, &mut times, now);
                    prop_assert!(times.values().all(|at| at >> TICK >= now >> TICK));
                    prop_assert!(wheel.due() > now);
                }
                if let Some(first) = times.values().min() {
                    prop_assert!(wheel.due() <= first.saturating_add(1 << TICK));
                }
            }
            for slot in 0..40 {
                wheel.take(slot);
            }
            prop_assert_eq!(wheel.due(), u64::MAX);
        }
    }
}
