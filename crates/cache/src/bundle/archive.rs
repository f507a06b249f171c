//! A file of many bundles: a random word that goes into every seal, each bundle with its length and its seal, and a seal at
//! the end. A file that was cut gives what is whole; one that somebody changed, or put together from others, gives nothing.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Write};

use super::parts::{Bundle, BundleError};
use crate::Error;
use crate::error::MIN_SECRET_BYTES;

const MAGIC: &[u8; 16] = b"segno-cache 2  \n";

/// How the head of every archive begins, of whatever format.
const NAME: &[u8] = b"segno-cache ";

/// A length that no bundle has: the end, after which a seal comes.
const END: u64 = u64::MAX;

const SEAL: &str = "segno-cache 2026-11-27 archive seal 1";
const OPEN: &str = "segno-cache 2026-11-27 archive without secret 1";

/// What archives are sealed with: who does not have it can neither make nor change one unnoticed.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Derives the key from bytes; long random ones are wanted, as from a password generator.
    ///
    /// [`Error::Secret`] if there are fewer than 16.
    pub fn new(secret: &[u8]) -> Result<Secret, Error> {
        match secret.len() < MIN_SECRET_BYTES {
            true => Err(Error::Secret { bytes: secret.len(), min_bytes: MIN_SECRET_BYTES }),
            false => Ok(Secret(blake3::derive_key(SEAL, secret))),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

/// Why an archive cannot be read on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// It is something else.
    #[error("this is no archive of a cache")]
    Foreign,
    /// Another program wrote it, most likely a newer one.
    #[error("the archive of a cache has another format than this program knows")]
    Format,
    /// A result is larger than what is read again; it was not written.
    #[error("the result of `{subject}` has {bytes} bytes, and an archive takes {max_bytes}")]
    TooLarge {
        /// Whose result it is.
        subject: String,
        /// What it takes.
        bytes: u64,
        /// What would be allowed.
        max_bytes: u64,
    },
    /// It ends before its end.
    #[error("the archive is cut after {bundles} results")]
    Cut {
        /// How many results were whole.
        bundles: u64,
    },
    /// A seal is not the one that this secret makes: it was made with another one or none, or it was changed.
    #[error("result {number} of the archive is not sealed with this secret, or was changed")]
    Seal {
        /// Which one, from 1.
        number: u64,
    },
    /// A bundle cannot be read.
    #[error("result {number} of the archive cannot be read")]
    Bundle {
        /// Which one, from 1.
        number: u64,
        /// What is wrong with it.
        source: BundleError,
    },
    /// The file cannot be read or written.
    #[error("the archive cannot be read or written")]
    Io(#[from] io::Error),
}

/// Writes an archive.
#[derive(Debug)]
pub struct ArchiveWriter<W> {
    file: W,
    key: [u8; 32],
    bundles: u64,
    max_bytes: u64,
}

impl<W: Write> ArchiveWriter<W> {
    /// Begins an archive.
    pub fn new(mut file: W, secret: Option<&Secret>) -> Result<ArchiveWriter<W>, ArchiveError> {
        let word = word();
        file.write_all(MAGIC)?;
        file.write_all(&word)?;
        Ok(ArchiveWriter { file, key: key(secret, word), bundles: 0, max_bytes: Bundle::MAX_BYTES })
    }

    /// Adds a result. One that would not be read again is refused, and the archive is as it was.
    pub fn add(&mut self, bundle: &Bundle) -> Result<(), ArchiveError> {
        let fits = |bytes: u64| match bytes > self.max_bytes {
            true => Err(ArchiveError::TooLarge { subject: bundle.subject.clone(), bytes, max_bytes: self.max_bytes }),
            false => Ok(()),
        };
        // Asked first, so that what is far too large is not copied to find that out.
        fits(bundle.content_bytes())?;
        let bytes = bundle.encode();
        fits(bytes.len() as u64)?;
        self.file.write_all(&(bytes.len() as u64).to_le_bytes())?;
        self.file.write_all(seal(&self.key, self.bundles, &bytes).as_bytes())?;
        self.file.write_all(&bytes)?;
        self.bundles += 1;
        Ok(())
    }

    /// Ends the archive and returns the file and how many results are in it.
    pub fn finish(mut self) -> Result<(W, u64), ArchiveError> {
        self.file.write_all(&END.to_le_bytes())?;
        self.file.write_all(seal(&self.key, self.bundles, b"end").as_bytes())?;
        self.file.flush()?;
        Ok((self.file, self.bundles))
    }
}

/// Reads an archive, one result after the other, and holds one at a time in memory.
#[derive(Debug)]
pub struct ArchiveReader<R> {
    file: R,
    key: [u8; 32],
    bundles: u64,
    max_bytes: u64,
    is_over: bool,
}

impl<R: Read> ArchiveReader<R> {
    /// Begins to read.
    pub fn new(mut file: R, secret: Option<&Secret>) -> Result<ArchiveReader<R>, ArchiveError> {
        let (mut magic, mut word) = ([0; MAGIC.len()], Word::default());
        match file.read_exact(&mut magic) {
            Ok(()) if magic == *MAGIC => {}
            Ok(()) if magic.starts_with(NAME) => return Err(ArchiveError::Format),
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error.into()),
            _ => return Err(ArchiveError::Foreign),
        }
        exact(&mut file, &mut word, 0)?;
        let (key, max_bytes) = (key(secret, word), Bundle::MAX_BYTES);
        Ok(ArchiveReader { file, key, bundles: 0, max_bytes, is_over: false })
    }

    fn read(&mut self) -> Result<Option<Bundle>, ArchiveError> {
        let (mut length, mut seal_bytes) = ([0; 8], [0; 32]);
        exact(&mut self.file, &mut length, self.bundles)?;
        exact(&mut self.file, &mut seal_bytes, self.bundles)?;
        let (length, number) = (u64::from_le_bytes(length), self.bundles + 1);
        let sealed = |bytes: &[u8]| match seal(&self.key, self.bundles, bytes) == seal_bytes {
            true => Ok(()),
            false => Err(ArchiveError::Seal { number }),
        };
        if length == END {
            return sealed(b"end").map(|()| None);
        }
        // No writer wrote it, so what the length says is not believed.
        if length > self.max_bytes {
            return Err(ArchiveError::Seal { number });
        }
        let mut bytes = Vec::new();
        // What the length says is read, not allocated, before it is known to be there.
        self.file.by_ref().take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != length {
            return Err(ArchiveError::Cut { bundles: self.bundles });
        }
        sealed(&bytes)?;
        self.bundles = number;
        Bundle::decode(&bytes).map(Some).map_err(|source| ArchiveError::Bundle { number, source })
    }
}

/// Reads so many bytes, after so many bundles.
fn exact(file: &mut impl Read, bytes: &mut [u8], bundles: u64) -> Result<(), ArchiveError> {
    file.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => ArchiveError::Cut { bundles },
        _ => error.into(),
    })
}

