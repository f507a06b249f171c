//! A moment in five bytes: an array of deadlines is as long as the cache has entries.

use super::times::NEVER;

/// A quarter of a millisecond, rounded down: nothing lives too long. Nine years from the beginning are for ever.
const UNIT: u32 = 18;
const FOREVER: u64 = (1 << 40) - 1;

/// A moment, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment([u8; 5]);

impl Moment {
    pub(crate) const NEVER: Moment = Moment([0xFF; 5]);

    #[inline(always)]
    pub(crate) fn of(nanos: u64) -> Moment {
        let [a, b, c, d, e, ..] = (nanos >> UNIT).min(FOREVER).to_le_bytes();
        Moment([a, b, c, d, e])
    }

    #[inline(always)]
    fn units(self) -> u64 {
        let [a, b, c, d, e] = self.0;
        u64::from_le_bytes([a, b, c, d, e, 0, 0, 0])
    }

    /// Returns whether the moment is still to come.
    #[inline(always)]
    pub(crate) fn is_after(self, now: u64) -> bool {
        let units = self.units();
        now >> UNIT < units || units == FOREVER
    }

    /// Returns whether this is a moment at all, and not after another one.
    #[inline(always)]
    pub(crate) fn is_until(self, other: Moment) -> bool {
        let units = self.units();
        units != FOREVER && units <= other.units()
    }

    pub(crate) fn nanos(self) -> u64 {
        match self.units() {
            FOREVER => NEVER,
            units => units << UNIT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(nanos: u64, kept: u64) {
        let moment = Moment::of(nanos);
        assert_eq!(moment.nanos(), kept);
        assert!(!moment.is_after(kept) || kept == NEVER);
        assert!(kept == 0 || moment.is_after(kept - 1));
    }

    #[test]
    fn moments_are_kept_to_a_quarter_of_a_millisecond() {
        check(0, 0);
        check(262_143, 0);
        check(262_144, 262_144);
        check(60_000_000_000, 59_999_780_864);
        check(1 << 57, 1 << 57);
        check(1 << 58, NEVER);
        check(NEVER, NEVER);
        assert_eq!(Moment::of(NEVER), Moment::NEVER);
        assert!(Moment::NEVER.is_after(NEVER));
    }
}
