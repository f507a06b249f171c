//! Finds where plain runs end: quotes, backslashes and control characters, for many lines at once.
//!
//! The checker then jumps from bit to bit instead of looking at each byte of a string, and never waits
//! for one string's end to know where the next begins. Written so that compilers turn the loops into wide
//! steps; no processor is asked for by name.

/// So many bytes become one word of bits.
const WORD: usize = 64;
/// So many bytes are classed before their bits are taken; they stay in the first cache.
const PIECE: usize = 4096;
/// The stops in a range of bytes, a bit for each byte.
#[derive(Debug, Clone, Default)]
pub(super) struct Stops {
    words: Vec<u64>,
    /// The bytes of a piece, classed: kept only so that it need not be made again.
    classes: Vec<u8>,
    begin: usize,
    end: usize,
    /// No byte of the range is beyond ASCII.
    pub(super) ascii: bool,
}

impl Stops {
    /// Finds the stops in `bytes[begin..end]`.
    pub(super) fn find(&mut self, bytes: &[u8], begin: usize, end: usize) {
        let range = &bytes[begin..end];
        (self.begin, self.end) = (begin, end);
        self.ascii = range.is_ascii();
        self.words.clear();
        let most = range.len().min(PIECE).next_multiple_of(WORD);
        if self.classes.len() < most {
            self.classes.resize(most, 0);
        }
        for piece in range.chunks(PIECE) {
            let rounded = piece.len().next_multiple_of(WORD);
            let classes = &mut self.classes[..rounded];
            class(piece, classes);
            self.words.extend(classes.as_chunks::<WORD>().0.iter().map(gather));
        }
    }

    /// Returns the stops from a place in the range on.
    #[inline(always)]
    pub(super) fn ahead(&self, from: usize) -> Ahead<'_> {
        let (word, bits) = self.word(from);
        Ahead { words: &self.words, begin: self.begin, end: self.end, word, bits }
    }

    /// Returns the first stop at `from` or behind it; the range's end when there is none.
    #[inline(always)]
    pub(super) fn first(&self, from: usize) -> usize {
        let place = from - self.begin;
        let (word, shift) = (place / WORD, place % WORD);
        // Two words make one that begins with the place: where words meet, nothing has to be foreseen.
        if let Some([low, high]) = self.words.get(word..word + 2) {
            let bits = low >> shift | high << 1 << (WORD - 1 - shift);
            if bits != 0 {
                return from + bits.trailing_zeros() as usize;
            }
        }
        self.ahead(from).next(from)
    }

    /// Returns the number of the word in which a place stands, and its bits from there on.
    #[inline(always)]
    fn word(&self, from: usize) -> (usize, u64) {
        let place = from - self.begin;
        let word = place / WORD;
        let bits = self.words.get(word).copied().unwrap_or(0);
        (word, bits & (u64::MAX << (place % WORD)))
    }
}

/// The stops from a place on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead<'a> {
    words: &'a [u64],
    begin: usize,
    end: usize,
    /// A word, and its bits that were not stepped over.
    word: usize,
    bits: u64,
}

impl Ahead<'_> {
    /// Returns the next stop at `least` or behind it and steps over it; the range's end when there is none.
    #[inline(always)]
    pub(super) fn next(&mut self, least: usize) -> usize {
        loop {
            let Ahead { word, bits, .. } = *self;
            if bits == 0 {
                match self.words.get(word + 1) {
                    Some(bits) => (self.word, self.bits) = (word + 1, *bits),
                    None => return self.end,
                }
                continue;
            }
            self.bits = bits & (bits - 1);
            let place = self.begin + word * WORD + bits.trailing_zeros() as usize;
            if place >= least {
                return place;
            }
        }
    }
}

/// Byte n of a word's bytes has bit n / 8, so that the words of eight bytes are the rows of a square of bits.
const ROWS: [u8; WORD] = {
    let mut rows = [0; WORD];
    let mut place = 0;
    while place < WORD {
        rows[place] = 1 << (place / 8);
        place += 1;
    }
    rows
};

/// Sets its row's bit for each byte that is a stop. Alone it is turned into wide steps, inlined it is not.
#[inline(never)]
fn class(bytes: &[u8], classes: &mut [u8]) {
    let (words, rest) = bytes.as_chunks::<WORD>();
    let (marked, unmarked) = classes.as_chunks_mut::<WORD>();
    for (classes, bytes) in marked.iter_mut().zip(words) {
        for place in 0..WORD {
            classes[place] = if is_stop(bytes[place]) { ROWS[place] } else { 0 };
        }
    }
    // The rest of the last word is white.
    if let Some(last) = marked.get_mut(words.len()) {
        last.fill(0);
        for place in 0..rest.len() {
            last[place] = if is_stop(rest[place]) { ROWS[place] } else { 0 };
        }
    }
    debug_assert!(unmarked.is_empty(), "classes are whole words");
}

#[inline(always)]
fn is_stop(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
}

/// Gathers the bits of 64 bytes: the square is turned about its diagonal.
#[inline(always)]
fn gather(word: &[u8; WORD]) -> u64 {
    let rows = word.as_chunks::<8>().0.iter();
    let mut bits = rows.fold(0, |bits, row| bits | u64::from_le_bytes(*row));
    for (shift, mask) in [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)] {
        let moved = (bits ^ (bits >> shift)) & mask;
        bits ^= moved ^ (moved << shift);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(bytes: &[u8], from: usize, to: usize) {
        let mut stops = Stops::default();
        // What was found before must not shine through.
        stops.find(&[b'"'; 300], 0, 300);
        stops.find(bytes, from, to);
        let is_stop = |place: &usize| matches!(bytes[*place], b'"' | b'\\' | 0..0x20);
        let mut ahead = stops.ahead(from);
        for place in (from..to).filter(is_stop) {
            assert_eq!(ahead.next(0), place);
        }
        for at in from..to {
            assert_eq!(stops.first(at), (at..to).find(is_stop).unwrap_or(to));
        }
        assert_eq!(ahead.next(0), to);
        assert_eq!(stops.ascii, bytes[from..to].is_ascii());
    }

    #[test]
    fn every_byte_is_told_in_every_place() {
        for byte in 0..=u8::MAX {
            for place in [0, 1, 7, 8, 63, 64, 130] {
                let mut bytes = [b'x'; 131];
                bytes[place] = byte;
                check(&bytes, 0, 131);
            }
        }
    }

    #[test]
    fn pieces_join() {
        let bytes: Vec<u8> = (0..3 * PIECE + 5).map(|at| if at % 7 < 2 { b'"' } else { b'x' }).collect();
        check(&bytes, 0, bytes.len());
        check(&bytes, PIECE - 3, 2 * PIECE + 1);
        check(&[b'\n'; PIECE + 1], 0, PIECE + 1);
        check(b"", 0, 0);
    }

    #[test]
    fn stops_before_a_place_are_passed_over() {
        let mut stops = Stops::default();
        stops.find(b"\"a\\\"b\"", 0, 6);
        let mut ahead = stops.ahead(0);
        assert_eq!([ahead.next(1), ahead.next(4), ahead.next(4)], [2, 5, 6]);
    }

    proptest! {
        #[test]
        fn every_range_is_told(bytes in prop::collection::vec(any::<u8>(), 0..300), from in 0_usize..300, to in 0_usize..300) {
            let to = to.min(bytes.len());
            check(&bytes, from.min(to), to);
        }
    }
}
