//! The content digest: 32 bytes of BLAKE3, written as hex. What is hashed is decided elsewhere.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Error;

/// Names a content by its BLAKE3 hash.
///
/// Displayed, parsed and serialised as 64 lower-case hex digits.
///
/// ```
/// use segno_cache::Digest;
///
/// let digest = Digest::of(b"hello");
/// assert_eq!(digest.to_string().parse::<Digest>().ok(), Some(digest));
/// assert_eq!(digest.short(), "ea8f163d");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Hashes the bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(*blake3::hash(bytes).as_bytes())
    }

    /// Hashes a text. Keys are full of the same few short ones ("", "."), whose digests are remembered by each thread.
    pub(crate) fn of_text(text: &str) -> Digest {
        let Some(short) = Short::new(text) else {
            return Digest::of(text.as_bytes());
        };
        REMEMBERED.with_borrow_mut(|places| {
            let place = &mut places[short.place()];
            match place {
                Some((known, digest)) if *known == short => *digest,
                _ => place.insert((short, Digest::of(text.as_bytes()))).1,
            }
        })
    }

    /// Takes 32 bytes that are a digest already.
    pub const fn from_bytes(bytes: [u8; 32]) -> Digest {
        Digest(bytes)
    }

    /// Returns the 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the first 8 hex digits, for people.
    pub fn short(&self) -> String {
        self.0[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns the first 8 bytes as a number, by which tables are kept.
    #[cfg(feature = "disk")]
    pub(crate) fn row_id(&self) -> i64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0[..8]);
        i64::from_le_bytes(first)
    }

    /// Hashes bytes for one purpose only, so that the same bytes under another purpose differ.
    pub(crate) fn derived(purpose: &str, bytes: &[u8]) -> Digest {
        Digest(blake3::derive_key(purpose, bytes))
    }

    pub(crate) fn finish(hasher: &blake3::Hasher) -> Digest {
        Digest(*hasher.finalize().as_bytes())
    }
}

/// How many short texts a thread remembers.
const PLACES: usize = 32;

thread_local! {
    static REMEMBERED: RefCell<[Option<(Short, Digest)>; PLACES]> = const { RefCell::new([None; PLACES]) };
}

/// A text of up to eight bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Short {
    bytes: [u8; 8],
    length: usize,
}

impl Short {
    fn new(text: &str) -> Option<Short> {
        let mut bytes = [0; 8];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Short { bytes, length: text.len() })
    }

    /// Two texts may share a place; the later one takes it.
    fn place(self) -> usize {
        let number = u64::from_le_bytes(self.bytes) ^ self.length as u64;
        (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59) as usize
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = Error;

    /// Reads 64 hex digits; anything else is [`Error::Digest`].
    fn from_str(text: &str) -> Result<Digest, Error> {
        match blake3::Hash::from_hex(text) {
            Ok(hash) => Ok(Digest(*hash.as_bytes())),
            Err(_) => Err(Error::Digest { text: text.chars().take(80).collect() }),
        }
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        struct Hex;
        impl de::Visitor<'_> for Hex {
            type Value = Digest;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("64 hex digits")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Digest, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Hex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_travels_as_hex() {
        let digest = Digest::of(b"");
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(json, "\"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262\"");
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
    }

    #[test]
    fn text_that_is_not_a_digest_is_refused_by_name() {
        let error = "nonsense".parse::<Digest>().unwrap_err();
        assert_eq!(error.to_string(), "`nonsense` is not a digest of 64 hex digits");
    }

    #[test]
    fn a_purpose_separates_equal_bytes() {
        assert_ne!(Digest::derived("one", b"x"), Digest::derived("two", b"x"));
        assert_ne!(Digest::derived("one", b"x"), Digest::of(b"x"));
    }

    #[test]
    fn a_remembered_text_has_its_own_digest() {
        let texts: Vec<String> = (0..200).map(|number| "\0".repeat(number % 10) + &number.to_string()).collect();
        let plain = ["", "\0", "\0\0", ".", "[0]", "command", "commands", "commands!"].map(str::to_owned);
        for text in texts.iter().chain(&plain).chain(&texts).chain(&plain) {
            assert_eq!(Digest::of_text(text), Digest::of(text.as_bytes()), "{text:?}");
        }
    }
}
