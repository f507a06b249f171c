//! What a policy keeps beside each entry: a mark, and the fingerprint of the key. Both lie with the entry, so that a use
//! writes where it has read.

use super::Slot;
use super::links::reach;

/// One use since the policy looked last. Uses are counted in the upper half of a mark; the lower half is the policy's own.
pub(super) const USE: u8 = 0x10;
/// A mark counts no more uses than this, so that what is used often is mostly only read. Where frequencies are estimated more would
/// count for more; it brought no hits on the recorded loads.
pub(super) const MOST_USES: u8 = 3;

/// The marks and fingerprints of the slots of one order; who has the entries has them.
pub(crate) trait Marks {
    /// Returns the slot's mark; of a new entry it is 0.
    fn mark(&self, slot: Slot) -> u8;
    fn set_mark(&mut self, slot: Slot, mark: u8);
    /// Returns the fingerprint of the key in the slot.
    fn print(&self, slot: Slot) -> u32;
}

/// Returns a mark with one more use, unless it counts no more.
#[inline(always)]
pub(crate) fn used(mark: u8) -> Option<u8> {
    (mark < MOST_USES * USE).then(|| mark + USE)
}

/// Returns the uses that a mark counts.
#[inline(always)]
pub(super) fn uses(mark: u8) -> u8 {
    mark / USE
}

/// Marks and fingerprints without entries.
#[derive(Debug, Default)]
pub(super) struct BareMarks(Vec<Bare>);

#[derive(Clone, Copy, Debug, Default)]
struct Bare {
    print: u32,
    mark: u8,
}

impl BareMarks {
    /// A key comes into the slot.
    pub(super) fn put(&mut self, slot: Slot, print: u32) {
        reach(&mut self.0, slot, Bare::default());
        self.0[slot as usize] = Bare { print, mark: 0 };
    }

    /// The key in the slot is used.
    pub(super) fn used(&mut self, slot: Slot) {
        if let Some(mark) = used(self.mark(slot)) {
            self.set_mark(slot, mark);
        }
    }
}

impl Marks for BareMarks {
    #[inline]
    fn mark(&self, slot: Slot) -> u8 {
        self.0.get(slot as usize).map_or(0, |bare| bare.mark)
    }

    #[inline]
    fn set_mark(&mut self, slot: Slot, mark: u8) {
        if let Some(bare) = self.0.get_mut(slot as usize) {
            bare.mark = mark;
        }
    }

    #[inline]
    fn print(&self, slot: Slot) -> u32 {
        self.0.get(slot as usize).map_or(0, |bare| bare.print)
    }
}
