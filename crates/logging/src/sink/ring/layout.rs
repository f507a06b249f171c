//! The form of a side file: its head, the heads of its slots, and the note of a flush that is under way. Pure.
//!
//! Numbers are little-endian. A file is a head of [`FILE_HEAD`] bytes and slots of equal length; a slot is a head of
//! [`SLOT_HEAD`] bytes, of which each word has 8, and the lines behind it.

use std::fmt;

/// What a side file begins with.
const MAGIC: [u8; 8] = *b"segnoRNG";
/// The form's version. A file of a newer one is left as it is.
pub(crate) const VERSION: u32 = 1;

/// Longer than this is no side file; a bound on what a damaged head makes a reader allocate.
pub(crate) const MAX_LENGTH: u64 = 1 << 30;
/// The bytes before the first slot.
pub(crate) const FILE_HEAD: usize = 4096;
/// The bytes of a slot before its lines.
pub(crate) const SLOT_HEAD: usize = 128;
/// The bytes of the file's head that say something.
pub(crate) const HEAD: usize = 48;
/// Where in the file's head the number of slots stands; it alone changes.
#[cfg(feature = "subscriber")]
pub(crate) const COUNT_AT: u64 = 40;

/// The word that says that the slot is in use.
pub(crate) const MARK: usize = 0;
/// The value of that word.
pub(crate) const MARKED: u64 = u64::from_le_bytes(*b"segnslot");
/// The word that says how many bytes of lines are whole; stored after them.
pub(crate) const COMMITTED: usize = 1;
/// The first word of the note.
pub(crate) const NOTE: usize = 2;
/// The words of the note; the last is its seal, which is stored last.
pub(crate) const NOTE_WORDS: usize = 7;

/// The least and the greatest length of a slot's lines.
pub(crate) const CAPACITY: std::ops::RangeInclusive<usize> = 4096..=16 << 20;

/// How many bytes of lines a slot of this file takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) capacity: usize,
}

/// What is wrong with a side file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It was written by a newer version of this crate.
    Newer(u32),
    /// It is no side file, or was damaged.
    Damaged(&'static str),
}

impl fmt::Display for Flaw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Newer(version) => write!(formatter, "it has version {version}, and this program knows {VERSION}"),
            Flaw::Damaged(what) => formatter.write_str(what),
        }
    }
}

impl Shape {
    /// Slots of about so many bytes, within the limits.
    #[cfg(any(test, feature = "subscriber"))]
    pub(crate) fn new(bytes: usize) -> Shape {
        let bytes = bytes.clamp(*CAPACITY.start(), *CAPACITY.end());
        // A whole number of cache lines, head included.
        Shape { capacity: bytes / 64 * 64 }
    }

    /// A slot's length, head included.
    pub(crate) fn stride(self) -> usize {
        SLOT_HEAD + self.capacity
    }

    /// So many slots make a file of [`MAX_LENGTH`] at most.
    #[cfg(feature = "subscriber")]
    pub(crate) fn max_slots(self) -> usize {
        (MAX_LENGTH as usize - FILE_HEAD) / self.stride()
    }

    pub(crate) fn slot_at(self, index: usize) -> u64 {
        (FILE_HEAD + index * self.stride()) as u64
    }

    /// The head of a file that has no slots yet, of a process and a start of the machine.
    #[cfg(any(test, feature = "subscriber"))]
    pub(crate) fn head(self, process: u32, boot: u64) -> [u8; HEAD] {
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(&MAGIC);
        head[8..12].copy_from_slice(&VERSION.to_le_bytes());
        head[12..16].copy_from_slice(&process.to_le_bytes());
        head[16..24].copy_from_slice(&(self.capacity as u64).to_le_bytes());
        head[24..32].copy_from_slice(&boot.to_le_bytes());
        let seal = seal(&words(&head[..32]));
        head[32..40].copy_from_slice(&seal.to_le_bytes());
        head
    }
}

/// What a file's head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) shape: Shape,
    /// The start of the machine in which it was written.
    pub(crate) boot: u64,
    /// So many slots there must be.
    pub(crate) slots: u64,
}

