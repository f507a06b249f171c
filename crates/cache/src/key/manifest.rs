//! A list of project-relative paths with the digest of each: what a set of files looked like.
//! Which files belong to it is decided in `files`.

use std::sync::Arc;

#[cfg(feature = "files")]
use crate::files::Globs;
use crate::{Digest, Error};

/// The first byte of every stored manifest, hashed with it.
const FORMAT: u8 = 1;

/// What a set of files looked like, sorted by path, each path once. Cloning is cheap.
///
/// ```
/// use segno_cache::{Digest, Manifest};
///
/// let manifest = Manifest::new(vec![("b".into(), Digest::of(b"2")), ("a".into(), Digest::of(b"1"))]);
/// assert_eq!(manifest.entries()[0].0, "a");
/// assert_eq!(Manifest::decode(&manifest.encode()).ok(), Some(manifest));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    digest: Digest,
    entries: Arc<[(String, Digest)]>,
}

impl Manifest {
    /// Makes a manifest; of several entries with the same path the first one counts.
    pub fn new(mut entries: Vec<(String, Digest)>) -> Manifest {
        entries.sort_by(|left, right| left.0.cmp(&right.0));
        entries.dedup_by(|later, first| later.0 == first.0);
        Manifest { digest: Digest::of(&encode(&entries)), entries: entries.into() }
    }

    /// Returns the digest of paths and contents together.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns paths and digests in the order of the paths.
    pub fn entries(&self) -> &[(String, Digest)] {
        &self.entries
    }

    /// Returns the manifest without the files that `globs` mean: what a value depends on, less what it makes.
    ///
    /// Fails if a glob is none of the project.
    #[cfg(feature = "files")]
    pub fn without(&self, globs: &[String]) -> Result<Manifest, Error> {
        let globs = Globs::parse(globs)?;
        if !self.entries.iter().any(|(path, _)| globs.mean(path)) {
            return Ok(self.clone());
        }
        let kept = self.entries.iter().filter(|(path, _)| !globs.mean(path)).cloned();
        Ok(Manifest::new(kept.collect()))
    }

    /// Returns the files of the manifest that `globs` mean, and none else.
    ///
    /// Fails if a glob is none of the project.
    #[cfg(feature = "files")]
    pub fn within(&self, globs: &[String]) -> Result<Manifest, Error> {
        let globs = Globs::parse(globs)?;
        let kept = self.entries.iter().filter(|(path, _)| globs.mean(path)).cloned();
        Ok(Manifest::new(kept.collect()))
    }

    /// Writes the manifest; its digest is the hash of these bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode(&self.entries)
    }

    /// Reads what [`encode`](Manifest::encode) wrote; anything else is [`Error::Manifest`].
    pub fn decode(bytes: &[u8]) -> Result<Manifest, Error> {
        let damaged = |reason| Error::Manifest { reason };
        let Some((&FORMAT, mut rest)) = bytes.split_first() else {
            return Err(damaged("unknown format"));
        };
        let mut entries: Vec<(String, Digest)> = Vec::new();
        while !rest.is_empty() {
            let (path, digest, tail) = entry(rest).ok_or(damaged("cut off"))?;
            if entries.last().is_some_and(|last| *last.0 >= *path) {
                return Err(damaged("out of order"));
            }
            entries.push((path.to_owned(), digest));
            rest = tail;
        }
        Ok(Manifest { digest: Digest::of(bytes), entries: entries.into() })
    }
}

/// Each entry is the path's length (4 bytes, little endian), the path and 32 bytes of digest, so that
/// no two lists are written alike.
fn encode(entries: &[(String, Digest)]) -> Vec<u8> {
    let size: usize = entries.iter().map(|(path, _)| path.len() + 36).sum();
    let mut bytes = Vec::with_capacity(size + 1);
    bytes.push(FORMAT);
    for (path, digest) in entries {
        let length = u32::try_from(path.len()).expect("a path is shorter than 4 GiB on every system");
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(path.as_bytes());
        bytes.extend_from_slice(digest.as_bytes());
    }
    bytes
}

fn entry(bytes: &[u8]) -> Option<(&str, Digest, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (path, rest) = rest.split_at_checked(length)?;
    let (digest, rest) = rest.split_first_chunk::<32>()?;
    Some((std::str::from_utf8(path).ok()?, Digest::from_bytes(*digest), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read_back(paths in prop::collection::vec("[a-z/]{0,8}", 0..20)) {
            let entries = paths.iter().map(|path| (path.clone(), Digest::of(path.as_bytes()))).collect();
            let manifest = Manifest::new(entries);
            prop_assert_eq!(Manifest::decode(&manifest.encode()).unwrap(), manifest);
        }

        #[test]
        fn damage_never_panics_and_never_passes_as_the_same(cut in 0usize..80, flip in 0usize..75) {
            let manifest = Manifest::new(vec![("a".into(), Digest::of(b"1")), ("b".into(), Digest::of(b"2"))]);
            let mut bytes = manifest.encode();
            if let Some(byte) = bytes.get_mut(flip) { *byte ^= 1; }
            bytes.truncate(cut);
            prop_assert_ne!(Manifest::decode(&bytes).ok(), Some(manifest));
        }
    }

    #[test]
    fn the_format_of_yesterday_is_read_today() {
        let yesterday = [&[1u8, 1, 0, 0, 0, b'a'][..], &[7; 32]].concat();
        let manifest = Manifest::decode(&yesterday).unwrap();
        assert_eq!(manifest.entries(), [("a".to_owned(), Digest::from_bytes([7; 32]))]);
    }
}
