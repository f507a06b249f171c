//! One type for all policies, chosen when a cache is made; what holds for all of them is done here.
//!
//! Pinned entries and dear ones are no policy's business: a policy says who is next, and here it is decided whether he goes.

use super::adaptive::Adaptive;
use super::costs::Costs;
use super::fifo::Fifo;
use super::lfu::Lfu;
use super::links::{Links, List};
use super::lru::Lru;
use super::s3fifo::S3Fifo;
use super::sieve::Sieve;
use super::tiny_lfu::TinyLfu;
use super::{Marks, Order, Policy, Slot};

/// Pinned entries that are looked at again for each victim, so that unpinned ones are found in time.
const SECOND_LOOKS: usize = 2;
/// Dear entries that are passed over for one victim at most.
const MAX_SPARED: usize = 8;

/// The order of one shard. In memory it begins with what each use looks at, and then comes what each insertion changes.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct AnyOrder {
    /// Of which uses the rule is told: of those of keys whose bits under this mask are all 0.
    listens: u32,
    rule: Rule,
    costs: Costs,
    /// Entries whose turn came while they were pinned. They are out of the rule's order, so that each is passed over
    /// only once; they go as soon as they are met unpinned.
    parked: List,
    parked_links: Links,
}

#[derive(Debug)]
#[repr(C)]
enum Rule {
    Adaptive(Adaptive),
    Fifo(Fifo),
    Lfu(Lfu),
    Lru(Lru),
    S3Fifo(S3Fifo),
    Sieve(Sieve),
    TinyLfu(TinyLfu),
}

/// Does the same with whichever policy it is.
macro_rules! each {
    ($rule:expr, $order:ident => $work:expr) => {
        match $rule {
            Rule::Adaptive($order) => $work,
            Rule::Fifo($order) => $work,
            Rule::Lfu($order) => $work,
            Rule::Lru($order) => $work,
            Rule::S3Fifo($order) => $work,
            Rule::Sieve($order) => $work,
            Rule::TinyLfu($order) => $work,
        }
    };
}

impl AnyOrder {
    /// Makes an empty order for the policy, in a shard of this capacity.
    pub(crate) fn of(policy: Policy, capacity: u64) -> AnyOrder {
        let rule = match policy {
            Policy::Fifo => Rule::Fifo(Fifo::default()),
            Policy::Lru => Rule::Lru(Lru::default()),
            Policy::Lfu => Rule::Lfu(Lfu::default()),
            Policy::Sieve => Rule::Sieve(Sieve::default()),
            Policy::TinyLfu => Rule::TinyLfu(TinyLfu::new(capacity)),
            Policy::Adaptive => Rule::Adaptive(Adaptive::new(capacity)),
            Policy::S3Fifo => Rule::S3Fifo(S3Fifo::new(capacity)),
        };
        let listens = each!(&rule, order => order.listens());
        AnyOrder { listens, rule, costs: Costs::default(), parked: List::default(), parked_links: Links::default() }
    }

    /// A new entry took the slot. Every slot that was inserted leaves once, by `remove` or by `victim`.
    ///
    /// `cost` is what it took to make, on a scale of doublings; 0 means that this is not known.
    #[inline]
    pub(crate) fn insert(&mut self, marks: &mut impl Marks, slot: Slot, hash: u64, weight: u32, cost: u32) {
        self.costs.set(slot, cost);
        each!(&mut self.rule, order => order.insert(marks, slot, hash, weight));
    }

    /// The entry in the slot was used, and that is counted in its mark.
    #[inline(always)]
    pub(crate) fn hit(&mut self, marks: &mut impl Marks, slot: Slot, hash: u64) {
        if self.listens_to(hash) {
            self.tell(marks, slot, hash);
        }
    }

    /// Returns whether a use of this key is more than a count in its mark.
    #[inline(always)]
    pub(crate) fn listens_to(&self, hash: u64) -> bool {
        hash as u32 & self.listens == 0
    }

    #[inline(never)]
    fn tell(&mut self, marks: &mut impl Marks, slot: Slot, hash: u64) {
        each!(&mut self.rule, order => order.hit(marks, slot, hash));
    }

    /// The entry in the slot now weighs something else.
    pub(crate) fn reweigh(&mut self, marks: &impl Marks, slot: Slot, weight: u32) {
        each!(&mut self.rule, order => order.reweigh(marks, slot, weight));
    }

    /// The value in the slot is another one, which took so much to make.
    #[inline]
    pub(crate) fn recost(&mut self, slot: Slot, cost: u32) {
        self.costs.set(slot, cost);
    }

    /// The entry left, and not for room: it is not remembered as evicted.
    pub(crate) fn remove(&mut self, marks: &impl Marks, slot: Slot) {
        if self.parked_links.holds(slot) {
            self.parked_links.take(&mut self.parked, slot);
        } else {
            each!(&mut self.rule, order => order.remove(marks, slot));
        }
    }

    /// Chooses who goes for room and takes it out of the order; `pinned` is never chosen. The newest entry may be
    /// chosen too, which means that it is not let in. `None` only if all are pinned or nothing is there.
    pub(crate) fn victim(&mut self, marks: &mut impl Marks, pinned: &dyn Fn(Slot) -> bool) -> Option<Slot> {
        if self.parked.len() > 0
            && let Some(slot) = self.unpark(SECOND_LOOKS, pinned)
        {
            return Some(slot);
        }
        let mut spared = 0;
        loop {
            match self.next(marks) {
                Some(slot) if pinned(slot) => self.parked_links.push(&mut self.parked, slot),
                Some(slot) if spared < MAX_SPARED && self.costs.spares(slot) => {
                    spared += 1;
                    each!(&mut self.rule, order => order.spare(marks, slot));
                }
                Some(slot) => return Some(slot),
                None => return self.unpark(self.parked.len(), pinned),
            }
        }
    }

    /// The shard's share of the capacity is another one; who has to go is asked with `victim`.
    pub(crate) fn resize(&mut self, marks: &mut impl Marks, capacity: u64) {
        each!(&mut self.rule, order => order.resize(marks, capacity));
    }

    /// Returns how many slots are in the order.
    pub(crate) fn len(&self) -> usize {
        self.parked.len() + each!(&self.rule, order => order.len())
    }

    /// Asks the rule who is next. Afterwards it may listen to others.
    #[inline]
    fn next(&mut self, marks: &mut impl Marks) -> Option<Slot> {
        each!(&mut self.rule, order => {
            let slot = order.victim(marks);
            self.listens = order.listens();
            slot
        })
    }

    /// Looks at the parked entries in turn, and takes out the first that is no longer pinned.
    fn unpark(&mut self, looks: usize, pinned: &dyn Fn(Slot) -> bool) -> Option<Slot> {
        for _ in 0..looks {
            let slot = self.parked_links.pop(&mut self.parked)?;
            if !pinned(slot) {
                return Some(slot);
            }
            self.parked_links.push(&mut self.parked, slot);
        }
        None
    }
}