impl Head {
    pub(crate) fn read(head: &[u8]) -> Result<Head, Flaw> {
        let head = head.get(..HEAD).ok_or(Flaw::Damaged("its head is cut"))?;
        if head[..8] != MAGIC {
            return Err(Flaw::Damaged("it is no side file of a log"));
        }
        let words = words(head);
        let version = words[1] as u32;
        if version > VERSION {
            return Err(Flaw::Newer(version));
        }
        if version == 0 || seal(&words[..4]) != words[4] {
            return Err(Flaw::Damaged("its head is damaged"));
        }
        match usize::try_from(words[2]) {
            Ok(capacity) if CAPACITY.contains(&capacity) => {
                Ok(Head { shape: Shape { capacity }, boot: words[3], slots: words[5] })
            }
            _ => Err(Flaw::Damaged("its slots have an impossible length")),
        }
    }
}

/// Bytes as words; a part of a word at the end is dropped.
pub(crate) fn words(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("chunks have 8 bytes"))).collect()
}

/// Where in which file a write begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) offset: u64,
}

/// What is being written to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    /// The slot's lines from this byte on, to the end of what is committed.
    Lines { start: u64, place: Place },
    /// A line that is longer than a slot and in none.
    Long { length: u64, place: Place },
}

impl Note {
    #[cfg(any(test, feature = "subscriber"))]
    pub(crate) fn words(&self) -> [u64; NOTE_WORDS] {
        let (kind, amount, place) = match *self {
            Note::Lines { start, place } => (1, start, place),
            Note::Long { length, place } => (2, length, place),
        };
        let mut words = [kind, amount, place.device, place.inode, place.offset, 0, 0];
        words[6] = seal(&words[..6]);
        words
    }

    /// Reads a note; an unset seal means that there is none.
    pub(crate) fn read(words: &[u64]) -> Result<Option<Note>, Flaw> {
        let &[kind, amount, device, inode, offset, _, stored] = words else {
            return Err(Flaw::Damaged("a slot's head is cut"));
        };
        let place = Place { device, inode, offset };
        match kind {
            _ if stored == 0 => Ok(None),
            _ if stored != seal(&words[..6]) => Err(Flaw::Damaged("the note of a flush is damaged")),
            1 => Ok(Some(Note::Lines { start: amount, place })),
            2 => Ok(Some(Note::Long { length: amount, place })),
            _ => Err(Flaw::Damaged("the note of a flush is of an unknown kind")),
        }
    }
}

/// A checksum that is never zero.
fn seal(words: &[u64]) -> u64 {
    let mix = words
        .iter()
        .fold(0x5347_4e4f_u64, |sum, word| (sum.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    (mix ^ (mix >> 29)) | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reads_back() {
        let shape = Shape::new(64 << 10);
        assert_eq!(Head::read(&shape.head(7, 9)), Ok(Head { shape, boot: 9, slots: 0 }));
        assert_eq!(Shape::new(0).capacity, 4096);
        assert_eq!(Shape::new(usize::MAX).capacity, 16 << 20);
    }

    #[test]
    fn every_flipped_bit_of_a_head_is_seen() {
        let head = Shape::new(64 << 10).head(7, 9);
        for bit in 0..40 * 8 {
            let mut damaged = head;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Head::read(&damaged).is_err(), "bit {bit}");
        }
        assert_eq!(Head::read(&head[..47]), Err(Flaw::Damaged("its head is cut")));
    }

    #[test]
    fn a_note_reads_back_and_every_flipped_bit_is_seen() {
        let place = Place { device: 1, inode: u64::MAX, offset: 3 };
        for note in [Note::Lines { start: 0, place }, Note::Long { length: 9, place }] {
            let words = note.words();
            assert_eq!(Note::read(&words), Ok(Some(note)));
            for bit in 0..NOTE_WORDS * 64 {
                let mut damaged = words;
                damaged[bit / 64] ^= 1 << (bit % 64);
                assert!(Note::read(&damaged).is_err(), "bit {bit}");
            }
        }
        assert_eq!(Note::read(&[9, 9, 9, 9, 9, 9, 0]), Ok(None));
    }
}
