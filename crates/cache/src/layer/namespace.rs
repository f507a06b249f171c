//! Whose entries are believed: a name, perhaps a secret, and which writers.

use std::fmt;
use std::sync::Arc;

use crate::Error;
use crate::error::MIN_SECRET_BYTES;

const OPEN: &str = "segno-cache 2026-11-27 namespace open 1";
const SIGNED: &str = "segno-cache 2026-11-27 namespace signed 1";
const IDENTITY: &str = "segno-cache 2026-11-27 namespace identity 1";

/// A longer name of a writer is cut.
const MAX_WRITER_BYTES: usize = 255;

type Accepts = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Says which entries of a layer are believed: those written under the same name and, if there is one, the same secret.
///
/// The seal is symmetric: whoever can check an entry can also write one. Who must not be believed must not have the secret,
/// or must be kept from writing by the layer itself; [`writer`](Namespace::writer) tells honest writers apart.
#[derive(Clone)]
pub struct Namespace {
    name: Arc<str>,
    pub(super) seal: [u8; 32],
    pub(super) identity: [u8; 16],
    pub(super) writer: Arc<str>,
    accepts: Option<Accepts>,
}

impl Namespace {
    /// Makes a namespace whose entries are checked against damage and mix-ups, not against forgery.
    pub fn open(name: &str) -> Namespace {
        Namespace::of(name, OPEN, b"")
    }

    /// Makes a namespace whose entries only somebody with the secret can write.
    ///
    /// [`Error::Secret`] if the secret is shorter than 16 bytes.
    pub fn signed(name: &str, secret: &[u8]) -> Result<Namespace, Error> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(Error::Secret { bytes: secret.len(), min_bytes: MIN_SECRET_BYTES });
        }
        Ok(Namespace::of(name, SIGNED, secret))
    }

    /// Names who writes: a branch, a machine. It stands in every entry under the seal.
    pub fn writer(mut self, writer: &str) -> Namespace {
        self.writer = writer[..writer.floor_char_boundary(MAX_WRITER_BYTES)].into();
        self
    }

    /// Believes only entries of these writers; without it, of all.
    pub fn accept(mut self, accepts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Namespace {
        self.accepts = Some(Arc::new(accepts));
        self
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn accepts(&self, writer: &str) -> bool {
        self.accepts.as_ref().is_none_or(|accepts| accepts(writer))
    }

    fn of(name: &str, purpose: &str, secret: &[u8]) -> Namespace {
        let mut hasher = blake3::Hasher::new_derive_key(purpose);
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes()).update(secret);
        let seal = *hasher.finalize().as_bytes();
        let mut identity = [0; 16];
        identity.copy_from_slice(&blake3::derive_key(IDENTITY, &seal)[..16]);
        Namespace { name: name.into(), seal, identity, writer: "".into(), accepts: None }
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Namespace")
            .field("name", &self.name)
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_secret_is_refused() {
        let error = Namespace::signed("ci", b"fifteen bytes..").unwrap_err();
        assert_eq!(error.to_string(), "a secret of 15 bytes can be guessed; take at least 16");
        assert!(Namespace::signed("ci", b"sixteen bytes...").is_ok());
    }

    #[test]
    fn name_and_secret_never_run_together() {
        let seals = [
            Namespace::open("ab").seal,
            Namespace::open("a").seal,
            Namespace::signed("a", b"0123456789abcdef").unwrap().seal,
            Namespace::signed("a0", b"123456789abcdef0").unwrap().seal,
        ];
        for (place, seal) in seals.iter().enumerate() {
            assert!(!seals[..place].contains(seal));
        }
    }

    #[test]
    fn the_secret_is_not_shown() {
        let shown = format!("{:?}", Namespace::signed("ci", b"0123456789abcdef").unwrap());
        assert!(!shown.contains("0123") && !shown.contains("seal"), "{shown}");
    }

    #[test]
    fn a_long_writer_is_cut_between_characters() {
        assert_eq!(Namespace::open("a").writer(&"ä".repeat(200)).writer.len(), 254);
    }
}
