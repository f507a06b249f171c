//! When the entries of one shard are over, as far as they ever are. Arrays are made when the first entry needs them.

use super::moment::Moment;
use super::wheel::Wheel;

/// No time: for ever.
pub(crate) const NEVER: u64 = u64::MAX;

/// How long one entry lives; all in nanoseconds of the cache's ticker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    /// When its time to live is over.
    pub(crate) until: u64,
    /// How long it is kept after that.
    pub(crate) stale: u64,
    /// How long it may lie unused.
    pub(crate) idle: u64,
}

impl Life {
    pub(crate) const ENDLESS: Life = Life { until: NEVER, stale: 0, idle: NEVER };

    #[inline(always)]
    pub(crate) fn is_endless(&self) -> bool {
        self.until == NEVER && self.idle == NEVER
    }

    /// Returns whether it is over before it begins.
    pub(crate) fn is_over(&self, now: u64) -> bool {
        self.idle == 0 || self.until.saturating_add(self.stale) <= now
    }
}

/// What can be said of an entry at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    Fresh,
    /// Its time to live is over, but it may still be given out while a newer one is made.
    Stale,
    Over,
}

/// The times of one shard's entries, by slot. An empty array says the same of all of them. `until` comes first, because a
/// hit looks at nothing else.
///
/// A slot that has an end is in the wheel, for that or for an earlier time. It stays there when its entry leaves: the next
/// one mostly ends later, and then nothing has to be moved; what comes out too early is put back in.
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct Times {
    until: Vec<Moment>,
    rare: Option<Box<Rare>>,
    wheel: Option<Box<Wheel>>,
}

/// What only some times have.
#[derive(Debug, Default)]
struct Rare {
    stale: Vec<u64>,
    idle: Vec<u64>,
    /// When an entry that may lie unused for a time only was used last.
    used: Vec<u64>,
}

impl Times {
    /// Notes how long a new entry or a new value lives, and returns when the wheel is to be looked at for it.
    #[inline(always)]
    pub(crate) fn set(&mut self, slot: u32, life: Life, now: u64, room: usize) -> u64 {
        let is_plain = self.rare.is_none() && life.stale == 0 && life.idle == NEVER;
        if is_plain && let Some(own) = self.until.get_mut(slot as usize) {
            let until = Moment::of(life.until);
            let before = std::mem::replace(own, until);
            return if before.is_until(until) { NEVER } else { self.schedule(slot, room) };
        }
        let before = self.end(slot);
        put(&mut self.until, slot, Moment::of(life.until), Moment::NEVER, room);
        if self.rare.is_some() || life.stale != 0 || life.idle != NEVER {
            self.rare.get_or_insert_default().set(slot, life, now, room);
        }
        if before > self.end(slot) || before == NEVER { self.schedule(slot, room) } else { NEVER }
    }

    /// Returns whether any slot ever had a time. One that never ends, because it is kept for ever after its time to live, is
    /// in no wheel.
    #[inline(always)]
    pub(crate) fn has_any(&self) -> bool {
        !self.until.is_empty() || self.rare.is_some()
    }

    /// Forgets what the slot had, before an entry without an end comes into it.
    pub(crate) fn forget(&mut self, slot: u32) {
        clear(&mut self.until, slot, Moment::NEVER);
        if let Some(wheel) = &mut self.wheel {
            wheel.take(slot);
        }
        if let Some(rare) = &mut self.rare {
            clear(&mut rare.stale, slot, 0);
            clear(&mut rare.idle, slot, NEVER);
        }
    }

    /// Returns what can be said of the entry.
    #[inline(always)]
    pub(crate) fn age(&self, slot: u32, now: u64) -> Age {
        let until = of(&self.until, slot, Moment::NEVER);
        if self.rare.is_none() && until.is_after(now) { Age::Fresh } else { self.rare_age(slot, now) }
    }

    fn rare_age(&self, slot: u32, now: u64) -> Age {
        let until = self.until(slot);
        if self.end(slot) <= now && self.end(slot) != NEVER {
            Age::Over
        } else if until == NEVER || now < until {
            Age::Fresh
        } else {
            Age::Stale
        }
    }

    /// Returns whether a use of an entry has to be noted.
    #[inline(always)]
    pub(crate) fn has_rare(&self) -> bool {
        self.rare.is_some()
    }

    /// Notes that the entry was used. Where it stands in the wheel is put right when it comes out there.
    pub(crate) fn touch(&mut self, slot: u32, now: u64) {
        if let Some(used) = self.rare.as_mut().and_then(|rare| rare.used.get_mut(slot as usize)) {
            // What never ends by lying unused was used at the end of time.
            *used = now.max(*used);
        }
    }

