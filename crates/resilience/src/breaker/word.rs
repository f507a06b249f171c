//! State, clean bit, free probes and generation in the 64 bits of one atomic, so that a call reads all of
//! them at once. Leaves when to change them to `core`.

use super::State;

/// How many probes fit: 16 bits.
pub(super) const MAX_PROBES: u32 = u16::MAX as u32;

const STATE: u64 = 0b11;
const OPEN: u64 = 1;
const HALF_OPEN: u64 = 2;
const CLEAN: u64 = 1 << 2;
const PROBE: u64 = 1 << 3;
const PROBES: u64 = (u16::MAX as u64) * PROBE;
const GENERATION: u32 = 3 + u16::BITS;

/// What a breaker is at one moment. From the lowest bit: 2 of state, 1 that says that a success would
/// change nothing, 16 of free probes, 45 of generation, which a thousand changes a second fill in a
/// thousand years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(u64);

impl Word {
    /// Creates the word of a breaker that lets all calls through.
    pub(super) fn closed(generation: u64, is_clean: bool) -> Word {
        let word = Word(generation << GENERATION);
        word.clean(is_clean)
    }

    /// Creates the word of a breaker that rejects all calls.
    pub(super) fn open(generation: u64) -> Word {
        Word((generation << GENERATION) | OPEN)
    }

    /// Creates the word of a breaker that lets so many probes through.
    pub(super) fn half_open(generation: u64, probes: u16) -> Word {
        Word((generation << GENERATION) | (u64::from(probes) * PROBE) | HALF_OPEN)
    }

    #[inline]
    pub(super) fn from_bits(bits: u64) -> Word {
        Word(bits)
    }

    #[inline]
    pub(super) fn bits(self) -> u64 {
        self.0
    }

    #[inline]
    pub(super) fn state(self) -> State {
        match self.0 & STATE {
            0 => State::Closed,
            OPEN => State::Open,
            _ => State::HalfOpen,
        }
    }

    /// Says whether a success would change nothing: only a closed breaker's word is clean.
    #[inline]
    pub(super) fn is_clean(self) -> bool {
        self.0 & CLEAN != 0
    }

    #[inline]
    pub(super) fn generation(self) -> u64 {
        self.0 >> GENERATION
    }

    /// Returns how many probes may still be let through.
    pub(super) fn probes(self) -> u64 {
        (self.0 & PROBES) / PROBE
    }

    /// Sets whether a success would change nothing.
    pub(super) fn clean(self, is_clean: bool) -> Word {
        match is_clean {
            true => Word(self.0 | CLEAN),
            false => Word(self.0 & !CLEAN),
        }
    }

    /// Takes one of the free probes.
    pub(super) fn take_probe(self) -> Word {
        debug_assert!(self.probes() > 0, "none is taken that is not free");
        Word(self.0 - PROBE)
    }

    /// Puts back a probe that was taken.
    pub(super) fn put_probe(self) -> Word {
        debug_assert!(self.probes() < u64::from(u16::MAX), "no more are put back than were taken");
        Word(self.0 + PROBE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that everything put into a word comes out of it, in both forms.
    fn check(word: Word, state: State, is_clean: bool, probes: u64, generation: u64) {
        let word = Word::from_bits(word.bits());
        let found = (word.state(), word.is_clean(), word.probes(), word.generation());
        assert_eq!(found, (state, is_clean, probes, generation));
    }

    #[test]
    fn what_is_put_into_a_word_comes_out_of_it() {
        let last = (1 << 45) - 1;
        check(Word::closed(7, true), State::Closed, true, 0, 7);
        check(Word::closed(last, false), State::Closed, false, 0, last);
        check(Word::open(last), State::Open, false, 0, last);
        check(Word::half_open(last, u16::MAX), State::HalfOpen, false, 65_535, last);
        check(Word::closed(7, true).clean(false), State::Closed, false, 0, 7);
    }

    #[test]
    fn a_probe_is_taken_and_put_back() {
        let (two, one) = (Word::half_open(3, 2), Word::half_open(3, 1));
        assert_eq!((two.take_probe(), one.put_probe()), (one, two));
    }
}
