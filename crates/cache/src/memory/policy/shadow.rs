//! A small cache of fingerprints under one rule: fed with a sample of the keys, it shows what the rule would bring.

use hashbrown::HashTable;

use super::blend::{Blend, Rule};
use super::marks::BareMarks;
use super::{Marks, Order, Slot};

/// A cache that keeps nothing.
#[derive(Debug)]
pub(super) struct Shadow {
    order: Blend,
    marks: BareMarks,
    capacity: usize,
    places: HashTable<Slot>,
    free: Vec<Slot>,
}

impl Shadow {
    /// Makes an empty one for so many keys, of a cache of which it sees one key in `rate`.
    pub(super) fn new(capacity: usize, rule: Rule, rate: usize) -> Shadow {
        Shadow {
            order: Blend::sampled(capacity as u64, rule, rate),
            marks: BareMarks::default(),
            capacity,
            places: HashTable::new(),
            free: Vec::new(),
        }
    }

    /// Asks for a key, puts it in if it is not there, and returns whether it was.
    pub(super) fn ask(&mut self, print: u32) -> bool {
        let (order, marks) = (&mut self.order, &mut self.marks);
        if let Some(&slot) = self.places.find(spread(print), |&slot| marks.print(slot) == print) {
            marks.used(slot);
            return true;
        }
        let slot = self.free.pop().unwrap_or(order.len() as Slot);
        marks.put(slot, print);
        order.insert(marks, slot, print.into(), 1);
        self.places.insert_unique(spread(print), slot, |&slot| spread(marks.print(slot)));
        while order.len() > self.capacity
            && let Some(gone) = order.victim(marks)
        {
            if let Ok(place) = self.places.find_entry(spread(marks.print(gone)), |&slot| slot == gone) {
                place.remove();
            }
            self.free.push(gone);
        }
        false
    }
}

/// Returns a hash for the table. All prints of a sample end in the same bits, so that the upper ones have to come down.
fn spread(print: u32) -> u64 {
    let mixed = u64::from(print).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}
