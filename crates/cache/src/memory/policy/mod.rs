//! Who goes next: each policy keeps an order over the slots of one shard.
//!
//! A policy knows slots by number and keys by hash, never a key or a value. It holds no lock and looks at no clock.

mod adaptive;
mod any;
mod blend;
mod climb;
mod costs;
mod duel;
mod fifo;
mod ghost;
mod lfu;
mod links;
mod lru;
mod marks;
mod s3fifo;
mod shadow;
mod sieve;
mod sketch;
mod tiny_lfu;
mod weights;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod models;
#[cfg(test)]
mod slow_tiny_lfu;

pub(crate) use any::AnyOrder;
pub(crate) use marks::{Marks, used};

/// What is evicted when the cache is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Policy {
    /// Three admission rules compete on samples of the traffic, and the best one rules.
    #[default]
    Adaptive,
    /// What was used longest ago.
    Lru,
    /// What was used least often; among equals, what was used longest ago.
    Lfu,
    /// What came first.
    Fifo,
    /// SIEVE (Zhang et al., NSDI 2024): a hand that passes over what was used.
    Sieve,
    /// S3-FIFO (Yang et al., SOSP 2023): a small queue for newcomers, a main one, and a memory of who left.
    S3Fifo,
    /// W-TinyLFU (Einziger et al., 2017): a window, then admission by estimated frequency.
    TinyLfu,
}

/// A value's place in its shard.
pub(crate) type Slot = u32;

/// What a policy is told and asked. One instance serves one shard, under its lock; [`AnyOrder`] stands before it.
///
/// `capacity` and weights share one unit: entries if the cache is bounded by count, weight otherwise. Each call is given
/// the marks of the slots. Nobody but the policy changes them, except that each use is counted in a mark.
trait Order {
    /// A new entry took the slot. Every slot that was inserted leaves once, by `remove` or by `victim`.
    fn insert(&mut self, marks: &mut impl Marks, slot: Slot, hash: u64, weight: u32);
    /// Returns of which uses the policy wants to be told: of those of keys whose bits under the mask are all 0. For the
    /// others it is enough that they are counted in the mark.
    fn listens(&self) -> u32 {
        u32::MAX
    }
    /// The entry in the slot was read. Nothing happens if the slot is not in the order.
    fn hit(&mut self, _marks: &mut impl Marks, _slot: Slot, _hash: u64) {}
    /// The entry in the slot now weighs something else.
    fn reweigh(&mut self, marks: &impl Marks, slot: Slot, weight: u32);
    /// The entry left, and not for room: it is not remembered as evicted.
    fn remove(&mut self, marks: &impl Marks, slot: Slot);
    /// Chooses who goes for room and takes it out of the order. `None` only if nothing is there.
    fn victim(&mut self, marks: &mut impl Marks) -> Option<Slot>;
    /// The slot that was chosen just now stays after all, as if it had been used.
    fn spare(&mut self, marks: &mut impl Marks, slot: Slot);
    /// The shard's share of the capacity is another one; who has to go is asked with `victim`.
    fn resize(&mut self, marks: &mut impl Marks, capacity: u64);
    /// Returns how many slots are in the order.
    fn len(&self) -> usize;
}
