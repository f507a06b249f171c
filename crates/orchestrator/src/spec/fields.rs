//! The fields of a map: each taken once, the unknown and the doubled ones reported. Where mistakes gather.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;

use super::Mistake;
use super::tree::{Key, Node, Tree};
use crate::model::{Place, Text};
use crate::room::SHALLOW;

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) list: Vec<Mistake>,
}

impl Findings {
    pub(crate) fn add(&mut self, mistake: Mistake) {
        self.list.push(mistake);
    }

    /// Reports a value of the wrong kind.
    pub(crate) fn wrong(&mut self, node: &Node, what: &str, wanted: &str) {
        self.add(Mistake::at(node.place, format!("{what} must be {wanted}, not {}", node.kind())));
    }

    /// Reads a text, or reports what stands there instead. Numbers and truth values are taken as written.
    pub(crate) fn text(&mut self, node: &Node, what: &str) -> Option<Text> {
        let source = match &node.tree {
            Tree::Text(text) => text.clone(),
            Tree::Integer(number) => number.to_string(),
            Tree::Float(number) => number.to_string(),
            Tree::Bool(truth) => truth.to_string(),
            Tree::Map(fields) if looks_like_template(fields) => {
                let message = format!("{what} begins with {{{{ and is not quoted, so it reads as a map");
                self.add(Mistake::at(node.place, message).hint("quote it: \"{{ value }}\""));
                return None;
            }
            _ => {
                self.wrong(node, what, "text");
                return None;
            }
        };
        Some(Text { source, place: node.place, literal: node.literal })
    }

    /// Reads a text without templates.
    pub(crate) fn word(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.tree {
            Tree::Text(text) => Some(text.clone()),
            _ => {
                self.wrong(node, what, "text");
                None
            }
        }
    }

    pub(crate) fn truth(&mut self, node: &Node, what: &str) -> Option<bool> {
        match &node.tree {
            Tree::Bool(truth) => Some(*truth),
            _ => {
                self.wrong(node, what, "true or false");
                None
            }
        }
    }

    pub(crate) fn count(&mut self, node: &Node, what: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        match &node.tree {
            Tree::Integer(number) if range.contains(number) => Some(*number),
            Tree::Integer(number) => {
                let message = format!("{what} must be from {} to {}, not {number}", range.start(), range.end());
                self.add(Mistake::at(node.place, message));
                None
            }
            _ => {
                self.wrong(node, what, "a whole number");
                None
            }
        }
    }

    /// Reads a number, whole or not.
    pub(crate) fn number(&mut self, node: &Node, what: &str, range: std::ops::RangeInclusive<f64>) -> Option<f64> {
        let number = match node.tree {
            Tree::Float(number) => number,
            #[expect(clippy::cast_precision_loss, reason = "the ranges are small")]
            Tree::Integer(number) => number as f64,
            _ => {
                self.wrong(node, what, "a number");
                return None;
            }
        };
        if range.contains(&number) {
            return Some(number);
        }
        let message = format!("{what} must be from {} to {}, not {number}", range.start(), range.end());
        self.add(Mistake::at(node.place, message));
        None
    }

