//! What a table says: its keys, and the shapes of their values.

/// A map in a file.
#[derive(Debug)]
pub struct Table {
    /// Its name in the schema and in the reference.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it is for: a sentence or two.
    pub about: &'static str,
    /// Its keys, in the order in which people should write them.
    pub keys: &'static [Key],
    /// Exactly one of these must stand there; empty when none must.
    pub bodies: &'static [&'static str],
    /// At least one of these must stand there; empty when none must.
    pub some: &'static [&'static str],
}

/// A key of a map.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// The bodies beside which it may stand; empty: all.
    pub beside: &'static [&'static str],
    /// One of these must stand there too; empty when none must.
    pub requires: &'static [&'static str],
    /// None of these may stand there too.
    pub excludes: &'static [&'static str],
    /// What it means.
    pub about: &'static str,
    /// A value that it may have, as YAML.
    pub example: &'static str,
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Plain text, in which templates mean nothing.
    Word,
    /// Text that may hold templates; numbers and truth values are taken as written.
    Text,
    /// A bare expression, such as `steps.test.ok`.
    Expression,
    /// True or false.
    Truth,
    /// A whole number, from the first to the second.
    Count(i64, i64),
    /// A number, from the first to the second.
    Number(f64, f64),
    /// A number of bytes with its unit: `500MB`, `2GB`.
    Size,
    /// A duration with its unit: `30s`, `15m`, `2h`, `7d`.
    Duration,
    /// A share in percent: `80%`.
    Percent,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list of values of a shape.
    List(&'static Shape),
    /// A list of values of a shape that is not empty.
    Some(&'static Shape),
    /// A map of names that people choose to values of a shape.
    Map(&'static Shape),
    /// Such a map that is not empty.
    SomeMap(&'static Shape),
    /// One of the tables.
    Table(&'static str),
    /// One of several shapes.
    Any(&'static [Shape]),
    /// Whatever it is.
    Value,
}

impl Key {
    /// Makes a key that may stand beside any body.
    pub(super) const fn new(name: &'static str, shape: Shape, example: &'static str, about: &'static str) -> Key {
        Key { name, shape, beside: &[], requires: &[], excludes: &[], about, example }
    }

    /// Says beside which bodies it may stand.
    pub(super) const fn beside(mut self, bodies: &'static [&'static str]) -> Key {
        self.beside = bodies;
        self
    }

    /// Says which other keys it needs one of.
    pub(super) const fn requires(mut self, others: &'static [&'static str]) -> Key {
        self.requires = others;
        self
    }

    /// Says which other keys it cannot stand beside.
    pub(super) const fn excludes(mut self, others: &'static [&'static str]) -> Key {
        self.excludes = others;
        self
    }
}

impl Table {
    /// Makes a table of keys that may all be left out.
    pub(super) const fn new(
        name: &'static str,
        title: &'static str,
        about: &'static str,
        keys: &'static [Key],
    ) -> Table {
        Table { name, title, about, keys, bodies: &[], some: &[] }
    }

    /// Says which keys are bodies, of which there is exactly one.
    pub(super) const fn bodies(mut self, bodies: &'static [&'static str]) -> Table {
        self.bodies = bodies;
        self
    }

    /// Says of which keys there is at least one.
    pub(super) const fn some(mut self, keys: &'static [&'static str]) -> Table {
        self.some = keys;
        self
    }

    /// Returns the keys that may stand beside a body, itself included.
    pub fn keys_beside(&self, body: &str) -> impl Iterator<Item = &'static Key> {
        let may_stand = move |key: &&Key| match self.bodies.contains(&key.name) {
            true => key.name == body,
            false => key.beside.is_empty() || key.beside.contains(&body),
        };
        self.keys.iter().filter(move |key| may_stand(key))
    }
}

impl Shape {
    /// Returns what people call such a value.
    pub(super) fn words(self) -> String {
        match self {
            Shape::Word | Shape::Text => "text".into(),
            Shape::Expression => "expression".into(),
            Shape::Truth => "true or false".into(),
            Shape::Count(from, i64::MAX) => format!("{from} or more"),
            Shape::Count(from, to) => format!("{from} to {to}"),
            Shape::Number(from, to) if to.is_infinite() => format!("number, {from} or more"),
            Shape::Number(from, to) => format!("number, {from} to {to}"),
            Shape::Size => "size".into(),
            Shape::Duration => "duration".into(),
            Shape::Percent => "percentage".into(),
            Shape::OneOf(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
            Shape::List(Shape::Table(name)) | Shape::Some(Shape::Table(name)) => format!("list of [{name}](#{name})"),
            Shape::List(shape) | Shape::Some(shape) => format!("list of {}", shape.words()),
            Shape::Map(shape) | Shape::SomeMap(shape) => format!("map of {}", shape.words()),
            Shape::Table(name) => format!("[{name}](#{name})"),
            Shape::Any(shapes) => shapes.iter().map(|shape| shape.words()).collect::<Vec<_>>().join(" or "),
            Shape::Value => "any value".into(),
        }
    }
}