impl<R: Read> Iterator for ArchiveReader<R> {
    type Item = Result<Bundle, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let read = self.read().transpose();
        // Only a bundle that is not understood can be passed over: after everything else nothing can be believed.
        self.is_over = !matches!(read, Some(Ok(_) | Err(ArchiveError::Bundle { .. })));
        read
    }
}

/// What no two archives have in common.
type Word = [u8; 16];

/// Returns a random word: hash maps are seeded by the operating system.
fn word() -> Word {
    let mut word = Word::default();
    for half in word.chunks_exact_mut(8) {
        half.copy_from_slice(&RandomState::new().build_hasher().finish().to_le_bytes());
    }
    word
}

/// The word is part of the key: what was sealed in one archive is not sealed for another, of the same secret either.
fn key(secret: Option<&Secret>, word: Word) -> [u8; 32] {
    let key = secret.map_or_else(|| blake3::derive_key(OPEN, b""), |secret| secret.0);
    *blake3::keyed_hash(&key, &word).as_bytes()
}

/// The place is sealed too: bundles can be neither swapped nor left out. Comparing hashes takes the same time always.
fn seal(key: &[u8; 32], place: u64, bytes: &[u8]) -> blake3::Hash {
    blake3::Hasher::new_keyed(key).update(&place.to_le_bytes()).update(bytes).finalize()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::SystemTime;

    use super::*;
    use crate::Key;

    fn bundle(number: u8) -> Bundle {
        let mut key = Key::builder("test");
        key.text("number", &number.to_string());
        Bundle {
            key: key.finish(),
            subject: number.to_string(),
            value: vec![number; 100],
            stored_at: SystemTime::UNIX_EPOCH,
            expires_at: None,
            manifests: Vec::new(),
            objects: Vec::new(),
            extras: BTreeMap::new(),
        }
    }

    fn secret(text: &str) -> Secret {
        Secret::new(format!("{text}, long and random").as_bytes()).unwrap()
    }

    fn archive(count: u8, secret: Option<&Secret>) -> Vec<u8> {
        let mut writer = ArchiveWriter::new(Vec::new(), secret).unwrap();
        (0..count).for_each(|number| writer.add(&bundle(number)).unwrap());
        let (bytes, written) = writer.finish().unwrap();
        assert_eq!(written, u64::from(count));
        bytes
    }

    /// Reads and says which results came, and how it ended.
    fn check(bytes: &[u8], secret: Option<&Secret>, expected: &str) {
        let said = match ArchiveReader::new(bytes, secret) {
            Err(error) => error.to_string(),
            Ok(reader) => {
                let said = reader.map(|bundle| bundle.map_or_else(|error| error.to_string(), |bundle| bundle.subject));
                said.collect::<Vec<_>>().join(", ")
            }
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn what_was_written_is_read() {
        check(&archive(0, None), None, "");
        check(&archive(3, None), None, "0, 1, 2");
        let secret = secret("ours");
        check(&archive(2, Some(&secret)), Some(&secret), "0, 1");
    }

    #[test]
    fn a_cut_archive_gives_what_is_whole() {
        let whole = archive(2, None);
        check(&whole[..whole.len() - 1], None, "0, 1, the archive is cut after 2 results");
        check(&whole[..whole.len() - 100], None, "0, the archive is cut after 1 results");
        check(&whole[..20], None, "the archive is cut after 0 results");
        check(&whole[..40], None, "the archive is cut after 0 results");
        check(&whole[..3], None, "this is no archive of a cache");
        check(b"", None, "this is no archive of a cache");
        check(b"segno-cache 1  \n", None, "the archive of a cache has another format than this program knows");
        check(b"PK\x03\x04 something else", None, "this is no archive of a cache");
    }

    #[test]
    fn who_has_not_the_secret_makes_nothing_that_is_believed() {
        let (ours, theirs) = (secret("ours"), secret("theirs"));
        let refused = "result 1 of the archive is not sealed with this secret, or was changed";
        check(&archive(1, Some(&theirs)), Some(&ours), refused);
        check(&archive(1, None), Some(&ours), refused);
        check(&archive(1, Some(&ours)), None, refused);
    }

    #[test]
    fn no_changed_bit_is_believed() {
        let secret = secret("ours");
        let whole = archive(2, Some(&secret));
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1 << (place % 8);
            let read: Vec<_> = ArchiveReader::new(&changed[..], Some(&secret)).into_iter().flatten().collect();
            assert!(read.is_empty() || read.iter().any(Result::is_err), "byte {place}");
            let true_ones =
                read.iter().flatten().all(|bundle| bundle.value == vec![bundle.subject.as_bytes()[0] - b'0'; 100]);
            assert!(true_ones, "byte {place}");
        }
    }

    #[test]
    fn a_length_that_lies_costs_no_memory() {
        let mut bytes = archive(1, None);
        bytes[32..40].copy_from_slice(&(1_u64 << 30).to_le_bytes());
        check(&bytes, None, "the archive is cut after 0 results");
        bytes[32..40].copy_from_slice(&(1_u64 << 60).to_le_bytes());
        check(&bytes, None, "result 1 of the archive is not sealed with this secret, or was changed");
    }

    #[test]
    fn archives_of_one_secret_cannot_be_put_together() {
        let secret = secret("ours");
        let (mut one, other) = (archive(2, Some(&secret)), archive(2, Some(&secret)));
        assert_ne!(one, other);
        let half = 32 + (one.len() - 32 - 40) / 2;
        one[half..].copy_from_slice(&other[half..]);
        check(&one, Some(&secret), "0, result 2 of the archive is not sealed with this secret, or was changed");
    }

    #[test]
    fn a_short_secret_is_refused() {
        let said = |secret: &[u8]| Secret::new(secret).map_or_else(|error| error.to_string(), |_| "taken".to_owned());
        assert_eq!(said(&[7; 16]), "taken");
        assert_eq!(said(&[7; 15]), "a secret of 15 bytes can be guessed; take at least 16");
        assert_eq!(said(b""), "a secret of 0 bytes can be guessed; take at least 16");
    }

    #[test]
    fn what_would_not_be_read_is_not_written() {
        let size = bundle(0).encode().len() as u64;
        let mut writer = ArchiveWriter::new(Vec::new(), None).unwrap();
        for (max_bytes, told) in [(99, 100), (size - 1, size)] {
            writer.max_bytes = max_bytes;
            let said = writer.add(&bundle(0)).unwrap_err().to_string();
            assert_eq!(said, format!("the result of `0` has {told} bytes, and an archive takes {max_bytes}"));
        }
        writer.max_bytes = size;
        writer.add(&bundle(0)).unwrap();
        let (bytes, count) = writer.finish().unwrap();
        assert_eq!(count, 1);
        check(&bytes, None, "0");
        let mut reader = ArchiveReader::new(&bytes[..], None).unwrap();
        reader.max_bytes = size - 1;
        assert!(matches!(reader.next(), Some(Err(ArchiveError::Seal { number: 1 }))));
    }
}
