//! One stored result with everything that it refers to. How it is written is `encoding`'s, how it leaves and enters a
//! store `carry`'s.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::encoding;
use crate::{Digest, Key, Manifest};

/// A result with its key, its manifests and its objects, to be carried to another store.
///
/// ```
/// use segno_cache::{Bundle, Key, NewEntry, Options, Store};
/// use std::time::SystemTime;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
/// let (here, there) = (Store::open(here.path(), Options::default())?, Store::open(there.path(), Options::default())?);
/// let (key, now) = (Key::builder("answer").finish(), SystemTime::now());
/// here.store(NewEntry { value: b"42", ..NewEntry::of(&key, "question", now) })?;
///
/// let bytes = here.bundle("question", now)?.map(|bundle| bundle.encode()).unwrap_or_default();
/// there.unbundle(&Bundle::decode(&bytes)?, now)?;
/// assert!(matches!(there.fetch(&[key.digest()], now)?[0], segno_cache::Lookup::Hit(_)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The key that the value is found by.
    pub key: Key,
    /// What "the same thing" is called.
    pub subject: String,
    /// The value.
    pub value: Vec<u8>,
    /// When it was stored.
    pub stored_at: SystemTime,
    /// When it expires.
    pub expires_at: Option<SystemTime>,
    /// The manifests of the key's files parts.
    pub manifests: Vec<Manifest>,
    /// The contents that the value refers to.
    pub objects: Vec<Vec<u8>>,
    /// What the caller adds, by names of his own.
    pub extras: BTreeMap<String, Vec<u8>>,
}

/// Why bytes are no bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A newer program wrote it.
    #[error("the bundle has format {found}, and this program knows up to {known}")]
    Newer {
        /// The format that stands there.
        found: u32,
        /// The newest one that is known here.
        known: u32,
    },
    /// It is cut, changed or something else.
    #[error("the bundle is damaged: {reason}")]
    Damaged {
        /// What is wrong with it.
        reason: String,
    },
}

impl Bundle {
    /// No bundle is larger: it is held in memory as a whole, more than once while it is written.
    pub const MAX_BYTES: u64 = 1 << 30;

    /// What is worth a place in a cache that machines share; [`Store::bundle_within`](crate::Store::bundle_within) takes it.
    pub const MAX_SHARED_BYTES: u64 = 32 << 20;

    /// Writes the bundle, with a checksum.
    pub fn encode(&self) -> Vec<u8> {
        encoding::encode(self)
    }

    /// Reads a bundle that [`encode`](Bundle::encode) wrote, of this format or an older one.
    pub fn decode(bytes: &[u8]) -> Result<Bundle, BundleError> {
        encoding::decode(bytes)
    }

    /// Returns what it carries in bytes, less what writing it adds.
    pub(super) fn content_bytes(&self) -> u64 {
        let extras = self.extras.values().map(Vec::len);
        let sizes = self.objects.iter().map(Vec::len).chain(extras).chain([self.value.len()]);
        sizes.fold(0, |sum, size| sum.saturating_add(size as u64))
    }

    /// Returns the digest under which the value is stored.
    pub fn digest(&self) -> Digest {
        self.key.digest()
    }
}
