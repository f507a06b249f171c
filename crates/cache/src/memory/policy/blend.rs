//! One mechanism, and rules for it: newcomers wait in a window, and a rule says who goes on from there into the main
//! queue.
//!
//! Neither queue is reordered by a use: a use is one count in a byte, and is looked at when the hand comes round. The
//! memory of who left and the estimated frequencies are kept under every rule, so that a rule can take over at any time.

use super::ghost::Ghost;
use super::links::{Links, List, reach};
use super::sketch::{MIN_KEYS, Sketch};
use super::weights::Weights;
use super::{Order, Slot};

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
    pub(super) window: u64,
}

/// Stands in a mark if the slot is in the main queue.
pub(super) const IN_MAIN: u8 = 0x80;
/// The part of a mark that counts uses since the hand was there.
pub(super) const FRESH: u8 = 0x0f;
/// One more round of the hand.
const LIFE: u8 = 0x10;
/// The part of a mark that counts rounds.
const LIVES: u8 = 0x70;
/// Uses at once that earn a round each.
pub(super) const MAX_LIVES: u8 = 3;
/// Slots that the hand passes over at most in one search, so that no insertion takes long.
pub(super) const PATIENCE: usize = 256;

/// A window, a main queue, and what is known about who is not there.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Blend {
    /// First, because a use touches nothing else.
    marks: Vec<u8>,
    rule: Rule,
    capacity: u64,
    /// Somebody had to go since the last insertion. A shard may be full before it has its share of the capacity.
    is_full: bool,
    links: Links,
    window: List,
    window_weight: u64,
    main: List,
    main_weight: u64,
    prints: Vec<u32>,
    weights: Weights,
    ghost: Ghost,
    sketch: Sketch,
    /// Whether who left is remembered, and whether frequencies are estimated. Both are where rules may change.
    remembers: bool,
    estimates: bool,
}

impl Blend {
    /// Makes an empty order.
    pub(super) fn new(capacity: u64, rule: Rule) -> Blend {
        Blend {
            marks: Vec::new(),
            rule,
            capacity,
            is_full: false,
            links: Links::default(),
            window: List::default(),
            window_weight: 0,
            main: List::default(),
            main_weight: 0,
            prints: Vec::new(),
            weights: Weights::default(),
            ghost: Ghost::default(),
            sketch: Sketch::default(),
            remembers: true,
            estimates: true,
        }
    }

    /// Makes an empty order for one in `rate` of the keys: what it estimates is as rough as for all of them. It follows
    /// this rule for ever, and keeps nothing that only other rules ask for.
    pub(super) fn sampled(capacity: u64, rule: Rule, rate: usize) -> Blend {
        Blend {
            sketch: Sketch::for_at_least(MIN_KEYS / rate.max(1)),
            remembers: rule.admission == Admission::Used,
            estimates: rule.admission == Admission::Frequent,
            ..Blend::new(capacity, rule)
        }
    }

    /// Works by another rule from now on. Nobody is moved: the window reaches its new size by who leaves it.
    pub(super) fn follow(&mut self, rule: Rule) {
        self.rule = rule;
    }

    /// Returns the fingerprint of the key that is or was last in the slot.
    #[inline]
    pub(super) fn print(&self, slot: Slot) -> u32 {
        self.prints[slot as usize]
    }

    fn window_size(&self) -> u64 {
        let share = u128::from(self.capacity) * u128::from(self.rule.window) / 256;
        (share as u64).max(1).min(self.capacity)
    }

    /// Who would have to leave the window for it to have its size.
    fn surplus(&self) -> Option<Slot> {
        self.window.oldest().filter(|_| self.window_weight > self.window_size())
    }

    fn push_window(&mut self, slot: Slot) {
        self.marks[slot as usize] = 0;
        self.links.push(&mut self.window, slot);
        self.window_weight += self.weights.of(slot);
    }

    fn push_main(&mut self, slot: Slot, lives: u8) {
        self.marks[slot as usize] = IN_MAIN | (lives * LIFE);
        self.links.push(&mut self.main, slot);
        self.main_weight += self.weights.of(slot);
    }

    fn take(&mut self, slot: Slot) {
        if self.marks[slot as usize] & IN_MAIN == 0 {
            self.links.take(&mut self.window, slot);
            self.window_weight -= self.weights.of(slot);
        } else {
            self.links.take(&mut self.main, slot);
            self.main_weight -= self.weights.of(slot);
        }
    }

    fn promote(&mut self, slot: Slot) {
        self.take(slot);
        self.push_main(slot, 0);
    }

    fn evict(&mut self, slot: Slot) -> Slot {
        let size = self.len();
        self.take(slot);
        if self.remembers {
            self.ghost.note(self.print(slot).into(), size);
        }
        slot
    }

