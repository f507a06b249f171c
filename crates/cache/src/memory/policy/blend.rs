//! One mechanism, and rules for it: newcomers wait in a window, and a rule says who goes on from there into the main
//! queue.
//!
//! Neither queue is reordered by a use: a use is one count in a mark, and is looked at when the hand comes round. Who left is
//! remembered, and frequencies are estimated, only under the rule that asks for it: a rule that takes over has what was known
//! when it led last, and learns the rest within one filling of the cache. On the recorded loads that costs no hits, while both at
//! all times cost a miss a sixth.

use super::ghost::Ghost;
use super::links::{Links, List};
use super::marks::{USE, uses};
use super::sketch::{MIN_KEYS, Sketch};
use super::weights::Weights;
use super::{Marks, Order, Slot};

/// Who may go into the main queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// Who was used in the window, and who was asked for again after leaving.
    Used,
    /// Who was asked for more often than who would have to go for him.
    Frequent,
    /// Everyone, at once: what was used lately stays, whatever it is.
    All,
}

/// How the mechanism works at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) admission: Admission,
    /// The window's share of the capacity, in 1/256.
    pub(super) window: u32,
}

/// Stands in a mark if the slot is in the main queue.
const IN_MAIN: u8 = 0x08;
/// One more round of the hand.
const LIFE: u8 = 0x01;
/// The part of a mark that counts rounds.
const LIVES: u8 = 0x07;
/// Uses at once that earn a round each.
pub(super) const MAX_LIVES: u8 = 3;
/// Slots that the hand passes over at most in one search, so that no insertion takes long.
pub(super) const PATIENCE: usize = 256;

/// A window, a main queue, and what is known about who is not there. What an insertion changes lies together in memory.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Blend {
    window: List,
    main: List,
    window_weight: u64,
    main_weight: u64,
    capacity: u64,
    rule: Rule,
    /// Somebody had to go since the last insertion. A shard may be full before it has its share of the capacity.
    is_full: bool,
    sketch: Sketch,
    ghost: Ghost,
    links: Links,
    weights: Weights,
}

impl Blend {
    /// Makes an empty order.
    pub(super) fn new(capacity: u64, rule: Rule) -> Blend {
        Blend {
            rule,
            capacity,
            is_full: false,
            links: Links::default(),
            window: List::default(),
            window_weight: 0,
            main: List::default(),
            main_weight: 0,
            weights: Weights::default(),
            ghost: Ghost::default(),
            sketch: Sketch::default(),
        }
    }

    /// Makes an empty order for one in `rate` of the keys: what it estimates is as rough as for all of them.
    pub(super) fn sampled(capacity: u64, rule: Rule, rate: usize) -> Blend {
        Blend { sketch: Sketch::for_at_least(MIN_KEYS / rate.max(1)), ..Blend::new(capacity, rule) }
    }

    /// Works by another rule from now on. Nobody is moved: the window reaches its new size by who leaves it.
    pub(super) fn follow(&mut self, rule: Rule) {
        self.rule = rule;
    }

    fn window_size(&self) -> u64 {
        let share = u128::from(self.capacity) * u128::from(self.rule.window) / 256;
        (share as u64).max(1).min(self.capacity)
    }

    /// Who would have to leave the window for it to have its size.
    fn surplus(&self) -> Option<Slot> {
        self.window.oldest().filter(|_| self.window_weight > self.window_size())
    }

    fn push_window(&mut self, marks: &mut impl Marks, slot: Slot) {
        marks.set_mark(slot, 0);
        self.links.push(&mut self.window, slot);
        self.window_weight += self.weights.of(slot);
    }

    fn push_main(&mut self, marks: &mut impl Marks, slot: Slot) {
        marks.set_mark(slot, IN_MAIN);
        self.links.push(&mut self.main, slot);
        self.main_weight += self.weights.of(slot);
    }

    fn take(&mut self, marks: &impl Marks, slot: Slot) {
        if marks.mark(slot) & IN_MAIN == 0 {
            self.links.take(&mut self.window, slot);
            self.window_weight -= self.weights.of(slot);
        } else {
            self.links.take(&mut self.main, slot);
            self.main_weight -= self.weights.of(slot);
        }
    }

    fn promote(&mut self, marks: &mut impl Marks, slot: Slot) {
        self.take(marks, slot);
        self.push_main(marks, slot);
    }

    fn evict(&mut self, marks: &impl Marks, slot: Slot) -> Slot {
        let size = self.len();
        self.take(marks, slot);
        if self.rule.admission == Admission::Used {
            self.ghost.note(marks.print(slot).into(), size);
        }
        slot
    }

