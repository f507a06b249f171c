//! The policies once more, slow and obvious: lists that are searched from end to end. The fast ones must choose alike.
//!
//! What only remembers or estimates (`Ghost`, `Sketch`, `Climb`) is used as it is; it has tests of its own.

use super::adaptive::RULES;
use super::blend::{Admission, MAX_LIVES, PATIENCE, Rule};
use super::duel::{FILLINGS, MARGIN, MARGIN_HITS, SHADOW_ENTRIES};
use super::ghost::Ghost;
use super::marks::MOST_USES;
use super::sketch::{MIN_KEYS, Sketch};
use super::{Policy, Slot};

/// A slot as a model sees it.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) slot: Slot,
    hash: u64,
    weight: u64,
    uses: u64,
    lives: u8,
    is_in_main: bool,
    used_at: u64,
}

/// A policy that keeps its slots in the order in which the queues would pass them.
pub(super) struct Model {
    policy: Policy,
    capacity: u64,
    is_full: bool,
    pub(super) seats: Vec<Seat>,
    hand: Option<Slot>,
    newest: Option<Slot>,
    time: u64,
    ghost: Ghost,
    sketch: Sketch,
    rule: Rule,
    duel: Option<SlowDuel>,
}

impl Model {
    pub(super) fn of(policy: Policy, capacity: u64) -> Model {
        let duel = (policy == Policy::Adaptive).then(SlowDuel::default);
        Model::under(policy, capacity, RULES[0], duel, Sketch::default())
    }

    fn under(policy: Policy, capacity: u64, rule: Rule, duel: Option<SlowDuel>, sketch: Sketch) -> Model {
        let ghost = Ghost::default();
        Model {
            policy,
            capacity,
            is_full: false,
            seats: Vec::new(),
            hand: None,
            newest: None,
            time: 0,
            ghost,
            sketch,
            rule,
            duel,
        }
    }

