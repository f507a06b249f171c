//! A key: named parts and one digest over them, kept in parts so that two keys can be compared.
//! What goes into a key is the caller's; what differs between two keys is told in `change`.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::excerpt::excerpt;
use super::part::KeyPart;
use super::writer::PartWriter;
use crate::{Digest, Manifest};

/// Hashed into every key: keys of another version never meet these.
static FORMAT: LazyLock<blake3::Hasher> =
    LazyLock::new(|| blake3::Hasher::new_derive_key("segno-cache 2026-11-21 key 1"));
/// The digest of a text of nothing, which most keys have a few of.
static EMPTY: LazyLock<Digest> = LazyLock::new(|| Digest::of_text(""));
const SECRET: &str = "segno-cache 2026-11-21 secret 1";
const HIDDEN: &str = "segno-cache 2026-11-27 hidden value 1";

/// Names a result by everything that it depends on.
///
/// Parts count in the order in which they were added, with their names and types; lengths are hashed
/// too, so that no two different lists of parts give the same key by running into each other.
///
/// ```
/// use segno_cache::Key;
///
/// let mut builder = Key::builder("command");
/// builder.text("command", "cargo test").secret("variable TOKEN", "s3cret");
/// let key = builder.finish();
/// assert_eq!(key.parts()[1].name, "command");
/// assert!(!format!("{key:?}").contains("s3cret"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Key {
    digest: Digest,
    parts: Vec<Part>,
}

/// One thing that a result depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Free text that names the part in a sentence: "command", "variable CI", "files src/**".
    pub name: Cow<'static, str>,
    /// The digest of its value.
    pub digest: Digest,
    /// What of the value may be shown.
    pub shown: Shown,
}

/// What of a part's value is kept beside its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// The text, or its first 200 characters followed by `…`.
    Text(String),
    /// Nothing.
    Hidden,
    /// Nothing here: the digest is a manifest's, which can be looked up.
    Files,
    /// The beginning of a value of another type than a text.
    Value(String),
}

/// Collects the parts of a [`Key`], in order.
#[derive(Debug)]
pub struct KeyBuilder {
    parts: Vec<Part>,
}

impl Key {
    /// Begins a key; the kind is its first part, so that keys of different kinds never meet.
    pub fn builder(kind: &str) -> KeyBuilder {
        let mut builder = KeyBuilder { parts: Vec::with_capacity(8) };
        builder.text("kind", kind);
        builder
    }

    /// Returns the digest over all parts, under which a result is stored.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns the parts in the order in which they were added; the first one is the kind.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

impl KeyBuilder {
    /// Adds a text. Up to 200 characters of it are kept readable with the key: for what must not be
    /// read there is [`secret`](KeyBuilder::secret).
    pub fn text(&mut self, name: impl Into<Cow<'static, str>>, value: &str) -> &mut KeyBuilder {
        let digest = if value.is_empty() { *EMPTY } else { Digest::of_text(value) };
        self.add(name.into(), digest, Shown::Text(excerpt(value)))
    }

    /// Adds a value of which only the digest is kept.
    ///
    /// The digest is not salted (two clones must agree), so a value that can be guessed can be confirmed
    /// by who reads the key.
    pub fn secret(&mut self, name: impl Into<Cow<'static, str>>, value: &str) -> &mut KeyBuilder {
        self.add(name.into(), Digest::derived(SECRET, value.as_bytes()), Shown::Hidden)
    }

    /// Adds files by the digest of their manifest.
    pub fn files(&mut self, name: impl Into<Cow<'static, str>>, manifest: &Manifest) -> &mut KeyBuilder {
        self.add(name.into(), manifest.digest(), Shown::Files)
    }

    /// Adds a value of any type that can be part of a key; up to 200 characters of it are kept readable.
    ///
    /// A text added here is another part than one added by [`text`](KeyBuilder::text).
    pub fn part(&mut self, name: impl Into<Cow<'static, str>>, value: &(impl KeyPart + ?Sized)) -> &mut KeyBuilder {
        let (digest, shown) = PartWriter::digest(value);
        self.add(name.into(), digest, Shown::Value(shown))
    }

    /// Adds a value of any type, of which only the digest is kept, as for a [`secret`](KeyBuilder::secret).
    pub fn hidden(&mut self, name: impl Into<Cow<'static, str>>, value: &(impl KeyPart + ?Sized)) -> &mut KeyBuilder {
        let (digest, _) = PartWriter::digest(value);
        self.add(name.into(), Digest::derived(HIDDEN, digest.as_bytes()), Shown::Hidden)
    }