    /// Returns how many uses there were since the last look, and counts them where frequencies are estimated.
    fn learn(&mut self, marks: &mut impl Marks, slot: Slot) -> u8 {
        let mark = marks.mark(slot);
        let fresh = uses(mark);
        if fresh > 0 {
            marks.set_mark(slot, mark % USE);
            if self.rule.admission == Admission::Frequent {
                self.sketch.add(marks.print(slot).into(), fresh);
            }
        }
        fresh
    }

    /// Turns the hand until it comes to somebody whom nobody used: he is the oldest in the main queue then.
    fn seek(&mut self, marks: &mut impl Marks) -> Option<Slot> {
        let max_lives = if self.rule.admission == Admission::All { 1 } else { MAX_LIVES };
        for _ in 0..PATIENCE {
            let slot = self.main.oldest()?;
            let lives = (marks.mark(slot) & LIVES) / LIFE + self.learn(marks, slot);
            if lives == 0 {
                return Some(slot);
            }
            marks.set_mark(slot, IN_MAIN | ((lives.min(max_lives) - 1) * LIFE));
            self.links.turn(&mut self.main);
        }
        self.main.oldest()
    }

    /// Lets the used ones of the window pass, until there is one that was not used.
    fn evict_unused(&mut self, marks: &mut impl Marks) -> Option<Slot> {
        while let Some(slot) = self.surplus() {
            if self.learn(marks, slot) == 0 {
                return Some(self.evict(marks, slot));
            }
            self.promote(marks, slot);
        }
        let slot = self.seek(marks)?;
        self.take(marks, slot);
        Some(slot)
    }

    /// Holds the oldest of the window against the next in the main queue: the rarer one goes.
    fn evict_rarer(&mut self, marks: &mut impl Marks) -> Option<Slot> {
        let (newcomer, settled) = (self.surplus(), self.seek(marks));
        if let Some(newcomer) = newcomer {
            self.learn(marks, newcomer);
        }
        let (Some(newcomer), Some(settled)) = (newcomer, settled) else {
            return newcomer.or(settled).map(|slot| self.evict(marks, slot));
        };
        let [new, old] = [newcomer, settled].map(|slot| self.sketch.count(marks.print(slot).into()));
        if new <= old {
            return Some(self.evict(marks, newcomer));
        }
        self.promote(marks, newcomer);
        Some(self.evict(marks, settled))
    }

    /// As long as nobody has to go, the main queue is filled without a contest: in a loop, the first ones then stay.
    fn fill_main(&mut self, marks: &mut impl Marks) {
        let main_size = self.capacity - self.window_size();
        while self.main_weight < main_size
            && self.window_weight.saturating_add(self.main_weight) <= self.capacity
            && let Some(slot) = self.surplus()
        {
            self.learn(marks, slot);
            self.promote(marks, slot);
        }
    }
}

impl Order for Blend {
    fn insert(&mut self, marks: &mut impl Marks, slot: Slot, hash: u64, weight: u32) {
        let print = hash as u32;
        self.weights.set(slot, weight);
        let is_settled = match self.rule.admission {
            Admission::All => true,
            Admission::Used => self.ghost.recall(print.into()),
            Admission::Frequent => {
                self.sketch.fit(self.len() + 1);
                self.sketch.add(print.into(), 1);
                false
            }
        };
        if is_settled {
            self.push_main(marks, slot);
        } else {
            self.push_window(marks, slot);
        }
        if !std::mem::take(&mut self.is_full) {
            self.fill_main(marks);
        }
    }

    fn reweigh(&mut self, marks: &impl Marks, slot: Slot, weight: u32) {
        if self.links.holds(slot) {
            let (new, old) = (u64::from(weight), self.weights.of(slot));
            let queue_weight = match marks.mark(slot) & IN_MAIN {
                0 => &mut self.window_weight,
                _ => &mut self.main_weight,
            };
            *queue_weight = *queue_weight - old + new;
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
        let slot = match self.rule.admission {
            Admission::Used | Admission::All => self.evict_unused(marks),
            Admission::Frequent => self.evict_rarer(marks),
        };
        // The window alone is there, and is not too large.
        slot.or_else(|| self.window.oldest().map(|slot| self.evict(marks, slot)))
    }

    fn spare(&mut self, marks: &mut impl Marks, slot: Slot) {
        self.push_main(marks, slot);
    }

    fn resize(&mut self, _marks: &mut impl Marks, capacity: u64) {
        self.capacity = capacity;
    }

    fn len(&self) -> usize {
        self.window.len() + self.main.len()
    }
}
