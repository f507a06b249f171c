//! What stands round a value's bytes in a layer: whose it is, of which key, until when, and a seal over all of it. Bytes that
//! do not fit are never handed on.

use std::time::Duration;

use super::namespace::Namespace;
use crate::Digest;
use crate::clock::span;

const MAGIC: [u8; 4] = *b"\xc5gno";
const VERSION: u8 = 1;
const COMPRESSED: u8 = 1;

// Magic, version, flags and writer's length; identity; written at, expires at; length of the value; seal.
const IDENTITY: usize = 8;
const WRITTEN: usize = 24;
const EXPIRES: usize = 32;
const LENGTH: usize = 40;
const SEAL: usize = 48;
const BODY: usize = 80;

const NEVER: i64 = i64::MAX;

/// LZ4 gives at most so many bytes for one; an entry that promises more lies.
const MAX_RATIO: u64 = 255;

/// Clocks of different machines are so far apart at most. An entry that is to expire and was written later than that from
/// now is not used: nobody can say how old it is.
const MAX_SKEW: i64 = 300 * 1_000_000_000;

/// Why an entry is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// It is no entry of this namespace: something else stands there, or somebody else wrote it.
    Foreign,
    /// It claims to be one, but its seal is wrong: it was damaged or forged, or it belongs to another key.
    Poisoned,
    /// A writer who is not accepted wrote it.
    Untrusted {
        /// The writer's name.
        writer: String,
    },
    /// A newer program wrote it in a format that this one does not know.
    Newer,
    /// Its time is over, or cannot be told since the clock was set back.
    Expired,
    /// It was written before something that this layer has not been told of yet.
    Outdated,
    /// It is whole, but the codec cannot read it.
    Unreadable,
}

impl Rejection {
    /// Returns whether somebody may have done this on purpose.
    pub fn is_security_event(&self) -> bool {
        matches!(self, Rejection::Foreign | Rejection::Poisoned | Rejection::Untrusted { .. })
    }
}

/// Puts values into envelopes and takes them out.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    pub(super) namespace: Namespace,
    /// Longer values are compressed, if that makes them shorter.
    pub(super) compress_above: usize,
    /// Longer values are neither written nor believed.
    pub(super) max_bytes: usize,
}

/// What was in an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) plain: Vec<u8>,
    /// How long it may still be used.
    pub(super) left: Option<Duration>,
}

