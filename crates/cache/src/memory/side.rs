//! What only some caches need to know of their entries, by slot: made when the first entry needs it.

#[cfg(feature = "disk")]
use std::time::Duration;

#[cfg(feature = "disk")]
use super::Terms;
use super::cost;
use super::tags::Tags;
use super::times::{clear, of, put};
use super::weights::Weights;
use super::worth::Worth;

/// What stands beside the entries of one shard. An empty array says the same of all of them.
#[derive(Debug, Default)]
pub(crate) struct Side {
    weights: Weights,
    costs: Vec<u32>,
    stamps: Vec<u32>,
    pins: Vec<u64>,
    tags: Option<Box<Tags>>,
    /// Whether anything but weights was ever noted.
    has_more: bool,
}

impl Side {
    /// Notes what is known of a new entry.
    #[inline(always)]
    pub(crate) fn set(&mut self, slot: u32, worth: &Worth, room: usize) {
        self.weights.set(slot, worth.weight, room);
        if worth.has_more_than_weight() {
            self.set_more(slot, worth, room);
        }
    }

    fn set_more(&mut self, slot: u32, worth: &Worth, room: usize) {
        self.has_more = true;
        put(&mut self.costs, slot, worth.cost, 0, room);
        if worth.is_pinned {
            self.pin(slot, true);
        }
        if !worth.tags.is_empty() {
            self.tags.get_or_insert_default().put(slot, &worth.tags);
        }
    }

    /// Forgets an entry.
    #[inline(always)]
    pub(crate) fn forget(&mut self, slot: u32) {
        self.forget_value(slot);
        if self.has_more && !self.pins.is_empty() {
            self.pin(slot, false);
        }
    }

    /// Forgets what was known of a value before another one takes its place. A pin is the key's, and stays.
    #[inline(always)]
    pub(crate) fn forget_value(&mut self, slot: u32) {
        self.weights.forget(slot);
        if self.has_more {
            self.forget_more(slot);
        }
    }

    fn forget_more(&mut self, slot: u32) {
        clear(&mut self.costs, slot, 0);
        self.stamp(slot);
        if let Some(tags) = &mut self.tags {
            tags.forget(slot);
        }
    }

    #[inline(always)]
    pub(crate) fn weight(&self, slot: u32) -> u32 {
        self.weights.of(slot)
    }

    pub(crate) fn reweigh(&mut self, slot: u32, weight: u32, room: usize) {
        self.weights.set(slot, weight, room);
    }

    #[inline(always)]
    pub(crate) fn cost(&self, slot: u32) -> u32 {
        of(&self.costs, slot, 0)
    }

    /// Returns what the hit saved, in nanoseconds.
    #[inline(always)]
    pub(crate) fn saved(&self, slot: u32) -> u64 {
        cost::nanos(self.cost(slot))
    }

    /// Returns whether any cost is known.
    #[inline(always)]
    pub(crate) fn has_costs(&self) -> bool {
        !self.costs.is_empty()
    }

    pub(crate) fn pin(&mut self, slot: u32, is_pinned: bool) {
        self.has_more = true;
        let (word, bit) = (slot / u64::BITS, 1_u64 << (slot % u64::BITS));
        let own = of(&self.pins, word, 0);
        let own = if is_pinned { own | bit } else { own & !bit };
        put(&mut self.pins, word, own, 0, 0);
    }

    #[inline(always)]
    pub(crate) fn is_pinned(&self, slot: u32) -> bool {
        of(&self.pins, slot / u64::BITS, 0) & 1 << (slot % u64::BITS) != 0
    }

    pub(crate) fn slot_with(&self, tag: &str) -> Option<u32> {
        self.tags.as_ref()?.slot_with(tag)
    }

    /// Returns the terms of an entry but for its times.
    #[cfg(feature = "disk")]
    pub(crate) fn terms(&self, slot: u32) -> Terms {
        let (weight, cost) = (self.weight(slot), cost::nanos(self.cost(slot)));
        Terms {
            weight: (weight != 1).then_some(weight),
            cost: Some(cost).filter(|cost| *cost > 0).map(Duration::from_nanos),
            tags: self.tags.as_ref().map(|tags| tags.of(slot)).unwrap_or_default(),
            pinned: self.is_pinned(slot),
            ..Terms::default()
        }
    }

    /// Returns a number that changes whenever the value in the slot does, from the first time that it is asked for.
    pub(crate) fn stamp_of(&mut self, slot: u32, room: usize) -> u32 {
        if slot as usize >= self.stamps.len() {
            self.has_more = true;
            put(&mut self.stamps, slot, 1, 0, room);
        }
        of(&self.stamps, slot, 0)
    }

    /// Notes that the value in the slot is another one.
    #[inline(always)]
    pub(crate) fn stamp(&mut self, slot: u32) {
        if let Some(stamp) = self.stamps.get_mut(slot as usize) {
            *stamp = stamp.wrapping_add(1);
        }
    }
}
