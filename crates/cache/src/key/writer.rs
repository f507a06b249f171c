//! Writes a value of any type as bytes that can be read back in one way only, and as a short text for people.
//! Which values there are is told in `part`.
//!
//! Why two different values never run into each other: every token begins with its type and has either a fixed length
//! or its length before it, so the bytes fall into tokens in one way; what one value writes within another stands in
//! brackets, and brackets are tokens too, so the tokens form a tree in one way.

use std::sync::LazyLock;

use super::excerpt::{Excerpt, excerpt};
use super::part::KeyPart;
use crate::Digest;

/// Hashed before every value: a format of another day never meets this one.
static FORMAT: LazyLock<blake3::Hasher> =
    LazyLock::new(|| blake3::Hasher::new_derive_key("segno-cache 2026-11-27 value 1"));

/// So many bytes are collected before they are hashed: a value may be larger than memory should hold twice.
const PIECE: usize = 64 * 1024;

/// What a token is. The numbers are stored in keys: they are never given to another meaning.
#[derive(Clone, Copy)]
enum Token {
    Open = 1,
    Close = 2,
    State = 3,
    Bool = 4,
    Natural = 5,
    Negative = 6,
    Float = 7,
    Text = 8,
    Bytes = 9,
    List = 10,
    Set = 11,
    Map = 12,
    /// Ends with `Close`, as `Open` does.
    Some = 13,
    Digest = 14,
    Named = 15,
}

/// Takes one value of a key, token by token.
///
/// A type of your own writes what it is made of, in order; how often and how much is up to it.
///
/// ```
/// use segno_cache::{Key, KeyPart, PartWriter};
///
/// struct Point { x: i32, y: i32 }
///
/// impl KeyPart for Point {
///     fn write(&self, writer: &mut PartWriter) {
///         writer.part(&self.x).part(&self.y);
///     }
/// }
///
/// let mut builder = Key::builder("distance");
/// builder.part("from", &Point { x: 1, y: -2 });
/// let from_one = builder.finish();
///
/// let mut builder = Key::builder("distance");
/// builder.part("from", &Point { x: 12, y: 0 });
/// assert_ne!(builder.finish().digest(), from_one.digest());
/// ```
#[derive(Debug)]
pub struct PartWriter {
    bytes: Vec<u8>,
    /// Begun as soon as there are many bytes.
    hasher: Option<blake3::Hasher>,
    /// The bytes themselves are wanted, to be sorted.
    is_kept: bool,
    shown: Excerpt,
    depth: usize,
}

impl PartWriter {
    /// Digests one value, and keeps what may be shown of it.
    pub(super) fn digest<P: KeyPart + ?Sized>(value: &P) -> (Digest, String) {
        let mut writer = PartWriter::new(false, 0);
        value.write(&mut writer);
        let mut hasher = writer.hasher.unwrap_or_else(|| FORMAT.clone());
        (Digest::finish(hasher.update(&writer.bytes)), writer.shown.into_text())
    }

    /// Writes a value that this one is made of.
    pub fn part<P: KeyPart + ?Sized>(&mut self, value: &P) -> &mut PartWriter {
        self.bracket(|writer| value.write(writer));
        self
    }

    /// Writes a word that is no text of the user's but says what kind of value stands here, or that none does: the name
    /// of a variant, "unset".
    pub fn state(&mut self, word: &str) -> &mut PartWriter {
        self.sized(Token::State, word.as_bytes());
        self.shown.item(word);
        self
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) -> &mut PartWriter {
        match self.depth {
            // Alone it is shown as it is; among others one must see where it ends.
            0 => self.text_shown(text, text),
            _ => self.text_shown(text, &format!("{:?}", excerpt(text))),
        }
    }

    /// Writes a text with another one, mostly a part of it, for people.
    pub(crate) fn text_shown(&mut self, text: &str, shown: &str) -> &mut PartWriter {
        self.sized(Token::Text, text.as_bytes());
        self.shown.item(shown);
        self
    }