    /// Counts the uses since the last look in the estimated frequencies, and returns how many there were.
    fn learn(&mut self, slot: Slot) -> u8 {
        let fresh = self.marks[slot as usize] & FRESH;
        self.marks[slot as usize] -= fresh;
        self.sketch.add(self.print(slot).into(), fresh);
        fresh
    }

    /// Turns the hand until it comes to somebody whom nobody used: he is the oldest in the main queue then.
    fn seek(&mut self) -> Option<Slot> {
        let max_lives = if self.rule.admission == Admission::All { 1 } else { MAX_LIVES };
        for _ in 0..PATIENCE {
            let slot = self.main.oldest()?;
            let lives = (self.marks[slot as usize] & LIVES) / LIFE + self.learn(slot);
            if lives == 0 {
                return Some(slot);
            }
            self.take(slot);
            self.push_main(slot, lives.min(max_lives) - 1);
        }
        self.main.oldest()
    }

    /// Lets the used ones of the window pass, until there is one that was not used.
    fn evict_unused(&mut self) -> Option<Slot> {
        while let Some(slot) = self.surplus() {
            if self.learn(slot) == 0 {
                return Some(self.evict(slot));
            }
            self.promote(slot);
        }
        let slot = self.seek()?;
        self.take(slot);
        Some(slot)
    }

    /// Holds the oldest of the window against the next in the main queue: the rarer one goes.
    fn evict_rarer(&mut self) -> Option<Slot> {
        let (newcomer, settled) = (self.surplus(), self.seek());
        if let Some(newcomer) = newcomer {
            self.learn(newcomer);
        }
        let (Some(newcomer), Some(settled)) = (newcomer, settled) else {
            return newcomer.or(settled).map(|slot| self.evict(slot));
        };
        let [new, old] = [newcomer, settled].map(|slot| self.sketch.count(self.print(slot).into()));
        if new <= old {
            return Some(self.evict(newcomer));
        }
        self.promote(newcomer);
        Some(self.evict(settled))
    }

    /// As long as nobody has to go, the main queue is filled without a contest: in a loop, the first ones then stay.
    fn fill_main(&mut self) {
        let main_size = self.capacity - self.window_size();
        while self.main_weight < main_size
            && self.window_weight.saturating_add(self.main_weight) <= self.capacity
            && let Some(slot) = self.surplus()
        {
            self.learn(slot);
            self.promote(slot);
        }
    }
}

impl Order for Blend {
    fn insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        let print = hash as u32;
        reach(&mut self.marks, slot, 0);
        reach(&mut self.prints, slot, 0);
        self.prints[slot as usize] = print;
        self.weights.set(slot, weight);
        if self.estimates {
            self.sketch.fit(self.len() + 1);
            self.sketch.add(print.into(), 1);
        }
        let was_here = self.ghost.recall(print.into());
        match self.rule.admission {
            Admission::All => self.push_main(slot, 0),
            Admission::Used if was_here => self.push_main(slot, 0),
            _ => self.push_window(slot),
        }
        if !std::mem::take(&mut self.is_full) {
            self.fill_main();
        }
    }

    #[inline(always)]
    fn hit(&mut self, slot: Slot, _hash: u64) {
        // Written only if it changes: what is used most stays unwritten in the processor's cache.
        if let Some(mark) = self.marks.get_mut(slot as usize)
            && *mark & FRESH < FRESH
        {
            *mark += 1;
        }
    }

    fn reweigh(&mut self, slot: Slot, weight: u32) {
        if self.links.holds(slot) {
            let (new, old) = (u64::from(weight), self.weights.of(slot));
            let queue_weight = match self.marks[slot as usize] & IN_MAIN {
                0 => &mut self.window_weight,
                _ => &mut self.main_weight,
            };
            *queue_weight = *queue_weight - old + new;
            self.weights.set(slot, weight);
        }
    }

    fn remove(&mut self, slot: Slot) {
        if self.links.holds(slot) {
            self.take(slot);
        }
    }

    fn victim(&mut self) -> Option<Slot> {
        self.is_full = true;
        let slot = match self.rule.admission {
            Admission::Used | Admission::All => self.evict_unused(),
            Admission::Frequent => self.evict_rarer(),
        };
        // The window alone is there, and is not too large.
        slot.or_else(|| self.window.oldest().map(|slot| self.evict(slot)))
    }

    fn spare(&mut self, slot: Slot) {
        self.push_main(slot, 0);
    }

    fn resize(&mut self, capacity: u64) {
        self.capacity = capacity;
    }

    fn len(&self) -> usize {
        self.window.len() + self.main.len()
    }
}