    pub(super) fn insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.time += 1;
        let print = u64::from(hash as u32);
        let weight = u64::from(weight);
        let mut seat = Seat { slot, hash: print, weight, uses: 0, lives: 0, is_in_main: false, used_at: self.time };
        self.newest = Some(slot);
        match self.policy {
            Policy::S3Fifo => seat.is_in_main = self.ghost.recall(print),
            Policy::Adaptive => {
                seat.is_in_main = match self.rule.admission {
                    Admission::All => true,
                    Admission::Used => self.ghost.recall(print),
                    Admission::Frequent => {
                        self.sketch.fit(self.seats.len() + 1);
                        self.sketch.add(print, 1);
                        false
                    }
                };
            }
            _ => {}
        }
        self.seats.push(seat);
        if self.policy == Policy::Adaptive {
            if !std::mem::take(&mut self.is_full) {
                self.fill_main();
            }
            self.watch(hash);
        }
    }

    pub(super) fn hit(&mut self, slot: Slot, hash: u64) {
        self.time += 1;
        let time = self.time;
        if let Some(seat) = self.seats.iter_mut().find(|seat| seat.slot == slot) {
            seat.uses += 1;
            seat.used_at = time;
        }
        if self.policy == Policy::Adaptive {
            self.watch(hash);
        }
    }

    pub(super) fn reweigh(&mut self, slot: Slot, weight: u32) {
        for seat in self.seats.iter_mut().filter(|seat| seat.slot == slot) {
            seat.weight = weight.into();
        }
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        if self.hand == Some(slot) {
            let place = self.place(slot);
            self.hand = self.seats.get(place + 1).map(|seat| seat.slot);
        }
        if self.newest == Some(slot) {
            self.newest = None;
        }
        self.seats.retain(|seat| seat.slot != slot);
    }

    pub(super) fn resize(&mut self, capacity: u64) {
        self.capacity = capacity;
    }

    pub(super) fn victim(&mut self) -> Option<Slot> {
        self.is_full = true;
        if let Some(duel) = &mut self.duel {
            duel.fit(self.seats.len());
        }
        let slot = match self.policy {
            Policy::Fifo => self.seats.first()?.slot,
            Policy::Lru => self.seats.iter().min_by_key(|seat| seat.used_at)?.slot,
            Policy::Lfu => self.rarest()?,
            Policy::Sieve => self.sieve()?,
            Policy::S3Fifo => self.s3_fifo()?,
            _ => self.blend()?,
        };
        self.remove(slot);
        Some(slot)
    }

    fn rarest(&self) -> Option<Slot> {
        let by_use = |seat: &&Seat| (seat.uses, seat.used_at);
        let others = self.seats.iter().filter(|seat| Some(seat.slot) != self.newest).min_by_key(by_use);
        others.or(self.seats.first()).map(|seat| seat.slot)
    }

    fn sieve(&mut self) -> Option<Slot> {
        let begin = self.hand.map_or(0, |slot| self.place(slot));
        let len = self.seats.len();
        for place in (begin..begin + 2 * len + 1).map(|place| place % len.max(1)) {
            if self.seats.get(place)?.uses == 0 {
                let slot = self.seats[place].slot;
                self.hand = Some(slot);
                return Some(slot);
            }
            self.seats[place].uses = 0;
        }
        None
    }

    fn s3_fifo(&mut self) -> Option<Slot> {
        let is_small_full = self.weight(false) > (self.capacity / 10).max(1);
        let order = if is_small_full { [false, true] } else { [true, false] };
        for is_in_main in order.into_iter().chain([true]) {
            while let Some(seat) = self.first(is_in_main) {
                let uses = seat.uses.min(3);
                match (is_in_main, uses) {
                    (false, 0 | 1) => {
                        let mains = self.seats.iter().filter(|seat| seat.is_in_main).count();
                        let smalls = self.seats.len() - mains - 1;
                        self.ghost.note(seat.hash, mains.max(smalls));
                        return Some(seat.slot);
                    }
                    (true, 0) => return Some(seat.slot),
                    (false, _) => self.move_back(seat.slot, 0),
                    (true, _) => self.move_back(seat.slot, uses - 1),
                }
            }
        }
        None
    }

    fn blend(&mut self) -> Option<Slot> {
        let slot = if self.rule.admission == Admission::Frequent { self.rarer() } else { self.unused() };
        slot.or_else(|| {
            let seat = self.first(false)?;
            Some(self.forget(&seat))
        })
    }

    fn unused(&mut self) -> Option<Slot> {
        while let Some(seat) = self.surplus() {
            if self.learn(seat.slot) == 0 {
                return Some(self.forget(&seat));
            }
            self.move_back(seat.slot, 0);
        }
        self.seek().map(|seat| seat.slot)
    }

    fn rarer(&mut self) -> Option<Slot> {
        let (newcomer, settled) = (self.surplus(), self.seek());
        if let Some(newcomer) = &newcomer {
            self.learn(newcomer.slot);
        }
        match (newcomer, settled) {
            (Some(newcomer), Some(settled)) if self.sketch.count(newcomer.hash) > self.sketch.count(settled.hash) => {
                self.move_back(newcomer.slot, 0);
                Some(self.forget(&settled))
            }
            (newcomer, settled) => newcomer.or(settled).map(|seat| self.forget(&seat)),
        }
    }

    fn seek(&mut self) -> Option<Seat> {
        let max_lives = if self.rule.admission == Admission::All { 1 } else { MAX_LIVES };
        for _ in 0..PATIENCE {
            let seat = self.first(true)?;
            let lives = seat.lives + self.learn(seat.slot);
            if lives == 0 {
                return Some(seat);
            }
            self.move_back(seat.slot, 0);
            if let Some(seat) = self.seats.last_mut() {
                seat.lives = lives.min(max_lives) - 1;
            }
        }
        self.first(true)
    }

    fn fill_main(&mut self) {
        let main_size = self.capacity - self.window_size();
        while self.weight(true) < main_size
            && self.weight(true) + self.weight(false) <= self.capacity
            && let Some(seat) = self.surplus()
        {
            self.learn(seat.slot);
            self.move_back(seat.slot, 0);
        }
    }

    fn learn(&mut self, slot: Slot) -> u8 {
        let place = self.place(slot);
        let fresh = std::mem::take(&mut self.seats[place].uses).min(MOST_USES.into()) as u8;
        if self.rule.admission == Admission::Frequent {
            self.sketch.add(self.seats[place].hash, fresh);
        }
        fresh
    }

    fn forget(&mut self, seat: &Seat) -> Slot {
        if self.rule.admission == Admission::Used {
            self.ghost.note(seat.hash, self.seats.len());
        }
        seat.slot
    }

    fn watch(&mut self, hash: u64) {
        if let Some(rule) = self.duel.as_mut().and_then(|duel| duel.show(hash)) {
            self.rule = rule;
        }
    }

    fn surplus(&self) -> Option<Seat> {
        self.first(false).filter(|_| self.weight(false) > self.window_size())
    }

    fn window_size(&self) -> u64 {
        let share = u128::from(self.capacity) * u128::from(self.rule.window) / 256;
        (share as u64).max(1).min(self.capacity)
    }

    fn first(&self, is_in_main: bool) -> Option<Seat> {
        self.seats.iter().find(|seat| seat.is_in_main == is_in_main).cloned()
    }

    fn weight(&self, is_in_main: bool) -> u64 {
        self.seats.iter().filter(|seat| seat.is_in_main == is_in_main).map(|seat| seat.weight).sum()
    }

    fn place(&self, slot: Slot) -> usize {
        self.seats.iter().position(|seat| seat.slot == slot).unwrap_or(self.seats.len())
    }

    fn move_back(&mut self, slot: Slot, uses: u64) {
        let place = self.place(slot);
        let seat = self.seats.remove(place);
        self.seats.push(Seat { is_in_main: true, uses, lives: 0, ..seat });
    }
}