    /// Writes bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut PartWriter {
        self.sized(Token::Bytes, bytes);
        self.shown.item(&format!("{} bytes", bytes.len()));
        self
    }

    /// Writes a whole number; its width is no part of it.
    pub fn natural(&mut self, number: u128) -> &mut PartWriter {
        self.fixed(Token::Natural, &number.to_le_bytes());
        self.shown.item(&number.to_string());
        self
    }

    /// Writes a number that may be negative; its width is no part of it.
    pub fn integer(&mut self, number: i128) -> &mut PartWriter {
        if number >= 0 {
            return self.natural(number.unsigned_abs());
        }
        self.fixed(Token::Negative, &number.to_le_bytes());
        self.shown.item(&number.to_string());
        self
    }

    /// Writes a number with a fraction. All that are no number are one value; minus zero and zero are two.
    pub fn float(&mut self, number: f64) -> &mut PartWriter {
        let number = if number.is_nan() { f64::NAN } else { number };
        self.fixed(Token::Float, &number.to_le_bytes());
        self.shown.item(&format!("{number:?}"));
        self
    }

    /// Writes yes or no.
    pub fn bool(&mut self, value: bool) -> &mut PartWriter {
        self.fixed(Token::Bool, &[u8::from(value)]);
        self.shown.item(if value { "true" } else { "false" });
        self
    }

    /// Writes a digest, the one of another key for example.
    pub fn digest_of(&mut self, digest: &Digest) -> &mut PartWriter {
        self.fixed(Token::Digest, digest.as_bytes());
        self.shown.item(&digest.short());
        self
    }

    /// Writes a value that is there where there could be none.
    pub fn some<P: KeyPart + ?Sized>(&mut self, value: &P) -> &mut PartWriter {
        self.token(Token::Some);
        // Shown as if it were not wrapped: "from `none` to `3`".
        value.write(self);
        self.token(Token::Close);
        self
    }

    /// Writes a value under a word: a variant with what it holds.
    pub fn named<P: KeyPart + ?Sized>(&mut self, word: &str, value: &P) -> &mut PartWriter {
        self.sized(Token::Named, word.as_bytes());
        self.shown.open(&format!("{word}("));
        self.part(value);
        self.shown.close(")");
        self
    }

    /// Writes values in an order that counts.
    pub fn list<P: KeyPart>(&mut self, items: impl ExactSizeIterator<Item = P>) -> &mut PartWriter {
        self.counted(Token::List, items.len());
        self.shown.open("[");
        for item in items {
            self.part(&item);
        }
        self.shown.close("]");
        self
    }

    /// Writes values in whatever order they come: it makes no difference.
    pub fn set<P: KeyPart>(&mut self, items: impl Iterator<Item = P>) -> &mut PartWriter {
        let items = items.map(|item| PartWriter::aside(self.depth, &item)).collect();
        self.sorted(Token::Set, items)
    }

    /// Writes names with their values in whatever order they come: it makes no difference.
    pub fn map<K: KeyPart, V: KeyPart>(&mut self, pairs: impl Iterator<Item = (K, V)>) -> &mut PartWriter {
        let mut items = Vec::new();
        for (key, value) in pairs {
            let (mut bytes, name) = PartWriter::aside(self.depth, &key);
            let (rest, shown) = PartWriter::aside(self.depth, &value);
            bytes.extend(rest);
            items.push((bytes, format!("{name}: {shown}")));
        }
        self.sorted(Token::Map, items)
    }

    fn new(is_kept: bool, depth: usize) -> PartWriter {
        PartWriter { bytes: Vec::with_capacity(32), hasher: None, is_kept, shown: Excerpt::default(), depth }
    }

    fn sorted(&mut self, token: Token, mut items: Vec<(Vec<u8>, String)>) -> &mut PartWriter {
        items.sort_unstable();
        self.counted(token, items.len());
        self.shown.open("{");
        for (bytes, shown) in items {
            self.raw(&bytes);
            self.shown.item(&shown);
        }
        self.shown.close("}");
        self
    }

    /// Writes something in brackets elsewhere, to be put in its place later.
    fn aside<P: KeyPart>(depth: usize, value: &P) -> (Vec<u8>, String) {
        let mut writer = PartWriter::new(true, depth);
        writer.part(value);
        (writer.bytes, writer.shown.into_text())
    }

    fn bracket(&mut self, write: impl FnOnce(&mut PartWriter)) {
        self.token(Token::Open);
        self.depth += 1;
        write(self);
        self.depth -= 1;
        self.token(Token::Close);
    }

    fn token(&mut self, token: Token) {
        self.raw(&[token as u8]);
    }

    fn fixed(&mut self, token: Token, bytes: &[u8]) {
        self.token(token);
        self.raw(bytes);
    }

    fn counted(&mut self, token: Token, count: usize) {
        self.fixed(token, &(count as u64).to_le_bytes());
    }

    fn sized(&mut self, token: Token, bytes: &[u8]) {
        self.counted(token, bytes.len());
        self.raw(bytes);
    }

    fn raw(&mut self, bytes: &[u8]) {
        if self.is_kept || self.bytes.len() + bytes.len() < PIECE {
            self.bytes.extend_from_slice(bytes);
            return;
        }
        let hasher = self.hasher.get_or_insert_with(|| FORMAT.clone());
        hasher.update(&self.bytes).update(bytes);
        self.bytes.clear();
    }
}
