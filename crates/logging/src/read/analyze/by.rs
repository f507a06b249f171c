//! By what lines are grouped, and the text of a group's key. Counting is left to others.

use std::borrow::Cow;

use super::super::table::Cell;
use super::super::{Line, Path};
use super::template;

/// The most bytes of one part of a key that are kept; of a longer one the beginning, its length and a checksum.
const MAX_PART: usize = 256;

/// By what lines are grouped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// How grave they are.
    Level,
    /// Which part of the program said it.
    Component,
    /// What was said, as it stands.
    Message,
    /// What was said, without its numbers, ids and quoted parts.
    Template,
    /// What work they belong to.
    Correlation,
    /// The file that they stand in.
    File,
    /// Any field.
    Field(Path),
}

impl By {
    /// Reads the name of a group: `level`, `component`, `message`, `template`, `correlation_id`, `file`; all else is a
    /// field.
    pub fn parse(text: &str) -> By {
        match text {
            "level" => By::Level,
            "component" => By::Component,
            "message" => By::Message,
            "template" => By::Template,
            "correlation" | "correlation_id" | "run" => By::Correlation,
            "file" => By::File,
            _ => By::Field(Path::new(text)),
        }
    }

    /// Returns its name, for a column.
    pub fn name(&self) -> &str {
        match self {
            By::Level => "level",
            By::Component => "component",
            By::Message => "message",
            By::Template => "template",
            By::Correlation => "correlation_id",
            By::File => "file",
            By::Field(path) => path.as_str(),
        }
    }

    fn of<'a>(&self, line: &Line<'a>) -> Option<Cow<'a, str>> {
        match self {
            By::Level => line.level().map(|level| level.name().into()),
            By::Component => line.component(),
            By::Message => line.message(),
            By::Template => line.message().map(|message| template(&message).into()),
            By::Correlation => line.correlation_id(),
            By::File => Some(line.file().to_string_lossy()),
            By::Field(path) => line.field(path).map(super::super::Value::into_text),
        }
    }
}

/// Writes the key that a line has. Parts are told apart by their lengths, because any text may stand in them; one that the
/// line does not have is none.
pub(crate) fn write_key(key: &mut String, by: &[By], line: &Line<'_>) {
    key.clear();
    for by in by {
        match by.of(line) {
            None => key.push('-'),
            Some(part) => push_part(key, &short(&part)),
        }
    }
}

/// Writes a key of its parts, as [`write_key`] does.
pub(crate) fn join_parts(key: &mut String, parts: &[Option<&str>]) {
    key.clear();
    for part in parts {
        match part {
            None => key.push('-'),
            Some(part) => push_part(key, &short(part)),
        }
    }
}

fn push_part(key: &mut String, part: &str) {
    // A length as a letter: it is at most 256.
    key.push(char::from_u32(0x100 + part.len() as u32).unwrap_or('-'));
    key.push_str(part);
}

/// Returns the parts of a key.
pub(crate) fn parts(key: &str) -> Vec<Option<&str>> {
    let mut parts = Vec::new();
    let mut rest = key;
    while let Some(length) = rest.chars().next() {
        rest = &rest[length.len_utf8()..];
        parts.push(match length {
            '-' => None,
            _ => {
                let length = (u32::from(length) as usize).saturating_sub(0x100);
                let (part, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
                rest = after;
                Some(part)
            }
        });
    }
    parts
}

/// Returns the parts of a key as cells.
pub(crate) fn cells(key: &str) -> Vec<Cell> {
    parts(key).into_iter().map(Cell::text).collect()
}

/// Returns a text that takes bounded memory; different texts stay different.
pub(crate) fn short(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_PART {
        return text.into();
    }
    let (kept, rest) = text.split_at(text.floor_char_boundary(MAX_PART - 64));
    format!("{kept}…[cut, {} bytes, {:016x}]", rest.len(), fnv(rest.as_bytes())).into()
}

/// FNV-1a with 64 bits: against chance, and not against a foe.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_parts_stay_different_and_take_bounded_memory() {
        let long = |end: &str| short(&format!("{}{end}", "ä".repeat(1_000_000))).into_owned();
        assert_ne!(long("a"), long("b"));
        assert!(long("a").len() <= MAX_PART);
    }

    proptest! {
        #[test]
        fn parts_are_told_apart_whatever_stands_in_them(texts in proptest::collection::vec(proptest::option::of("\\PC{0,90}"), 0..3)) {
            let mut key = String::new();
            join_parts(&mut key, &texts.iter().map(Option::as_deref).collect::<Vec<_>>());
            let expected: Vec<Option<String>> = texts.iter().map(|text| text.as_deref().map(|text| short(text).into_owned())).collect();
            prop_assert_eq!(parts(&key), expected.iter().map(Option::as_deref).collect::<Vec<_>>());
        }
    }
}
