//! W-TinyLFU once more, slow and obvious: one list by last use, in which each slot says which part it is in.

use super::Slot;
use super::climb::Climb;
use super::sketch::Sketch;

struct Seat {
    slot: Slot,
    hash: u64,
    weight: u64,
    part: Part,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Window,
    Probation,
    Protected,
}

/// The slots; who came to his part last stands last.
pub(super) struct SlowTinyLfu {
    capacity: u64,
    is_full: bool,
    seats: Vec<Seat>,
    sketch: Sketch,
    climb: Climb,
    contests: u64,
}

impl SlowTinyLfu {
    pub(super) fn new(capacity: u64) -> SlowTinyLfu {
        let (sketch, climb) = (Sketch::default(), Climb::default());
        SlowTinyLfu { capacity, is_full: false, seats: Vec::new(), sketch, climb, contests: 0 }
    }

    pub(super) fn insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        let hash = u64::from(hash as u32);
        self.seats.push(Seat { slot, hash, weight: weight.into(), part: Part::Window });
        self.sketch.fit(self.seats.len());
        self.sketch.add(hash, 1);
        self.climb.ask(false, self.seats.len());
        let has_room = !std::mem::take(&mut self.is_full);
        while has_room
            && self.weight(Part::Window) > self.window_size()
            && let Some(place) = self.first(Part::Window)
            && self.weight(Part::Probation) + self.weight(Part::Protected) + self.seats[place].weight
                <= self.main_size()
        {
            self.shift(place, Part::Probation);
        }
    }

    pub(super) fn hit(&mut self, slot: Slot, hash: u64) {
        let Some(place) = self.seats.iter().position(|seat| seat.slot == slot) else { return };
        self.sketch.add(u64::from(hash as u32), 1);
        self.climb.ask(true, self.seats.len());
        let part = self.seats[place].part;
        self.shift(place, if part == Part::Probation { Part::Protected } else { part });
        if part == Part::Probation {
            self.demote();
        }
    }

    pub(super) fn reweigh(&mut self, slot: Slot, weight: u32) {
        for seat in self.seats.iter_mut().filter(|seat| seat.slot == slot) {
            seat.weight = weight.into();
        }
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        self.seats.retain(|seat| seat.slot != slot);
    }

    pub(super) fn resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        self.demote();
    }

    pub(super) fn victim(&mut self) -> Option<Slot> {
        self.is_full = true;
        let newcomer = self.first(Part::Window).filter(|_| self.weight(Part::Window) > self.window_size());
        let settled = self.first(Part::Probation).or(self.first(Part::Protected));
        let slot = match (newcomer, settled) {
            (Some(newcomer), Some(settled)) => {
                let [new, old] = [newcomer, settled].map(|place| self.sketch.count(self.seats[place].hash));
                self.contests += 1;
                let is_better = new > old || new >= 6 && self.contests.is_multiple_of(128);
                let slot = self.seats[if is_better { settled } else { newcomer }].slot;
                if is_better {
                    self.shift(newcomer, Part::Probation);
                }
                slot
            }
            (newcomer, settled) => self.seats[newcomer.or(settled).or(self.first(Part::Window))?].slot,
        };
        self.remove(slot);
        Some(slot)
    }

    fn demote(&mut self) {
        while u128::from(self.weight(Part::Protected)) > u128::from(self.main_size()) * 80 / 100
            && let Some(place) = self.first(Part::Protected)
        {
            self.shift(place, Part::Probation);
        }
    }

    fn first(&self, part: Part) -> Option<usize> {
        self.seats.iter().position(|seat| seat.part == part)
    }

    fn weight(&self, part: Part) -> u64 {
        self.seats.iter().filter(|seat| seat.part == part).map(|seat| seat.weight).sum()
    }

    fn window_size(&self) -> u64 {
        self.climb.window(self.capacity)
    }

    fn main_size(&self) -> u64 {
        self.capacity - self.window_size()
    }

    fn shift(&mut self, place: usize, part: Part) {
        let seat = self.seats.remove(place);
        self.seats.push(Seat { part, ..seat });
    }
}