impl Envelope {
    /// Seals a value, or returns nothing if it is longer than any that would be believed.
    pub(super) fn seal(&self, key: &Digest, plain: &[u8], now: i64, live: Option<Duration>) -> Option<Vec<u8>> {
        if plain.len() > self.max_bytes {
            return None;
        }
        let packed = (plain.len() > self.compress_above).then(|| lz4_flex::block::compress(plain));
        let packed = packed.filter(|packed| packed.len() < plain.len());
        let writer = self.namespace.writer.as_bytes();
        let body = packed.as_deref().unwrap_or(plain);
        let mut bytes = Vec::with_capacity(BODY + writer.len() + body.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[VERSION, if packed.is_some() { COMPRESSED } else { 0 }]);
        bytes.extend_from_slice(&(writer.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&self.namespace.identity);
        bytes.extend_from_slice(&now.to_le_bytes());
        bytes.extend_from_slice(&live.map_or(NEVER, |live| now.saturating_add(span(live))).to_le_bytes());
        bytes.extend_from_slice(&(plain.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&[0; BODY - SEAL]);
        bytes.extend_from_slice(writer);
        bytes.extend_from_slice(body);
        let seal = self.sum(key, &bytes);
        bytes[SEAL..BODY].copy_from_slice(seal.as_bytes());
        Some(bytes)
    }

    /// Takes the value out if all is as it should be. `since` is the moment before which nothing may have been written.
    pub(super) fn open(&self, key: &Digest, bytes: &[u8], now: i64, since: i64) -> Result<Opened, Rejection> {
        if bytes.len() < BODY || bytes[..4] != MAGIC {
            return Err(Rejection::Foreign);
        }
        if bytes[4] > VERSION {
            return Err(Rejection::Newer);
        }
        if bytes[IDENTITY..WRITTEN] != self.namespace.identity {
            return Err(Rejection::Foreign);
        }
        let seal: [u8; 32] = field(bytes, SEAL);
        // Compared by the hash's own type, which takes as long for any pair.
        if self.sum(key, bytes) != blake3::Hash::from_bytes(seal) || bytes[4] != VERSION {
            return Err(Rejection::Poisoned);
        }
        let writer_bytes = usize::from(u16::from_le_bytes(field(bytes, 6)));
        let (writer, body) = bytes[BODY..].split_at_checked(writer_bytes).ok_or(Rejection::Poisoned)?;
        let writer = std::str::from_utf8(writer).map_err(|_| Rejection::Poisoned)?;
        if !self.namespace.accepts(writer) {
            return Err(Rejection::Untrusted { writer: writer.to_owned() });
        }
        let left =
            left(i64::from_le_bytes(field(bytes, WRITTEN)), i64::from_le_bytes(field(bytes, EXPIRES)), now, since)?;
        let length = u64::from_le_bytes(field(bytes, LENGTH));
        Ok(Opened { plain: self.unpack(bytes[5], body, length)?, left })
    }

    fn unpack(&self, flags: u8, body: &[u8], length: u64) -> Result<Vec<u8>, Rejection> {
        let promised = usize::try_from(length).map_err(|_| Rejection::Poisoned)?;
        let most = (body.len() as u64).saturating_mul(MAX_RATIO);
        if promised > self.max_bytes || length > most {
            return Err(Rejection::Poisoned);
        }
        let plain = match flags {
            0 => body.to_vec(),
            COMPRESSED => lz4_flex::block::decompress(body, promised).map_err(|_| Rejection::Poisoned)?,
            _ => return Err(Rejection::Poisoned),
        };
        if plain.len() == promised { Ok(plain) } else { Err(Rejection::Poisoned) }
    }

    /// Sums everything but the seal. All lengths stand in the head, so that nothing can move from one part to the next.
    fn sum(&self, key: &Digest, bytes: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.namespace.seal);
        hasher.update(key.as_bytes()).update(&bytes[..SEAL]).update(&bytes[BODY..]);
        hasher.finalize()
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}

/// Returns how long an entry may still be used: never longer than it was to live, also if the clock was set back.
fn left(written: i64, expires: i64, now: i64, since: i64) -> Result<Option<Duration>, Rejection> {
    if written < since {
        return Err(Rejection::Outdated);
    }
    if expires == NEVER {
        return Ok(None);
    }
    let left = expires.saturating_sub(now).min(expires.saturating_sub(written));
    if left <= 0 || written > now.saturating_add(MAX_SKEW) {
        return Err(Rejection::Expired);
    }
    Ok(Some(Duration::from_nanos(left.unsigned_abs())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_800_000_000_000_000_000;
    const MINUTE: i64 = 60_000_000_000;

    fn envelope(namespace: Namespace) -> Envelope {
        Envelope { namespace, compress_above: 100, max_bytes: 100_000 }
    }

    fn key(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    /// Seals a value for a minute under `a`, changes the bytes, and opens them.
    fn check(plain: &[u8], now: i64, change: impl Fn(&mut Vec<u8>), expected: Result<Option<u64>, Rejection>) {
        let envelope = envelope(Namespace::open("test"));
        let mut bytes = envelope.seal(&key("a"), plain, NOW, Some(Duration::from_secs(60))).unwrap();
        change(&mut bytes);
        let opened = envelope.open(&key("a"), &bytes, now, i64::MIN);
        if let Ok(opened) = &opened {
            assert_eq!(opened.plain, plain);
        }
        assert_eq!(opened.map(|opened| opened.left.map(|left| left.as_secs())), expected);
    }

    #[test]
    fn a_value_comes_back_with_what_is_left_of_its_time() {
        check(b"value", NOW, |_| {}, Ok(Some(60)));
        check(b"", NOW + MINUTE / 2, |_| {}, Ok(Some(30)));
        check(&[7; 5_000], NOW + MINUTE - 1, |_| {}, Ok(Some(0)));
        check(b"value", NOW + MINUTE, |_| {}, Err(Rejection::Expired));
    }

    #[test]
    fn a_clock_that_was_set_back_never_makes_a_life_longer() {
        check(b"value", NOW - MINUTE, |_| {}, Ok(Some(60)));
        check(b"value", NOW - 6 * MINUTE, |_| {}, Err(Rejection::Expired));
        check(b"value", i64::MIN, |_| {}, Err(Rejection::Expired));
    }

    #[test]
    fn what_is_no_entry_is_foreign_and_what_is_newer_is_left_alone() {
        check(b"value", NOW, |bytes| bytes.clear(), Err(Rejection::Foreign));
        check(b"value", NOW, |bytes| bytes.truncate(79), Err(Rejection::Foreign));
        check(b"value", NOW, |bytes| bytes[0] = 0, Err(Rejection::Foreign));
        check(b"value", NOW, |bytes| bytes[4] = 2, Err(Rejection::Newer));
        check(b"value", NOW, |bytes| bytes[4] = 0, Err(Rejection::Poisoned));
        check(b"value", NOW, |bytes| bytes.truncate(82), Err(Rejection::Poisoned));
    }

    proptest! {
        #[test]
        fn no_changed_bit_gives_a_value(plain in prop::collection::vec(0u8..4, 0..300), bit in any::<prop::sample::Index>()) {
            let envelope = envelope(Namespace::open("test").writer("main"));
            let sealed = envelope.seal(&key("a"), &plain, NOW, None).unwrap();
            prop_assert_eq!(envelope.open(&key("a"), &sealed, NOW, NOW), Ok(Opened { plain, left: None }));
            let mut changed = sealed.clone();
            let bit = bit.index(changed.len() * 8);
            changed[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(envelope.open(&key("a"), &changed, NOW, NOW).is_err());
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), head in 0usize..48) {
            let envelope = envelope(Namespace::open("test"));
            prop_assert!(envelope.open(&key("a"), &bytes, NOW, NOW).is_err());
            let mut mixed = envelope.seal(&key("a"), b"value", NOW, None).unwrap()[..head].to_vec();
            mixed.extend_from_slice(&bytes);
            prop_assert!(envelope.open(&key("a"), &mixed, NOW, NOW).is_err());
        }
    }

    #[test]
    fn a_value_is_believed_only_under_its_own_key_name_and_secret() {
        let signed = |name, secret| envelope(Namespace::signed(name, secret).unwrap());
        let (ours, theirs) = (signed("ci", b"0123456789abcdef"), signed("ci", b"0123456789abcdeF"));
        let bytes = ours.seal(&key("a"), b"value", NOW, None).unwrap();
        assert_eq!(ours.open(&key("b"), &bytes, NOW, NOW), Err(Rejection::Poisoned));
        assert_eq!(theirs.open(&key("a"), &bytes, NOW, NOW), Err(Rejection::Foreign));
        assert_eq!(envelope(Namespace::open("ci")).open(&key("a"), &bytes, NOW, NOW), Err(Rejection::Foreign));
        let mut relabelled = bytes.clone();
        relabelled[IDENTITY..WRITTEN].copy_from_slice(&theirs.namespace.identity);
        assert_eq!(theirs.open(&key("a"), &relabelled, NOW, NOW), Err(Rejection::Poisoned));
        assert_eq!(ours.open(&key("a"), &bytes, NOW, NOW + 1), Err(Rejection::Outdated));
    }

    #[test]
    fn only_accepted_writers_are_believed() {
        let secret = b"0123456789abcdef";
        let fork = envelope(Namespace::signed("ci", secret).unwrap().writer("fork"));
        let main = envelope(Namespace::signed("ci", secret).unwrap().accept(|writer| writer == "main"));
        let bytes = fork.seal(&key("a"), b"value", NOW, None).unwrap();
        let rejection = main.open(&key("a"), &bytes, NOW, NOW).unwrap_err();
        assert_eq!(rejection, Rejection::Untrusted { writer: "fork".into() });
        assert!(rejection.is_security_event());
    }

    #[test]
    fn long_values_are_compressed_and_too_long_ones_are_neither_written_nor_believed() {
        let small = envelope(Namespace::open("test"));
        let bytes = small.seal(&key("a"), &[7; 100_000], NOW, None).unwrap();
        assert!(bytes.len() < 1_000, "{}", bytes.len());
        assert_eq!(small.seal(&key("a"), &[7; 100_001], NOW, None), None);
        let smaller = Envelope { max_bytes: 99_999, ..small.clone() };
        assert_eq!(smaller.open(&key("a"), &bytes, NOW, NOW), Err(Rejection::Poisoned));
    }

    #[test]
    fn a_promise_of_gigabytes_takes_no_memory() {
        let envelope = Envelope { max_bytes: usize::MAX, ..envelope(Namespace::open("test")) };
        let mut bytes = envelope.seal(&key("a"), &[7; 1_000], NOW, None).unwrap();
        bytes[LENGTH..SEAL].copy_from_slice(&(1u64 << 40).to_le_bytes());
        let seal = envelope.sum(&key("a"), &bytes);
        bytes[SEAL..BODY].copy_from_slice(seal.as_bytes());
        assert_eq!(envelope.open(&key("a"), &bytes, NOW, NOW), Err(Rejection::Poisoned));
    }

    /// The first format; a program that cannot read it any more must take another version.
    #[test]
    fn the_entry_of_yesterday_is_read_today() {
        let envelope = envelope(Namespace::signed("yesterday", b"0123456789abcdef").unwrap().writer("main"));
        let bytes = envelope.seal(&key("a"), b"value", NOW, None).unwrap();
        assert_eq!(Digest::of(&bytes).short(), "b7f43616");
    }
}