    /// Adds bytes.
    pub fn bytes(&mut self, name: impl Into<Cow<'static, str>>, value: &[u8]) -> &mut KeyBuilder {
        self.part(name, value)
    }

    /// Adds another key, or any content that has a digest: what depends on that depends on this.
    pub fn digest(&mut self, name: impl Into<Cow<'static, str>>, digest: Digest) -> &mut KeyBuilder {
        self.part(name, &digest)
    }

    /// Returns the one part that `write` adds.
    pub(crate) fn single(write: impl FnOnce(&mut KeyBuilder)) -> Part {
        let mut builder = KeyBuilder { parts: Vec::with_capacity(1) };
        write(&mut builder);
        builder.parts.pop().expect("everything that is written to a key adds a part")
    }

    /// Adds a part that was made elsewhere.
    pub(crate) fn push(&mut self, part: Part) {
        self.parts.push(part);
    }

    /// Returns the finished key.
    pub fn finish(self) -> Key {
        Key { digest: digest(&self.parts), parts: self.parts }
    }

    fn add(&mut self, name: Cow<'static, str>, digest: Digest, shown: Shown) -> &mut KeyBuilder {
        self.parts.push(Part { name, digest, shown });
        self
    }
}

/// A key as it was written: believed only if its digest is the digest of its parts.
#[derive(Deserialize)]
struct Stored {
    digest: Digest,
    parts: Vec<Part>,
}

impl TryFrom<Stored> for Key {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Key, &'static str> {
        if digest(&stored.parts) != stored.digest {
            return Err("the key's digest is not the digest of its parts");
        }
        Ok(Key { digest: stored.digest, parts: stored.parts })
    }
}

fn digest(parts: &[Part]) -> Digest {
    // Collected first: the hasher is quicker with one long piece than with many short ones.
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| 41 + part.name.len()).sum());
    for part in parts {
        bytes.push(match part.shown {
            Shown::Text(_) => 1,
            Shown::Hidden => 2,
            Shown::Files => 3,
            Shown::Value(_) => 4,
        });
        bytes.extend_from_slice(&(part.name.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.name.as_bytes());
        bytes.extend_from_slice(part.digest.as_bytes());
    }
    Digest::finish(FORMAT.clone().update(&bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(parts: &[(u8, String, String)]) -> Key {
        let mut builder = Key::builder("test");
        for (form, name, value) in parts {
            match form {
                0 => builder.text(name.clone(), value),
                1 => builder.secret(name.clone(), value),
                _ => builder.files(name.clone(), &Manifest::new(vec![(value.clone(), Digest::of(b""))])),
            };
        }
        builder.finish()
    }

    fn parts() -> impl Strategy<Value = Vec<(u8, String, String)>> {
        prop::collection::vec((0u8..3, "[ab]{0,3}", "[ab]{0,3}"), 0..4)
    }

    proptest! {
        // Two letters and short texts: running together would be seen at once.
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn keys_are_equal_exactly_when_their_parts_are(left in parts(), right in parts()) {
            prop_assert_eq!(key(&left).digest() == key(&right).digest(), left == right);
        }
    }

    #[test]
    fn the_kind_separates_keys() {
        assert_ne!(Key::builder("a").finish().digest(), Key::builder("b").finish().digest());
    }

    #[test]
    fn the_key_of_yesterday_is_the_key_of_today() {
        let key = key(&[(0, "command".into(), "ls".into()), (1, "variable CI".into(), "1".into())]);
        assert_eq!(key.digest().short(), "571cff47");
    }

    #[test]
    fn a_long_text_is_cut_for_show_and_hashed_whole() {
        let long = "ä".repeat(300);
        let (left, right) = (key(&[(0, "p".into(), long.clone())]), key(&[(0, "p".into(), long + "!")]));
        assert_eq!(left.parts()[1].shown, right.parts()[1].shown);
        assert_eq!(left.parts()[1].shown, Shown::Text("ä".repeat(200) + "…"));
        assert_ne!(left.digest(), right.digest());
    }

    #[test]
    fn a_key_is_read_back_only_if_it_is_whole() {
        let json = serde_json::to_string(&key(&[(0, "command".into(), "ls".into())])).unwrap();
        assert!(serde_json::from_str::<Key>(&json).is_ok());
        assert!(serde_json::from_str::<Key>(&json.replace("\"command\"", "\"kommand\"")).is_err());
    }
}