    /// Returns when the entry's time to live is over.
    pub(crate) fn until(&self, slot: u32) -> u64 {
        of(&self.until, slot, Moment::NEVER).nanos()
    }

    /// Returns how long the entry is kept after its time to live, and how long it may lie unused.
    #[cfg(feature = "disk")]
    pub(crate) fn stale_and_idle(&self, slot: u32) -> (u64, u64) {
        self.rare.as_ref().map_or((0, NEVER), |rare| (of(&rare.stale, slot, 0), of(&rare.idle, slot, NEVER)))
    }

    /// Returns the slot of an entry that is over, or of one that left and would be now, if the wheel comes to one within so
    /// many steps, which are counted down.
    pub(crate) fn next_over(&mut self, now: u64, steps: &mut usize) -> Option<u32> {
        while *steps > 0 {
            let slot = self.wheel.as_mut()?.next(now)?;
            *steps -= 1;
            if self.rare_age(slot, now) == Age::Over {
                self.forget(slot);
                return Some(slot);
            }
            self.schedule(slot, 0);
        }
        None
    }

    /// Returns the latest time that is known here: who begins before it was held up on his way.
    #[inline]
    pub(crate) fn latest(&self, now: u64) -> u64 {
        self.wheel.as_ref().map_or(now, |wheel| wheel.passed().max(now))
    }

    /// Returns when the wheel is to be looked at next.
    pub(crate) fn due(&self) -> u64 {
        self.wheel.as_ref().map_or(NEVER, |wheel| wheel.due())
    }

    fn schedule(&mut self, slot: u32, room: usize) -> u64 {
        match self.end(slot) {
            NEVER => NEVER,
            end => self.wheel.get_or_insert_default().put(slot, end, room),
        }
    }

    /// Returns when the entry is over.
    #[inline(always)]
    fn end(&self, slot: u32) -> u64 {
        let until = self.until(slot);
        match &self.rare {
            None => until,
            Some(rare) => rare.end(slot, until),
        }
    }
}

impl Rare {
    fn set(&mut self, slot: u32, life: Life, now: u64, room: usize) {
        put(&mut self.stale, slot, life.stale, 0, room);
        put(&mut self.idle, slot, life.idle, NEVER, room);
        put(&mut self.used, slot, if life.idle == NEVER { NEVER } else { now }, NEVER, room);
    }

    fn end(&self, slot: u32, until: u64) -> u64 {
        let idle_end = of(&self.used, slot, NEVER).saturating_add(of(&self.idle, slot, NEVER));
        until.saturating_add(of(&self.stale, slot, 0)).min(idle_end)
    }
}

#[inline(always)]
pub(super) fn of<T: Copy>(array: &[T], slot: u32, absent: T) -> T {
    array.get(slot as usize).copied().unwrap_or(absent)
}

/// Writes into an array that grows as far as it is needed: `absent` is what stands for what was never written.
#[inline(always)]
pub(super) fn put<T: Copy + PartialEq>(array: &mut Vec<T>, slot: u32, value: T, absent: T, room: usize) {
    match array.get_mut(slot as usize) {
        Some(own) => *own = value,
        None if value == absent => {}
        None => grow(array, slot, value, absent, room),
    }
}

#[cold]
fn grow<T: Copy>(array: &mut Vec<T>, slot: u32, value: T, absent: T, room: usize) {
    let needed = slot as usize + 1;
    if array.capacity() < needed {
        array.reserve_exact(room.max(needed) - array.len());
    }
    array.resize(needed, absent);
    array[slot as usize] = value;
}

#[inline(always)]
pub(super) fn clear<T>(array: &mut [T], slot: u32, absent: T) {
    if let Some(own) = array.get_mut(slot as usize) {
        *own = absent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn what_is_put_in_behind_the_wheel_is_seen_to_be_over() {
        let mut times = Times::default();
        let life = |seconds: u64| Life { until: seconds * SECOND, ..Life::ENDLESS };
        times.set(0, life(5), SECOND, 1);
        assert_eq!(times.latest(SECOND), SECOND);
        while times.next_over(10 * SECOND, &mut 16).is_some() {}
        // Somebody read the clock in the second second, and comes only now.
        assert!(life(7).is_over(times.latest(2 * SECOND)) && !life(7).is_over(2 * SECOND));
        assert!(!life(11).is_over(times.latest(2 * SECOND)));
        assert_eq!(times.latest(11 * SECOND), 11 * SECOND);
    }
}
