//! W-TinyLFU: newcomers pass through a window; who leaves it stays only if he is asked for more often than who would
//! have to go for him.
//!
//! How large the window is, is found by climbing: it grows or shrinks as long as that brings more hits.

use super::climb::Climb;
use super::links::{Links, List};
use super::marks::USE;
use super::sketch::Sketch;
use super::weights::Weights;
use super::{Marks, Order, Slot};

/// The protected part's share of the main one, in percent.
const PROTECTED_PERCENT: u128 = 80;
/// From this count on, an equal is let in now and then, so that nobody can keep all others out by a guessed victim.
const WARM: u64 = 6;
/// How seldom.
const LUCK: u64 = 128;

/// Which list a slot is in; stands in its mark.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Window = 0,
    Probation = 1,
    Protected = 2,
}

const PARTS: [Part; 3] = [Part::Window, Part::Probation, Part::Protected];

/// A window and two main lists, each by last use.
#[derive(Debug)]
pub(super) struct TinyLfu {
    capacity: u64,
    /// Somebody had to go since the last insertion. A shard may be full before it has its share of the capacity.
    is_full: bool,
    links: Links,
    lists: [List; PARTS.len()],
    weighs: [u64; PARTS.len()],
    weights: Weights,
    sketch: Sketch,
    climb: Climb,
    contests: u64,
}

impl TinyLfu {
    /// Makes an empty order.
    pub(super) fn new(capacity: u64) -> TinyLfu {
        TinyLfu {
            capacity,
            is_full: false,
            links: Links::default(),
            lists: Default::default(),
            weighs: [0; PARTS.len()],
            weights: Weights::default(),
            sketch: Sketch::default(),
            climb: Climb::default(),
            contests: 0,
        }
    }

    fn push(&mut self, marks: &mut impl Marks, part: Part, slot: Slot) {
        self.links.push(&mut self.lists[part as usize], slot);
        self.weighs[part as usize] += self.weights.of(slot);
        marks.set_mark(slot, part as u8);
    }

    fn take(&mut self, marks: &impl Marks, slot: Slot) {
        let part = part_of(marks, slot) as usize;
        self.links.take(&mut self.lists[part], slot);
        self.weighs[part] -= self.weights.of(slot);
    }

    fn shift(&mut self, marks: &mut impl Marks, slot: Slot, to: Part) {
        self.take(marks, slot);
        self.push(marks, to, slot);
    }

    fn oldest(&self, part: Part) -> Option<Slot> {
        self.lists[part as usize].oldest()
    }

    fn window_size(&self) -> u64 {
        self.climb.window(self.capacity)
    }

    fn is_window_full(&self) -> bool {
        self.weighs[Part::Window as usize] > self.window_size()
    }

    fn main_weight(&self) -> u64 {
        self.weighs[Part::Probation as usize] + self.weighs[Part::Protected as usize]
    }

    /// While the main part has room of its own, who leaves the window goes there uncontested.
    fn drain_window(&mut self, marks: &mut impl Marks) {
        let main_size = self.capacity - self.window_size();
        while self.is_window_full()
            && let Some(slot) = self.oldest(Part::Window)
            && self.main_weight().saturating_add(self.weights.of(slot)) <= main_size
        {
            self.shift(marks, slot, Part::Probation);
        }
    }

    /// Protection is for a share of the main part only.
    fn demote(&mut self, marks: &mut impl Marks) {
        let main = u128::from(self.capacity - self.window_size());
        let size = (main * PROTECTED_PERCENT / 100) as u64;
        while self.weighs[Part::Protected as usize] > size
            && let Some(slot) = self.oldest(Part::Protected)
        {
            self.shift(marks, slot, Part::Probation);
        }
    }

    fn is_better(&mut self, marks: &impl Marks, newcomer: Slot, settled: Slot) -> bool {
        let [newcomer, settled] = [newcomer, settled].map(|slot| self.sketch.count(marks.print(slot).into()));
        self.contests += 1;
        newcomer > settled || newcomer >= WARM && self.contests.is_multiple_of(LUCK)
    }
}

fn part_of(marks: &impl Marks, slot: Slot) -> Part {
    PARTS[usize::from(marks.mark(slot) % USE).min(PARTS.len() - 1)]
}

impl Order for TinyLfu {
    fn insert(&mut self, marks: &mut impl Marks, slot: Slot, hash: u64, weight: u32) {
        self.weights.set(slot, weight);
        self.push(marks, Part::Window, slot);
        let len = self.len();
        self.sketch.fit(len);
        self.sketch.add((hash as u32).into(), 1);
        self.climb.ask(false, len);
        if !std::mem::take(&mut self.is_full) {
            self.drain_window(marks);
        }
    }

    fn listens(&self) -> u32 {
        0
    }

    fn hit(&mut self, marks: &mut impl Marks, slot: Slot, hash: u64) {
        if !self.links.holds(slot) {
            return;
        }
        self.sketch.add((hash as u32).into(), 1);
        let len = self.len();
        self.climb.ask(true, len);
        match part_of(marks, slot) {
            Part::Probation => {
                self.shift(marks, slot, Part::Protected);
                self.demote(marks);
            }
            part => self.shift(marks, slot, part),
        }
    }

    fn reweigh(&mut self, marks: &impl Marks, slot: Slot, weight: u32) {
        if self.links.holds(slot) {
            let part = part_of(marks, slot) as usize;
            self.weighs[part] = self.weighs[part] - self.weights.of(slot) + u64::from(weight);
            self.weights.set(slot, weight);
        }
    }

    fn remove(&mut self, marks: &impl Marks, slot: Slot) {
        if self.links.holds(slot) {
            self.take(marks, slot);
        }
    }

    fn victim(&mut self, marks: &mut impl Marks) -> Option<Slot> {
        self.is_full = true;
        let newcomer = self.oldest(Part::Window).filter(|_| self.is_window_full());
        let settled = self.oldest(Part::Probation).or(self.oldest(Part::Protected));
        let slot = match (newcomer, settled) {
            (Some(newcomer), Some(settled)) if self.is_better(marks, newcomer, settled) => {
                self.shift(marks, newcomer, Part::Probation);
                settled
            }
            (Some(newcomer), _) => newcomer,
            (None, settled) => settled.or(self.oldest(Part::Window))?,
        };
        self.take(marks, slot);
        Some(slot)
    }

    fn spare(&mut self, marks: &mut impl Marks, slot: Slot) {
        self.push(marks, Part::Probation, slot);
    }

    fn resize(&mut self, marks: &mut impl Marks, capacity: u64) {
        self.capacity = capacity;
        self.demote(marks);
    }

    fn len(&self) -> usize {
        self.lists.iter().map(List::len).sum()
    }
}
