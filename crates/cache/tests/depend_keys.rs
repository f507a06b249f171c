//! Values of all types as parts of keys: two keys are equal exactly when their values are.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use segno_cache::{Change, Digest, Key, KeyPart, PartWriter, Shown, Value};

/// So many random pairs are tried.
const PAIRS: usize = 1_000_000;

/// A value that is any of those that there are, small enough for near misses to be frequent.
#[derive(Clone, Debug, PartialEq)]
enum Any {
    Number(i8),
    Float(f64),
    Flag(bool),
    Text(String),
    Bytes(Vec<u8>),
    Maybe(Option<Box<Any>>),
    Pair(Box<(Any, Any)>),
    List(Vec<Any>),
    Map(BTreeMap<String, Any>),
    /// Writes as many values as it has, with nothing round them.
    Loose(Vec<Any>),
}

impl KeyPart for Any {
    fn write(&self, writer: &mut PartWriter) {
        match self {
            Any::Number(number) => number.write(writer),
            Any::Float(number) => number.write(writer),
            Any::Flag(flag) => flag.write(writer),
            Any::Text(text) => text.write(writer),
            Any::Bytes(bytes) => bytes.write(writer),
            Any::Maybe(value) => value.write(writer),
            Any::Pair(pair) => {
                writer.named("pair", &**pair);
            }
            Any::List(values) => values.write(writer),
            Any::Map(values) => values.write(writer),
            Any::Loose(values) => {
                writer.state("loose");
                values.iter().for_each(|value| _ = writer.part(value));
            }
        }
    }
}

/// A fixed seed, so that a failure comes again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn text(&mut self) -> String {
        (0..self.below(3)).map(|_| ['a', '\u{2}', '\u{8}', '\0'][self.below(4) as usize]).collect()
    }

    fn values(&mut self, depth: u64) -> Vec<Any> {
        (0..self.below(3)).map(|_| self.value(depth)).collect()
    }

    fn value(&mut self, depth: u64) -> Any {
        match self.below(if depth == 0 { 5 } else { 10 }) {
            0 => Any::Number(self.below(4) as i8 - 2),
            1 => Any::Float([0.0, 1.0, 0.5][self.below(3) as usize]),
            2 => Any::Flag(self.below(2) == 0),
            3 => Any::Text(self.text()),
            4 => Any::Bytes(self.text().into_bytes()),
            5 => Any::Maybe((self.below(2) == 0).then(|| Box::new(self.value(depth - 1)))),
            6 => Any::Pair(Box::new((self.value(depth - 1), self.value(depth - 1)))),
            7 => Any::List(self.values(depth - 1)),
            8 => Any::Map((0..self.below(3)).map(|_| (self.text(), self.value(depth - 1))).collect()),
            _ => Any::Loose(self.values(depth - 1)),
        }
    }

    /// A list of named parts.
    fn parts(&mut self) -> Vec<(String, Any)> {
        (0..self.below(3)).map(|_| (self.text(), self.value(2))).collect()
    }
}

fn key(parts: &[(String, Any)]) -> Digest {
    let mut builder = Key::builder("test");
    for (name, value) in parts {
        builder.part(name.clone(), value);
    }
    builder.finish().digest()
}

#[test]
fn a_million_random_pairs_of_keys_are_equal_exactly_when_their_parts_are() {
    let mut random = Random(0x5e60_cac4e);
    let mut equal = 0;
    for _ in 0..PAIRS {
        let (left, right) = (random.parts(), random.parts());
        assert_eq!(key(&left) == key(&right), left == right, "{left:?} {right:?}");
        equal += usize::from(left == right);
    }
    assert!(equal > 1_000, "only {equal} pairs were equal: the values are too wide to come near each other");
}

fn digest(value: &(impl KeyPart + ?Sized)) -> Digest {
    let mut builder = Key::builder("test");
    builder.part("value", value);
    builder.finish().digest()
}

#[test]
fn values_of_different_types_are_different_values() {
    let digests = [
        digest("1"),
        digest(&1),
        digest(&1.0),
        digest(&true),
        digest(&Some(1)),
        digest(&[1]),
        digest(&(1,)),
        digest(&[1_u8]),
        digest(&b"1"[..]),
        digest(&()),
        digest(&None::<u8>),
        digest("none"),
        digest("()"),
        digest(&HashSet::from([1])),
        digest(&Value::Null),
        digest("null"),
        digest(&Digest::of(b"1")),
        digest(&-1),
        digest(&(i128::MIN)),
        digest(&(u128::MAX)),
        digest(&0.0),
        digest(&-0.0),
        digest(&f64::NAN),
        digest(&f64::INFINITY),
        digest(&Ok::<u8, u8>(1)),
        digest(&Err::<u8, u8>(1)),
    ];
    let distinct: HashSet<_> = digests.iter().collect();
    assert_eq!(distinct.len(), digests.len());
}