/// The rules' shadows, each a model.
#[derive(Default)]
struct SlowDuel {
    shadows: Vec<(Model, usize)>,
    scores: [f64; RULES.len()],
    leader: usize,
    entries: usize,
    rate: Option<u64>,
}

impl SlowDuel {
    fn fit(&mut self, entries: usize) {
        if entries <= self.entries * 2 && entries >= self.entries / 2 {
            return;
        }
        let mut rate = 1;
        while rate * SHADOW_ENTRIES < entries {
            rate *= 2;
        }
        let capacity = (entries / rate).max(1);
        let sketch = || Sketch::for_at_least(MIN_KEYS / rate);
        let shadow = |rule| (Model::under(Policy::Adaptive, capacity as u64, rule, None, sketch()), capacity);
        (self.entries, self.rate, self.shadows) = (entries, Some(rate as u64), RULES.map(shadow).into());
    }

    fn show(&mut self, hash: u64) -> Option<Rule> {
        let dice = hash & 0xffff_ffff;
        if !dice.is_multiple_of(self.rate?) {
            return None;
        }
        for ((shadow, capacity), score) in self.shadows.iter_mut().zip(&mut self.scores) {
            *score *= 1.0 - 1.0 / (FILLINGS * SHADOW_ENTRIES as f64);
            *score += if ask(shadow, *capacity, u64::from(hash as u32)) { 1.0 } else { 0.0 };
        }
        let best = (0..RULES.len()).max_by(|&one, &other| self.scores[one].total_cmp(&self.scores[other]))?;
        if self.scores[best] <= self.scores[self.leader] * (1.0 + MARGIN) + MARGIN_HITS {
            return None;
        }
        self.leader = best;
        Some(RULES[best])
    }
}

fn ask(shadow: &mut Model, capacity: usize, print: u64) -> bool {
    if let Some(seat) = shadow.seats.iter().find(|seat| seat.hash == print) {
        let slot = seat.slot;
        shadow.hit(slot, print);
        return true;
    }
    let slot = (0..).find(|&slot| shadow.seats.iter().all(|seat| seat.slot != slot));
    shadow.insert(slot.unwrap_or_default(), print, 1);
    while shadow.seats.len() > capacity {
        shadow.victim();
    }
    false
}