    /// Reads a duration such as `90s`, `15m`, `1h 30m`, `7d`; above zero.
    pub(crate) fn duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let hint = "write a number with its unit: 500ms, 30s, 15m, 2h, 7d";
        match &node.tree {
            Tree::Text(text) => match humantime::parse_duration(text) {
                Ok(duration) if !duration.is_zero() => return Some(duration),
                _ => self.add(Mistake::at(node.place, format!("{what} '{text}' is no duration")).hint(hint)),
            },
            Tree::Integer(number) => {
                self.add(Mistake::at(node.place, format!("{what} {number} has no unit")).hint(hint));
            }
            _ => self.wrong(node, what, "a duration"),
        }
        None
    }

    /// Reads a list, or reports what stands there instead.
    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.tree {
            Tree::List(items) => items,
            _ => {
                self.wrong(node, what, "a list");
                &[]
            }
        }
    }

    /// Reads a plain value. Blocks may nest deep, values may not: they are written down and read again as JSON.
    pub(crate) fn value(&mut self, node: &Node, what: &str) -> Option<Value> {
        if node.depth() <= SHALLOW {
            return Some(node.value());
        }
        self.add(Mistake::at(node.place, format!("{what} nests deeper than {SHALLOW} levels")));
        None
    }

    /// Reads a list of texts; one text alone counts as a list of one.
    pub(crate) fn texts(&mut self, node: &Node, what: &str) -> Vec<Text> {
        match &node.tree {
            Tree::Text(_) => self.text(node, what).into_iter().collect(),
            _ => self.list(node, what).iter().filter_map(|item| self.text(item, what)).collect(),
        }
    }

    /// Reads a list of plain words; one word alone counts as a list of one.
    pub(crate) fn words(&mut self, node: &Node, what: &str) -> Vec<String> {
        match &node.tree {
            Tree::Text(word) => vec![word.clone()],
            _ => self.list(node, what).iter().filter_map(|item| self.word(item, what)).collect(),
        }
    }
}

/// The fields of one map. Reports doubled keys when made and unknown ones by `known`.
pub(crate) struct Fields<'n> {
    rows: &'n [(Key, Node)],
}

impl<'n> Fields<'n> {
    /// Opens a map, or reports what stands there instead.
    pub(crate) fn open(node: &'n Node, what: &str, findings: &mut Findings) -> Option<Fields<'n>> {
        let Tree::Map(rows) = &node.tree else {
            findings.wrong(node, what, "a map");
            return None;
        };
        let mut seen = HashSet::with_capacity(rows.len());
        for (key, _) in rows.iter().filter(|(key, _)| !seen.insert(&key.name)) {
            findings.add(Mistake::at(key.place, format!("the key '{}' stands here twice", key.name)));
        }
        Some(Fields { rows })
    }

    /// Reports each key that is not in `known`.
    pub(crate) fn known(&self, known: &[&str], what: &str, findings: &mut Findings) {
        for (key, _) in self.rows.iter().filter(|(key, _)| !known.contains(&key.name.as_str())) {
            let mistake = Mistake::at(key.place, format!("unknown key '{}' in {what}", key.name));
            findings.add(match nearest(&key.name, known.iter().copied()) {
                Some(near) => mistake.hint(format!("did you mean '{near}'?")),
                None => mistake.hint(format!("known keys: {}", known.join(", "))),
            });
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<&'n Node> {
        self.rows.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    pub(crate) fn place_of(&self, name: &str) -> Option<Place> {
        self.rows.iter().find(|(key, _)| key.name == name).map(|(key, _)| key.place)
    }

    pub(crate) fn rows(&self) -> &'n [(Key, Node)] {
        self.rows
    }
}

/// The longest word for which a near name is looked for; the search takes time and memory by the product of lengths.
const MAX_MEANT: usize = 64;

/// Returns the name nearest to `word`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > MAX_MEANT {
        return None;
    }
    let names = names.filter(|name| name.len() <= MAX_MEANT);
    let distance = |name: &str| strsim::damerau_levenshtein(word, name);
    let best = names.map(|name| (distance(name), name)).min_by_key(|(distance, _)| *distance)?;
    let limit = (word.chars().count().max(best.1.chars().count()) / 3).max(1);
    (best.0 <= limit).then_some(best.1)
}

/// `{{ x }}` without quotes is, to YAML, a map whose one key is a map; some parsers give a null value.
fn looks_like_template(fields: &[(Key, Node)]) -> bool {
    fields.len() == 1 && matches!(fields[0].1.tree, Tree::Null)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_a_near_name_is_meant() {
        let names = ["run", "retry", "timeout", "outputs"];
        let cases = [
            ("rum", Some("run")),
            ("urn", Some("run")),
            ("retyr", Some("retry")),
            ("time_out", Some("timeout")),
            ("output", Some("outputs")),
            ("stdin", None),
            ("", None),
            (&*"retry".repeat(100_000), None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, names.into_iter()), expected, "{:.20}", word);
        }
    }
}