#[test]
fn what_makes_no_difference_makes_none() {
    assert_eq!(digest(&2_u8), digest(&2_i64));
    assert_eq!(digest(&usize::MAX), digest(&(usize::MAX as u128)));
    assert_eq!(digest(&f64::NAN), digest(&-f64::NAN));
    assert_eq!(digest(&0.5_f32), digest(&0.5_f64));
    assert_eq!(digest("a"), digest(&String::from("a")));
    assert_eq!(digest(&vec![1, 2]), digest(&[1, 2]));
    assert_eq!(digest(&Duration::from_secs(1)), digest(&Duration::from_millis(1_000)));
    assert_eq!(digest(&Box::new(std::sync::Arc::new(1))), digest(&1));
    let (one, other): (Vec<_>, Vec<_>) = (0..100).map(|number| ((number, 'a'), (99 - number, 'a'))).unzip();
    let (one, other): (HashMap<_, _>, HashMap<_, _>) = (one.into_iter().collect(), other.into_iter().collect());
    assert_eq!(digest(&one), digest(&other));
    assert_eq!(digest(&one), digest(&one.into_iter().collect::<BTreeMap<_, _>>()));
}

#[test]
fn a_large_value_is_hashed_in_pieces_and_wholly() {
    for length in [64 * 1024 - 9, 64 * 1024, 200_000] {
        let mut bytes = vec![7; length];
        let before = digest(&bytes);
        assert_eq!(digest(&bytes), before);
        bytes[length - 1] = 8;
        assert_ne!(digest(&bytes), before, "{length}");
    }
    let numbers: Vec<u32> = (0..100_000).collect();
    assert_ne!(digest(&numbers), digest(&numbers[1..]));
}

#[test]
fn the_values_of_yesterday_have_their_keys_today() {
    let value = (1_u8, -2_i64, 0.5, true, "text", [Some(3), None], BTreeMap::from([("a", b"b".to_vec())]));
    assert_eq!(digest(&value).short(), "1a6adf66");
}

/// Compares how two values are told apart.
fn check(old: &impl KeyPart, new: &impl KeyPart, expected: &str) {
    let key = |value: &dyn Fn(&mut segno_cache::KeyBuilder)| {
        let mut builder = Key::builder("test");
        value(&mut builder);
        builder.finish()
    };
    let (old, new) = (key(&|key| _ = key.part("size", old)), key(&|key| _ = key.part("size", new)));
    let changes = Change::between(&old, &new, |_| None);
    assert_eq!(changes.iter().map(Change::to_string).collect::<Vec<_>>().join("; "), expected);
}

#[test]
fn a_change_of_a_value_is_said_as_a_person_would() {
    check(&1, &2, "the size changed from `1` to `2`");
    check(&"a b", &"c", "the size changed from `a b` to `c`");
    check(&Some("a"), &None::<&str>, "the size changed from `a` to `none`");
    check(&(1, "a"), &(1, "b"), "the size changed from `1, \"a\"` to `1, \"b\"`");
    check(&vec![1, 2], &vec![1], "the size changed from `[1, 2]` to `[1]`");
    check(&vec![1_u8, 2], &vec![1_u8], "the size changed from `2 bytes` to `1 bytes`");
    check(&BTreeMap::from([("a", 1.5)]), &BTreeMap::<&str, f64>::new(), "the size changed from `{\"a\": 1.5}` to `{}`");
    check(&1, &"1", "the size changed its type (`1`)");
    check(&vec!["x".repeat(300)], &vec!["x".repeat(301)], "the size changed after its first 200 characters");
    check(&Err::<u8, _>("no"), &Ok::<_, &str>(3), "the size changed from `error(\"no\")` to `ok(3)`");
}

#[test]
fn a_hidden_value_is_nowhere_to_be_read() {
    let mut builder = Key::builder("test");
    builder.hidden("token", &("s3cret", 1)).bytes("body", b"s3cret").digest("input", Digest::of(b"x"));
    let key = builder.finish();
    let json = serde_json::to_string(&key).unwrap();
    assert!(!format!("{key:?}{json}").contains("s3cret"), "{json}");
    assert_eq!(key.parts()[1].shown, Shown::Hidden);
    assert_eq!(serde_json::from_str::<Key>(&json).unwrap(), key);
}
